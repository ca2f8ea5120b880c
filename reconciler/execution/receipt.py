"""What an apply leaves in git: where it began, which approvals it spent, and how it ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from reconciler.errors import Problem, RecordError
from reconciler.execution.marking import Opened, fetched, refs_here
from reconciler.files.git import DEFAULT_REMOTE, FETCH, Repository, Tag, short
from reconciler.files.git_objects import Move, move_refs, push_refs, remote_refs, tree_at
from reconciler.loading.chain import (
    BELOW,
    NO_CHAIN,
    TAGS,
    Chain,
    Link,
    chain_name,
    closed,
    newest,
    read_link,
    write_link,
)
from reconciler.loading.fitting import as_signed, digest_of, note_moved
from reconciler.loading.ledger_union import merged
from reconciler.loading.links import check_links
from reconciler.loading.marks import marks_below
from reconciler.loading.receipt import (
    CHAIN,
    COMMIT,
    TREE,
    begun_name,
    parse_receipt,
    receipt_lines,
    render_begun,
    render_receipt,
    spent,
    tag_name,
    used_at_begin,
)
from reconciler.model.ledger import Ledger
from reconciler.model.state import Receipt

# How often another run may be quicker at the remote before it is given up.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class End:
    """How an apply to one target ended.

    `receipt` is its own, with the commit that it ran with; `ledger` is what git gave by now, None where that
    is not known: then no receipt of the chain is written. `chain` is what was judged, `opened` its mark.
    """

    receipt: Receipt
    whole: bool
    ledger: Ledger | None = None
    chain: Chain = NO_CHAIN
    opened: Opened | None = None


def record_apply(
    repository: Repository, ends: Sequence[End], *, push: bool, remote: str = DEFAULT_REMOTE
) -> tuple[Problem, ...]:
    """Record how applies ended: a receipt where anything changed, the tag of those that were whole, no mark.

    With `push` all of that moves at `remote` in one push for each target, over what other runs published
    meanwhile, which is read and kept. What was applied stays applied, so nothing is raised: the problems say
    what could not be recorded (the caller ends in exit 6), and the other targets are recorded all the same.
    """
    problems: list[Problem] = []
    for end in ends:
        target = end.receipt.target
        unpublished: Problem | None = None
        try:
            if push:
                try:
                    problems += _publish(repository, end, remote)
                    continue
                except RecordError as error:
                    unpublished = Problem(
                        f"{target} was applied and that is recorded here, but it could not be pushed to "
                        f"{remote}: {error}",
                        "apply again: nothing is left to write, and what other clones noted there "
                        "stays noted",
                    )
            found = _prepared(repository, end, refs_here(repository), keep=unpublished is not None)
            move_refs(repository.git, found.moves)
            note_moved(repository, target, found.moves, published=not repository.has_remote())
            problems += found.problems
        except RecordError as error:
            problems.append(
                Problem(
                    f"{target} was applied, but not recorded: {error}",
                    f"run `{FETCH}` and apply again: nothing is left to write",
                )
            )
        if unpublished is not None:
            problems.append(unpublished)
    return tuple(problems)


class _Prepared(NamedTuple):
    moves: Sequence[Move]
    problems: Sequence[Problem]


def _publish(repository: Repository, end: End, remote: str) -> Sequence[Problem]:
    """Move the refs of one target at the remote, and here where that went well. Raises RecordError."""
    git, target = repository.git, end.receipt.target
    for last in (*(False for _ in range(_TRIES)), True):
        there = remote_refs(git, remote, BELOW)
        fetched(repository, there, tuple(f"{TAGS}{of(target)}" for of in (chain_name, tag_name)), remote)
        found = _prepared(repository, end, there)
        try:
            push_refs(git, remote, found.moves)
        except RecordError:
            # Where another run was quicker, its receipt is read and kept; what else went wrong stays wrong.
            if last or remote_refs(git, remote, BELOW) == there:
                raise
            continue
        here = refs_here(repository)
        new = {move.ref: move.new for move in found.moves}
        if end.opened is not None:
            new[end.opened.ref] = None
        move_refs(git, [Move(ref, here.get(ref), oid) for ref, oid in new.items() if here.get(ref) != oid])
        note_moved(repository, target, found.moves, published=True)
        return found.problems
    raise AssertionError("the last try returns or raises")


def _prepared(repository: Repository, end: End, refs: Mapping[str, str], *, keep: bool = False) -> _Prepared:
    """Where the refs of one target go from `refs`, which are all of one place. Raises RecordError.

    `keep` keeps the mark unless the new receipt closes it.
    """
    here, target = refs_here(repository), end.receipt.target
    chain_ref = f"{TAGS}{chain_name(target)}"
    head = _head(repository, end, newest(repository, [refs.get(chain_ref), here.get(chain_ref)]))
    moves, problems = [], []
    if head is not None and head != refs.get(chain_ref):
        moves.append(Move(chain_ref, refs.get(chain_ref), head))
    if end.whole:
        try:
            moves.append(_tag(repository, end, refs, here, head))
        except RecordError as error:
            problems.append(
                Problem(
                    f"{target} was applied, but the tag {tag_name(target)} could not be moved: {error}",
                    f"run `{FETCH}` and apply again: nothing is left to write, and the tag moves",
                )
            )
    below = f"{TAGS}{marks_below(target)}"
    runs = {ref.removeprefix(below): ref for ref in refs if ref.startswith(below)}
    over = set(closed(repository, head, runs)) if head is not None and runs else set()
    if end.opened is not None and not keep:
        over.add(end.opened.mark.run)
    moves += [Move(ref, refs[ref], None) for run, ref in runs.items() if run in over]
    return _Prepared(moves, problems)


def _head(repository: Repository, end: End, heads: Sequence[str]) -> str | None:
    """The newest receipt once this apply is recorded after `heads`; None where it is better left alone."""
    if end.ledger is None:
        return heads[0] if len(heads) == 1 else None
    judged, link = end.chain.head, end.chain.link
    closes = [end.opened.mark.run] if end.opened is not None else []
    receipt = replace(end.receipt, commit=_last_whole(repository, end), applied=end.receipt.commit)
    subject = f"{receipt.target}: applied {short(end.receipt.commit)}"
    others = [head for head in heads if head != judged]
    if not others and link is not None and _same(link, receipt, end.ledger) and as_signed(repository, link):
        return judged
    parents = [judged] if judged is not None else []
    own = write_link(repository, receipt, end.ledger, parents, closes, subject, receipt.at)
    if not others:
        return own
    ledger, wrote = end.ledger, end.opened.intents if end.opened is not None else Ledger()
    for head in others:
        theirs = read_link(repository, head)
        check_links(repository, head, receipt.target)
        ledger = merged(theirs.ledger, ledger, _common(repository, head, end.chain), wrote)
        receipt = _both(repository, theirs.receipt, receipt)
    subject = f"{receipt.target}: two applies ended at the same time"
    return write_link(repository, receipt, ledger, [*others, own], closes, subject, receipt.at)


def _common(repository: Repository, head: str, judged: Chain) -> Ledger:
    """The ledger that a receipt of somebody else and the one that was judged both come from.

    That is the judged one itself where theirs follows it. Where neither follows the other (a push was lost),
    it is the last that both have; an empty one where that is not clear, so that nothing of ours is dropped.
    """
    if judged.head is None:
        return Ledger()
    shared = repository.merge_bases(head, judged.head)
    if shared == (judged.head,):
        return judged.link.ledger if judged.link is not None else Ledger()
    try:
        return read_link(repository, shared[0]).ledger if len(shared) == 1 else Ledger()
    except RecordError:
        return Ledger()


def _same(link: Link, receipt: Receipt, ledger: Ledger) -> bool:
    """Whether a receipt would say nothing that the one before it does not say."""
    before = link.receipt
    applied = (before.applied or before.commit) == (receipt.applied or receipt.commit)
    said = (receipt.commit, receipt.used, receipt.unkept, receipt.deny_policy)
    parts = (before.commit, before.used, before.unkept, before.deny_policy) == said
    # What only grew old is nothing new to say.
    return applied and parts and set(receipt.removed) <= set(before.removed) and link.ledger == ledger


def _both(repository: Repository, theirs: Receipt, ours: Receipt) -> Receipt:
    """Our receipt, with what theirs knows beyond it."""
    newer = not ours.commit or (theirs.commit and repository.contains(theirs.commit, ours.commit))
    return replace(
        ours,
        commit=theirs.commit if newer else ours.commit,
        used=spent(theirs.used, ours.used),
        unkept=tuple(sorted({*theirs.unkept, *ours.unkept})),
        removed=tuple(sorted({*theirs.removed, *ours.removed})),
    )


def _last_whole(repository: Repository, end: End) -> str:
    """The commit that was applied whole last, this apply included; "" before the first."""
    if end.whole:
        return end.receipt.commit
    tag = repository.tag(tag_name(end.receipt.target))
    return tag.commit if tag is not None else ""


def _tag(
    repository: Repository, end: End, refs: Mapping[str, str], here: Mapping[str, str], head: str | None
) -> Move:
    """The tag of a whole apply, moved on. Raises RecordError where something newer was applied whole."""
    receipt, name = end.receipt, tag_name(end.receipt.target)
    ref, used = f"{TAGS}{name}", receipt.used
    for oid in dict.fromkeys(place[ref] for place in (here, refs) if ref in place):
        tag = repository.tag_at(name, oid)
        if not repository.contains(receipt.commit, tag.commit):
            raise RecordError(
                f"it is on {short(tag.commit)} by now, which {short(receipt.commit)} does not contain"
            )
        used = spent(parse_receipt(tag.message, tag.commit).used, used)
    # The tag names the apply of its receipt: one that changed nothing has none of its own.
    digest = digest_of(repository, head, receipt.commit) or receipt.digest
    tree = tree_at(repository.git, receipt.commit) or ""
    links = {CHAIN: head or "", COMMIT: receipt.commit, TREE: tree}
    text = render_receipt(replace(receipt, used=used, digest=digest), links)
    return Move(ref, refs.get(ref), repository.make_tag(name, receipt.commit, text, receipt.at).id)


def record_begin(
    repository: Repository,
    targets: Sequence[str],
    commit: str,
    at: datetime,
    *,
    push: bool,
    remote: str = DEFAULT_REMOTE,
) -> None:
    """Before the first write of a first apply: tag `commit` as where it began, for each of `targets`.

    A target that began before, or that was applied whole, keeps its tag. Raises RecordError when a tag
    cannot be made, or, with `push`, not be pushed (then nothing may be written, since nobody would know), and
    when `remote` has such a tag already: it remembers what is not remembered here.
    """
    for target in targets:
        name = begun_name(target)
        if repository.tag(tag_name(target)) is not None or repository.tag(name) is not None:
            continue
        for known in (tag_name(target), name) if push else ():
            if repository.remote_tag(known, remote) is not None:
                raise RecordError(
                    f"{target} was applied from elsewhere before: {remote} has the tag {known}, and this "
                    f"clone has not; run `{FETCH}` and apply again; nothing was written"
                )
        repository.move_tag(name, commit, render_begun(target), at)
        if push:
            repository.push_tag(name, remote)


def used_digests(repository: Repository, target: str, remote: str | None = None) -> tuple[str, ...]:
    """The approved digests that were spent on a target, oldest first.

    With `remote` those as well that its tags name, as they are there now: applies from elsewhere spent them.
    Raises RecordError, also where the remote cannot be asked.
    """
    names = ((begun_name(target), False), (tag_name(target), True))
    used: tuple[str, ...] = ()
    try:
        if remote is not None:
            for name, whole in names:
                used = spent(used, _used_in(repository.remote_tag(name, remote), whole=whole))
    except RecordError as error:
        raise RecordError(
            f"whether the approved digest was used by an apply from elsewhere is not known: {error}; "
            "try again, or save a plan and have that reviewed and applied; nothing was written"
        ) from error
    for name, whole in names:
        used = spent(used, _used_in(repository.tag(name), whole=whole))
    return used


def record_used(
    repository: Repository,
    target: str,
    digests: Collection[str],
    at: datetime,
    *,
    push: bool,
    remote: str = DEFAULT_REMOTE,
) -> None:
    """Before the first write: note that `digests` let this apply go, and no other after it.

    The target's tag gets another message and stays where it is. Raises RecordError when that cannot be
    noted, or, with `push`, not be pushed, or when another apply noted one of them first: then nothing may be
    written.
    """
    whole = repository.tag(tag_name(target)) is not None
    name = tag_name(target) if whole else begun_name(target)
    there = repository.remote_tag(name, remote) if push else None
    theirs = _used_in(there, whole=whole)
    if taken := sorted(set(digests) & set(theirs)):
        raise RecordError(f"{taken[0]} was used by another apply at the same time; nothing was written")
    used = spent(spent(theirs, used_digests(repository, target)), digests)
    tag = repository.tag(name)
    if tag is None:
        raise RecordError(f"the tag {name}, in which an approval is noted, does not exist")
    if whole:
        receipt = parse_receipt(tag.message, tag.commit)
        lines = receipt_lines(tag.message)
        links = {name: lines.get(name, "") for name in (CHAIN, COMMIT, TREE)}
        repository.move_tag(name, tag.commit, render_receipt(replace(receipt, used=used), links), receipt.at)
    else:
        repository.move_tag(name, tag.commit, render_begun(target, used), at)
    if push:
        repository.push_tag(name, remote, over=there)


def _used_in(tag: Tag | None, *, whole: bool) -> tuple[str, ...]:
    """The digests that a tag calls spent: one of a whole apply, or one of where the first apply began."""
    if tag is None:
        return ()
    return parse_receipt(tag.message, tag.commit).used if whole else used_at_begin(tag.message)

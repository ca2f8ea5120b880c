"""What git remembers of each target: what it gave, by receipts, and what it declared, by commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.errors import Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, FETCH, Repository, short
from reconciler.loading.chain import (
    NO_CHAIN,
    Chain,
    Unusable,
    chain_name,
    gap_of,
    read_chain,
    with_later_findings,
)
from reconciler.loading.fitting import saw, seen_ref, unfit
from reconciler.loading.position import GitPosition
from reconciler.loading.recalling import Declarations, Read, Reader, State, recall
from reconciler.loading.receipt import begun_name, parse_receipt, tag_name
from reconciler.model.checked import newest as last_check
from reconciler.model.ledger import Ledger
from reconciler.model.state import Receipt, Remembered

UNSHALLOW = f"git fetch --unshallow {DEFAULT_REMOTE}"


class Lack(StrEnum):
    """Why the memory of a target cannot be relied on. Apply refuses each; plan warns."""

    MISSING = "missing"  # no tag: nothing was applied whole yet, or it was not fetched
    SHALLOW = "shallow"  # history was cut off in this clone
    INCOMPLETE = "incomplete"  # this clone lacks objects of its history
    UNREADABLE = "unreadable"  # the tag holds no receipt
    FOREIGN = "foreign"  # the receipt is of another target or instance
    ELSEWHERE = "elsewhere"  # the tag is not on the trusted branch
    UNFETCHED = "unfetched"  # no tag here, and the remote has one
    UNASKED = "unasked"  # no tag here, and whether the remote has one cannot be asked
    UNFIT = "unfit"  # receipts that do not fit each other, their commits, or what this clone has seen
    NEWER = "newer"  # what was applied last is not contained in HEAD


# What git declared before is not known, so a plan lacks the removals.
INCOMPLETE = frozenset(Lack) - {Lack.MISSING, Lack.NEWER}


@dataclass(frozen=True, slots=True)
class AppliedHistory:
    """What is remembered of one target, and, where that cannot be relied on, why and what to run.

    `chain` is what this clone has of the target's receipts. Where they do not tell what git gave, `gap` says
    why: then the files of commits answer, and an apply goes on.
    """

    remembered: Remembered
    lack: Lack | None = None
    problem: Problem | None = None
    chain: Chain = NO_CHAIN
    gap: Problem | None = None

    def with_chain(self, chain: Chain) -> AppliedHistory:
        """The same memory after it became known which marks are closed."""
        if chain == self.chain:
            return self
        ledger = chain.ledger if self.gap is None else None
        return replace(self, chain=chain, remembered=replace(self.remembered, ledger=ledger))

    @property
    def incomplete(self) -> bool:
        """Whether a plan from it would lack what it does not know."""
        return self.lack in INCOMPLETE


def remember(
    position: GitPosition | None,
    targets: Iterable[str],
    read: Read,
    *,
    identity: Mapping[str, Mapping[str, str]] | None = None,
    planned: Declarations | None = None,
) -> Mapping[str, AppliedHistory]:
    """What git remembers of each target, by name.

    `position` says where the state under plan is in git (None: outside), `planned` is what it declares.
    `identity` names the instance behind a target, as far as it is known; a receipt for another instance
    is FOREIGN. What lies between the tag and the trusted branch counts, in the order of first parents;
    the state under plan itself does not, and neither does anything else of a branch that is not merged.
    """
    if position is None:
        text = "this folder is not in a git repository, so what was declared before is not known"
        return {target: AppliedHistory(Remembered(unknown=text)) for target in targets}
    known = (position.tree, planned) if position.tree is not None and planned is not None else None
    reader = Reader(read, known)
    shallow = position.repository.shallow()
    with position.repository.one_moment():
        return {
            target: _with_chain(position, target, reader, (identity or {}).get(target), shallow=shallow)
            for target in targets
        }


def require(memories: Mapping[str, AppliedHistory], *, first_apply: bool = False) -> None:
    """Raise RecordError, with what to run, unless every target's memory can be relied on.

    `first_apply` accepts that there is no tag, and nothing else.
    """
    lines = []
    for target, memory in memories.items():
        if memory.problem is None or (first_apply and memory.lack is Lack.MISSING):
            continue
        lines.append(f"{target}: {memory.problem}")
    if lines:
        raise RecordError("\n".join(lines))


def _with_chain(
    position: GitPosition, target: str, reader: Reader, identity: Mapping[str, str] | None, *, shallow: bool
) -> AppliedHistory:
    """The memory by commits, and what the receipts know beyond it.

    The receipts have no need of the project's history, so that they answer where that is cut off or
    rewritten, too; what stops an apply then still does.
    """
    repository = position.repository
    try:
        chain = read_chain(repository, target)
    except Unusable as error:
        return _lacking(Lack.UNREADABLE, str(error), f"run `{FETCH}`; or install the version that wrote it")
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    if chain.link is not None and (stranger := _foreign(chain.link.receipt, target, identity)) is not None:
        name = chain_name(target)
        return _lacking(Lack.FOREIGN, f"the tag {name} {stranger}", _start_over(name, tag_name(target)))
    try:
        if not shallow and (problem := unfit(repository, target, chain)) is not None:
            return _lacking(Lack.UNFIT, problem.message, problem.fix)
        saw(repository, target, chain.head)
        gap = gap_of(repository, target, chain)
        found = _shallow() if shallow else _of_target(position, target, reader, identity, chain, gap)
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    if found.lack is Lack.FOREIGN:
        return found
    ledger = chain.ledger if gap is None else None
    newest = chain.link.receipt if chain.link is not None else found.remembered.receipt
    removed = newest.removed if newest is not None else ()
    tagged = found.remembered.receipt
    checked = last_check(tagged.checked if tagged else None, newest.checked if newest else None)
    remembered = replace(
        found.remembered,
        ledger=ledger,
        removed=removed,
        checked=checked,
        deny_policy=newest.deny_policy if newest is not None else "",
    )
    return replace(found, chain=chain, gap=gap, remembered=remembered)


def _of_target(
    position: GitPosition,
    target: str,
    reader: Reader,
    identity: Mapping[str, str] | None,
    chain: Chain,
    gap: Problem | None,
) -> AppliedHistory:
    name, repository = tag_name(target), position.repository
    ledger = chain.ledger if gap is None else None
    marked = [one.mark.commit for one in chain.marks]
    try:
        tag = repository.tag(name)
    except RecordError as error:
        return _lacking(Lack.UNREADABLE, str(error), _start_over(name))
    if tag is None:
        return _missing(position, target, reader, ledger, marked)
    try:
        receipt = parse_receipt(tag.message, tag.commit)
    except RecordError as error:
        return _lacking(Lack.UNREADABLE, f"the tag {name} holds no receipt: {error}", _start_over(name))
    if (stranger := _foreign(receipt, target, identity)) is not None:
        return _lacking(Lack.FOREIGN, f"the tag {name} {stranger}", _start_over(name, chain_name(target)))
    trusted = position.trusted
    if trusted is None or not repository.is_ancestor(tag.commit, trusted):
        return _lacking(
            Lack.ELSEWHERE,
            f"the tag {name} is on {short(tag.commit)}, which is not on {position.branch}",
            f"run `{FETCH}` and `git fetch {DEFAULT_REMOTE}`; if the history of {position.branch} was "
            f"rewritten, {_start_over(name)}",
        )
    receipt = with_later_findings(receipt, chain)
    try:
        base, since = _states(repository, tag.commit, trusted, position.tree, marked)
        remembered = recall(target, receipt, base, since, reader, ledger)
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    if position.head is None or not repository.is_ancestor(tag.commit, position.head):
        return AppliedHistory(
            remembered,
            Lack.NEWER,
            Problem(
                f"{short(tag.commit)} was applied last, and HEAD does not contain it",
                f"bring HEAD up to date with {position.branch}; to undo a change, revert it in git",
            ),
        )
    return AppliedHistory(remembered)


def _states(
    repository: Repository, applied: str, trusted: str, planned: str | None, marked: Sequence[str]
) -> tuple[State, Sequence[State]]:
    """The base, and what the trusted branch was at after it, newest first, without what is planned.

    Commits that open marks name count as well, wherever they are: an apply ran with them.
    """
    chain = [commit.id for commit in repository.first_parents(trusted, applied)]
    chain += [commit for one in marked if (commit := repository.resolve(one)) and commit != applied]
    trees = repository.trees([applied, *chain])

    def state(commit: str) -> State:
        oid = trees[commit]
        tree = None if oid is None else repository.tree_of(oid, commit)
        return State(short(commit), oid or "", tree)

    return state(applied), [state(commit) for commit in chain if planned is None or trees[commit] != planned]


def _foreign(receipt: Receipt, target: str, identity: Mapping[str, str] | None) -> str | None:
    """Why the receipt is not of this target and instance; None when it is, or nobody knows the instance."""
    if receipt.target != target:
        return f"holds the receipt of the target {receipt.target}"
    if identity is None:
        return None
    shared = identity.keys() & receipt.identity.keys()
    wrong = sorted(name for name in shared if identity[name] != receipt.identity[name])
    if wrong:
        name = wrong[0]
        return f"is of another instance: its {name} is {receipt.identity[name]}, here it is {identity[name]}"
    return None if shared else "does not say of which instance it is"


def _start_over(*names: str) -> str:
    there = " ".join(f":refs/tags/{name}" for name in names)
    # What this clone has seen of a chain that is deleted on purpose would refuse the next one.
    chain = chain_name("")
    seen = "".join(
        f", `git update-ref -d {seen_ref(name.removeprefix(chain))}`"
        for name in names
        if name.startswith(chain)
    )
    return (
        f"delete it here and at {DEFAULT_REMOTE} (`git tag -d {' '.join(names)}`{seen}, "
        f"`git push {DEFAULT_REMOTE} {there}`) and start over with --first-apply"
    )


def _lacking(lack: Lack, message: str, fix: str | None) -> AppliedHistory:
    return AppliedHistory(Remembered(unknown=message), lack, Problem(message, fix))


def _missing(
    position: GitPosition, target: str, reader: Reader, ledger: Ledger | None, marked: Sequence[str]
) -> AppliedHistory:
    """No tag is not the same as an unknown memory: what was never applied whole, nothing is owed to.

    But what a first apply began to make is remembered, from the commit at which it began; that state counts
    also where it is the one under plan, since what it gave by place is known by nothing else once an account
    has moved.
    """
    name = tag_name(target)
    message = f"the tag {name} does not exist here: no apply was complete yet, or the tag was not fetched"
    problem = Problem(message, f"run `{FETCH}`; if this is the first apply, use --first-apply")
    repository, trusted = position.repository, position.trusted
    try:
        begun = repository.tag(begun_name(target))
        if begun is None or trusted is None or not repository.is_ancestor(begun.commit, trusted):
            return AppliedHistory(Remembered(ledger=ledger), Lack.MISSING, problem)
        first, since = _states(repository, begun.commit, trusted, position.tree, marked)
        remembered = recall(target, None, None, [*since, first], reader, ledger)
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    return AppliedHistory(remembered, Lack.MISSING, problem)


def _shallow() -> AppliedHistory:
    message = "this clone is shallow, so what was declared before cannot be known"
    return _lacking(Lack.SHALLOW, message, f"run `{UNSHALLOW}` and `{FETCH}`")

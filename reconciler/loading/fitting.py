"""Whether the receipts of a target fit: each other, the commits that they name, what this clone has seen.

Who may push tags can put an older receipt back, or the one of another target in its place. So this clone
keeps the newest receipt that it has read, at `refs/reconciler/seen/<target>`: outside the tags, so that no
fetch of them moves it. Receipts that were written here and not published are not part of that: a fetch may
replace them, as `--unpublished` says (`refs/reconciler/unpublished/<target>` names the newest).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from reconciler.errors import Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, FETCH, Repository, Tag, short
from reconciler.files.git_objects import Move, local_refs, move_refs, signature_of, small_objects, tree_at
from reconciler.loading.chain import TAGS, Chain, Link, chain_name, contains
from reconciler.loading.links import RECEIPT_FILE
from reconciler.loading.receipt import APPLIED, CHAIN, COMMIT, TREE, receipt_lines, tag_name

BELOW = "refs/reconciler/"


def seen_ref(target: str) -> str:
    """The ref, of this clone alone, that names the newest receipt of a target that it has seen."""
    return f"{BELOW}seen/{target}"


def unpublished_ref(target: str) -> str:
    """The ref, of this clone alone, that names the newest receipt that only this clone has."""
    return f"{BELOW}unpublished/{target}"


def saw(repository: Repository, target: str, head: str | None) -> None:
    """Note that `head` was read and fits. A clone that cannot be written to goes without."""
    if head is None:
        return
    with suppress(RecordError):
        refs = local_refs(repository.git, BELOW)
        own = refs.get(unpublished_ref(target))
        if own is None or not contains(repository, head, own):
            _note(repository, seen_ref(target), refs.get(seen_ref(target)), head)


def note_moved(repository: Repository, target: str, moves: Iterable[Move], *, published: bool) -> None:
    """Note a receipt that these moves of refs left newest; `published` says that the remote has it, too."""
    heads = [move.new for move in moves if move.ref == f"{TAGS}{chain_name(target)}"]
    if not heads or (head := heads[-1]) is None:
        return
    with suppress(RecordError):
        refs = local_refs(repository.git, BELOW)
        own = refs.get(unpublished_ref(target))
        if not published:
            _note(repository, unpublished_ref(target), own, head)
            return
        _note(repository, seen_ref(target), refs.get(seen_ref(target)), head)
        if own is not None:
            move_refs(repository.git, [Move(unpublished_ref(target), own, None)])


def _note(repository: Repository, ref: str, before: str | None, head: str) -> None:
    if before != head:
        move_refs(repository.git, [Move(ref, before, head)])


def digest_of(repository: Repository, head: str | None, commit: str) -> str | None:
    """The digest of the receipt `head`, where that is of an apply of `commit`."""
    if head is None:
        return None
    (file,) = small_objects(repository.git, [f"{head}:{RECEIPT_FILE}"])
    fields = receipt_lines(file[1].decode("utf-8", "replace")) if file is not None else {}
    return fields.get("digest") if fields.get(APPLIED) == commit else None


def as_signed(repository: Repository, link: Link) -> bool:
    """Whether a receipt is signed if this run could sign one: the first signed one needs no other change."""
    signs = repository.signing is not None and repository.signing.key is not None
    return not signs or signature_of(repository.git, link.commit)[1] != b""


def require_fit(repository: Repository, target: str, chain: Chain) -> Chain:
    """The chain. Raises RecordError where it does not fit."""
    problem = unfit(repository, target, chain)
    if problem is not None:
        raise RecordError(f"{target}: {problem}")
    return chain


def unfit(repository: Repository, target: str, chain: Chain) -> Problem | None:
    """Why the receipts of a target must not be used; None where they fit. RecordError where git fails."""
    name, link = chain_name(target), chain.link
    if chain.fault is not None:
        return Problem(
            chain.fault,
            f"run `{FETCH}`: another clone may have it whole; where nobody has, {_deleted(target)}",
        )
    if link is not None and link.receipt.target != target:
        return Problem(f"the tag {name} holds the receipt of the target {link.receipt.target}", _REWRITTEN)
    found = _put_back(repository, target, chain)
    if found is None and link is not None:
        applied = link.receipt.applied or link.receipt.commit
        found = _not_of_its_commit(repository, name, applied, link.tree)
    return found or _tag_unfit(repository, target, chain)


_REWRITTEN = (
    f"run `{FETCH}`; a receipt is never edited by hand: where nobody knows who did it, look who may push tags"
)


def _put_back(repository: Repository, target: str, chain: Chain) -> Problem | None:
    ref, name = seen_ref(target), chain_name(target)
    seen = local_refs(repository.git, ref).get(ref)
    if seen is None or contains(repository, chain.head, seen):
        return None
    if chain.head is None:
        what = "is gone"
    elif contains(repository, seen, chain.head):
        what = f"is on {short(chain.head)}, which is older"
    else:
        what = f"is on {short(chain.head)}, which does not follow it"
    return Problem(
        f"this clone has seen the receipt {short(seen)} of {target}, and the tag {name} {what}: "
        "somebody put the memory back",
        f"run `{FETCH}`; where {DEFAULT_REMOTE} has no newer one, restore it: `git update-ref {TAGS}{name} "
        f"{seen}` and `git push --force {DEFAULT_REMOTE} {TAGS}{name}`; or, where it was put back on purpose "
        f"and what was given since may be forgotten, accept it: `git update-ref -d {ref}`",
    )


def _tag_unfit(repository: Repository, target: str, chain: Chain) -> Problem | None:
    name = tag_name(target)
    try:
        tag = repository.tag(name)
        if tag is None:
            return None
        fields = receipt_lines(tag.message)
    except RecordError:
        return None  # said where the tag itself is read
    if fields.get("target") != target:
        return None  # the same
    named = fields.get(COMMIT)
    if named is not None and named != tag.commit:
        says = f"is on {short(tag.commit)}, and its receipt is that of {short(named)}: it was moved by hand"
        return Problem(f"the tag {name} {says}", _REWRITTEN)
    wrong = _not_of_its_commit(repository, name, tag.commit, fields.get(TREE, ""))
    if wrong is None and chain.head is None and CHAIN in fields:
        return _lost(repository, target, fields[CHAIN])
    if wrong is not None or chain.head is None or chain.link is None:
        return wrong
    apart = _apart(repository, tag, fields, chain.head, chain.link)
    if apart is None:
        return None
    return Problem(
        f"the tags {name} and {chain_name(target)} do not fit: {apart}",
        f"run `{FETCH}`, which brings both as they are at {DEFAULT_REMOTE}; where they do not fit there "
        f"either, {_deleted(target)}",
    )


def _lost(repository: Repository, target: str, named: str) -> Problem | None:
    """Why a chain that is gone stops everything, where signatures are demanded.

    Who cannot sign a receipt could else make one forgotten. Everywhere else the files of commits answer.
    """
    if repository.signing is None or not repository.signing.demanded:
        return None
    ref = f"{TAGS}{chain_name(target)}"
    return Problem(
        f"the tag {chain_name(target)} is missing, and {tag_name(target)} names the receipt {short(named)}; "
        f"receipts must be signed ({repository.signing.source}), so that nothing else may answer instead",
        f"run `{FETCH}`; where {DEFAULT_REMOTE} has none, restore it from a clone that has it: "
        f"`git push {DEFAULT_REMOTE} {named}:{ref}`",
    )


def _apart(repository: Repository, tag: Tag, fields: Mapping[str, str], head: str, link: Link) -> str | None:
    """Why the tag of the last whole apply, with these lines, and the chain are not of one history."""
    named, whole = fields.get(CHAIN), link.receipt.commit
    if named is not None and not contains(repository, head, named):
        return f"the first names the receipt {short(named)}, and the second is older than that, or unrelated"
    if whole and not repository.contains(tag.commit, whole):
        return (
            f"the last whole apply was of {short(whole)}, and the first is on {short(tag.commit)}, which "
            "does not contain it"
        )
    # Before there was a tree in it, the tag of an apply that changed nothing had a digest of its own.
    digest = digest_of(repository, named, tag.commit) if TREE in fields else None
    if digest is not None and digest != fields.get("digest"):
        return f"the plan of the first is not {digest[:24]}, which is that of the receipt that it names"
    return None


def _not_of_its_commit(repository: Repository, name: str, commit: str, tree: str) -> Problem | None:
    """Why a receipt does not fit its commit. One that is not in this clone tells nothing."""
    found = tree_at(repository.git, commit) if commit and tree else None
    if found is None or found == tree:
        return None
    return Problem(
        f"the receipt at {name} says that {short(commit)} has the tree {short(tree)}, and it has "
        f"{short(found)}",
        _REWRITTEN,
    )


def _deleted(target: str) -> str:
    name = chain_name(target)
    return (
        f"delete the receipts here and there (`git push {DEFAULT_REMOTE} :{TAGS}{name}`, "
        f"`git tag -d {name}`, `git update-ref -d {seen_ref(target)}`): then the files of commits "
        "answer until the next apply, which know less"
    )

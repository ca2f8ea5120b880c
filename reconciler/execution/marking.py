"""Before the first write: is this clone's memory the newest there is, and the mark that says what may come.

The mark is what makes the memory hold with every lock off: a run that is killed, or that sleeps between its
mark and its first write, is remembered from before that write until its receipt is published, in every apply
meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.errors import RecordError
from reconciler.files.git import DEFAULT_REMOTE, FETCH, Repository
from reconciler.files.git_objects import (
    Move,
    fetch,
    known_here,
    local_refs,
    move_refs,
    push_refs,
    remote_refs,
    write_commit,
)
from reconciler.loading.chain import (
    BELOW,
    TAGS,
    Chain,
    Link,
    chain_name,
    closed,
    contains,
    mark_files,
    write_link,
)
from reconciler.loading.marks import Mark, mark_name, marks_below
from reconciler.loading.receipt import begun_name, tag_name
from reconciler.model.ledger import Ledger
from reconciler.model.state import Receipt


@dataclass(frozen=True, slots=True)
class Opened:
    """A mark that was made, and the chain as it was judged when it was: what its receipt follows.

    `intents` is what the run may give.
    """

    mark: Mark
    ref: str
    commit: str
    chain: Chain
    intents: Ledger


def check_newest(
    repository: Repository, chains: Mapping[str, Chain], remote: str = DEFAULT_REMOTE
) -> Mapping[str, Chain]:
    """Ask the remote, once, whether it knows of any apply that this clone does not.

    Returns the chains without the marks that were published and closed since: this clone may still have their
    tags, which no fetch deletes. Raises RecordError, with the command to run, where the remote has a newer
    receipt or a mark that is not here, and where it cannot be asked.
    """
    try:
        there = remote_refs(repository.git, remote, BELOW)
    except RecordError as error:
        raise RecordError(
            f"whether another clone applied since is not known, because {remote} cannot be asked: {error}; "
            "nothing was written; try again, or apply with --unpublished, which keeps the memory here"
        ) from error
    current = {}
    for target, chain in chains.items():
        head = there.get(f"{TAGS}{chain_name(target)}")
        if head is not None and not contains(repository, chain.head, head):
            raise RecordError(
                f"{target} was applied from elsewhere: {remote} has a newer receipt at {chain_name(target)} "
                f"than this clone; run `{FETCH}` and try again; nothing was written"
            )
        below = f"{TAGS}{marks_below(target)}"
        here = {one.ref for one in chain.marks}
        unknown = {ref.removeprefix(below) for ref in there if ref.startswith(below) and ref not in here}
        if unknown and chain.head is not None:
            unknown -= set(closed(repository, chain.head, unknown))
        if unknown:
            raise RecordError(
                f"a run on {target} began elsewhere and has not ended: {remote} has the tag "
                f"{mark_name(target, min(unknown))}, and this clone has not; run `{FETCH}` and try again; "
                "nothing was written"
            )
        open_still = tuple(one for one in chain.marks if one.ref in there or not one.mark.published)
        current[target] = replace(chain, marks=open_still)
    return current


def never_applied(repository: Repository, target: str, chain: Chain) -> bool:
    """Whether this clone knows of no apply to a target at all, not even of one that only began."""
    if chain.head is not None:
        return False
    return repository.tag(tag_name(target)) is None and repository.tag(begun_name(target)) is None


def open_mark(
    repository: Repository,
    mark: Mark,
    intents: Ledger,
    chain: Chain,
    *,
    push: bool,
    first: Receipt | None = None,
    remote: str = DEFAULT_REMOTE,
) -> Opened:
    """Mark a run that is about to write, here and with `push` at the remote; returns what its end needs.

    `intents` is what the run may add. With `first`, for a target that was never applied, the chain begins
    with an empty ledger: from then on a receipt tells what git gave, and nothing else. Raises RecordError
    when the mark cannot be made, or not be pushed: then nothing may be written, and nothing has moved.
    """
    git, name = repository.git, mark_name(mark.target, mark.run)
    mark = replace(mark, published=push)
    chain_ref = f"{TAGS}{chain_name(mark.target)}"
    moves = []
    if first is not None and chain.head is None:
        head = write_link(repository, first, Ledger(), [], (), f"{mark.target}: nothing yet", mark.at)
        moves.append(Move(chain_ref, None, head))
        chain = replace(chain, head=head, link=Link(head, first, Ledger()))
    parents = [chain.head] if chain.head is not None else []
    commit = write_commit(
        git,
        mark_files(mark, intents),
        parents,
        f"{mark.target}: {mark.run} begins",
        mark.at,
        repository.signing,
    )
    moves.append(Move(f"{TAGS}{name}", None, commit))
    if push:
        try:
            push_refs(git, remote, moves)
        except RecordError as error:
            raise RecordError(
                f"the mark {name} of this run could not be pushed to {remote}, so nobody would know what it "
                f"gave if it stopped half way: {error}; nothing was written; try again, or apply with "
                "--unpublished, which leaves the memory in this clone alone"
            ) from error
    move_refs(git, moves)
    return Opened(mark, f"{TAGS}{name}", commit, chain, intents)


def drop_mark(repository: Repository, opened: Opened, *, push: bool, remote: str = DEFAULT_REMOTE) -> None:
    """Take back the mark of a run that wrote nothing. Raises RecordError where it stays open."""
    moves = [Move(opened.ref, opened.commit, None)]
    if push:
        push_refs(repository.git, remote, moves)
    move_refs(repository.git, moves)


def fetched(
    repository: Repository, there: Mapping[str, str], refs: tuple[str, ...], remote: str = DEFAULT_REMOTE
) -> None:
    """Bring the objects of those refs that the remote has and this clone lacks. Raises RecordError."""
    wanted = [ref for ref in refs if ref in there and not known_here(repository.git, there[ref])]
    if wanted:
        fetch(repository.git, remote, wanted)


def refs_here(repository: Repository) -> Mapping[str, str]:
    """Every ref of the memory in this clone, by name."""
    return local_refs(repository.git, BELOW)

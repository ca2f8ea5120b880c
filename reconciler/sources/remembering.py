"""What earlier imports took away: small losses that add up over hours, as git remembers them.

Each import of a directory that fails slowly may be within the limit, and all of them together end everybody's
access. The limit is therefore judged against the files of a day ago, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path, PurePosixPath

from reconciler.errors import Refused
from reconciler.files.git import Repository
from reconciler.sources.directory import before_in
from reconciler.sources.outcome import Before, Outcome, Remark
from reconciler.sources.shrinking import Limit, Loss, Lost, losses, lost, present, within

WINDOW = timedelta(hours=24)
# More than two imports an hour, each with two merges, for more than a week.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Memory:
    """The commits that changed the import's folder, from the one that a day began with; oldest first.

    `short` says that the history ends before that.
    """

    repository: Repository
    into: str
    commits: Sequence[str]
    short: bool

    def state(self, at: int) -> Before:
        """What the files held at one of the commits; what is not an import's is left out."""
        tree = self.repository.tree(self.commits[at])
        return Before() if tree is None else before_in(tree.without_flaws()[0], self.into)


def remembered(identities: Path, into: str, now: datetime) -> Memory | None:
    """The last day of the import's folder at what is checked out; None without commits. Raises RecordError.

    Along first parents: when a branch was merged, and not when it was made.
    """
    repository = Repository.of(identities)
    head = None if repository is None else repository.head()
    if repository is None or head is None:
        return None
    into = PurePosixPath(into).as_posix()
    folder = f"{repository.folder}/{into}" if repository.folder else into
    # rev-list, since no setting of anybody adds to what it prints.
    words = ("--first-parent", "--format=%ct", f"--max-count={_MOST}", head)
    lines = repository.git.run("rev-list", *words, "--", folder).output.decode("ascii").splitlines()
    commits = [line.removeprefix("commit ") for line in lines[::2]]
    end = now.astimezone(UTC).timestamp()
    first = _begins(list(map(int, lines[1::2])), end - WINDOW.total_seconds(), end)
    if first is not None:
        return Memory(repository, into, commits[first::-1], short=False)
    return Memory(repository, into, commits[::-1], short=bool(commits) and repository.shallow())


def _begins(times: Sequence[int], since: float, now: float) -> int | None:
    """Which commit (newest first, in seconds) a day began with; None where none is old enough.

    Who makes a commit chooses its time. An old time on top of commits of the last day does therefore not end
    the day early, and neither does a time to come.
    """
    recent = [at for at, one in enumerate(times) if since < one <= now]
    old = [at for at, one in enumerate(times) if one <= since and (not recent or at > recent[-1])]
    return old[0] if old else None


def remark_on(memory: Memory | None) -> Sequence[Remark]:
    """A finding where the clone does not reach back far enough."""
    if memory is None or not memory.short:
        return ()
    says = "the clone is shallow, so what imports of the last 24 hours took away is known in part"
    return (Remark("history-short", memory.into, says, "check out the whole history: fetch-depth: 0"),)


def check_over_time(memory: Memory | None, before: Before, after: Outcome, limit: Limit) -> None:
    """Raise Refused where this import and those of the last day together take away more than the limit.

    What one commit took away alone beyond the limit was meant: no import without a limit of its own writes
    that. It is counted from there. An import that takes nothing away is never refused.
    """
    if memory is None or not memory.commits:
        return
    taken = {one.what: one.lost for one in losses(before, after) if one.lost}
    if not taken:
        return
    start = memory.state(0)
    of_a_day = lost(start, after)
    over = _over(of_a_day, {}, limit, taken, after)
    if over:
        over = _over(of_a_day, _meant(memory, start, before, of_a_day, limit, after), limit, taken, after)
    if over:
        words = ", ".join(
            f"{one.lost:,} of {one.of:,} {one.what} ({taken[one.what]:,} by this import)" for one in over
        )
        raise Refused(
            f"Refused: within 24 hours, {words} would lose their access or be gone, and the limit is "
            f"{limit}. Nothing was written. Small losses add up: check that the directory answers whole; "
            "where this is meant, import again with --max-shrink, such as --max-shrink 30%."
        )


def _meant(
    memory: Memory, start: Before, before: Before, of_a_day: Sequence[Lost], limit: Limit, after: Outcome
) -> Mapping[str, frozenset[object]]:
    """What of the losses of a day commits took away on purpose, by kind.

    What came back and was lost again counts where it was lost last: a commit that takes everything and its
    revert excuse nothing.
    """
    states = [start, *(memory.state(at) for at in range(1, len(memory.commits))), before]
    gone: dict[str, frozenset[object]] = {one.what: frozenset() for one in of_a_day}
    meant: dict[str, frozenset[object]] = {}
    steps = []
    for earlier, later in pairwise(map(present, states)):
        steps.append({one.what: one.items & earlier[one.what] - later[one.what] for one in of_a_day})
    back: dict[str, frozenset[object]] = dict(present(before))
    for step in reversed(steps):
        # From the last on: what is lost again later is not lost here.
        for what in step:
            step[what] -= back[what]
            back[what] |= step[what]
    for step in steps:
        gone = {what: gone[what] | items for what, items in step.items()}
        alone = [Lost(one.what, step[one.what], one.of - gone[one.what] | step[one.what]) for one in of_a_day]
        if any(one.items and not within(limit, one.loss(after.deleted)) for one in alone):
            meant = gone
    return meant


def _over(
    of_a_day: Sequence[Lost],
    meant: Mapping[str, frozenset[object]],
    limit: Limit,
    taken: Mapping[str, int],
    after: Outcome,
) -> Sequence[Loss]:
    found = [one.without(meant.get(one.what, frozenset())).loss(after.deleted) for one in of_a_day]
    return [one for one in found if one.what in taken and one.lost and not within(limit, one)]

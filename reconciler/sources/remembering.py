"""What earlier imports took away: small losses that add up over hours, as git remembers them.

Each import of a directory that fails slowly may be within the limit, and all of them together end everybody's
access. The limit is therefore judged against the files of a day ago, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path, PurePosixPath

from reconciler.errors import Refused
from reconciler.files.git import Repository
from reconciler.sources.directory import before_in
from reconciler.sources.outcome import Before, Outcome, Remark
from reconciler.sources.shrinking import Limit, Loss, losses, within

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
    words = ("--first-parent", "--format=%H %ct", f"--max-count={_MOST}", head)
    listed = repository.git.run("log", *words, "--", folder)
    since = (now - WINDOW).astimezone(UTC).timestamp()
    commits = []
    for line in listed.output.decode("ascii").splitlines():
        commit, _, seconds = line.partition(" ")
        commits.append(commit)
        if int(seconds) <= since:
            return Memory(repository, into, commits[::-1], short=False)
    return Memory(repository, into, commits[::-1], short=bool(commits) and repository.shallow())


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
    over = _over(start, after, limit, taken)
    if over:
        states = [start, *(memory.state(at) for at in range(1, len(memory.commits))), before]
        for earlier, later in pairwise(states):
            step = Outcome(tuple(later.users.values()), tuple(later.groups.values()), (), (), after.deleted)
            if any(one.lost and not within(limit, one) for one in losses(earlier, step)):
                start = later
        over = _over(start, after, limit, taken)
    if over:
        words = ", ".join(
            f"{one.lost:,} of {one.of:,} {one.what} ({taken[one.what]:,} by this import)" for one in over
        )
        raise Refused(
            f"Refused: within 24 hours, {words} would lose their access or be gone, and the limit is "
            f"{limit}. Nothing was written. Small losses add up: check that the directory answers whole; "
            "where this is meant, import again with --max-shrink, such as --max-shrink 30%."
        )


def _over(start: Before, after: Outcome, limit: Limit, taken: dict[str, int]) -> Sequence[Loss]:
    return [one for one in losses(start, after) if one.what in taken and not within(limit, one)]

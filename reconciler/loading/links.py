"""The links of a chain: every receipt before the newest is one, of the same target, and fits the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.errors import RecordError
from reconciler.files.git import Repository, short
from reconciler.files.git_objects import ancestry, parents_in, small_objects
from reconciler.loading.receipt import FIRST, FOLLOWS, NewerFormat, receipt_lines

RECEIPT_FILE = "receipt"
# So many receipts are read at once: a chain of years does not have to fit in memory.
_AT_ONCE = 500


def check_links(repository: Repository, head: str, target: str) -> None:
    """Raise RecordError unless all commits from `head` backwards are receipts of `target` that fit.

    NewerFormat for one of a later version, Incomplete where one is not here. A shallow clone has none beyond
    its end; the receipt there says what it follows all the same.
    """
    commits = ancestry(repository.git, head)
    for start in range(0, len(commits), _AT_ONCE):
        _check_some(repository, commits[start : start + _AT_ONCE], target)


def _check_some(repository: Repository, commits: Sequence[str], target: str) -> None:
    names = [name for commit in commits for name in (commit, f"{commit}:{RECEIPT_FILE}")]
    found = small_objects(repository.git, names)
    for commit, whole, file in zip(commits, found[0::2], found[1::2], strict=True):
        if whole is None or file is None or file[0] != "blob":
            raise RecordError(f"{short(commit)}, which it follows, is not a receipt")
        try:
            fields = receipt_lines(file[1].decode("utf-8"))
            check_follows(fields, parents_in(whole[1]))
        except UnicodeDecodeError:
            raise RecordError(f"{short(commit)}, which it follows, is not text in UTF-8") from None
        except NewerFormat:
            raise
        except RecordError as error:
            raise RecordError(f"{short(commit)}, which it follows, is damaged: {error}") from error
        if (of := fields.get("target")) != target:
            raise RecordError(f"{short(commit)}, which it follows, is a receipt of the target {of}")


def check_follows(fields: Mapping[str, str], parents: Sequence[str]) -> None:
    """Raise RecordError where a receipt with these lines says that it follows others than its parents."""
    described = fields.get(FOLLOWS)
    if described is not None and described != (" ".join(parents) or FIRST):
        what = "no receipt before it" if not parents else f"{', '.join(map(short, parents))} before it"
        says = described if described == FIRST else ", ".join(map(short, described.split()))
        raise RecordError(f"its chain is broken: it says that it follows {says}, and has {what}")

"""The end of a whole apply on a real target: the tag moves to the commit that was applied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.errors import Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, Repository, short
from reconciler.loading.memory import FETCH
from reconciler.loading.receipt import begun_name, render_receipt, tag_name
from reconciler.model.state import Receipt


def record_whole_apply(
    repository: Repository, receipts: Sequence[Receipt], *, push: bool, remote: str = DEFAULT_REMOTE
) -> tuple[Problem, ...]:
    """Move the tag of each receipt's target to `receipt.commit`, with the receipt as its message.

    With `push` each tag that moved is pushed to `remote`. What was applied stays applied, so nothing is
    raised: the problems say what could not be recorded (the caller ends in exit 6), and the other
    targets are recorded all the same.
    """
    problems: list[Problem] = []
    for receipt in receipts:
        name = tag_name(receipt.target)
        try:
            _move(repository, name, receipt)
        except RecordError as error:
            problems.append(
                Problem(
                    f"{receipt.target} was applied, but the tag {name} could not be moved: {error}",
                    f"run `{FETCH}` and apply again: there is nothing left to write, and the tag moves",
                )
            )
            continue
        if not push:
            continue
        try:
            repository.push_tag(name, remote)
        except RecordError as error:
            problems.append(
                Problem(
                    f"{receipt.target} was applied and the tag {name} moved, but it could not be pushed "
                    f"to {remote}: {error}",
                    f"run `git push --force {remote} refs/tags/{name}`, or apply again with --push",
                )
            )
    return tuple(problems)


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
    cannot be made, or, with `push`, not be pushed: then nothing may be written, since nobody would know.
    """
    for target in targets:
        name = begun_name(target)
        if repository.tag(tag_name(target)) is not None or repository.tag(name) is not None:
            continue
        message = f"the first apply to {target} began here; read until {tag_name(target)} exists\n"
        repository.move_tag(name, commit, message, at)
        if push:
            repository.push_tag(name, remote)


def _move(repository: Repository, name: str, receipt: Receipt) -> None:
    before = repository.tag(name)
    if before is not None and not repository.is_ancestor(before.commit, receipt.commit):
        raise RecordError(
            f"it is on {short(before.commit)} by now, which {short(receipt.commit)} does not contain"
        )
    repository.move_tag(name, receipt.commit, render_receipt(receipt), receipt.at)

"""The end of a whole apply on a real target: the tag moves to the commit that was applied."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.errors import Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, Repository, short
from reconciler.loading.memory import FETCH
from reconciler.loading.receipt import (
    begun_name,
    parse_receipt,
    render_begun,
    render_receipt,
    spent,
    tag_name,
    used_at_begin,
)
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
        repository.move_tag(name, commit, render_begun(target), at)
        if push:
            repository.push_tag(name, remote)


def used_digests(repository: Repository, target: str) -> tuple[str, ...]:
    """The approved digests that were spent on a target, oldest first. Raises RecordError."""
    if (tag := repository.tag(tag_name(target))) is not None:
        return parse_receipt(tag.message, tag.commit).used
    begun = repository.tag(begun_name(target))
    return used_at_begin(begun.message) if begun is not None else ()


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
    noted, or, with `push`, not be pushed: then nothing may be written.
    """
    used = spent(used_digests(repository, target), digests)
    if (tag := repository.tag(tag_name(target))) is not None:
        receipt = parse_receipt(tag.message, tag.commit)
        repository.move_tag(
            tag_name(target), tag.commit, render_receipt(replace(receipt, used=used)), receipt.at
        )
        name = tag_name(target)
    else:
        name = begun_name(target)
        begun = repository.tag(name)
        if begun is None:
            raise RecordError(f"there is no tag {name} to note an approval in")
        repository.move_tag(name, begun.commit, render_begun(target, used), at)
    if push:
        repository.push_tag(name, remote)


def _move(repository: Repository, name: str, receipt: Receipt) -> None:
    before = repository.tag(name)
    if before is not None and not repository.is_ancestor(before.commit, receipt.commit):
        raise RecordError(
            f"it is on {short(before.commit)} by now, which {short(receipt.commit)} does not contain"
        )
    repository.move_tag(name, receipt.commit, render_receipt(receipt), receipt.at)

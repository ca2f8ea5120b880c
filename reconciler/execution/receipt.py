"""The end of a whole apply on a real target: the tag moves to the commit that was applied."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from reconciler.errors import Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, Repository, Tag, short
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

    With `push` each tag that moved is pushed to `remote`, with the digests that applies from elsewhere spent
    meanwhile. What was applied stays applied, so nothing is raised: the problems say what could not be
    recorded (the caller ends in exit 6), and the other targets are recorded all the same.
    """
    problems: list[Problem] = []
    for receipt in receipts:
        name = tag_name(receipt.target)
        there: Tag | None = None
        if push:
            # A remote that cannot be asked cannot be pushed to either, which is said below.
            with suppress(RecordError):
                there = repository.remote_tag(name, remote)
        try:
            used = spent(_used_in(there, whole=True), receipt.used)
            _move(repository, name, replace(receipt, used=used))
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
            repository.push_tag(name, remote, over=there)
        except RecordError as error:
            problems.append(
                Problem(
                    f"{receipt.target} was applied and the tag {name} moved, but it could not be pushed "
                    f"to {remote}: {error}",
                    "apply again with --push: there is nothing left to write, and what other clones noted "
                    "there stays noted",
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
        raise RecordError(f"there is no tag {name} to note an approval in")
    if whole:
        receipt = parse_receipt(tag.message, tag.commit)
        repository.move_tag(name, tag.commit, render_receipt(replace(receipt, used=used)), receipt.at)
    else:
        repository.move_tag(name, tag.commit, render_begun(target, used), at)
    if push:
        repository.push_tag(name, remote, over=there)


def _used_in(tag: Tag | None, *, whole: bool) -> tuple[str, ...]:
    """The digests that a tag calls spent: one of a whole apply, or one of where the first apply began."""
    if tag is None:
        return ()
    return parse_receipt(tag.message, tag.commit).used if whole else used_at_begin(tag.message)


def _move(repository: Repository, name: str, receipt: Receipt) -> None:
    before = repository.tag(name)
    if before is not None and not repository.is_ancestor(before.commit, receipt.commit):
        raise RecordError(
            f"it is on {short(before.commit)} by now, which {short(receipt.commit)} does not contain"
        )
    repository.move_tag(name, receipt.commit, render_receipt(receipt), receipt.at)

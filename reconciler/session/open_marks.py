"""The marks of runs that began to write and did not say how they ended, for `reconciler unlock`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.execution.folding import fold_marks
from reconciler.execution.marking import check_newest
from reconciler.execution.record import fold_record_mark, read_record
from reconciler.files.git import Repository, short
from reconciler.loading.chain import Chain, OpenMark, read_chain
from reconciler.loading.fitting import require_fit
from reconciler.loading.position import GitPosition
from reconciler.model.ledger import Ledger
from reconciler.session.connecting import SANDBOX_RECORD
from reconciler.session.settings import Settings


@dataclass(frozen=True, slots=True)
class MarkShown:
    """The open mark of one run at one target.

    `said` is what is shown of it, line by line. `close` closes it, and raises ReconcilerError where that
    fails, also where it is not as it was when it was listed.
    """

    target: str
    run: str
    lines: Sequence[str]
    close: Callable[[], None]


def open_marks(
    settings: Settings, position: GitPosition | None, targets: Collection[str], at: datetime
) -> Sequence[MarkShown]:
    """The open marks at these targets, in the order in which they are to be closed. `at` is now.

    With a remote, it is asked first. Raises RecordError where it cannot be, and where this clone lacks what
    it has.
    """
    if settings.sandbox:
        return [
            MarkShown(name, run, _counted(sealed.ledger()), _closes_record(name, run))
            for name, kept in sorted(read_record(SANDBOX_RECORD).targets.items())
            if name in targets
            for run, sealed in sorted(kept.marks.items())
        ]
    if position is None:
        return []
    repository = position.repository
    chains = _chains(repository, targets)
    return [
        MarkShown(name, mark.mark.run, _said(mark), _closes(repository, name, mark, at))
        for name, chain in sorted(chains.items())
        for mark in chain.marks
    ]


def _chains(repository: Repository, targets: Collection[str]) -> Mapping[str, Chain]:
    chains = {name: require_fit(repository, name, read_chain(repository, name)) for name in targets}
    return check_newest(repository, chains) if repository.has_remote() else chains


def _closes(repository: Repository, target: str, mark: OpenMark, at: datetime) -> Callable[[], None]:
    def close() -> None:
        # The chain has moved on where another mark was closed just now.
        chain = _chains(repository, [target])[target]
        fold_marks(repository, target, chain, [mark.mark.run], at, push=repository.has_remote())

    return close


def _closes_record(target: str, run: str) -> Callable[[], None]:
    return lambda: fold_record_mark(SANDBOX_RECORD, target, run)


def _said(mark: OpenMark) -> Sequence[str]:
    one = mark.mark
    return [
        f"by {one.holder} on {one.host}",
        f"began: {one.at.isoformat(timespec='seconds')}, with commit {short(one.commit)}, plan {one.plan}",
        *([] if one.published else ["it was never published: no other clone knows of it"]),
        *_counted(mark.intents),
    ]


def _counted(intents: Ledger) -> Sequence[str]:
    members = sum(map(len, intents.members.values()))
    assignments = sum(map(len, intents.assignments.values()))
    objects = len(intents.users) + len(intents.groups) + len(intents.sets)
    return [f"it may have given: {objects} objects, {members} memberships, {assignments} assignments"]

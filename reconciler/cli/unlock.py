"""`reconciler unlock`: shows the locks, and breaks those of runs that are dead."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import click

from reconciler.cli.common import Options, answer, ask, common_options, on_terminal, remark
from reconciler.config import Config, read_config
from reconciler.errors import ReconcilerError, RecordError, UsageError
from reconciler.execution.locks.lock import Kept, Place, described
from reconciler.files.faults import Faults
from reconciler.files.tree import FolderTree
from reconciler.loading.position import GitPosition, stand
from reconciler.loading.signatures import with_signing
from reconciler.loading.trusted import trusted_file
from reconciler.render import escape
from reconciler.session.locking import kept_anywhere
from reconciler.session.open_marks import MarkShown, open_marks
from reconciler.wire.clock import Clock, SystemClock

_OF_A_LOCK = (
    "Breaking a lock does not stop its run. If that run still lives, it finds out before its next batch of "
    "writes and stops; what it has sent by then is written. Make sure that it is dead."
)
_OF_A_MARK = (
    "Closing a mark takes for given what its run said that it might write. The next plan shows what of that "
    "is live, and takes back what is not declared."
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A lock as it was shown; what is broken is this version and no other."""

    target: str
    place: Place
    kept: Kept


@click.command("unlock", short_help="show the locks, and break those of dead runs")
@click.option("--yes", is_flag=True, help="Break what is shown without asking.")
@common_options(hide=("--format", "--now", "-v"))
def command(options: Options, *, yes: bool) -> int:
    """Show who has the locks, and break them: for a run that was killed before it could release its own.

    Shows each lock with its holder and says what breaking it means; then asks on a terminal, or needs --yes.
    Nothing is broken that changed since it was shown.
    """
    clock = SystemClock()
    position, config = _configured(options)
    targets = _targets(options, config)
    locks, unread = _look(targets, kept_anywhere(options, config.lock, position, clock))
    marks, unknown = _marks(options, position, targets, clock, signed=config.signed)
    if lines := _shown([name for name in targets if name not in unread], locks, marks, clock):
        answer("\n".join(lines))
    for problem in (*unread.values(), *unknown):
        remark(escape.sentence(problem))
    code = ReconcilerError.exit_code if unread or unknown else 0
    if not locks and not marks:
        return code
    if not yes:
        if not on_terminal():
            raise UsageError("unlock asks only on a terminal; add --yes to break what is shown")
        if not ask("Break all of this?"):
            raise ReconcilerError("Not confirmed; nothing was broken.")
    return max(code, break_all(locks, marks))


def _marks(
    options: Options, position: GitPosition | None, targets: Sequence[str], clock: Clock, *, signed: bool
) -> tuple[Sequence[MarkShown], Sequence[str]]:
    """The open marks, and why they are not known: a lock can be broken all the same."""
    try:
        if position is not None:
            position = with_signing(position, os.environ, demanded=signed)
        return open_marks(options, position, targets, clock.now()), ()
    except RecordError as error:
        return (), (f"the open marks of runs are not known: {error}",)


def break_all(locks: Sequence[_Found], marks: Sequence[MarkShown]) -> int:
    """Break what was shown, each as far as it still is what was shown; the answer is the exit code.

    The locks go first: a run that still lives is to find out before its mark is closed.
    """
    problems: list[str] = []
    for one in locks:
        try:
            if one.place.remove(one.kept.version):
                answer(f"{one.target}: the lock is broken.")
            elif one.place.look() is None:
                answer(f"{one.target}: the lock is gone already.")
            else:
                problems.append(
                    f"{one.target}: the lock changed since it was shown, and stays: a run that renews "
                    "its lock is alive, and one that took it has begun"
                )
        except ReconcilerError as error:
            problems.append(f"{one.target}: the lock could not be broken: {error}")
    for mark in marks:
        try:
            mark.close()
            answer(f"{mark.target}: the mark of run {escape.sentence(mark.run)} is closed.")
        except ReconcilerError as error:
            problems.append(f"{mark.target}: the mark of run {mark.run} could not be closed: {error}")
    for problem in problems:
        remark(escape.sentence(problem))
    return ReconcilerError.exit_code if problems else 0


def _configured(options: Options) -> tuple[GitPosition | None, Config]:
    """Where the files stand, and the configuration with the lock as the trusted branch has it.

    Nothing but the configuration is read: a file with a fault must not keep anybody from unlocking.
    """
    tree = FolderTree(options.identities)
    position = None if options.sandbox else stand(options.identities, tree, options.trusted_ref)
    faults = Faults(tree)
    planned = read_config(tree, faults).config
    trusted = None if position is None else trusted_file(position)
    if trusted is not None:
        return position, trusted
    if faults:
        raise faults.error()
    return position, planned


def _targets(options: Options, config: Config) -> Sequence[str]:
    known = ", ".join(config.targets)
    for name in options.targets:
        if name not in config.targets:
            raise UsageError(f"--target {name}: this target is not configured; configured are: {known}")
    return sorted(set(options.targets) or config.targets)


def _look(
    targets: Sequence[str], kept: Sequence[Callable[[str], Place]]
) -> tuple[Sequence[_Found], Mapping[str, str]]:
    """The locks that there are, and by target why it is not known of a place whether there is one."""
    found: list[_Found] = []
    unread: dict[str, str] = {}
    for target in targets:
        for place in (made(target) for made in kept):
            try:
                there = place.look()
            except ReconcilerError as error:
                unread[target] = f"{target}: whether {place.where} exists is not known: {error}"
                continue
            if there is not None:
                found.append(_Found(target, place, there))
    return found, unread


def _shown(
    targets: Sequence[str], locks: Sequence[_Found], marks: Sequence[MarkShown], clock: Clock
) -> Sequence[str]:
    """What there is, and what breaking it means."""
    lines: list[str] = []
    for one in locks:
        lines.append(f"{one.target} is locked:")
        details = [*described(one.kept, clock.now()), f"where: {one.place.where}"]
        lines += [f"  {escape.sentence(line)}" for line in details]
    if locks:
        lines.append(_OF_A_LOCK)
    for mark in marks:
        lines.append(f"{mark.target} has the open mark of run {escape.sentence(mark.run)}:")
        lines += [f"  {escape.sentence(line)}" for line in mark.lines]
    if marks:
        lines.append(_OF_A_MARK)
    free = sorted(set(targets) - {one.target for one in locks})
    return [*lines, *([f"Not locked: {', '.join(free)}."] if free else [])]

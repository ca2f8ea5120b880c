"""Takes the locks of a command's targets, and gives them back however it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from reconciler.config.locks import LockConfig, LockType
from reconciler.execution.locks.choose import (
    beside,
    chosen_type,
    in_ci,
    places,
    possible_types,
)
from reconciler.execution.locks.lease import Run
from reconciler.execution.locks.lock import Lock, Locks, Place
from reconciler.loading.position import GitPosition
from reconciler.render import escape
from reconciler.session.connecting import SANDBOX_FILE, make_folder
from reconciler.session.settings import Settings
from reconciler.wire.clock import Clock


@dataclass(frozen=True, slots=True)
class Taking:
    """A command that takes locks, and the digests that it was given, by target."""

    command: str
    plans: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def locked(
    targets: Iterable[str],
    settings: Settings,
    config: LockConfig,
    position: GitPosition | None,
    clock: Clock,
    run: Run,
) -> Iterator[Locks]:
    """The locks of `targets` for `run`, taken in the order of their names.

    Raises Locked where another run has one.

    What cannot be given back is said, and changes no exit code: the lease ends by itself.
    """
    kept, warning = kept_at(settings, config, position, clock)
    if warning:
        settings.remark(warning)
    if settings.sandbox:
        run = replace(run, unlock=f"{run.unlock} --sandbox")
    made = [] if kept is None else [(target, kept(target)) for target in targets]
    locks = Locks([Lock(target, place, clock, config.seconds, run) for target, place in made])
    try:
        for lease in locks.acquire():
            holder = escape.sentence(f"{lease.holder} on {lease.host} (run {lease.run})")
            when = lease.expires.isoformat(timespec="seconds")
            settings.remark(f"Took over the lock of {lease.target} from {holder}, which expired at {when}.")
        yield locks
    finally:
        for problem in _released(locks):
            settings.remark(escape.sentence(problem))


def _released(locks: Locks) -> Sequence[str]:
    """Give the locks back. Ctrl-C ends that, and takes neither the report nor the exit code from anybody."""
    try:
        return locks.release()
    except KeyboardInterrupt:
        return (
            "Interrupted before the locks were released: each ends by itself, or by `reconciler unlock`.",
        )


def kept_at(
    settings: Settings, config: LockConfig, position: GitPosition | None, clock: Clock
) -> tuple[Callable[[str], Place] | None, str]:
    """What makes of the name of a target the place of its lock, and what a run that takes one is told.

    None is where no lock is taken: as configured, and outside git, where nothing may be applied. Raises
    ReconcilerError where what is configured would exclude nobody here.
    """
    if settings.sandbox:
        make_folder(SANDBOX_FILE)
        return beside(SANDBOX_FILE.parent / "locks", clock), ""
    repository = position.repository if position is not None else None
    kind = chosen_type(config, repository, os.environ)
    warning = ""
    if kind is LockType.NONE:
        warning = "No lock is taken (`lock: {type: none}`): nothing keeps this run apart from another one."
    elif kind is LockType.FILE and repository is not None and in_ci(os.environ):
        warning = (
            "This clone has no remote, so the lock is a file in it: it keeps apart the runs in this clone."
        )
    return places(config, kind, repository, clock), warning


def kept_anywhere(
    settings: Settings, config: LockConfig, position: GitPosition | None, clock: Clock
) -> Sequence[Callable[[str], Place]]:
    """What makes of the name of a target each place at which a run on this configuration may have its lock.

    Raises ReconcilerError as `kept_at` does.
    """
    if settings.sandbox:
        return [beside(SANDBOX_FILE.parent / "locks", clock)]
    repository = position.repository if position is not None else None
    kinds = possible_types(config, repository, os.environ)
    return [made for kind in kinds if (made := places(config, kind, repository, clock)) is not None]

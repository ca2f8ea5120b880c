"""Snapshots: taken of every target of a session, and put in the place of services that cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.config import TargetConfig
from reconciler.errors import RecordError, UsageError
from reconciler.execution.snapshots import read_snapshots
from reconciler.loading.position import GitPosition
from reconciler.model.snapshot import Snapshot, redact
from reconciler.session.settings import Settings
from reconciler.targets.base import EVERYTHING, Target
from reconciler.targets.recorded import RecordedTarget, age

if TYPE_CHECKING:
    from reconciler.session.session import Session

# How far a snapshot may lie ahead of this machine's clock.
_SKEW = timedelta(minutes=5)


def take_snapshots(session: Session, *, redacted: bool) -> Mapping[str, Snapshot]:
    """What each target of the session has now, read whole, with units and tags."""
    taken: dict[str, Snapshot] = {}
    for name, target in session.targets.items():
        live = replace(target.read(EVERYTHING), identity=session.identities[name], calls={})
        one = Snapshot(session.now, live, target.capabilities, __version__)
        taken[name] = redact(one, session.loaded.identities) if redacted else one
    return taken


def check_recorded(settings: Settings, *, writes: bool) -> None:
    """Raises UsageError where a snapshot cannot stand for the services."""
    if settings.live is None:
        return
    if writes:
        raise UsageError("nothing can be applied to a snapshot: leave --live out")
    if settings.sandbox:
        raise UsageError("--live and --sandbox exclude each other: each says what is live")


def recorded_targets(
    chosen: Mapping[str, TargetConfig], settings: Settings, position: GitPosition | None, now: datetime
) -> Mapping[str, Target]:
    """The snapshot of each target. Raises RecordError where one is missing, too old, or not valid."""
    assert settings.live is not None
    if position is None:
        raise RecordError(f"{settings.live} is a tag of git, and this folder is not in a git repository")
    found = read_snapshots(position.repository, settings.live)
    targets: dict[str, Target] = {}
    for name in chosen:
        if name not in found:
            known = ", ".join(sorted(found)) or "none"
            raise RecordError(
                f"the snapshot {settings.live} has no target {name} (it has {known}): "
                "take it anew with `reconciler snapshot`, or leave the target out with --target"
            )
        passed = now - found[name].taken_at
        if passed > settings.max_age or passed < -_SKEW:
            raise RecordError(
                f"the snapshot {settings.live} of {name} is {age(passed)} old, and at most "
                f"{age(settings.max_age)} are allowed: take it anew, or raise --max-age"
                if passed >= -_SKEW
                else f"the snapshot {settings.live} of {name} was taken in the future; check the clocks"
            )
        targets[name] = RecordedTarget(name, found[name])
    return targets

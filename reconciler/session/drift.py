"""Drift of every target of a configuration: a target that cannot be compared hides no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import InputError, ReconcilerError, ServiceError, UsageError
from reconciler.model.drift import Drift, TargetDrift
from reconciler.model.observer import SILENT, Observer
from reconciler.model.plan import Finding
from reconciler.planning.drift import target_drift
from reconciler.session.opening import open_files, open_session
from reconciler.session.settings import Settings
from reconciler.wire.clock import SystemClock

if TYPE_CHECKING:
    from reconciler.session.session import Session

# Of the findings that concern no target: those that say what is compared.
_OF_FILES = frozenset({"working-tree-differs", "head-trusted", "live-from-snapshot", "target-not-configured"})


def read_drift(settings: Settings, observer: Observer = SILENT) -> Drift:
    """What differs from git, target by target; what cannot be compared is told as unknown.

    Raises InputError for files that are not valid, UsageError for settings that are not.
    """
    try:
        with open_session(settings, observer) as session:
            return Drift(session.now, tuple(_of_session(session)))
    except (InputError, UsageError):
        raise
    except ReconcilerError as error:
        names = tuple(open_files(settings)[1])
        if len(names) < 2:
            found = tuple(TargetDrift(name, error=str(error)) for name in names)
            return Drift(settings.now or SystemClock().now(), found)
    return _one_by_one(settings, names, observer)


def _one_by_one(settings: Settings, names: Iterable[str], observer: Observer) -> Drift:
    """Each target in a session of its own, where they could not be opened together."""
    now = settings.now or SystemClock().now()
    found: list[TargetDrift] = []
    for name in names:
        try:
            with open_session(replace(settings, targets=(name,)), observer) as session:
                found += _of_session(session)
        except (InputError, UsageError):
            raise
        except ReconcilerError as error:
            found.append(TargetDrift(name, error=str(error)))
    return Drift(now, tuple(found))


def _of_session(session: Session) -> Iterator[TargetDrift]:
    notes: tuple[Finding, ...] = tuple(one for one in session.findings if one.code in _OF_FILES)
    for name in session.targets:
        try:
            planned = session.plan_one(name)
        except ServiceError as error:
            yield TargetDrift(name, error=str(error))
            continue
        found = target_drift(planned, session.memories[name].remembered.checked)
        yield replace(found, findings=(*found.findings, *notes))
        notes = ()  # what concerns no target in particular is said once

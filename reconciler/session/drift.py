"""Drift of every target of a configuration: a target that cannot be compared hides no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import InputError, ReconcilerError, ServiceError, UsageError
from reconciler.model.drift import Drift, TargetDrift
from reconciler.model.observer import SILENT, Observer
from reconciler.model.plan import Finding
from reconciler.planning.authors import attributed, event_names, looked_back, with_own_authors, written
from reconciler.planning.drift import target_drift
from reconciler.session.opening import open_files, open_session
from reconciler.session.settings import Settings
from reconciler.targets.base import KeepsEvents
from reconciler.wire.clock import SystemClock

if TYPE_CHECKING:
    from reconciler.session.session import Session

# Of the findings that concern no target: those that say what is compared.
_OF_FILES = frozenset(
    {"working-tree-differs", "not-merged", "head-trusted", "live-from-snapshot", "target-not-configured"}
)

# So many objects are asked one by one who wrote them; the event history answers for any number.
_MOST_ASKED = 50


def read_drift(settings: Settings, observer: Observer = SILENT) -> Drift:
    """What differs from git, target by target; what cannot be compared is told as unknown.

    Raises InputError for files that are not valid, UsageError for settings that are not.
    """
    # Every target by the same moment, however long those before it take.
    now = settings.now or SystemClock().now()
    settings = replace(settings, now=now)
    try:
        with open_session(settings, observer) as session:
            return Drift(now, tuple(_of_session(session)))
    except (InputError, UsageError):
        raise
    except ReconcilerError as error:
        names = tuple(open_files(settings)[1])
        if len(names) < 2:
            found = tuple(TargetDrift(name, error=str(error)) for name in names)
            return Drift(now, found)
    return Drift(now, tuple(_one_by_one(settings, names, observer)))


def _one_by_one(settings: Settings, names: Iterable[str], observer: Observer) -> Iterator[TargetDrift]:
    """Each target in a session of its own, where they could not be opened together."""
    for name in names:
        try:
            with open_session(replace(settings, targets=(name,)), observer) as session:
                yield from _of_session(session)
        except (InputError, UsageError):
            raise
        except ReconcilerError as error:
            yield TargetDrift(name, error=str(error))


def _of_session(session: Session) -> Iterator[TargetDrift]:
    notes: tuple[Finding, ...] = tuple(one for one in session.findings if one.code in _OF_FILES)
    for name in session.targets:
        try:
            planned = session.plan_one(name)
        except ServiceError as error:
            yield TargetDrift(name, error=str(error))
            continue
        found = target_drift(planned, session.memories[name].remembered.checked)
        found = _with_authors(session, found)
        yield replace(found, findings=(*found.findings, *notes))
        notes = ()  # what concerns no target in particular is said once


def _with_authors(session: Session, found: TargetDrift) -> TargetDrift:
    """Look for whose hand it was: first what the objects tell, then the event history where that can help."""
    target = session.targets[found.target]
    if not isinstance(target, KeepsEvents) or not event_names(found):
        return found
    try:
        asked = written(found, _MOST_ASKED)
        told = target.authors(tuple(asked.values()))
        found = with_own_authors(found, {where: told[one] for where, one in asked.items() if one in told})
        names = event_names(found)
        events = target.events(names, looked_back(found, session.now)) if names else ()
    except ServiceError as error:
        return replace(found, unattributed=f"the event history could not be read: {error}")
    return attributed(found, events, session.now)

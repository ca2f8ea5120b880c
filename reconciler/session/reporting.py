"""What a report of access is made of: a session's targets, a saved plan, or the files alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.access.asking import TargetAccess
from reconciler.access.page import AccessPage, Made, Source, TargetPage
from reconciler.errors import ReconcilerError
from reconciler.files.tree import FolderTree, Tree
from reconciler.loading.position import GitPosition, stand
from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Plan
from reconciler.model.resources import Origin
from reconciler.model.state import Gap
from reconciler.planning.declared_rules import declared_rules
from reconciler.planning.drift import target_drift
from reconciler.planning.facts import facts_of_files, facts_of_side
from reconciler.planning.holdings import Side
from reconciler.render.redacting import People
from reconciler.session.access import access_of
from reconciler.session.opening import open_files
from reconciler.session.people import people_declared, people_of
from reconciler.session.settings import Settings
from reconciler.targets.recorded import RecordedTarget
from reconciler.targets.registry import SCIM
from reconciler.wire.clock import SystemClock

if TYPE_CHECKING:
    from reconciler.session.session import Session


def page_of_session(session: Session, side: Side) -> tuple[AccessPage, People]:
    """Read and plan every target, and say who has what on one side of the plan, with everybody in it.

    Raises ServiceError where a target cannot be read: nothing is told then.
    """
    plan, planned = session.plan()
    parts = []
    for name, one in planned.items():
        assert one.looking is not None
        consequences = one.looking.consequences(one.plan.changes)
        parts.append(
            TargetPage(
                name,
                facts_of_side(consequences, side, session.loaded.identities),
                access_of(session, name, one, side),
                changes=one.plan.access,
                drift=target_drift(one, session.memories[name].remembered.checked),
                read_at=_read_at(session, name),
            )
        )
    settings = session.settings
    source = Source.SNAPSHOT if settings.live else Source.SANDBOX if session.played else Source.LIVE
    made = _made(source, session.now, session.position or _shown(settings, session.tree))
    made = replace(made, desired=side is Side.DESIRED, origin=settings.live or "")
    findings = tuple((part.target, each) for part in plan.targets for each in part.findings)
    places = session.loaded.locate(_origins(parts, findings))
    return AccessPage(made, tuple(parts), findings, places), people_of(session, planned)


def page_of_files(settings: Settings) -> tuple[AccessPage, People]:
    """What the files give, with accounts as they are selected; no service is asked.

    Raises InputError, RecordError, UsageError.
    """
    loaded, targets, position = open_files(settings)
    now = settings.now or SystemClock().now()
    identities = loaded.identities
    parts = [
        TargetPage(
            name,
            facts_of_files(identities, one.policy, now),
            rules=declared_rules(identities, one.policy, now),
        )
        for name, one in targets.items()
        if one.type != SCIM
    ]
    findings = tuple(("", each) for each in loaded.findings)
    places = loaded.locate(_origins(parts, findings))
    position = position or _shown(settings, FolderTree(settings.identities))
    page = AccessPage(_made(Source.FILES, now, position), tuple(parts), findings, places)
    return page, people_declared(identities)


def page_of_plan(plan: Plan, name: str, now: datetime | None) -> AccessPage:
    """What a saved plan changes: of everything else it knows nothing. `name` is what the file is called."""
    parts = tuple(
        TargetPage(
            part.target,
            access=TargetAccess(
                part.target,
                (),
                part.access,
                part.accounts,
                gaps=tuple(Gap(Kind(kind), scope, reason) for kind, scope, reason in part.gaps),
            ),
            changes=part.access,
            read_at=plan.now,
        )
        for part in plan.targets
    )
    made = Made(Source.PLAN, now or plan.now, plan.tool_version, origin=name, redacted=plan.redacted)
    findings = tuple((part.target, each) for part in plan.targets for each in part.findings)
    return AccessPage(made, parts, findings, plan.places)


def _read_at(session: Session, name: str) -> datetime:
    target = session.targets[name]
    return target.taken_at if isinstance(target, RecordedTarget) else session.now


def _made(source: Source, now: datetime, position: GitPosition | None) -> Made:
    if position is None:
        return Made(source, now, __version__)
    return Made(source, now, __version__, commit=position.head or "", changed=position.changed)


def _shown(settings: Settings, tree: Tree) -> GitPosition | None:
    """Where the files are in git, to be shown: on the sandbox nothing is judged by it."""
    try:
        return stand(settings.identities, tree)
    except ReconcilerError:
        return None


def _origins(parts: Iterable[TargetPage], findings: Iterable[tuple[str, Finding]]) -> Iterator[Origin]:
    for part in parts:
        yield from part.facts.origins()
    yield from (each.origin for _, each in findings if each.origin is not None)

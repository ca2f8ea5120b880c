"""Who has what: asked of one target of a session, of its live state, its plan, or two commits."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.access.asking import TargetAccess
from reconciler.errors import InputError, RecordError, ServiceError, UsageError
from reconciler.files.git import Repository
from reconciler.loading.load import Loaded, load
from reconciler.model.access import ApplicationGrant
from reconciler.model.capabilities import Capabilities
from reconciler.model.organization import Organization
from reconciler.model.state import Desired
from reconciler.planning.declared_access import declared_access
from reconciler.planning.desired.project import project
from reconciler.planning.holdings import Side, holdings
from reconciler.planning.looking import Looking
from reconciler.planning.prepared import PreparedPlan
from reconciler.targets.base import NOTHING, ListsApplications

if TYPE_CHECKING:
    from reconciler.session.session import Session

# What git reads as a path from a commit, and what is not a name of one (gitrevisions).
_REVISION = re.compile(r"[~^@:]")


def read_access(session: Session, side: Side, *, applications: bool = True) -> tuple[TargetAccess, ...]:
    """Who has what at each target, in its live state or when the plan is applied. Raises ServiceError.

    `applications` asks for their assignments, too. Where the service does not let the caller list them, that
    is said in `unread`, and nothing is raised.
    """
    _, planned = session.plan()
    return tuple(
        access_of(session, name, one, side, applications=applications) for name, one in planned.items()
    )


def access_of(
    session: Session, name: str, planned: PreparedPlan, side: Side, *, applications: bool = True
) -> TargetAccess:
    """The same of one target, out of its plan."""
    looking = planned.looking
    assert looking is not None
    consequences = looking.consequences(planned.plan.changes)
    rows = holdings(consequences, side)
    granted, unread = _applications(session, name, looking) if applications else (None, ())
    names = {**looking.names(rows), **looking.names_of(granted or ())}
    return TargetAccess(name, rows, (), names, consequences.context.live.gaps, granted, unread)


def _applications(
    session: Session, name: str, looking: Looking
) -> tuple[tuple[ApplicationGrant, ...] | None, tuple[str, ...]]:
    target = session.targets[name]
    if not isinstance(target, ListsApplications):
        return None, ()
    try:
        found = target.applications()
    except ServiceError as error:
        return None, (f"assignments of applications: {error}",)
    return looking.application_grants((one.application, one.arn, one.principal) for one in found), ()


def access_between(session: Session, earlier: str, later: str) -> tuple[TargetAccess, ...]:
    """What git alone gives at the commit `later` and did not at `earlier`, and the other way round.

    Selectors of both are resolved with the accounts of now. Raises RecordError where a commit cannot be
    found or does not load, ServiceError where the accounts cannot be read.
    """
    if session.position is None:
        raise UsageError("--between compares two commits, and this folder is not in a git repository")
    found = []
    for name, target in session.targets.items():
        live = target.read(replace(NOTHING, organization=True, units=True, tags=True))
        before, after = (
            _declared(session, ref, name, target.capabilities, live.organization) for ref in (earlier, later)
        )
        accounts = {key: one.id for key, one in session.loaded.identities.accounts.items()}
        changes = declared_access(
            before, after, session.config.targets[name].policy, live.organization, accounts
        )
        names = {one.id: one.name for one in live.organization.accounts.values()}
        found.append(TargetAccess(name, (), changes, names, live.gaps))
    return tuple(found)


def _declared(
    session: Session, ref: str, target: str, capabilities: Capabilities, organization: Organization
) -> Desired:
    assert session.position is not None
    loaded = loaded_at(session.position.repository, ref)
    known = loaded.config.targets.get(target)
    if known is None:
        return Desired(target)
    return project(loaded.identities, known.policy, session.now, capabilities, organization)


def loaded_at(repository: Repository, ref: str) -> Loaded:
    """The files of a commit. Raises RecordError where it cannot be found or does not load."""
    commit = repository.resolve(ref)
    if commit is None:
        spelled = "; write a branch, a tag or the id of a commit" if _REVISION.search(ref) else ""
        raise RecordError(f"{ref} is not the name of a commit that this clone has{spelled}")
    tree = repository.tree(commit)
    if tree is None:
        raise RecordError(f"the folder of identities is not there in {ref}")
    try:
        return load(tree)
    except InputError as error:
        raise RecordError(f"{ref} does not load: {error.problems[0]}") from error

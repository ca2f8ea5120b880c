"""Taking all access of one person away at once, at every target: without locks, without the remote.

Nothing is recorded: no mark, no receipt, no tag. What the next plan says of it, git decides. Each target is a
session of its own, so that one that cannot be reached, or that refuses, holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.errors import InputError, Problem, ReconcilerError, ServiceError, UsageError
from reconciler.execution.apply import Job, apply
from reconciler.execution.denying import Denied, deny_no_more, deny_now
from reconciler.files.characters import show
from reconciler.model.address import Kind
from reconciler.model.observer import Observer
from reconciler.model.report import TargetReport
from reconciler.model.signin import AccountSessions, Search
from reconciler.model.state import Gap, Live
from reconciler.planning.offboarding import Person, Removal, Seen, people, removal, why_not, with_vanished
from reconciler.planning.review import Review
from reconciler.render.escape import text
from reconciler.session.opening import open_files, open_session
from reconciler.session.session import Session
from reconciler.session.settings import Settings
from reconciler.targets.base import NOTHING, Denies, EndsSessions, ReadRequest
from reconciler.wire.pool import Pool

# What is read where not everything can be: users alone, or with their groups.
_NARROWED: Sequence[Callable[[ReadRequest], ReadRequest]] = (
    lambda full: replace(NOTHING, users=None, denials=True, known_users=full.known_users),
    lambda full: replace(full, permission_sets=(), assignments=(), organization=False),
)


@dataclass(frozen=True, slots=True)
class Offboarding:
    """One person, and what is to be taken away, by target in the order in which it goes.

    `denies` has the targets with a policy of denials, and why nothing can be written to it ("" otherwise).
    `unread` names the targets that could not be looked at, or only in part, each with why: what was not read
    there stays. `blocked` says whether git blocks the person already.
    """

    person: Person
    sessions: Mapping[str, Session]
    removals: Mapping[str, Removal]
    denies: Mapping[str, str]
    unread: Mapping[str, str]
    blocked: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Offboarded:
    """How it ended, by target.

    `denied` says, where there is a policy of denials, whether they stand in it. `failures` are targets that
    could not be written to at all, each with why.
    """

    denied: Mapping[str, Denied] = field(default_factory=dict)
    reports: Mapping[str, TargetReport] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def writes(self) -> int:
        """How many writes were done."""
        return sum(one.writes for one in self.reports.values()) + sum(
            one.done for one in self.denied.values()
        )

    @property
    def whole(self) -> bool:
        """Whether everything that was to be done was done."""
        done = (result.status.good for one in self.reports.values() for result in one.results)
        held = all(one.done for one in self.denied.values())
        return held and not self.failures and not self.interrupted and all(done)


@contextmanager
def open_offboarding(
    settings: Settings, observer: Observer, who: str, *, undo: bool = False
) -> Iterator[Offboarding]:
    """Find a person at every target and in the files, and what they have. Takes no lock.

    Nobody is protected from an `undo`. Raises UsageError for nobody, for a name of several people, and for
    who must not be offboarded; InputError for files that do not load; the error of the first target where
    none can be read.
    """
    try:
        loaded, chosen, _ = open_files(settings)
    except InputError as error:
        fix = "run `git worktree add ../last HEAD`, and this in there; or `git stash`"
        problem = Problem("nobody was offboarded: the files do not load", fix)
        raise InputError([*error.problems, problem]) from error
    sessions: dict[str, Session] = {}
    seen: dict[str, Seen] = {}
    errors: dict[str, ReconcilerError] = {}
    with ExitStack() as stack:
        # One sandbox serves all its targets.
        together = stack.enter_context(open_session(settings, observer)) if settings.sandbox else None
        for name in chosen:
            try:
                session = together or stack.enter_context(open_session(settings, observer, (name,)))
                seen[name] = looked(session, name)
            except ReconcilerError as error:
                errors[name] = error
            else:
                sessions[name] = session
        if not sessions:
            raise next(iter(errors.values()))
        users = loaded.identities.users
        found = people(who, users, seen)
        # Who is gone has nothing to take away, and may be taken out of a policy.
        person = _one(who, with_vanished(who, found, seen) if undo else found, errors)
        policies = {name: session.config.targets[name].policy for name, session in sessions.items()}
        protected = {key for policy in policies.values() for key in policy.guards.protected.users}
        if not undo and (why := why_not(person, users, sorted(protected), seen)) is not None:
            raise UsageError(text(why))
        # What assigns accounts goes first, in any order of the configuration.
        order = sorted(
            sessions,
            key=lambda name: Kind.ASSIGNMENT not in sessions[name].targets[name].capabilities.service_kinds,
        )
        yield Offboarding(
            person=person,
            sessions=sessions,
            removals={name: removal_from(sessions[name], name, person, seen[name]) for name in order},
            denies={
                name: denials.unwritable
                for name in order
                if (denials := seen[name].live.denials) is not None and name in person.ids
            },
            unread={**{name: str(error) for name, error in errors.items()}, **in_part(seen)},
            blocked=bool(person.key) and person.key in loaded.identities.blocked,
            now=next(iter(sessions.values())).now,
        )


def looked(session: Session, name: str) -> Seen:
    """What is at one target now, and who is who there. Raises ServiceError.

    Where not everything can be read of a target that denies people, the users are, and their groups if that
    can be: a denial needs no more than an id. Then `missing` says what was not read.
    """
    live, missing = _read(session, name)
    live = replace(live, target=name, identity=session.identities[name])
    prepared = session.plan_on(name, live, session.loaded.identities)
    return Seen(live, prepared.keys, prepared.never_denied, prepared.vanished, missing)


def in_part(seen: Mapping[str, Seen]) -> Mapping[str, str]:
    """The targets of which something was not read, each with what, and why."""
    return {name: one.missing for name, one in seen.items() if one.missing}


def _read(session: Session, name: str) -> tuple[Live, str]:
    """What is at a target, and what is not known of it, with why ("" for nothing)."""
    try:
        return session.look(name), ""
    except ServiceError as error:
        # Without knowing who runs this, nobody is cut off: it might be them.
        if not isinstance(session.targets[name], Denies) or not (live := _narrowed(session, name, 0)):
            raise
        missing: tuple[Kind, ...] = (Kind.MEMBERSHIP, Kind.ASSIGNMENT)
        if more := _narrowed(session, name, 1):
            live, missing = more, (Kind.ASSIGNMENT,)
        gaps = tuple(Gap(kind, "*", str(error)) for kind in missing)
        what = " and ".join(f"{kind}s" for kind in missing)
        return replace(live, gaps=(*live.gaps, *gaps)), f"{what}, which stay: {error}"


def _narrowed(session: Session, name: str, at: int) -> Live | None:
    try:
        live = session.look(name, narrowed=_NARROWED[at])
    except ServiceError:
        return None
    return live if live.caller else None


def removal_from(session: Session, name: str, person: Person, seen: Seen) -> Removal:
    """Everything that a person has at one target, as far as it can be taken away there."""
    return removal(
        seen.live,
        [each for each in person.ids.get(name, ()) if each in seen.live.users],
        session.targets[name].capabilities,
        session.config.targets[name].policy.scope,
    )


def carry_out(offboarding: Offboarding, observer: Observer) -> Offboarded:
    """Deny the person, then take everything away, target after target; raises nothing that one says."""
    denied = _deny(offboarding)
    reports: dict[str, TargetReport] = {}
    failures: dict[str, str] = {}
    for name, found in offboarding.removals.items():
        if not found.prepared.plan.changes:
            continue
        session = offboarding.sessions[name]
        go = frozenset(change.address for change in found.prepared.plan.changes)
        job = Job(session.targets[name], found.prepared, Review(go, (), (), (), by_rule=go))
        session.settings.note_writes(True)
        try:
            job.target.ready(session.settings.now or session.clock.now(), 0.0)
            report = apply([job], pool=Pool, clock=session.clock, observer=observer)
        except ReconcilerError as error:
            failures[name] = str(error)
            continue
        reports[name] = report.targets[0]
        if report.interrupted:
            return Offboarded(denied, reports, failures, interrupted=True)
    return Offboarded(denied, reports, failures)


def session_roles(offboarding: Offboarding) -> Mapping[str, str | None]:
    """The targets around which the person may have signed in, each with the role for other accounts."""
    found: dict[str, str | None] = {}
    for name in offboarding.removals:
        target = offboarding.sessions[name].targets[name]
        if isinstance(target, EndsSessions) and name in offboarding.person.ids:
            found[name] = target.session_role
    return found


def end_sessions(
    offboarding: Offboarding, name: str, reason: str, *, everybody: bool
) -> Iterator[AccountSessions]:
    """End sessions of `aws login` around a target of `session_roles`, account by account as they finish.

    Comes after all writes. `everybody` also ends those of roles that others have, too. Raises nothing.
    """
    target, session = offboarding.sessions[name].targets[name], offboarding.sessions[name]
    assert isinstance(target, EndsSessions)
    accounts: dict[str, dict[str, bool]] = {}
    for one in offboarding.removals[name].reaches:
        accounts.setdefault(one.identifier, {})[one.permission_set] = one.alone
    session.settings.note_writes(True)
    yield from target.end_sessions(Search(accounts, offboarding.person.names, everybody, reason))


def undo(offboarding: Offboarding) -> Mapping[str, Denied]:
    """Take the person out of the policies of denials; how that ended, by target. Gives nothing else back."""
    found: dict[str, Denied] = {}
    for name in offboarding.denies:
        session = offboarding.sessions[name]
        session.settings.note_writes(True)
        ids = offboarding.person.ids[name]
        found[name] = deny_no_more(session.targets[name], ids, clock=session.clock, speed=session.speed)
    return found


def _deny(offboarding: Offboarding) -> Mapping[str, Denied]:
    found: dict[str, Denied] = {}
    for name in offboarding.denies:
        session = offboarding.sessions[name]
        session.settings.note_writes(True)
        ids = offboarding.person.ids[name]
        # Who is never denied was refused before.
        found[name] = deny_now(session.targets[name], ids, {}, clock=session.clock, speed=session.speed)
    return found


def _one(who: str, found: list[Person], errors: Mapping[str, ReconcilerError]) -> Person:
    if len(found) == 1:
        return found[0]
    if not found:
        unread = f"; not looked at: {', '.join(errors)}" if errors else ""
        raise UsageError(
            f"nobody has the key, user name, email address or id {show(who)}, in the files or at a "
            f"target{unread}"
        )
    # A name at a service is somebody else's text, and this may be the log of a job.
    lines = "\n".join(f"  - {text(str(one))}: {_ways_to_name(one)}" for one in found)
    raise UsageError(f"{show(who)} may mean {len(found)} people; name one of them by an id:\n{lines}")


def _ways_to_name(person: Person) -> str:
    found = [f"{text(each)} at {target}" for target, ids in person.ids.items() for each in ids]
    return ", ".join(found) or "in the files alone"

"""Looking again after offboarding: what another run, or a person, gave meanwhile is taken away, too.

Offboarding takes no lock. An apply that began before may still write what it planned then, and a question may
have stood on the screen for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.errors import ReconcilerError
from reconciler.model.observer import Observer
from reconciler.planning.offboarding import Person, Removal, Seen, found_again
from reconciler.planning.reaches import Reach
from reconciler.session.offboarding import (
    Offboarded,
    Offboarding,
    carry_out,
    in_part,
    looked,
    removal_from,
)

# How often it is looked again: what still comes then comes from something that does not end.
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Came:
    """What came meanwhile, and how taking it away ended."""

    found: Offboarding
    done: Offboarded = field(default_factory=Offboarded)

    @property
    def quiet(self) -> bool:
        """Whether nothing came, and everything was looked at."""
        return not (self.found.unread or self.found.denies or _changes(self.found))


def look_again(offboarding: Offboarding, done: Offboarded, observer: Observer) -> Iterator[Came]:
    """Look at every target again, and take away what came, round after round; ends with a quiet one.

    After ROUNDS rounds it ends as well; then the last one is not quiet. What failed before is not tried
    again. Raises nothing that a target says.
    """
    last, ended = offboarding, done
    for _ in range(ROUNDS):
        found = _found(last, ended)
        came = Came(found)
        if not came.quiet:
            came = Came(found, carry_out(found, observer))
        yield came
        if came.quiet or came.done.interrupted or not came.done.writes:
            return
        last, ended = found, came.done


def reached(first: Offboarding, rounds: Iterable[Came]) -> Mapping[str, Removal]:
    """The removals of a first look, with what the person reached in any of the later ones.

    They count as alone where they were in all of them: somebody else who had it may have a session.
    """
    rounds = list(rounds)
    return {
        name: replace(one, reaches=_together([one, *_removals(rounds, name)]))
        for name, one in first.removals.items()
    }


def _removals(rounds: Iterable[Came], name: str) -> Iterator[Removal]:
    for came in rounds:
        if name in came.found.removals:
            yield came.found.removals[name]


def _together(removals: Iterable[Removal]) -> tuple[Reach, ...]:
    found: dict[tuple[str, str], Reach] = {}
    for removal in removals:
        for one in removal.reaches:
            known = found.setdefault((one.identifier, one.permission_set), one)
            found[one.identifier, one.permission_set] = known._replace(alone=known.alone and one.alone)
    return tuple(found.values())


def _found(last: Offboarding, ended: Offboarded) -> Offboarding:
    """What is there now, without what could not be taken away before."""
    seen: dict[str, Seen] = {}
    unread: dict[str, str] = {}
    for name in last.removals:
        try:
            seen[name] = looked(last.sessions[name], name)
        except ReconcilerError as error:
            unread[name] = str(error)
    users = next(iter(last.sessions.values())).loaded.identities.users
    person = found_again(last.person, users, seen)
    # Who became protected, or runs this, by another id is not touched.
    ids = {
        name: tuple(one for one in each if one not in seen[name].never) for name, each in person.ids.items()
    }
    person = replace(person, ids={name: each for name, each in ids.items() if each})
    removals = {
        name: new_since(removal_from(last.sessions[name], name, person, one), ended, name)
        for name, one in seen.items()
    }
    denies = {
        name: ""
        for name, one in seen.items()
        if _is_out(name, last, ended) and not _denied_now(person, name, one)
    }
    return replace(last, person=person, removals=removals, denies=denies, unread={**unread, **in_part(seen)})


def _is_out(name: str, last: Offboarding, ended: Offboarded) -> bool:
    """Whether the person was denied before, as far as it could be."""
    before = ended.denied.get(name)
    return before.done if before is not None else name not in last.denies


def _denied_now(person: Person, name: str, seen: Seen) -> bool:
    denials = seen.live.denials
    if denials is None or denials.unwritable:
        return True
    return all(one in denials.entries for one in person.ids.get(name, ()))


def new_since(found: Removal, ended: Offboarded, name: str) -> Removal:
    """A removal without what was tried before and was not done, which is said already."""
    report = ended.reports.get(name)
    failed = (
        {one.address for one in report.results if not one.status.good} if report is not None else frozenset()
    )
    if name in ended.failures:
        failed = {one.address for one in found.prepared.plan.changes}
    changes = tuple(
        one
        for one in found.prepared.plan.changes
        # A service that does not show whether a user is enabled cannot tell that somebody enabled them.
        if one.address not in failed and all(each.before is not None for each in one.fields)
    )
    plan = replace(found.prepared.plan, changes=changes)
    return replace(found, prepared=replace(found.prepared, plan=plan))


def _changes(found: Offboarding) -> bool:
    return any(one.prepared.plan.changes for one in found.removals.values())

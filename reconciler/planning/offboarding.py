"""Everything that one person can reach, and the plan that takes it away: removals, and nothing else. Pure.

No file and no memory decides what goes: what is live goes, also what git did not give. So it holds for people
whom git does not know, and no guard, no review and no minimum of members is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from reconciler.model.address import Address, Arn, Kind, remote
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.names import fold
from reconciler.model.pairs import Principal
from reconciler.model.plan import Step, TargetPlan
from reconciler.model.policy import Scope
from reconciler.model.resources import User
from reconciler.model.state import Live
from reconciler.planning import hashes
from reconciler.planning.ordering.steps import Dependencies, steps
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.reaches import Reach, account_name, group_name, reaches
from reconciler.planning.withheld import without_delegated, without_observed

# Memberships first: they are what most access hangs on.
_RANK = {Kind.MEMBERSHIP: 0, Kind.ASSIGNMENT: 1, Kind.USER: 2}
_ROLE = re.compile(r"arn:[a-z-]+:sts::\d{12}:assumed-role/[^/]+/(?P<session>.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """One person: the key in git ("" where git does not know them), and their remote ids by target."""

    key: str
    ids: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]

    def __str__(self) -> str:
        called = ", ".join(self.names)
        return f"{self.key} ({called})" if self.key and called else self.key or called


class Seen(NamedTuple):
    """What was read of one target, and which of its users have a key in git (by remote id).

    `never` has whom no run ever denies, by remote id, each with why (`PreparedPlan.never_denied`); `vanished`
    who is denied and whose user is gone, by remote id, with the key (`PreparedPlan.vanished`). `missing` says
    what was not read, and why; "" where everything was.
    """

    live: Live
    keys: Mapping[str, str]
    never: Mapping[str, str] = MappingProxyType({})
    vanished: Mapping[str, str] = MappingProxyType({})
    missing: str = ""


def people(who: str, users: Mapping[str, User], seen: Mapping[str, Seen]) -> list[Person]:
    """Everybody whom `who` may mean: a key, a user name, an email address or a remote id, sorted.

    Users of several targets are one person where git says so, or where they sign in by one name.
    """
    wanted = fold(who)
    if not wanted.strip():
        return []
    keys = {key for key, user in users.items() if key == who or _is_called(user.attributes, wanted)}
    names: set[str] = set()
    nameless: list[Person] = []
    for name, target in seen.items():
        for identifier, live in target.live.users.items():
            key = target.keys.get(identifier)
            # Also the key of somebody who is gone from the files.
            if who in (identifier, key) or _is_called(live.attributes, wanted):
                if key is None and not _name(live.attributes):
                    # Who has no name is nobody else who has none.
                    nameless.append(Person("", {name: (identifier,)}, (identifier,)))
                elif key is None:
                    names.add(_name(live.attributes))
                else:
                    keys.add(key)
    found = [_declared(key, users, seen) for key in sorted(keys)]
    known = {name for one in found for name in map(fold, one.names)}
    found += [_undeclared(name, seen) for name in sorted(names - known)]
    return found + nameless


def found_again(person: Person, users: Mapping[str, User], seen: Mapping[str, Seen]) -> Person:
    """The same person with the ids that they have now: another run may have made a user for them."""
    if person.key:
        return _declared(person.key, users, seen)
    return _person("", set(person.names), seen)


def with_vanished(who: str, found: Sequence[Person], seen: Mapping[str, Seen]) -> list[Person]:
    """The same people with the ids by which a policy still denies them though their users are gone.

    `who` may also be such an id, or the key of somebody of whom nothing else is left.
    """
    left = {target: dict(one.vanished) for target, one in seen.items() if one.vanished}
    people = []
    for person in found:
        ids = {target: list(each) for target, each in person.ids.items()}
        for target, vanished in left.items():
            mine = sorted(one for one, key in vanished.items() if person.key and key == person.key)
            ids.setdefault(target, []).extend(mine)
        people.append(replace(person, ids={one: tuple(each) for one, each in ids.items() if each}))
    if people:
        return people
    ids = {
        target: sorted(one for one, key in vanished.items() if who and who in (one, key))
        for target, vanished in left.items()
    }
    keys = {left[target][one] for target, each in ids.items() for one in each}
    key = keys.pop() if len(keys) == 1 else ""
    gone = Person(key, {target: tuple(each) for target, each in ids.items() if each}, () if key else (who,))
    return [gone] if gone.ids else []


def why_not(
    person: Person, users: Mapping[str, User], protected: Iterable[str], seen: Mapping[str, Seen]
) -> str | None:
    """Why a person is not to be offboarded: protected, or who runs this; None where nothing is against it."""
    mine = {fold(name) for name in person.names}
    for key in protected:
        user = users.get(key)
        if key == person.key or (user is not None and _name(user.attributes) in mine) or fold(key) in mine:
            return (
                f"{person} is protected by `guards.protected` in reconciler.yaml, and no option lifts that: "
                "take them off the list in a reviewed change first"
            )
    for name, target in seen.items():
        for each in person.ids.get(name, ()):
            if each in target.never:
                return f"{person} is never cut off: {target.never[each]}"
        caller = _ROLE.fullmatch(target.live.caller)
        if caller is not None and fold(caller["session"]) in mine:
            return f"{person} is who runs this: let somebody else do it"
    return None


@dataclass(frozen=True, slots=True)
class Removal:
    """What is taken away at one target, what cannot be, each with why, and what the person reaches now."""

    prepared: PreparedPlan
    left: tuple[tuple[Change, str], ...]
    reaches: tuple[Reach, ...]


def removal(live: Live, ids: Sequence[str], capabilities: Capabilities, scope: Scope) -> Removal:
    """Everything that users, by remote id, have at one target, as changes that take it away."""
    known: dict[Address, str] = {}
    changes = [change for each in ids for change in _changes(live, each, capabilities, known)]
    left: list[tuple[Change, str]] = []
    changes, observed = without_observed(changes, scope, {})
    left += [(one, "`scope` in reconciler.yaml says that its kind is only observed") for one in observed]
    changes, theirs = without_delegated(changes, live, known)
    left += [(one, "only the management account may change it; run this there as well") for one in theirs]
    versions = {
        Address.of(live.target, Kind.USER, remote(each)): version
        for each in ids
        if (version := live.users[each].version)
    }
    assert all(map(only_takes, changes))
    return Removal(
        PreparedPlan(
            plan=TargetPlan(
                target=live.target,
                identity=live.identity,
                policy_digest="",
                changes=tuple(changes),
                findings=(),
                counts={},
                digest="",
                partial=True,
            ),
            steps=_steps(changes),
            ids=known,
            versions=versions,
            owned={},
            keys={},
            waiting=0,
        ),
        tuple(left),
        tuple(reaches(live, ids)),
    )


def only_takes(change: Change) -> bool:
    """Whether a change takes something from somebody and gives nobody anything."""
    if change.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
        return change.action is Action.DELETE
    return (
        change.address.kind is Kind.USER
        and change.action is Action.UPDATE
        and [(each.name, each.after) for each in change.fields] == [("active", False)]
    )


def _changes(
    live: Live, identifier: str, capabilities: Capabilities, known: dict[Address, str]
) -> Iterator[Change]:
    target = live.target
    user = Address.of(target, Kind.USER, remote(identifier))
    known[user] = identifier
    if Kind.MEMBERSHIP in capabilities.kinds:
        for group, members in sorted(live.members.items()):
            if identifier in members:
                address = Address.of(target, Kind.MEMBERSHIP, remote(group), remote(identifier))
                known[address], known[address.group] = members[identifier], group
                yield _deleted(
                    address, hashes.pair_state(group, identifier, present=True), group_name(live, group)
                )
    if Kind.ASSIGNMENT in capabilities.kinds:
        for (account, arn), principals in sorted(live.assignments.items()):
            found = live.permission_sets.get(arn)
            if Principal(Kind.USER, identifier) in principals and found is not None:
                key = f"{Kind.USER}:{remote(identifier)}"
                address = Address.of(target, Kind.ASSIGNMENT, account, found.name, key)
                known[address.permission_set] = Arn(arn)
                state = hashes.assignment_state(account, arn, identifier, present=True)
                yield _deleted(address, state, f"{found.name} on {account_name(live, account)}")
    active = live.users[identifier].active
    if capabilities.status and Kind.USER in capabilities.kinds and active is not False:
        yield Change(
            address=user,
            action=Action.UPDATE,
            effect=Effect.REVOKE,
            cause=Cause.BLOCK,
            before_hash=hashes.object_state(identifier, {}, (), active=active),
            after_hash=hashes.object_state(identifier, {}, (), active=False),
            fields=(FieldChange("active", active, after=False),),
            name="the user is disabled",
        )


def _deleted(address: Address, before: str, name: str) -> Change:
    return Change(
        address=address,
        action=Action.DELETE,
        effect=Effect.REVOKE,
        cause=Cause.BLOCK,
        before_hash=before,
        after_hash=hashes.digest({"absent": str(address)}),
        name=name,
    )


def _steps(changes: Sequence[Change]) -> tuple[Step, ...]:
    return tuple(
        replace(step, rank=_RANK[step.address.kind]) for step in steps(changes, Dependencies()).values()
    )


def _declared(key: str, users: Mapping[str, User], seen: Mapping[str, Seen]) -> Person:
    names = {_name(users[key].attributes)} if key in users else set[str]()
    for target in seen.values():
        names |= {
            _name(live.attributes)
            for identifier, live in target.live.users.items()
            if target.keys.get(identifier) == key
        }
    return _person(key, names, seen)


def _undeclared(name: str, seen: Mapping[str, Seen]) -> Person:
    return _person("", {name}, seen)


def _person(key: str, names: set[str], seen: Mapping[str, Seen]) -> Person:
    ids = {
        target: tuple(
            sorted(
                identifier
                for identifier, live in one.live.users.items()
                if (key and one.keys.get(identifier) == key)
                or (identifier not in one.keys and _name(live.attributes) in names - {""})
            )
        )
        for target, one in seen.items()
    }
    return Person(key, {target: found for target, found in ids.items() if found}, tuple(sorted(names)))


def _is_called(attributes: Mapping[str, object], wanted: str) -> bool:
    return any(
        isinstance(value := attributes.get(name), str) and fold(value) == wanted
        for name in ("user_name", "email")
    )


def _name(attributes: Mapping[str, object]) -> str:
    return fold(str(attributes.get("user_name") or ""))

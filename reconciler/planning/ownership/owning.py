"""Decides whose each live user and group is: by what git gave, or without a ledger by what it declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from reconciler.model.address import Kind, remote
from reconciler.model.ledger import GivenObject
from reconciler.model.names import fold
from reconciler.model.patterns import name_matches
from reconciler.model.policy import Mode, Scope
from reconciler.model.resources import Group, User
from reconciler.model.state import Desired, Live, LiveGroup, LiveUser
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.dropped import KEEPS_ALL, DroppedAttributes
from reconciler.planning.given.pairing import Sought, pair_given
from reconciler.planning.ownership.match import Candidates, MatchCriteria, pair
from reconciler.planning.ownership.objects import Ownership, former_keys, group_name, user_name

Resource = TypeVar("Resource", bound=User | Group)
_Namer = Callable[[Resource], str]


def own_users(
    desired: Desired, live: Live, memory: PriorState, scope: Scope, unkept: DroppedAttributes = KEEPS_ALL
) -> Ownership:
    """Ownership of the users of one target."""
    strangers = {key: key for key in desired.inactive if key not in desired.users}
    return _own(
        declared=desired.users,
        name=user_name,
        states=[state.users for state in memory.states],
        settled=memory.base.users if memory.base else {},
        strangers=strangers,
        objects=[(user.id, _name(user, "user_name"), _external(user)) for user in live.users.values()],
        mode=scope.users,
        ignore=scope.ignore.users,
        remembers=memory.known,
        given=memory.ledger.users if memory.ledger is not None else None,
        spells=_spells(unkept, Kind.USER),
    )


def own_groups(
    desired: Desired, live: Live, memory: PriorState, scope: Scope, unkept: DroppedAttributes = KEEPS_ALL
) -> Ownership:
    """Ownership of the groups of one target."""
    return _own(
        declared=desired.groups,
        name=group_name,
        states=[state.groups for state in memory.states],
        settled=memory.base.groups if memory.base else {},
        strangers={},
        objects=[
            (group.id, _name(group, "display_name"), _external(group)) for group in live.groups.values()
        ],
        mode=scope.groups,
        ignore=scope.ignore.groups,
        remembers=memory.known,
        given=memory.ledger.groups if memory.ledger is not None else None,
        spells=_spells(unkept, Kind.GROUP),
    )


def _spells(unkept: DroppedAttributes, kind: Kind) -> Callable[[str, str], bool] | None:
    return partial(unkept.spells, kind) if unkept.spells_names(kind) else None


def _own(
    *,
    declared: Mapping[str, Resource],
    name: _Namer[Resource],
    states: Sequence[Mapping[str, Resource]],
    settled: Mapping[str, Resource],
    strangers: Mapping[str, str],
    objects: Sequence[tuple[str, str, str | None]],
    mode: Mode,
    ignore: tuple[str, ...],
    remembers: bool,
    given: Mapping[str, GivenObject] | None = None,
    spells: Callable[[str, str], bool] | None = None,
) -> Ownership:
    candidates = Candidates(objects, spells)
    previous_keys = former_keys(declared, states)
    ignored = (
        frozenset(i for i, title, _ in objects if name_matches(title, ignore)) if ignore else frozenset()
    )
    if given is not None:
        return _own_given(
            declared, name, previous_keys, strangers, objects, candidates, ignored, given, mode, settled
        )
    holders = _holders(declared, name, states, previous_keys)
    wanted = [
        _wanted(key, resource, name, states, settled, previous_keys.get(key, (key,)), holders)
        for key, resource in declared.items()
    ]
    pairing = pair(wanted, candidates)
    declared_ids = {
        i: key for i, key in pairing.keys.items() if not declared[key].external and i not in ignored
    }
    external = {i: key for i, key in pairing.keys.items() if declared[key].external and i not in ignored}
    gone: dict[str, str] = {}
    if remembers or strangers:
        lost = _lost(declared, name, states if remembers else (), previous_keys)
        known = {one.key for one in lost}
        lost += [
            MatchCriteria(key, title, leaving=True) for key, title in strangers.items() if key not in known
        ]
        before = set(pairing.keys)
        pair(lost, candidates, pairing)
        gone = {
            i: key
            for i, key in pairing.keys.items()
            if i not in before and i not in ignored and i not in pairing.contested
        }
    kept = pairing.keys.keys() | ignored | pairing.contested
    rest = frozenset(i for i, _, _ in objects if i not in kept)
    strict = mode is Mode.AUTHORITATIVE
    return Ownership(
        pairing=pairing,
        declared=declared_ids,
        external=external,
        gone=gone,
        undeclared=rest if strict else frozenset(),
        ignored=ignored,
        unmanaged=frozenset() if strict else rest,
        former_keys=previous_keys,
    )


def _own_given(
    declared: Mapping[str, Resource],
    name: _Namer[Resource],
    previous_keys: Mapping[str, tuple[str, ...]],
    strangers: Mapping[str, str],
    objects: Sequence[tuple[str, str, str | None]],
    candidates: Candidates,
    ignored: frozenset[str],
    given: Mapping[str, GivenObject],
    mode: Mode,
    settled: Mapping[str, Resource],
) -> Ownership:
    """Ownership where it is known by id what git gave."""
    live = {identifier: title for identifier, title, _ in objects}
    sought = [
        Sought(
            key,
            name(one),
            _text(one.attributes.get("external_id")),
            previous_keys.get(key, (key,)),
            one.previously,
            one.external,
        )
        for key, one in declared.items()
    ]
    paired = pair_given(sought, candidates, given, live, settled.keys())
    pairing = paired.pairing
    declared_ids = {
        i: key for i, key in pairing.keys.items() if not declared[key].external and i not in ignored
    }
    external = {i: key for i, key in pairing.keys.items() if declared[key].external and i not in ignored}
    free = pairing.keys.keys() | ignored | pairing.contested
    gone = {i: given[i].key for i in live if i in given and i not in free}
    # What was given under another key, and is found by its name, had that key before.
    previous_keys = dict(previous_keys)
    for identifier, current in pairing.keys.items():
        known = given.get(identifier)
        if (
            known is not None
            and known.key not in declared
            and known.key not in previous_keys.get(current, ())
        ):
            previous_keys[current] = (*previous_keys.get(current, (current,)), known.key)
    heirs = {old: key for key, keys in previous_keys.items() for old in keys}
    lost: dict[str, list[str]] = {}
    for identifier, one in given.items():
        if identifier not in live and not one.left:
            key = one.key if one.key in declared else heirs.get(one.key)
            if key is not None:
                lost.setdefault(key, []).append(identifier)
    taken = set(declared)
    for identifier in sorted(gone, key=lambda each: (given[each].left, each)):
        key = gone[identifier]
        if key in taken:
            gone[identifier] = remote(identifier)
        else:
            taken.add(key)
            pairing.claim(key, identifier)
    blocked = [
        MatchCriteria(key, title, leaving=True) for key, title in strangers.items() if key not in taken
    ]
    if blocked:
        before = set(pairing.keys)
        pair(blocked, candidates, pairing)
        gone |= {
            i: key
            for i, key in pairing.keys.items()
            if i not in before and i not in ignored and i not in pairing.contested
        }
    rest = frozenset(i for i in live if i not in free and i not in gone)
    strict = mode is Mode.AUTHORITATIVE
    return Ownership(
        pairing=pairing,
        declared=declared_ids,
        external=external,
        gone=gone,
        undeclared=rest if strict else frozenset(),
        ignored=ignored,
        unmanaged=frozenset() if strict else rest,
        former_keys=previous_keys,
        given=given,
        left=frozenset(i for i in gone if i in given and given[i].left),
        lost={key: tuple(ids) for key, ids in lost.items()},
        replaced=paired.replaced,
    )


def _wanted(
    key: str,
    resource: Resource,
    name: _Namer[Resource],
    states: Sequence[Mapping[str, Resource]],
    settled: Mapping[str, Resource],
    keys: tuple[str, ...],
    holders: Mapping[str, str],
) -> MatchCriteria:
    current = name(resource)
    holder = holders.get(fold(current)) if holders else None
    if holder in keys:
        holder = None
    former: dict[str, None] = {}
    for state in states:
        for each in keys:
            then = state.get(each)
            if then is not None and then is not resource and name(then) != current:
                former[name(then)] = None
    if not former and not resource.previously and holder is None:
        return MatchCriteria(key, current, _text(resource.attributes.get("external_id")))
    at_base = settled.get(key)
    # Who was declared beside this key was somebody else: whether one became the other, nothing tells.
    beside = any(old in settled and not settled[old].external for old in keys if old != key)
    return MatchCriteria(
        key,
        current,
        _text(resource.attributes.get("external_id")),
        tuple(former),
        resource.previously,
        settled=at_base is not None and fold(name(at_base)) == fold(current) and not beside,
        holder=holder,
    )


def _holders(
    declared: Mapping[str, Resource],
    name: _Namer[Resource],
    states: Sequence[Mapping[str, Resource]],
    former_keys: Mapping[str, tuple[str, ...]],
) -> Mapping[str, str]:
    """Folded names that keys had before and have no longer, each with the key, or what it is called now."""
    successors = {old: key for key, keys in former_keys.items() for old in keys[1:]}
    holders: dict[str, str] = {}
    for state in reversed(states):
        if state is declared:
            continue
        for key, then in state.items():
            now = declared.get(key)
            if now is then:
                continue
            heir = key if now is not None else successors.get(key, key)
            now = declared.get(heir)
            if name(then) and (now is None or fold(name(now)) != fold(name(then))):
                holders[fold(name(then))] = heir
    return holders


def _lost(
    declared: Mapping[str, Resource],
    name: _Namer[Resource],
    states: Iterable[Mapping[str, Resource]],
    former_keys: Mapping[str, tuple[str, ...]],
) -> list[MatchCriteria]:
    """Keys that git declared since the last whole apply and declares no more under any name.

    What was last said to be somebody else's is not ours to remove, even if it was ours before.
    """
    renamed = {old for keys in former_keys.values() for old in keys[1:]}
    lost: dict[str, list[Resource]] = {}
    for state in states:
        for key in state.keys() - declared.keys() - renamed:
            lost.setdefault(key, []).append(state[key])
    return [
        MatchCriteria(
            key,
            name(resources[0]),
            _text(resources[0].attributes.get("external_id")),
            former=tuple({name(resource): None for resource in resources[1:]}),
            leaving=True,
        )
        for key, resources in sorted(lost.items())
        if not resources[0].external
    ]


def _name(thing: LiveUser | LiveGroup, attribute: str) -> str:
    return str(thing.attributes.get(attribute) or "")


def _external(thing: LiveUser | LiveGroup) -> str | None:
    return _text(thing.attributes.get("external_id"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

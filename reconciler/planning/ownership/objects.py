"""Whose each live object is, decided on data before anything is compared.

`ignore` and `external` win over every mode. What git declared since the last whole apply and declares
no more is *gone*; what it never declared is *unmanaged*, and in authoritative mode a *stray*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.model.ledger import GivenObject
from reconciler.model.names import fold
from reconciler.model.resources import Group, PermissionSet, User
from reconciler.planning.ownership.match import Pairing

Resource = TypeVar("Resource", bound=User | Group)
Named = TypeVar("Named", bound=User | Group | PermissionSet)
_Namer = Callable[[Resource], str]


@dataclass(frozen=True, slots=True)
class Ownership:
    """The live objects of one kind, by remote id, each in exactly one of these.

    `declared` and `external` are in git now, `gone` was: they map ids to keys. `undeclared` never was and
    must go; `ignored`, `contested` and `unmanaged` stay as they are. `pairing` also says which keys
    are blocked, `former_keys` which keys a declared one had before.

    The rest is known where there is a ledger: `given` is what it says, by id; `left` are those of `gone`
    whose removal was carried out before; `lost` maps declared keys to the ids that git gave them and that
    are gone; `replaced` maps those of them under whose name somebody made another object to the lost id.
    """

    pairing: Pairing
    declared: Mapping[str, str]
    external: Mapping[str, str]
    gone: Mapping[str, str]
    undeclared: frozenset[str]
    ignored: frozenset[str]
    unmanaged: frozenset[str]
    former_keys: Mapping[str, tuple[str, ...]]
    given: Mapping[str, GivenObject] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    lost: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)

    def tokens(self, key: str) -> tuple[str, ...]:
        """The remote ids that a key has, and had until its object was lost."""
        identifier = self.pairing.ids.get(key)
        lost = self.lost.get(key, ())
        return lost if identifier is None else (identifier, *lost)

    def gave(self, key: str) -> bool:
        """Whether an apply ended with an object of the key there."""
        return any(
            one.sure and not one.left
            for identifier in self.tokens(key)
            if (one := self.given.get(identifier)) is not None
        )

    def previous_keys(self, key: str) -> tuple[str, ...]:
        """The key itself and the keys that it had before."""
        return self.former_keys.get(key, (key,))

    def owned(self) -> int:
        """How many live objects are ours: what percentages are of."""
        return len(self.declared) + len(self.gone) - len(self.left) + len(self.undeclared)


def user_name(user: User) -> str:
    """The name by which a user is found; "" where the target's `map` makes none."""
    return str(user.attributes.get("user_name") or "")


def group_name(group: Group) -> str:
    """The name by which a group is found: its display name, which defaults to its key, always."""
    return str(group.attributes.get("display_name") or group.key)


def said_id(resource: User | Group) -> str:
    """The external id that git says; "" where it says none."""
    return str(resource.attributes.get("external_id") or "")


def aliases(
    keys: Iterable[str],
    ownership: Ownership,
    names: Mapping[str, str],
    states: Sequence[Mapping[str, Resource]],
    name: _Namer[Resource],
) -> frozenset[str]:
    """`keys`, and the keys under which their objects go now, so that a new key sheds no protection.

    `names` are the folded names of live objects, with their ids; `states` what git says and said.
    """
    wanted = frozenset(keys)
    found = {
        key for key, previous_keys in ownership.former_keys.items() if not wanted.isdisjoint(previous_keys)
    }
    for state in states:
        for key in wanted - ownership.pairing.ids.keys():
            identifier = names.get(fold(name(state[key]))) if key in state else None
            if identifier in ownership.pairing.keys:
                found.add(ownership.pairing.keys[str(identifier)])
    return wanted | found


def former_keys(
    declared: Mapping[str, Named], states: Sequence[Mapping[str, Named]]
) -> dict[str, tuple[str, ...]]:
    """The keys that each declared one had before, itself first.

    They are what `previously` says now, what it said in remembered states, and what it said then of those in
    turn. A key that is declared is nobody's former key, and neither is one that was declared while another
    said already that it had been it: that was a key used anew, and when it goes, it goes.
    """
    previously: dict[str, dict[str, None]] = {}
    anew = {
        (key, old)
        for state in states
        for key, one in state.items()
        if one.previously
        for old in one.previously
        if old in state
    }
    for state in (declared, *states):
        for key, one in state.items():
            for old in one.previously:
                if (key, old) not in anew:
                    previously.setdefault(key, {})[old] = None
    former: dict[str, tuple[str, ...]] = {}
    for key in sorted(previously.keys() & declared.keys()):
        keys = [key]
        for each in keys:
            keys.extend(old for old in previously.get(each, ()) if old not in declared and old not in keys)
        former[key] = tuple(keys)
    return former

"""Whose each live permission set is. Their names never change, and are how git and the service know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Arn, SetName
from reconciler.model.ledger import GivenObject
from reconciler.model.patterns import name_matches
from reconciler.model.policy import Mode, Scope
from reconciler.model.state import Desired, Live
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.ownership.objects import former_keys


@dataclass(frozen=True, slots=True)
class SetOwnership:
    """The live permission sets, by ARN, each in exactly one of these.

    `declared` are in git now, `gone` were; `replaced` has what a declared set of another name stands in for
    now (`previously`), with that name. `undeclared` never were in git and must go; `ignored` and `unmanaged`
    stay as they are. `ids` maps the names of all live sets to ARNs, `names` the other way round.
    """

    ids: Mapping[str, Arn] = field(default_factory=dict)
    names: Mapping[str, SetName] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    replaced: Mapping[str, SetName] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    undeclared: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    unmanaged: frozenset[str] = frozenset()
    former_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # What git gave, by ARN, where a ledger tells.
    given: Mapping[str, GivenObject] = field(default_factory=dict)

    def gave(self, name: str) -> bool:
        """Whether an apply ended with a set of that name there."""
        return any(one.name == name and one.sure for one in self.given.values())

    def previous_keys(self, name: str) -> tuple[str, ...]:
        """The name itself, and the names of the sets that it stands in for."""
        return self.former_names.get(name, (name,))

    def owned(self) -> int:
        """How many live sets are ours: what percentages are of."""
        return len(self.declared) + len(self.replaced) + len(self.gone) + len(self.undeclared)


NO_SETS = SetOwnership()


def own_sets(desired: Desired, live: Live, memory: PriorState, scope: Scope) -> SetOwnership:
    """Ownership of the permission sets of one target."""
    declared = desired.permission_sets
    states = [state.permission_sets for state in memory.states]
    former = former_keys(declared, states)
    heirs = {old: name for name, keys in former.items() for old in keys[1:]}
    remembered = frozenset[str]().union(*states) if memory.known else frozenset[str]()
    given = memory.ledger.sets if memory.ledger is not None else {}
    strict = scope.permission_sets is Mode.AUTHORITATIVE
    ids: dict[str, Arn] = {}
    replaced: dict[str, SetName] = {}
    kinds: dict[str, set[str]] = {
        each: set() for each in ("declared", "gone", "undeclared", "ignored", "rest")
    }
    for arn, permission_set in live.permission_sets.items():
        name = permission_set.name
        ids[name] = permission_set.id
        if name_matches(name, scope.ignore.permission_sets):
            kinds["ignored"].add(arn)
        elif name in declared:
            kinds["declared"].add(arn)
        elif name in heirs:
            replaced[arn] = SetName(heirs[name])
        elif arn in given if memory.ledger is not None else name in remembered:
            kinds["gone"].add(arn)
        else:
            kinds["undeclared" if strict else "rest"].add(arn)
    return SetOwnership(
        ids=ids,
        names={arn: SetName(name) for name, arn in ids.items()},
        declared=frozenset(kinds["declared"]),
        replaced=replaced,
        gone=frozenset(kinds["gone"]),
        undeclared=frozenset(kinds["undeclared"]),
        ignored=frozenset(kinds["ignored"]),
        unmanaged=frozenset(kinds["rest"]),
        former_names=former,
        given=given,
    )

"""One side of access, factored: who is in which group, and who holds which permission set where.

Everything goes by tokens that the caller chooses (remote ids, say), which need only be equal on both sides
of a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from reconciler.model.address import Kind
from reconciler.model.pairs import Pair, Principal

NOBODY: frozenset[str] = frozenset()
Holders = frozenset[Principal]
NO_HOLDERS: Holders = frozenset()


@dataclass(frozen=True, slots=True)
class AccessState:
    """Who stands where at one moment.

    `members` maps groups to people, `holders` pairs of account and permission set to whom they are assigned,
    `people` are those who can sign in: others reach nothing. Maps and sets may be shared
    between two sides; a group whose set of members is one and the same object is taken to be unchanged.
    """

    members: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    holders: Mapping[Pair, Holders] = field(default_factory=dict)
    people: AbstractSet[str] = NOBODY

    def behind(self, principal: Principal) -> AbstractSet[str]:
        """The people who can act as `principal`: a user alone, or a group's members."""
        if principal.kind is Kind.USER:
            return {principal.id} if principal.id in self.people else NOBODY
        return self.members.get(principal.id, NOBODY) & self.people

    def of(self, pair: Pair) -> Holders:
        """Whom the pair of account and permission set is assigned to."""
        return self.holders.get(pair, NO_HOLDERS)

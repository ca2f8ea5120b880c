"""What counts as privileged: permission sets by name, what they carry by policy, and whole accounts.

By default it is also what leads to everything else: AdministratorAccess, IAMFullAccess, PowerUserAccess, and
inline policies that allow as much. What a customer-managed policy says is not known here: a permission set
with one counts as privileged, as one of unknown content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reconciler.access.statements import is_privileged
from reconciler.model.patterns import name_matches
from reconciler.model.policy import Privileged
from reconciler.model.resources import Attributes

_POLICY = ":policy/"
_DEFAULTS = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")


@dataclass(frozen=True, slots=True)
class Privilege:
    """The patterns of the guards, and the ids of the accounts in which any access is privileged."""

    patterns: Privileged
    accounts: AbstractSet[str] = frozenset()

    def marks(self, name: str, definitions: Iterable[Attributes]) -> bool:
        """Whether a permission set is privileged, by its name or by a policy of any of its `definitions`.

        Definitions are as in LivePermissionSet.attributes: what it carries, or carried, or both.
        """
        definitions = tuple(definitions)
        return self._named(name, definitions) or (
            self.patterns.defaults and any(map(_holds_unknown, definitions))
        )

    def unknown(self, name: str, definitions: Iterable[Attributes]) -> bool:
        """Whether it is privileged only because nobody here knows what its policies say."""
        definitions = tuple(definitions)
        return self.marks(name, definitions) and not self._named(name, definitions)

    def _named(self, name: str, definitions: Sequence[Attributes]) -> bool:
        if name_matches(name, self.patterns.permission_sets):
            return True
        if self.patterns.defaults and any(map(_leads_to_everything, definitions)):
            return True
        return bool(self.patterns.policies) and any(
            name_matches(spelling, self.patterns.policies)
            for attributes in definitions
            for policy in _policies(attributes)
            for spelling in _spellings(policy)
        )

    def split(self, accounts: Iterable[str], *, privileged: bool) -> Iterator[tuple[bool, tuple[str, ...]]]:
        """The accounts in order: those where the set is privileged (all if `privileged`), then the rest."""
        everything = tuple(accounts)
        special = everything if privileged else tuple(one for one in everything if one in self.accounts)
        if special:
            yield True, special
        if len(special) < len(everything):
            yield False, tuple(one for one in everything if one not in self.accounts)


def _leads_to_everything(attributes: Attributes) -> bool:
    listed, inline = attributes.get("managed_policies"), attributes.get("inline_policy")
    managed = map(str, listed) if isinstance(listed, tuple) else ()
    return any(one in _spellings(policy) for policy in managed for one in _DEFAULTS) or (
        inline is not None and is_privileged(inline)
    )


def _holds_unknown(attributes: Attributes) -> bool:
    return bool(attributes.get("customer_managed_policies"))


def _policies(attributes: Attributes) -> Iterator[str]:
    for name in ("managed_policies", "customer_managed_policies"):
        listed = attributes.get(name)
        if isinstance(listed, tuple):
            yield from map(str, listed)


def _spellings(policy: str) -> Iterator[str]:
    """How people name a policy: by ARN, by path, by name alone (IAM, friendly names and paths)."""
    yield policy
    path = policy.partition(_POLICY)[2] or policy.lstrip("/")
    yield path
    yield path.rpartition("/")[2]

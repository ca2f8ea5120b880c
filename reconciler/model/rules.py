"""Rules: what the access of people must satisfy, independent of the plan.

Every rule has a name and may have a `message`, which people read where it is broken. Rules are no limits:
no approval lifts one.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Kind
from reconciler.model.resources import Selector


@dataclass(frozen=True, slots=True)
class RuledAccess:
    """Which access a rule speaks of: shell patterns over permission sets, and accounts; empty means any."""

    permission_sets: tuple[str, ...] = ()
    accounts: tuple[Selector, ...] = ()


ANY_ACCESS = RuledAccess()


@dataclass(frozen=True, slots=True)
class Deny:
    """Access that nobody may have; with `principal` USER or GROUP, not by assignments to such."""

    name: str
    access: RuledAccess
    principal: Kind | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Disjoint:
    """Groups (keys) of which nobody may be in two."""

    name: str
    disjoint: tuple[str, ...]
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Require:
    """What entries of `assignments` that give the access must say: "until", "reason"."""

    name: str
    require: tuple[str, ...]
    access: RuledAccess = ANY_ACCESS
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Restrict:
    """Files (shell patterns over paths) outside of which nothing may decide who has the access."""

    name: str
    access: RuledAccess
    only_from: tuple[str, ...]
    message: str | None = None


@dataclass(frozen=True, slots=True)
class MaxHolders:
    """At most `count` people may have the access, counted once each."""

    name: str
    count: int
    access: RuledAccess = ANY_ACCESS
    message: str | None = None


Rule = Deny | Disjoint | Require | Restrict | MaxHolders


def access_of(rule: Rule) -> RuledAccess:
    """The access that a rule speaks of; any, for a rule that speaks of groups."""
    return ANY_ACCESS if isinstance(rule, Disjoint) else rule.access

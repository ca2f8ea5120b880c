"""Rules of the company, and who breaks them in the world: counted by hand, without the code under test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.rules import Deny, Disjoint, MaxHolders, Require, Rule, RuledAccess
from reconciler.model.state import Identities
from reconciler.planning.prepared import PreparedPlan
from tests.planning.entitled import on
from tests.planning.world import World
from tests.properties import oracle
from tests.properties.book import stem
from tests.properties.company import team_of

NOT_DIRECTLY = Deny("not-directly", RuledAccess(("Admin*",), on("Prod")), Kind.USER)
DUTIES = Disjoint("duties", ("dev", "ops"))
FEW = MaxHolders("few", 2, RuledAccess(("Bill*",)))
ENDING = Require("ending", ("until",), RuledAccess(("Read*",)))
RULES: tuple[Rule, ...] = (NOT_DIRECTLY, DUTIES, FEW, ENDING)
Breach = tuple[str, ...]


def breaches(world: World, declared: Identities, rules: Sequence[Rule]) -> set[Breach]:
    """Every person who breaks a rule by what is live, as ids."""
    found: set[Breach] = set()
    if NOT_DIRECTLY in rules:
        found |= set(_direct(world))
    if DUTIES in rules and {"ops", "dev"} <= declared.groups.keys():
        ops, dev = (_in(world, team) for team in DUTIES.disjoint)
        found |= {("duties", each) for each in ops & dev}
    if FEW in rules and len(holders := set(_holders(world))) > FEW.count:
        found |= {("few", each) for each in holders}
    return found


def badly_given(
    planned: PreparedPlan, declared: Identities, world: World, rules: Sequence[Rule]
) -> set[Breach]:
    """Assignments that the plan makes and that no entry gives which says what it must."""
    if ENDING not in rules:
        return set()
    found: set[Breach] = set()
    for change in planned.plan.changes:
        if change.address.kind is Kind.ASSIGNMENT and change.action is Action.CREATE:
            account, name, holder = change.address.parts
            kind, _, key = holder.partition(":")
            given = [
                each
                for each in declared.assignments.values()
                if name in each.permission_sets
                and key in (each.users if kind == Kind.USER else each.groups)
                and account in oracle.accounts(each, world)
            ]
            if stem(name) == "Read" and not any(each.window.end for each in given):
                found.add(change.address.parts)
    return found


def _direct(world: World) -> Iterator[Breach]:
    for (account, arn), principals in world.assignments.items():
        places = {world.organization.units[each].path for each in world.organization.accounts[account].units}
        if stem(world.sets[arn].name) == "Admin" and "Prod" in places:
            for one in principals:
                if one.kind is Kind.USER and one.id in world.users:
                    yield "direct", account, arn, one.id, str(_can_sign_in(world, one.id))


def _in(world: World, team: str) -> set[str]:
    return {
        user
        for group, members in world.members.items()
        if team_of(world, group) == team
        for user in members
        if _can_sign_in(world, user)
    }


def _holders(world: World) -> Iterator[str]:
    for (_, arn), principals in world.assignments.items():
        if stem(world.sets[arn].name) == "Bill":
            for one in principals:
                behind = [one.id] if one.kind is Kind.USER else world.members.get(one.id, ())
                yield from (each for each in behind if _can_sign_in(world, each))


def _can_sign_in(world: World, user: str) -> bool:
    return user in world.users and world.users[user].active is not False

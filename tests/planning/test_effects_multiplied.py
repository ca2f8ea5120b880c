"""What plans do to people, against everything multiplied out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.planning.consequences import Consequences
from tests.planning.access_stage import Stage, change

Triple = tuple[str, str, str]
PEOPLE, GROUPS, ACCOUNTS, SETS = ("ada", "bob", "cyd"), ("red", "blue"), ("1", "2"), ("Admin", "Read")


@dataclass
class Whole:
    """The oracle: everything, to be multiplied out."""

    people: set[str]
    members: set[tuple[str, str]]
    assigned: set[tuple[str, str, str]]

    def access(self) -> set[Triple]:
        return {
            (who, account, name)
            for account, name, holder in self.assigned
            for who in self.people
            if holder == who or (holder, who) in self.members
        }

    def carry_out(self, one: Change) -> None:
        parts, create = one.address.parts, one.action is Action.CREATE
        if one.address.kind is Kind.MEMBERSHIP:
            (self.members.add if create else self.members.discard)((parts[0], parts[1]))
        elif one.address.kind is Kind.ASSIGNMENT:
            item = (parts[0], parts[1], parts[2].partition(":")[2])
            (self.assigned.add if create else self.assigned.discard)(item)
        elif one.address.kind is Kind.USER:
            (self.people.add if one.fields and one.fields[0].after else self.people.discard)(parts[0])
        elif one.address.kind is Kind.GROUP:
            self.members = {each for each in self.members if each[0] != parts[0]}
        else:
            self.assigned = {each for each in self.assigned if each[1] != parts[0]}


@st.composite
def plans(draw: st.DrawFn) -> tuple[Stage, Whole, list[Change]]:
    everybody = draw(st.sets(st.sampled_from(PEOPLE)))
    members = draw(st.sets(st.tuples(st.sampled_from(GROUPS), st.sampled_from(PEOPLE))))
    holders = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(SETS), st.sampled_from((*GROUPS, *PEOPLE)))
    assigned = draw(st.sets(holders))
    stage = Stage(
        {key: " ".join(sorted(who for team, who in members if team == key)) for key in GROUPS},
        {
            f"{account} {name}": " ".join(who for a, n, who in assigned if (a, n) == (account, name))
            for account in ACCOUNTS
            for name in SETS
        },
        people=" ".join(PEOPLE),
        disabled=" ".join(sorted(set(PEOPLE) - everybody)),
    )
    changes = []
    for team, who in sorted(draw(st.sets(st.tuples(st.sampled_from(GROUPS), st.sampled_from(PEOPLE))))):
        action = "delete" if (team, who) in members else "create"
        changes.append(change(f"{action} membership/{team}/{who}"))
    for account, name, who in sorted(draw(st.sets(holders))):
        action = "delete" if (account, name, who) in assigned else "create"
        kind = "group" if who in GROUPS else "user"
        changes.append(change(f"{action} assignment/{account}/{name}/{kind}:{who}"))
    switched = sorted(draw(st.sets(st.sampled_from(PEOPLE))))
    changes += [change(f"update user/{who}", active=who not in everybody) for who in switched]
    changes += [change(f"delete group/{key}") for key in draw(st.sets(st.sampled_from(GROUPS), max_size=1))]
    gone = sorted(draw(st.sets(st.sampled_from(SETS), max_size=1)))
    changes = [
        one for one in changes if one.address.kind is not Kind.ASSIGNMENT or one.address.parts[1] not in gone
    ]
    changes += [change(f"delete permission-set/{name}") for name in gone]
    return stage, Whole(everybody, members, assigned), changes


def multiplied(access: Iterable[AccessChange], direction: Direction) -> set[Triple]:
    triples = [
        (who, account, one.permission_set)
        for one in access
        if one.direction is direction
        for who in one.people
        for account in one.accounts
    ]
    assert len(triples) == len(set(triples))
    return set(triples)


@settings(max_examples=300, deadline=None)
@given(plans())
def test_effects_agree_with_everything_multiplied_out(plan: tuple[Stage, Whole, list[Change]]) -> None:
    stage, whole, changes = plan
    found = Consequences(stage.context(), changes, {})
    before = whole.access()
    for one in changes:
        whole.carry_out(one)
    after = whole.access()

    assert multiplied(found.access, Direction.GAIN) == after - before
    assert multiplied(found.access, Direction.LOSE) == before - after


def reached(one: Change, before: Whole, after: Whole) -> set[tuple[str, str]]:
    """Who has access where by one change, in so far as they can sign in on both sides."""
    side = after if one.action is Action.CREATE else before
    parts = one.address.parts
    if one.address.kind is Kind.ASSIGNMENT:
        holder = parts[2].partition(":")[2]
        found = {(who, parts[0]) for who in PEOPLE if holder == who or (holder, who) in side.members}
    else:
        found = {(parts[1], account) for account, _, holder in side.assigned if holder == parts[0]}
    return {each for each in found if each[0] in before.people & after.people}


def pairs(one: Change) -> tuple[str, str] | None:
    """The account and the holder of an assignment."""
    parts = one.address.parts
    return (parts[0], parts[2]) if one.address.kind is Kind.ASSIGNMENT else None


@settings(max_examples=300, deadline=None)
@given(plans())
def test_replacements_are_grants_of_the_same_access_and_none_is_missed(
    plan: tuple[Stage, Whole, list[Change]],
) -> None:
    stage, before, changes = plan
    # A group that goes takes back what the plan gives to it: no plan has both.
    gone = {one.address.parts[0] for one in changes if one.address.kind is Kind.GROUP}
    changes = [
        one
        for one in changes
        if one.action is not Action.CREATE
        or not gone & {part.removeprefix("group:") for part in one.address.parts}
    ]
    after = Whole(set(before.people), set(before.members), set(before.assigned))
    for one in changes:
        after.carry_out(one)
    found = Consequences(stage.context(), changes, {}).replaced

    grants = [one for one in changes if one.effect is Effect.GRANT]
    for one in changes:
        if one.effect is not Effect.REVOKE or one.address.kind not in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
            assert one.address not in found
            continue
        mine = reached(one, before, after)
        alike = {each.address for each in grants if pairs(one) and pairs(each) == pairs(one)}
        meeting = {each.address for each in grants if mine & reached(each, before, after)}
        if one.address.kind is Kind.MEMBERSHIP and not before.assigned and not after.assigned:
            # Where nothing is assigned, a group is access by itself.
            who = one.address.parts[1]
            moves = who in before.people & after.people
            meeting = {each.address for each in grants if moves and each.address.parts[1:] == (who,)}
        assert set(found.get(one.address, ())) == (alike or meeting)

"""Who was offboarded stays out although their user goes: git deletes it, or somebody else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Action
from reconciler.model.denials import Denials, Entry
from reconciler.model.policy import OnRemoval
from reconciler.model.resources import Block, Origin
from reconciler.model.state import Identities
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from tests.planning.test_denials import Returning
from tests.planning.world import CAN_ALL, NOW, POLICY, group, person, remembered

DELETING = replace(POLICY, on_removal=OnRemoval.DELETE)


class Deleting(Returning):
    """The same, where who is gone from git is deleted; they may come back under another key."""

    key = "bob"
    blocks_key = ""

    def said(self) -> Identities:
        said = super().said()
        users = dict(said.users)
        if self.key != "bob" and "bob" in users:
            del users["bob"]
            users[self.key] = person(self.key, user_name="bob@example.com", given_name="Bob")
        blocks = {self.blocks_key: Block(self.blocks_key, Origin("blocked.yaml", 1), reason="lost")}
        team = replace(said.groups["team"], members=group("team", tuple(users)).members)
        return replace(
            said,
            users=users,
            groups={**said.groups, "team": team},
            blocked={**said.blocked, **(blocks if self.blocks_key else {})},
        )

    def plan(self, *, by_rule: bool) -> PreparedPlan:
        memory = replace(remembered(self.base, *self.states, at=self.now), ledger=self.ledger)
        live = self.world.live()
        return plan_target(self.said(), memory, live, DELETING, CAN_ALL, self.now, by_rule=by_rule)

    def vanishes(self) -> None:
        """Somebody deletes Bob's user by hand."""
        identifier = self.world.ids["bob"]
        del self.world.users[identifier]
        for members in self.world.members.values():
            members.pop(identifier, None)

    def pass_days(self) -> None:
        for _ in range(3):
            self.now += timedelta(hours=20)
            self.carry_out(by_rule=True)
            self.carry_out(by_rule=False)

    def codes(self) -> set[str]:
        return {one.code for one in self.plan(by_rule=False).plan.findings}

    def is_in(self) -> bool:
        return "bob@example.com" in self.world.members_of("team")


def offboarded() -> Deleting:
    company = Deleting()
    company.carry_out(by_rule=False)
    company.world.entries[company.world.ids["bob"]] = Entry(offboarded=True)
    for members in company.world.members.values():
        members.pop(company.world.ids["bob"], None)
    return company


@pytest.mark.parametrize("key", ["bob", "robert"])
@pytest.mark.parametrize("vanishes", ["", "first", "later"])
def test_who_was_offboarded_stays_out_where_git_deletes_users_and_where_others_do(
    key: str, vanishes: str
) -> None:
    company = offboarded()
    if vanishes == "first":
        company.vanishes()
    company.goes("gone")
    company.carry_out(by_rule=False)
    assert (company.world.ids["bob"] in company.world.users) == (vanishes != "first")
    assert ("deletion-held" in company.codes()) == (vanishes != "first")
    if vanishes == "later":
        company.vanishes()
    company.pass_days()

    company.key = key
    company.goes("")
    company.pass_days()

    assert not company.is_in()
    assert "denied-not-blocked" in company.codes()
    # A block explains it, and then git alone decides.
    company.blocked.add("bob")
    company.blocks_key = key
    company.pass_days()
    assert not any(one.offboarded for one in company.world.entries.values())
    company.blocked.clear()
    company.blocks_key = ""
    company.pass_days()
    assert company.is_in()
    assert not company.world.entries


def test_a_block_of_somebody_who_is_gone_explains_their_entry_and_their_user_is_deleted() -> None:
    for vanishes in (False, True):
        company = offboarded()
        company.goes("gone")
        company.carry_out(by_rule=False)
        if vanishes:
            company.vanishes()
        company.blocks_key = "bob"
        assert not company.plan(by_rule=False).blocks_nobody
        company.pass_days()
        assert not company.world.entries
        assert company.world.ids["bob"] not in company.world.users


def test_who_is_not_offboarded_is_deleted_as_ever_and_nobody_while_the_policy_cannot_be_read() -> None:
    company = Deleting()
    company.carry_out(by_rule=False)
    company.goes("gone")
    live = replace(company.world.live(), denials=Denials("p-cutsoff1", problem="not now"))
    memory = replace(remembered(company.base, at=NOW), ledger=company.ledger)
    planned = plan_target(company.said(), memory, live, DELETING, CAN_ALL, NOW)
    actions = {str(one.address): one.action for one in planned.plan.changes}
    assert actions["aws/user/bob"] is Action.UPDATE
    assert actions["aws/membership/team/bob"] is Action.DELETE

    reviewed = company.plan(by_rule=False)
    assert {str(one.address): one.action for one in reviewed.plan.changes}["aws/user/bob"] is Action.DELETE
    # What was reviewed as a deletion is done as far as it can be, and holds up nothing.
    verdict = review(planned, [reviewed.plan], auto_apply=())
    assert not verdict.stale
    assert "aws/user/bob" in {str(one) for one in verdict.go}
    company.carry_out(by_rule=False)
    assert company.world.ids["bob"] not in company.world.users


def test_an_entry_that_spells_an_id_in_another_case_holds_whom_it_means() -> None:
    company = offboarded()
    entry = company.world.entries.pop(company.world.ids["bob"])
    company.world.entries[company.world.ids["bob"].upper()] = entry
    assert company.world.ids["bob"].upper() != company.world.ids["bob"]

    company.carry_out(by_rule=False)

    assert not company.is_in()
    company.blocked.add("bob")
    company.pass_days()
    assert not company.world.entries
    company.blocked.clear()
    company.pass_days()
    assert company.is_in()


def test_whom_offboard_entered_in_the_other_policy_is_held_as_well() -> None:
    """The former policy is still used, and a clone that does not know that wrote into the configured one."""
    company = offboarded()
    entry = company.world.entries.pop(company.world.ids["bob"])
    other = Denials("p-another1", {company.world.ids["bob"]: entry})
    live = replace(company.world.live(), former_denials=(Denials("p-cutsoff1"), other))
    memory = replace(remembered(company.base, at=NOW), ledger=company.ledger)

    planned = plan_target(company.said(), memory, live, DELETING, CAN_ALL, NOW)

    assert [str(one.address) for one in planned.withheld.denied] == ["aws/membership/team/bob"]
    company.goes("gone")
    memory = replace(remembered(company.base, at=NOW), ledger=company.ledger)
    planned = plan_target(company.said(), memory, live, DELETING, CAN_ALL, NOW)
    assert "deletion-held" in {one.code for one in planned.plan.findings}

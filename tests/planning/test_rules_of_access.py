"""Rules on who reaches what: kept, broken by the plan, broken before, and mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.plan import Severity
from reconciler.model.policy import Approval
from reconciler.model.resources import Block, Group, Include
from reconciler.model.rules import Deny, Disjoint, MaxHolders, Rule, RuledAccess
from reconciler.model.state import Gap, Identities
from tests.planning.entitled import DEV, PAY, entry, git, on, plan, realm, settled
from tests.planning.ruling import ADMIN, ADMIN_ON_PROD, BROKEN, OLD, judged, verdicts
from tests.planning.world import NOW, ORIGIN, POLICY, group, remembered

NO_DIRECT = Deny("no-direct", RuledAccess((), on("Prod")), Kind.USER)
NO_ADMIN = Deny("no-admin", ADMIN_ON_PROD)
DUTIES = Disjoint("duties", ("pay", "approve"))
FEW = MaxHolders("few", 1, ADMIN)

OPS_ON_PAY = git([entry("e", "group:ops", "Admin", PAY)])
OPS_ON_DEV = git([entry("e", "group:ops", "Admin", DEV)])
ADA_ON_PAY = git([entry("e", "user:ada", "Admin", PAY)])
READ_ON_PAY = git([entry("e", "group:ops", "Read", PAY)])
BOTH_ON_PAY = git([entry("e", "group:ops", "Admin", PAY)], teams={"ops": ["ada", "bob"]})
NOBODY_ON_PAY = git([entry("e", "group:ops", "Admin", PAY)], teams={"ops": []})
NOTHING_GIVEN = git()


def teams(pay: str, approve: str, blocked: str = "") -> Identities:
    blocks = {key: Block(key, ORIGIN) for key in blocked.split()}
    return git(teams={"pay": pay.split(), "approve": approve.split()}, blocked=blocks)


CASES = [
    # rule, what holds before, what git says, how loud
    pytest.param(NO_ADMIN, NOTHING_GIVEN, OPS_ON_DEV, [], id="deny elsewhere"),
    pytest.param(NO_ADMIN, NOTHING_GIVEN, READ_ON_PAY, [], id="deny of another set"),
    pytest.param(NO_ADMIN, NOTHING_GIVEN, OPS_ON_PAY, [BROKEN], id="deny broken by an entry"),
    pytest.param(NO_ADMIN, NOTHING_GIVEN, NOBODY_ON_PAY, [BROKEN], id="deny broken though nobody is in it"),
    pytest.param(NO_ADMIN, OPS_ON_PAY, OPS_ON_PAY, [OLD], id="deny broken before"),
    pytest.param(NO_ADMIN, OPS_ON_PAY, BOTH_ON_PAY, [BROKEN, OLD], id="deny broken by a member more"),
    pytest.param(NO_ADMIN, BOTH_ON_PAY, OPS_ON_PAY, [OLD], id="deny broken before, by fewer now"),
    pytest.param(NO_ADMIN, BOTH_ON_PAY, OPS_ON_DEV, [], id="deny mended"),
    pytest.param(NO_DIRECT, NOTHING_GIVEN, OPS_ON_PAY, [], id="deny of users, by a group"),
    pytest.param(NO_DIRECT, NOTHING_GIVEN, ADA_ON_PAY, [BROKEN], id="deny of users, broken"),
    pytest.param(NO_DIRECT, ADA_ON_PAY, ADA_ON_PAY, [OLD], id="deny of users, broken before"),
    pytest.param(
        NO_DIRECT,
        OPS_ON_PAY,
        git([entry("e", "group:ops", "Admin", PAY), entry("f", "user:ada", "Admin", PAY)]),
        [BROKEN],
        id="deny of users, broken for somebody who has it by a group",
    ),
    pytest.param(
        replace(NO_DIRECT, principal=Kind.GROUP),
        NOTHING_GIVEN,
        ADA_ON_PAY,
        [],
        id="deny of groups, by a user",
    ),
    pytest.param(DUTIES, teams("ada", ""), teams("ada", "bob"), [], id="disjoint kept"),
    pytest.param(DUTIES, teams("ada", ""), teams("ada", "ada"), [BROKEN], id="disjoint broken"),
    pytest.param(DUTIES, teams("ada", "ada"), teams("ada", "ada"), [OLD], id="disjoint broken before"),
    pytest.param(
        DUTIES,
        teams("ada", "ada"),
        teams("ada bob", "ada bob"),
        [BROKEN, OLD],
        id="disjoint broken for one more",
    ),
    pytest.param(DUTIES, teams("ada", "ada"), teams("ada", "bob"), [], id="disjoint mended"),
    pytest.param(DUTIES, teams("ada", ""), teams("", "ada"), [], id="disjoint groups swapped"),
    pytest.param(
        DUTIES,
        teams("ada", "ada"),
        teams("ada", "ada", blocked="ada"),
        [],
        id="disjoint and blocked",
    ),
    pytest.param(FEW, NOTHING_GIVEN, OPS_ON_PAY, [], id="holders just enough"),
    pytest.param(FEW, NOTHING_GIVEN, BOTH_ON_PAY, [BROKEN], id="one holder too many"),
    pytest.param(FEW, BOTH_ON_PAY, BOTH_ON_PAY, [OLD], id="one too many before"),
    pytest.param(FEW, BOTH_ON_PAY, OPS_ON_PAY, [], id="holders mended"),
    pytest.param(
        FEW,
        NOTHING_GIVEN,
        git([entry("e", "group:ops user:ada", "Admin", PAY, DEV)]),
        [],
        id="one holder, counted once by whatever way and wherever",
    ),
    pytest.param(
        FEW,
        BOTH_ON_PAY,
        git(
            [entry("e", "group:ops", "Admin", PAY)],
            teams={"ops": ["ada", "bob"]},
            blocked={"bob": Block("bob", ORIGIN)},
        ),
        [],
        id="holders who are blocked",
    ),
]


@pytest.mark.parametrize(("rule", "before", "declared", "loud"), CASES)
def test_a_rule_on_access_refuses_what_a_plan_breaks_and_warns_of_what_was_broken(
    rule: Rule, before: Identities, declared: Identities, loud: list[Severity]
) -> None:
    assert verdicts(declared, settled(before), rule, memory=remembered(before)) == loud


def test_a_breach_names_people_sets_accounts_groups_entries_and_files() -> None:
    declared = git([entry("e", "group:ops", "Admin", PAY)], teams={"ops": ["ada", "bob"]})
    (finding,) = judged(declared, realm(), replace(NO_ADMIN, message="ask security"))
    assert finding.code == "rule-deny"
    assert finding.message == "no-admin: 2 people get access that nobody may have (ask security)"
    assert finding.details == ("Admin in pay through group ops (by e in people.yaml): ada, bob",)
    assert (finding.count, finding.origin) == (2, ORIGIN)
    assert finding.fix


def test_disjoint_groups_are_told_with_everybody_in_two_of_them() -> None:
    (finding,) = judged(teams("ada bob", "bob ada"), realm(), DUTIES)
    assert finding.code == "rule-disjoint"
    assert finding.details == (
        "ada: approve (people.yaml), pay (people.yaml)",
        "bob: approve (people.yaml), pay (people.yaml)",
    )


def test_too_many_holders_are_told_with_who_is_new() -> None:
    (finding,) = judged(BOTH_ON_PAY, settled(OPS_ON_PAY), FEW)
    assert finding.code == "rule-max-holders"
    assert finding.message == "few: 2 people have access that at most 1 may have"
    assert finding.details == (
        "new by this plan: bob",
        "Admin in pay through group ops (by e in people.yaml): ada, bob",
    )


def test_members_of_groups_that_somebody_else_owns_count() -> None:
    """Their owner made ada a member; the plan gives the group what she may not have beside the other."""
    world = realm()
    ada = world.add_user("ada@example.com")
    world.add_group("approve", ada)
    theirs = Group("approve", {"display_name": "approve"}, ORIGIN, external=True)
    declared = git(teams={"pay": ["ada"]})
    declared = replace(declared, groups={**declared.groups, "approve": theirs})
    assert verdicts(declared, world, DUTIES) == [BROKEN]

    entries = {"e": entry("e", "group:approve", "Admin", PAY)}
    assert verdicts(replace(declared, assignments=entries), world, NO_ADMIN) == [BROKEN]


def test_members_by_inclusion_count() -> None:
    declared = git(teams={"pay": ["ada"], "approve": []})
    groups = {**declared.groups, "approve": group("approve", [], include=(Include("pay", 3),))}
    assert verdicts(replace(declared, groups=groups), settled(declared), DUTIES) == [BROKEN]


def test_what_the_console_gave_is_told_and_refuses_nothing() -> None:
    world = settled(git(teams={"ops": ["ada"]}))
    world.assign(PAY, "Admin", world.group_principal("ops"))
    (finding,) = judged(git(teams={"ops": ["ada"]}), world, NO_ADMIN)
    assert finding.severity is OLD
    assert finding.details == ("Admin in pay through group ops (not from git): ada",)


def test_whoever_is_disabled_has_no_access() -> None:
    world = settled(BOTH_ON_PAY)
    bob = world.user_id("bob@example.com")
    world.users[bob] = replace(world.users[bob], active=False)
    assert verdicts(BOTH_ON_PAY, world, FEW) == []


def test_a_new_person_in_the_same_plan_counts() -> None:
    before = git([entry("e", "group:ops", "Admin", PAY)])
    declared = git(
        [entry("e", "group:ops", "Admin", PAY)], people=("ada", "bob", "cyd"), teams={"ops": ["ada", "cyd"]}
    )
    assert verdicts(declared, settled(before), FEW) == [BROKEN]


def test_a_plan_that_only_takes_away_is_never_refused() -> None:
    rules = (NO_ADMIN, replace(DUTIES, disjoint=("ops", "dev")), replace(FEW, count=1))
    before = git(
        [entry("e", "group:ops", "Admin", PAY)],
        people=("ada", "bob", "cyd"),
        teams={"ops": ["ada", "bob", "cyd"], "dev": ["ada", "bob", "cyd"]},
    )
    leaver = replace(before, blocked={"cyd": Block("cyd", ORIGIN)})
    found = verdicts(leaver, settled(before), *rules)
    assert found == [OLD, OLD, OLD]


def test_no_approval_lifts_a_rule() -> None:
    day = NOW + timedelta(days=1)
    approval = Approval("a", ORIGIN, "rule-deny", 100, day, "no")
    assert verdicts(replace(OPS_ON_PAY, approvals={"a": approval}), realm(), NO_ADMIN) == [BROKEN]


def test_a_rule_for_a_unit_that_is_not_there_says_so() -> None:
    (finding,) = judged(OPS_ON_PAY, realm(), replace(NO_ADMIN, access=RuledAccess((), on("Prdo"))))
    assert (finding.code, finding.severity, finding.details) == ("rule-selects-nothing", OLD, ("Prdo",))


def test_what_was_not_read_is_said_where_rules_judge() -> None:
    world = settled(OPS_ON_PAY)
    world.gaps = (Gap(Kind.ASSIGNMENT, DEV, "not active"),)
    (finding,) = judged(OPS_ON_PAY, world, FEW)
    assert (finding.code, finding.severity) == ("rules-partial", Severity.NOTE)
    assert finding.details == (f"assignment {DEV}: not active",)


def test_rules_are_in_the_digest_of_a_plan() -> None:
    world = realm()
    plain = plan(OPS_ON_DEV, world).plan
    rule_context = plan(OPS_ON_DEV, world, policy=replace(POLICY, rules=(NO_ADMIN,))).plan
    assert plain.changes == rule_context.changes
    assert plain.digest != rule_context.digest

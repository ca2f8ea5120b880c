"""Rules on the command line: what the reviewer reads, how the command ends, and that nothing is done."""

from __future__ import annotations

import pytest

from tests.cli.stage import CONFIG, GROUPS, Played

PROD = "210000000020"
ACCESS = f"""\
accounts: {{prod: "{PROD}"}}
permission_sets:
  Admin: {{managed_policies: [AdministratorAccess]}}
assignments:
  ops-admin: {{groups: [ops], permission_sets: [Admin], accounts: [prod], reason: they run it}}
"""
RULES = """\
rules:
  few: {max_holders: {count: 2}, permission_sets: ["*Admin*"]}
  duties: {disjoint: [ops, dev], message: nobody ships what they run}
  reasons: {require: [reason], permission_sets: ["*Admin*"]}
"""


@pytest.fixture
def ruled(played: Played) -> Played:
    """The folder with rules that hold, applied."""
    played.write({"access.yaml": ACCESS, "reconciler.yaml": CONFIG + RULES})
    played.converge()
    return played


def test_what_breaks_a_rule_is_refused_by_plan_and_apply_until_the_files_or_the_rule_say_otherwise(
    ruled: Played,
) -> None:
    before = ruled.memberships()
    ruled.write({"groups.yaml": GROUPS.replace("[ada, bob]", "[ada, bob, cyd]")})

    planned = ruled.run("plan", "--out", "plan.json")

    assert planned.code == 3
    assert "few: 3 people have access that at most 2 may have" in planned.output
    assert "new by this plan: cyd" in planned.output
    assert "duties: 1 person is in more than one of ops, dev (nobody ships what they run)" in planned.output
    assert "identities/groups.yaml:2" in planned.output
    assert ruled.run("apply", "plan.json").code == 3
    assert ruled.memberships() == before

    looser = RULES.replace("count: 2", "count: 3").replace("[ops, dev]", "[ops, sec]")
    ruled.write({"reconciler.yaml": CONFIG + looser, "sec.yaml": "groups: {sec: {members: [bob]}}\n"})
    assert "duties: 1 person is in more than one of ops, sec" in ruled.run("plan").output
    ruled.write({"sec.yaml": "groups: {sec: {members: []}}\n"})
    ruled.converge()
    assert ruled.memberships()["ops"] == {"ada@example.com", "bob@example.com", "cyd@example.com"}


def test_a_new_rule_warns_of_what_is_there_and_lets_the_rest_through(ruled: Played) -> None:
    stricter = RULES.replace("count: 2", "count: 1")
    ruled.write({"reconciler.yaml": CONFIG + stricter})

    planned = ruled.run("plan", "--out", "plan.json")

    assert planned.code == 0
    assert (
        "few: 2 people have access that at most 1 may have, and none of them by this plan" in planned.output
    )
    ruled.write({"groups.yaml": GROUPS.replace("[ada, bob]", "[ada]")})
    assert "rule-max-holders" not in ruled.run("plan", "--out", "plan.json").output
    assert ruled.run("apply", "plan.json").code == 0
    assert ruled.memberships()["ops"] == {"ada@example.com"}


def test_an_entry_that_loses_its_reason_is_refused_though_it_changes_nothing(ruled: Played) -> None:
    ruled.write({"access.yaml": ACCESS.replace(", reason: they run it", "")})
    planned = ruled.run("plan")
    assert planned.code == 3
    assert "ops-admin in access.yaml: no reason" in planned.output

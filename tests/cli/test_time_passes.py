"""Time that passes between plan and apply: what has ended ends, what had not begun was not reviewed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.cli.stage import CONFIG, GROUPS, PEOPLE, TEAM, Played

PROD = "210000000020"
BEFORE, AFTER = "2026-11-20T12:00:00Z", "2026-12-02T12:00:00Z"
ACCESS = f"""\
accounts: {{prod: '{PROD}'}}
permission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}
assignments:
  ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}
"""
OPS = (PROD, "Read", "GROUP", "ops")
ENDING_GRANT = (
    ACCESS + "  dev-read: {groups: [dev], permission_sets: [Read], accounts: [prod], until: 2026-12-01}\n"
)
ENDING_MEMBER = GROUPS.replace("[ada, bob]", "[ada, {user: bob, until: 2026-12-01}]")
PROMOTED = PEOPLE.replace("Engineer", "Lead")


def assignments(played: Played) -> frozenset[object]:
    with played.console() as console:
        return console.assignments()


def title(played: Played) -> object:
    with played.console() as console:
        return console.users()["ada@example.com"]["Title"]


@pytest.fixture
def access(played: Played) -> Played:
    played.write({"access.yaml": ACCESS})
    played.converge("--now", BEFORE)
    return played


def test_what_was_to_be_granted_until_a_day_that_is_over_is_granted_no_more(access: Played) -> None:
    joined = GROUPS.replace("[cyd]", "[cyd, {user: ada, until: 2026-12-01}]")
    access.write({"access.yaml": ENDING_GRANT, "groups.yaml": joined, "people.yaml": PROMOTED})
    assert "Plan: 2 to create, 1 to update" in access.run("plan", "--out", "plan.json", "--now", BEFORE).out

    ended = access.run("apply", "plan.json", "--now", AFTER)

    assert ended.code == 0, ended.output
    assert "Unnecessary: 2" in ended.out
    assert title(access) == "Lead"
    assert access.memberships() == TEAM
    assert assignments(access) == {OPS}
    assert access.run("plan", "--detailed-exitcode", "--now", AFTER).code == 0


@pytest.mark.parametrize("by_rule", [True, False])
def test_what_ends_after_the_review_goes_by_rule_and_waits_where_no_rule_says_so(
    access: Played, *, by_rule: bool
) -> None:
    rule = "" if by_rule else "auto_apply: []\n"
    access.write(
        {"reconciler.yaml": CONFIG + rule, "access.yaml": ENDING_GRANT, "groups.yaml": ENDING_MEMBER}
    )
    access.converge("--now", BEFORE)
    access.write({"people.yaml": PROMOTED})
    assert access.run("plan", "--out", "plan.json", "--now", BEFORE).code == 0

    ended = access.run("apply", "plan.json", "--now", AFTER)

    assert ended.code == 0, ended.output
    assert title(access) == "Lead"
    assert ("expiry: waits for review" in ended.output) is not by_rule
    assert ("bob@example.com" in access.memberships()["ops"]) is not by_rule
    assert (assignments(access) == {OPS}) is by_rule
    left = access.run("plan", "--detailed-exitcode", "--out", "rest.json", "--now", AFTER)
    assert left.code == (0 if by_rule else 2)
    if not by_rule:
        assert access.run("apply", "rest.json", "--now", AFTER).code == 0
        assert assignments(access) == {OPS}


@pytest.mark.parametrize(
    ("files", "what"),
    [
        pytest.param(
            {"groups.yaml": GROUPS.replace("[cyd]", "[cyd, {user: ada, from: 2026-12-01}]")},
            "create aws/membership/dev/ada",
            id="a-membership",
        ),
        pytest.param(
            {"access.yaml": ENDING_GRANT.replace("until", "from")},
            f"create aws/assignment/{PROD}/Read/group:dev",
            id="an-assignment",
        ),
    ],
)
def test_what_begins_after_the_review_was_not_reviewed(
    access: Played, files: Mapping[str, str], what: str
) -> None:
    access.write({**files, "people.yaml": PROMOTED})
    assert "Plan: 1 to update" in access.run("plan", "--out", "plan.json", "--now", BEFORE).out

    ended = access.run("apply", "plan.json", "--now", AFTER)

    assert ended.code == 4, ended.output
    assert f"{what} was not reviewed" in ended.output
    assert title(access) == "Engineer"
    assert access.memberships() == TEAM
    assert assignments(access) == {OPS}


def test_a_person_who_leaves_after_the_review_is_given_nothing_and_loses_the_rest(access: Played) -> None:
    access.write({"people.yaml": PROMOTED.replace("bob: {", "bob: {until: 2026-12-01, ")})
    access.converge("--now", BEFORE)
    access.write({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob, ada]")})
    assert access.run("plan", "--out", "plan.json", "--now", BEFORE).code == 0

    ended = access.run("apply", "plan.json", "--now", AFTER)

    assert ended.code == 0, ended.output
    assert access.memberships() == {"ops": {"ada@example.com"}, "dev": TEAM["dev"] | {"ada@example.com"}}


def test_an_approval_that_ends_after_the_review_lifts_nothing_any_more(access: Played) -> None:
    terms = "kind: memberships, count: 9, until: 2026-12-01, reason: they move"
    approval = f"approvals: {{all: {{guard: set-emptied, {terms}}}}}\n"
    more = approval.replace("all", "many").replace("set-emptied", "max-removals")
    access.write(
        {
            "groups.yaml": GROUPS.replace("[ada, bob]", "[]"),
            "approvals/one.yaml": approval,
            "approvals/two.yaml": more,
        }
    )
    assert access.run("plan", "--out", "plan.json", "--now", BEFORE).code == 0

    ended = access.run("apply", "plan.json", "--now", AFTER)

    assert ended.code == 3
    assert "set-emptied" in ended.output
    assert access.memberships() == TEAM

"""`reconciler reconcile`: what rules bring about is done, and everything else waits for its review."""

from __future__ import annotations

import pytest

from tests.cli.stage import CONFIG, GROUPS, PEOPLE, TEAM, Played, Real

PROD = "210000000020"
ENDING = "groups:\n  ops: {members: [ada, {user: bob, until: 2026-12-01}]}\n  dev: {members: [cyd]}\n"
ACCESS = f"""\
accounts: {{prod: "{PROD}"}}
permission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}
assignments:
  ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}
  dev-read: {{groups: [dev], permission_sets: [Read], accounts: [prod], until: 2026-12-01}}
"""
BEFORE, AFTER = "2026-11-20T12:00:00Z", "2026-12-02T12:00:00Z"
BLOCKED = PEOPLE.replace("bob: {", "bob: {active: false, ")


def test_what_has_ended_goes_without_a_review(played: Played) -> None:
    played.write({"groups.yaml": ENDING, "access.yaml": ACCESS})
    played.converge("--now", BEFORE)

    ended = played.run("reconcile", "--now", AFTER)

    assert ended.code == 0, ended.output
    assert played.memberships()["ops"] == {"ada@example.com"}
    with played.console() as console:
        assert console.assignments() == {(PROD, "Read", "GROUP", "ops")}
    again = played.run("reconcile", "--now", AFTER)
    assert (again.code, "nothing was written to any service" in again.output) == (0, True)


def test_what_git_and_somebody_else_changed_waits_and_is_said(played: Played) -> None:
    played.write({"groups.yaml": ENDING, "access.yaml": ACCESS})
    played.converge("--now", BEFORE)
    played.write({"people.yaml": PEOPLE.replace("Engineer", "Lead")})
    with played.console() as console:
        console.add_member("dev", "ada@example.com")

    ended = played.run("reconcile", "--now", AFTER)

    assert ended.code == 0, ended.output
    assert "git: waits for review" in ended.output
    assert "drift: waits for review" in ended.output
    assert played.memberships()["ops"] == {"ada@example.com"}
    assert "ada@example.com" in played.memberships()["dev"]
    left = played.run("plan", "--now", AFTER)
    assert "aws/user/ada" in played.run("plan", "--now", AFTER, "--format", "json").out, left.output


def test_a_large_change_that_waits_keeps_nobody_from_losing_access(played: Played) -> None:
    """Guards judge what would be written: git empties a group, which is refused, and an end passes."""
    played.write({"access.yaml": ACCESS})
    played.converge("--now", BEFORE)
    played.write({"groups.yaml": "groups:\n  ops: {members: []}\n  dev: {members: [cyd]}\n"})
    assert played.run("plan", "--now", AFTER).code == 3

    ended = played.run("reconcile", "--now", AFTER)

    assert ended.code == 0, ended.output
    assert played.memberships() == TEAM
    with played.console() as console:
        assert console.assignments() == {(PROD, "Read", "GROUP", "ops")}


def test_guards_hold_for_what_is_written_by_rule(played: Played) -> None:
    guards = "guards: {protected: {users: [bob]}}\n"
    played.write({"reconciler.yaml": CONFIG + guards, "groups.yaml": ENDING})
    played.converge("--now", BEFORE)

    ended = played.run("reconcile", "--now", AFTER)

    assert ended.code == 3
    assert "protected" in ended.output
    assert "bob@example.com" in played.memberships()["ops"]


def test_a_mass_of_leavers_is_left_out_and_said(played: Played) -> None:
    """An import that went wrong may write that everybody left. A last member who leaves needs no approval."""
    played.write(
        {"reconciler.yaml": CONFIG + "guards: {max_removals: {memberships: {count: 2, percent: null}}}\n"}
    )
    played.converge()
    played.write({"people.yaml": PEOPLE.replace("cyd: {", "cyd: {active: false, ")})
    assert played.run("reconcile").code == 0
    assert played.memberships() == {**TEAM, "dev": frozenset()}
    everybody = PEOPLE.replace(": {user_name", ": {active: false, user_name")
    played.write({"people.yaml": everybody})

    ended = played.run("reconcile")

    assert ended.code == 3, ended.output
    assert "max-removals" in ended.output
    assert played.memberships()["ops"] == TEAM["ops"]


def test_only_the_causes_that_are_named_go(played: Played) -> None:
    played.write({"reconciler.yaml": CONFIG + "auto_apply: [drift]\n", "groups.yaml": ENDING})
    played.converge("--now", BEFORE)
    with played.console() as console:
        console.add_member("dev", "ada@example.com")

    assert played.run("reconcile", "--now", AFTER).code == 0

    assert played.memberships() == TEAM


@pytest.mark.parametrize("waits", [False, True])
def test_the_tag_moves_only_where_nothing_of_git_waits(real: Real, *, waits: bool) -> None:
    real.write({"groups.yaml": GROUPS.replace("[ada, bob]", "[ada, {user: bob, until: 2020-01-01}]")})
    real.commit()
    real.converge("--first-apply")
    before = real.tag()
    more = {"people.yaml": PEOPLE.replace("Engineer", "Lead")} if waits else {"more.yaml": "groups: {}\n"}
    head = real.commit(dict(more))

    ended = real.run("reconcile")

    assert ended.code == 0, ended.output
    assert real.tag() == (before if waits else head)


def test_files_that_nobody_agreed_on_are_not_applied(settled: Real) -> None:
    settled.write({"people.yaml": BLOCKED})
    settled.forget()

    ended = settled.run("reconcile")

    assert ended.code == 1
    assert "commit" in ended.output
    assert settled.written() == []


def test_a_target_to_which_nothing_was_applied_is_not_begun_by_a_schedule(real: Real) -> None:
    ended = real.run("reconcile")

    assert ended.code == 1
    assert real.written() == []


def test_work_that_waits_is_said_by_the_exit_code_where_that_is_asked_for(played: Played) -> None:
    played.write({"groups.yaml": ENDING})
    played.converge("--now", BEFORE)
    idle = played.run("reconcile", "--now", BEFORE, "--detailed-exitcode")
    played.write({"people.yaml": PEOPLE.replace("Engineer", "Lead")})

    ended = played.run("reconcile", "--now", AFTER, "--detailed-exitcode")

    assert (idle.code, ended.code) == (0, 2), ended.output
    assert "git: waits for review" in ended.output
    assert played.memberships()["ops"] == {"ada@example.com"}
    # It is still waiting, and the run without the option says so in words alone.
    assert played.run("reconcile", "--now", AFTER, "--detailed-exitcode").code == 2
    assert played.run("reconcile", "--now", AFTER).code == 0


def test_a_refusal_is_not_hidden_by_what_waits(played: Played) -> None:
    guards = "guards: {protected: {users: [bob]}}\n"
    played.write({"reconciler.yaml": CONFIG + guards, "groups.yaml": ENDING})
    played.converge("--now", BEFORE)
    played.write({"people.yaml": PEOPLE.replace("Engineer", "Lead")})

    ended = played.run("reconcile", "--now", AFTER, "--detailed-exitcode")

    assert ended.code == 3, ended.output


def test_a_failure_is_not_hidden_by_what_waits(settled: Real) -> None:
    settled.commit({"people.yaml": PEOPLE.replace("Engineer", "Lead")})
    settled.sandbox.faults.add("deny", "identitystore.*", count=None)

    assert settled.run("reconcile", "--detailed-exitcode").code == 1

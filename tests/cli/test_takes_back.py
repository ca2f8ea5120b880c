"""On the command line, in real git: what an apply gave is taken back, however git and the console went on."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, FILES, GROUPS, PEOPLE, TEAM, Real

PROD = "111122223333"
SETS = """\
permission_sets:
  Admin: {managed_policies: [AdministratorAccess]}
  Read: {managed_policies: [ReadOnlyAccess]}
assignments:
  all: {groups: [dev], permission_sets: [Read], accounts: [prod]}
"""
ACCOUNTS = f'accounts:\n  prod: "{PROD}"\n'


def entry(who: str, accounts: str = "[prod]", *, more: str = "") -> str:
    """One entry of assignments that gives Admin."""
    return f"assignments:\n  e: {{{who}, permission_sets: [Admin], accounts: {accounts}{more}}}\n"


APPROVED = """\
approvals:
  a: {guard: set-emptied, kind: memberships, count: 9, until: 2999-01-01, reason: test}
  b: {guard: max-removals, kind: memberships, count: 9, until: 2999-01-01, reason: test}
"""
ALL = {**FILES, "sets.yaml": SETS, "accounts.yaml": ACCOUNTS, "access.yaml": entry("users: [ada]")}


@pytest.fixture
def stage(done: Done) -> Real:
    """A repository whose main branch was applied: ada has Admin on prod."""

    def settle(stage: Real) -> None:
        stage.sandbox.store.create_account(PROD, "prod")
        stage.commit(ALL)
        stage.converge("--first-apply")

    return done("takes-back", settle)


def assigned(stage: Real) -> set[tuple[str, str, str]]:
    """Every assignment of Admin: account, set, principal."""
    everything = stage.sandbox.store.assignments()
    return {(account, name, who) for account, name, _, who in everything if name == "Admin"}


def test_what_an_entry_gave_goes_after_broken_commits_and_renamed_folders(stage: Real) -> None:
    stage.commit({"people.yaml": PEOPLE + "  eve: {user_name: [\n"})
    stage.commit({"people.yaml": PEOPLE, "access.yaml": None})
    stage.converge()
    assert assigned(stage) == set()


def test_a_scheduled_reconcile_over_a_broken_commit_forgets_nothing(stage: Real) -> None:
    stage.commit({"people.yaml": PEOPLE + "  eve: {user_name: [\n"})
    stage.commit({"people.yaml": PEOPLE, "access.yaml": None})
    assert stage.run("reconcile").code == 0
    assert assigned(stage) == {(PROD, "Admin", "ada@example.com")}
    stage.converge()
    assert assigned(stage) == set()


def test_a_key_renamed_without_previously_loses_the_grant_that_went_with_it(stage: Real) -> None:
    renamed = PEOPLE.replace("  ada:", "  ada.okafor:")
    stage.commit(
        {"people.yaml": renamed, "groups.yaml": GROUPS.replace("ada", "ada.okafor"), "access.yaml": None}
    )
    stage.converge()
    assert assigned(stage) == set()
    assert stage.memberships() == TEAM


def test_two_groups_that_merge_leave_nobody_behind(stage: Real) -> None:
    stage.commit({"access.yaml": entry("groups: [dev]")})
    stage.converge()
    stage.commit({"groups.yaml": "groups:\n  dev: {previously: [ops], members: [ada, bob, cyd]}\n"})
    planned = stage.run("plan")
    assert "match-blocked" not in planned.out
    assert planned.code in (0, 3)  # emptying a whole group may want an approval
    stage.commit({"approvals/go.yaml": APPROVED})
    stage.converge()
    assert set(stage.memberships()) == {"dev"}


def test_who_was_renamed_in_the_console_is_renamed_back_and_keeps_their_access(stage: Real) -> None:
    stage.sandbox.store.rename_user("ada@example.com", "lovelace@example.com")
    planned = stage.run("plan")
    assert "recreate" not in planned.out
    assert "drift" in planned.out
    stage.converge()
    assert assigned(stage) == {(PROD, "Admin", "ada@example.com")}


def test_who_was_renamed_in_the_console_and_is_removed_in_git_loses_direct_grants(stage: Real) -> None:
    stage.sandbox.store.rename_user("ada@example.com", "lovelace@example.com")
    without = "\n".join(line for line in PEOPLE.splitlines() if "ada" not in line) + "\n"
    stage.commit({"people.yaml": without, "groups.yaml": GROUPS.replace("ada, ", ""), "access.yaml": None})
    stage.converge()
    assert assigned(stage) == set()
    assert stage.memberships()["ops"] == {"bob@example.com"}


def test_what_was_removed_while_it_was_observed_is_named_as_owed_and_taken_later(stage: Real) -> None:
    observed = CONFIG + "scope: {assignments: observe}\n"
    stage.commit({"reconciler.yaml": observed, "access.yaml": None})
    planned = stage.plan()
    assert "owed:" in planned.output
    assert stage.run("apply", stage.file).code == 0
    assert "owed:" in stage.run("plan").output
    stage.commit({"reconciler.yaml": CONFIG})
    stage.converge()
    assert assigned(stage) == set()


def test_what_a_selector_did_not_give_is_not_claimed(stage: Real) -> None:
    home = "111111111111"
    stage.sandbox.store.put_assignment(home, "Admin", user="ada@example.com")
    stage.commit({"access.yaml": entry("users: [ada]", "[{all: true}]")})
    stage.converge()
    stage.commit({"access.yaml": None})
    stage.converge()
    assert assigned(stage) == {(home, "Admin", "ada@example.com")}


@pytest.mark.parametrize("word", [None, "unmanaged"])
def test_members_that_are_no_longer_declared_go_and_unmanaged_ones_stay(
    stage: Real, word: str | None
) -> None:
    dev = "dev: {members: [cyd]}"
    ops = "ops:" if word is None else f"ops: {{members: {word}}}"
    stage.commit(
        {
            "groups.yaml": f"groups:\n  {ops}\n  {dev}\n",
            "approvals/go.yaml": APPROVED,
        }
    )
    planned = stage.plan()
    if word is None:
        assert "members-undeclared" in planned.output
        assert "members: unmanaged" in planned.output
    else:
        assert "No longer managed by git" in planned.output
    assert stage.run("apply", stage.file).code == 0
    assert stage.memberships().get("ops", frozenset()) == (frozenset() if word is None else TEAM["ops"])
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_what_git_lets_go_of_stays_in_memory_until_that_is_applied(stage: Real) -> None:
    stage.commit({"groups.yaml": "groups:\n  ops: {external: true}\n  dev: {members: [cyd]}\n"})
    assert "release" in stage.run("plan", "--format", "json").out
    stage.commit({"groups.yaml": GROUPS})
    assert stage.run("plan", "--detailed-exitcode").code == 0

"""`reconciler adopt` where files declare something: it adds what git does not know, and leaves the rest."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, Real
from tests.cli.test_adopt import texts

DEV, PROD = "210000000001", "210000000002"
PEOPLE = """\
# who is who
users:
    bob: {user_name: 'bob@example.com',   given_name: Bob, family_name: Keller}   # from Basel
    ada: {user_name: "ada@example.com", given_name: Ada, family_name: Okafor}
"""
TEAM = """\
groups:

  # runs it all
  ops:
    members: [bob,
              ada]   # two
permission_sets: {Read: {managed_policies: [ReadOnlyAccess]}}
assignments:
  ops: {groups: [ops], permission_sets: [Read], accounts: ["210000000001"]}
"""


@pytest.fixture
def applied(done: Done) -> Real:
    """Files that people wrote by hand, applied; then others made things at the console."""

    def settle(stage: Real) -> None:
        store = stage.sandbox.store
        store.create_account(DEV, "dev")
        store.create_account(PROD, "prod")
        stage.commit({"reconciler.yaml": CONFIG, "people.yaml": PEOPLE, "team.yaml": TEAM})
        stage.converge("--first-apply")
        store.add_user("cyd@example.com", given_name="Cyd", family_name="Lind", email="cyd@example.com")
        store.add_group("auditors")
        store.add_member("auditors", "cyd@example.com")
        store.add_member("auditors", "ada@example.com")
        store.create_permission_set(
            "Audit",
            inline_policy={"Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]},
        )
        for account in (DEV, PROD):
            store.put_assignment(account, "Audit", group="auditors")
        store.put_assignment(PROD, "Read", group="ops")

    return done("adopt again", settle)


def test_what_git_does_not_know_is_added_and_the_rest_stays(applied: Real) -> None:
    before = texts(applied)

    ended = applied.run("adopt")

    assert ended.code == 0, ended.output
    after = texts(applied)
    assert after["people.yaml"].startswith(before["people.yaml"].rstrip("\n"))
    assert "    cyd: {user_name: cyd@example.com" in after["people.yaml"]
    for line in TEAM.splitlines():
        if not line.startswith("permission_sets"):
            assert line in after["team.yaml"].splitlines()
    assert after["policies/Audit.json"]
    assert after["accounts.yaml"] == 'accounts:\n  dev: "210000000001"\n  prod: "210000000002"\n'
    applied.commit()
    assert applied.run("plan", "--detailed-exitcode").code == 0
    assert applied.run("drift").code == 0
    applied.converge()
    assert applied.written() == []


def test_a_third_run_finds_nothing_more(applied: Real) -> None:
    applied.commit({"people.yaml": PEOPLE.rstrip("\n")})
    again = applied.run("adopt")
    assert again.code == 0, again.output
    before = texts(applied)
    # Also where the last line does not end.
    assert f"people.yaml  {len(before['people.yaml'].splitlines())} lines\n" in again.out

    ended = applied.run("adopt")

    assert ended.code == 0, ended.output
    assert "nothing was written" in ended.output
    assert texts(applied) == before


def test_what_git_gave_and_does_not_want_any_more_is_not_added(applied: Real) -> None:
    applied.commit({"team.yaml": TEAM.partition("assignments")[0] + "assignments: {}\n"})

    ended = applied.run("adopt")

    assert ended.code == 0, ended.output
    found = texts(applied)["team.yaml"]
    assert "accounts: [prod]" in found
    assert "dev]" not in found.partition("ops-Read")[2]
    planned = applied.run("plan")
    assert f"aws/assignment/{DEV}/Read/group:ops" in planned.output or "lose" in planned.output


def test_values_that_differ_stay_and_are_listed(applied: Real) -> None:
    applied.sandbox.store.set_user("ada@example.com", "name.familyName", "Lovelace")
    applied.sandbox.store.add_member("ops", "cyd@example.com")

    ended = applied.run("adopt")

    assert ended.code == 0, ended.output
    assert "aws/user/ada" in ended.output
    assert "drift --adopt" in ended.output
    assert "Okafor" in texts(applied)["people.yaml"]
    assert "    members: [bob,\n              ada]   # two\n" in texts(applied)["team.yaml"]


ODD_PEOPLE = """\
{
  "users": {  # as a program writes them
    "bob": {"user_name": "bob@example.com", "given_name": "Bob", "family_name": "Keller"},
    "ada": {"user_name": "ada@example.com", "given_name": "Ada", "family_name": "Okafor"}
  }
}
"""
ODD_TEAM = """\
groups: {
  ops: {members: [bob, ada]}
}
permission_sets:
  ? Read
  : managed_policies: [ReadOnlyAccess]
assignments: {
  ops: {groups: [ops], permission_sets: [Read], accounts: ["210000000001"]}
}
"""


def test_a_section_that_cannot_be_edited_stays_and_another_file_is_added_to(applied: Real) -> None:
    odd = {"people.yaml": ODD_PEOPLE, "team.yaml": ODD_TEAM, "people-2.yaml": "# ours\nusers: {}\n"}
    applied.commit({**odd, "team-2.yaml": "accounts: {}\n"})

    ended = applied.run("adopt")

    assert ended.code == 0, ended.output
    after = texts(applied)
    assert {name: after[name] for name in ("people.yaml", "team.yaml")} == {
        "people.yaml": ODD_PEOPLE,
        "team.yaml": ODD_TEAM,
    }
    assert after["people-2.yaml"].startswith("# ours\nusers:")
    assert "cyd: {user_name: cyd@example.com" in after["people-2.yaml"]
    assert "auditors" in after["team-3.yaml"]
    assert "auditors" not in after["team-2.yaml"]
    assert applied.run("plan", "--detailed-exitcode").code == 0
    assert "nothing was written" in applied.run("adopt").output
    assert texts(applied) == after


def test_nothing_is_written_where_a_file_cannot_be_edited(applied: Real) -> None:
    applied.commit({"team.yaml": TEAM + "\t- broken"})

    ended = applied.run("adopt")

    assert ended.code == 1, ended.output
    assert "cyd" not in texts(applied)["people.yaml"]

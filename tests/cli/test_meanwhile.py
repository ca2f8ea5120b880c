"""ConsoleBase in the console between the look of an apply and its writes: nothing unseen is overwritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.sandbox import Console
from reconciler.session import applying
from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, FILES, GROUPS, PEOPLE, TEAM, Ended, Real

PROD, DEV = "210000000020", "210000000030"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
NAMES = f"accounts: {{prod: '{PROD}', dev: '{DEV}'}}\n"
SETS = """\
permission_sets:
  Read: {managed_policies: [ReadOnlyAccess]}
  Bill: {managed_policies: [job-function/Billing]}
"""
GRANTS = """\
assignments:
  ops-read: {groups: [ops], permission_sets: [Read], accounts: [prod]}
  dev-bill: {groups: [dev], permission_sets: [Bill], accounts: [prod]}
"""
ASSIGNED = frozenset({(PROD, "Read", "GROUP", "ops"), (PROD, "Bill", "GROUP", "dev")})
BOB = "  bob: {user_name: bob@example.com, given_name: Bob, family_name: Keller}\n"
MOVED = "it was changed by somebody else since it was planned; plan again"
Edit = Callable[[Console], object]
Files = Mapping[str, str | None]


@pytest.fixture
def stage(done: Done) -> Real:
    """People, groups, two permission sets and what is assigned of them, applied."""
    config = CONFIG.replace("us-east-1", "us-east-1, on_removal: delete")
    more = {"reconciler.yaml": config, "accounts.yaml": NAMES, "sets.yaml": SETS, "grants.yaml": GRANTS}

    def settle(stage: Real) -> None:
        stage.sandbox.store.create_account(PROD, "prod")
        stage.sandbox.store.create_account(DEV, "dev")
        stage.commit({**FILES, **more})
        stage.converge("--first-apply")

    return done("meanwhile", settle)


def applied(stage: Real, patch: pytest.MonkeyPatch, files: Files, edit: Edit) -> Ended:
    """Commit, plan and apply `files`; `edit` happens once apply has read everything, before it writes."""
    stage.commit(files)
    assert stage.plan().code == 0
    stage.forget()
    apply_jobs = applying.apply_jobs

    def late(*arguments: Any, **options: Any) -> Any:
        assert stage.written() == []
        edit(stage.sandbox.store)
        return apply_jobs(*arguments, **options)

    with patch.context() as between:
        between.setattr("reconciler.session.applying.apply_jobs", late)
        return stage.run("apply", stage.file)


def user(stage: Real, name: str) -> Mapping[str, Any]:
    return stage.sandbox.store.users()[name]


def again(console: Console, name: str) -> None:
    console.remove_user(name)
    console.add_user(name, given_name="Somebody", family_name="Else", attributes={"Title": "Chief"})


@pytest.mark.parametrize(
    ("files", "edit", "expected", "stays"),
    [
        pytest.param(
            {"people.yaml": PEOPLE.replace("Engineer", "Lead")},
            lambda console: console.set_user("ada@example.com", "title", "Chief"),
            MOVED,
            lambda stage: user(stage, "ada@example.com")["Title"] == "Chief",
            id="a-user-that-is-edited",
        ),
        pytest.param(
            {"people.yaml": PEOPLE.replace("Engineer", "Lead")},
            lambda console: again(console, "ada@example.com"),
            "failed",
            lambda stage: user(stage, "ada@example.com")["Title"] == "Chief",
            id="a-user-that-is-another-one-by-the-same-name",
        ),
        pytest.param(
            {"groups.yaml": GROUPS.replace("{members: [ada", "{description: Runs it, members: [ada")},
            lambda console: console.set_group("ops", "description", "Mine"),
            MOVED,
            lambda stage: stage.sandbox.store.groups()["ops"]["Description"] == "Mine",
            id="a-group-that-is-edited",
        ),
        pytest.param(
            {"groups.yaml": GROUPS.replace("{members: [ada", "{display_name: Operations, members: [ada")},
            lambda console: console.rename_group("ops", "theirs"),
            MOVED,
            lambda stage: stage.memberships() == {"theirs": TEAM["ops"], "dev": TEAM["dev"]},
            id="a-group-that-is-renamed",
        ),
        pytest.param(
            {"sets.yaml": SETS.replace("Read: {", "Read: {description: Looks, ")},
            lambda console: console.attach_policy("Read", ADMIN),
            MOVED,
            lambda stage: (
                ADMIN in stage.sandbox.store.permission_sets()["Read"]["ManagedPolicies"]
                and not stage.sandbox.store.permission_sets()["Read"]["Description"]
            ),
            id="a-permission-set-that-is-edited",
        ),
        pytest.param(
            {"sets.yaml": SETS.replace("[ReadOnlyAccess]", "[ViewOnlyAccess]")},
            lambda console: console.set_inline_policy("Read", '{"Version":"2012-10-17","Statement":[]}'),
            MOVED,
            lambda stage: (
                stage.sandbox.store.permission_sets()["Read"]["InlinePolicy"]
                and stage.sandbox.store.permission_sets()["Read"]["ManagedPolicies"]
                == ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
            ),
            id="a-permission-set-that-gets-a-policy",
        ),
    ],
)
def test_an_object_that_changes_before_its_write_is_left_as_it_is_now(
    stage: Real,
    monkeypatch: pytest.MonkeyPatch,
    files: Files,
    edit: Edit,
    expected: str,
    stays: Callable[[Real], bool],
) -> None:
    ended = applied(stage, monkeypatch, files, edit)

    assert ended.code == 1, ended.output
    assert expected in ended.output
    assert stays(stage)
    assert len(stage.sandbox.store.assignments()) == len(ASSIGNED)
    # What was reviewed was another world.
    assert stage.run("apply", stage.file).code == 4
    assert stays(stage)


@pytest.mark.parametrize(
    ("files", "edit", "members"),
    [
        pytest.param(
            {"groups.yaml": GROUPS.replace("[cyd]", "[cyd, ada]")},
            lambda console: console.add_member("dev", "ada@example.com"),
            {"dev": TEAM["dev"] | {"ada@example.com"}},
            id="somebody-joined-already",
        ),
        pytest.param(
            {"groups.yaml": GROUPS.replace("[ada, bob]", "[ada]")},
            lambda console: console.remove_member("ops", "bob@example.com"),
            {"ops": {"ada@example.com"}},
            id="somebody-left-already",
        ),
        pytest.param(
            {"groups.yaml": GROUPS.replace("[ada, bob]", "[ada]")},
            lambda console: (
                console.remove_member("ops", "bob@example.com"),
                console.add_member("ops", "bob@example.com"),
            ),
            {"ops": {"ada@example.com"}},
            id="somebody-left-and-joined-again",
        ),
        pytest.param(
            {"groups.yaml": GROUPS.replace("[ada, bob]", "[ada]")},
            lambda console: console.add_member("ops", "cyd@example.com"),
            {"ops": {"ada@example.com", "cyd@example.com"}},
            id="somebody-else-joined",
        ),
    ],
)
def test_members_that_come_and_go_before_the_write_are_neither_lost_nor_there_twice(
    stage: Real,
    monkeypatch: pytest.MonkeyPatch,
    files: Files,
    edit: Edit,
    members: Mapping[str, frozenset[str]],
) -> None:
    ended = applied(stage, monkeypatch, files, edit)

    assert ended.code == 0, ended.output
    assert stage.memberships() == {**TEAM, **members}
    # Whoever joined by hand is found by the next plan, and waits for a review.
    assert ("drift" in stage.run("plan").output) is ("cyd@example.com" in stage.memberships()["ops"])


@pytest.mark.parametrize(
    ("files", "edit", "assigned"),
    [
        pytest.param(
            {"grants.yaml": GRANTS.replace("[ops]", "[ops, dev]")},
            lambda console: console.put_assignment(PROD, "Read", group="dev"),
            ASSIGNED | {(PROD, "Read", "GROUP", "dev")},
            id="assigned-already",
        ),
        pytest.param(
            {"grants.yaml": GRANTS.partition("  dev-bill")[0]},
            lambda console: console.remove_assignment(PROD, "Bill", group="dev"),
            ASSIGNED - {(PROD, "Bill", "GROUP", "dev")},
            id="taken-away-already",
        ),
        pytest.param(
            {"grants.yaml": GRANTS.partition("  dev-bill")[0]},
            lambda console: console.put_assignment(DEV, "Bill", group="dev"),
            (ASSIGNED - {(PROD, "Bill", "GROUP", "dev")}) | {(DEV, "Bill", "GROUP", "dev")},
            id="assigned-elsewhere",
        ),
    ],
)
def test_assignments_that_come_and_go_before_the_write_end_as_reviewed_and_no_other_does(
    stage: Real, monkeypatch: pytest.MonkeyPatch, files: Files, edit: Edit, assigned: frozenset[object]
) -> None:
    ended = applied(stage, monkeypatch, files, edit)

    assert ended.code == 0, ended.output
    assert stage.sandbox.store.assignments() == assigned
    assert stage.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("files", "edit", "stays", "next_"),
    [
        pytest.param(
            {"people.yaml": PEOPLE.replace(BOB, ""), "groups.yaml": GROUPS.replace("[ada, bob]", "[ada]")},
            lambda console: console.set_user("bob@example.com", "displayName", "Chief"),
            lambda stage: user(stage, "bob@example.com")["DisplayName"] == "Chief",
            "Users: 1 to delete",
            id="a-user",
        ),
        pytest.param(
            {"sets.yaml": SETS.partition("  Bill")[0], "grants.yaml": GRANTS.partition("  dev-bill")[0]},
            lambda console: console.put_assignment(DEV, "Bill", group="ops"),
            lambda stage: (DEV, "Bill", "GROUP", "ops") in stage.sandbox.store.assignments(),
            "permission-set-kept: Bill is gone from git, and stays as long as others do",
            id="a-permission-set",
        ),
    ],
)
def test_what_is_to_be_deleted_and_changes_before_that_stays(
    stage: Real,
    monkeypatch: pytest.MonkeyPatch,
    files: Files,
    edit: Edit,
    stays: Callable[[Real], bool],
    next_: str,
) -> None:
    ended = applied(stage, monkeypatch, files, edit)

    assert ended.code == 6, ended.output
    assert stays(stage)
    assert next_ in stage.run("plan").output


def test_a_grant_to_somebody_who_is_gone_by_then_makes_nobody_anew(
    stage: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = applied(
        stage,
        monkeypatch,
        {"groups.yaml": GROUPS.replace("[cyd]", "[cyd, ada]")},
        lambda console: console.remove_user("ada@example.com"),
    )

    assert ended.code == 1, ended.output
    assert "ada@example.com" not in stage.sandbox.store.users()
    assert stage.memberships() == {**TEAM, "ops": {"bob@example.com"}}

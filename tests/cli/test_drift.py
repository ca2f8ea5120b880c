"""`reconciler drift`: what is not as git says, since when, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, GROUPS, Played, Real
from tests.cli.test_access import ACCESS, DEV, PROD

SHARED = GROUPS.replace("ops: {members:", "ops: {shared: true, members:")


@pytest.fixture
def applied(played: Played) -> Played:
    """The folder with two permission sets assigned to groups, applied."""
    played.write({"access.yaml": ACCESS})
    played.converge()
    return played


def target(stage: Played | Real, *options: str, code: int) -> Mapping[str, Any]:
    ended = stage.run("drift", "--format", "json", *options)
    assert ended.code == code, ended.output
    (found,) = json.loads(ended.out)["targets"]
    return dict(found)


def changes(found: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    return {
        one["change"]["address"]: (one["change"]["action"], one["drifted"]) for one in found["differences"]
    }


def test_nothing_differs_after_an_apply(applied: Played) -> None:
    ended = applied.run("drift")

    assert (ended.code, ended.out) == (0, "aws: as git says.\n"), ended.output
    assert target(applied, code=0)["state"] == "none"


def test_what_somebody_changed_is_told_with_both_values(applied: Played) -> None:
    with applied.console() as console:
        console.set_user("ada@example.com", "title", "Boss")
        console.remove_member("dev", "cyd@example.com")
        console.remove_assignment(PROD, "Read", group="ops")
        console.attach_policy("Read", "arn:aws:iam::aws:policy/AdministratorAccess")

    ended = applied.run("drift")

    assert ended.code == 2, ended.output
    assert 'changed: user ada: title is "Boss", git says "Engineer"' in ended.output
    assert "missing: membership of cyd in group dev" in ended.output
    assert f"missing: assignment of Read to group ops on prod ({PROD})" in ended.output
    assert 'managed_policies has "arn:aws:iam::aws:policy/AdministratorAccess" beside git\'s' in ended.output
    assert "4 differences made outside git" in ended.output
    assert set(changes(target(applied, code=2)).values()) == {("create", True), ("update", True)}


def test_it_writes_nothing_and_an_apply_ends_it(applied: Played) -> None:
    with applied.console() as console:
        console.remove_member("dev", "cyd@example.com")
        before = console.memberships()
    assert applied.run("drift").code == 2
    assert applied.memberships() == before

    applied.converge()
    assert applied.run("drift").code == 0


def test_privileged_grants_that_git_does_not_know_come_first(applied: Played) -> None:
    with applied.console() as console:
        console.put_assignment(DEV, "Read", user="bob@example.com")
        console.put_assignment(PROD, "Admin", user="cyd@example.com")

    found = target(applied, code=2)

    assert [(one["address"], one["privileged"]) for one in found["unmanaged"]] == [
        (f"aws/assignment/{PROD}/Admin/user:cyd", True),
        (f"aws/assignment/{DEV}/Read/user:bob", False),
    ]
    output = applied.run("drift").output
    assert "2 grants that git does not know; 1 privileged." in output
    assert f"assignment of Admin to user cyd on prod ({PROD}) (PRIVILEGED; by console at " in output


def test_a_member_by_hand_of_a_shared_group_is_a_grant_that_git_does_not_know(applied: Played) -> None:
    applied.write({"groups.yaml": SHARED})
    applied.converge()
    with applied.console() as console:
        console.add_member("ops", "cyd@example.com")
    assert applied.run("plan", "--detailed-exitcode").code == 0

    found = target(applied, code=2)

    assert [one["address"] for one in found["unmanaged"]] == ["aws/membership/ops/cyd"]


def test_an_ignored_grant_is_no_drift(applied: Played) -> None:
    with applied.console() as console:
        console.put_assignment(PROD, "Admin", user="cyd@example.com")
    assert applied.run("drift").code == 2
    ignoring = CONFIG.replace(
        "us-east-1}", "us-east-1, scope: {ignore: {assignments: [{user: cyd@example.com}]}}}"
    )

    applied.write({"reconciler.yaml": ignoring})

    assert applied.run("drift").code == 0, applied.run("drift").output


def test_what_git_says_and_nobody_applied_is_told_apart(applied: Played) -> None:
    applied.write({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, ada]")})
    with applied.console() as console:
        console.remove_member("ops", "bob@example.com")

    found = target(applied, code=2)

    assert changes(found) == {
        "aws/membership/ops/bob": ("create", True),
        "aws/membership/dev/ada": ("create", False),
    }
    output = applied.run("drift").output
    assert "1 difference made outside git and 1 change not applied." in output


def test_a_kind_that_is_only_observed_is_told_and_stays(applied: Played) -> None:
    observing = CONFIG.replace("us-east-1}", "us-east-1, scope: {memberships: observe}}")
    applied.write({"reconciler.yaml": observing})
    with applied.console() as console:
        console.remove_member("dev", "cyd@example.com")
    assert applied.run("plan", "--detailed-exitcode").code == 0

    ended = applied.run("drift")

    assert ended.code == 2
    assert "missing: membership of cyd in group dev" in ended.output
    assert "stays: its kind is only observed" in ended.output


def test_it_says_until_when_it_was_as_git_says(applied: Played) -> None:
    first, second, third = (f"2126-11-{day}T12:00:00Z" for day in (20, 21, 22))
    applied.converge("--now", first)
    with applied.console() as console:
        console.remove_member("dev", "cyd@example.com")
    # It waits for a review, so it stays different.
    assert applied.run("reconcile", "--now", second).code == 0
    with applied.console() as console:
        console.remove_member("ops", "bob@example.com")

    found = target(applied, "--now", third, code=2)

    assert {one["change"]["address"]: one["right_at"] for one in found["differences"]} == {
        "aws/membership/dev/cyd": first,
        "aws/membership/ops/bob": second,
    }
    assert found["checked"] == second
    assert f"last seen as declared at {first}" in applied.run("drift", "--now", third).output


def test_what_was_never_applied_was_never_right(played: Played) -> None:
    found = target(played, code=2)

    assert found["checked"] is None
    assert {one["right_at"] for one in found["differences"]} == {None}


def test_a_refused_plan_ends_with_3(applied: Played) -> None:
    guarded = f"{CONFIG}guards: {{max_removals: {{memberships: {{count: 0}}}}}}\n"
    applied.write({"reconciler.yaml": guarded})
    with applied.console() as console:
        console.add_user("eve@example.com", given_name="Eve", family_name="E", display_name="Eve E")
        console.add_member("ops", "eve@example.com")

    ended = applied.run("drift")

    assert ended.code == applied.run("plan").code == 3, ended.output
    assert "the plan that would set it right is refused" in ended.output
    assert "not in git: membership of" in ended.output


def test_files_that_are_not_valid_end_with_1_and_say_where(applied: Played) -> None:
    applied.write({"groups.yaml": "groups: {ops: {members: [nobody]}}\n"})

    ended = applied.run("drift")

    assert ended.code == 1
    assert "identities/groups.yaml:1:" in ended.output


def test_a_format_that_says_nothing_of_drift_is_refused(applied: Played) -> None:
    ended = applied.run("drift", "--format", "github")

    assert (ended.code, "--format github" in ended.output) == (64, True)


def test_files_for_issues_are_written(applied: Played, tmp_path: Path) -> None:
    out = tmp_path / "drift"
    with applied.console() as console:
        console.put_assignment(PROD, "Admin", user="cyd@example.com")

    assert applied.run("drift", "--out-dir", str(out)).code == 2

    (told,) = json.loads((out / "drift.json").read_text())["targets"]
    assert (told["target"], told["state"], told["file"]) == ("aws", "drift", "aws.md")
    text = (out / "aws.md").read_text()
    assert text.startswith("**1 grant that git does not know; 1 privileged.**\n")
    assert (
        f"- **privileged** `assignment of Admin to user cyd on prod ({PROD}) (PRIVILEGED; by console at "
        in text
    )

    with applied.console() as console:
        console.remove_assignment(PROD, "Admin", user="cyd@example.com")
    assert applied.run("drift", "--out-dir", str(out)).code == 0
    (told,) = json.loads((out / "drift.json").read_text())["targets"]
    assert (told["state"], told["file"]) == ("none", None)


def test_markdown_keeps_to_its_size_and_says_so(applied: Played) -> None:
    with applied.console() as console:
        for number in range(60):
            console.add_user(f"user{number}@example.com", given_name="U", family_name=str(number))
            console.put_assignment(DEV, "Read", user=f"user{number}@example.com")
        console.put_assignment(PROD, "Admin", user="cyd@example.com")

    out = applied.run("drift", "--format", "markdown", "--max-bytes", "2048").out

    assert len(out.encode()) < 2200
    assert "Not everything is shown" in out
    assert "Admin to user cyd" in out
    assert "more; the whole list is in the output" in out


@pytest.fixture
def cloned(cloned_once: Done) -> Real:
    return cloned_once("cloned", lambda stage: stage.converge("--first-apply"))


def test_git_remembers_when_it_was_right_and_a_fresh_clone_knows_it(cloned: Real) -> None:
    applied = target(cloned, code=0)["checked"]
    assert applied is not None
    cloned.sandbox.store.remove_member("dev", "cyd@example.com")
    assert cloned.run("reconcile").code == 0

    found = target(cloned, code=2)

    (one,) = found["differences"]
    assert one["change"]["address"] == "aws/membership/dev/cyd"
    assert one["right_at"] == applied <= found["checked"]


def test_a_service_that_cannot_be_asked_is_unknown_and_no_drift(
    cloned: Real, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    out = tmp_path / "drift"

    ended = cloned.run("drift", "--out-dir", str(out))

    assert ended.code == 1
    assert "aws: could not be compared:" in ended.output
    (told,) = json.loads((out / "drift.json").read_text())["targets"]
    assert (told["state"], told["file"]) == ("unknown", None)
    assert not (out / "aws.md").exists()


def test_a_memory_that_is_not_complete_is_unknown(cloned: Real) -> None:
    cloned.work.git("tag", "-d", "reconciler/receipts/aws", "reconciler/applied/aws")

    found = target(cloned, code=1)

    assert found["state"] == "unknown"
    assert found["error"]

"""`reconciler access`: who has what, and why, asked in every direction."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.sandbox.faults import FaultKind
from tests.cli.stage import Played, Real
from tests.cli.test_access import ACCESS, DEV, PROD

ENDING = ACCESS.replace("ops-read: {", "ops-read: {until: 2126-12-01, ")


@pytest.fixture
def access(played: Played) -> Played:
    """The folder with two permission sets assigned to groups, applied, and one assignment by hand."""
    played.write({"access.yaml": ACCESS})
    played.converge()
    with played.console() as console:
        console.put_assignment(PROD, "Admin", user="bob@example.com")
    return played


def rows(played: Played, *arguments: str) -> list[Mapping[str, Any]]:
    ended = played.run("access", "--format", "json", *arguments)
    assert ended.code == 0, ended.output
    (target,) = json.loads(ended.out)["targets"]
    found: list[Mapping[str, Any]] = target["access"]
    return found


def spelled(found: list[Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    return {
        (person, one["permission_set"], account)
        for one in found
        for person in one["people"]
        for account in one["accounts"]
    }


BY_HAND = ("bob", "Admin", PROD)
READ = {("ada", "Read", PROD), ("bob", "Read", PROD)}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--account", "prod"), {BY_HAND, *READ}),
        (("--account", PROD), {BY_HAND, *READ}),
        (("--person", "bob"), {BY_HAND, ("bob", "Read", PROD)}),
        (("--person", "BOB@example.com"), {BY_HAND, ("bob", "Read", PROD)}),
        (("--group", "ops"), READ),
        (("--set", "Read"), READ),
        (("--privileged", "--account", "prod"), {BY_HAND}),
        (("--person", "ada", "--set", "Admin"), set()),
        (("--person", "ada", "--person", "bob", "--set", "Read"), READ),
    ],
)
def test_options_narrow_the_answer(
    access: Played, arguments: tuple[str, ...], expected: set[tuple[str, str, str]]
) -> None:
    assert spelled(rows(access, *arguments)) == expected


def test_each_says_by_what_and_what_git_did_not_give(access: Played) -> None:
    output = access.run("access", "--account", "prod").out

    assert "Admin (privileged)\n  bob on " in output
    assert "(directly; not in git)" in output
    assert "ada, bob on " in output
    assert "(through ops; by ops-read)" in output
    assert "2 people, 1 account, 3 grants." in output
    assert "Not part of this answer: assignments of applications" in output


def test_the_desired_state_is_that_after_the_plan(access: Played) -> None:
    access.write({"access.yaml": ACCESS.replace("groups: [ops]", "groups: [dev]")})

    assert spelled(rows(access, "--set", "Read")) == READ
    assert spelled(rows(access, "--set", "Read", "--state", "desired")) == {("cyd", "Read", PROD)}


def test_what_ends_soon_is_found(access: Played) -> None:
    access.write({"access.yaml": ENDING})
    assert access.run("plan", "--out", "ending.json").code == 0
    assert access.run("apply", "ending.json").code == 0

    assert rows(access, "--ends-within", "14d") == []
    found = rows(access, "--ends-within", "99999d")
    assert spelled(found) == READ
    assert {one["until"] for one in found} == {"2126-12-02T00:00:00Z"}


def test_csv_has_a_line_for_each_person_set_and_account(access: Played) -> None:
    ended = access.run("access", "--csv", "--account", "prod")

    found = list(csv.DictReader(io.StringIO(ended.out)))
    assert {(one["person"], one["permission_set"], one["account"]) for one in found} == {BY_HAND, *READ}
    assert {one["entries"] for one in found} == {"not in git", "ops-read"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--person", "boob"), "--person boob: git names nothing like that"),
        (("--account", "999999999999"), "--account 999999999999: git names nothing like that"),
        (("--set", "Reed"), "--set Reed: git names nothing like that, and nobody has access by it"),
        (("--ends-within", "soon"), "'soon' is not a length of time"),
        (("--format", "markdown"), "the answer is text or json, or --csv"),
        (("--between", "a", "b"), "this folder is not in a git repository"),
        (("--between", "a", "b", "--ends-within", "1d"), "use one of them"),
    ],
)
def test_a_question_about_nothing_is_refused(access: Played, arguments: tuple[str, ...], reason: str) -> None:
    ended = access.run("access", *arguments)

    assert ended.code == 64
    assert reason in ended.output


def test_nobody_is_an_answer(access: Played) -> None:
    assert access.run("access", "--person", "cyd", "--set", "Read").out.startswith("No access.\n")


def test_a_person_who_cannot_sign_in_has_nothing(access: Played) -> None:
    access.write({"leavers.yaml": "blocked: {bob: {reason: left}}\n"})

    assert spelled(rows(access, "--person", "bob")) == {BY_HAND, ("bob", "Read", PROD)}
    assert {one[0] for one in spelled(rows(access, "--state", "desired"))} & {"bob"} == set()


def test_a_dev_account_is_reached_by_its_tag(access: Played) -> None:
    assert {one[2] for one in spelled(rows(access, "--group", "dev"))} <= {DEV}


def with_applications(access: Played) -> None:
    with access.console() as console:
        console.create_application("Grafana")
        console.create_application("Nobody's")
        console.assign_application("Grafana", group="ops")
        console.assign_application("Grafana", user="cyd@example.com")


def applications(access: Played, *options: str) -> list[tuple[str, str | None, tuple[str, ...]]] | None:
    ended = access.run("access", "--format", "json", *options)
    assert ended.code == 0, ended.output
    (target,) = json.loads(ended.out)["targets"]
    found = target["applications"]
    return found and [(one["application"], one["through"], tuple(one["people"])) for one in found]


def test_applications_are_listed_although_git_does_not_manage_them(access: Played) -> None:
    with_applications(access)

    assert applications(access) == [("Grafana", None, ("cyd",)), ("Grafana", "ops", ("ada", "bob"))]
    assert applications(access, "--person", "ada") == [("Grafana", "ops", ("ada",))]
    assert applications(access, "--group", "ops") == [("Grafana", "ops", ("ada", "bob"))]
    # Neither accounts nor sets lead to an application.
    assert applications(access, "--account", "prod") is None
    output = access.run("access").output
    assert (
        "Applications (not managed in git) Grafana: cyd (directly) Grafana: ada, bob (through ops)" in output
    )
    assert "Not part of this answer: grants of Account Access Manager" in output
    lines = access.run("access", "--csv").out.splitlines()
    assert "aws,,cyd,,,,,directly,,,not in git,Grafana" in lines


def test_applications_that_may_not_be_listed_are_said_not_to_be_read(real: Real) -> None:
    real.commit()
    real.converge("--first-apply")
    real.sandbox.store.create_application("Grafana")
    real.sandbox.store.assign_application("Grafana", user="ada@example.com")
    real.sandbox.faults.add(FaultKind.DENY, "sso-admin.ListApplications", count=None)

    ended = real.run("access")

    assert ended.code == 0, ended.output
    assert "Not read: assignments of applications: " in ended.output
    assert "ListApplications" in ended.output
    assert "Not part of this answer: assignments of applications, " in ended.output
    real.sandbox.faults.clear()
    assert "Grafana: ada (directly)" in real.run("access").output

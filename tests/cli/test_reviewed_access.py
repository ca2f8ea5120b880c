"""A reviewed plan of access against the world of a later moment: what goes, what waits, what is stale."""

from __future__ import annotations

import json

import pytest

from tests.cli.stage import Played
from tests.cli.test_access import ACCESS, PROD

BEFORE, AFTER = "2026-11-20T12:00:00Z", "2026-12-02T12:00:00Z"
READ = (PROD, "Read", "GROUP", "ops")
WIDER = ACCESS.replace("groups: [ops]", "groups: [ops, dev]")
ENDING = ACCESS.replace("ops-read: {", "ops-read: {until: 2026-12-01, ").replace("{tag: {env: dev}}", "prod")


@pytest.fixture
def access(played: Played) -> Played:
    """The folder with a permission set assigned to a group, applied, and one more assignment reviewed."""
    played.write({"access.yaml": ACCESS})
    played.converge()
    played.write({"access.yaml": WIDER})
    assert played.run("plan", "--out", "wider.json").code == 0
    return played


def test_a_set_that_was_edited_since_the_review_is_stale_and_nobody_gets_it(access: Played) -> None:
    with access.console() as console:
        console.attach_policy("Read", "arn:aws:iam::aws:policy/AdministratorAccess")

    ended = access.run("apply", "wider.json")

    assert ended.code == 4
    assert "which was not reviewed" in ended.output
    with access.console() as console:
        assert console.assignments() == {READ}


def test_an_assignment_that_was_taken_away_since_waits_and_is_a_finding(access: Played) -> None:
    with access.console() as console:
        console.remove_assignment(PROD, "Read", group="ops")

    ended = access.run("apply", "wider.json")

    assert (ended.code, "drift: waits for review" in ended.output) == (0, True), ended.output
    with access.console() as console:
        assert console.assignments() == {(PROD, "Read", "GROUP", "dev")}
    found = json.loads(access.run("plan", "--format", "json").out)["targets"][0]["findings"]
    assert [one["code"] for one in found][:1] == ["restores"]


def test_an_end_that_passes_between_plan_and_apply_is_kept(played: Played) -> None:
    played.write({"access.yaml": ENDING})
    played.converge("--now", BEFORE)
    played.write({"access.yaml": ENDING.replace("groups: [ops]", "groups: [ops, dev]")})
    assert played.run("plan", "--out", "wider.json", "--now", BEFORE).code == 0

    ended = played.run("apply", "wider.json", "--now", AFTER)

    assert ended.code == 0, ended.output
    with played.console() as console:
        assert console.assignments() == {(PROD, "Admin", "GROUP", "dev")}


def test_another_process_plans_the_same_bytes_and_a_file_that_moved_changes_nothing(access: Played) -> None:
    for seed in ("1", "2"):
        access.shell(
            "plan", "--out", f"{seed}.json", "--now", BEFORE, env={"PYTHONHASHSEED": seed, "COLUMNS": "80"}
        )
    assert (access.root / "1.json").read_bytes() == (access.root / "2.json").read_bytes()
    access.write({"access.yaml": None, "moved/there.yaml": WIDER})

    assert access.run("apply", "wider.json").code == 0
    assert access.run("plan", "--detailed-exitcode").code == 0

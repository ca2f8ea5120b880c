"""On the command line, in real git: when access ends is reviewed like the access itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, FILES, PEOPLE, Real

PROD = "111122223333"
SETS = "permission_sets:\n  Admin: {managed_policies: [AdministratorAccess]}\n"
ACCOUNTS = f'accounts:\n  prod: "{PROD}"\n'
FIRST, LAST = "2036-01-31T00:00:00Z", "2046-01-31T00:00:00Z"


def access(until: str | None) -> str:
    """Two principals of one entry that ends."""
    end = f", until: {until}" if until else ""
    return f"assignments:\n  e: {{groups: [dev, ops], permission_sets: [Admin], accounts: [prod]{end}}}\n"


ALL = {**FILES, "sets.yaml": SETS, "accounts.yaml": ACCOUNTS, "access.yaml": access(FIRST)}


@pytest.fixture
def stage(done: Done) -> Real:
    """A repository whose main branch was applied: an entry that ends."""

    def settle(stage: Real) -> None:
        stage.sandbox.store.create_account(PROD, "prod")
        stage.commit(ALL)
        stage.converge("--first-apply")

    return done("ends", settle)


@pytest.mark.parametrize(
    ("until", "effect"), [(LAST, "grant"), (None, "grant"), ("2030-01-31T12:00:00Z", "revoke")]
)
def test_a_changed_end_is_reviewed_recorded_and_written_nowhere(
    stage: Real, until: str | None, effect: str
) -> None:
    stage.commit({"access.yaml": access(until)})
    planned = stage.plan()
    assert FIRST in planned.out
    assert (until or "never")[:7] in planned.out
    assert planned.out.count("2 assignments:") == 1
    assert "Time limits" in stage.run("plan", "--format", "markdown").out
    found = json.loads(Path(stage.file).read_text("utf-8"))["targets"][0]
    assert [(each["action"], each["effect"]) for each in found["changes"]] == [("update", effect)] * 2
    assert {each["was_until"] for each in found["access"]} == {FIRST}
    stage.forget()
    applied = stage.run("apply", stage.file)
    assert applied.code == 0, applied.output
    assert stage.written() == []
    assert stage.run("plan", "--detailed-exitcode").code == 0
    assert stage.run("reconcile").code == 0


def test_what_is_left_undone_elsewhere_keeps_no_end_from_being_recorded(stage: Real) -> None:
    """A plan of one address is partial, and so the tag stays where it is."""
    tag = stage.tag()
    stage.commit({"access.yaml": access(LAST), "people.yaml": PEOPLE.replace("Engineer", "Lead")})
    only = f"aws/assignment/{PROD}/Admin/group:dev"
    assert stage.plan("--only", only).code == 0
    assert stage.run("apply", stage.file).code == 0
    assert stage.tag() == tag
    assert stage.plan().code == 0
    changes = json.loads(Path(stage.file).read_text("utf-8"))["targets"][0]["changes"]
    assert [each["address"] for each in changes if "assignment" in each["address"]] == [
        f"aws/assignment/{PROD}/Admin/group:ops"
    ]


def test_reconcile_leaves_a_later_end_to_a_review(stage: Real) -> None:
    stage.commit({"access.yaml": access(LAST)})
    reconciled = stage.run("reconcile")
    assert "the earlier end holds" in reconciled.output
    assert stage.run("plan", "--detailed-exitcode").code == 2


def test_a_new_grant_shows_its_end(stage: Real) -> None:
    stage.commit({"access.yaml": access(FIRST) + access(LAST).partition("\n")[2].replace("e:", "f:")})
    stage.commit({"people.yaml": PEOPLE, "access.yaml": None, "reconciler.yaml": CONFIG})
    assert stage.plan().code in {0, 3}
    stage.commit({"access.yaml": access(LAST).replace("[dev, ops]", "[dev]")})
    stage.converge()
    stage.commit({"access.yaml": access(LAST)})
    assert f"until {LAST}" in stage.plan().out

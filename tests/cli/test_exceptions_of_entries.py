"""On the command line: an `except` that finds nothing holds up what it would let through, no more."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import FILES, GROUPS, TEAM, Real

PROD, DEV = "111122223333", "222233334444"
SETS = "permission_sets:\n  Admin: {managed_policies: [AdministratorAccess]}\n"
ACCOUNTS = f'accounts:\n  prod: "{PROD}"\n  dev: "{DEV}"\n'
UNLESS = """\
assignments:
  e: {groups: [ops], permission_sets: [Admin], accounts: [{all: true}], except: [{ou: %s}]}
"""


@pytest.fixture
def stage(done: Done) -> Real:
    """A repository whose main branch was applied, without assignments; prod lies in Prod."""

    def settle(stage: Real) -> None:
        stage.sandbox.store.create_account(PROD, "prod", unit="Prod")
        stage.sandbox.store.create_account(DEV, "dev")
        stage.commit({**FILES, "sets.yaml": SETS, "accounts.yaml": ACCOUNTS})
        stage.converge("--first-apply")

    return done("exceptions", settle)


def assigned(stage: Real) -> set[tuple[str, str, str]]:
    return {(account, name, who) for account, name, _, who in stage.sandbox.store.assignments()}


def test_new_access_waits_for_the_name_and_everything_else_is_done(stage: Real) -> None:
    stage.commit({"access.yaml": UNLESS % "Prd", "groups.yaml": GROUPS.replace("ada, ", "")})

    planned = stage.plan()
    assert planned.code == 1
    assert "did you mean Prod?; it would keep out prod" in planned.output
    applied = stage.run("apply", stage.file)
    assert applied.code == 6
    assert assigned(stage) == set()
    assert stage.memberships() == {**TEAM, "ops": TEAM["ops"] - {"ada@example.com"}}

    stage.commit({"access.yaml": UNLESS % "Prod"})
    stage.converge()
    assert assigned(stage) == {(DEV, "Admin", "ops")}


def test_a_unit_that_is_renamed_in_the_console_gives_nobody_anything(stage: Real) -> None:
    stage.commit({"access.yaml": UNLESS % "Prod"})
    stage.converge()
    stage.sandbox.store.rename_ou("Prod", "Production")

    planned = stage.run("plan")
    assert planned.code == 1
    assert "No changes" in planned.out
    assert stage.run("reconcile").code in (0, 3)
    assert assigned(stage) == {(DEV, "Admin", "ops")}

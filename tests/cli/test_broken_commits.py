"""Commits between two applies that do not load: the next apply takes back all the same what git gave."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import FILES, PEOPLE, TEAM, Real


@pytest.fixture
def stage(done: Done) -> Real:
    """A repository whose main branch was applied."""

    def settle(stage: Real) -> None:
        stage.commit(FILES)
        stage.converge("--first-apply")

    return done("broken", settle)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"people.yaml": PEOPLE + "  eve: {user_name: [\n"}, id="no YAML"),
        pytest.param({"people.yaml": PEOPLE + PEOPLE}, id="a section twice"),
        pytest.param({"more.yaml": "groups: {all: {members: [nobody]}}\n"}, id="valid only apart"),
        pytest.param({"reconciler.yaml": "format: [\n"}, id="a configuration that is not YAML"),
        pytest.param({"more.yaml": "groups: {all: {membres: []}}\n"}, id="an unknown field"),
    ],
)
def test_what_is_deleted_after_a_commit_that_does_not_load_is_removed(
    stage: Real, broken: Mapping[str, str]
) -> None:
    stage.commit(broken)
    assert stage.run("plan").code == 1
    restored = {path: FILES.get(path) for path in broken}
    stage.commit({**restored, "groups.yaml": "groups:\n  ops: {members: [ada, bob]}\n"})
    planned = stage.run("plan")
    assert "1 commit since the last whole apply did not load whole" in planned.output
    assert "is not known" not in planned.output
    stage.converge()
    assert stage.memberships() == {"ops": TEAM["ops"]}

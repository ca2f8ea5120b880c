"""The workflow that takes a person out at once: its own steps, with a name that is nothing but a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.story import story

pytestmark = pytest.mark.slow


def test_a_person_is_out_by_a_workflow_that_can_only_take_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with story(tmp_path, monkeypatch) as told:
        told.start()
        for name in ('$(touch "$RUNNER_TEMP/owned")', "--undo", "nobody", ""):
            ended = told.scheduled("offboard.yml", "offboard", "workflow_dispatch", user=name)
            assert not ended.ok
            assert "nobody has the key" in ended.output
        assert told.written() == []
        assert list(tmp_path.rglob("owned")) == []

        tags = told.origin.git("for-each-ref", "refs/tags")
        ended = told.scheduled("offboard.yml", "offboard", "workflow_dispatch", user="bob@example.com")
        assert ended.ok, ended.output
        assert told.runner.roles[-1] == "identity-reconciler-revoke"
        assert told.members()["ops"] == {"ada"}
        assert [one.rpartition(".")[2] for one in told.written()] == ["DeleteGroupMembership"]
        assert told.origin.git("for-each-ref", "refs/tags") == tags

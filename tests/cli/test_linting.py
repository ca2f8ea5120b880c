"""What `validate`, `plan` and an `apply` that asks say of odd inline policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.stage import FILES, Played, Stage
from tests.cli.test_terminal import on_a_terminal

SETS = """\
permission_sets:
  Reader:
    inline_policy:
      Version: 2012-10-17
      Statement: [{Effect: Allow, Action: "s3:GetObjekt", Resource: "*"}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stage:
    stage = Stage(tmp_path / "work", monkeypatch, capsys, "--sandbox")
    for name, text in {**FILES, "sets.yaml": SETS.replace("2012-10-17", '"2012-10-17"')}.items():
        file = stage.root / "identities" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return stage


def test_an_odd_policy_is_said_and_refuses_nothing(folder: Stage) -> None:
    ended = folder.run("validate")
    assert ended.code == 0
    assert "s3:GetObjekt" in ended.output
    assert "sets.yaml:2" in ended.output
    assert "valid, with 1 warning" in ended.output


def test_a_plan_says_it_while_it_writes_the_set(folder: Stage) -> None:
    ended = folder.run("plan")
    assert ended.code == 0
    assert "policy-lint" in ended.output
    assert "s3:GetObjekt" in ended.output


def test_on_a_terminal_it_is_said_before_the_question(played: Played) -> None:
    played.write({"sets.yaml": SETS.replace("2012-10-17", '"2012-10-17"')})

    shown = " ".join(on_a_terminal(played, "yes\n", "apply", env={"NO_COLOR": "1"}).out.split())

    expected, asked, _ = shown.partition("Apply this plan?")
    assert asked
    assert "policy-lint" in expected
    assert "s3:GetObjekt" in expected
    assert "sets.yaml:2" in expected
    with played.console() as console:
        assert "s3:GetObjekt" in console.permission_sets()["Reader"]["InlinePolicy"]


def test_a_managed_policy_that_iam_does_not_have_refuses_the_plan(folder: Stage) -> None:
    sets = folder.root / "identities" / "sets.yaml"
    sets.write_text("permission_sets: {Reader: {managed_policies: [ReadOnlyAcess]}}\n")

    valid = folder.run("validate")
    assert valid.code == 0
    assert 'did you mean "ReadOnlyAccess"?' in valid.output

    plan = folder.run("plan")
    assert plan.code == 3
    assert "managed-policy-missing" in plan.output

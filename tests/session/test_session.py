"""The application as other programs use it: by the names that the package gives out."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import reconciler
from reconciler import Applied, Approvals, Settings, Taking, open_session
from reconciler.errors import UsageError
from tests.support.organisation import ROOT
from tests.support.patience import PATIENCE

PEOPLE = """\
users:
  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor}
groups:
  ops: {members: [ada]}
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "identities").mkdir()
    (tmp_path / "identities" / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_SANDBOX_SPEED", "100000")
    return Settings(sandbox=True)


def test_every_public_name_is_there() -> None:
    for name in reconciler.__all__:
        assert getattr(reconciler, name) is not None
    with pytest.raises(AttributeError, match="Planner"):
        reconciler.Planner  # noqa: B018  # asked for, to be refused


def test_a_program_plans_and_applies_and_there_is_nothing_left(settings: Settings) -> None:
    with open_session(settings) as session:
        plan, _ = session.plan()
    assert {str(change.address) for change in plan.changes} == {
        "aws/user/ada",
        "aws/group/ops",
        "aws/membership/ops/ada",
    }

    with open_session(settings, taking=Taking("apply")) as session:
        applied = session.apply(Approvals([plan]), first_apply=True)
    assert isinstance(applied, Applied)
    assert applied.exit_code == 0
    assert applied.report is not None
    assert applied.report.writes == 3

    with open_session(settings, taking=Taking("reconcile")) as session:
        assert session.plan()[0].changes == ()
        assert session.reconcile().exit_code == 0


def test_a_plan_that_is_not_what_was_reviewed_any_more_is_stale(settings: Settings, tmp_path: Path) -> None:
    with open_session(settings) as session:
        plan, _ = session.plan()
    more = PEOPLE.replace("groups:", "  bob: {user_name: bob, given_name: B, family_name: B}\ngroups:")
    (tmp_path / "identities" / "people.yaml").write_text(more.replace("[ada]", "[bob]"), encoding="utf-8")

    with open_session(settings, taking=Taking("apply")) as session:
        applied = session.apply(Approvals([plan]), first_apply=True)

    assert applied.report is None
    assert applied.stale
    assert applied.exit_code == 4


def test_a_session_that_was_opened_to_read_does_not_write(settings: Settings) -> None:
    with open_session(settings) as session:
        plan, _ = session.plan()
        with pytest.raises(UsageError, match="opened to read"):
            session.apply(Approvals([plan]), first_apply=True)
        with pytest.raises(UsageError, match="opened to read"):
            session.reconcile()


def test_remarks_reach_the_program(settings: Settings) -> None:
    output: list[str] = []
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    with open_session(Settings(**{**values, "remark": output.append})):
        pass
    assert any("embedded sandbox" in text for text in output)


def test_the_example_of_the_documentation_runs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert settings.sandbox
    exec(compile(example, "docs/cli.md", "exec"), {})  # our own page
    assert capsys.readouterr().out == "3 changes\n0\n"


def test_importing_the_package_imports_none_of_it() -> None:
    asked = "import reconciler, sys; sys.exit(bool({'reconciler.session', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", asked], timeout=PATIENCE, check=False).returncode == 0

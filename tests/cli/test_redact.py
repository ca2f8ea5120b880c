"""`--redact pii` on the command line: no value of a person is in the answer, in any format."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.stage import ROOT, Played

FORMATS = ("text", "json", "markdown", "github")
# What names of groups and permission sets have, too: those stay.
_COMMON = frozenset(
    ("Break", "Engineer", "Platform", "Payments", "Security", "Finance", "Management", "Executive")
)


def personal(folder: Path) -> Iterator[str]:
    """Every key, and every value of an attribute that is a person's own, in the sample's files."""
    for file in sorted(folder.rglob("*.yaml")):
        for key, user in ((yaml.safe_load(file.read_text("utf-8")) or {}).get("users") or {}).items():
            yield key
            for name in (
                "user_name",
                "email",
                "display_name",
                "given_name",
                "family_name",
                "nick_name",
                "formatted_name",
                "phone_number",
                "birthdate",
                "profile_url",
                "employee_number",
            ):
                if value := (user or {}).get(name):
                    yield str(value)


@pytest.fixture
def sample(played: Played) -> Played:
    """The sample organisation."""
    shutil.rmtree(played.root / "identities")
    shutil.copytree(ROOT / "identities", played.root / "identities")
    return played


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("command", ["plan", "validate"])
def test_no_value_of_a_person_is_in_the_answer(sample: Played, command: str, format_: str) -> None:
    values = [one for one in personal(sample.root / "identities") if len(one) > 3 and one not in _COMMON]
    assert len(values) > 50
    open_ = sample.run(command, "--format", format_, "-v")
    ended = sample.run(command, "--format", format_, "-v", "--redact", "pii")
    assert ended.code == open_.code == 0
    if command == "plan":
        assert sum(value in open_.out for value in values) > 30
        assert "person-1" in ended.out
        assert "payments-operators" in ended.out
    assert [value for value in values if value in ended.out] == []


def test_the_saved_plan_is_whole_and_can_be_applied(sample: Played) -> None:
    shown = sample.run("plan", "--format", "markdown", "--redact", "pii", "--out", "plan.json")
    assert "ada.okafor" not in shown.out
    assert sample.run("apply", "plan.json").code == 0


def test_what_is_wrong_with_files_is_not_quoted(played: Played) -> None:
    played.write({"people.yaml": "users:\n  secret.person: {user_name: 'secret@example.com', nonsense: 1}\n"})
    for format_ in FORMATS:
        ended = played.run("plan", "--format", format_, "--redact", "pii")
        assert ended.code == 1
        assert "secret" not in ended.output
        assert "validate" in ended.output


@pytest.mark.parametrize("options", [("--redact",), ("--redact", "all"), ("--redact", "pii", "--out", "-")])
def test_what_cannot_be_redacted_is_refused(played: Played, options: tuple[str, ...]) -> None:
    assert played.run("plan", *options).code == 64

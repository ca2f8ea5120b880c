"""The worked example of docs/concepts.md runs as the page says, against a sandbox that stands in for AWS."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause
from reconciler.model.policy import Mode
from reconciler.sandbox import Sandbox
from tests.cli import clones
from tests.cli.stage import CONFIG, SPEED, Real

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
PAYMENTS, DATA, AUDIT = "111122223333", "444455556666", "777788889999"
README = (ROOT / "README.md").read_text(encoding="utf-8")
# How the commands of the page end, where that is not 0: by how often a command line was run before.
EXIT_CODES = {("plan --out plan.json", 1): 3, ("apply plan.json", 0): 4}


def _blocks() -> Iterator[tuple[str, str, str]]:
    """The step, the language and the text of every block of the example, in their order."""
    example = PAGE.partition("## One example")[2]
    for step in re.split(r"^### ", example, flags=re.MULTILINE)[1:]:
        for language, text in re.findall(r"^```(\w+)\n(.*?)^```", step, flags=re.MULTILINE | re.DOTALL):
            yield step[0], language, text


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split("…"))


def _missing(message: str, expected: list[str], *, in_order: bool) -> str | None:
    """The first of the expected lines that does not follow in what was said, or is not in it."""
    lines: Iterable[str] = message.splitlines()
    lines = iter(lines) if in_order else lines
    for line in expected:
        if not any(re.fullmatch(_pattern(line), found.rstrip()) for found in lines):
            return line
    return None


def _outside(aws: Sandbox) -> Mapping[tuple[str, int], Callable[[], object]]:
    """What happens outside git: by the step, and how many commands were run in it before."""

    def by_hand() -> None:
        aws.store.add_user("eve@example.com")
        aws.store.add_member("platform", "eve@example.com")

    return {
        ("2", 0): by_hand,
        ("3", 0): lambda: aws.store.put_assignment(AUDIT, "Deploy", group="platform"),
        ("4", 0): lambda: aws.store.set_account_state(PAYMENTS, "SUSPENDED"),
        ("4", 2): lambda: aws.store.set_account_state(PAYMENTS, "ACTIVE"),
    }


def test_the_example_runs_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(None, speed=SPEED, latency=0.0) as aws:
        for account, name in ((PAYMENTS, "payments-prod"), (DATA, "data-prod"), (AUDIT, "audit")):
            aws.store.create_account(account, name)
        stage = clones.first_clone(tmp_path, monkeypatch, capsys, aws)
        stage.write({"reconciler.yaml": CONFIG, "people.yaml": None, "groups.yaml": None})
        _run(stage, _outside(aws))


def _run(stage: Real, outside: Mapping[tuple[str, int], Callable[[], object]]) -> None:
    run: list[str] = []
    step, done, branch = "", 0, False
    for at, language, text in _blocks():
        if at != step:
            step, done = at, 0
        first, *expected = text.splitlines()
        if language == "yaml":
            branch = step == "2"
            stage.write({first.removeprefix("# identities/"): text})
            continue
        if stage.work.git("status", "--porcelain"):
            if branch:
                stage.work.git("checkout", "-q", "-B", "pull-request")
            stage.commit()
            if not branch:
                clones.push(stage)
        if step == "3" and branch:
            stage.work.git("checkout", "-q", "main")
            stage.work.merge("pull-request")
            clones.push(stage)
            branch = False
        outside.get((step, done), lambda: None)()
        words = shlex.split(first.removeprefix("$ "))
        command = " ".join(words[1:])
        if words[0] == "git":
            message = stage.work.git(*words[1:])
        else:
            ended = stage.run(*(stage.file if word == "plan.json" else word for word in words[1:]))
            assert ended.code == EXIT_CODES.get((command, run.count(command)), 0), (first, ended.output)
            message, run, done = ended.out + ended.err, [*run, command], done + 1
        # Remote ids, by which git lists, are not the same twice.
        missing = _missing(message, expected, in_order=words[0] != "git")
        assert missing is None, f"{first}: {missing}\n\n{message}"
        if step == "2" and done == 2:
            assert _missing(message, _plan_of_the_readme(), in_order=True) is None, message


def _plan_of_the_readme() -> list[str]:
    """The plan that the README shows: the one of the second step, once the approval is there."""
    _, *lines = README.partition("```console\n$ reconciler plan")[2].partition("```")[0].splitlines()
    assert len(lines) > 10
    return lines


@pytest.mark.parametrize("term", [*Cause, *Mode, *Kind, Action.RELEASE])
def test_every_term_is_explained(term: str) -> None:
    prose = PAGE.partition("## One example")[0]
    assert str(term).replace("-", " ") in prose


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(reconciler/[\w./]+|tests/[\w./]+)`", PAGE))))
def test_every_file_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists() or re.match(r"reconciler/(applied|receipts|marks|begun|locks)/", path)

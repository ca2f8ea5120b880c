"""What the repository promises about itself: lock files, exemptions, sizes, workflows."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("reconciler", "tests", "benchmarks")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))

PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}")
ADDRESS = re.compile(r"https?:|file:|--(?:extra-)?index-url|--find-links|--trusted-host| @ ")
EXEMPTION = re.compile(r"#\s*(?:noqa|type:\s*ignore|nosec|pragma)")
REASONED = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z, -]+\]).*?[\s:#]+\w+\W+\w+"
)
ACTION = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def _offences(path: Path) -> Sequence[str]:
    """Lines that exempt from a check without naming it and saying why."""
    with path.open("rb") as file:
        comments = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
    return [
        f"{_name(path)}:{comment.start[0]}: {comment.string}"
        for comment in comments
        if EXEMPTION.match(comment.string) and not REASONED.match(comment.string)
    ]


@pytest.mark.parametrize("path", REQUIREMENTS, ids=_name)
def test_a_lock_file_carries_hashes_and_no_addresses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ADDRESS.findall(text) == []
    pins = re.sub(r"^\s*#.*$", "", text.replace("\\\n", " "), flags=re.MULTILINE).splitlines()
    assert [pin for pin in pins if pin.strip() and not PIN.match(pin)] == []
    assert len(list(filter(str.strip, pins))) > 10


def test_every_exemption_from_a_check_is_named_and_reasoned_on_its_line() -> None:
    assert [offence for path in _sources(*ROOMS) for offence in _offences(path)] == []


@pytest.mark.parametrize(
    ("comment", "reasoned"),
    [
        ("# noqa: S603  # this very program, with words written above", True),
        ("# noqa: BLE001, S110: the last resort, told without a traceback", True),
        ("# type: ignore[return-value]  # click replaces the signature", True),
        ("# noqa", False),
        ("# noqa: S603", False),
        ("# noqa: S603, S607", False),
        ("# type: ignore", False),
        ("# type: ignore[arg-type]", False),
        ("# type: ignore[arg-type]  # mypy", False),
    ],
)
def test_a_reason_is_more_than_a_word(comment: str, *, reasoned: bool) -> None:
    assert bool(EXEMPTION.match(comment) and REASONED.match(comment)) is reasoned


def test_every_skip_and_every_expected_failure_says_why() -> None:
    silent = [
        f"{_name(path)}: {found.group()}"
        for path in _sources("tests")
        if path != Path(__file__)
        for text in [path.read_text(encoding="utf-8")]
        for found in re.finditer(r"(?:mark\.(?:skip|skipif|xfail)|pytest\.(?:skip|xfail))\b", text)
        if not re.match(r"\((?:.|\n){0,400}?(?:reason=|[\"'])", text[found.end() :])
    ]
    assert silent == []


def test_no_file_outgrows_its_concern() -> None:
    lines = {
        _name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _sources("reconciler")
    }
    assert {name: count for name, count in lines.items() if count > 350} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=_name)
def test_actions_are_pinned_by_commit_with_their_version_beside(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    uses = [line for line in lines if re.match(r"\s*-?\s*uses:", line)]
    assert uses
    assert [line for line in uses if not ACTION.search(line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=_name)
def test_a_workflow_may_only_read_and_must_end(path: Path) -> None:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    # YAML 1.1 reads the key `on` as a truth value.
    assert not {"pull_request_target", "issue_comment"} & set(workflow[True])
    # What shows plans runs nothing of a pull request, so that it may write a comment (tests/ci has the rest).
    shows = path.name == "plan-comment.yml"
    assert ("workflow_run" in workflow[True]) is shows
    for job in workflow["jobs"].values():
        assert shows or set(job["permissions"].values()) == {"read"}
        assert 0 < job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            assert "${{" not in step.get("run", ""), "an expression in a script is an injection"


def test_updates_wait_until_others_have_tried_them() -> None:
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert {update["package-ecosystem"] for update in config["updates"]} == {"github-actions", "pip"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in config["updates"])


def _variable(name: str) -> str:
    found = re.search(rf"^{name} = (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_fast_run_leaves_out_what_is_marked() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    line = r'^test-fast:.*\n\t.* -m "\$\(FAST\)" -k "\$\(SMALL\)" \$\(ROOMS\)$'
    assert re.search(line, makefile, flags=re.MULTILINE)
    assert _variable("FAST").split(" and ") == [
        f"not {each}" for each in ("slow", "long", "real", "hypothesis")
    ]


@pytest.mark.parametrize("room", _variable("ROOMS").split())
def test_what_starts_a_process_or_a_service_is_not_in_the_fast_run(room: str) -> None:
    files = sorted((ROOT / room).glob("test_*.py"))
    assert files
    starts = re.compile(r"\b(Work|subprocess|Sandbox|Popen|files_site)\b")
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    assert [
        name for name, text in texts.items() if starts.search(text) and "pytest.mark.slow" not in text
    ] == []

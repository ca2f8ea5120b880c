"""The pages on findings, guards and rules hold what the code raises: codes, severities, words, tests."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from reconciler.model.catalogue import CATALOGUE, FORMERLY, LIFTABLE, SECTIONS
from reconciler.model.plan import Severity

ROOT = Path(__file__).resolve().parents[1]
PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("findings", "guards-and-rules")}
GUARDS = PAGES["guards-and-rules"]


@cache
def _made() -> Sequence[tuple[Path, Mapping[str, ast.expr]]]:
    """Every finding that is made anywhere: the file, and its arguments by name."""
    return list(_findings())


# They read the findings of saved plans and of snapshots.
_READERS = ("render/documents.py", "loading/snapshot_text.py")


def _findings() -> Iterator[tuple[Path, Mapping[str, ast.expr]]]:
    for path in (ROOT / "reconciler").rglob("*.py"):
        if path.relative_to(ROOT / "reconciler").as_posix() in _READERS:
            continue
        text = path.read_text("utf-8")
        if "Finding(" not in text:
            continue
        module = ast.parse(text)
        tables = _tables(module)
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
                made = {**dict(zip(("code", "severity", "message"), node.args, strict=False)), **named}
                code = made["code"]
                chosen = (
                    isinstance(code, ast.Subscript) and isinstance(code.value, ast.Name) and code.value.id
                )
                for one in tables.get(chosen or "", [code]):
                    yield path, {**made, "code": one}


def _tables(module: ast.Module) -> Mapping[str, Sequence[ast.expr]]:
    """The values of each mapping that a module has, for codes that are chosen from one."""
    return {
        node.target.id: node.value.values
        for node in module.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Dict)
    }


def _literal(path: Path, value: ast.expr) -> str:
    assert isinstance(value, ast.Constant), f"{path}:{value.lineno}: a code must be a literal, to be found"
    return str(value.value)


@cache
def _raised() -> Mapping[str, set[str]]:
    """The severities of each code."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, arguments in _made():
        code = _literal(path, arguments["code"])
        severities = [
            node.attr
            for node in ast.walk(arguments["severity"])
            if isinstance(node, ast.Attribute) and node.attr in Severity.__members__
        ]
        assert severities, f"{path}: the severity of {code} must be a literal, to be found"
        found[code] |= {Severity[name].value for name in severities}
    return found


def _refusals() -> set[str]:
    return {code for code, severities in _raised().items() if Severity.REFUSAL in severities}


@cache
def _wording() -> Mapping[str, list[str]]:
    """How the message of each code may read, as regular expressions."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, arguments in _made():
        message = arguments["message"]
        pieces = message.values if isinstance(message, ast.JoinedStr) else [message]
        found[_literal(path, arguments["code"])].append(
            "".join(re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".+" for one in pieces)
        )
    return found


def _rows(text: str, head: str) -> list[list[str]]:
    """The cells of every table that begins with these heads."""
    tables = re.findall(rf"^\| {re.escape(head)}.*\|\n\|[-|]+\|\n((?:\|.*\|\n?)+)", text, flags=re.MULTILINE)
    return [[cell.strip() for cell in line[1:-1].split("|")] for each in tables for line in each.splitlines()]


def _code(cell: str) -> str:
    return cell.strip("`")


def test_every_finding_is_listed_with_its_severities_and_no_other() -> None:
    listed = {
        _code(code): set(expected.split(" or ")) for code, expected, _ in _rows(PAGES["findings"], "code")
    }
    assert listed == _raised()


def test_the_page_is_what_the_catalogue_says() -> None:
    for title, codes in SECTIONS.items():
        section = PAGES["findings"].partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        assert _rows(section, "code") == [
            [f"`{code.name}`", " or ".join(code.severities), code.says] for code in codes
        ], title


def test_the_catalogue_has_the_severities_that_are_raised() -> None:
    assert {code: set(map(str, one.severities)) for code, one in CATALOGUE.items()} == _raised()


def test_only_refusals_are_lifted_and_no_old_code_is_a_new_one() -> None:
    assert set(LIFTABLE) <= _refusals()
    assert not FORMERLY.keys() & CATALOGUE.keys()


def test_no_code_is_listed_twice() -> None:
    codes = [code for code, *_ in _rows(PAGES["findings"], "code")]
    assert len(codes) == len(set(codes))


def test_everything_that_refuses_a_plan_is_explained_and_has_a_test() -> None:
    explained = {_code(row[0]) for row in _rows(GUARDS, "code | refuses")}
    tested = {_code(row[0]) for row in _rows(GUARDS, "code | test")}
    assert explained == tested == _refusals()


def test_everything_that_refuses_a_plan_says_why_in_the_plan() -> None:
    assert {code for code in _refusals() if not CATALOGUE[code].why} == set()


@pytest.mark.parametrize(
    "named", [span for row in _rows(GUARDS, "code | test") for span in re.findall(r"`([^`]+)`", row[1])]
)
def test_every_named_test_exists(named: str) -> None:
    path, _, name = named.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _examples() -> list[tuple[str, str]]:
    """Refusals as the page quotes them: a code, and what it says."""
    blocks = re.findall(r"^```text\n(.*?)^```", GUARDS, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return re.findall(rf"^({'|'.join(sorted(CATALOGUE))}): (.+)$", "\n".join(lines), flags=re.MULTILINE)


def test_every_refusal_is_quoted() -> None:
    assert {code for code, _ in _examples()} == _refusals()


@pytest.mark.parametrize(("code", "expected"), _examples())
def test_what_is_quoted_is_what_the_code_says(code: str, expected: str) -> None:
    assert any(re.fullmatch(pattern, expected) for pattern in _wording()[code])


def test_the_pages_are_linked() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(f"](docs/{name}.md)" in readme for name in PAGES)
    for text in PAGES.values():
        assert all((ROOT / "docs" / link).exists() for link in re.findall(r"\]\(([^)#]+)\)", text))

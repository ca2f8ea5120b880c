"""docs/architecture.md and CONTRIBUTING.md name what there is: packages, contracts, files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PAGES = {
    "architecture": PAGE,
    "testing": (ROOT / "docs" / "testing.md").read_text(encoding="utf-8"),
    **{name: (ROOT / f"{name}.md").read_text(encoding="utf-8") for name in ("CONTRIBUTING", "SECURITY")},
}


def _rows(head: str) -> list[list[str]]:
    """The cells of the table that has these heads."""
    table = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()[2:]]


def _spans(text: str) -> list[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", prose)


def test_every_package_is_in_the_table_and_no_other() -> None:
    named = {span for row in _rows("package | purpose") for span in _spans(row[0])}
    packages = {path.parent.name for path in (ROOT / "reconciler").glob("*/__init__.py")}
    assert named == packages | {"errors"}


def test_every_part_of_planning_is_in_the_table() -> None:
    named = {span for row in _rows("part | purpose") for span in _spans(row[0])}
    assert named == {path.parent.name for path in (ROOT / "reconciler" / "planning").glob("*/__init__.py")}


def test_every_contract_on_imports_is_explained() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [one["name"] for one in settings["tool"]["importlinter"]["contracts"]]
    section = PAGE.partition("## What may import what")[2].partition("\n## ")[0]
    assert re.findall(r"^- \*\*(.+?)\.\*\*", section, flags=re.MULTILINE) == contracts


def test_the_layers_are_those_of_the_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    expected = [name for layer in layers for name in re.findall(r"(?<!\()\b\w+\b(?!\))", layer)]
    prose = PAGE.partition("The layers, from the top:")[2].partition("Packages of one layer")[0]
    assert _spans(prose) == expected


@pytest.mark.parametrize(
    "path",
    sorted(
        {
            (name, span)
            for name, text in PAGES.items()
            for span in _spans(text)
            if re.match(r"(reconciler|tests|docs|identities)/[\w./-]*$", span)
        }
    ),
    ids="-".join,
)
def test_every_file_that_is_named_exists(path: tuple[str, str]) -> None:
    assert (ROOT / path[1]).exists()

"""Comments and docstrings cite what a reader can find: pages of this repository, AWS, standards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for room in ("reconciler", "tests", "benchmarks")
    for path in sorted((ROOT / room).rglob("*.py"))
    if path != Path(__file__)
}
# Notes that were written beside the project, and that a clone does not have.
NOWHERE = re.compile(
    r"design\.md|of the design|\(design,|the facts (?:on|keep)|\(section \d+\b(?!\.)|of section \d+\.?\"|"
    r"\(R\d{1,2}[),]|\bpart [A-H]\b|from part \d on|shared/facts"
)
CITED = re.compile(r'((?:docs/[a-z-]+|[A-Z]{6,})\.md)(?:, "([^"]+)")?')


def _flowing(text: str) -> str:
    """The text without the line breaks of comments and docstrings."""
    return re.sub(r"\s*\n\s*(?:# ?)?", " ", text)


@pytest.mark.parametrize(
    "text", ['"""Why (section 13, Memory)."""', "# as decided (R20).", "# part C", "(design, section 4)"]
)
def test_a_citation_of_notes_is_found(text: str) -> None:
    assert NOWHERE.search(text)


@pytest.mark.parametrize("text", ["(RFC 7643 section 4.1)", "(RFC 9110, section 8.6)", "(section 2.5)"])
def test_a_citation_of_a_standard_is_none(text: str) -> None:
    assert not NOWHERE.search(text)


def test_nothing_cites_notes_that_a_clone_does_not_have() -> None:
    found = {name: NOWHERE.findall(_flowing(text)) for name, text in SOURCES.items()}
    assert {name: spots for name, spots in found.items() if spots} == {}


def test_every_page_that_is_cited_exists_with_its_section() -> None:
    cited = {
        (name, page, title)
        for name, text in SOURCES.items()
        if name.startswith("reconciler/")
        for page, title in CITED.findall(_flowing(text))
    }
    assert cited
    for name, page, title in sorted(cited):
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not title or title in headings, f"{name} cites {page}, {title}"

"""Plans as Markdown: its size, what it never leaves out, and a structure that no data changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Finding, Plan, Severity
from reconciler.render.escape import code
from reconciler.render.markdown import _document, _incomplete, _Level, plan_markdown
from tests.render import pieces, plans
from tests.render.test_escape import HOSTILE
from tests.render.test_text import poisoned

# What GitHub lets a comment hold, in characters; bytes are never fewer.
COMMENT = 65_536
PARSER = MarkdownIt("commonmark").enable("table")
CODE = ("fence", "code_inline", "code_block")


def tokens(document: str) -> Iterator[Token]:
    for token in PARSER.parse(document):
        yield token
        yield from token.children or ()


def structure(document: str) -> list[tuple[str, str, str]]:
    """Every element in order; the text of all but code."""
    return [
        (token.type, token.info, "" if token.type in CODE or token.children else token.content)
        for token in tokens(document)
    ]


def listed(document: str) -> list[str]:
    """What the fenced blocks hold, line by line."""
    return [
        line for token in tokens(document) if token.type == "fence" for line in token.content.splitlines()
    ]


@pytest.mark.parametrize(
    "name", ["everyday", "refused", "ruled", "findings", "several-targets", "hostile", "nothing", "roles"]
)
def test_markdown_is_as_it_was_last_read(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.md", plan_markdown(plans.PLANS[name]))


@pytest.mark.parametrize("limit", [6000, 2500])
def test_folded_markdown_is_as_it_was_last_read(limit: int, golden: Callable[[str, str], None]) -> None:
    golden(f"many.{limit}-bytes.md", plan_markdown(plans.PLANS["many"], max_bytes=limit))


# 48 letters that are spelled out, with 10 bytes each: as long as what is drawn can become.
RARE = "\U000e0000" * 48


@pytest.mark.parametrize("level", _Level)
@given(evil=HOSTILE.filter(bool))
@example(evil=RARE)
@settings(deadline=None, max_examples=20)
def test_no_data_changes_the_structure_or_reaches_out_of_code(level: _Level, evil: str) -> None:
    assert structure(_whole(evil, level)) == structure(_whole("x", level))


@given(evil=HOSTILE.filter(bool), limit=st.sampled_from([20_000, 2048]))
@example(evil=RARE, limit=20_000)
@example(evil=RARE, limit=2048)
@settings(deadline=None, max_examples=50)
def test_data_too_long_for_a_limit_fold_the_document_and_change_nothing_else(evil: str, limit: int) -> None:
    shown = plan_markdown(poisoned(evil), max_bytes=limit)
    assert structure(shown) in _harmless() or _prose(shown) in _harmless_prose()


@cache
def _harmless() -> list[list[tuple[str, str, str]]]:
    return [structure(_whole("x", level)) for level in _Level]


@cache
def _harmless_prose() -> tuple[str, str]:
    """What an incomplete document says outside code: with its digests, and where they do not fit, either."""
    expected = _prose(_incomplete(poisoned("x"), 20_000))
    return expected, f"{expected} The digests do not fit, either."


def _prose(document: str) -> str:
    """All text outside code, numbers apart."""
    expected = " ".join(text for kind, _, text in structure(document) if kind == "text" and text.strip())
    return re.sub(r"\d+", "0", expected)


def _whole(evil: str, level: _Level) -> str:
    return "\n\n".join(map(str, _document(poisoned(evil), level))) + "\n"


@given(value=HOSTILE)
def test_a_code_span_is_one_code_span(value: str) -> None:
    inline = PARSER.parseInline(f"a {code(value)} b")[0].children or []
    assert [token.type for token in inline] == ["text", "code_inline", "text"]


@pytest.mark.parametrize("limit", [2048, 4096, 16_000, COMMENT, 1_048_576])
@pytest.mark.parametrize("name", plans.PLANS)
def test_markdown_fits_its_limit(name: str, limit: int) -> None:
    assert len(plan_markdown(plans.PLANS[name], max_bytes=limit).encode()) <= limit


@given(evil=HOSTILE.filter(bool), limit=st.integers(2048, 6000))
@settings(deadline=None, max_examples=25)  # each lays out a whole plan, several times
def test_markdown_fits_its_limit_whatever_is_in_it(evil: str, limit: int) -> None:
    assert len(plan_markdown(poisoned(evil * 20), max_bytes=limit).encode()) <= limit


def _mixed(leaving: int, joining: int) -> Plan:
    leave = [pieces.member(f"g-{n % 40:02}", f"out.{n:04}", Action.DELETE) for n in range(leaving)]
    join = [pieces.member(f"g-{n % 40:02}", f"in.{n:05}") for n in range(joining)]
    refusal = Finding("max-removals", Severity.REFUSAL, "too many", kind=Kind.MEMBERSHIP)
    return pieces.of(*leave, *join, pieces.user("gone", Action.DELETE), findings=[refusal])


@pytest.mark.parametrize("limit", [None, COMMENT, 40_000, 20_000, 15_000])
def test_every_removal_and_refusal_is_named_at_every_level(limit: int | None) -> None:
    document = plan_markdown(_mixed(1000, 4000), max_bytes=limit)
    found = set(re.findall(r"out\.\d{4}", "\n".join(listed(document))))
    assert len(found) == 1000
    assert "- gone" in listed(document)
    assert "max-removals" in document
    assert "Incomplete" not in document


def test_what_is_not_named_is_counted() -> None:
    document = plan_markdown(_mixed(1000, 4000), max_bytes=COMMENT)
    assert re.search(r"[\d,]+ of 5,001 changes are named here, and all that take something away", document)
    assert "5,001" not in plan_markdown(_mixed(1000, 4000))


def test_removals_that_do_not_fit_are_said_to_be_missing() -> None:
    document = plan_markdown(_mixed(2000, 0), max_bytes=8_000)
    output = re.search(r"([\d,]+) of 2,001 removals are listed here", document)
    assert output
    assert "Do not approve it by this text" in document
    assert sum(line.startswith("-") for line in listed(document)) == int(output[1].replace(",", "")) > 100
    assert document.startswith("### Refused.")


def test_a_long_section_without_removals_is_collapsed_and_one_with_them_is_not() -> None:
    assert "<summary>Memberships: 50 to create</summary>" in plan_markdown(_gains(50, 0))
    assert "<details>" not in plan_markdown(_gains(50, 1))


def _gains(joining: int, leaving: int) -> Plan:
    leave = [pieces.member("g", f"out.{n}", Action.DELETE) for n in range(leaving)]
    return pieces.of(*leave, *(pieces.member("g", f"in.{n}") for n in range(joining)))


def test_a_limit_too_small_for_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="2048"):
        plan_markdown(plans.PLANS["nothing"], max_bytes=100)

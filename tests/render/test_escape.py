"""Hostile text, made harmless and still told apart."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.render import escape

# Any text at all, lone surrogates included, and often the pieces that attacks are made of.
HOSTILE = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=6),
        st.sampled_from(
            [
                "::",
                "##[",
                "\n",
                "\r",
                "\x1b[31m",
                "\x9b",
                "\u202e",
                "\u200b",
                "`",
                "```",
                '"',
                "\\",
                "\\u{",
                "⏎",
                "a",
            ]
        ),
    ),
    max_size=8,
).map("".join)


def decoded(shown: str) -> str:
    """What `text` made of a string, turned back."""
    plain = shown.replace("⏎", "\n")
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda match: chr(int(match[1], 16)), plain)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("Ada Lovelace", "Ada Lovelace", id="plain text stays"),
        pytest.param("Zoë Müller 山田", "Zoë Müller 山田", id="letters of any script stay"),
        pytest.param("a\nb", "a⏎b", id="a line break shows as one character"),
        pytest.param("a\r\nb", r"a\u{d}⏎b", id="a carriage return cannot hide what stands before it"),
        pytest.param("a\tb", r"a\u{9}b", id="a tab is spelled out"),
        pytest.param("\x1b[31mred", r"\u{1b}[31mred", id="an escape sequence does not begin"),
        pytest.param("\x9b31m", r"\u{9b}31m", id="nor one that begins with a C1 control"),
        pytest.param("admin\u202enimda", r"admin\u{202e}nimda", id="text does not turn around"),
        pytest.param("ad\u200bmin", r"ad\u{200b}min", id="a zero-width space shows"),
        pytest.param("a\u00a0b", r"a\u{a0}b", id="a blank that is no blank shows"),
        pytest.param("\u3164", r"\u{3164}", id="a letter that nobody sees shows"),
        pytest.param("a\ufe0f", r"a\u{fe0f}", id="a variation selector shows"),
        pytest.param("\u0301a", r"\u{301}a", id="a mark does not sit on what we wrote"),
        pytest.param("e\u0301", "e\u0301", id="a mark on its own letter stays"),
        pytest.param("\ud800", r"\u{d800}", id="a lone surrogate can be written to any file"),
        pytest.param(r"\u{1b}", r"\u{5c}u{1b}", id="an escape that was written out is no escape of ours"),
        pytest.param(r"DOMAIN\ada", r"DOMAIN\ada", id="any other backslash stays"),
        pytest.param("##[group]x", r"\u{23}#[group]x", id="the first syntax of log commands is broken"),
        pytest.param("x ##vso[task.x]", r"x \u{23}#vso[task.x]", id="that of Azure Pipelines, too"),
        pytest.param("arn:aws:iam::aws:policy/X", "arn:aws:iam::aws:policy/X", id="an ARN stays"),
    ],
)
def test_text_shows_what_it_hides(value: str, shown: str) -> None:
    assert escape.text(value) == shown


@given(HOSTILE)
@example("\\\n")
@example("\\\\u{41}")
def test_text_is_one_printable_line_from_which_the_value_can_be_told(value: str) -> None:
    shown = escape.text(value)
    assert shown.isprintable()
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)
    assert "##[" not in shown
    assert decoded(shown) == value


@given(HOSTILE)
def test_a_quoted_value_ends_where_its_quotes_end(value: str) -> None:
    shown = escape.quoted(value)
    inside = shown[1:-1]
    assert shown[0] == shown[-1] == '"'
    assert not re.search(r'(?<!\\)"', inside)
    assert not inside.endswith("\\")
    assert decoded(inside.replace('\\"', '"')) == value


@given(HOSTILE)
def test_a_bare_name_cannot_be_taken_for_two(value: str) -> None:
    shown = escape.name(value)
    assert shown == escape.quoted(value) or not re.search(r"[\s,;()\[\]\"]", shown)


@pytest.mark.parametrize("blanks", ["", "  ", "\t "])
def test_no_line_is_a_workflow_command(blanks: str) -> None:
    shown = escape.line(f"{blanks}::add-mask::x")
    assert shown == blanks + r"\u{3a}:add-mask::x"


def test_a_sentence_has_single_blanks() -> None:
    assert escape.sentence("it\n  broke\there ") == "it broke here"


@given(HOSTILE)
def test_workflow_commands_end_where_they_should(value: str) -> None:
    data, output = escape.command_data(value), escape.command_property(value)
    assert "\n" not in data + output
    assert "\r" not in data + output
    assert ":" not in output
    assert "," not in output
    assert re.fullmatch(r"(?:[^%]|%(?:25|0D|0A|3A|2C))*", data + output)


@pytest.mark.parametrize(
    ("value", "span"),
    [
        pytest.param("aws", "`aws`", id="plain"),
        pytest.param("a`b", "``a`b``", id="a backtick makes the fence longer"),
        pytest.param("```", "```` ``` ````", id="backticks at the edge are kept off the fence"),
        pytest.param("", "`   `", id="nothing is shown as a blank"),
    ],
)
def test_code_spans_hold_what_they_are_given(value: str, span: str) -> None:
    assert escape.code(value) == span

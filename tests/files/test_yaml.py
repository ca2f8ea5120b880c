"""The strict reader: values, numbers of nodes, places, and what becomes of hostile bytes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.files.characters import FORBIDDEN
from reconciler.files.yaml import BROKEN, MAX_FAULTS, MAX_NODES, Parsed, count, locate, parse, scalars


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("", {}, id="an empty file is an empty map"),
        pytest.param("# nothing\n", {}, id="comments alone are an empty map"),
        pytest.param("---\n", None, id="a document without content is nothing"),
        pytest.param("a: 012345678901", {"a": "012345678901"}, id="leading zeros stay"),
        pytest.param("a: 1e3", {"a": "1e3"}, id="no number"),
        pytest.param("a: no", {"a": "no"}, id="no truth value"),
        pytest.param("a: 2027-01-31", {"a": "2027-01-31"}, id="no date"),
        pytest.param("a: 1:30:00", {"a": "1:30:00"}, id="no sexagesimal number"),
        pytest.param("a: 0x1F", {"a": "0x1F"}, id="no hexadecimal number"),
        pytest.param("a: [=, ., .inf]", {"a": ["=", ".", ".inf"]}, id="no value of another kind"),
        pytest.param("a: null", {"a": None}, id="plain null is nothing"),
        pytest.param("a: ~", {"a": None}, id="a plain tilde is nothing"),
        pytest.param("a:", {"a": None}, id="no value is nothing"),
        pytest.param("a: [null, 'null']", {"a": [None, "null"]}, id="quoted null is text"),
        pytest.param("a: Null", {"a": "Null"}, id="the name Null is text"),
        pytest.param('a: ""', {"a": ""}, id="quoted emptiness is text"),
        pytest.param("1: a", {"1": "a"}, id="keys are text"),
        pytest.param("null: a", {"null": "a"}, id="a key is never nothing"),
        pytest.param("a: |\n  b\n  c\n", {"a": "b\nc\n"}, id="block text keeps its lines"),
        pytest.param("a: >-\n  b\n  c\n", {"a": "b c"}, id="folded text is one line"),
        pytest.param("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}, id="line ends of Windows"),
        pytest.param("a: R&D *and* !more", {"a": "R&D *and* !more"}, id="marks inside of plain text"),
        pytest.param("---\na: {b: [c, {d: e}]}\n...\n", {"a": {"b": ["c", {"d": "e"}]}}, id="nested"),
        pytest.param("a: Jos\u00e9 \u5f35\U0001f600", {"a": "Jos\u00e9 \u5f35\U0001f600"}, id="any script"),
    ],
)
def test_scalars_stay_the_text_that_was_written(text: str, value: Any) -> None:
    assert parse(text.encode()) == Parsed(value, ())


def test_a_file_with_many_faults_of_form_tells_the_first_hundred() -> None:
    parsed = parse(b"a: [" + b"*x, " * 500 + b"]")
    assert len(parsed.flaws) == MAX_FAULTS


def test_a_file_with_too_many_nodes_is_refused_where_it_passes_the_bound() -> None:
    parsed = parse(b"a:\n" + b"- b\n" * (MAX_NODES + 1))
    assert parsed.value is BROKEN
    ((spot, message, fix),) = parsed.flaws
    assert spot.line == MAX_NODES + 3
    assert message == "the file has more than 250,000 nodes"
    assert fix == "split it into several files"


def test_nesting_is_allowed_to_the_bound_and_not_beyond() -> None:
    assert parse(b"[" * 32 + b"]" * 32).flaws == ()
    assert [flaw.message for flaw in parse(b"[" * 33 + b"]" * 33).flaws] == [
        "this is nested more than 32 deep"
    ]
    assert parse(b"[" * 500_000).value is BROKEN


def test_every_node_is_found_at_the_line_and_column_where_it_begins() -> None:
    text = b"users:\n  ada:\n    title: 'x'\n  bob: [a, {b: c}]\n"
    spots = locate(text, range(20))
    assert [(node, *spot) for node, spot in spots.items()] == [
        (0, 1, 1, False),  # the map
        (1, 1, 1, True),  # users
        (2, 2, 3, False),
        (3, 2, 3, True),  # ada
        (4, 3, 5, False),
        (5, 3, 5, True),  # title
        (6, 3, 12, False),  # 'x', in quotes
        (7, 4, 3, True),  # bob
        (8, 4, 8, False),
        (9, 4, 9, True),
        (10, 4, 12, False),
        (11, 4, 13, True),
        (12, 4, 16, True),
    ]


def test_columns_count_characters_and_not_bytes() -> None:
    assert locate("{\u00e9\U0001f600: b}".encode(), [2])[2].column == 6


def test_what_is_refused_and_left_out_has_no_numbers() -> None:
    text = b"a: 1\na: {x: [1, 2]}\n<<: {q: r}\n? [k]\n: v\nb: 2\n"
    parsed = parse(text)
    assert parsed.value == {"a": "1", "b": "2"}
    assert len(parsed.flaws) == 3
    assert {node: spot.line for node, spot in locate(text, range(9)).items()} == {
        0: 1,
        1: 1,
        2: 1,
        3: 6,
        4: 6,
    }


_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "), max_size=8
).filter(lambda text: not FORBIDDEN.search(text))
_VALUES = st.recursive(
    st.none() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_TEXT.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(_VALUES)
def test_what_a_yaml_library_writes_is_read_back_as_it_was(value: Any) -> None:
    text = yaml.dump(value, Dumper=_Quoting, allow_unicode=True)
    assert parse(text.encode()) == Parsed(value, ())


@settings(deadline=None)
@given(_VALUES)
def test_numbers_of_nodes_follow_from_the_value_alone(value: Any) -> None:
    text = yaml.dump(value, Dumper=_Quoting, allow_unicode=True).encode()
    spots = locate(text, range(10_000))
    assert len(spots) == count(value)
    order = [(spots[node].line, spots[node].column) for node in sorted(spots)]
    assert order == sorted(order)
    for node, _ in scalars(value):
        assert node in spots


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | st.text("ab:-[]{}&*!|>'\"%#,?\n\t \\u0\u202e\u00e9", max_size=60).map(str.encode)
)
def test_no_bytes_whatsoever_make_it_raise(data: bytes) -> None:
    parsed = parse(data)
    if parsed.value is BROKEN:
        assert parsed.flaws
    locate(data, range(5))


class _Quoting(yaml.SafeDumper):
    """Quotes text, so that it is text to every reader, and writes no anchors."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Quoting.add_representer(str, _quoted)

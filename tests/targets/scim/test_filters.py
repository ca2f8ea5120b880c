from __future__ import annotations

from urllib.parse import parse_qsl, unquote

import pytest

from reconciler.targets.scim import terms


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ada", 'userName eq "ada"'),
        ('a" or userName pr or "" eq "', 'userName eq "a\\" or userName pr or \\"\\" eq \\""'),
        ("back\\slash", 'userName eq "back\\\\slash"'),
        ("Zoë", 'userName eq "Zoë"'),
        ("line\nbreak", 'userName eq "line\\nbreak"'),
        ("", 'userName eq ""'),
    ],
)
def test_a_value_can_only_be_read_as_a_value(value: str, expected: str) -> None:
    assert terms.equals("userName", value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("a&count=1", "a%26count%3D1"),
        ("x=/:+", "x%3D%2F%3A%2B"),
        ("ü", "%C3%BC"),
        ("a\ud800", "a%3F"),
    ],
)
def test_a_query_has_nothing_in_it_that_a_server_could_take_apart(text: str, expected: str) -> None:
    assert terms.encoded(text) == expected


def test_a_query_reads_back_as_what_was_asked() -> None:
    wish = terms.equals("displayName", 'R&D "west" + 50% #1')
    query = terms.query(("cursor", None), ("filter", wish), ("count", "100"))
    assert query.startswith("cursor&filter=")
    assert "+" not in query
    assert parse_qsl(query) == [("filter", wish), ("count", "100")]
    assert unquote(query.split("&")[1].removeprefix("filter=")) == wish

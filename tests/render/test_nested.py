"""An attribute with parts shows the parts that differ, and nothing else of it."""

from __future__ import annotations

import pytest

from reconciler.model.change import FieldChange
from reconciler.model.resources import Value
from reconciler.render.nested import parts

HOME = {"street_address": "Main 1", "locality": "Bern", "country": "CH"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a", "b", [("field", "a", "b")]),
        (None, HOME, [("field", None, HOME)]),
        (HOME, None, [("field", HOME, None)]),
        (HOME, {**HOME, "locality": "Thun"}, [("field.locality", "Bern", "Thun")]),
        (HOME, {**HOME, "region": "BE"}, [("field.region", None, "BE")]),
        ({**HOME, "region": "BE"}, HOME, [("field.region", "BE", None)]),
        (("a", "b"), ("b",), [("field", ("a", "b"), ("b",))]),
        (
            {"a": "1", "b": "2"},
            {"c": "1"},
            [("field.a", "1", None), ("field.b", "2", None), ("field.c", None, "1")],
        ),
    ],
    ids=["plain", "set", "cleared", "one part", "part added", "part gone", "a list is one", "every part"],
)
def test_the_parts_that_differ(before: Value, after: Value, expected: list[tuple[str, Value, Value]]) -> None:
    found = parts(FieldChange("field", before, after))

    assert [(each.name, each.before, each.after) for each in found] == expected

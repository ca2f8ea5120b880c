"""Hashes of values of any sort: what is spelled alike is equal, and what has no spelling is refused."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from reconciler.planning import hashes


def test_a_map_is_a_map_of_whatever_type() -> None:
    assert hashes.digest(MappingProxyType({"b": 1, "a": (2,)})) == hashes.digest({"a": [2], "b": 1})


def test_a_set_is_spelled_in_order() -> None:
    assert hashes.canonical({"x": frozenset("cab")}) == '{"x":["a","b","c"]}'


def test_what_has_no_spelling_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no canonical spelling"):
        hashes.digest({"x": object()})

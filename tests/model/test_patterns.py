"""Patterns cover what a regular expression made of them would, and never go back for it."""

from __future__ import annotations

import re
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import patterns
from reconciler.model.patterns import name_matches, path_matches


def expression(pattern: str, crossing: str) -> re.Pattern[str]:
    """What a pattern means, said by a regular expression."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": f"{crossing}*", "?": crossing}
    text = re.sub(
        r"\*\*/|\*\*|\*|\?|.", lambda one: parts.get(one[0], re.escape(one[0])), pattern, flags=re.DOTALL
    )
    return re.compile(text, re.DOTALL)


TEXT = st.text(alphabet="ab/\n", max_size=8)
PATTERN = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", "ab"]), max_size=6).map("".join)


@given(TEXT, PATTERN)
def test_a_path_is_covered_as_the_expression_says(path: str, pattern: str) -> None:
    assert path_matches(path, [pattern]) == (expression(pattern, "[^/]").fullmatch(path) is not None)


@given(TEXT, PATTERN)
def test_a_name_is_covered_as_the_expression_says(name: str, pattern: str) -> None:
    assert name_matches(name, [pattern]) == (expression(pattern, ".").fullmatch(name) is not None)


def test_case_makes_no_difference_to_names_and_one_to_paths() -> None:
    assert name_matches("ADMINs", ["admin?"])
    assert not path_matches("A.yaml", ["a.yaml"])


def steps(matches: Any, text: str, pattern: str) -> int:
    """How many lines of the module run, each of which may be one step."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        if frame.f_code.co_filename != patterns.__file__:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert not matches(text, [pattern])
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("matches", [name_matches, path_matches])
@pytest.mark.parametrize(
    "pattern", ["a*" * 30 + "b", "*a?" * 20 + "b", "**a" * 20 + "b", "**/" * 20 + "b", "?*" * 20 + "/b"]
)
def test_a_name_that_is_twice_as_long_takes_twice_the_steps(matches: Any, pattern: str) -> None:
    short, long = (steps(matches, "a" * length, pattern) for length in (200, 400))
    assert long <= 2.5 * short + 100
    assert long <= 20 * len(pattern) * 400

"""Plan files that earlier versions wrote are read and shown, as long as their major format is the one known.

`recorded/plan-<format>.json` holds the bytes that the version of that format saved; none of them is ever
written anew. When the format moves on, a file of the last one joins them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.address import Kind
from reconciler.model.plan import FORMAT_VERSION
from reconciler.render.json import plan_from_json, plan_json
from reconciler.render.text import plan_text

RECORDED = Path(__file__).parent / "recorded"
FORMATS = ("1.0", "1.1", "1.2", "1.3")


def text(format_: str) -> str:
    return (RECORDED / f"plan-{format_}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_recorded_plan_is_shown_as_it_was_last_read(
    format_: str, golden: Callable[[str, str], None]
) -> None:
    plan = plan_from_json(text(format_))
    assert plan.format_version == format_
    golden(f"recorded-{format_}.txt", plan_text(plan, color=False, verbose=True))


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_of_a_recorded_plan_is_lost_or_reads_otherwise(format_: str) -> None:
    """Saved again it has everything that it had, and beside it only what later formats added."""
    old, again = json.loads(text(format_)), json.loads(plan_json(plan_from_json(text(format_))))
    for part, new in zip(old["targets"], again["targets"], strict=True):
        assert {name: new[name] for name in part} == part
    assert {**again, "targets": old["targets"]} == old


def test_a_recorded_plan_has_something_of_every_kind_that_its_format_knows() -> None:
    known = {
        format_: {change.address.kind for change in plan_from_json(text(format_)).changes}
        for format_ in FORMATS
    }
    people = {Kind.USER, Kind.GROUP, Kind.MEMBERSHIP}
    every = people | {Kind.PERMISSION_SET, Kind.ASSIGNMENT}
    assert known == {"1.0": people, "1.1": every, "1.2": every, "1.3": every}


def test_there_is_a_recorded_plan_of_the_format_that_is_written_now() -> None:
    assert FORMAT_VERSION in FORMATS

"""CHANGELOG.md names the codes that changed as they are in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_docs_findings import _raised

TEXT = (Path(__file__).resolve().parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
CHANGED = re.findall(r"^\| `([a-z-]+)` \| `([a-z-]+)` \|$", TEXT, flags=re.MULTILINE)


def test_the_table_is_there() -> None:
    assert CHANGED
    assert len({code for pair in CHANGED for code in pair}) == 2 * len(CHANGED)


@pytest.mark.parametrize(("old", "new"), CHANGED)
def test_a_code_that_changed_is_raised_by_one_of_its_names(old: str, new: str) -> None:
    assert (old in _raised()) != (new in _raised())

"""Every YAML example of the pages has the form that the schemas describe."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from tests.loading.test_schema import check

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = [
    pytest.param(text, id=f"{path.stem}-{number}")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for number, text in enumerate(
        re.findall(r"^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    )
]
# What an excerpt from the middle of a target stands in.
TARGET = "targets:\n  chat:\n    type: scim\n    url: https://chat.example/scim/v2\n    token: {env: TOKEN}\n"


@cache
def _keys(schema: str) -> frozenset[str]:
    """The keys that a file of this schema may have at its top."""
    loaded = json.loads((ROOT / "schemas" / schema).read_text(encoding="utf-8"))
    return frozenset(loaded["properties"])


def _whole(text: str) -> tuple[str, str]:
    """The schema of an example, and the example as a whole file."""
    if text.startswith("    "):
        text = TARGET + text
    keys = set(re.findall(r"^(\w+):", text, flags=re.MULTILINE))
    for schema in ("identities.schema.json", "reconciler.schema.json", "approvals.schema.json"):
        if keys <= _keys(schema):
            needs_format = schema == "reconciler.schema.json" and "format" not in keys
            return schema, "format: 1\n" + text if needs_format else text
    raise AssertionError(f"no file has {sorted(keys)} at its top")


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_has_the_form_of_its_file(text: str, tmp_path: Path) -> None:
    schema, whole = _whole(text)
    file = tmp_path / "example.yaml"
    file.write_text(whole, encoding="utf-8")
    code, expected = check(schema, file)
    assert code == 0, expected


def test_a_field_that_does_not_exist_is_found(tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text("users: {ada: {user_nam: ada}}\n", encoding="utf-8")
    assert check("identities.schema.json", file)[0] != 0

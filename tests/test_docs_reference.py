"""The reference pages are written from the code, and are fresh."""

from __future__ import annotations

import pytest

from reconciler.cli.main import COMMANDS
from reconciler.model.catalogue import CATALOGUE
from tests.support.reference import FOLDER, pages


@pytest.mark.parametrize("name", ["fields.md", "commands.md", "codes.md"])
def test_the_page_is_fresh(name: str) -> None:
    written = (FOLDER / name).read_text("utf-8")
    assert written == pages()[name], "run `make docs`"


def test_no_command_and_no_code_is_missing() -> None:
    found = pages()
    assert [one for one in COMMANDS if f"## reconciler {one}\n" not in found["commands.md"]] == []
    assert [one for one in CATALOGUE if f"### {one}\n" not in found["codes.md"]] == []

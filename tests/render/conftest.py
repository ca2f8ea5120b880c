"""Golden files: what is rendered is kept in tests/golden and read by people whenever it changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden with what is rendered"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name, or write it with --update-golden."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden", default=False):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), (
            f"no {path.name}: run pytest tests/render --update-golden and read what it writes"
        )
        # Bytes, so that a stray carriage return shows.
        assert path.read_bytes().decode() == text

    return check

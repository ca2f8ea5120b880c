"""A real Chromium for the tests of pages, and axe-core to judge them; without them such tests are skipped.

Where RECONCILER_REQUIRE_SERVERS is set, as in CI, they fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = "RECONCILER_REQUIRE_SERVERS"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_AXE = ROOT / "tests" / "servers" / "browser" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, without a window."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        missing("Chromium is not installed; `make servers` installs it where apt-get does")
    with sync_playwright() as running:
        found = running.chromium.launch(
            executable_path=program, args=["--no-sandbox"], timeout=PATIENCE * 1000
        )
        try:
            yield found
        finally:
            found.close()


@cache
def axe() -> str:
    """The script of axe-core."""
    if not _AXE.is_file():
        missing("axe-core is not installed; `make servers` installs it, and needs npm")
    return _AXE.read_text("utf-8")


def missing(what: str) -> None:
    """Skip the test, or fail it where nothing may be missing."""
    if os.environ.get(REQUIRED):
        pytest.fail(what)
    pytest.skip(reason=what)

"""The suite draws the same examples everywhere; a search draws new ones, of every property test."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.patience import PATIENCE
from tests.support.searching import SEARCHES

ROOT = Path(__file__).resolve().parents[2]
FINDS = """\
from hypothesis import given, settings
from hypothesis import strategies as st

def test_no_property():
    raise AssertionError("left out")

@given(st.integers())
@settings(max_examples=200)
def test_property(number):
    assert number < 1000
"""


def drawn() -> list[str]:
    found: list[str] = []

    @given(st.text())
    @settings(max_examples=300)
    def draw(text: str) -> None:
        found.append(text)

    draw()
    return found


@pytest.mark.skipif(SEARCHES, reason="a search draws new examples")
def test_examples_depend_neither_on_luck_nor_on_what_else_is_loaded(tmp_path: Path) -> None:
    first = drawn()
    words = ", ".join(repr(f"word-{number}") for number in range(500))
    (tmp_path / "of_somebody.py").write_text(f"WORDS = [{words}]\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("of_somebody", tmp_path / "of_somebody.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["of_somebody"] = module
    spec.loader.exec_module(module)

    second = drawn()

    del sys.modules["of_somebody"]
    assert first == second


def test_no_property_undoes_what_holds_for_all() -> None:
    """A list of health checks replaces that of the profile; a slow machine is not the fault of a test."""
    settings_of = {
        f"{path.relative_to(ROOT)}: {found[1]}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for found in re.finditer(r"suppress_health_check=\[([^\]]*)\]", path.read_text(encoding="utf-8"))
    }
    assert settings_of
    assert [each for each in settings_of if "HealthCheck.too_slow" not in each] == []


@pytest.mark.parametrize(("seconds", "code"), [("300", 1), ("0", 0)])
def test_a_search_draws_anew_and_says_what_to_do_with_what_it_finds(
    tmp_path: Path, seconds: str, code: int
) -> None:
    (tmp_path / "test_it.py").write_text(FINDS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n", encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "tests.support.searching", seconds],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_XDIST_AUTO_NUM_WORKERS": "0"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == code, done.stdout + done.stderr
    assert "left out" not in done.stdout
    if code:
        assert "number=1000," in done.stdout
        assert re.search(r"The seed \d+ found something\.", done.stdout)
        assert "@example" in done.stdout

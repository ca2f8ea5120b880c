"""How many processes of git a command starts: each takes longer than what it is asked for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.stage import Real

# It was fifty-one when each object and each ref was asked for alone.
MOST = 16


def test_a_plan_starts_few_processes_of_git(
    settled: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, folder, said = shutil.which("git"), tmp_path / "bin", tmp_path / "started"
    folder.mkdir()
    script = folder / "git"
    script.write_text(f'#!/bin/sh\necho x >> "{said}"\nexec "{real}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    assert settled.run("plan", "--detailed-exitcode").code == 0

    assert len(said.read_text("utf-8").splitlines()) <= MOST

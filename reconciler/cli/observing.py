"""Shows what happens during a command: live on a terminal, quiet in CI."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from reconciler.cli.common import Options, is_terminal, remark, write_error
from reconciler.cli.progress import Progress
from reconciler.wire.clock import SystemClock
from reconciler.wire.pool import Guarded


@contextmanager
def observing() -> Iterator[Progress]:
    """An observer for as long as a command talks to services; its line is gone afterwards.

    What prints before that calls `finish` first, or the line of progress stands in the way.
    """
    progress = Progress(
        write_error,
        SystemClock().monotonic,
        Guarded(None),
        terminal=is_terminal(sys.stderr),
        width=shutil.get_terminal_size().columns,
    )
    try:
        yield progress
    finally:
        progress.finish()


def beside(progress: Progress, options: Options) -> Options:
    """The options of a session whose remarks do not run into the line of progress."""

    def described(text: str) -> None:
        progress.finish()
        remark(text)

    return replace(options, remark=described)

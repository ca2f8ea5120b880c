"""How long a test waits for what others do: long enough for the busiest machine, and never without end."""

from __future__ import annotations

import subprocess
import threading  # noqa: TID251  # a watch over a process, beside the thread that waits for it
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.wire.clock import SystemClock

# Seconds after which what says nothing more is given up; no test waits for them to pass.
PATIENCE = 600
Process = subprocess.Popen[str] | subprocess.Popen[bytes]


@contextmanager
def watched(process: Process) -> Iterator[None]:
    """While the block runs, kill the process after PATIENCE, which ends every wait for it and its output."""
    watch = threading.Timer(PATIENCE, process.kill)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def end(process: Process) -> None:
    """Kill the process where it runs yet or was stopped, and close what leads to it."""
    process.kill()
    process.wait(PATIENCE)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


# What the test that runs has started.
_STARTED: list[Process] = []


def noted(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """The process, which `end_noted` ends where its test does not."""
    _STARTED.append(process)
    return process


def end_noted() -> None:
    """End every process that a test noted: a failure must leave none behind, stopped or running."""
    while _STARTED:
        end(_STARTED.pop())


def until(is_so: Callable[[], bool], what: str) -> None:
    """Look every hundredth of a second until it is so; fail after PATIENCE with what was waited for."""
    clock = SystemClock()
    ends = clock.monotonic() + PATIENCE
    while not is_so():
        if clock.monotonic() > ends:
            raise AssertionError(f"not within {PATIENCE} seconds: {what}")
        clock.sleep(0.01)


def joined(*threads: threading.Thread) -> None:
    """Wait for the end of threads; fail where one does not end."""
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), f"the thread {thread.name} did not end within {PATIENCE} seconds"

"""Processes that are held where a test wants them: by events, never by seconds."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading  # noqa: TID251  # an event between the sandbox's threads and the test
from pathlib import Path

from reconciler.sandbox.clock import SandboxClock
from tests.cli.stage import PATIENCE, Real

# A latency that ends when the gate is opened, in seconds of the sandbox.
HELD = 1e12


class Gate(SandboxClock):
    """A clock of a sandbox that holds every call with the latency HELD until the gate is opened."""

    def __init__(self, speed: float) -> None:
        super().__init__(speed)
        self._held, self._opened = threading.Semaphore(0), threading.Event()

    def wait(self, seconds: float) -> None:
        if seconds < HELD:
            super().wait(seconds)
            return
        self._held.release()
        self._opened.wait(PATIENCE)

    def has_held(self, process: subprocess.Popen[str]) -> None:
        """Wait until it holds a call of `process`."""
        while not self._held.acquire(timeout=0.1):
            assert process.poll() is None, process.communicate()

    def open(self) -> None:
        self._opened.set()


def gate(stage: Real) -> Gate:
    """The gate of the sandbox of this stage."""
    found = stage.sandbox._clock
    assert isinstance(found, Gate)
    return found


def hold(stage: Real, operation: str, *, nth: int = 1) -> None:
    """From the `nth` call on, hold this operation until the gate is opened."""
    stage.sandbox.faults.add("latency", operation, nth=nth, count=None, seconds=HELD)


def stop_at_the_gate(stage: Real, process: subprocess.Popen[str]) -> None:
    """Wait until a call of the process is held, and stop the process (SIGSTOP) there."""
    gate(stage).has_held(process)
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)


def signalled_at_the_gate(stage: Real, process: subprocess.Popen[str], number: int) -> None:
    """Send a signal while a call is held, so that it is taken before the answer to that call."""
    stop_at_the_gate(stage, process)
    process.send_signal(number)
    gate(stage).open()
    process.send_signal(signal.SIGCONT)


def taken(process: subprocess.Popen[str]) -> None:
    """Wait until no signal to the process is pending any more (where the system tells)."""
    status = Path(f"/proc/{process.pid}/status")
    while status.exists():
        pending = [line for line in status.read_text().splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
        if not any(int(line.split()[1], 16) for line in pending):
            return
        select.select([], [], [], 0.01)

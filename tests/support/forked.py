"""Processes that run a command line without the second that Python takes to import everything.

They are forked from one that has imported it (`forking`): processes of their own, with streams,
an environment and an exit code. Tests of signals and of how a process begins start Python (`Stage.command`).
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Forked:
    """A process that runs `reconciler` with these arguments; `streams` are its stdin, stdout and stderr."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], streams: tuple[int, int, int]
    ) -> None:
        request = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
        self.pid = _ask(request, streams)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, when it has ended; negative for a signal. To be called once."""
        return _ask({"wait": self.pid})


def _ask(request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> int:
    server = _server()
    data = json.dumps(request).encode()
    sent = socket.send_fds(server, [data], descriptors) if descriptors else server.send(data)
    assert sent == len(data)
    return int(json.loads(server.recv(1 << 16)))


@cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.forking", str(theirs.fileno())],
        cwd=ROOT,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours

"""Processes that run a command line without the second that Python takes to import everything.

They are forked from one that has imported it (`forking`): processes of their own, with streams,
an environment and an exit code. Tests of signals and of how a process begins start Python (`Stage.command`).
Scripts run `reconciler` that way too, where `install_program` wrote it.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE
from tests.support.patience import end as end_process

ROOT = Path(__file__).resolve().parents[2]
# What a shell finds as `reconciler`: it hands its streams, folder and environment over, and ends as that did.
_PROGRAM = """#!{python} -IS
import json, os, socket, sys
request = {{"arguments": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ)}}
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.settimeout({patience})
    server.connect({address!r})
    socket.send_fds(server, [json.dumps(request).encode()], [0, 1, 2])
    answer = server.recv(100)
sys.exit(int(answer) if answer else 1)
"""
_numbers = count()


class Forked:
    """A process that runs `reconciler` with these arguments; `streams` are its stdin, stdout and stderr."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], streams: tuple[int, int, int]
    ) -> None:
        request = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
        self._arguments = arguments
        self.pid = _ask(request, streams)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, when it has ended; negative for a signal. To be called once.

        Where that takes longer than PATIENCE, or the wait is interrupted, it is killed. Raises TimeoutError.
        """
        try:
            return _ask({"wait": self.pid})
        except BaseException as error:
            with suppress(ProcessLookupError):
                self.kill()
            error.add_note(f"waiting for: reconciler {' '.join(self._arguments)}")
            raise


def install_program(folder: Path) -> None:
    """Write `reconciler` into a folder of programs."""
    program = folder / "reconciler"
    text = _PROGRAM.format(python=sys.executable, address=_server()[1], patience=PATIENCE)
    program.write_text(text, "utf-8")
    program.chmod(0o755)


def _ask(request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> int:
    server, _ = _server()
    number = next(_numbers)
    data = json.dumps({**request, "number": number}).encode()
    sent = socket.send_fds(server, [data], descriptors) if descriptors else server.send(data)
    assert sent == len(data)
    while True:
        answer = server.recv(1 << 16)
        assert answer, "the process that forks is gone"
        of, value = json.loads(answer)
        if of == number:  # not one that nobody waited for to its end
            return int(value)


@cache
def _server() -> tuple[socket.socket, str]:
    """Our side of the process that forks, and where it listens to programs."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(PATIENCE)
    folder = tempfile.mkdtemp(prefix="forked-")
    address = f"{folder}/asked"
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as programs:
        programs.bind(address)
        programs.listen()
        given = (theirs.fileno(), programs.fileno())
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", *map(str, given)],
            cwd=ROOT,
            pass_fds=given,
            stdin=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        end_process(process)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return ours, address

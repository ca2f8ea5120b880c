"""A process that has imported everything, and forks one for each command line that it is given.

Run by `tests.support.forked`, which says what it is for. It has one thread when it forks.
"""

from __future__ import annotations

import gc
import io
import json
import os
import select
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE


def _warm() -> None:
    """Import what the commands import when they run, and read the models of the services."""
    from reconciler.cli.main import run

    before = Path.cwd()
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    os.environ["RECONCILER_SANDBOX_SPEED"] = "1000"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        identities = Path("identities")
        identities.mkdir()
        (identities / "people.yaml").write_text("users: {a: {user_name: a, given_name: A, family_name: B}}\n")
        assert run(["plan", "--sandbox", "--out", "plan.json"]) == 0
        assert run(["apply", "--sandbox", "plan.json"]) == 0
        os.chdir(before)


def _become(request: dict[str, Any], descriptors: list[int], program: socket.socket | None = None) -> None:
    """Run a command line as a process that began with it does, tell a program its exit code, and end."""
    from reconciler.__main__ import main

    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # It ends also where nobody waits for it any more.
    signal.alarm(PATIENCE)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["reconciler", *request["arguments"]]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # as long as the process
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            os.fdopen(number, "wb", closefd=False),
            encoding="utf-8",
            line_buffering=os.isatty(number) or number == 2,
        )
        for number in (1, 2)
    )
    code: object = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        number = code if isinstance(code, int) else 0
        if program is not None:
            program.sendall(str(number).encode())
        os._exit(number)


def serve(asked: socket.socket, programs: socket.socket) -> None:
    """Answer requests until the other side is gone: the id of a new process, or how one ended.

    An answer begins with the number of its request. While a process is waited for, others are served: what
    it runs may be scripts that run `reconciler`.
    """
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)  # of the standard library
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    awaited: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([asked, programs, woken], [], [])
        if woken in ready:
            woken.recv(1 << 16)
        if programs in ready:
            _serve_program(asked, programs)
        if asked in ready:
            data, descriptors, _, _ = socket.recv_fds(asked, 1 << 20, 3)
            if not data:
                return
            request = json.loads(data)
            if "wait" in request:
                awaited[request["wait"]] = request["number"]
            else:
                pid = os.fork()
                if pid == 0:
                    asked.close()
                    programs.close()
                    _become(request, descriptors)
                for descriptor in descriptors:
                    os.close(descriptor)
                asked.sendall(json.dumps([request["number"], pid]).encode())
        for pid in list(awaited):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                answer = [awaited.pop(pid), os.waitstatus_to_exitcode(status)]
                asked.sendall(json.dumps(answer).encode())


def _serve_program(asked: socket.socket, programs: socket.socket) -> None:
    """Run the command line of a program in a process that nobody needs to wait for."""
    program, _ = programs.accept()
    with program:
        program.settimeout(PATIENCE)
        data, descriptors, _, _ = socket.recv_fds(program, 1 << 20, 3)
        between = os.fork()
        if between == 0:
            if os.fork() == 0:
                asked.close()
                programs.close()
                _become(json.loads(data), descriptors, program)
            os._exit(0)
        os.waitpid(between, 0)
        for descriptor in descriptors:
            os.close(descriptor)


if __name__ == "__main__":
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # as long as the process
    _warm()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as parent, socket.socket(fileno=int(sys.argv[2])) as listener:
        serve(parent, listener)

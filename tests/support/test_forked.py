"""Processes that are forked: a wait for one ends in time, holds nobody up, and takes no other's answer."""

from __future__ import annotations

import os
import signal
import subprocess
import threading  # noqa: TID251  # waits for one process while another runs
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import forked
from tests.support.forked import Forked, install_program
from tests.support.patience import PATIENCE, joined, watched


@pytest.fixture
def full() -> Iterator[tuple[int, int]]:
    """A pipe that takes nothing until it is read: where to read, and where a process waits that writes."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)  # of the standard library
    with suppress(BlockingIOError):
        while True:
            os.write(writes, bytes(1 << 12))
    os.set_blocking(writes, True)  # as above
    yield reads, writes
    os.close(reads)
    os.close(writes)


def begun(folder: Path, *words: str, stdout: int = 2) -> Forked:
    return Forked(words, folder, dict(os.environ), (0, stdout, 2))


def test_the_exit_code_of_each_comes_to_who_waits_for_it(tmp_path: Path) -> None:
    good, bad = begun(tmp_path, "--version"), begun(tmp_path, "--no")

    assert (bad.wait(), good.wait()) == (64, 0)


def test_what_does_not_end_is_killed_and_its_end_is_not_taken_for_that_of_another(
    tmp_path: Path, full: tuple[int, int]
) -> None:
    hangs = begun(tmp_path, "--version", stdout=full[1])
    hangs.send_signal(signal.SIGSTOP)
    ours, _ = forked._server()
    ours.settimeout(0.01)
    try:
        with pytest.raises(TimeoutError) as late:
            hangs.wait()
    finally:
        ours.settimeout(PATIENCE)

    assert late.value.__notes__ == ["waiting for: reconciler --version"]
    assert begun(tmp_path, "--no").wait() == 64


def test_a_script_runs_it_while_another_is_waited_for(tmp_path: Path, full: tuple[int, int]) -> None:
    install_program(tmp_path)
    codes: list[int] = []
    waits = begun(tmp_path, "--version", stdout=full[1])
    waiting = threading.Thread(target=lambda: codes.append(waits.wait()), daemon=True)
    waiting.start()

    done = subprocess.run(
        [tmp_path / "reconciler", "--no"], capture_output=True, timeout=PATIENCE, check=False
    )

    assert (done.returncode, codes) == (64, [])
    os.read(full[0], 1 << 20)
    joined(waiting)
    assert codes == [0]


def test_a_process_that_was_stopped_is_killed_by_its_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.patience.PATIENCE", 0.01)
    process = subprocess.Popen(["sleep", "600"], stdout=subprocess.PIPE)
    process.send_signal(signal.SIGSTOP)

    with watched(process):
        assert process.communicate(timeout=PATIENCE)[0] == b""

    assert process.returncode == -signal.SIGKILL

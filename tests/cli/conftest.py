"""Where the commands of these tests run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.stage import FILES, SPEED, Played, Real


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches the processes of tests also where a shell started all of this in the background."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Played:
    """A folder with three people and two groups, and the embedded sandbox."""
    return Played(tmp_path / "access", monkeypatch, capsys)


@pytest.fixture
def aws() -> Iterator[Sandbox]:
    """What stands in for AWS."""
    with Sandbox(None, speed=SPEED, latency=0.0) as sandbox:
        yield sandbox


@pytest.fixture
def real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> Real:
    """The same files, committed, and nothing applied yet."""
    stage = Real(tmp_path / "access", monkeypatch, capsys, aws)
    stage.commit(dict(FILES))
    return stage

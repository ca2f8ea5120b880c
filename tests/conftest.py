"""What holds for every test: how hypothesis searches, and nothing of the environment of who runs it."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from tests.support import environment, in_process
from tests.support.compiled import compile_share
from tests.support.searching import SEARCHES

# A slow machine is not the fault of a test. The suite draws the same examples everywhere, so that no result
# depends on luck or on the machine; `make search` draws new ones.
settings.register_profile(
    "suite",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=not SEARCHES,
)
settings.load_profile("suite")
if not SEARCHES:
    # Hypothesis also draws constants of all local modules that happen to be loaded, so that examples would
    # depend on which tests ran before in the same process. There is no setting for it.
    providers._get_local_constants = Constants


# Before any fixture, also those of a session.
environment.clear()
in_process.install()
# What is imported and collected stays to the end: nobody looks through it for what may go.
gc.disable()


def pytest_sessionstart(session: pytest.Session) -> None:
    compile_share(session.config, Path(__file__).parent)


def pytest_collection_finish() -> None:
    gc.freeze()
    # Rarer than by default (700, 10, 10): half the time of all collections, and a test leaves little behind.
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes the longest comes first: nobody shall wait for it at the end."""

    def is_short(item: pytest.Item) -> bool:
        return item.get_closest_marker("long") is None and item.get_closest_marker("real") is None

    items.sort(key=is_short)


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches the processes of tests also where a shell started all of this in the background."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _socket_or_not(request: pytest.FixtureRequest) -> Iterator[None]:
    """A sandbox answers in process, but where a test is about the socket."""
    in_process.answer_in_process(yes=request.node.get_closest_marker("socket") is None)
    yield
    in_process.answer_in_process(yes=True)


@pytest.fixture(autouse=True)
def _nobodys_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other libraries set in this process reaches no test either."""
    for name in filter(environment.foreign, list(os.environ)):
        if name not in environment.OURS:
            monkeypatch.delenv(name)

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.sandbox import Sandbox
from reconciler.targets.identity_center.target import IdentityCenter
from tests.targets.centers import center
from tests.wire.clocks import SharedClock


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=SharedClock(100_000), latency=0) as running:
        yield running


@pytest.fixture
def target(sandbox: Sandbox) -> IdentityCenter:
    return center(sandbox)

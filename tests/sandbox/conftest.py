from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import Aws, connected
from tests.sandbox.sso import Sso, identity_center


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in memory that neither waits nor throttles."""
    with Sandbox(throttling=False, latency=0) as running:
        yield running


@pytest.fixture
def aws(sandbox: Sandbox) -> Iterator[Aws]:
    """Clients of it."""
    with connected(sandbox) as clients:
        yield clients


@pytest.fixture
def unchecked(sandbox: Sandbox) -> Iterator[Aws]:
    """Clients that send what botocore would not."""
    with connected(sandbox, checked=False) as clients:
        yield clients


@pytest.fixture
def sso() -> Iterator[Sso]:
    """Identity Center with some accounts, and a clock that stands."""
    with identity_center() as found:
        yield found


@pytest.fixture
def unchecked_sso() -> Iterator[Sso]:
    """The same, by a client that sends what botocore would not."""
    with identity_center(checked=False) as found:
        yield found

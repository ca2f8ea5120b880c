from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import Aws, connected
from tests.sandbox.scim import Scim
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


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_url: str) -> Iterator[Aws]:
    """Clients of moto, which has forgotten everything."""
    connection = HTTPConnection(moto_url.removeprefix("http://"), timeout=600)
    connection.request("POST", "/moto-api/reset")
    assert json.loads(connection.getresponse().read()) == {"status": "ok"}
    connection.close()
    clients = Aws(moto_url, "d-0123456789")
    yield clients
    clients.close()


@pytest.fixture
def scim(sandbox: Sandbox) -> Scim:
    """Its SCIM endpoint, with a token that is valid."""
    return Scim(sandbox)

"""SCIM service providers of others, each a process of its own on loopback with an empty store.

`scim2_server` is a Python one, complete or restricted (no PATCH, no Bulk, no ETag, small cursor pages);
`scimmy` is one on Node.js. On a user's machine a test of one that is not installed is skipped, saying what
is missing; where RECONCILER_REQUIRE_SERVERS is set, as in CI, it fails.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from reconciler.wire.clock import SystemClock
from tests.support.patience import PATIENCE, end, watched

HERE = Path(__file__).parent
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
REQUIRED = "RECONCILER_REQUIRE_SERVERS"
_RESTRICTED: Mapping[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": False},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": 5},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": False},
    "pagination": {
        "cursor": True,
        "index": False,
        "defaultPaginationMethod": "cursor",
        "cursorTimeout": 3600,
    },
    "authenticationSchemes": [],
}
# Whatever the environment says of proxies, these are on this machine.
_open = build_opener(ProxyHandler({})).open


class RefusedError(Exception):
    """An answer from 400 on."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status


@dataclass(frozen=True)
class Server:
    """A service provider that runs: its base address, and the token that it takes."""

    url: str
    token: str

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Any:
        """One request by plain means, past the code under test; the answer's JSON, None where it has none.

        Raises RefusedError.
        """
        request = Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/scim+json",
                **headers,
            },
        )
        try:
            with _open(request, timeout=PATIENCE) as answer:
                content = answer.read()
        except HTTPError as error:
            with error:
                raise RefusedError(error.code, error.read().decode()) from None
        return json.loads(content) if content else None

    def everything(self, kind: str, *, cursor: bool = False) -> list[dict[str, Any]]:
        """All users ("Users") or groups ("Groups"); with `cursor`, by cursor from the first page on."""
        found: dict[str, dict[str, Any]] = {}
        query = "?cursor" if cursor else ""
        while True:
            page = self.ask("GET", f"/{kind}{query}")
            items = page.get("Resources", [])
            found.update((item["id"], item) for item in items)
            if page.get("nextCursor"):
                query = f"?cursor={quote(page['nextCursor'], safe='')}"
            elif items and len(found) < page.get("totalResults", 0):
                query = f"?startIndex={len(found) + 1}&count=200"
            else:
                return list(found.values())


@contextmanager
def scim2_server(*, restricted: bool = False, page: int = 2) -> Iterator[Server]:
    """scim2-server, with everything that it can do, or with as little as a server may do, in small pages."""
    program = Path(sys.executable).with_name("scim2-server")
    if not program.exists():
        missing("scim2-server is not installed; `make test` installs it")
    token, port = _token(), free_port()
    command = [str(program), "--port", str(port), "--bearer-token", token]
    address = f"http://127.0.0.1:{port}/v2"
    paging = {**_RESTRICTED["pagination"], "defaultPageSize": page, "maxPageSize": page}
    with _spooled("spc.json", json.dumps({**_RESTRICTED, "pagination": paging})) as config:
        if restricted:
            command += ["--service-provider-config", str(config), "--dynamic-tenants"]
            address = f"http://127.0.0.1:{port}/acme/v2"
        with _process(command) as process:
            server = Server(address, token)
            _wait(server, process)
            yield server


@contextmanager
def scimmy() -> Iterator[Server]:
    """SCIMMY on Express, of which `npm ci` in tests/servers/scimmy brings the parts."""
    node = shutil.which("node")
    if node is None or not (HERE / "scimmy" / "node_modules" / "scimmy").is_dir():
        missing("SCIMMY is not installed; `make servers` installs it, and needs Node.js and npm")
    token = _token()
    # After the line that says where it is, it prints nothing: who does not read could block it.
    with _process([str(node), str(HERE / "scimmy" / "server.js"), token], subprocess.PIPE) as process:
        assert process.stdout is not None
        with watched(process):
            said = process.stdout.readline().decode().strip()
        assert said, "SCIMMY ended before it said where it is"
        server = Server(said, token)
        _wait(server, process)
        yield server


def _token() -> str:
    """One that no command line takes for an option."""
    return f"t{secrets.token_urlsafe(24)}"


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it where servers of others are required."""
    if os.environ.get(REQUIRED):
        pytest.fail(what)
    pytest.skip(reason=what)


@contextmanager
def _process(command: Sequence[str], stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        end(process)


@contextmanager
def _spooled(name: str, text: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        yield path


def free_port() -> int:
    """A port of loopback that nobody listens on.

    It is below those that systems hand out to others who ask for any port: between here and the start of the
    server, another test could get one of these.
    """
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Until it answers; another process's start is all that this waits for."""
    clock = SystemClock()
    ends = clock.monotonic() + PATIENCE
    while clock.monotonic() < ends:
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode} before it answered")
        with suppress(URLError, ConnectionError):
            with suppress(RefusedError):
                server.ask("GET", "/ServiceProviderConfig")
            return
        clock.sleep(0.02)
    pytest.fail(f"no answer from {server.url} within {PATIENCE} seconds")

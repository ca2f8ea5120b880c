"""The sandbox answers programs of this machine, and nobody else reads its file."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox


def asked(sandbox: Sandbox, host: str | None, *more: str) -> int:
    """The status of a request for another SCIM token, or of a GET of what the sandbox tells of itself."""
    port = int(sandbox.url.rpartition(":")[2])
    head = ["GET /_sandbox HTTP/1.1", *([f"Host: {host.format(port=port)}"] if host else []), *more]
    with socket.create_connection(("127.0.0.1", port), timeout=600) as connection:
        connection.sendall("\r\n".join([*head, "Connection: close", "", ""]).encode())
        answer = connection.makefile("rb").readline()
    return int(answer.split()[1])


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}", None])
def test_programs_of_this_machine_are_answered(host: str | None) -> None:
    with Sandbox(None) as sandbox:
        assert asked(sandbox, host) != 403


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("evil.example",), id="another name"),
        pytest.param(("evil.example:{port}",), id="another name with the port"),
        pytest.param(("127.0.0.1.evil.example",), id="a name that begins like the address"),
        pytest.param(("localhost:80@evil.example",), id="a name behind another"),
        pytest.param(("127.0.0.1:{port}", "Host: evil.example"), id="two names"),
        pytest.param(("127.0.0.1:{port}", "Origin: https://evil.example"), id="a page"),
        pytest.param(("127.0.0.1:{port}", "Origin: null"), id="a page of no origin"),
        pytest.param(("127.0.0.1:{port}", "Origin: http://127.0.0.1:{port}"), id="a page of this machine"),
        pytest.param(("127.0.0.1:{port}", "Sec-Fetch-Site: cross-site"), id="an image in a page"),
    ],
)
def test_web_pages_are_refused(words: tuple[str, ...]) -> None:
    with Sandbox(None) as sandbox:
        assert asked(sandbox, *words) == 403


def test_its_files_are_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "aws.sqlite"
    file.touch(mode=0o644)
    for name in ("ada@example.com", "bob@example.com"):
        with Sandbox(file) as sandbox:
            sandbox.store.add_user(name)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
            assert set(modes.values()) == {0o600}, modes

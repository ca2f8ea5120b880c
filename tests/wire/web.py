"""A web server that says what a test scripts, to the byte, over TLS or not; and certificates for it."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading  # noqa: TID251  # a server needs threads of its own
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.patience import joined


@dataclass(slots=True)
class Say:
    """One answer. `body` is sent as JSON, text or bytes; `raw` is sent instead of all, piece by piece."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Iterable[bytes] | None = None


@dataclass(slots=True)
class Heard:
    """One request as it came; `connection` counts from 1."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


DROP = Say(raw=())


@dataclass(slots=True)
class Web:
    """The answers in order, the last one for ever, or a function of the request; and what was asked."""

    answer: Callable[[Heard], Say]
    url: str = ""
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0


def page(status: int = 200, **headers: str) -> Say:
    return Say(status, "<html><body>Sign in</body></html>", {"Content-Type": "text/html", **headers})


def scim_error(status: int, detail: str = "", **more: Any) -> Say:
    schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"]
    return Say(status, {"schemas": schemas, "status": str(status), "detail": detail, **more})


@contextmanager
def serve(
    *says: Say, answer: Callable[[Heard], Say] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Web]:
    left = list(says)
    web = Web(answer or (lambda _: left.pop(0) if len(left) > 1 else left[0]))
    listener = socket.create_server(("127.0.0.1", 0))
    web.port = listener.getsockname()[1]
    web.url = f"http{'s' if tls else ''}://127.0.0.1:{web.port}/scim/v2"
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                opened.append(connection)
                web.connections += 1
                talk = threading.Thread(target=converse, args=(connection, web.connections), daemon=True)
                threads.append(talk)
                talk.start()

    def converse(connection: socket.socket, number: int) -> None:
        with suppress(OSError, ValueError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            spoken = tls.wrap_socket(connection, server_side=True) if tls else connection
            with spoken, spoken.makefile("rb") as coming:
                while (heard := _hear(coming, number)) is not None:
                    web.heard.append(heard)
                    if not _say(spoken, web.answer(heard)):
                        return
        connection.close()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield web
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        joined(acceptor)
        for each in opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        joined(*threads)


def _hear(coming: Any, connection: int) -> Heard | None:
    line = coming.readline().decode("ascii").split()
    if not line:
        return None
    headers = {}
    while (header := coming.readline().decode("ascii").rstrip("\r\n")) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = coming.read(int(headers.get("content-length", "0")))
    return Heard(line[0], line[1], headers, body, connection)


def _say(spoken: socket.socket, say: Say) -> bool:
    """Whether the connection goes on."""
    if say.raw is not None:
        for piece in say.raw:
            spoken.sendall(piece)
        return False
    body = say.body
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    head = "".join(
        f"{name}: {value}\r\n" for name, value in {"Content-Length": str(len(data)), **say.headers}.items()
    )
    spoken.sendall(f"HTTP/1.1 {say.status} x\r\n{head}\r\n".encode() + data)
    return True


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA of nobody's: its file, and what a server with a certificate from it speaks TLS by."""

    file: str
    tls: ssl.SSLContext


def authority(folder: Path, name: str, *hosts: str) -> Authority:
    """Make a CA and a certificate for `hosts` (names, or 127.0.0.1) in `folder`."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)  # noqa: TID251  # certificates are checked against the wall's time

    def start(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        built = built.serial_number(x509.random_serial_number())
        return built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))

    ca = (
        start(issuer, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = [
        x509.IPAddress(ipaddress.IPv4Address(host)) if host == "127.0.0.1" else x509.DNSName(host)
        for host in hosts
    ]
    leaf = (
        start(x509.Name([]), key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_file, leaf_file = folder / f"{name}.pem", folder / f"{name}-server.pem"
    ca_file.write_bytes(ca.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    leaf_file.write_bytes(private + leaf.public_bytes(pem))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(leaf_file)
    return Authority(str(ca_file), tls)

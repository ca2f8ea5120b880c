"""A stand-in for a domain controller at the wire: TLS, simple bind, pages, ranges, and faults on request.

It speaks BER (RFC 4511) over a socket, and has the caps of Windows that Samba does not have: at most
`page` entries an answer, and at most `values` values of an attribute.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading  # noqa: TID251  # a server of its own
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reconciler.sources.entry import Entry, normal
from tests.support.patience import PATIENCE, until

PASSWORD = "correct horse"
READER = "CN=reader,DC=ad,DC=example,DC=com"
_PAGED = "1.2.840.113556.1.4.319"
_TLS = b"1.3.6.1.4.1.1466.20037"
# Tags and contents of what stands one after the other.
Parts = list[tuple[int, bytes]]


@dataclass
class Directory:
    """What the server holds, how it answers, and what it was asked."""

    entries: Sequence[Entry]
    page: int = 1000
    values: int = 1500
    # How the search for users ends, on its page of this number, counting from 0.
    fault: str = ""
    at_page: int = 0
    start_tls: bool = True
    # What Deleted Objects hold; None where the reader may not look there.
    deleted: Sequence[Entry] | None = None
    # What happens to it right before one entry is read by its name.
    before_single: Callable[[], None] = lambda: None
    binds: list[tuple[str, str, bool]] = field(default_factory=list)
    searches: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)


@dataclass(frozen=True)
class Served:
    """Where it listens."""

    port: int
    ca_file: Path
    directory: Directory


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for these names that signs itself, and its key: the paths of both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "ca.pem", folder / "key.pem"
    cert.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, secret


@contextmanager
def serving(directory: Directory, folder: Path, *names: str, secure: bool = True) -> Iterator[Served]:
    """A server on 127.0.0.1 while the block runs; `secure` is LDAPS, else StartTLS is offered."""
    cert, key = certificate(folder, *(names or ("localhost",)))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        opened: list[socket.socket] = []
        thread = threading.Thread(
            target=_accept, args=(listening, directory, context, secure, opened), daemon=True
        )
        thread.start()
        try:
            yield Served(listening.getsockname()[1], cert, directory)
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)

            def over() -> bool:
                for each in opened:
                    with suppress(OSError):  # it ended by itself
                        each.shutdown(socket.SHUT_RDWR)
                return not thread.is_alive()

            until(over, "the end of the connections to the directory")


def _parts(data: bytes) -> Parts:
    """Values in BER, one after the other (X.690 8.1), with lengths in either form."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            more = length & 0x7F
            length, at = int.from_bytes(data[at : at + more], "big"), at + more
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _tlv(tag: int, content: bytes) -> bytes:
    """One value in BER, with its length in the long form where it must be."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _accept(
    listening: socket.socket,
    directory: Directory,
    context: ssl.SSLContext,
    secure: bool,  # noqa: FBT001  # of a thread
    opened: list[socket.socket],
) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with suppress(OSError, EOFError), connection:
            connection.settimeout(PATIENCE)
            opened.append(connection)
            _Session(connection, directory, context, secure=secure).run()


class _Session:
    def __init__(
        self, connection: socket.socket, directory: Directory, context: ssl.SSLContext, *, secure: bool
    ) -> None:
        self._socket, self._directory, self._context = connection, directory, context
        self._secure = secure
        self._plain = connection

    def run(self) -> None:
        """Answer until the other side hangs up."""
        if self._secure:
            self._secured()
        try:
            while True:
                self._answer(self._read())
        finally:
            self._socket.close()

    def _secured(self) -> None:
        # Who hung up already, as ldap3 does to see who listens, would leave a socket behind in `ssl`.
        if not self._plain.recv(1, socket.MSG_PEEK):
            raise EOFError
        self._socket = self._context.wrap_socket(self._plain, server_side=True)

    def _read(self) -> bytes:
        head = self._exactly(2)
        length = head[1]
        if length & 0x80:
            more = self._exactly(length & 0x7F)
            head, length = head + more, int.from_bytes(more, "big")
        return head + self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def _answer(self, data: bytes) -> None:
        ((_, message),) = _parts(data)
        (_, number), (kind, asked), *controls = _parts(message)
        self._id = int.from_bytes(number, "big")
        if kind == 0x60:
            self._bind(_parts(asked))
        elif kind == 0x77:
            self._start(_parts(asked))
        elif kind == 0x63:
            self._search(_parts(asked), controls)
        else:
            raise EOFError

    def _bind(self, asked: Parts) -> None:
        name, password = asked[1][1].decode(), asked[2][1].decode()
        self._directory.binds.append((name, password, self._socket is not self._plain))
        right = (name, password) == (READER, PASSWORD)
        says = "" if right else "80090308: data 52e"
        self._done(0x61, 0 if right else 49, says)

    def _start(self, asked: Parts) -> None:
        assert asked[0][1] == _TLS
        taken = self._directory.start_tls
        self._done(0x78, 0 if taken else 2)
        if taken:
            self._secured()

    def _search(self, asked: Parts, controls: Parts) -> None:
        base, single = asked[0][1].decode(), asked[1][1] == b"\0"
        names = tuple(name.decode() for _, name in _parts(asked[7][1]))
        if base.lower().startswith("cn=deleted objects"):
            self._deleted(names)
            return
        wanted = b"user" if b"person" in asked[6][1] else b"group"
        self._directory.searches.append((base, "single" if single else wanted.decode(), names))
        if single:
            self._directory.before_single()
            for one in self._directory.entries:
                if normal(one.dn) == normal(base):
                    self._entry(one, names)
            self._done(0x65, 0)
            return
        found = [one for one in self._directory.entries if wanted in one.values("objectClass")]
        size, cookie = self._paging(controls)
        start = int(cookie or b"0")
        fault = (
            self._directory.fault if wanted == b"user" and start // size == self._directory.at_page else ""
        )
        page = found[start : start + size]
        if fault == "garbage":
            self._socket.sendall(b"\x30\x05hello")
            return
        if fault == "hang-up":
            self._entry(page[0], names)
            raise EOFError
        self._referral()
        for one in page:
            self._entry(one, names)
        if fault == "same-page":
            self._done(0x65, 0, cookie=str(start).encode())
            return
        rest: bytes | None = b"" if start + size >= len(found) else str(start + size).encode()
        code = int(fault.removeprefix("code-")) if fault.startswith("code-") else 0
        rest = None if fault == "no-cookie" else rest
        self._done(0x65, code, cookie=rest)

    def _deleted(self, names: Sequence[str]) -> None:
        """What was deleted; noSuchObject where the reader may not look, as Windows has it."""
        shown = self._directory.deleted
        for one in shown or ():
            self._entry(one, names)
        self._done(0x65, 32 if shown is None else 0, cookie=None if shown is None else b"")

    def _paging(self, controls: Parts) -> tuple[int, bytes]:
        for _, listed in controls:
            for _, control in _parts(listed):
                (_, name), *_, (_, value) = _parts(control)
                if name == _PAGED.encode():
                    ((_, inner),) = _parts(value)
                    (_, size), (_, cookie) = _parts(inner)
                    return min(int.from_bytes(size, "big"), self._directory.page), cookie
        raise AssertionError("a search without paging")

    def _referral(self) -> None:
        self._send(0x73, _tlv(0x04, b"ldap://127.0.0.1:9/DC=elsewhere"))

    def _entry(self, one: Entry, names: Sequence[str]) -> None:
        listed = b""
        for name in names:
            for shown, values in self._ranged(name, one):
                held = _tlv(0x31, b"".join(_tlv(0x04, value) for value in values))
                listed += _tlv(0x30, _tlv(0x04, shown.encode()) + held)
        self._send(0x64, _tlv(0x04, one.dn.encode()) + _tlv(0x30, listed))

    def _ranged(self, name: str, one: Entry) -> Iterator[tuple[str, Sequence[bytes]]]:
        """As Windows has it: above the cap the plain name comes empty, beside the first part."""
        asked = re.fullmatch(r"(.+);range=(\d+)-\*", name)
        plain, start = (asked[1], int(asked[2])) if asked else (name, 0)
        values, most = one.values(plain), self._directory.values
        if not values:
            return
        if asked is None and len(values) <= most:
            yield name, values
            return
        if asked is None:
            yield name, ()
        end = "*" if start + most >= len(values) else str(start + most - 1)
        yield f"{plain};range={start}-{end}", values[start : start + most]

    def _done(self, kind: int, code: int, says: str = "", cookie: bytes | None = None) -> None:
        result = _tlv(0x0A, bytes([code])) + _tlv(0x04, b"") + _tlv(0x04, says.encode())
        controls = b""
        if cookie is not None:
            value = _tlv(0x30, _tlv(0x02, b"\0") + _tlv(0x04, cookie))
            one = _tlv(0x30, _tlv(0x04, _PAGED.encode()) + _tlv(0x04, value))
            controls = _tlv(0xA0, one)
        self._send(kind, result, controls)

    def _send(self, kind: int, content: bytes, controls: bytes = b"") -> None:
        number = self._id.to_bytes(4, "big")
        self._socket.sendall(_tlv(0x30, _tlv(0x02, number) + _tlv(kind, content) + controls))

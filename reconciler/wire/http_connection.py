"""One address and the connections to it: what is trusted, how long it may take, how much may come.

Everything that httpx raises ends here, as a `Fault`: its tracebacks hold the request with the token in it.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import cast
from urllib.parse import urlsplit

from reconciler import __version__
from reconciler.wire.clock import Clock
from reconciler.wire.http_address import environment_proxy, trusted
from reconciler.wire.tokens import Secret

# Seconds: until somebody is there, between two pieces of an answer, and for all of it.
CONNECT_TIMEOUT, READ_TIMEOUT, WHOLE_TIMEOUT = 5.0, 60.0, 120.0
# As many connections as calls that may be under way. Idle ones are closed before the shortest common
# server (Node.js, 5 s) closes them: a write on a connection that ends at that moment has no known outcome.
CONNECTIONS, KEEP_ALIVE = 16, 4.0
# Bytes of an answer, after decompression; a service without paging sends all its users in one. Of an error
# no more is read than can be wanted of it.
MAX_BODY, MAX_ERROR_BODY = 64 * 2**20, 64 * 2**10
_LOGGERS = ("httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks", "httpx")
_ERRORS = 300  # from this status on it is not an answer but an error, or a redirection


class Broken(Enum):
    """In which way there was no answer."""

    UNREACHED = "unreached"  # nobody was there; nothing was sent
    UNTRUSTED = "untrusted"  # somebody was there whose certificate is not trusted; nothing was sent
    UNSENDABLE = "unsendable"  # the request cannot be put into words of HTTP; nothing was sent
    LOST = "lost"  # it was sent, and no answer came, or none in time
    CUT_OFF = "cut off"  # the answer began, and did not end, or not in time
    TOO_LARGE = "too large"
    UNREADABLE = "unreadable"  # no HTTP, or packed in a way that was not asked for


@dataclass(frozen=True, slots=True)
class Fault:
    """No answer, and what is known of why; `why` may be the words of who knows nothing of tokens."""

    broken: Broken
    why: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers (names in lower case) and the body as it is; of an error, the beginning of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """The pool of connections to one address. Thread-safe; made when it is first needed.

    `proxied` takes the proxy of the environment. Raises Rejected where that or `ca_file` cannot be used.
    """

    def __init__(self, url: str, target: str, *, ca_file: str | None, proxied: bool, clock: Clock) -> None:
        from reconciler.wire.http_transport import http_transport

        self._url, self._clock = url, clock
        authorities = trusted(url, ca_file, target)
        proxy = environment_proxy(url, authorities, target) if proxied else None
        # Not a client: that would keep cookies, and follow its own mind about addresses and encodings.
        self._transport = http_transport(authorities, proxy, connections=CONNECTIONS, keep_alive=KEEP_ALIVE)
        for name in _LOGGERS:
            # What they log are names of people in addresses, and headers of answers: not ours to show.
            logging.getLogger(name).disabled = True

    def close(self) -> None:
        """End every connection."""
        self._transport.close()

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], secret: Secret | None, body: bytes | None
    ) -> Reply | Fault:
        """Send one request to `target`, a path and query as they are, and read the answer to its end.

        Without `secret` no credentials are sent.
        """
        broken: BaseException
        try:
            return self._exchange(method, target, headers, secret, body)
        except BaseException as error:  # noqa: BLE001  # sorted out below, where no frame of httpx is left
            broken = error
        fault = _fault(broken)
        if fault is None:
            # Ctrl-C, or a mistake of ours: without the frames that hold the token.
            broken.__cause__ = broken.__context__ = None
            raise broken.with_traceback(None)
        return fault

    def _exchange(
        self, method: str, target: str, headers: Mapping[str, str], secret: Secret | None, body: bytes | None
    ) -> Reply | Fault:
        import httpx

        from reconciler.wire.http_transport import Until

        parts = urlsplit(self._url)
        url = httpx.URL(f"{parts.scheme}://{parts.netloc}{target}")
        if url.raw_path != target.encode("ascii"):
            raise httpx.LocalProtocolError("the address is not percent-encoded")
        until = self._clock.monotonic() + WHOLE_TIMEOUT
        request = httpx.Request(
            method,
            url,
            headers={
                "User-Agent": f"identity-reconciler/{__version__}",
                "Accept-Encoding": "gzip",
                **headers,
                **({} if secret is None else {"Authorization": f"Bearer {secret.reveal()}"}),
            },
            content=body,
            extensions={
                "timeout": {
                    "connect": Until(CONNECT_TIMEOUT, until, self._clock.monotonic),
                    "read": Until(READ_TIMEOUT, until, self._clock.monotonic),
                    "write": Until(READ_TIMEOUT, until, self._clock.monotonic),
                    "pool": WHOLE_TIMEOUT,
                }
            },
        )
        response = self._transport.handle_request(request)
        with closing(response):
            answered = {name.lower(): value for name, value in response.headers.items()}
            read = _read(response.status_code, answered, cast(Iterator[bytes], response.stream))
        return read if isinstance(read, Fault) else Reply(response.status_code, answered, read)


def _fault(error: BaseException) -> Fault | None:
    """What `error` means, if it is about the network; its words only where no request can be in them."""
    import ssl

    import httpx

    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return Fault(Broken.UNTRUSTED, link.verify_message)
        link = link.__cause__ or link.__context__
    if isinstance(error, httpx.ProxyError):
        return Fault(Broken.UNREACHED, f"the proxy says {error}")
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
        return Fault(Broken.UNREACHED, str(error))
    if isinstance(
        error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError)
    ):
        return Fault(Broken.UNSENDABLE)
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return Fault(Broken.UNREADABLE, str(error))
    if isinstance(error, httpx.TimeoutException):
        return Fault(Broken.LOST, "the answer did not come in time")
    if isinstance(error, httpx.TransportError):
        return Fault(Broken.LOST, "the connection ended before the answer")
    return None


def _read(status: int, headers: Mapping[str, str], stream: Iterator[bytes]) -> bytes | Fault:
    """The body, unpacked. Of an error, what can be had of it: its status says the rest."""
    import httpx

    wanted = status < _ERRORS
    body, fault = bytearray(), None
    try:
        fault = _fill(body, headers, stream, MAX_BODY if wanted else MAX_ERROR_BODY)
    except zlib.error:
        fault = Fault(Broken.UNREADABLE, "it is not packed as it says")
    except httpx.TimeoutException:
        fault = Fault(Broken.CUT_OFF, f"it did not end within {WHOLE_TIMEOUT:.0f} seconds")
    except httpx.TransportError:
        fault = Fault(Broken.CUT_OFF, "the connection ended in the middle of it")
    return fault if fault is not None and wanted else bytes(body)


def _fill(body: bytearray, headers: Mapping[str, str], stream: Iterator[bytes], most: int) -> Fault | None:
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        return Fault(Broken.UNREADABLE, "it is packed in a way that was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
    too_large = Fault(Broken.TOO_LARGE, f"it is larger than {most // 2**20} MiB")
    came = 0
    for chunk in stream:
        came += len(chunk)
        body += unpack.decompress(chunk, most + 1 - len(body)) if unpack is not None else chunk
        if came > most or len(body) > most:
            return too_large
        if unpack is not None and unpack.unused_data:
            return Fault(Broken.UNREADABLE, "there is more behind its end")
    if unpack is not None and came and not unpack.eof:
        return Fault(Broken.CUT_OFF, "it ends in the middle")
    return None

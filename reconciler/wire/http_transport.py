"""httpx over a pool of httpcore whose connections end on time, also where bytes keep dripping.

httpx bounds each piece of an answer, and not the whole (its documentation, "Timeouts"). httpcore's pool takes
a network backend (`ConnectionPool(network_backend=...)`), and that is where the whole is bounded. This module
imports both, so it is imported when a connection is first needed.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self, cast

import httpcore
import httpx

_LATE = "the time for the whole is over"


def http_transport(
    authorities: ssl.SSLContext, proxy: httpx.Proxy | None, *, connections: int, keep_alive: float
) -> httpx.BaseTransport:
    """HTTP/1.1 by at most `connections` connections, each closed after `keep_alive` idle seconds.

    Each request names its bounds in the extension `timeout`: `Until` for connect, read and write. Nothing is
    taken from the environment. Raises what httpx raises.
    """
    return _Transport(
        httpcore.ConnectionPool(
            ssl_context=authorities,
            proxy=None if proxy is None else _proxy(proxy),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=keep_alive,
            network_backend=_Backend(),
        )
    )


def _proxy(proxy: httpx.Proxy) -> httpcore.Proxy:
    url = proxy.url
    return httpcore.Proxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
        ssl_context=proxy.ssl_context,
    )


class _Transport(httpx.BaseTransport):
    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        with _raising_as_httpx():
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=cast(Iterable[bytes], request.stream),
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The bytes of an answer as they come."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _raising_as_httpx():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@contextmanager
def _raising_as_httpx() -> Iterator[None]:
    """What httpcore raises, under the name that it has in httpx: both have one for each fault."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        known = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise known(str(error)) from error


class Until(float):
    """Seconds that a step may take, and the moment at which the whole must be over."""

    _until: float
    _monotonic: Callable[[], float]

    def __new__(cls, seconds: float, until: float, monotonic: Callable[[], float]) -> Self:
        """`seconds` for the step, and the moment `until` of the clock `monotonic`, in seconds as well."""
        made = super().__new__(cls, seconds)
        made._until, made._monotonic = until, monotonic
        return made

    def left(self, late: type[Exception]) -> float:
        """The seconds for the next piece; raises `late` when the whole is over."""
        left = self._until - self._monotonic()
        if left <= 0:
            raise late(_LATE)
        return min(float(self), left)


class _Backend(httpcore.NetworkBackend):
    """httpcore's own way to the network, which ends on time even where bytes keep dripping."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> _Stream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """One connection of `_Backend`."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


def _left(timeout: float | None, late: type[Exception]) -> float:
    assert isinstance(timeout, Until), "every request names its bounds"
    return timeout.left(late)

"""Sandboxes that answer in the process of the test: botocore and httpcore hand them requests directly.

A socket, and a thread on each side of it, cost more than all the rest of most calls, and few tests are
about them. Everything else is as it is: botocore signs and parses, the wire rooms pace and retry, the
sandbox routes and checks. A request goes over its socket all the same where

- the test says so (`pytest.mark.socket`),
- another process sends it, or other means than botocore and httpcore do,
- the sandbox has faults to come: connections that end, answers that are cut off, time that runs out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, wraps
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import httpcore
from botocore import hooks
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.hooks import EVENT_ALIASES, EventAliaser
from botocore.httpsession import URLLib3Session

from reconciler.sandbox import Sandbox
from reconciler.wire.aws import Aws
from reconciler.wire.aws_errors import RequestInfo

_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
# Those that run, by their ports.
_RUNNING: dict[int, Sandbox] = {}
# Ports of those that are stopped. The next ones listen there, so that clients are made once for all of them.
_FREE: list[int] = []
_CLIENTS: dict[object, Any] = {}
# Whether anything goes this way.
_switch = {"on": True}


def answer_in_process(*, yes: bool) -> None:
    """Whether the sandboxes of this process answer directly from now on."""
    _switch["on"] = yes


def install() -> None:
    """Look at every sandbox that starts, and at every request of botocore and of httpcore. Once a process."""
    start, stop = Sandbox.start, Sandbox.stop
    send, handle = URLLib3Session.send, httpcore.ConnectionPool.handle_request

    @wraps(start)
    def started(self: Sandbox) -> Sandbox:
        if self._server is None and self._port == 0 and _FREE:
            self._port = _FREE.pop()
            try:
                start(self)
            except OSError:  # somebody else listens there now
                pass
            finally:
                self._port = 0
        start(self)
        _RUNNING[self.port] = self
        return self

    @wraps(stop)
    def stopped(self: Sandbox) -> None:
        port = self.port if self._server is not None else None
        _RUNNING.pop(port or 0, None)
        stop(self)
        if port is not None and self._port == 0:
            _FREE.append(port)

    @wraps(send)
    def sent(self: Any, request: AWSPreparedRequest) -> AWSResponse:
        sandbox, body = _meant(request.url), cast(object, request.body or b"")
        if sandbox is None or not isinstance(body, (bytes, str)):
            return send(self, request)
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        content = body.encode() if isinstance(body, str) else body
        status, declared, answer = _asked(sandbox, request.method, request.url, headers, content)
        return AWSResponse(request.url, status, HTTPHeaders.from_dict(declared), _Raw(answer))

    @wraps(handle)
    def handled(self: httpcore.ConnectionPool, request: httpcore.Request) -> httpcore.Response:
        url = bytes(request.url).decode("ascii")
        sandbox = _meant(url)
        if sandbox is None:
            return handle(self, request)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
        body = b"".join(cast(Iterable[bytes], request.stream))
        status, declared, answer = _asked(sandbox, request.method.decode("ascii"), url, headers, body)
        return httpcore.Response(status, headers=list(declared.items()), content=answer)

    for owner, name, made in (
        (Sandbox, "start", started),
        (Sandbox, "stop", stopped),
        (URLLib3Session, "send", sent),
        (httpcore.ConnectionPool, "handle_request", handled),
    ):
        setattr(owner, name, made)
    _share_aliases()
    _remember_signatures()
    _share_clients()


def _share_clients() -> None:
    """Let targets share a client of one service at one address: to make one takes longer than most tests."""
    connect = Aws._connect

    @wraps(connect)
    def connected(self: Aws, asked: RequestInfo) -> Any:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name.startswith("AWS_") or name.upper().endswith("_PROXY")
        }
        plain = self._sandbox or all(environment.get(name) == os.devnull for name in _FILES)
        parts = urlsplit(self._endpoint_url or environment.get("AWS_ENDPOINT_URL", ""))
        here = _switch["on"] and parts.hostname == "127.0.0.1" and parts.port in _RUNNING
        if not plain or not here:
            return connect(self, asked)
        key = (
            asked.service,
            self._asked_region,
            self._endpoint_url,
            self._sandbox,
            tuple(sorted(self._credentials.items())),
            tuple(sorted(environment.items())),
        )
        if key not in _CLIENTS:
            _CLIENTS[key] = connect(self, asked)
        return _CLIENTS[key]

    setattr(Aws, "_connect", connected)  # noqa: B010  # typed otherwise than it is


def _meant(url: str) -> Sandbox | None:
    """The sandbox that answers this request here, if one does."""
    parts = urlsplit(url)
    if not _switch["on"] or parts.hostname != "127.0.0.1" or parts.port not in _RUNNING:
        return None
    sandbox = _RUNNING[parts.port]
    return None if sandbox.faults.pending() else sandbox


def _asked(
    sandbox: Sandbox, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer, as the server would write them."""
    server = sandbox._server
    assert server is not None
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    reply = server.route(method, path or "/", headers, body)
    assert not reply.dropped
    assert reply.sent is None
    framed = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.body))}
    bare = reply.status == HTTPStatus.NO_CONTENT
    return reply.status, {**({} if bare else framed), **server.headers, **reply.headers}, reply.body


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Raw:
    """What botocore reads the body of an answer from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._body


def _share_aliases() -> None:
    """Let all sessions of botocore share the other names of events, which each would work out for itself."""
    make = EventAliaser.__init__
    known: dict[str, str] = {}

    @wraps(make)
    def made(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        if self._event_aliases == EVENT_ALIASES:
            self._alias_name_cache = known

    EventAliaser.__init__ = made  # type: ignore[method-assign]  # there is no setting for it


def _remember_signatures() -> None:
    """Let botocore look once at the signature of each of its handlers, not again for each client."""
    accepts = lru_cache(maxsize=1024)(hooks.accepts_kwargs)

    def accepted(handler: Any) -> Any:
        # Not the bound method: that would keep its session.
        return accepts(getattr(handler, "__func__", handler))

    setattr(hooks, "accepts_kwargs", accepted)  # noqa: B010  # typed otherwise than it is

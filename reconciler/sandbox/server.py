"""HTTP/1.1 on loopback: keep-alive, no Nagle, and every answer in one send.

`http.server` as it comes answers in several small writes, which Nagle's algorithm and delayed
acknowledgements turn into 44 ms a call; written at once, a call takes under a millisecond.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.sandbox.faulty_replies import Reply

# A request of the largest documented size is far below (100 operations of 1,024 characters).
_LARGEST_BODY = 4 << 20

# method, path, headers (names in lower case), body
Route = Callable[[str, str, Mapping[str, str], bytes], Reply]


# What a client on this machine calls it; any other name may be a web page's that points here (DNS rebinding).
_OURS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


class Server:
    """Serves `route` on 127.0.0.1; port 0 takes any that is free."""

    def __init__(self, route: Route, *, port: int, headers: Mapping[str, str]) -> None:
        self.route, self.headers = route, dict(headers)
        handler = type("Handler", (_Handler,), {"route": staticmethod(route), "always": self.headers})
        self._http = _Http(("127.0.0.1", port), handler)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._http.server_address[1])

    def start(self) -> None:
        """Serve, from threads of its own."""
        self._thread = threading.Thread(
            # The interval is how long stopping may take, in seconds.
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox", daemon=True
        )  # fmt: skip
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end every connection, and wait for the threads."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()
        self._http.end_connections()


def _from_a_page(hosts: Sequence[str], headers: Mapping[str, str]) -> str:
    """Why a request may come from a web page that somebody has open, "" where it does not.

    Browsers send `Origin` with all that can change something, and programs do not (Fetch, section 3.1).
    """
    if any(not _OURS.fullmatch(host.strip()) for host in hosts):
        return "the sandbox answers to 127.0.0.1 and localhost only"
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        return "the sandbox answers no web page"
    return ""


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: dict[socket.socket, threading.Thread] = {}
        self._open_lock = threading.Lock()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for the name of the host here, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        # Noted before the thread runs, so that stopping misses none.
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="sandbox", daemon=True
        )
        with self._open_lock:
            self._open[request] = thread
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                self._open.pop(request, None)

    def end_connections(self) -> None:
        """Wake the threads that wait for a further request on a connection, and join them."""
        with self._open_lock:
            still = dict(self._open)
        for connection in still:
            with contextlib.suppress(OSError):  # it ended by itself meanwhile
                connection.shutdown(socket.SHUT_RD)
        for thread in still.values():
            thread.join(timeout=10)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    route: Route
    always: Mapping[str, str]

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._write(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"", content_type="text/plain"))
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if why := _from_a_page(self.headers.get_all("Host", []), headers):
            self._write(Reply(HTTPStatus.FORBIDDEN, why.encode(), content_type="text/plain"))
            return
        reply = self.route(self.command, self.path, headers, body)
        if reply.dropped:
            self.close_connection = True
            return
        self._write(reply)

    def _write(self, reply: Reply) -> None:
        try:
            phrase = HTTPStatus(reply.status).phrase
        except ValueError:  # a fault may ask for a status that has no name
            phrase = "Unnamed"
        # "A server MUST NOT send a Content-Length header field in any response with a status code of 204"
        # (RFC 9110, section 8.6).
        framed = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.body))}
        fields = {
            **({} if reply.status == HTTPStatus.NO_CONTENT else framed),
            "Date": self.date_time_string(),
            **self.always,
            **reply.headers,
        }
        if self.close_connection or reply.sent is not None:
            self.close_connection = True
            fields["Connection"] = "close"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        body = reply.body if reply.sent is None else reply.body[: reply.sent]
        self.wfile.write(f"HTTP/1.1 {reply.status} {phrase}\r\n{head}\r\n".encode("latin-1") + body)

    do_POST = _serve  # noqa: N815  # http.server finds methods by these names
    do_GET = _serve  # noqa: N815  # as above
    do_DELETE = _serve  # noqa: N815  # as above
    do_PUT = _serve  # noqa: N815  # as above
    do_PATCH = _serve  # noqa: N815  # as above

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Requests go into the journal, not to stderr."""

"""A server that answers what a test scripts, byte by byte: what no well-behaved stand-in would say."""

from __future__ import annotations

import json
import threading  # noqa: TID251  # a server needs a thread of its own
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.patience import joined

DROP = "drop"


@dataclass(slots=True)
class Reply:
    """One answer. `body` DROP ends the connection without a word; other text is sent as it is."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Script:
    """The answers in order, the last one for ever, or a function of the request; and what was asked."""

    answer: Callable[[str, Mapping[str, Any]], Reply]
    url: str = ""
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


def in_order(*replies: Reply) -> Callable[[str, Mapping[str, Any]], Reply]:
    left = list(replies)

    def answer(_operation: str, _params: Mapping[str, Any]) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def error(code: str, message: str = "", *, status: int = 400, **members: Any) -> Reply:
    return Reply({"__type": code, "Message": message, **members}, status)


@contextmanager
def serve(
    *replies: Reply, answer: Callable[[str, Mapping[str, Any]], Reply] | None = None
) -> Iterator[Script]:
    script = Script(answer or in_order(*replies))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            operation = (self.headers["x-amz-target"] or self.path).rpartition(".")[2]
            params = json.loads(body)
            script.asked.append((operation, params))
            script.headers.append({key.lower(): value for key, value in self.headers.items()})
            reply = script.answer(operation, params)
            if reply.body == DROP:
                self.close_connection = True
                return
            data = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
            self.send_response_only(reply.status)
            for key, value in {"Content-Length": str(len(data)), **reply.headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data)
            if reply.headers.get("Content-Length"):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        joined(thread)
        server.server_close()

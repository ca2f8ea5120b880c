"""A SCIM service on loopback that is odd in every way that real ones are, one switch each. The tests' own."""

from __future__ import annotations

import json
import threading  # noqa: TID251  # a server needs threads of its own
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.patience import joined
from tests.targets.scim.odd_world import Lost, Refusal, Resource
from tests.targets.scim.odd_writing import Writing

__all__ = ["Lost", "Odd", "Refusal", "Resource", "serving"]

_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_PAGE = "<html><body>Something went wrong</body></html>"


class Odd(Writing):
    """The whole service; see Held for its switches."""

    def answer(self, method: str, target: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status and body; raises Refusal and Lost."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/v2/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self.lock:
            self.asked.append((method, path + (f"?{unquote(parts.query)}" if parts.query else ""), body))
            self.headers.append(headers)
            if headers.get("authorization") != f"Bearer {self.token}":
                raise Refusal(401, body="" if self.discovery_body is None else _PAGE)
            if (refusal := self.fail(method, path)) is not None:
                raise refusal
            if method != "GET" and (word := next(_words(body, self.refuses), None)):
                raise Refusal(400, f"Attribute '{word}' is not supported", kind="invalidSyntax")
            kind, _, name = path.partition("/")
            lose = next((one for one in self.losing if one[0] == f"{method} {kind}"), None)
            number = len(self.writes()) if method != "GET" else 0
            if number in self.lost_writes:
                if self.lost_after:
                    self._route(method, kind, unquote(name), query, body, headers)
                raise Lost
            if lose is not None:
                self.losing.remove(lose)
                if lose[1]:
                    self._route(method, kind, unquote(name), query, body, headers)
                raise Lost
            return self._route(method, kind, unquote(name), query, body, headers)

    def _route(
        self,
        method: str,
        kind: str,
        name: str,
        query: Mapping[str, str],
        body: Any,
        headers: Mapping[str, str],
    ) -> tuple[int, Any]:
        if kind == "Bulk":
            return 200, self._bulk(body)
        if kind not in ("Users", "Groups"):
            return self._discover(kind)
        where = self.users if kind == "Users" else self.groups
        if method == "POST":
            made = self._post(kind, where, body)
            return 201, {**self._shown(made), "id": self.called(made, self.creates_as)}
        if not name:
            listed = self._list(kind, where, query)
            return (204 if listed is None else 200), listed
        name = self.own(name)
        if name not in where:
            raise Refusal(404, f"no {name}")
        one = where[name]
        if method == "GET":
            return 200, {**self._shown(one, listed=False), "id": self.called(one, self.gets_as)}
        return self._change(method, kind, where, one, body, headers)


def _words(body: Any, refused: frozenset[str]) -> Iterator[str]:
    """The refused words that a body has as keys, or at the ends of paths."""
    if isinstance(body, list):
        for each in body:
            yield from _words(each, refused)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key in refused:
                yield key
            if key == "path" and isinstance(value, str) and value.rpartition(".")[2] in refused:
                yield value
            yield from _words(value, refused)


@contextmanager
def serving(odd: Odd) -> Iterator[str]:
    """The service on loopback; its base address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            headers = {key.lower(): value for key, value in self.headers.items()}
            try:
                status, expected = odd.answer(self.command, self.path, body, headers)
                text = "" if expected is None else json.dumps(expected)
            except Refusal as refusal:
                status = refusal.status
                error = {"schemas": [_ERROR], "status": str(status), "detail": refusal.detail}
                error |= {"scimType": refusal.kind} if refusal.kind else {}
                text = json.dumps(error) if refusal.body is None else refusal.body
            except Lost:
                self.close_connection = True
                return
            data = text.encode()
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v2"
    finally:
        server.shutdown()
        server.server_close()
        joined(thread)

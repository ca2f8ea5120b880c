"""JSON over HTTPS with a token from the environment: pages, rate limits, and one redirect without the token.

Sources: docs.github.com, "Using pagination in the REST API", "Rate limits for the REST API", "REST API
endpoints for GitHub Actions artifacts" (the answer to a download is 302 to storage, without credentials).
"""

from __future__ import annotations

import json
import random
import re
import weakref
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import isfinite, nan
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from reconciler.errors import IncompleteRead, Rejected
from reconciler.wire import http_errors, retry
from reconciler.wire.clock import Clock, SystemClock
from reconciler.wire.dates import http_date
from reconciler.wire.http_address import checked_url
from reconciler.wire.http_connection import Connection, Fault, Reply
from reconciler.wire.http_errors import RequestInfo
from reconciler.wire.retry import Failure
from reconciler.wire.tokens import Secret, Tokens, TokenSource

# Beyond this many a list is not read to its end, and what is missing must not pass for absent.
MAX_PAGES = 50
_PER_PAGE = 100
_NEXT = re.compile(r'<[^>]*>\s*;[^,]*\brel="?next"?')
_SEGMENT_SAFE = "-._~"


def segment(text: str) -> str:
    """`text` as one segment of a path; raises ValueError for one that leads elsewhere."""
    if text in ("", ".", ".."):
        raise ValueError("a segment of a path that leads elsewhere")
    return quote(text, safe=_SEGMENT_SAFE)


class Rest:
    """One API at one base address. `service` names it in errors; `token` says where the token stands.

    `token_header` is the header that takes the token ("Authorization" is sent as a bearer token). Raises
    Rejected for an address to which no token is sent.
    """

    def __init__(
        self,
        service: str,
        url: str,
        token: TokenSource,
        *,
        headers: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.service, self.url = service, checked_url(url, service)
        self._path = urlsplit(self.url).path
        self._tokens = Tokens(service, token)
        self._headers = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        self._clock, self._chance = clock or SystemClock(), chance
        self._connections: dict[str, Connection] = {}
        self._date = ""

    def now(self) -> datetime:
        """What time it is by the clock of the service, as its last answer said; else by ours."""
        return http_date(self._date) or self._clock.now()

    def ask(
        self, method: str, path: str, label: str, *, body: Any = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON answer to one request; None where there is no body. Raises ServiceError."""
        return self._parsed(self._send(method, path, label, body=body, query=query), label)

    def pages(
        self, path: str, label: str, *, key: str | None = None, query: Mapping[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every object of a list, page by page; `key` names the list where an object surrounds it.

        Raises ServiceError, and IncompleteRead for a list of more than `MAX_PAGES` pages.
        """
        for number in range(1, MAX_PAGES + 1):
            asked = {**(query or {}), "per_page": str(_PER_PAGE), "page": str(number)}
            reply = self._send("GET", path, label, query=asked)
            answer = self._parsed(reply, label)
            items = answer.get(key) if key is not None and isinstance(answer, dict) else answer
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise IncompleteRead("the answer is not a list", target=self.service, request=label)
            yield from items
            if not _NEXT.search(reply.headers.get("link", "")) and not reply.headers.get("x-next-page"):
                return
        message = f"the list has more than {MAX_PAGES} pages, and is not read to its end"
        raise IncompleteRead(message, target=self.service, request=label)

    def download(self, path: str, label: str) -> bytes:
        """The bytes at `path`, after at most one redirect, where no token is sent. Raises ServiceError."""
        reply = self._send("GET", path, label, redirects=True)
        if reply.status < 300:
            return reply.body
        location = reply.headers.get("location", "")
        try:
            parts = urlsplit(location)
            base = checked_url(f"{parts.scheme}://{parts.netloc}", self.service)
        except ValueError as error:
            message = "the download leads to what is not a valid address"
            raise Rejected(message, target=self.service, request=label) from error
        if urlsplit(self.url).scheme == "https" and parts.scheme != "https":
            raise Rejected("the download is not encrypted", target=self.service, request=label)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return self._send("GET", target, label, base=base).body

    def _send(
        self,
        method: str,
        path: str,
        label: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        base: str | None = None,
        redirects: bool = False,
    ) -> Reply:
        target = path if base is not None else f"{self._path}/{path.lstrip('/')}"
        target += f"?{urlencode(query)}" if query else ""
        data = None if body is None else json.dumps(body).encode()
        attempt, spent = 0, 0.0
        while True:
            attempt += 1
            began = self._clock.monotonic()
            answer = self._once(method, target, label, data, base=base, redirects=redirects)
            if isinstance(answer, Reply):
                return answer
            if not retry.retryable(answer.fate, mutates=method != "GET"):
                raise answer.error
            spent += self._clock.monotonic() - began
            seconds = retry.delay(answer.fate, attempt, spent, answer.retry_after, self._chance())
            if seconds is None:
                raise answer.error
            spent += seconds
            self._clock.sleep(seconds)

    def _once(
        self, method: str, target: str, label: str, body: bytes | None, *, base: str | None, redirects: bool
    ) -> Reply | Failure:
        # Storage is another party: it gets neither the token nor the headers of the API.
        secret: Secret | None = self._tokens.current() if base is None else None
        source = secret.source if secret is not None else "no token"
        scrub = self._tokens.scrub
        asked = RequestInfo(self.service, label, method != "GET", base or self.url, source, scrub)
        headers = self._headers if base is None else {}
        reply = self._connect(base or self.url).exchange(method, target, headers, secret, body)
        if isinstance(reply, Fault):
            return http_errors.broken(reply, asked)
        if base is None:
            self._date = reply.headers.get("date", "")
        if reply.status < 300 or (redirects and reply.status in (302, 303, 307, 308)):
            return reply
        return http_errors.refused(_limited(reply), asked, self._tokens.refused())

    def _connect(self, url: str) -> Connection:
        if url not in self._connections:
            made = Connection(url, self.service, ca_file=None, proxied=True, clock=self._clock)
            # A caller that forgets this object leaves no socket open.
            weakref.finalize(self, made.close)
            self._connections[url] = made
        return self._connections[url]

    def _parsed(self, reply: Reply, label: str) -> Any:
        if not reply.body.strip():
            return None
        try:
            return json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise IncompleteRead("the answer is not JSON", target=self.service, request=label) from error


def _limited(reply: Reply) -> Reply:
    """A refusal for too many calls as what it is: GitHub says 403 as well as 429, and when to come again."""
    headers = dict(reply.headers)
    spent = headers.get("x-ratelimit-remaining") == "0"
    if reply.status not in (403, 429) or not (spent or "retry-after" in headers):
        return reply
    if "retry-after" not in headers:
        headers["retry-after"] = _until(headers)
    return Reply(429, headers, reply.body)


def _until(headers: Mapping[str, str]) -> str:
    """Seconds until the limit is reset, by the clock of the service (RFC 9110, section 6.6.1: Date)."""
    sent = http_date(headers.get("date", ""))
    try:
        left = float(headers.get("x-ratelimit-reset", "")) - (sent.timestamp() if sent else nan)
    except ValueError:
        return "60"
    return f"{max(1.0, left):.0f}" if isfinite(left) else "60"

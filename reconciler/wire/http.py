"""HTTP to one service: sends, paces, retries, counts, checks, and says errors in our own words."""

from __future__ import annotations

import json
import random
import re
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from reconciler.errors import Rejected
from reconciler.model.observer import Observer, Silent
from reconciler.wire import http_errors, retry
from reconciler.wire.clock import Clock, SystemClock
from reconciler.wire.http_address import checked_url
from reconciler.wire.http_connection import Connection, Fault
from reconciler.wire.http_errors import MalformedError, RequestInfo
from reconciler.wire.loopback import announced_speed
from reconciler.wire.pace import Cost, Pace
from reconciler.wire.pool import Guarded
from reconciler.wire.retry import Failure
from reconciler.wire.tokens import Tokens, TokenSource

_OK = 300  # from this status on it is not an answer but an error, or a redirection
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+")
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_HEADER = re.compile(r"[\t -~]*")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is and who may speak to it; all of it from the configuration, none from an answer.

    `ca_file` is a private CA that is believed beside the public ones; `environment_proxy` lets HTTPS_PROXY,
    ALL_PROXY and NO_PROXY say which way to take. Nothing else of the environment is looked at.
    """

    url: str
    token: TokenSource
    token_next: TokenSource | None = None
    ca_file: str | None = None
    environment_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` (relative to the base URL) and `query` are percent-encoded, and go as they are.

    `label` stands for it in counts and errors ("scim.ListUsers"), `body` is sent as JSON. `needs_body` says
    that an answer without a body is none. `pace` is what it costs: families and units (none: one of its
    label). `tentative` says that a 401 need not be about the token, as services answer it at their discovery
    endpoints: where no token helps, the one that was in use stays in use.
    """

    method: str
    path: str
    label: str
    mutates: bool
    query: str = ""
    body: Any | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    pace: tuple[Cost, ...] = ()
    needs_body: bool = True
    tentative: bool = False

    @property
    def costs(self) -> tuple[Cost, ...]:
        """What it costs of which families."""
        return self.pace or ((self.label, 1.0),)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status (2xx), headers (names in lower case), and the JSON object; None where there was no body."""

    status: int
    headers: Mapping[str, str]
    body: Any | None


class Http:
    """A service as one target sees it. Thread-safe; connections are made when they are first needed.

    `rate` tells how many units a second a family of calls is given, `headers` go with every request. `speed`
    says by how much the time of the embedded sandbox runs faster (None: read it from the answers of a
    loopback endpoint). Raises Rejected for an address to which no token is ever sent.
    """

    def __init__(
        self,
        target: str,
        endpoint: Endpoint,
        *,
        rate: Callable[[str], float],
        clock: Clock | None = None,
        observer: Observer | None = None,
        headers: Mapping[str, str] | None = None,
        speed: float | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.target, self._endpoint = target, endpoint
        self._url = checked_url(endpoint.url, target)
        parts = urlsplit(self._url)
        self._host, self._path = f"{parts.scheme}://{parts.netloc}", parts.path
        self.tokens = Tokens(target, endpoint.token, endpoint.token_next)
        self._clock: Clock = clock or SystemClock()
        self._pace = Pace(self._clock, observer or Silent(), target, ceiling=rate, speed=speed or 1.0)
        self._speed_known, self._chance = speed is not None, chance
        self._headers = {
            "Accept": "application/scim+json, application/json",
            "Content-Type": "application/scim+json",
            **(headers or {}),
        }
        self._connection: Guarded[list[Connection]] = Guarded([])
        self._calls: Guarded[Counter[str]] = Guarded(Counter())

    @property
    def url(self) -> str:
        """The base address, without a slash at its end."""
        return self._url

    @property
    def speed(self) -> float:
        """How many times faster than the real service the other side's time runs."""
        return self._pace.speed

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent so far, every retry among them, by label."""
        with self._calls as calls:
            return dict(calls)

    def call(self, request: Request) -> Answer:
        """One request, until it is answered with success.

        Reads are sent again after throttling, faults of the service and of the way. Writes are sent again
        only when they were throttled or never left; where the answer to a write was lost, OutcomeUnknown
        is raised. A token that is not accepted is replaced by the next one, once. Raises ServiceError in its
        kinds; IncompleteRead when the answer is none of the service's.
        """
        attempt, spent = 0, 0.0
        while True:
            attempt += 1
            self._pace.wait(request.costs)
            # The wait in our own line is not a sign that the service is ill: it counts for nothing below.
            began = self._clock.monotonic()
            answer = self._once(request)
            if isinstance(answer, Answer):
                self._pace.answered(request.costs)
                return answer
            fate, retry_after = answer.fate, answer.retry_after
            if fate is retry.RetryDecision.THROTTLED or retry_after:
                self._pace.throttled(request.costs, retry_after)
            if not retry.retryable(fate, mutates=request.mutates):
                raise answer.error
            # Waits count in the service's own time; what calls take does not shrink with a sandbox's speed.
            spent += self._clock.monotonic() - began
            seconds = retry.delay(fate, attempt, spent, retry_after, self._chance())
            if seconds is None:
                raise answer.error
            spent += seconds
            self._clock.sleep(seconds / self.speed)

    def _once(self, request: Request) -> Answer | Failure:
        target, headers = self._words(request)
        body = None if request.body is None else json.dumps(request.body).encode()
        connection = self._connect()
        first = self.tokens.current()
        while True:
            secret = self.tokens.current()
            with self._calls as calls:
                calls[request.label] += 1
            reply = connection.exchange(request.method, target, headers, secret, body)
            asked = RequestInfo(
                self.target, request.label, request.mutates, self._host, secret.source, self.tokens.scrub
            )
            if isinstance(reply, Fault):
                return http_errors.broken(reply, asked)
            if not self._speed_known and (speed := announced_speed(self._url, reply.headers)) is not None:
                self._pace.speed = speed
            # A service that does not know the token has not looked at the request.
            if reply.status != 401 or not self.tokens.rejected(secret):
                break
        if reply.status == 401 and request.tentative:
            self.tokens.go_back(first)
        if reply.status >= _OK:
            return http_errors.refused(reply, asked, self.tokens.refused())
        if not reply.body.strip() and not request.needs_body:
            return Answer(reply.status, reply.headers, None)
        if self.tokens.shown_in(reply.body):
            return http_errors.malformed(MalformedError("the answer repeats the token"), asked)
        try:
            return Answer(reply.status, reply.headers, http_errors.parsed(reply.body, self.tokens.scrub))
        except MalformedError as error:
            return http_errors.malformed(error, asked)

    def _words(self, request: Request) -> tuple[str, dict[str, str]]:
        """Path with query, and headers. Raises Rejected for what would ask something else than is meant."""
        asked = (request.path.removeprefix("/"), request.query)
        segments = asked[0].lower().replace("%2e", ".").split("/")
        if any(segment in ("", ".", "..") for segment in segments):
            # An id that is empty or a path: the request would go to the whole list, or above it.
            message = f"{request.path} is not the address of one thing; the service gave an id that is none"
            raise Rejected(message, target=self.target, request=request.label)
        if not (_PATH.fullmatch(asked[0]) and _QUERY.fullmatch(asked[1])):
            raise ValueError(f"{request.label}: path and query are not percent-encoded")
        headers = self._headers | dict(request.headers)
        if not all(_HEADER.fullmatch(value) for value in headers.values()):
            # A version mark comes from the service.
            message = "the service gave a version mark that no header can hold"
            raise Rejected(message, target=self.target, request=request.label)
        target = f"{self._path}/{asked[0]}" + (f"?{asked[1]}" if asked[1] else "")
        return target, headers

    def _connect(self) -> Connection:
        with self._connection as made:
            if not made:
                endpoint = self._endpoint
                made.append(
                    Connection(
                        self._url,
                        self.target,
                        ca_file=endpoint.ca_file,
                        proxied=endpoint.environment_proxy,
                        clock=self._clock,
                    )
                )
                # A caller that forgets this object leaves no socket open.
                weakref.finalize(self, made[0].close)
            return made[0]

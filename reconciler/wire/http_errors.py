"""What an HTTP service answers, and that it does not, said once in this project's own tree of errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reconciler.errors import (
    Conflict,
    Denied,
    IncompleteRead,
    NotFound,
    OutcomeUnknown,
    Rejected,
    ServiceError,
    Throttled,
)
from reconciler.wire.http_connection import Broken, Fault, Reply
from reconciler.wire.retry import Failure, RetryDecision, asked_to_wait

# Characters of what a service says that are shown.
_SHOWN, _SHOWN_ID = 300, 100
# Bytes of a body in which a token is looked for before its beginning is shown: more than a token has.
_LOOKED_AT = 2**16
_REFUSALS: Mapping[int, tuple[type[ServiceError], str]] = {
    405: (Rejected, "the service does not offer this"),
    409: (Conflict, "the object exists already, or changed meanwhile"),
    412: (Conflict, "the object changed since it was read"),
    413: (Rejected, "the request is too large for the service"),
    501: (Rejected, "the service does not offer this"),
}
_REQUEST_IDS = ("x-amzn-requestid", "x-request-id")


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """Whom was asked what: `host` is the address without its path.

    `source` says where the token stands that was sent, `scrub` blots out of a text what no text may hold.
    """

    target: str
    label: str
    mutates: bool
    host: str
    source: str
    scrub: Callable[[str], str]

    def error(self, kind: type[ServiceError], message: str, **details: str) -> ServiceError:
        """An error that names target and request."""
        return kind(self.scrub(message), target=self.target, request=self.label, **details)


class MalformedError(Exception):
    """The body is not a JSON object."""


def parsed(body: bytes, scrub: Callable[[str], str]) -> dict[str, Any]:
    """The JSON object in `body`. Raises MalformedError when it is none, in words that are scrubbed."""

    def no_number(word: str) -> None:
        raise ValueError(word)

    try:
        value = json.loads(body, parse_constant=no_number)
        if b"\\ud" in body.lower():
            # Half of a character, which JSON can spell and nobody can write down.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise MalformedError(f"the answer is not JSON but {_glimpse(body, scrub)}") from None
    if not isinstance(value, dict):
        raise MalformedError(f"the answer is not a JSON object but {_glimpse(body, scrub)}")
    return value


def broken(fault: Fault, asked: RequestInfo) -> Failure:
    """No answer."""
    why = _cut(asked.scrub(fault.why))
    if fault.broken is Broken.UNREACHED:
        message = f"{asked.host} cannot be reached ({why}); check `url`, the network and the proxy"
        return Failure(asked.error(ServiceError, message), RetryDecision.UNSENT)
    if fault.broken is Broken.UNTRUSTED:
        message = (
            f"no trusted connection to {asked.host}: {why}; "
            "if its certificate comes from a private CA, name that CA's file in `ca_file`"
        )
        return Failure(asked.error(ServiceError, message), RetryDecision.FINAL)
    if fault.broken is Broken.UNSENDABLE:
        return Failure(
            asked.error(Rejected, "the request cannot be sent over HTTP as it is"), RetryDecision.FINAL
        )
    if fault.broken is Broken.LOST:
        kind = OutcomeUnknown if asked.mutates else ServiceError
        return Failure(asked.error(kind, f"no answer from {asked.host}: {why}"), RetryDecision.LOST)
    again = fault.broken is Broken.CUT_OFF
    return _no_answer(f"the answer cannot be used: {why}", asked, again=again)


def malformed(error: MalformedError, asked: RequestInfo) -> Failure:
    """Something came with a status of success that is none of the service's answers."""
    return _no_answer(str(error), asked, again=False)


def refused(reply: Reply, asked: RequestInfo, unaccepted: str) -> Failure:
    """An answer with a status other than success (RFC 7644, section 3.12).

    `unaccepted` is what to say of the tokens that were tried, when none was accepted.
    """
    status = reply.status
    answer = _ErrorBody.of(reply, asked.scrub)
    request_id = next((reply.headers[name] for name in _REQUEST_IDS if reply.headers.get(name)), "")
    request_id = asked.scrub(request_id)[:_SHOWN_ID]
    wait = asked_to_wait(reply.headers) if status in (429, 503) else None
    waits = f" (asks to wait {wait:,.0f} seconds)" if wait else ""

    def fail(
        kind: type[ServiceError], message: str, fate: RetryDecision = RetryDecision.FINAL, reason: str = ""
    ) -> Failure:
        error = asked.error(
            kind, message, code=str(status), reason=reason or answer.kind, request_id=request_id
        )
        return Failure(error, fate, wait)

    if status < 400:
        return fail(ServiceError, _redirected(reply, asked))
    if status == 401:
        return fail(Denied, f"{unaccepted}{answer.bracketed}")
    if status in (403, 407):
        message = (
            f"not allowed: give the token in {asked.source} the right to do this at the service, "
            f"and check from which addresses it may be called{answer.bracketed}"
        )
        return fail(Denied, message)
    if status == 429:
        return fail(
            Throttled, f"{answer.or_else('the service asks for fewer calls')}{waits}", RetryDecision.THROTTLED
        )
    if status == 404:
        if answer.is_page:
            # No absence of whom we asked for: something on the way does not know the address.
            return fail(Rejected, f"something that is not the service answered: {answer.words}; check `url`")
        return fail(NotFound, answer.or_else("it does not exist"))
    if status in _REFUSALS:
        kind, words = _REFUSALS[status]
        return fail(kind, answer.or_else(words), reason="MOVED" if status == 412 else "")
    if status >= 500 or status == 408:
        lost = OutcomeUnknown if asked.mutates else ServiceError
        return fail(lost, f"the service failed (HTTP {status}){answer.colon}{waits}", RetryDecision.LOST)
    return fail(Rejected, answer.or_else("the service refuses the request"))


@dataclass(frozen=True, slots=True)
class _ErrorBody:
    """The service's own words, its scimType, and whether it is a page for people and no service's answer.

    What is cut was scrubbed before: the beginning of a token tells as well.
    """

    words: str = ""
    kind: str = ""
    is_page: bool = False

    @classmethod
    def of(cls, reply: Reply, scrub: Callable[[str], str]) -> _ErrorBody:
        if not reply.body.strip():
            return cls()
        try:
            body = parsed(reply.body, scrub)
        except MalformedError:
            return cls(_glimpse(reply.body, scrub), is_page=True)
        # After the RFC: Slack's own form, and what gateways say.
        nested = body.get("Errors")
        places: tuple[Mapping[str, Any], ...] = (body, nested if isinstance(nested, dict) else {})
        words = (
            place.get(name) for place in places for name in ("detail", "message", "Message", "description")
        )
        kind = body.get("scimType")
        text = next((word for word in words if isinstance(word, str) and word.strip()), "")
        return cls(_cut(scrub(text)), scrub(kind)[:_SHOWN_ID] if isinstance(kind, str) else "")

    @property
    def colon(self) -> str:
        return f": {self.words}" if self.words else ""

    @property
    def bracketed(self) -> str:
        return f" ({self.words})" if self.words else ""

    def or_else(self, words: str) -> str:
        return self.words or words


def _no_answer(message: str, asked: RequestInfo, *, again: bool) -> Failure:
    kind = OutcomeUnknown if asked.mutates else IncompleteRead
    error = asked.error(kind, message)
    if isinstance(error, OutcomeUnknown):
        error.answered = not again
    return Failure(error, RetryDecision.LOST if again or asked.mutates else RetryDecision.FINAL)


def _redirected(reply: Reply, asked: RequestInfo) -> str:
    try:
        host = urlsplit(reply.headers.get("location", "")).hostname or asked.host
    except ValueError:
        host = "somewhere"
    return (
        f"the service points to {_cut(asked.scrub(host))} (HTTP {reply.status}), where nothing is sent; "
        "if that is where it lives now, change `url`"
    )


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def _glimpse(body: bytes, scrub: Callable[[str], str]) -> str:
    """Enough of the beginning to recognise a proxy's page, as one line of plain text."""
    text = scrub(body[:_LOOKED_AT].decode("utf-8", "replace"))
    return repr(text[:80] + ("…" if len(text) > 80 else "")) if body.strip() else "empty"

"""A canary in place of the token: wherever it could show, it must not (SECURITY.md, "Threat model")."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from traceback import TracebackException
from typing import Any
from urllib.parse import quote

import pytest

from reconciler.wire.http import Endpoint, Http, Request
from reconciler.wire.tokens import TokenSource
from tests.wire.clocks import FakeClock
from tests.wire.web import DROP, Say, scim_error, serve

# With what must be percent-encoded in it, as AWS's tokens have.
CANARY, NEXT = "canary+7f3a/9c=2e", "canary+next/11=b0"
FORMS = [
    form
    for token in (CANARY, NEXT)
    for form in (token, quote(token, safe=""), b64encode(token.encode()).decode(), repr(token.encode())[2:-1])
]
ESCAPED = CANARY.replace("/", "\\/")
LIST = Request("GET", "Users", "scim.ListUsers", mutates=False)
CREATE = Request("POST", "Users", "scim.CreateUser", mutates=True, body={"userName": "ada"})
ECHO = {"Location": f"https://{quote(CANARY, safe='')}.example.com/?{CANARY}", "X-Request-Id": CANARY}


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIM_TOKEN", CANARY)
    monkeypatch.setenv("SCIM_TOKEN_NEXT", NEXT)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that anybody logs, and that whoever calls us has turned on as far as it goes."""
    names = [
        "",
        "httpx",
        "httpcore",
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.proxy",
        "reconciler",
    ]
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).disabled) for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).disabled = False
    yield caplog
    for name, (level, disabled) in before.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).disabled = disabled


def http(url: str, clock: FakeClock | None = None) -> Http:
    endpoint = Endpoint(url, TokenSource(env="SCIM_TOKEN"), TokenSource(env="SCIM_TOKEN_NEXT"))
    return Http("slack", endpoint, clock=clock or FakeClock(), rate=lambda _: 1000.0, chance=lambda: 0.5)


def raised(client: Http, request: Request) -> BaseException | None:
    try:
        client.call(request)
    except BaseException as error:  # noqa: BLE001  # whatever it is, it must not tell
        return error
    return None


def output(error: BaseException) -> str:
    """All that can be learnt from an error: its texts, its members, its tracebacks with their variables."""
    parts: list[str] = []
    seen: list[BaseException] = [error]
    for each in seen:
        captured = TracebackException.from_exception(each, capture_locals=True)
        parts += [
            str(each),
            repr(each),
            repr(each.args),
            repr(getattr(each, "__dict__", {})),
            *captured.format(),
        ]
        seen += [link for link in (each.__cause__, each.__context__) if link is not None and link not in seen]
    return "\n".join(parts)


def assert_silent(text: str) -> None:
    for form in (*FORMS, CANARY[:10], NEXT[:10]):
        assert form not in text


FAILURES = [
    pytest.param(scim_error(400, f"bad token {CANARY}", scimType=CANARY), id="400 that repeats it"),
    pytest.param(scim_error(401, f"bad token {CANARY} {NEXT}"), id="401 that repeats it"),
    pytest.param(scim_error(403, f"{quote(CANARY, safe='')}"), id="403 that repeats it percent-encoded"),
    pytest.param(scim_error(409, b64encode(CANARY.encode()).decode()), id="409 that repeats it in base64"),
    pytest.param(scim_error(400, "x" * 290 + CANARY), id="400 that is cut in the middle of it"),
    pytest.param(Say(404, " " * 70 + CANARY), id="a page that is cut in the middle of it"),
    pytest.param(Say(200, " " * 70 + CANARY), id="a page of success that is cut in the middle of it"),
    pytest.param(Say(403, f'{{"detail": "{ESCAPED}'), id="half a body with its slash escaped"),
    pytest.param(scim_error(429, CANARY), id="429 that repeats it"),
    pytest.param(scim_error(500, CANARY), id="500 that repeats it"),
    pytest.param(Say(404, f"<html>{CANARY}</html>"), id="a page that repeats it"),
    pytest.param(Say(200, f"<html>{CANARY}</html>"), id="a page of success that repeats it"),
    pytest.param(Say(200, {"Resources": [{"id": CANARY}]}), id="an answer that repeats it"),
    pytest.param(Say(302, "", ECHO), id="a redirection that repeats it"),
    pytest.param(Say(raw=[f"HTTP/1.1 2{CANARY}\r\n\r\n".encode()]), id="a status line that repeats it"),
    pytest.param(Say(raw=[f"HTTP/1.1 200 OK\r\n{CANARY}\r\n\r\n".encode()]), id="a header that is none"),
    pytest.param(DROP, id="a lost answer"),
]


@pytest.mark.parametrize("say", FAILURES)
@pytest.mark.parametrize("request_", [LIST, CREATE], ids=lambda request: request.label)
def test_no_error_and_no_log_tells_the_token(
    say: Say, request_: Request, log: pytest.LogCaptureFixture
) -> None:
    shown = Say(say.status, say.body, {**ECHO, **say.headers}, say.raw)
    with serve(shown) as web:
        client = http(web.url)
        error = raised(client, request_)
        assert [heard.headers["authorization"] for heard in web.heard[:1]] == [f"Bearer {CANARY}"]

    assert error is not None
    assert_silent(output(error))
    assert_silent("\n".join(record.getMessage() for record in log.records))


def test_where_nobody_is_reached_the_token_is_not_told(log: pytest.LogCaptureFixture) -> None:
    with serve(Say()) as web:
        pass
    error = raised(http(web.url), CREATE)

    assert error is not None
    assert_silent(output(error))


def test_a_call_that_goes_well_logs_nothing_that_tells(log: pytest.LogCaptureFixture) -> None:
    with serve(Say(headers=ECHO)) as web:
        http(web.url).call(CREATE)

    assert_silent("\n".join(record.getMessage() for record in log.records))


class Interrupted(FakeClock):
    """Ctrl-C comes at the so-manyth look at the clock."""

    def __init__(self, look: int) -> None:
        super().__init__()
        self._left = look

    def monotonic(self) -> float:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return super().monotonic()


def test_ctrl_c_in_the_middle_of_a_request_does_not_tell_the_token() -> None:
    with serve(Say()) as web:
        errors = [raised(http(web.url, Interrupted(look)), CREATE) for look in range(1, 30)]

    stopped = [error for error in errors if error is not None]
    # While it waits in line, begins, connects, writes the head and the body, reads, and has read.
    assert len(stopped) >= 7
    assert {type(error) for error in stopped} == {KeyboardInterrupt}
    for error in stopped:
        assert_silent(output(error))


@pytest.mark.parametrize("spoil", ["{} ", "{}\n", " {}", "{}\r\nX-Other: 1", "{}é", "a {}", "{}" * 1000])
@pytest.mark.parametrize("as_file", [False, True], ids=["variable", "file"])
def test_a_token_that_cannot_be_sent_is_not_told_either(
    spoil: str,
    as_file: bool,  # noqa: FBT001  # a table column
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    token = spoil.replace("{}", CANARY)
    if as_file:
        (tmp_path / "token").write_text(token + "\n", "utf-8")
        source = TokenSource(file=str(tmp_path / "token"))
    else:
        monkeypatch.setenv("SCIM_TOKEN", token)
        source = TokenSource(env="SCIM_TOKEN")
    with serve(Say()) as web:
        client = Http("slack", Endpoint(web.url, source), rate=lambda _: 1000.0, clock=FakeClock())
        error = raised(client, LIST)

    assert error is not None
    assert web.heard == []
    assert_silent(output(error))


def test_nothing_that_is_kept_shows_the_token() -> None:
    with serve(Say()) as web:
        client = http(web.url)
        client.call(LIST)

    def shown(thing: Any) -> str:
        return f"{thing!r} {thing} {thing!s:>4} {vars(thing) if hasattr(thing, '__dict__') else ''}"

    secret = client.tokens.current()
    assert_silent(" ".join(shown(each) for each in (client, client.tokens, secret, [secret], {"a": secret})))
    assert_silent(web.heard[0].target)

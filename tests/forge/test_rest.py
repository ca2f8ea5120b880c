"""The client: pages to their end, limits waited for, one redirect without the token, no token anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.errors import Denied, IncompleteRead, Rejected, ServiceError
from reconciler.forge.rest import MAX_PAGES, Rest
from reconciler.wire.tokens import TokenSource
from tests.wire.clocks import FakeClock
from tests.wire.web import Heard, Say, Web, serve

pytestmark = pytest.mark.slow

TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def client(web: Web, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Rest:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    return Rest(
        "github",
        f"http://127.0.0.1:{web.port}/api/v3",
        TokenSource(env="GITHUB_TOKEN"),
        clock=clock,
        chance=lambda: 0.5,
    )


def test_pages_end_where_the_link_says(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(heard: Heard) -> Say:
        page = int(heard.target.rpartition("=")[2])
        more = {"Link": '<https://evil.example/x?page=9>; rel="next", <x>; rel="last"'} if page < 3 else {}
        return Say(200, [{"n": page}], more)

    with serve(answer=answer) as web:
        found = list(client(web, clock, monkeypatch).pages("things", "List"))
        assert found == [{"n": 1}, {"n": 2}, {"n": 3}]
        assert [heard.target.partition("?")[0] for heard in web.heard] == ["/api/v3/things"] * 3


def test_a_list_without_end_is_not_taken_for_whole(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Say(200, [{}], {"Link": '<x>; rel="next"'})) as web, pytest.raises(IncompleteRead):
        list(client(web, clock, monkeypatch).pages("things", "List"))
    assert len(web.heard) == MAX_PAGES


@pytest.mark.parametrize("body", ["", "{}", "[1]", "nonsense", "null"])
def test_what_is_not_a_list_is_not_an_empty_one(
    body: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Say(200, body)) as web, pytest.raises(IncompleteRead):
        list(client(web, clock, monkeypatch).pages("things", "List"))


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7),
        (403, {"Retry-After": "9"}, 9),
        (
            403,
            {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "1795893630",
                "Date": "Sat, 28 Nov 2026 19:20:00 GMT",
            },
            30,
        ),
        (
            403,
            {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "1795893630",
                "Date": "Sat, 28 Nov 2026 19:20:00 -0000",
            },
            30,
        ),
        (
            429,
            {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "nan",
                "Date": "Sat, 28 Nov 2026 19:20:00 GMT",
            },
            60,
        ),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795893630", "Date": "yesterday"}, 60),
    ],
)
def test_a_limit_is_waited_for(
    status: int, headers: dict[str, str], seconds: int, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Say(status, {"message": "too fast"}, headers)
    for method in ("GET", "POST"):
        with serve(refused, Say(200, {"ok": True})) as web:
            before = clock.monotonic()
            assert client(web, clock, monkeypatch).ask(method, "thing", "Get") == {"ok": True}
            assert seconds <= clock.monotonic() - before <= seconds + 20


def test_a_lost_write_is_not_sent_twice(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Say(502, {"message": "no"})) as web, pytest.raises(ServiceError):
        client(web, clock, monkeypatch).ask("POST", "thing", "Create", body={})
    assert len(web.heard) == 1


@pytest.fixture
def storage() -> Iterator[Web]:
    with serve(Say(200, b"archive")) as web:
        yield web


def test_a_download_follows_once_and_without_the_token(
    storage: Web, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = f"http://127.0.0.1:{storage.port}/blob/1?sig=a%2Fb"
    with serve(Say(302, "", {"Location": there})) as web:
        assert client(web, clock, monkeypatch).download("zip", "Download") == b"archive"
    assert TOKEN in web.heard[0].headers["authorization"]
    (heard,) = storage.heard
    assert heard.target == "/blob/1?sig=a%2Fb"
    assert TOKEN not in str(heard.headers)
    assert "authorization" not in heard.headers


@pytest.mark.parametrize(
    "there",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://storage.example.com/blob",
        "https://user:word@storage.example.com/blob",
        "file:///etc/passwd",
        "/relative",
        "",
    ],
)
def test_a_download_goes_nowhere_else(there: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Say(302, "", {"Location": there})) as web, pytest.raises(ServiceError):
        client(web, clock, monkeypatch).download("zip", "Download")


def test_a_second_redirect_is_not_followed(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Say(302, "", {"Location": "http://127.0.0.1:1/"})) as second:
        there = f"http://127.0.0.1:{second.port}/again"
        with serve(Say(302, "", {"Location": there})) as web, pytest.raises(ServiceError):
            client(web, clock, monkeypatch).download("zip", "Download")


def test_other_answers_are_never_followed(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serve(Say(307, "", {"Location": "http://127.0.0.1:1/"})) as web,
        pytest.raises(ServiceError, match="points to"),
    ):
        client(web, clock, monkeypatch).ask("POST", "thing", "Create", body={})


def test_without_a_token_nothing_is_sent(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Say(200, {})) as web:
        rest = client(web, clock, monkeypatch)
        monkeypatch.setenv("GITHUB_TOKEN", "")
        with pytest.raises(Denied, match="GITHUB_TOKEN"):
            rest.ask("GET", "thing", "Get")
    assert web.heard == []


def test_an_error_says_what_the_service_says_and_never_the_token(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Say(422, {"message": f"Validation Failed {TOKEN}"})) as web, pytest.raises(Rejected) as raised:
        client(web, clock, monkeypatch).ask("POST", "thing", "Create", body={})
    assert "Validation Failed" in str(raised.value)
    assert TOKEN not in str(raised.value)

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

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
from reconciler.model.observer import Silent
from reconciler.wire.http import Answer, Endpoint, Http, Request
from reconciler.wire.loopback import SPEED_HEADER
from reconciler.wire.tokens import TokenSource
from tests.support.patience import PATIENCE
from tests.wire.clocks import FakeClock
from tests.wire.web import DROP, Heard, Say, Web, page, scim_error, serve

pytestmark = pytest.mark.slow

LIST = Request("GET", "Users", "scim.ListUsers", mutates=False)
CREATE = Request("POST", "Users", "scim.CreateUser", mutates=True, body={"userName": "ada"})
DELETE = Request("DELETE", "Users/7", "scim.DeleteUser", mutates=True, needs_body=False)


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIM_TOKEN", "first")
    monkeypatch.setenv("SCIM_TOKEN_NEXT", "second")


def http(web: Web, clock: FakeClock | None = None, *, following: bool = False, **more: Any) -> Http:
    token_next = TokenSource(env="SCIM_TOKEN_NEXT") if following else None
    endpoint = Endpoint(web.url, TokenSource(env="SCIM_TOKEN"), token_next)
    options: dict[str, Any] = {"rate": lambda _: 1000.0, "chance": lambda: 0.5} | more
    return Http("slack", endpoint, clock=clock or FakeClock(), **options)


def ask(request: Request, *says: Say) -> Answer:
    with serve(*says) as web:
        return http(web).call(request)


def fail(request: Request, *says: Say) -> tuple[ServiceError, int]:
    """The error in which the request ends, and how often it was sent."""
    with serve(*says) as web, pytest.raises(ServiceError) as caught:
        http(web).call(request)
    return caught.value, len(web.heard)


def test_a_request_goes_to_the_base_url_as_it_is() -> None:
    query = "cursor&filter=userName%20eq%20%22a%2Bb%27%22"
    with serve(Say(200, {"a": 1}, {"ETag": 'W/"1"'})) as web:
        client = http(web, headers={"X-Always": "1"})
        answer = client.call(
            Request(
                "GET", "Users/a%20b", "scim.ListUsers", mutates=False, query=query, headers={"If-Match": "x"}
            )
        )

    heard = web.heard[0]
    assert (heard.method, heard.target) == ("GET", f"/scim/v2/Users/a%20b?{query}")
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, {"a": 1}, 'W/"1"')
    sent = {"authorization": "Bearer first", "x-always": "1", "if-match": "x"}
    sent |= {"accept": "application/scim+json, application/json"}
    assert sent.items() <= heard.headers.items()
    assert heard.headers["user-agent"].startswith("identity-reconciler/")


def test_a_body_goes_as_json_of_the_type_of_scim() -> None:
    with serve(Say(201, {"id": "1"})) as web:
        answer = http(web).call(CREATE)

    assert web.heard[0].body == b'{"userName": "ada"}'
    assert web.heard[0].headers["content-type"] == "application/scim+json"
    assert answer.body == {"id": "1"}


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{}/t/scim/v2", "http://127.0.0.1:{}/t/scim/v2/", "http://127.0.0.1:{}/t/scim/v2//"],
)
def test_a_slash_at_the_end_of_the_base_url_changes_nothing(url: str) -> None:
    with serve(Say()) as web:
        web.url = url.format(web.port)
        http(web).call(LIST)

    assert web.heard[0].target == "/t/scim/v2/Users"


def test_calls_use_one_connection_again() -> None:
    with serve(Say()) as web:
        client = http(web)
        for _ in range(5):
            client.call(LIST)

    assert [heard.connection for heard in web.heard] == [1] * 5


def test_cookies_are_not_kept() -> None:
    with serve(Say(headers={"Set-Cookie": "session=1; Path=/"})) as web:
        client = http(web)
        client.call(LIST)
        client.call(LIST)

    assert "cookie" not in web.heard[1].headers


@pytest.mark.parametrize(
    "path", ["Users/", "Users/..", "Users/%2e%2E", "Users/./x", "", "../Users", "Users//x"]
)
def test_an_id_that_leads_elsewhere_is_not_asked_for(path: str) -> None:
    request = Request("DELETE", path, "scim.DeleteUser", mutates=True, needs_body=False)
    with serve(Say(204, "")) as web, pytest.raises(Rejected, match=r"^slack scim\.DeleteUser: "):
        http(web).call(request)

    assert web.heard == []


@pytest.mark.parametrize(
    "words",
    [
        {"path": "Users/a b"},
        {"path": "Users/a?b"},
        {"path": "Users/é"},
        {"path": "Users/a%2"},
        {"query": "a b"},
        {"query": "a#b"},
        {"query": "a\r\nX: 1"},
    ],
)
def test_what_is_not_percent_encoded_is_not_sent(words: Mapping[str, str]) -> None:
    parts: dict[str, Any] = {"path": "Users"} | dict(words)
    with serve(Say()) as web, pytest.raises(ValueError, match="percent-encoded"):
        http(web).call(Request("GET", label="scim.ListUsers", mutates=False, **parts))

    assert web.heard == []


@pytest.mark.parametrize("mark", ['W/"é"', "a\r\nX-Other: 1", "a\nb"])
def test_a_version_mark_that_is_no_header_is_not_sent(mark: str) -> None:
    request = Request("GET", "Users", "scim.ListUsers", mutates=False, headers={"If-Match": mark})
    with serve(Say()) as web, pytest.raises(Rejected, match="version mark"):
        http(web).call(request)

    assert web.heard == []


@pytest.mark.parametrize("body", ["", "\n", "{}", '{"schemas": []}'])
def test_a_deletion_may_be_answered_with_or_without_a_body(body: str) -> None:
    assert ask(DELETE, Say(200 if body else 204, body)).status in (200, 204)


NONSENSE = [
    pytest.param(page(), id="a proxy's page"),
    pytest.param(Say(body=""), id="nothing"),
    pytest.param(Say(204, ""), id="no content"),
    pytest.param(Say(body='{"Resources": [{"id": "a"'), id="half of it"),
    pytest.param(Say(body=[]), id="a list"),
    pytest.param(Say(body="null"), id="null"),
    pytest.param(Say(body=b"\x00\xff"), id="no JSON"),
    pytest.param(Say(body="[" * 100_000), id="nested beyond any depth"),
    pytest.param(Say(body='{"a": NaN}'), id="a number that is none"),
    pytest.param(Say(body='{"a": "\\ud800"}'), id="half of a character"),
    pytest.param(Say(body=f'{{"a": {"9" * 5000}}}'), id="a number without end"),
]


@pytest.mark.parametrize("say", NONSENSE)
def test_an_answer_that_is_none_is_an_incomplete_read_that_names_target_and_request(say: Say) -> None:
    error, sent = fail(LIST, say)

    assert type(error) is IncompleteRead
    assert str(error).startswith("slack scim.ListUsers: ")
    assert sent == 1


@pytest.mark.parametrize("say", NONSENSE)
def test_a_write_that_is_answered_with_nonsense_may_have_been_done(say: Say) -> None:
    error, sent = fail(CREATE, say)

    assert type(error) is OutcomeUnknown
    assert str(error).startswith("slack scim.CreateUser: ")
    assert sent == 1


def test_a_deletion_that_is_answered_with_a_page_may_have_been_done() -> None:
    error, sent = fail(DELETE, page())

    assert (type(error), sent) == (OutcomeUnknown, 1)


STATUSES = [
    (400, Rejected),
    (401, Denied),
    (402, Rejected),
    (403, Denied),
    (404, NotFound),
    (405, Rejected),
    (407, Denied),
    (409, Conflict),
    (410, Rejected),
    (412, Conflict),
    (413, Rejected),
    (422, Rejected),
    (501, Rejected),
    (302, ServiceError),
    (304, ServiceError),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
@pytest.mark.parametrize("request_", [LIST, CREATE, DELETE], ids=lambda request: request.label)
def test_a_refusal_is_final_and_says_what_the_service_says(
    status: int, kind: type[ServiceError], request_: Request
) -> None:
    error, sent = fail(request_, scim_error(status, "because of the moon", scimType="uniqueness"))

    assert (type(error), error.code, sent) == (kind, str(status), 1)
    if status >= 400:
        assert "because of the moon" in str(error)
        assert error.reason == ("MOVED" if status == 412 else "uniqueness")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 408])
@pytest.mark.parametrize(
    "say", [scim_error(0, "oops"), page(), Say(body="")], ids=["scim", "page", "nothing"]
)
def test_a_read_is_tried_again_when_the_service_fails_and_a_write_is_not(status: int, say: Say) -> None:
    failing = Say(status, say.body, say.headers)

    assert ask(LIST, failing, failing, Say(200, {"a": 1})).body == {"a": 1}
    error, sent = fail(CREATE, failing)
    assert (type(error), error.code, sent) == (OutcomeUnknown, str(status), 1)
    error, sent = fail(LIST, failing)
    assert (type(error), error.code, sent) == (ServiceError, str(status), 6)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("say", [Say(body=""), page(), Say(body="{}"), Say(body="[]")])
def test_denied_is_denied_whatever_the_body_says(status: int, say: Say) -> None:
    error, sent = fail(LIST, Say(status, say.body))

    assert (type(error), sent) == (Denied, 1)


def test_a_page_that_is_not_found_is_no_absence() -> None:
    assert type(fail(LIST, page(404))[0]) is Rejected
    assert type(fail(LIST, Say(404, ""))[0]) is NotFound
    assert type(fail(LIST, scim_error(404))[0]) is NotFound


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"detail": "a", "status": 400}, "a"),
        ({"schema": ["x"], "detail": "b", "status": "400"}, "b"),
        ({"Errors": {"description": "c", "code": 400}}, "c"),
        ({"message": "d"}, "d"),
        ({"detail": "e\n\n  f"}, "e f"),
        ({"detail": 7}, "the service refuses the request"),
        ({"detail": None, "scimType": 7}, "the service refuses the request"),
        ({"Errors": ["x"]}, "the service refuses the request"),
        ({"detail": "x" * 1000}, "x" * 300 + "… [400]"),
    ],
)
def test_the_words_of_a_service_are_found_in_whatever_form(body: Any, expected: str) -> None:
    assert f": {expected}" in str(fail(LIST, Say(400, body))[0])


@pytest.mark.parametrize("header", ["x-amzn-RequestId", "X-Request-Id"])
def test_the_request_id_is_said_for_who_asks_the_service_about_it(header: str) -> None:
    error, _ = fail(LIST, Say(400, {}, {header: "abc-1"}))

    assert str(error).endswith("(request id abc-1)")


def test_denied_names_the_token_by_where_it_stands_and_says_what_to_do() -> None:
    assert str(fail(LIST, scim_error(401, "expired"))[0]) == (
        "slack scim.ListUsers: the token in the environment variable SCIM_TOKEN is not accepted; it may have "
        "expired or been revoked: make a new one at the service and put it there (expired) [401]"
    )
    assert "give the token in the environment variable SCIM_TOKEN the right" in str(fail(LIST, Say(403))[0])


def by_token(accepted: str) -> Any:
    def answer(heard: Heard) -> Say:
        return Say() if heard.headers["authorization"] == f"Bearer {accepted}" else scim_error(401)

    return answer


def test_the_next_token_is_used_once_the_first_is_not_accepted_and_from_then_on() -> None:
    with serve(answer=by_token("second")) as web:
        client = http(web, following=True)
        assert client.tokens.in_use == "token"
        client.call(CREATE)
        client.call(CREATE)

    assert [heard.headers["authorization"] for heard in web.heard] == [
        "Bearer first", "Bearer second", "Bearer second",
    ]  # fmt: skip
    assert client.tokens.in_use == "token_next"
    assert client.calls == {"scim.CreateUser": 3}


def test_where_neither_token_is_accepted_both_are_named() -> None:
    with (
        serve(answer=by_token("third")) as web,
        pytest.raises(Denied, match=r"neither .*SCIM_TOKEN nor .*_NEXT"),
    ):
        http(web, following=True).call(LIST)

    assert len(web.heard) == 2


def test_a_refusal_that_is_not_about_the_token_leaves_it_in_use() -> None:
    """As some services answer at their discovery endpoints, whoever asks."""
    tentative = replace(LIST, label="scim.Schemas", tentative=True)

    def answer(heard: Heard) -> Say:
        return scim_error(401) if len(web.heard) <= 2 else by_token("first")(heard)

    with serve(answer=answer) as web:
        client = http(web, following=True)
        with pytest.raises(Denied):
            client.call(tentative)
        assert client.tokens.in_use == "token"
        client.call(LIST)

    assert [heard.headers["authorization"] for heard in web.heard] == [
        "Bearer first", "Bearer second", "Bearer first",
    ]  # fmt: skip


def test_a_token_that_is_not_accepted_anywhere_is_replaced_at_the_discovery_endpoints_as_well() -> None:
    with serve(answer=by_token("second")) as web:
        client = http(web, following=True)
        client.call(replace(LIST, tentative=True))

    assert client.tokens.in_use == "token_next"


def test_a_token_that_may_not_do_something_is_not_changed_for_the_next() -> None:
    with serve(Say(403)) as web:
        client = http(web, following=True)
        with pytest.raises(Denied):
            client.call(LIST)

    assert client.tokens.in_use == "token"
    assert len(web.heard) == 1


def test_without_a_token_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCIM_TOKEN")
    with serve(Say()) as web, pytest.raises(Denied, match=r".* SCIM_TOKEN is not set, or empty; set it"):
        http(web).call(LIST)

    assert web.heard == []


@pytest.mark.parametrize("request_", [LIST, CREATE], ids=lambda request: request.label)
def test_a_throttled_call_is_sent_again_after_what_the_service_asks(request_: Request) -> None:
    clock = FakeClock()
    with serve(Say(429, "", {"Retry-After": "7"}), Say()) as web:
        http(web, clock).call(request_)

    assert len(web.heard) == 2
    assert 7 <= sum(clock.slept) < 9


def test_a_date_to_wait_until_is_held_against_the_clock_of_the_service() -> None:
    clock = FakeClock()
    dates = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT"}
    with serve(Say(503, "", dates), Say()) as web:
        http(web, clock).call(LIST)

    assert 30 <= sum(clock.slept) < 32


def test_a_service_that_always_throttles_is_given_up_within_bounds() -> None:
    clock = FakeClock()
    with serve(scim_error(429, "slower")) as web, pytest.raises(Throttled, match="slower"):
        http(web, clock).call(CREATE)

    assert len(web.heard) == 10
    assert sum(clock.slept) < 120


def test_a_service_that_asks_for_an_hour_is_given_up_at_once_and_nobody_waits_an_hour() -> None:
    clock = FakeClock()
    with serve(Say(429, "", {"Retry-After": "3600"}), Say()) as web:
        client = http(web, clock)
        with pytest.raises(Throttled, match="3,600 seconds"):
            client.call(LIST)
        assert clock.slept == []
        client.call(LIST)

    assert sum(clock.slept) <= 120


def test_after_a_503_that_asks_to_wait_the_next_of_its_family_waits_too() -> None:
    clock = FakeClock()
    with serve(Say(503, "", {"Retry-After": "20"}), Say(201)) as web:
        client = http(web, clock)
        with pytest.raises(OutcomeUnknown):
            client.call(CREATE)
        client.call(CREATE)

    assert sum(clock.slept) == pytest.approx(20)


def test_the_observer_hears_of_throttling() -> None:
    heard: list[tuple[str, str, float]] = []

    class Ear(Silent):
        def waiting(self, target: str, what: str, seconds: float) -> None:
            heard.append((target, what, seconds))

    with serve(Say(429, "", {"Retry-After": "5"}), Say()) as web:
        http(web, observer=Ear()).call(LIST)

    assert heard == [("slack", "scim.ListUsers", 5)]


@pytest.mark.parametrize("request_", [CREATE, DELETE], ids=lambda request: request.label)
def test_a_write_whose_answer_is_lost_is_never_sent_again(request_: Request) -> None:
    error, sent = fail(request_, DROP, Say())

    assert (type(error), sent) == (OutcomeUnknown, 1)


def test_a_read_whose_answer_is_lost_is_sent_again() -> None:
    assert ask(LIST, DROP, DROP, Say(200, {"a": 1})).body == {"a": 1}
    error, sent = fail(LIST, DROP)
    assert (type(error), sent) == (ServiceError, 6)


@pytest.mark.parametrize("request_", [LIST, CREATE], ids=lambda request: request.label)
def test_where_nobody_listens_a_call_is_tried_three_times_and_was_never_sent(request_: Request) -> None:
    with serve(Say()) as web:
        pass
    clock = FakeClock()
    client = http(web, clock)

    with pytest.raises(ServiceError, match=rf"http://127.0.0.1:{web.port} cannot be reached") as caught:
        client.call(request_)

    assert type(caught.value) is ServiceError
    assert client.calls == {request_.label: 3}
    assert len(clock.slept) == 2


def test_every_request_is_counted_by_its_label() -> None:
    with serve(Say(500), Say(), Say()) as web:
        client = http(web)
        client.call(LIST)
        client.call(CREATE)

    assert client.calls == {"scim.ListUsers": 2, "scim.CreateUser": 1}


def test_a_call_takes_of_every_family_what_it_costs() -> None:
    clock = FakeClock()
    change = Request(
        "PATCH", "Groups/1", "scim.PatchGroup", mutates=True, needs_body=False,
        pace=(("patch", 1.0), ("memberships", 100.0)),
    )  # fmt: skip
    with serve(Say(204, "")) as web:
        client = http(web, clock, rate={"patch": 25.0, "memberships": 20.0}.__getitem__)
        for _ in range(3):
            client.call(change)

    assert clock.slept == [pytest.approx(5), pytest.approx(5)]


def test_the_wait_in_our_own_line_does_not_use_up_the_patience_with_a_service() -> None:
    """A change of 100 units at two a second, sent four times, waits longer than a service may be ill."""
    clock = FakeClock()
    change = Request("PATCH", "Groups/1", "x", mutates=True, needs_body=False, pace=(("memberships", 100.0),))
    with serve(Say(429, ""), Say(429, ""), Say(429, ""), Say(204, "")) as web:
        http(web, clock, rate=lambda _: 2.0).call(change)

    assert len(web.heard) == 4
    assert sum(clock.slept) > 120


@pytest.mark.parametrize(
    ("announced", "speed"),
    [("200", 200), ("0", 1), ("-3", 1), ("inf", 1), ("nan", 1), ("fast", 1), ("0.5", 0.5)],
)
def test_the_speed_of_the_sandbox_is_learnt_from_its_header(announced: str, speed: float) -> None:
    with serve(Say(headers={SPEED_HEADER: announced})) as web:
        client = http(web)
        client.call(LIST)

    assert client.speed == speed


def test_a_speed_that_is_known_is_kept() -> None:
    with serve(Say(headers={SPEED_HEADER: "200"})) as web:
        client = http(web, speed=50)
        client.call(LIST)

    assert client.speed == 50


def test_at_a_speed_of_a_hundred_every_wait_is_a_hundredth() -> None:
    clock = FakeClock()
    with serve(Say(429, "", {"Retry-After": "60"}), Say()) as web:
        http(web, clock, speed=100).call(LIST)

    assert 0.6 <= sum(clock.slept) < 0.7


def test_once_a_service_answers_again_calls_go_as_fast_as_before() -> None:
    clock = FakeClock()
    with serve(Say(429, ""), Say()) as web:
        client = http(web, clock, rate=lambda _: 10.0)
        for _ in range(200):
            client.call(LIST)

    assert max(clock.slept[1:]) == pytest.approx(1 / 5)
    assert clock.slept[-1] == pytest.approx(1 / 10)


def test_httpx_is_not_loaded_before_anybody_is_called() -> None:
    late = "{'httpx', 'httpcore', 'ssl', 'certifi'}"
    script = f"import sys, reconciler.wire.http; print(sorted({late} & {{*sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True
    )

    assert done.stdout == "[]\n"

from __future__ import annotations

import gzip
import json
from itertools import count
from pathlib import Path
from typing import Any

import botocore
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
from reconciler.wire.aws import Aws
from reconciler.wire.loopback import SPEED_HEADER, is_loopback
from tests.wire.clocks import FakeClock
from tests.wire.scripted import DROP, Reply, Script, error, serve

STORE = "d-0123456789"
GROUP = "0123456789-00000000-0000-0000-0000-000000000000"


def aws(url: str, clock: FakeClock | None = None, **more: Any) -> Aws:
    options: dict[str, Any] = {"region": "eu-central-1", "sandbox": True, "chance": lambda: 0.5} | more
    return Aws("aws", endpoint_url=url, clock=clock or FakeClock(), **options)


def list_groups(script: Script) -> list[str]:
    pages = aws(script.url).pages(
        "identitystore", "ListGroups", "Groups", lambda group: group.get("GroupId"), IdentityStoreId=STORE
    )
    return [group["GroupId"] for page in pages for group in page]


def describe_group(client: Aws) -> dict[str, Any]:
    return client.call(
        "identitystore",
        "DescribeGroup",
        mutates=False,
        expects=("GroupId",),
        IdentityStoreId=STORE,
        GroupId=GROUP,
    )


def create_group(client: Aws) -> dict[str, Any]:
    return client.call(
        "identitystore",
        "CreateGroup",
        mutates=True,
        expects=("GroupId",),
        IdentityStoreId=STORE,
        DisplayName="x",
    )


def page(*ids: str, token: str | None = None) -> Reply:
    groups = [{"GroupId": each, "IdentityStoreId": STORE} for each in ids]
    return Reply({"Groups": groups} | ({"NextToken": token} if token else {}))


MALFORMED = [
    pytest.param(Reply("<html><body>Sign in</body></html>"), id="a proxy's page"),
    pytest.param(Reply(""), id="nothing"),
    pytest.param(Reply('{"Groups": [{"GroupId": "a"'), id="half of it"),
    pytest.param(Reply("[]"), id="a list"),
    pytest.param(Reply("null"), id="null"),
    pytest.param(Reply("\x00\x01"), id="no JSON"),
    pytest.param(Reply("[" * 100_000), id="nested beyond any depth"),
    pytest.param(Reply({"Groups": "none"}), id="text in place of the list"),
    pytest.param(Reply({"Groups": {"GroupId": "a"}}), id="an object in place of the list"),
    pytest.param(Reply({"Groups": [None]}), id="a null in the list"),
    pytest.param(Reply({"Groups": ["a"]}), id="a text in the list"),
    pytest.param(Reply({"Groups": [{"GroupId": 1}]}), id="a number as id"),
    pytest.param(Reply({"Groups": [{"GroupId": "a", "CreatedAt": {}}]}), id="an object as time"),
    pytest.param(Reply({"Groups": [], "NextToken": 7}), id="a number as token"),
]
ABSENT = [
    pytest.param(Reply({}), id="an empty object"),
    pytest.param(Reply({"Groups": None}), id="null in place of the list"),
    pytest.param(Reply({"Groups": [{}]}), id="an item without an id"),
    pytest.param(Reply({"Groups": [{"GroupId": ""}]}), id="an item with an empty id"),
]


@pytest.mark.parametrize("reply", [*MALFORMED, *ABSENT])
def test_a_list_that_is_no_list_is_an_incomplete_read_that_names_target_and_request(reply: Reply) -> None:
    with serve(reply) as script, pytest.raises(IncompleteRead) as caught:
        list_groups(script)

    assert str(caught.value).startswith("aws identitystore.ListGroups: ")
    assert len(script.asked) == 1


@pytest.mark.parametrize("reply", [*MALFORMED[:6], pytest.param(Reply({}), id="an empty object")])
def test_a_write_that_is_answered_with_nonsense_may_have_been_done(reply: Reply) -> None:
    with serve(reply) as script, pytest.raises(OutcomeUnknown):
        create_group(aws(script.url))

    assert len(script.asked) == 1


def test_unknown_members_and_nulls_are_ignored() -> None:
    group = {"GroupId": GROUP, "DisplayName": None, "Colour": {"of": ["the", "future"]}}
    with serve(Reply({"Groups": [group], "NextToken": None, "Weather": 1})) as script:
        assert list_groups(script) == [GROUP]


def test_a_list_is_read_page_by_page_to_its_end() -> None:
    with serve(page("a", "b", token="2"), page(token="3"), page("c")) as script:
        assert list_groups(script) == ["a", "b", "c"]

    assert [params.get("NextToken") for _, params in script.asked] == [None, "2", "3"]


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([page("a", token="2"), page("a", token="3"), page("b")], id="a page comes twice"),
        pytest.param([page("a", token="2"), page("b", token="2")], id="a token leads to itself"),
        pytest.param([page("a", token="2"), page(token="3"), page(token="2")], id="tokens go in a circle"),
        pytest.param([page("a", "a")], id="an id comes twice on one page"),
        pytest.param([page("a", token="2"), Reply({})], id="a later page is empty"),
    ],
)
def test_a_list_that_repeats_itself_is_not_whole(replies: list[Reply]) -> None:
    with serve(*replies) as script, pytest.raises(IncompleteRead):
        list_groups(script)


def test_a_list_of_nothing_but_empty_pages_ends() -> None:
    numbers = count()
    with (
        serve(answer=lambda *_: page(token=str(next(numbers)))) as script,
        pytest.raises(IncompleteRead, match="in a row were empty"),
    ):
        list_groups(script)

    assert len(script.asked) == 100


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(error("ThrottlingException", "Rate exceeded"), id="throttled"),
        pytest.param(error("TooManyRequestsException"), id="throttled, in the words of organizations"),
        pytest.param(Reply("slow down", status=429), id="throttled on the way"),
        pytest.param(error("InternalServerException", status=500), id="a fault of the service"),
        pytest.param(Reply("<html>", status=503), id="a load balancer without servers"),
        pytest.param(Reply("", status=504), id="a load balancer without patience"),
        pytest.param(Reply(DROP), id="a dropped connection"),
        pytest.param(Reply("{", headers={"Content-Length": "100"}), id="a connection that ends mid-body"),
    ],
)
def test_a_read_is_sent_again_after_what_passes(reply: Reply) -> None:
    with serve(reply, reply, Reply({"GroupId": GROUP})) as script:
        assert describe_group(aws(script.url))["GroupId"] == GROUP

    assert len(script.asked) == 3


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(error("InternalServerException", status=500), id="a fault of the service"),
        pytest.param(error("ServiceUnavailable", status=503), id="an unavailable service"),
        pytest.param(Reply("<html>", status=502), id="a gateway's page"),
        pytest.param(Reply(DROP), id="a dropped connection"),
        pytest.param(Reply("{", headers={"Content-Length": "100"}), id="a connection that ends mid-body"),
    ],
)
def test_a_write_whose_answer_was_lost_is_never_sent_again(reply: Reply) -> None:
    with serve(reply, Reply({"GroupId": GROUP})) as script, pytest.raises(OutcomeUnknown):
        create_group(aws(script.url))

    assert len(script.asked) == 1


def test_a_write_that_was_throttled_is_sent_again() -> None:
    throttled = error("ThrottlingException", "Rate exceeded", RetryAfterSeconds=2)
    clock = FakeClock()
    with serve(throttled, Reply({"GroupId": GROUP})) as script:
        assert create_group(aws(script.url, clock))["GroupId"] == GROUP

    assert clock.monotonic() >= 2


@pytest.mark.parametrize(
    ("headers", "members", "seconds"),
    [
        pytest.param({}, {"RetryAfterSeconds": 9}, 9, id="by a member"),
        pytest.param({"Retry-After": "11"}, {}, 11, id="by a header in seconds"),
        pytest.param(
            {
                "Date": "Mon, 23 Nov 2026 09:00:00 GMT",
                "Retry-After": "Mon, 23 Nov 2026 09:00:13 GMT",
            },
            {},
            13,
            id="by a header with a date",
        ),
    ],
)
def test_the_time_that_a_service_asks_for_is_waited(
    headers: dict[str, str], members: dict[str, Any], seconds: float
) -> None:
    clock = FakeClock()
    reply = Reply({"__type": "ThrottlingException", **members}, 400, headers)
    with serve(reply, Reply({"GroupId": GROUP})) as script:
        describe_group(aws(script.url, clock))

    # Half a second or so is jitter, and a place in the slowed line.
    assert seconds <= clock.monotonic() < seconds + 2


def test_a_service_that_never_stops_throttling_is_given_up_in_bounded_time() -> None:
    clock = FakeClock()
    with serve(error("ThrottlingException", "Rate exceeded")) as script, pytest.raises(Throttled):
        describe_group(aws(script.url, clock))

    assert len(script.asked) == 10
    assert clock.monotonic() < 240


def test_a_service_that_never_answers_a_read_is_given_up_after_some_tries() -> None:
    with serve(Reply(DROP)) as script, pytest.raises(ServiceError):
        describe_group(aws(script.url))

    assert len(script.asked) == 6


def test_nobody_at_the_address_is_said_and_a_write_is_not_unknown() -> None:
    with serve(Reply()) as script:
        url = script.url

    with pytest.raises(ServiceError, match="cannot be reached; check the region") as caught:
        create_group(aws(url))

    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize(
    ("reply", "kind", "expected"),
    [
        pytest.param(
            error(
                "AccessDeniedException",
                "User: u is not authorized to perform: identitystore:DescribeGroup on x",
            ),
            Denied,
            "identitystore:DescribeGroup",
            id="a missing permission names the action",
        ),
        pytest.param(
            error("AccessDeniedException"),
            Denied,
            "identitystore:DescribeGroup",
            id="also where AWS does not",
        ),
        pytest.param(
            error("AccessDeniedException", "no", Reason="KMS_ACCESS_DENIED"),
            Denied,
            "KMS key",
            id="a key's policy",
        ),
        pytest.param(
            error("ResourceNotFoundException", "no", Reason="KMS_KEY_NOT_FOUND"),
            Denied,
            "KMS key",
            id="a missing key is no missing object",
        ),
        pytest.param(
            error("ValidationException", "no", Reason="KMS_DISABLED"), Denied, "KMS key", id="a disabled key"
        ),
        pytest.param(error("ExpiredTokenException"), Denied, "have expired", id="expired credentials"),
        pytest.param(error("UnrecognizedClientException"), Denied, "not known", id="unknown credentials"),
        pytest.param(error("InvalidSignatureException"), Denied, "clock", id="a wrong clock"),
        pytest.param(Reply("<html>", status=403), Denied, "HTTP 403", id="a firewall's page is no absence"),
        pytest.param(error("Whatever", status=401), Denied, "needs the IAM action", id="401 of any name"),
        pytest.param(
            error("ResourceNotFoundException", "GROUP not found.", ResourceType="GROUP"),
            NotFound,
            "GROUP",
            id="an absent group",
        ),
        pytest.param(
            error("ResourceNotFoundException", "no", ResourceType="IDENTITY_STORE"),
            Rejected,
            "this identity store does not exist",
            id="a wrong store is no absent group",
        ),
        pytest.param(
            Reply("<html>", status=404), ServiceError, "not AWS", id="a web server's 404 is no absence"
        ),
        pytest.param(
            error("Whatever", status=404), ServiceError, "404", id="a 404 of another name is no absence"
        ),
        pytest.param(error("ValidationException", "bad"), Rejected, "bad", id="a wrong request"),
        pytest.param(error("ServiceQuotaExceededException", "full"), Rejected, "full", id="a full store"),
        pytest.param(
            Reply("", status=302, headers={"Location": "http://127.0.0.1:1/"}),
            ServiceError,
            "not AWS",
            id="a redirection is not followed",
        ),
    ],
)
def test_each_error_is_said_in_our_own_words_once(
    reply: Reply, kind: type[ServiceError], expected: str
) -> None:
    with serve(reply) as script, pytest.raises(ServiceError) as caught:
        describe_group(aws(script.url))

    assert type(caught.value) is kind
    assert expected in str(caught.value)
    assert len(script.asked) == 1


def test_a_conflict_carries_its_reason_and_the_request_id() -> None:
    reply = Reply(
        {
            "__type": "x.y#ConflictException",
            "Message": "Duplicate",
            "Reason": "UNIQUENESS_CONSTRAINT_VIOLATION",
        },
        400,
        {"x-amzn-RequestId": "abc-1"},
    )
    with serve(reply) as script, pytest.raises(Conflict) as caught:
        create_group(aws(script.url))

    assert caught.value.reason == "UNIQUENESS_CONSTRAINT_VIOLATION"
    assert caught.value.request_id == "abc-1"


def test_an_identifier_that_aws_would_never_take_is_refused_before_it_is_sent() -> None:
    with serve(Reply()) as script, pytest.raises(Rejected, match="not valid"):
        aws(script.url).call("identitystore", "DescribeGroup", mutates=False, IdentityStoreId=STORE)

    assert script.asked == []


def test_every_request_is_counted_retries_included() -> None:
    with serve(Reply(DROP), Reply({"GroupId": GROUP})) as script:
        client = aws(script.url)
        describe_group(client)

    assert client.calls == {"identitystore.DescribeGroup": 2}


def test_requests_say_who_sends_them_and_made_up_credentials_go_to_the_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serve(Reply({"GroupId": GROUP})) as script:
        describe_group(aws(script.url))

    assert "identity-reconciler/" in script.headers[0]["user-agent"]
    assert "AKIAREAL" not in script.headers[0]["authorization"]


def test_the_sandbox_needs_nothing_of_the_users_own_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "config"
    broken.write_text("this is = no [configuration")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(broken))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://aws.example.com")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    with serve(Reply(DROP), Reply({"GroupId": GROUP})) as script:
        assert describe_group(aws(script.url))["GroupId"] == GROUP

    assert len(script.asked) == 2


def test_a_broken_configuration_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "config"
    broken.write_text("this is = no [configuration")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    with serve(Reply()) as script, pytest.raises(Rejected, match="check AWS_PROFILE"):
        describe_group(aws(script.url, sandbox=False))


def test_without_credentials_the_error_says_how_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with serve(Reply()) as script, pytest.raises(Denied, match="sign in"):
        describe_group(aws(script.url, sandbox=False))

    assert script.asked == []


def test_a_profile_that_does_not_exist_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with serve(Reply()) as script, pytest.raises(Rejected, match="nobody"):
        describe_group(aws(script.url, sandbox=False))


def test_without_a_region_the_error_says_where_to_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    with pytest.raises(Rejected, match=r"reconciler\.yaml"):
        Aws("aws", clock=FakeClock()).region()


def test_credentials_are_never_sent_in_the_clear_over_a_network() -> None:
    client = Aws("aws", region="eu-central-1", endpoint_url="http://192.0.2.1", clock=FakeClock())

    with pytest.raises(Rejected, match="not encrypted"):
        describe_group(client)

    assert client.calls == {}


def test_the_sandbox_is_never_anywhere_else() -> None:
    with pytest.raises(ValueError, match="on this machine"):
        Aws("aws", endpoint_url="https://identitystore.example.com", sandbox=True)


def test_the_speed_of_a_sandbox_is_learnt_from_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with serve(Reply({"GroupId": GROUP}, headers={SPEED_HEADER: "50"})) as script:
        client = aws(script.url, sandbox=False)
        assert client.speed == 1

        describe_group(client)

        assert client.speed == 50


@pytest.mark.parametrize("header", ["0", "-3", "inf", "nan", "fast"])
def test_a_speed_that_makes_no_sense_is_ignored(header: str) -> None:
    with serve(Reply({"GroupId": GROUP}, headers={SPEED_HEADER: header})) as script:
        client = aws(script.url)
        describe_group(client)

    assert client.speed == 1


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:4566", True),
        ("http://sandbox.localhost", True),
        ("http://127.0.0.1:1", True),
        ("http://127.8.9.1:1", True),
        ("http://[::1]:1", True),
        ("https://sso.us-east-1.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
        ("http://0.0.0.0", False),
        ("http://169.254.169.254", False),
        ("", False),
        ("127.0.0.1:8080", False),
    ],
)
def test_loopback_is_told_by_name_and_number_alone(url: str, loopback: bool) -> None:  # noqa: FBT001  # a table column
    assert is_loopback(url) is loopback


def test_what_the_service_model_takes_is_known_without_asking_anybody() -> None:
    client = Aws("aws")

    assert client.takes("identitystore", "UpdateUser", "Operations")
    assert not client.takes("identitystore", "UpdateUser", "UserStatus")
    assert "UserName" in client.members("identitystore", "CreateUser")
    assert client.calls == {}


def test_the_models_are_read_once_and_not_for_every_target(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Reply({"GroupId": GROUP}), Reply({"GroupId": GROUP})) as script:
        describe_group(aws(script.url))

        def again(self: object, path: str) -> None:
            raise AssertionError(f"{path} was opened again")

        monkeypatch.setattr("botocore.loaders.JSONFileLoader._load_file", again)

        assert describe_group(aws(script.url)) == {"GroupId": GROUP}


def test_models_of_the_users_own_are_found_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = Path(botocore.__file__).parent / "data" / "identitystore"
    (version,) = (each.name for each in shipped.iterdir())
    model = json.loads(gzip.decompress((shipped / version / "service-2.json.gz").read_bytes()))
    model["metadata"]["targetPrefix"] = "TheirIdentityStore"
    own = tmp_path / "identitystore" / version / "service-2.json"
    own.parent.mkdir(parents=True)
    own.write_text(json.dumps(model), encoding="utf-8")
    with serve(Reply({"GroupId": GROUP}), Reply({"GroupId": GROUP})) as script:
        describe_group(aws(script.url))
        monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
        describe_group(aws(script.url))

    targets = [headers["x-amz-target"] for headers in script.headers]
    assert targets == ["AWSIdentityStore.DescribeGroup", "TheirIdentityStore.DescribeGroup"]

"""Answers in XML, which is what STS speaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread  # noqa: TID251  # a server needs a thread of its own

import pytest

from reconciler.errors import Denied, IncompleteRead, ServiceError
from reconciler.wire.aws import Aws
from tests.support.patience import joined
from tests.wire.clocks import FakeClock

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
GOOD = (
    f'<GetCallerIdentityResponse xmlns="{NAMESPACE}"><GetCallerIdentityResult><Account>111111111111</Account>'
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    "</GetCallerIdentityResponse>"
)
EXPIRED = (
    f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>ExpiredToken</Code>'
    "<Message>old</Message></Error><RequestId>r</RequestId></ErrorResponse>"
)
PAGE = "<html><body><h1>Sign in to the network</h1></body></html>"


@contextmanager
def serving(*replies: tuple[int, str]) -> Iterator[Aws]:
    left = list(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield Aws("aws", region="us-east-1", endpoint_url=url, sandbox=True, clock=FakeClock())
    finally:
        server.shutdown()
        joined(thread)
        server.server_close()


def ask(aws: Aws) -> object:
    return aws.call("sts", "GetCallerIdentity", mutates=False, expects=("Account",))["Account"]


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([(200, GOOD)], id="at once"),
        pytest.param([(502, PAGE), (200, GOOD)], id="behind a page of a proxy"),
        pytest.param([(503, ""), (200, GOOD)], id="behind an empty error"),
    ],
)
def test_an_answer_is_read(replies: list[tuple[int, str]]) -> None:
    with serving(*replies) as aws:
        assert ask(aws) == "111111111111"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param((200, PAGE), IncompleteRead, id="somebody else's page"),
        pytest.param((200, ""), IncompleteRead, id="nothing"),
        pytest.param((200, GOOD[:80]), IncompleteRead, id="half of it"),
        pytest.param((200, "{}"), IncompleteRead, id="JSON"),
        pytest.param((200, GOOD.replace("Account", "Accoun")), IncompleteRead, id="no account in it"),
        pytest.param((403, EXPIRED), Denied, id="expired credentials"),
        pytest.param((403, PAGE), Denied, id="a proxy's refusal"),
        pytest.param((404, PAGE), ServiceError, id="a page that is not there"),
    ],
)
def test_what_is_none_is_an_error(reply: tuple[int, str], error: type[ServiceError]) -> None:
    with serving(reply) as aws, pytest.raises(error):
        ask(aws)

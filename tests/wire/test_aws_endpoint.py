"""The address that is configured holds for every service, also where its own rules pass it over."""

from __future__ import annotations

import pytest

from reconciler.wire.aws import Aws
from reconciler.wire.aws_endpoint import kept

OWN = "https://signin.eu-central-1.api.aws/list-sessions"


@pytest.mark.parametrize(
    ("url", "given", "expected"),
    [
        (OWN, "", OWN),
        (OWN, "http://127.0.0.1:9", "http://127.0.0.1:9/list-sessions"),
        (OWN, "https://proxy.example/aws/", "https://proxy.example/aws/list-sessions"),
        ("http://127.0.0.1:9/a?b=c", "http://127.0.0.1:9", "http://127.0.0.1:9/a?b=c"),
        ("https://bucket.s3.example/key", "https://s3.example", "https://bucket.s3.example/key"),
        ("https://evils3.example/key", "https://s3.example", "https://s3.example/key"),
    ],
)
def test_where_a_request_goes(url: str, given: str, expected: str) -> None:
    assert kept(url, given) == expected


def test_a_service_that_botocore_does_not_have_is_not_known() -> None:
    aws = Aws("aws", region="eu-central-1")
    assert aws.knows("signin", "ListSessions")
    assert not aws.knows("signin", "EndEverything")
    assert not aws.knows("nosuchservice", "ListSessions")

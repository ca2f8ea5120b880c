from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.config.channels import Channel
from reconciler.errors import Rejected
from reconciler.model.address import Kind
from reconciler.model.observer import Silent
from reconciler.sandbox import Sandbox
from reconciler.targets.registry import connect, is_loopback_endpoint, profiles
from reconciler.wire.clock import SystemClock
from reconciler.wire.http import Endpoint
from reconciler.wire.tokens import TokenSource
from tests.support.site import Settings

AWS = Settings("us-east-1")
CHAT = Settings(
    None,
    name="chat",
    type="scim",
    profile="slack",
    channel=Channel(Endpoint(url="https://chat.example/scim/v2", token=TokenSource(env="T"))),
)


def test_settings_become_a_target_of_that_name(sandbox: Sandbox) -> None:
    target = connect(
        AWS, clock=SystemClock(), observer=Silent(), endpoint_url=sandbox.url, speed=1000, sandbox=True
    )

    assert target.name == "aws"
    assert target.identity()["instance_arn"] == sandbox.instance_arn


def test_a_sandbox_behind_aws_endpoint_url_announces_itself(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    target = connect(AWS, clock=SystemClock(), observer=Silent())

    assert target.identity()["instance_arn"] == sandbox.instance_arn


def test_a_type_that_does_not_exist_is_said() -> None:
    with pytest.raises(Rejected, match="no target type 'okta'"):
        connect(replace(AWS, type="okta"), clock=SystemClock(), observer=Silent())


def test_a_scim_service_is_made_of_its_profile_without_a_call_or_a_token() -> None:
    target = connect(CHAT, clock=SystemClock(), observer=Silent())

    assert target.name == "chat"
    assert target.identity() == {"url": "https://chat.example/scim/v2"}
    assert target.capabilities.kinds == {Kind.USER, Kind.GROUP, Kind.MEMBERSHIP}
    assert target.calls == {}


def test_an_instance_with_a_scim_endpoint_can_disable_people() -> None:
    assert not connect(AWS, clock=SystemClock(), observer=Silent()).capabilities.status
    by_scim = connect(replace(AWS, channel=CHAT.channel), clock=SystemClock(), observer=Silent())

    assert by_scim.capabilities.status
    assert "external_id" in by_scim.capabilities.user_attributes
    assert by_scim.capabilities.membership_batch == 100


def test_a_profile_that_does_not_exist_is_said_with_those_that_do() -> None:
    with pytest.raises(Rejected, match="no profile 'slak'; there is aws, entra, generic") as refused:
        connect(replace(CHAT, profile="slak"), clock=SystemClock(), observer=Silent())
    assert all(name in str(refused.value) for name in profiles())


@pytest.mark.parametrize(
    ("environment", "here"),
    [
        pytest.param({}, False, id="nothing is set"),
        pytest.param({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, True, id="everything goes here"),
        pytest.param({"AWS_ENDPOINT_URL": "https://aws.example.com"}, False, id="everything goes elsewhere"),
        pytest.param(
            {
                "AWS_ENDPOINT_URL": "http://localhost:1",
                "AWS_ENDPOINT_URL_SSO_ADMIN": "https://sso.example.com",
            },
            False,
            id="one service goes elsewhere",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL_IDENTITYSTORE": "http://localhost:1"}, False, id="one service goes here"
        ),
        pytest.param(
            {
                "AWS_ENDPOINT_URL_IDENTITYSTORE": "http://localhost:1",
                "AWS_ENDPOINT_URL_SSO_ADMIN": "http://[::1]:1",
                "AWS_ENDPOINT_URL_ORGANIZATIONS": "http://localhost:1",
                "AWS_ENDPOINT_URL_STS": "http://localhost:1",
            },
            True,
            id="each service goes here",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"},
            False,
            id="what is set is ignored",
        ),
    ],
)
def test_a_loopback_endpoint_is_one_for_every_service_that_is_called(
    environment: Mapping[str, str],
    here: bool,  # noqa: FBT001  # a table column
) -> None:
    assert is_loopback_endpoint(environment) is here

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.config import TargetConfig
from reconciler.config.targets import connect
from reconciler.model.address import Kind
from reconciler.model.observer import Silent
from reconciler.model.policy import TargetPolicy
from reconciler.sandbox import Sandbox
from reconciler.targets.identity_center.type import IdentityCenterSettings
from reconciler.targets.registry import is_loopback_endpoint
from reconciler.targets.scim.channel import Channel
from reconciler.targets.scim.type import ScimSettings
from reconciler.targets.target_type import Played
from reconciler.wire.clock import SystemClock
from reconciler.wire.http import Endpoint
from reconciler.wire.tokens import TokenSource

CHANNEL = Channel(Endpoint(url="https://chat.example/scim/v2", token=TokenSource(env="T")))
AWS = TargetConfig("aws", TargetPolicy("aws"), settings=IdentityCenterSettings("us-east-1"))
CHAT = TargetConfig("chat", TargetPolicy("chat"), "scim", ScimSettings(CHANNEL, "slack"))


def test_settings_become_a_target_of_that_name(sandbox: Sandbox) -> None:
    target = connect(AWS, SystemClock(), Silent(), speed=1000, played=Played(sandbox.url, sandbox.region))

    assert target.name == "aws"
    assert target.identity()["instance_arn"] == sandbox.instance_arn


def test_a_sandbox_behind_aws_endpoint_url_announces_itself(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    target = connect(AWS, SystemClock(), Silent())

    assert target.identity()["instance_arn"] == sandbox.instance_arn


def test_a_scim_service_is_made_of_its_profile_without_a_call_or_a_token() -> None:
    target = connect(CHAT, SystemClock(), Silent())

    assert target.name == "chat"
    assert target.identity() == {"url": "https://chat.example/scim/v2"}
    assert target.capabilities.kinds == {Kind.USER, Kind.GROUP, Kind.MEMBERSHIP}
    assert target.calls == {}


def test_an_instance_with_a_scim_endpoint_can_disable_people() -> None:
    assert not connect(AWS, SystemClock(), Silent()).capabilities.status
    by_scim = connect(replace(AWS, settings=IdentityCenterSettings(channel=CHANNEL)), SystemClock(), Silent())

    assert by_scim.capabilities.status
    assert "external_id" in by_scim.capabilities.user_attributes
    assert by_scim.capabilities.membership_batch == 100


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
                "AWS_ENDPOINT_URL_SIGNIN": "http://localhost:1",
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

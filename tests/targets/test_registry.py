from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from reconciler.errors import Rejected
from reconciler.model.observer import Silent
from reconciler.sandbox import Sandbox
from reconciler.targets.registry import connect, is_loopback_endpoint
from reconciler.wire.clock import SystemClock


@dataclass(frozen=True)
class Settings:
    name: str = "aws"
    type: str = "identity-center"
    region: str | None = "us-east-1"
    instance_arn: str | None = None
    identity_store_id: str | None = None


def test_settings_become_a_target_of_that_name(sandbox: Sandbox) -> None:
    target = connect(
        Settings(), clock=SystemClock(), observer=Silent(), endpoint_url=sandbox.url, speed=1000, sandbox=True
    )

    assert target.name == "aws"
    assert target.identity()["instance_arn"] == sandbox.instance_arn


def test_a_sandbox_behind_aws_endpoint_url_announces_itself(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    target = connect(Settings(), clock=SystemClock(), observer=Silent())

    assert target.identity()["instance_arn"] == sandbox.instance_arn


def test_a_type_that_does_not_exist_is_said() -> None:
    with pytest.raises(Rejected, match="no target type 'okta'"):
        connect(Settings(type="okta"), clock=SystemClock(), observer=Silent())


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

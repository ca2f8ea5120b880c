"""boto3 clients of a running server, and the few calls that nearly every test makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.sandbox import Sandbox

ENTERPRISE = "aws:identitystore:enterprise"
NOBODY = "00000000-0000-0000-0000-000000000000"


@cache
def _session() -> boto3.Session:
    # One session, because loading the models takes longer than most tests.
    return boto3.Session(aws_access_key_id="AKIDSANDBOX", aws_secret_access_key="none")


class Aws:
    """Clients without retries, so that every refusal is seen."""

    def __init__(self, url: str, store: str, region: str = "us-east-1", *, checked: bool = True) -> None:
        self.url, self.store, self.region = url, store, region
        self._config = Config(
            retries={"max_attempts": 0}, parameter_validation=checked, connect_timeout=600, read_timeout=600
        )
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            # The name of the service is not known to the type checker, so that no overload fits.
            make: Any = _session().client
            self._clients[service] = make(
                service, endpoint_url=self.url, region_name=self.region, config=self._config
            )
        return self._clients[service]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    @property
    def directory(self) -> Any:
        return self.client("identitystore")

    @property
    def sso(self) -> Any:
        return self.client("sso-admin")

    @property
    def organizations(self) -> Any:
        return self.client("organizations")

    def __call__(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation of the Identity Store by its Python name."""
        answer: dict[str, Any] = getattr(self.directory, operation)(IdentityStoreId=self.store, **params)
        answer.pop("ResponseMetadata")
        return answer

    def add_user(self, name: str, **more: Any) -> str:
        identifier: str = self("create_user", **(person(name) | more))["UserId"]
        return identifier

    def add_group(self, name: str, **more: Any) -> str:
        identifier: str = self("create_group", DisplayName=name, **more)["GroupId"]
        return identifier

    def add_member(self, group: str, user: str) -> str:
        answer = self("create_group_membership", GroupId=group, MemberId={"UserId": user})
        identifier: str = answer["MembershipId"]
        return identifier

    def user(self, identifier: str) -> dict[str, Any]:
        return self("describe_user", UserId=identifier, Extensions=[ENTERPRISE])

    def update_user(self, identifier: str, path: str, *value: Any, **more: Any) -> dict[str, Any]:
        """Set one attribute; without a value, remove it."""
        operation = {"AttributePath": path} | ({"AttributeValue": value[0]} if value else {})
        return self("update_user", UserId=identifier, Operations=[operation], **more)


@contextmanager
def connected(sandbox: Sandbox, *, region: str | None = None, checked: bool = True) -> Iterator[Aws]:
    """Clients of a sandbox; `checked` False leaves botocore's own validation out."""
    aws = Aws(sandbox.url, sandbox.identity_store_id, region or sandbox.region, checked=checked)
    try:
        yield aws
    finally:
        aws.close()


def person(name: str) -> dict[str, Any]:
    """What a user needs at least."""
    return {"UserName": name, "DisplayName": "Ada L", "Name": {"GivenName": "Ada", "FamilyName": "Lovelace"}}


def refusal(call: Callable[..., object], *args: Any, **params: Any) -> Mapping[str, Any]:
    """The error that `call` gets: Code, Message, Status, and the further members of its shape."""
    try:
        answer = call(*args, **params)
    except ClientError as error:
        response: dict[str, Any] = dict(error.response)
        return {
            **{key: value for key, value in response.items() if key not in {"Error", "ResponseMetadata"}},
            "Code": response["Error"]["Code"],
            "Message": response["Error"].get("Message", ""),
            "Status": response["ResponseMetadata"]["HTTPStatusCode"],
        }
    raise AssertionError(f"not refused, but answered {answer!r}")

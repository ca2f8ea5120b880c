from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import Denied, Rejected, ServiceError
from reconciler.sandbox import FaultKind, Sandbox
from reconciler.targets.identity_center import instance
from reconciler.targets.identity_center.target import IdentityCenter
from reconciler.wire.aws import Aws
from tests.targets.centers import center
from tests.wire.clocks import FakeClock
from tests.wire.scripted import Reply, serve

ONE: dict[str, Any] = {
    "InstanceArn": "arn:aws:sso:::instance/ssoins-1111111111111111",
    "IdentityStoreId": "d-1111111111",
    "OwnerAccountId": "111111111111",
    "Status": "ACTIVE",
}
TWO = ONE | {
    "InstanceArn": "arn:aws:sso:::instance/ssoins-2222222222222222",
    "IdentityStoreId": "d-2222222222",
}


def find(*replies: list[dict[str, Any]], **chosen: str | None) -> dict[str, str]:
    with serve(*(Reply({"Instances": each}) for each in replies)) as script:
        aws = Aws("aws", region="eu-central-1", endpoint_url=script.url, sandbox=True, clock=FakeClock())
        return instance.find(aws, **({"instance_arn": None, "identity_store_id": None} | chosen))


def test_the_only_instance_is_found_and_asked_for_once(sandbox: Sandbox, target: IdentityCenter) -> None:
    expected = {
        "instance_arn": sandbox.instance_arn,
        "identity_store_id": sandbox.identity_store_id,
        "region": "us-east-1",
        "owner_account": "111111111111",
    }

    assert target.identity() == expected
    assert target.identity() == expected
    assert target.calls == {"sso-admin.ListInstances": 1}


def test_a_wrong_region_is_said_with_the_right_one(sandbox: Sandbox) -> None:
    with pytest.raises(Rejected, match=r"Identity Center has no instance in eu-west-1; it is in us-east-1"):
        center(sandbox, region="eu-west-1").read()


def test_where_no_region_has_one_the_error_says_what_to_check() -> None:
    with pytest.raises(
        Rejected, match="Identity Center has no instance in eu-central-1; a wrong Region answers"
    ):
        find([], [])


def test_of_several_instances_the_configured_one_is_taken() -> None:
    assert find([ONE, TWO], instance_arn=TWO["InstanceArn"])["identity_store_id"] == "d-2222222222"
    assert find([ONE, TWO], identity_store_id="d-1111111111")["instance_arn"] == ONE["InstanceArn"]


@pytest.mark.parametrize(
    ("replies", "chosen", "message"),
    [
        pytest.param([[ONE, TWO]], {}, "several instances; set `instance_arn`", id="several and none chosen"),
        pytest.param(
            [[ONE]],
            {"instance_arn": TWO["InstanceArn"]},
            "is not among the instances",
            id="another than configured",
        ),
        pytest.param(
            [[ONE]], {"identity_store_id": "d-3333333333"}, "is not among", id="another store than configured"
        ),
        pytest.param(
            [[ONE | {"Status": "DELETE_IN_PROGRESS", "StatusReason": "asked for"}]],
            {},
            "DELETE_IN_PROGRESS: asked for",
            id="one that is being deleted",
        ),
        pytest.param(
            [[ONE | {"PrimaryRegion": "us-west-2"}]],
            {},
            "primary Region, us-west-2",
            id="a replica is read-only",
        ),
        pytest.param(
            [[ONE | {"IdentityStoreId": None}]], {}, "without its identity store", id="one without a store"
        ),
    ],
)
def test_an_instance_that_cannot_be_used_is_refused(
    replies: list[list[dict[str, Any]]], chosen: dict[str, str], message: str
) -> None:
    with pytest.raises(Rejected, match=message) as caught:
        find(*replies, **chosen)

    assert str(caught.value).startswith("aws sso-admin.ListInstances: ")


def test_who_may_not_list_instances_is_told_the_action(sandbox: Sandbox, target: IdentityCenter) -> None:
    sandbox.faults.add(FaultKind.DENY, "sso-admin.*")

    with pytest.raises(Denied, match="sso:ListInstances"):
        target.identity()


def test_after_a_failure_the_instance_is_asked_for_again(sandbox: Sandbox, target: IdentityCenter) -> None:
    sandbox.faults.add(FaultKind.HTML, "sso-admin.*")

    with pytest.raises(ServiceError):
        target.identity()
    assert target.identity()["instance_arn"] == sandbox.instance_arn

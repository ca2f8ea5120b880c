"""Service control policies: made, changed, attached, limited; and whom they deny where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.sandbox import Sandbox, scp
from reconciler.sandbox.access.terms import Caller
from tests.sandbox.aws import Aws, refusal

SCP = "SERVICE_CONTROL_POLICY"
ONE, TWO = "222222222222", "333333333333"
USER = "906739fc20-aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"


def denying(*users: str, **more: object) -> str:
    statement = {
        "Sid": "Out",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"identitystore:UserId": list(users)}},
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Site:
    """Two accounts, one in a unit of a unit, and a client."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.store = sandbox, sandbox.store
        self.store.create_account(ONE, "one", unit="Workloads/Prod")
        self.store.create_account(TWO, "two")
        self.aws = Aws(sandbox.url, sandbox.identity_store_id)
        self.client: Any = self.aws.organizations
        self.root = self.client.list_roots()["Roots"][0]["Id"]

    def create(self, content: str, name: str = "out") -> str:
        made = self.client.create_policy(Content=content, Description="", Name=name, Type=SCP)
        return str(made["Policy"]["PolicySummary"]["Id"])


@pytest.fixture
def site() -> Iterator[Site]:
    with Sandbox(None, speed=1000.0, latency=0.0) as sandbox:
        found = Site(sandbox)
        yield found
        found.aws.close()


def test_every_organization_has_the_policy_that_allows_everything(site: Site) -> None:
    (one,) = site.client.list_policies(Filter=SCP)["Policies"]
    assert (one["Id"], one["AwsManaged"]) == (scp.FULL_ACCESS, True)
    (target,) = site.client.list_targets_for_policy(PolicyId=scp.FULL_ACCESS)["Targets"]
    assert (target["TargetId"], target["Type"]) == (site.root, "ROOT")
    error = refusal(lambda: site.client.update_policy(PolicyId=scp.FULL_ACCESS, Content=denying(USER)))
    assert error["Code"] == "AccessDeniedException"


def test_a_policy_is_made_attached_replaced_and_read(site: Site) -> None:
    policy = site.create(denying(USER))
    unit = site.store.create_ou("Workloads")
    for target in (unit, TWO):
        site.client.attach_policy(PolicyId=policy, TargetId=target)
    found = site.client.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert {(one["TargetId"], one["Type"]) for one in found} == {
        (unit, "ORGANIZATIONAL_UNIT"),
        (TWO, "ACCOUNT"),
    }
    listed = site.client.list_policies_for_target(TargetId=unit, Filter=SCP)["Policies"]
    assert [one["Id"] for one in listed] == [policy]
    site.client.update_policy(PolicyId=policy, Content=denying("nobody"))
    assert site.client.describe_policy(PolicyId=policy)["Policy"]["Content"] == denying("nobody")


@pytest.mark.parametrize(
    ("targets", "where"),
    [
        (["root"], {ONE, TWO}),
        (["Workloads"], {ONE}),
        (["Workloads/Prod"], {ONE}),
        (["Other"], set()),
        ([TWO], {TWO}),
        ([], set()),
    ],
)
def test_whom_it_denies_where(site: Site, targets: list[str], where: set[str]) -> None:
    policy = site.create(denying(USER))
    for name in targets:
        target = {"root": site.root, TWO: TWO}.get(name) or site.store.create_ou(name)
        site.client.attach_policy(PolicyId=policy, TargetId=target)

    assert site.store.denied(USER) == where
    assert site.store.denied("somebody else") == frozenset()


@pytest.mark.parametrize(
    "more",
    [
        {"Effect": "Allow"},
        {"Action": "s3:*"},
        {"Resource": "arn:aws:s3:::*"},
        {"Condition": {"StringLike": {"identitystore:UserId": [USER]}}},
        {"Condition": {"StringEquals": {"aws:userid": [USER]}}},
        {"Condition": {"StringEquals": {"identitystore:UserId": [USER], "aws:PrincipalTag/a": "b"}}},
    ],
)
def test_what_denies_less_than_everything_by_the_id_alone_cuts_nobody(
    site: Site, more: dict[str, object]
) -> None:
    policy = site.create(denying(USER, **more))
    site.client.attach_policy(PolicyId=policy, TargetId=site.root)

    assert site.store.denied(USER) == frozenset()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": [{"Effect": "Deny"}]}',
        '{"Statement": [{"Effect": "Deny", "Action": "*"}]}',
        denying(USER, Sid="not-plain"),
        denying(USER, Principal="*"),
        denying(USER, Condition=[]),
        denying(USER).replace(
            "}]}", '}, {"Sid": "Out", "Effect": "Deny", "Action": "*", "Resource": "*"}]}', 1
        ),
    ],
)
def test_what_is_not_a_policy_is_refused(site: Site, content: str) -> None:
    assert refusal(lambda: site.create(content))["Code"] == "MalformedPolicyDocumentException"


def test_a_policy_has_10240_bytes_and_not_one_more(site: Site) -> None:
    fits = denying(USER) + " " * (10_240 - len(denying(USER)))
    policy = site.create(fits)
    error = refusal(lambda: site.client.update_policy(PolicyId=policy, Content=fits + " "))
    assert error["Code"] == "ConstraintViolationException"
    assert site.client.describe_policy(PolicyId=policy)["Policy"]["Content"] == fits


def test_what_does_not_exist_and_what_is_there_already(site: Site) -> None:
    policy = site.create(denying(USER))
    client = site.client
    client.attach_policy(PolicyId=policy, TargetId=ONE)
    for call, code in (
        (lambda: client.describe_policy(PolicyId="p-0123456789ab"), "PolicyNotFoundException"),
        (lambda: site.create(denying(USER)), "DuplicatePolicyException"),
        (lambda: client.attach_policy(PolicyId=policy, TargetId=ONE), "DuplicatePolicyAttachmentException"),
        (lambda: client.attach_policy(PolicyId=policy, TargetId="999999999999"), "TargetNotFoundException"),
        (lambda: client.detach_policy(PolicyId=policy, TargetId=TWO), "PolicyNotAttachedException"),
    ):
        assert refusal(call)["Code"] == code


def test_a_delegated_administrator_reads_and_writes_only_what_is_allowed(site: Site) -> None:
    policy = site.create(denying(USER))
    site.sandbox.circumstances.caller = Caller.DELEGATED
    assert site.client.describe_policy(PolicyId=policy)["Policy"]["Content"] == denying(USER)

    def write() -> Any:
        return site.client.update_policy(PolicyId=policy, Content=denying("nobody"))

    assert refusal(write)["Code"] == "AccessDeniedException"
    site.sandbox.circumstances.delegated_actions = ("UpdatePolicy",)
    write()
    assert site.store.scp_document(policy) == denying("nobody")

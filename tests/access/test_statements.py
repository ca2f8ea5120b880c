"""Which policy documents make whoever has them privileged."""

from __future__ import annotations

import json

import pytest

from reconciler.access.privilege import Privilege
from reconciler.access.statements import covers, is_privileged
from reconciler.model.policy import Privileged
from reconciler.model.resources import Attributes


@pytest.mark.parametrize(
    ("statement", "privileged"),
    [
        ({"Action": "*", "Resource": "*"}, True),
        ({"Action": ["s3:Get*", "IAM:*"], "Resource": "*"}, True),
        ({"Action": "*:*", "Resource": "arn:aws:s3:::one"}, True),
        ({"Action": "i?m:*", "Resource": "*"}, True),
        ({"Action": "organizations:*", "Resource": "*"}, True),
        ({"Action": "iam:Get*", "Resource": "*"}, False),
        ({"Action": "s3:*", "Resource": "*"}, False),
        ({"Action": "sts:AssumeRole", "Resource": "*"}, True),
        ({"Action": "sts:Assume*", "Resource": ["arn:aws:iam::*:role/*"]}, True),
        ({"Action": "sts:*", "Resource": "*"}, True),
        ({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::210000000020:role/ci"}, False),
        ({"Action": "sts:AssumeRole", "NotResource": "arn:aws:iam::210000000020:role/ci"}, True),
        ({"NotAction": "s3:*", "Resource": "*"}, True),
        ({"NotAction": ["iam:*", "organizations:*"], "Resource": "*"}, True),
        ({"NotAction": ["iam:*", "organizations:*", "sts:*"], "Resource": "*"}, False),
        ({"Action": "*", "Resource": "*", "Effect": "Deny"}, False),
        (
            {"Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
            True,
        ),
    ],
)
def test_what_leads_to_everything_is_privileged(statement: dict[str, object], *, privileged: bool) -> None:
    whole = {"Effect": "Allow", **statement}
    other = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}

    assert is_privileged(json.dumps({"Statement": whole})) == privileged
    assert is_privileged(json.dumps({"Statement": [other, whole]})) == privileged


def test_what_is_no_policy_is_not_unprivileged() -> None:
    assert is_privileged("no policy")
    assert not is_privileged('{"Statement":[]}')


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert not covers("*a" * 2000 + "b", "a" * 4000)
    assert covers("*a" * 20 + "*", "a" * 30)


INLINE = '{"Statement":[{"Action":"iam:*","Effect":"Allow","Resource":"*"}]}'


@pytest.mark.parametrize(
    ("attributes", "marked", "unknown"),
    [
        ({}, False, False),
        ({"managed_policies": ("arn:aws:iam::aws:policy/ReadOnlyAccess",)}, False, False),
        ({"managed_policies": ("arn:aws:iam::aws:policy/AdministratorAccess",)}, True, False),
        ({"managed_policies": ("arn:aws-cn:iam::aws:policy/PowerUserAccess",)}, True, False),
        ({"managed_policies": ("arn:aws:iam::aws:policy/IAMFullAccess",)}, True, False),
        ({"inline_policy": INLINE}, True, False),
        ({"customer_managed_policies": ("/ci/deploy",)}, True, True),
        ({"customer_managed_policies": ("/ci/deploy",), "inline_policy": INLINE}, True, False),
    ],
)
def test_privileged_by_default_and_not_where_that_is_off(
    attributes: Attributes, *, marked: bool, unknown: bool
) -> None:
    judge, off = Privilege(Privileged()), Privilege(Privileged(defaults=False))

    assert (judge.marks("Any", [attributes]), judge.unknown("Any", [attributes])) == (marked, unknown)
    assert (off.marks("Any", [attributes]), off.unknown("Any", [attributes])) == (False, False)


def test_a_policy_that_is_nested_too_deep_is_not_unprivileged() -> None:
    assert is_privileged("[" * 100_000)

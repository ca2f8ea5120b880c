"""Which Identity Center instance a target is: one, in its primary Region, and active. And who calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.errors import Rejected, ServiceError
from reconciler.targets.identity_center.organization.api import Organizations
from reconciler.wire.aws import Aws

_REQUEST = "sso-admin.ListInstances"


def find(aws: Aws, *, instance_arn: str | None, identity_store_id: str | None) -> dict[str, str]:
    """The instance: `instance_arn`, `identity_store_id`, `region`, `owner_account`; one call, or two.

    Given several, `instance_arn` or `identity_store_id` choose. Raises Rejected when there is none, when it
    is not clear which, or when this Region cannot be written; the message says what to configure.
    """
    region = aws.region()
    instances = _list(aws)
    if not instances:
        elsewhere = _regions(aws)
        hint = (
            f"it is in {' and '.join(elsewhere)}: set `region` of the target (or `adopt --region`) to that"
            if elsewhere
            else "a wrong Region answers like this, and so does an account that neither owns the instance "
            "nor administers it: check `region` of the target and the credentials"
        )
        raise _no(aws, f"Identity Center has no instance in {region}; {hint}")
    chosen = [
        each
        for each in instances
        if instance_arn in (None, each.get("InstanceArn"))
        and identity_store_id in (None, each.get("IdentityStoreId"))
    ]
    if not chosen:
        asked = " with ".join(each for each in (instance_arn, identity_store_id) if each)
        raise _no(aws, f"{asked} is not among the instances of {region}: {_names(instances)}")
    if len(chosen) > 1:
        raise _no(aws, f"{region} has several instances; set `instance_arn` to one of: {_names(chosen)}")
    return _checked(aws, chosen[0], region)


def _checked(aws: Aws, instance: Mapping[str, Any], region: str) -> dict[str, str]:
    primary = instance.get("PrimaryRegion") or region
    if primary != region:
        # User guide, "Using IAM Identity Center across multiple AWS Regions": further Regions are read-only.
        raise _no(
            aws, f"{region} holds a replica; set `region` of the target to the primary Region, {primary}"
        )
    status = instance.get("Status") or "ACTIVE"
    if status != "ACTIVE":
        why = instance.get("StatusReason") or "wait until it is active"
        raise _no(aws, f"{instance.get('InstanceArn')} is in state {status}: {why}")
    found = {
        "instance_arn": str(instance.get("InstanceArn") or ""),
        "identity_store_id": str(instance.get("IdentityStoreId") or ""),
        "region": region,
        "owner_account": str(instance.get("OwnerAccountId") or ""),
    }
    if not found["identity_store_id"]:
        raise _no(aws, f"{found['instance_arn']} is listed without its identity store")
    return found


def _list(aws: Aws, **scope: str) -> list[dict[str, Any]]:
    pages = aws.pages(
        "sso-admin", "ListInstances", "Instances", lambda each: each.get("InstanceArn"), **scope
    )
    return [instance for page in pages for instance in page]


def _regions(aws: Aws) -> Sequence[str]:
    """Where else there is an instance: only to make an error helpful, so nothing is raised."""
    if not aws.takes("sso-admin", "ListInstances", "RegionScope"):
        return ()
    try:
        instances = _list(aws, RegionScope="ALL_REGIONS")
    except ServiceError:
        return ()
    return sorted({str(each["PrimaryRegion"]) for each in instances if each.get("PrimaryRegion")})


def _names(instances: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        sorted(f"{each.get('InstanceArn')} ({each.get('IdentityStoreId')})" for each in instances)
    )


def _no(aws: Aws, message: str) -> Rejected:
    return Rejected(message, target=aws.target, request=_REQUEST)


@dataclass(frozen=True, slots=True)
class Caller:
    """`management` is the management account ("" outside of any organization).

    `assigns` says that the instance has permission sets: an instance of the organization has, an account
    instance has none (user guide, "Organization and account instances"). `delegated` says that the caller
    administers it from another account than the management account. `caller` is the ARN of who calls.
    """

    management: str = ""
    assigns: bool = False
    delegated: bool = False
    caller: str = ""


def find_caller(aws: Aws, organizations: Organizations, owner_account: str) -> Caller:
    """By one call, or two; `owner_account` is the one that has the instance ("" where nobody says)."""
    management = organizations.management_account()
    if management is None:
        return Caller()
    if owner_account not in ("", management):
        return Caller(management)
    identity = aws.call("sts", "GetCallerIdentity", mutates=False, expects=("Account",))
    delegated = identity["Account"] != management
    return Caller(management, assigns=True, delegated=delegated, caller=str(identity.get("Arn", "")))

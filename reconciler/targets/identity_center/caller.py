"""As whom we call, and whether the instance is one that assigns access to accounts at all."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.targets.identity_center.organization.api import Organizations
from reconciler.wire.aws import Aws


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


def find(aws: Aws, organizations: Organizations, owner_account: str) -> Caller:
    """By one call, or two; `owner_account` is the one that has the instance ("" where nobody says)."""
    management = organizations.management_account()
    if management is None:
        return Caller()
    if owner_account not in ("", management):
        return Caller(management)
    identity = aws.call("sts", "GetCallerIdentity", mutates=False, expects=("Account",))
    delegated = identity["Account"] != management
    return Caller(management, assigns=True, delegated=delegated, caller=str(identity.get("Arn", "")))

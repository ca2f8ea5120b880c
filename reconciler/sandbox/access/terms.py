"""What holds in Identity Center: quotas, how long things take, and as whom its callers come.

Quotas are those of the IAM Identity Center user guide (page "quotas"), newest edition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much there may be. The defaults are the documented ones."""

    permission_sets: int = 3_500
    provisioned_sets_per_account: int = 500
    policies_per_set: int = 25  # AWS-managed and customer-managed together
    inline_policy_characters: int = 10_240  # without white space
    groups_per_set_and_account: int = 100
    outstanding_assignments: int = 15  # creations and deletions that have not ended
    concurrent_provisionings: int = 3
    provisioned_accounts: int = 3_500  # that one call may provision
    tags: int = 75


@dataclass(frozen=True, slots=True)
class Durations:
    """How long one change of one role takes, in sandbox seconds; one account changes one role at a time."""

    assignment: float = 2.0
    provisioning: float = 5.0
    deprovisioning: float = 2.0  # what follows the deletion of an account's last assignment of a set
    closed: float = 120.0  # before a change in an account that is not active is given up

    def __post_init__(self) -> None:
        if min(self.assignment, self.provisioning, self.deprovisioning, self.closed) < 0:
            raise ValueError("nothing takes less than no time")


class Caller(StrEnum):
    """The account that calls: what it may do depends on it, and on nothing else here."""

    MANAGEMENT = "management"
    DELEGATED = "delegated-administrator"
    MEMBER = "member"


@dataclass(slots=True)
class Circumstances:
    """What can change while the sandbox runs.

    `caller` is who calls from now on. `lists_for_principal` says whether a delegated administrator may call
    ListAccountAssignmentsForPrincipal: the model says no, a field note has seen it answer.
    `management_rights` False lets every change of a role in the management account fail, as it does for a
    caller without rights of IAM there. `trail_delay` is after how many seconds what was done stands in the
    event history. `clock_ahead` is by how many seconds the clock of AWS is ahead. `instance_owner` makes the
    instance one of that account alone, `permission_sets` False one of the organization on which they are not
    enabled, `key` (an ARN) one that is encrypted with a key of the customer. `account_role` names the role
    that may be assumed in every account but `accounts_without_role`. `delegated_actions` are the operations
    of Organizations that its resource policy allows the delegated administrator (`UpdatePolicy`).
    """

    caller: Caller = Caller.MANAGEMENT
    lists_for_principal: bool = False
    management_rights: bool = True
    trail_delay: float = 0.0
    clock_ahead: float = 0.0
    instance_owner: str = ""
    permission_sets: bool = True
    key: str = ""
    account_role: str = ""
    accounts_without_role: tuple[str, ...] = ()
    delegated_actions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.caller = Caller(self.caller)


def iso_seconds(duration: str) -> float | None:
    """The seconds of an ISO 8601 duration of days, hours, minutes and seconds; None for any other."""
    found = _ISO.fullmatch(duration)
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds

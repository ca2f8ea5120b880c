"""Codes of findings: sCIM services."""

from __future__ import annotations

from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity

TITLE = "SCIM services"
CODES = (
    Code("token-expires", (Severity.WARNING,), "the token of a service ends within 60 days, or has ended"),
    Code(
        "members-unreadable",
        (Severity.WARNING,),
        "the service does not show who is in a group, so nothing is done about it",
    ),
    Code(
        "membership-mismatch",
        (Severity.WARNING,),
        "users say that they are in a group that does not name them",
        formerly="members-disagree",
    ),
    Code("nested-groups", (Severity.WARNING,), "groups are members of groups, and stay there"),
    Code("dangling-members", (Severity.NOTE,), "groups name members who no longer exist"),
    Code(
        "duplicate-member", (Severity.NOTE,), "groups name a member more than once", formerly="member-twice"
    ),
    Code(
        "duplicate-listing",
        (Severity.NOTE,),
        "the service lists a user or a group more than once",
        formerly="listed-twice",
    ),
    Code("hidden-users", (Severity.NOTE,), "disabled users are in no list and still in groups"),
    Code(
        "schema-mismatch",
        (Severity.NOTE,),
        "the service's schema lacks what its users have, and is not used",
        formerly="schema-untrue",
    ),
)

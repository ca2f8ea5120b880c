"""Codes of findings: permission sets, accounts and assignments."""

from __future__ import annotations

from reconciler.model.address import Kind
from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity

TITLE = "Permission sets, accounts and assignments"
CODES = (
    Code(
        "permission-set-replaced",
        (Severity.WARNING,),
        "a renamed set has new roles; what names the old ones must follow",
    ),
    Code(
        "policy-lint",
        (
            Severity.WARNING,
            Severity.NOTE,
        ),
        "an inline policy has parts that somebody should look at; this does not block",
    ),
    Code(
        "managed-policy-unknown",
        (Severity.WARNING,),
        (
            "an AWS-managed policy is in no list that the reconciler has, with its day, and what was "
            "probably meant"
        ),
    ),
    Code(
        "managed-policy-missing",
        (Severity.REFUSAL,),
        "IAM itself says that an AWS-managed policy does not exist",
        why="AWS refuses to attach a policy that does not exist",
    ),
    Code(
        "access-analyzer",
        (
            Severity.WARNING,
            Severity.NOTE,
        ),
        ("what IAM Access Analyzer says of an inline policy that the plan writes; this does not block"),
    ),
    Code(
        "access-analyzer-not-asked",
        (Severity.NOTE,),
        "IAM Access Analyzer could not be asked, and why; allow `access-analyzer:ValidatePolicy`",
    ),
    Code(
        "permission-set-kept", (Severity.WARNING,), "a set goes when assignments that others made have gone"
    ),
    Code(
        "kept-for-assignments",
        (Severity.WARNING,),
        "deletions left out, because assignments of what goes must stay",
    ),
    Code("orphaned-assignments", (Severity.WARNING,), "assignments of users or groups that no longer exist"),
    Code(
        "assignments-out-of-reach",
        (Severity.WARNING,),
        "assignments in accounts that are not active or not in the organization",
    ),
    Code("account-unreachable", (Severity.WARNING,), "git assigns in accounts where nothing can be assigned"),
    Code(
        "accounts-not-active",
        (Severity.NOTE,),
        "accounts that selectors leave out, because they are not active",
    ),
    Code(
        "provisioning-skipped", (Severity.NOTE,), "roles in accounts that are not active are not provisioned"
    ),
    Code(
        "unit-unknown",
        (Severity.WARNING,),
        (
            "a selector names a unit that the organization does not have; nothing is given or taken "
            "for its entry"
        ),
    ),
    Code(
        "except-unknown",
        (Severity.REFUSAL,),
        (
            "new assignments are withheld: the `except` of their entry names what the organization "
            "does not have; a plan for review has it at its head, among what is blocked, and all else "
            "goes on"
        ),
        why="what an `except` does not find, it does not keep out",
        lifted_by=(Kind.ASSIGNMENT,),
    ),
    Code(
        "except-unmatched",
        (Severity.WARNING,),
        ("the `except` of an entry names what the organization does not have; the entry gives nothing new"),
    ),
    Code(
        "unit-ambiguous",
        (Severity.REFUSAL,),
        "a selector names a path that several units have, because names may have slashes",
        why="two units can be meant, and only one of them is",
    ),
    Code(
        "assignments-unresolved",
        (Severity.WARNING,),
        (
            "assignments that no entry says any more stay, because an entry for them names a unit "
            "that is not known"
        ),
    ),
    Code("selector-empty", (Severity.NOTE,), "selectors match no active account"),
    Code(
        "longest-until", (Severity.NOTE,), "two entries say the same with different ends: the last end counts"
    ),
    Code(
        "direct-assignment",
        (Severity.NOTE,),
        "users are assigned directly, and keep that when they change groups",
    ),
)

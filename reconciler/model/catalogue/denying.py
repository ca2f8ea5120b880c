"""Codes of findings: people who are out at once."""

from __future__ import annotations

from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity

TITLE = "Out at once"
CODES = (
    Code(
        "sessions-live-on",
        (Severity.NOTE,),
        "sessions of people who are out may live on; each with the account, the set and until when",
    ),
    Code(
        "not-denied",
        (Severity.WARNING,),
        "people who are out cannot be denied at once, each with why; their removals wait for nothing",
    ),
    Code(
        "denied-not-blocked",
        (Severity.WARNING,),
        "people are denied everything and git does not block them: nothing is granted to them",
    ),
    Code(
        "deny-policy-changed",
        (Severity.WARNING,),
        "git names another `deny_policy`, or none, than is in use; with who is in that and what follows",
    ),
    Code(
        "deletion-held",
        (Severity.WARNING,),
        "users gone from git are not deleted while the policy of denials has them without a block in git",
    ),
    Code(
        "never-denied",
        (Severity.WARNING,),
        "people who are out, or in the policy, are protected or run the reconciler: they are never denied",
    ),
    Code(
        "deny-policy-unusable",
        (Severity.WARNING,),
        "the policy of denials cannot be read, or has something else in it; nothing is written to it",
    ),
)

"""Codes of findings: what was not read, or is somebody else's."""

from __future__ import annotations

from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity

TITLE = "What was not read, or is somebody else's"
CODES = (
    Code(
        "live-from-snapshot",
        (Severity.NOTE,),
        "what is live comes from a snapshot of the age that is given; apply reads everything again",
    ),
    Code("not-read", (Severity.WARNING,), "removals are held back, because not everything was read"),
    Code(
        "assignments-not-read",
        (Severity.WARNING,),
        "declared assignments were not compared, because nobody looked whether they are there",
    ),
    Code(
        "perhaps-renamed",
        (Severity.WARNING,),
        ("a group is new, and one with the same members goes: perhaps it was renamed and lacks `previously`"),
    ),
    Code("observed", (Severity.NOTE,), "differences of kinds that are only observed"),
    Code(
        "spared",
        (Severity.WARNING,),
        "access of inactive people is left to them, being external, ignored or observed",
    ),
    Code(
        "match-blocked",
        (Severity.WARNING,),
        (
            "two objects, or two ids, could be meant, so nothing is done to either; heads the plan, "
            "which is saved and ends with exit code 1; apply and reconcile do the rest and end with 6 "
            "(1 where there was nothing to write)"
        ),
    ),
    Code(
        "external-not-found", (Severity.WARNING,), "external objects are not there; what refers to them waits"
    ),
    Code(
        "permission-set-ignored",
        (Severity.WARNING,),
        "a permission set is declared and ignored: it is left alone",
    ),
    Code(
        "other-person",
        (Severity.WARNING,),
        "somebody who gains something goes by a key that meant another person at the last whole apply",
    ),
    Code("unmanaged-privileged", (Severity.WARNING,), "privileged assignments made outside git"),
    Code("unmanaged-assignments", (Severity.NOTE,), "assignments made outside git of what git declares"),
    Code(
        "delegated-administrator",
        (Severity.WARNING,),
        "changes left out that a delegated administrator may not make",
    ),
    Code("kind-not-applied", (Severity.NOTE,), "declared things of a kind that this version does not apply"),
    Code("not-provisioned", (Severity.NOTE,), "members who are not provisioned to this target"),
    Code(
        "assignments-not-provisioned",
        (Severity.NOTE,),
        "entries of `assignments` name what is not provisioned to this target",
    ),
)

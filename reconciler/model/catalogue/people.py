"""Codes of findings: people and groups."""

from __future__ import annotations

from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity

TITLE = "People and groups"
CODES = (
    Code("incomplete-user", (Severity.WARNING,), "a user cannot be created: a name is missing"),
    Code("name-taken", (Severity.WARNING,), "a change waits, because another object bears the name"),
    Code("manager-unknown", (Severity.WARNING,), "the declared manager is not at this target"),
    Code("disabled-elsewhere", (Severity.WARNING,), "somebody else disabled a user, who stays so"),
    Code(
        "status-not-written",
        (Severity.WARNING,),
        "the channel cannot disable users: inactive people can sign in, to nothing",
    ),
    Code("attribute-not-written", (Severity.NOTE,), "the channel cannot write a declared attribute"),
    Code(
        "attribute-not-persisted",
        (Severity.NOTE,),
        "the service was seen not to keep declared attributes, or to keep them in another form",
        formerly="attribute-not-kept",
    ),
    Code(
        "removals-pending",
        (Severity.WARNING,),
        "removals that were applied before and had no effect; they count for no limit",
    ),
    Code(
        "members-stay",
        (Severity.WARNING,),
        "memberships should end, and the service carries out no form of such a removal",
    ),
    Code("deactivation-means", (Severity.NOTE,), "what the service makes of users whom the plan disables"),
    Code("deletion-means", (Severity.NOTE,), "what the service makes of users whom the plan deletes"),
    Code(
        "include-unmanaged",
        (Severity.WARNING,),
        "a group includes one whose members are not managed: that adds nobody",
    ),
    Code("previously-own-key", (Severity.WARNING,), "`previously` names the present key, which is ignored"),
    Code(
        "blocked-unknown",
        (
            Severity.WARNING,
            Severity.REFUSAL,
        ),
        "a block names nobody in git; refusal: nobody at any target either",
        why="with a wrong key, the person who was to lose access keeps it",
    ),
)

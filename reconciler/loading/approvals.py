"""What people write in approvals/*.yaml: reviewed permissions to go past a guard, which expire."""

from __future__ import annotations

from typing import Annotated, Literal, Required

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from reconciler.config.documents import TargetName
from reconciler.config.fields import STRICT, Key, Positive, Text
from reconciler.config.moments import Moment

# What cannot be done safely (unsafe-deletion, and a recreate that git itself asks for) nothing lifts.
GuardName = Literal[
    "max-removals",
    "set-emptied",
    "protected",
    "recreate",
    "live-shrank",
    "source-shrank",
    "own-access",
    "min-members",
    "max-grants",
    "max-privileged-grants",
    "except-unknown",
]


class ApprovalDocument(TypedDict, total=False):
    """One permission to go past one guard."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic reads it; a TypedDict has no other place for it

    guard: Required[
        Annotated[GuardName, Field(description="The code of the guard, as the refusal shows it.")]
    ]
    kind: Annotated[
        Literal["users", "groups", "memberships", "permission_sets", "assignments", "blocked"],
        Field(description="Of which kind, as the refusal says. Without it: what the guard says of no kind."),
    ]
    group: Annotated[Text, Field(description="Of which one group, by its key, where the refusal names one.")]
    account: Annotated[
        Text, Field(description="Of which one account, by its key or id, where the refusal names one.")
    ]
    count: Required[Annotated[Positive, Field(description="How many the guard may find.")]]
    until: Required[Annotated[Moment, Field(description="Last day or instant at which it holds.")]]
    reason: Required[Annotated[Text, Field(description="Why, for reviewers: a ticket or a short sentence.")]]
    target: Annotated[TargetName, Field(description="At which target. Default: at all of them.")]


class ApprovalsDocument(TypedDict, total=False):
    """Permissions to go past guards, in files of their own, so that guards' owners review them."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic reads it; a TypedDict has no other place for it

    approvals: Annotated[dict[Key, ApprovalDocument] | None, Field(description="Approvals, by a name.")]


APPROVALS: TypeAdapter[ApprovalsDocument] = TypeAdapter(ApprovalsDocument)

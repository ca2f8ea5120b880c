"""What people write in approvals/*.yaml: reviewed permissions to go past a guard, which expire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required

from pydantic import BeforeValidator, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from reconciler.config.documents import TargetName
from reconciler.files.documents import Document
from reconciler.files.fields import STRICT, Key, Positive, Text
from reconciler.files.moments import Moment
from reconciler.model.catalogue import FORMERLY, LIFTABLE
from reconciler.model.plan import Finding, Severity

# What cannot be done safely (unsafe-deletion, and a recreate that git itself asks for) nothing lifts.
if TYPE_CHECKING:
    GuardName = str
else:
    GuardName = Literal[LIFTABLE]


def _current(value: object) -> object:
    """The code of today for one of an earlier release."""
    return FORMERLY.get(value, value) if isinstance(value, str) else value


@with_config(STRICT)
class ApprovalDocument(TypedDict, total=False):
    """One permission to go past one guard."""

    guard: Required[
        Annotated[
            GuardName,
            BeforeValidator(_current),
            Field(description="The code of the guard, as the refusal shows it."),
        ]
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


@with_config(STRICT)
class ApprovalsDocument(TypedDict, total=False):
    """Permissions to go past guards, in files of their own, so that guards' owners review them."""

    approvals: Annotated[dict[Key, ApprovalDocument] | None, Field(description="Approvals, by a name.")]


APPROVALS: TypeAdapter[ApprovalsDocument] = TypeAdapter(ApprovalsDocument)


def renamed_guards(document: Document) -> Iterator[Finding]:
    """A warning for each approval in a document that was read that names a guard by its earlier code."""
    written: Any = document.value.get("approvals")
    for key, fields in written.items() if isinstance(written, Mapping) else ():
        guard = fields.get("guard") if isinstance(fields, Mapping) else None
        if isinstance(guard, str) and guard in FORMERLY:
            yield Finding(
                code="guard-renamed",
                severity=Severity.WARNING,
                message=f"the approval {key} names the guard {guard}, which is called {FORMERLY[guard]} now",
                origin=document.origin("approvals", key, "guard"),
                fix=f"write `guard: {FORMERLY[guard]}`",
            )

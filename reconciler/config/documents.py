"""What people write in reconciler.yaml, field by field. The JSON Schema for editors is made from this."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Required

from pydantic import BeforeValidator, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from reconciler.config.locks import LockDocument
from reconciler.config.rules import RuleDocument
from reconciler.config.selectors import SelectorEntry
from reconciler.files.fields import (
    STRICT,
    Flag,
    Key,
    PathPattern,
    Pattern,
    Percent,
    Positive,
    Text,
    Whole,
)
from reconciler.files.shapes import Shape, refused

FORMAT = 1


def _format(value: Any) -> int:
    if value == str(FORMAT):
        return FORMAT
    raise refused(
        "is a format that this version does not know", f"write {FORMAT}, or install a newer version"
    )


# Ends up in the name of a git tag and in every address.
TargetName = Annotated[
    str,
    Shape(
        r"[A-Za-z0-9][A-Za-z0-9_\-]{0,62}",
        "is not a valid name for a target: up to 63 letters, digits, _ and - are allowed, "
        "a letter or digit first",
        "rename it",
    ),
]

ModeName = Literal["observe", "managed", "authoritative"]


@with_config(STRICT)
class IgnoredAssignmentDocument(TypedDict, total=False):
    """Assignments that are somebody else's. Names are shell patterns; what is absent matches anything."""

    permission_set: Annotated[Pattern, Field(description="Name of the permission set.")]
    account: Annotated[Pattern, Field(description="Name or id of the account.")]
    group: Annotated[Pattern, Field(description="Display name of the group.")]
    user: Annotated[Pattern, Field(description="User name.")]


@with_config(STRICT)
class IgnoreDocument(TypedDict, total=False):
    """What is somebody else's: counted in every plan, never touched."""

    users: Annotated[list[Pattern], Field(description="Shell patterns over user names.")]
    groups: Annotated[list[Pattern], Field(description="Shell patterns over display names.")]
    permission_sets: Annotated[list[Pattern], Field(description="Shell patterns over names.")]
    assignments: Annotated[
        list[Annotated[IgnoredAssignmentDocument, Field(min_length=1)]],
        Field(description="Assignments, by permission set, account, group or user."),
    ]


@with_config(STRICT)
class ScopeDocument(TypedDict, total=False):
    """How much of each kind is ours: `observe` nothing, `managed` what git declares, `authoritative` all."""

    users: Annotated[ModeName, Field(description="Users. Default: managed.")]
    groups: Annotated[ModeName, Field(description="Groups. Default: managed.")]
    memberships: Annotated[ModeName, Field(description="Members of declared groups. Default: authoritative.")]
    permission_sets: Annotated[ModeName, Field(description="Permission sets. Default: managed.")]
    assignments: Annotated[ModeName, Field(description="Assignments. Default: managed.")]
    ignore: Annotated[IgnoreDocument, Field(description="What is somebody else's.")]


@with_config(STRICT)
class ProvisionDocument(TypedDict, total=False):
    """Who exists at this target at all."""

    users_in: Annotated[
        list[Key], Field(description="Only members of these groups (keys). Default: everybody.")
    ]
    groups: Annotated[list[Pattern], Field(description="Only groups whose keys match. Default: all.")]


@with_config(STRICT)
class TargetDocument(TypedDict, total=False):
    """One service that is kept as git says: the fields of every type."""

    type: Required[Annotated[str, Field(description="The kind of service.")]]
    paths: Annotated[
        list[PathPattern],
        Field(min_length=1, description='Which files feed this target, as shell patterns. Default: "**".'),
    ]
    on_removal: Annotated[
        Literal["deactivate", "delete"],
        Field(description="What becomes of users who are gone from the files. Default: deactivate."),
    ]
    provision: Annotated[ProvisionDocument, Field(description="Who exists at this target at all.")]
    scope: Annotated[
        ScopeDocument, Field(description="What differs here from `scope` at the top, field by field.")
    ]


@with_config(STRICT)
class LimitDocument(TypedDict, total=False):
    """A limit, absolute and relative; both hold. `null` lifts one of the two."""

    count: Annotated[Whole | None, Field(description="At most so many.")]
    percent: Annotated[Percent | None, Field(description="At most this share; it always allows one.")]


@with_config(STRICT)
class CountDocument(TypedDict, total=False):
    """A limit that is a number. `null` lifts it."""

    count: Annotated[Whole | None, Field(description="At most so many.")]


class MembershipLimitDocument(LimitDocument, total=False):
    """A limit on memberships, over all groups and within one."""

    per_group: Annotated[LimitDocument, Field(description="Within any one group.")]


class AssignmentLimitDocument(LimitDocument, total=False):
    """A limit on assignments, over all accounts and within one."""

    per_account: Annotated[LimitDocument, Field(description="Within any one account.")]


@with_config(STRICT)
class MaxRemovalsDocument(TypedDict, total=False):
    """How much one plan may take away."""

    users: Annotated[LimitDocument, Field(description="Users. Default: 5, 2 %.")]
    groups: Annotated[LimitDocument, Field(description="Groups. Default: 5, 2 %.")]
    memberships: Annotated[
        MembershipLimitDocument, Field(description="Memberships. Default: 10 %, 50 % per group.")
    ]
    assignments: Annotated[
        AssignmentLimitDocument, Field(description="Assignments. Default: 20, 10 per account.")
    ]
    permission_sets: Annotated[LimitDocument, Field(description="Permission sets. Default: 5.")]
    total: Annotated[LimitDocument, Field(description="All kinds together. Default: 50.")]
    blocked: Annotated[
        CountDocument,
        Field(
            description="People who are blocked, and whose `until` was past when it was first applied. "
            "Default: 10."
        ),
    ]


@with_config(STRICT)
class MaxGrantsDocument(TypedDict, total=False):
    """How much access one plan may give: people times accounts."""

    total: Annotated[LimitDocument, Field(description="Any access.")]
    privileged: Annotated[LimitDocument, Field(description="Privileged access.")]


@with_config(STRICT)
class ProtectedDocument(TypedDict, total=False):
    """What is never removed, disabled or renamed."""

    users: Annotated[list[Key], Field(description="Keys of `users`.")]
    groups: Annotated[list[Key], Field(description="Keys of `groups`.")]
    permission_sets: Annotated[list[Text], Field(description="Keys of `permission_sets`.")]


@with_config(STRICT)
class PrivilegedDocument(TypedDict, total=False):
    """What counts as privileged access."""

    permission_sets: Annotated[list[Pattern], Field(description="Shell patterns over permission sets.")]
    policies: Annotated[list[Text], Field(description="AWS-managed policies, by name, path or ARN.")]
    accounts: Annotated[list[SelectorEntry], Field(description="Accounts in which all access is privileged.")]
    defaults: Annotated[
        Flag,
        Field(
            description="`false`: only what is named here is privileged, and not also what can do "
            "everything, all of IAM or Organizations, or assume any role. Default: true."
        ),
    ]


@with_config(STRICT)
class GuardsDocument(TypedDict, total=False):
    """Limits that hold for plan, apply and drift alike."""

    max_removals: Annotated[MaxRemovalsDocument, Field(description="How much one plan may take away.")]
    max_grants: Annotated[MaxGrantsDocument, Field(description="How much access one plan may give.")]
    protected: Annotated[ProtectedDocument, Field(description="What is never removed, disabled or renamed.")]
    min_members: Annotated[
        dict[Key, Positive], Field(description="The least members of a group or assignment, by key.")
    ]
    privileged: Annotated[PrivilegedDocument, Field(description="What counts as privileged access.")]


@with_config(STRICT)
class MemoryDocument(TypedDict, total=False):
    """How what git remembers of applies is kept."""

    signed: Annotated[
        Flag,
        Field(
            description="`true`: receipts, marks and their tags that are not signed by one of the keys in "
            "`allowed_signers` of the trusted branch are refused. Default: false."
        ),
    ]


@with_config(STRICT)
class ConfigDocument(TypedDict, total=False):
    """How the reconciler works: its targets, what it owns, and what it must never do."""

    format: Required[
        Annotated[
            Any,
            BeforeValidator(_format),
            WithJsonSchema({"const": FORMAT}),
            Field(description="The format of these files: 1."),
        ]
    ]
    requires: Annotated[
        Text, Field(description='Versions of the reconciler that may be used, as ">=0.3,<1".')
    ]
    timezone: Annotated[Text, Field(description="Time zone of dates, as Europe/Zurich. Default: UTC.")]
    targets: Annotated[
        dict[TargetName, TargetDocument],
        Field(min_length=1, description="Services, by a name. Default: one, `aws`, of type identity-center."),
    ]
    scope: Annotated[ScopeDocument, Field(description="How much of each kind is ours.")]
    auto_apply: Annotated[
        list[Literal["expiry", "block", "leaver", "selector", "drift"]],
        Field(description="What the scheduled reconcile may apply by rule. Default: expiry, block, leaver."),
    ]
    guards: Annotated[GuardsDocument, Field(description="Limits on what one plan may do.")]
    lock: Annotated[LockDocument, Field(description="How two applies at once are kept apart.")]
    memory: Annotated[MemoryDocument, Field(description="How what git remembers of applies is kept.")]
    rules: Annotated[
        dict[Key, RuleDocument], Field(description="What the resulting access must satisfy, by name.")
    ]

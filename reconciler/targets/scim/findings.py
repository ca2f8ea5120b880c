"""What a reviewer must know of the reading of a SCIM service, said once for all that it concerns."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.plan import Finding, Severity

# As many as make a cause recognisable.
_SHOWN = 20


def listed_twice(what: str, ids: Sequence[str]) -> Finding:
    """The service lists `what` ("user", "group") more than once."""
    return _finding(
        "listed-twice",
        Severity.NOTE,
        f"the service lists {_many(len(ids), what)} more than once; each counts once",
        ids,
    )


def dangling(pairs: Sequence[str]) -> Finding:
    """Groups name members who do not exist: `pairs` are "group: id"."""
    return _finding(
        "dangling-members",
        Severity.NOTE,
        f"groups still name {_many(len(pairs), 'member')} who no longer exist; they are left out",
        pairs,
    )


def nested(pairs: Sequence[str]) -> Finding:
    """Groups are members of groups: `pairs` are "group: group"."""
    return _finding(
        "nested-groups",
        Severity.WARNING,
        f"{_many(len(pairs), 'group')} are members of groups; whom that makes members is not seen here, and "
        "they stay",
        pairs,
        "list people themselves; write `include` in git for a group inside a group",
    )


def member_twice(groups: Sequence[str]) -> Finding:
    """Groups list a member more than once."""
    return _finding(
        "member-twice",
        Severity.NOTE,
        f"{_many(len(groups), 'group')} list a member more than once; each counts once",
        groups,
    )


def disagree(pairs: Sequence[str]) -> Finding:
    """Users say that they are in groups that do not say so: `pairs` are "group: user"."""
    return _finding(
        "members-disagree",
        Severity.WARNING,
        f"{_many(len(pairs), 'membership')} stand with the user and not with the group; the group counts",
        pairs,
        "look at the service which of the two is true",
    )


def unreadable(reason: str) -> Finding:
    """Members cannot be read at all."""
    return _finding(
        "members-unreadable",
        Severity.WARNING,
        f"memberships cannot be read ({reason}); none is added or removed in groups that exist",
        (),
        "choose the profile of the service, or write one (docs/scim.md)",
    )


def hidden_users(ids: Sequence[str]) -> Finding:
    """Users who are in no list, and who answer when they are asked for by id."""
    return _finding(
        "hidden-users",
        Severity.NOTE,
        f"{_many(len(ids), 'disabled user')} are in no list and still members of groups; they count",
        ids,
    )


def schema_untrue(names: Sequence[str]) -> Finding:
    """The schema lacks attributes that users have."""
    return _finding(
        "schema-untrue",
        Severity.NOTE,
        f"the service's schema lacks {', '.join(names)}, which its users have; the schema is not used",
        names,
    )


def _finding(
    code: str, severity: Severity, message: str, details: Sequence[str], fix: str | None = None
) -> Finding:
    shown = sorted(details)[:_SHOWN]
    more = (f"and {len(details) - _SHOWN:,} more",) if len(details) > _SHOWN else ()
    return Finding(code, severity, message, fix=fix, details=(*shown, *more), count=max(1, len(details)))


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"

"""A membership that ends by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.editing.folder import Editor
from reconciler.errors import InputError, Problem, UsageError
from reconciler.loading.documents import UNMANAGED
from reconciler.loading.load import load

# Longer than any elevation. A person who needs a group for longer is a member of it.
LONGEST = timedelta(days=366)


def grant(
    editor: Editor, user: str, group: str, *, lasts: timedelta, reason: str, now: datetime
) -> Sequence[str]:
    """Make a user a member of a group until `now` and `lasts`, with a reason; what to know about it.

    A membership that ends sooner is prolonged; one that ends later, or never, is refused. Raises UsageError
    where it would give nothing, or would take the group's members from others; InputError where the file
    cannot be edited.
    """
    if not timedelta(0) < lasts <= LONGEST:
        raise UsageError(f"--for: between a minute and {LONGEST.days} days")
    if not reason.strip():
        raise UsageError("--reason: write a ticket or a sentence, for reviewers")
    loaded = load(editor.tree())
    identities = loaded.identities
    person, wanted = identities.users.get(user), identities.groups.get(group)
    if person is None:
        raise UsageError(f"user {user} is not in the files")
    if wanted is None:
        raise UsageError(f"group {group} is not in the files")
    if user in identities.blocked:
        raise UsageError(f"user {user} is blocked: a membership would give nothing")
    override = identities.overrides.get(user)
    window = person.window if override is None or override.window is None else override.window
    active = person.active if override is None or override.active is None else override.active
    if active is False or not window.holds(now):
        raise UsageError(f"user {user} is inactive: a membership would give nothing")
    if wanted.external or wanted.unmanaged or (wanted.members is None and wanted.include is None):
        raise UsageError(
            f"the members of group {group} are not in the files: to write one there would remove all others"
        )
    end = _minute(now + lasts)
    path = editor.find("groups", group)
    assert path is not None
    if editor.is_owned(path):
        fix = "add the person in the directory, or make a group of your own that gives the same"
        raise InputError([Problem(f"group {group} is imported: {path} is written anew by each import", fix)])
    fields: Mapping[str, Any] = editor.value(path)["groups"][group] or {}
    written = fields.get("members") or []
    assert written != UNMANAGED
    until = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {"user": user, "until": until, "reason": reason}
    at = ("groups", group, "members")
    held = (wanted.members or {}).get(user)
    if held is None:
        editor.append(path, at, entry)
        return [_ends(user, group, until)]
    index = next(
        at
        for at, one in enumerate(written)
        if one == user or (isinstance(one, dict) and one.get("user") == user)
    )
    if isinstance(held, int) or held.window.end is None or held.window.end >= end:
        ends = (
            "never"
            if isinstance(held, int) or held.window.end is None
            else f"at {held.window.end:%Y-%m-%dT%H:%MZ}"
        )
        raise UsageError(f"user {user} is a member of {group} already, which ends {ends}")
    if held.window.early(now):
        raise UsageError(f"user {user} is a member of {group} from a later day on: change that entry by hand")
    editor.assign(path, (*at, index, "until"), until)
    editor.assign(path, (*at, index, "reason"), reason)
    return [_ends(user, group, until)]


def _ends(user: str, group: str, until: str) -> str:
    return f"{user} is a member of {group} from the apply on, until {until}; `reconcile` takes it away then"


def _minute(moment: datetime) -> datetime:
    """The next whole minute, in UTC."""
    whole = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)

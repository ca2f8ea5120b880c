"""Accounts, assignments and approvals: from documents to values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from reconciler.config.selectors import ACCOUNT_ID, build_selectors, selected_ids
from reconciler.files.characters import show
from reconciler.files.documents import Document, Loc, repeated
from reconciler.files.moments import end_of
from reconciler.loading.approvals import ApprovalDocument
from reconciler.loading.documents import AssignmentDocument
from reconciler.loading.people import checked_window
from reconciler.model.address import Kind
from reconciler.model.policy import Approval
from reconciler.model.removed import BLOCKED
from reconciler.model.resources import Account, Assignment, Origin

_LISTS = ("groups", "users", "permission_sets")
_KINDS = {
    "users": Kind.USER,
    "groups": Kind.GROUP,
    "memberships": Kind.MEMBERSHIP,
    "permission_sets": Kind.PERMISSION_SET,
    "assignments": Kind.ASSIGNMENT,
    BLOCKED: Kind.USER,
}


def account(document: Document, key: str, node: int, written: str) -> Account:
    """One account's name."""
    if ACCOUNT_ID.fullmatch(key):
        document.fault(
            ("accounts", key),
            "is named by an id",
            "give it a name; ids need no entry here",
            key=True,
            kept=True,
        )
    return Account(key, written, Origin(document.path, node))


def assignment(
    document: Document, key: str, node: int, written: AssignmentDocument, zone: tzinfo
) -> Assignment:
    """One entry of `assignments`."""
    fields: Mapping[str, Any] = written
    at: Loc = ("assignments", key)
    if not fields.get("groups") and not fields.get("users"):
        document.fault(at, "names nobody", "add groups or users", key=True)
    lists = {name: _once(document, (*at, name), fields.get(name, ())) for name in _LISTS}
    return Assignment(
        key,
        Origin(document.path, node),
        **lists,
        accounts=tuple(build_selectors(document, (*at, "accounts"), fields.get("accounts", ()))),
        excluded=tuple(build_selectors(document, (*at, "except"), fields.get("except_", ()))),
        window=checked_window(document, at, fields, zone),
        reason=fields.get("reason"),
    )


def approval(document: Document, key: str, node: int, written: ApprovalDocument, zone: tzinfo) -> Approval:
    """One permission to go past a guard."""
    return Approval(
        key,
        Origin(document.path, node),
        guard=written["guard"],
        count=written["count"],
        until=end_of(written["until"], zone),
        reason=written["reason"],
        kind=_KINDS[written["kind"]] if "kind" in written else None,
        target=written.get("target"),
        group=written.get("group"),
        account=written.get("account"),
        blocked=written.get("kind") == BLOCKED,
    )


def account_ids(document: Document) -> Iterator[Loc]:
    """Where account ids stand in an identities file."""
    accounts = document.value.get("accounts")
    for key, value in accounts.items() if isinstance(accounts, dict) else ():
        if isinstance(value, str) and ACCOUNT_ID.fullmatch(value):
            yield ("accounts", key)
    assignments = document.value.get("assignments")
    for key, entry in assignments.items() if isinstance(assignments, dict) else ():
        for name in ("accounts", "except") if isinstance(entry, dict) else ():
            yield from selected_ids(("assignments", key, name), entry.get(name))


def _once(document: Document, at: Loc, entries: Sequence[str]) -> tuple[str, ...]:
    for index in repeated(entries):
        says = f"is {show(entries[index])}, which is in this list already"
        document.fault((*at, index), says, "delete one of the two", kept=True)
    return tuple(dict.fromkeys(entries))

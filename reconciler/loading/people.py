"""Users, groups, blocks and overrides: from documents to values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from pydantic import ValidationError

from reconciler.files.characters import show
from reconciler.files.documents import Document, Loc, repeated, subject
from reconciler.files.moments import is_empty, start_of, window
from reconciler.loading.documents import (
    MEMBER,
    UNMANAGED,
    BlockDocument,
    GroupDocument,
    LeaverDocument,
    OverrideDocument,
    UserDocument,
)
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import (
    ADDRESS_PARTS,
    ALWAYS,
    GROUP_ATTRIBUTES,
    Attributes,
    Block,
    Grant,
    Group,
    Include,
    Leaver,
    Members,
    Origin,
    Override,
    User,
    Value,
    Window,
)

# AWS keeps them for itself (identitystore API, CreateUser and CreateGroup).
RESERVED = frozenset(("administrator", "awsadministrators"))

# What is not an attribute of the person.
_CONTROLS = frozenset(("external", "active", "from_", "until", "previously"))
# What may be said of somebody else's user or group: how to find it.
_EXTERNAL_USER = frozenset(("user_name", "external_id", "external"))
_EXTERNAL_GROUP = frozenset(("display_name", "external_id", "external"))


class People:
    """Makes the people and groups of one document; what is wrong is noted there."""

    def __init__(self, document: Document, zone: tzinfo) -> None:
        self._document, self._zone, self._path = document, zone, document.path

    def user(self, key: str, node: int, written: UserDocument) -> User:
        """One user."""
        fields: dict[str, Any] = dict(written)
        if fields["user_name"].lower() in RESERVED:
            self._reserved(("users", key, "user_name"))
        if _CONTROLS.isdisjoint(fields) and "address" not in fields and "photos" not in fields:
            return User(key, fields, Origin(self._path, node))
        if fields.get("external"):
            self._foreign(("users", key), fields, _EXTERNAL_USER)
        return User(
            key,
            _attributes(fields),
            Origin(self._path, node),
            external=fields.get("external", False),
            active=fields.get("active"),
            window=self._window(("users", key), fields),
            previously=self._previously(("users", key), fields),
        )

    def group(self, key: str, node: int, written: GroupDocument | None) -> Group:
        """One group."""
        fields: dict[str, Any] = dict(written or {})
        at: Loc = ("groups", key)
        if (fields.get("display_name") or key).lower() in RESERVED:
            self._reserved((*at, "display_name"))
        if fields.get("display_name", "") is None:
            self._document.fault(
                (*at, "display_name"), "is empty", "write a name, or delete the line", key=True, kept=True
            )
        if fields.get("external"):
            self._foreign(at, fields, _EXTERNAL_GROUP)
        unmanaged = fields.get("members") == UNMANAGED
        if unmanaged and "include" in fields:
            self._document.fault(
                (*at, "include"),
                f"cannot go with members: {UNMANAGED}, because it adds members",
                "delete include, or write the members as a list",
                key=True,
                kept=True,
            )
        managed = "members" in fields and not unmanaged
        return Group(
            key,
            {name: fields[name] for name in GROUP_ATTRIBUTES if name in fields},
            Origin(self._path, node),
            external=fields.get("external", False),
            members=self._members(key, fields["members"]) if managed else None,
            include=tuple(self._includes(key, fields["include"])) if "include" in fields else None,
            shared=fields.get("shared"),
            previously=self._previously(at, fields),
            unmanaged=unmanaged,
        )

    def block(self, key: str, node: int, written: BlockDocument | None) -> Block:
        """One blocked user."""
        fields = written or {}
        since = fields.get("since")
        return Block(
            key,
            Origin(self._path, node),
            since=None if since is None else start_of(since, self._zone),
            reason=fields.get("reason"),
        )

    def leaver(self, key: str, node: int, written: LeaverDocument) -> Leaver:
        """One user who left, or will. Somebody who comes back is not written as one, so `true` is a fault."""
        at: Loc = ("leavers", key)
        active, until = written.get("active"), written.get("until")
        if active is True:
            fix = "delete the entry: without it the user is as `users` says"
            self._document.fault((*at, "active"), "is true, and a leaver is not active", fix, kept=True)
        if active is None and until is None:
            self._document.fault(at, "says nothing", "write active: false or until", key=True, kept=True)
        return Leaver(
            key,
            Origin(self._path, node),
            written["external_id"],
            active=active,
            end=self._window(at, {"until": until}).end,
        )

    def override(self, key: str, node: int, written: OverrideDocument, user: User | None) -> Override:
        """What is laid over one user. A `from` or `until` that it does not mention stays the user's own."""
        fields: dict[str, Any] = dict(written)
        at: Loc = ("overrides", key)
        if not self._document.at(at):
            self._document.fault(
                at, "changes nothing", "write the fields that differ, or delete it", key=True, kept=True
            )
        span = None
        if "from_" in fields or "until" in fields:
            base = user.window if user is not None else ALWAYS
            own = self._window(at, fields)
            span = Window(
                own.start if "from_" in fields else base.start, own.end if "until" in fields else base.end
            )
            if is_empty(span) and not is_empty(own):
                fix = "write both from and until"
                self._document.fault(at, "ends before the user starts", fix, key=True, kept=True)
        return Override(
            key, Origin(self._path, node), _attributes(fields), active=fields.get("active"), window=span
        )

    def _members(self, group: str, entries: Sequence[Any]) -> Members:
        at: Loc = ("groups", group, "members")
        node = self._document.origin(*at).node
        if set(map(type, entries)) <= {str}:
            plain: dict[str, int | Grant] = dict(
                zip(entries, range(node + 1, node + 1 + len(entries)), strict=True)
            )
            if len(plain) == len(entries):
                return plain
        members: dict[str, int | Grant] = {}
        for index, entry in enumerate(entries):
            key, grant = self._member((*at, index), entry)
            if key in members:
                self._twice((*at, index), key)
            elif key is not None:
                members[key] = grant
        return members

    def _member(self, at: Loc, entry: Any) -> tuple[str | None, int | Grant]:
        node = self._document.origin(*at).node
        if isinstance(entry, str):
            return entry, node
        if entry is None:
            self._document.fault(at, "is empty", "write a key of `users`, or delete the line")
            return None, node
        try:
            fields: Mapping[str, Any] = MEMBER.validate_python(entry)
        except ValidationError as error:
            self._document.explain(error, MEMBER, at)
            return None, node
        span = self._window(at, fields)
        reason = fields.get("reason")
        return fields["user"], node if span is ALWAYS and reason is None else Grant(node, span, reason)

    def _includes(self, group: str, entries: Sequence[Mapping[str, Any]]) -> Iterable[Include]:
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            at: Loc = ("groups", group, "include", index)
            if entry["group"] in seen:
                self._twice(at, entry["group"])
            seen.add(entry["group"])
            node = self._document.origin(*at).node
            yield Include(entry["group"], node, self._window(at, entry), entry.get("reason"))

    def _window(self, at: Loc, fields: Mapping[str, Any]) -> Window:
        return checked_window(self._document, at, fields, self._zone)

    def _previously(self, at: Loc, fields: Mapping[str, Any]) -> tuple[str, ...]:
        return checked_previously(self._document, at, fields)

    def _foreign(self, at: Loc, fields: Mapping[str, Any], allowed: frozenset[str]) -> None:
        for name in fields:
            if name not in allowed:
                field = name.rstrip("_")
                self._document.fault(
                    (*at, field),
                    "cannot go with external: true, because somebody else owns it",
                    f"delete {field}, or delete external",
                    key=True,
                    kept=True,
                )

    def _reserved(self, at: Loc) -> None:
        self._document.fault(at, "is a name that AWS keeps for itself", "choose another name", kept=True)

    def _twice(self, at: Loc, key: str) -> None:
        says = f"is {show(key)}, which is in this list already"
        self._document.fault(at, says, "delete one of the two", kept=True)


def checked_window(document: Document, at: Loc, fields: Mapping[str, Any], zone: tzinfo) -> Window:
    """The window of `from` and `until`; one that never holds is noted."""
    start, end = fields.get("from_"), fields.get("until")
    if start is None and end is None:
        return ALWAYS
    span = window(start, end, zone)
    if is_empty(span):
        says = "is not after from, so that it never holds"
        document.fault((*at, "until"), says, "swap the two", kept=True)
    return span


def checked_previously(document: Document, at: Loc, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The former names, each once. The present key among them is left out, and a finding says so."""
    names: Sequence[str] = fields.get("previously", ())
    for index in repeated(names):
        says = "is in this list already"
        document.fault((*at, "previously", index), says, "delete one of the two", kept=True)
    key = at[-1]
    if key not in names:
        return tuple(names)
    loc = (*at, "previously", names.index(str(key)))
    document.remark(
        Finding(
            code="previously-own-key",
            severity=Severity.WARNING,
            message=f"{subject(loc)} is the present key and is ignored",
            origin=document.origin(*loc),
            fix="delete it, or write the former key",
        )
    )
    return tuple(name for name in names if name != key)


def _attributes(fields: Mapping[str, Any]) -> Attributes:
    attributes: dict[str, Value] = {name: value for name, value in fields.items() if name not in _CONTROLS}
    address = attributes.get("address")
    if isinstance(address, Mapping):
        attributes["address"] = {part: address[part] for part in ADDRESS_PARTS if part in address}
    photos = fields.get("photos")
    if photos is not None:
        attributes["photos"] = tuple(photos)
    return attributes

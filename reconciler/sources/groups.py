"""Who is in which group: direct members, members by primary group, and groups in groups.

Sources: MS-ADA2 2.43 (`member` and `memberOf` leave out the primary group), MS-ADA3 2.120 (primaryGroupID;
primaryGroupToken is the same number at the group).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sources.entry import Entry, Name, normal
from reconciler.sources.outcome import Imported, Remark

_FEW = 3


class Memberships:
    """The members of every group that is imported. `remarks` are filled when it is made."""

    def __init__(
        self,
        users: Mapping[str, Entry],
        groups: Mapping[str, Entry],
        people: Mapping[str, Imported],
        imported: Mapping[str, Imported],
        *,
        flatten: bool,
    ) -> None:
        self.remarks: list[Remark] = []
        self._people, self._imported = people, imported
        self._user_at = {normal(one.dn): guid for guid, one in users.items()}
        self._group_at = {normal(one.dn): guid for guid, one in groups.items()}
        self._members: defaultdict[str, set[str]] = defaultdict(set)
        self._inner: defaultdict[str, set[str]] = defaultdict(set)
        for guid in imported:
            self._direct(guid, groups[guid])
        # A member that moved while the directory was read is found from its own side.
        for found, entries in ((self._members, users), (self._inner, groups)):
            for guid, entry in entries.items():
                for dn in _names(entry.values("memberOf")):
                    if (group := self._group_at.get(normal(dn))) in imported:
                        found[str(group)].add(guid)
        self._primary(users, groups)
        for guid in imported:
            self._members[guid] &= people.keys()
            self._inner[guid] &= imported.keys()
        self._unwind(groups, flatten=flatten)

    def fields(self, guid: str) -> dict[str, Any]:
        """`members` and `include` of one group, by key."""
        members = sorted(self._people[one].key for one in self._members[guid])
        inner = sorted(self._imported[one].key for one in self._inner[guid])
        return {"members": members, "include": inner} if inner else {"members": members}

    def _direct(self, guid: str, group: Entry) -> None:
        outside = []
        for dn in _names(group.values("member")):
            name = normal(dn)
            if name in self._user_at:
                self._members[guid].add(self._user_at[name])
            elif name in self._group_at:
                self._inner[guid].add(self._group_at[name])
            else:
                outside.append(dn)
        if outside:
            few = "; ".join(sorted(outside)[:_FEW]) + ("; …" if len(outside) > _FEW else "")
            says = f"{len(outside):,} of its members are outside of what is imported: {few}"
            self.remarks.append(Remark("member-outside", group.dn, says, "widen the scope, or leave it so"))

    def _primary(self, users: Mapping[str, Entry], groups: Mapping[str, Entry]) -> None:
        """The members by primary group, which is of the same domain: by objectSid, or else by the name.

        By the name only where nobody shows an objectSid, as in a recording without it. Where some do, those
        who do not are hidden in part, and a loss ends the read (`unseen.py`).
        """
        by_sid: dict[str, str] = {}
        by_name: dict[tuple[Name, str], str] = {}
        for guid in self._imported:
            sid, domain = groups[guid].sid(), _domain(groups[guid])
            rid = _number(groups[guid], "primaryGroupToken")
            if sid is not None:
                by_sid[sid], rid = guid, sid.rpartition("-")[2]
            if rid is not None and domain:
                by_name[domain, rid] = guid
        unrecorded = not any(one.values("objectSid") for one in users.values())
        for guid, entry in users.items():
            sid, rid = entry.sid(), _number(entry, "primaryGroupID")
            if rid is None:
                continue
            group = None if sid is None else by_sid.get(f"{sid.rpartition('-')[0]}-{rid}")
            if group is None:
                group = by_name.get((_domain(entry), rid))
                hidden = sid is None and not unrecorded
                # Two that are there and differ are of two domains.
                if group is None or hidden or (sid is not None and groups[group].sid() is not None):
                    continue
            self._members[group].add(guid)

    def _unwind(self, groups: Mapping[str, Entry], *, flatten: bool) -> None:
        """Resolve circles, which files must not have; with `flatten`, everything."""
        reach = {guid: self._reach(guid) for guid in self._imported}
        members = {guid: set(found) for guid, found in self._members.items()}
        inner = {guid: set(found) for guid, found in self._inner.items()}
        for guid in self._imported:
            circle = {one for one in reach[guid] if guid in reach[one]}
            if circle:
                others = ", ".join(sorted(groups[one].dn for one in circle if one != guid)[:_FEW])
                says = f"it is in itself, by way of {others}" if others else "it is a member of itself"
                fix = "its groups have the same members; take one out of the other"
                self.remarks.append(Remark("cycle", groups[guid].dn, says, fix))
            merged = reach[guid] if flatten else circle
            for one in merged:
                self._members[guid] |= members.get(one, set())
                self._inner[guid] |= inner.get(one, set())
            self._inner[guid] = set() if flatten else self._inner[guid] - circle

    def _reach(self, start: str) -> set[str]:
        """The groups that are in a group at any depth; itself only where it is in a circle."""
        found: set[str] = set()
        left = list(self._inner[start])
        while left:
            one = left.pop()
            if one not in found:
                found.add(one)
                left += self._inner[one]
        return found


def _number(entry: Entry, name: str) -> str | None:
    try:
        found = entry.number(name)
    except ValueError:
        return None
    return None if found is None else str(found)


def _domain(entry: Entry) -> Name:
    """The parts of the name that are those of the domain: the `DC=` at its end."""
    name = normal(entry.dn)
    first = len(name)
    while first and name[first - 1].startswith("dc="):
        first -= 1
    return name[first:]


def _names(values: Iterable[bytes]) -> list[str]:
    return [value.decode("utf-8", "replace") for value in values]

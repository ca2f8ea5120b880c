"""Plain LDAP servers: their entries in the words of Active Directory, which everything else reads.

Sources: RFC 4530 (entryUUID), RFC 2798 (inetOrgPerson), RFC 4519 (groupOfNames, groupOfUniqueNames), RFC 2307
(posixGroup, whose members are login names), RFC 4517 section 3.3.21 (a name with an optional UID).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.sources.entry import Entry
from reconciler.sources.settings import Enabled, Settings

PERSONS = ("inetOrgPerson", "posixAccount")
GROUPS = ("groupOfNames", "groupOfUniqueNames", "posixGroup")
_OPTIONAL_UID = re.compile(rb"#'[01]*'B$")
_ENABLED, _DISABLED = b"512", b"514"
Values = tuple[bytes, ...]


def adapted(entries: Iterable[Entry], settings: Settings) -> Sequence[Entry]:
    """The people and groups of a plain LDAP server as Active Directory would have them; others are left out.

    Who is enabled is said by the configuration alone: without an answer in the entry nobody is taken for it.
    """
    people, groups = [], []
    for entry in entries:
        classes = {value.decode("utf-8", "replace").lower() for value in entry.values("objectClass")}
        if classes & {name.lower() for name in PERSONS}:
            people.append(entry)
        elif classes & {name.lower() for name in GROUPS}:
            groups.append(entry)
    by_login: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for one in people:
        for login in one.values("uid"):
            by_login[login].append(one.dn.encode())
    enabled = settings.mapping.enabled
    return [
        *(_as(one, b"user", uid="sAMAccountName", more=_standing(one, enabled)) for one in people),
        *(_as(one, b"group", cn="sAMAccountName", more=_members(one, by_login)) for one in groups),
    ]


def _as(entry: Entry, kind: bytes, *, more: Mapping[str, Values], **names: str) -> Entry:
    # What a server made of groups is not taken from the other side: an overlay may be behind.
    found = {name: values for name, values in entry.attributes.items() if name != "memberof"}
    # Of several names the least, because a server gives them in any order.
    found |= {new.lower(): (min(entry.values(old)),) for old, new in names.items() if entry.values(old)}
    found |= {"objectclass": (kind,), "objectguid": entry.values("entryUUID"), **more}
    return replace(entry, attributes=found)


def _standing(entry: Entry, enabled: Enabled | None) -> Mapping[str, Values]:
    if enabled is None:
        return {"useraccountcontrol": ()}
    if enabled.attribute is None:
        return {"useraccountcontrol": (_ENABLED,)}
    values = {value.decode("utf-8", "replace").strip().lower() for value in entry.values(enabled.attribute)}
    listed = {value.lower() for value in enabled.values}
    if enabled.negative:
        return {"useraccountcontrol": (_DISABLED if values & listed else _ENABLED,)}
    if not values:
        return {"useraccountcontrol": ()}
    return {"useraccountcontrol": (_ENABLED if values & listed else _DISABLED,)}


def _members(entry: Entry, by_login: Mapping[bytes, Sequence[bytes]]) -> Mapping[str, Values]:
    found = list(entry.values("member"))
    found += [_OPTIONAL_UID.sub(b"", value) for value in entry.values("uniqueMember")]
    for login in entry.values("memberUid"):
        who = by_login.get(login, ())
        # Of several with one login name nobody knows who is meant; they are told as outside.
        found.append(who[0] if len(who) == 1 else b"uid=" + login)
    return {"member": tuple(dict.fromkeys(found))}

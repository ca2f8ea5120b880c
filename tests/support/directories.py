"""Entries of a made-up Active Directory, as values and as LDIF."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from uuid import UUID

from reconciler.sources.entry import Entry

BASE = "DC=ad,DC=example,DC=com"
DOMAIN = "S-1-5-21-1-2-3"
SECURITY_GROUP = "-2147483646"


def guid(number: int) -> bytes:
    """An objectGUID as the directory sends it."""
    return UUID(int=number).bytes_le


def person(number: int, name: str, /, unit: object = "People", **attributes: object) -> Entry:
    """A person of this number, called `name`; an attribute of None is absent."""
    given = name.capitalize()
    return made(
        f"CN={given} Test,OU={unit},{BASE}",
        {
            "objectClass": [b"top", b"person", b"organizationalPerson", b"user"],
            "objectGUID": guid(number),
            "objectSid": f"{DOMAIN}-{1000 + number}",
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@example.com",
            "mail": f"{name}@example.com",
            "givenName": given,
            "sn": "Test",
            "displayName": f"{given} Test",
            "userAccountControl": "512",
            "accountExpires": "9223372036854775807",
            "primaryGroupID": "513",
            **attributes,
        },
    )


def group(number: int, name: str, members: Iterable[Entry | str] = (), /, **attributes: object) -> Entry:
    """A security group of this number with these direct members."""
    names = [one.dn if isinstance(one, Entry) else one for one in members]
    return made(
        f"CN={name},OU=Groups,{BASE}",
        {
            "objectClass": [b"top", b"group"],
            "objectGUID": guid(number),
            "objectSid": f"{DOMAIN}-{1000 + number}",
            "sAMAccountName": name,
            "cn": name,
            "groupType": SECURITY_GROUP,
            "member": [one.encode() for one in names] or None,
            **attributes,
        },
    )


def made(dn: str, attributes: Mapping[str, object]) -> Entry:
    """An entry with the given values: bytes, text, or a list of bytes; `dn` may be among them."""
    found: dict[str, tuple[bytes, ...]] = {}
    for name, value in attributes.items():
        if name == "dn":
            dn = str(value)
        elif isinstance(value, list):
            found[name.lower()] = tuple(value)
        elif value is not None:
            found[name.lower()] = (value if isinstance(value, bytes) else str(value).encode(),)
    return Entry(dn, found)


def ldif(entries: Iterable[Entry]) -> str:
    """The entries as ldapsearch would write them, every value in base64 and folded."""
    lines = ["# extended LDIF", "#", "version: 1", ""]
    count = 0
    for one in entries:
        count += 1
        lines += _folded(f"dn:: {b64encode(one.dn.encode()).decode()}")
        for name, values in one.attributes.items():
            for value in values:
                lines += _folded(f"{name}:: {b64encode(value).decode()}")
        lines.append("")
    lines += ["# search result", "search: 2", "result: 0 Success", "", f"# numEntries: {count}"]
    return "\n".join(lines) + "\n"


def _folded(line: str) -> list[str]:
    return [line[:76], *(f" {line[at : at + 75]}" for at in range(76, len(line), 75))]

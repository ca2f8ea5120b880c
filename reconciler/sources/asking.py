"""What a directory is asked for: bases, filters and attributes as text, and the password.

Sources: RFC 4515 (filters), MS-ADTS 3.1.1.3.4.4 (matching rules).
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.sources.entry import Name, normal
from reconciler.sources.plain import GROUPS, PERSONS
from reconciler.sources.settings import Scope, Server, Settings

_IN_CHAIN = "1.2.840.113556.1.4.1941"
_BIT_AND = "1.2.840.113556.1.4.803"
TOMBSTONES = "(&(isDeleted=TRUE)(|(objectClass=user)(objectClass=group)))"
_ALWAYS = (
    "objectClass", "objectGUID", "objectSid", "sAMAccountName", "cn", "whenChanged", "isCriticalSystemObject",
)  # fmt: skip
# An attribute that a server keeps itself, as entryUUID, comes where it is named (RFC 4512 section 3.4).
_PLAIN = ("objectClass", "entryUUID", "cn", "displayName")
_OF_USERS = ("userAccountControl", "accountExpires", "primaryGroupID", "memberOf", "manager", "displayName")
# What a domain controller counts up at every change of an entry, its members included (MS-ADTS 3.1.1.1.9).
VERSION = "uSNChanged"
_OF_GROUPS = (VERSION, "groupType", "member", "memberOf", "displayName", "description")
_USERS = "(objectCategory=person)(objectClass=user)"
_GROUPS = f"(objectCategory=group)(groupType:{_BIT_AND}:=2147483648)"


def escape_filter(value: str) -> str:
    r"""A value inside of a filter: `*`, `(`, `)`, `\` and NUL as `\2a` and so on (RFC 4515 section 3)."""
    return "".join(f"\\{ord(one):02x}" if one in "*()\\\0" else one for one in value)


def domains(settings: Settings) -> list[str]:
    """The domains of what is read: the `DC=` parts at the end of each base, once, in a fixed order."""
    found: dict[Name, str] = {}
    for base in () if settings.plain else (*settings.users.bases, *settings.groups.bases):
        # Parts that end a name have no comma in them.
        domain = re.search(r"(?:^|,)\s*((?:DC\s*=[^,]+)(?:,\s*DC\s*=[^,]+)*)$", base, re.IGNORECASE)
        if domain is not None:
            found[normal(domain[1])] = domain[1]
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True, slots=True)
class Question:
    """One search: below each of `bases`, by a filter, for these attributes."""

    bases: Sequence[str]
    text: str
    attributes: Sequence[str]


def questions(settings: Settings) -> Sequence[Question]:
    """The searches for users and for groups."""
    rules = settings.mapping
    sources = [rules.sources[name] for name in (*rules.sources,) if name in _wanted(rules.attributes)]
    if settings.plain:
        enabled = rules.enabled and rules.enabled.attribute
        plain = {*_PLAIN, "uid", "manager", rules.user_name, *sources, *([enabled] if enabled else [])}
        in_groups = {*_PLAIN, "member", "uniqueMember", "memberUid", "description"}
        return (
            Question(_outermost(settings.users.bases), _plain(settings.users, PERSONS, "uid"), sorted(plain)),
            Question(
                _outermost(settings.groups.bases), _plain(settings.groups, GROUPS, "cn"), sorted(in_groups)
            ),
        )
    of_users = {*_ALWAYS, *_OF_USERS, rules.user_name, *sources}
    of_groups = {*_ALWAYS, *_OF_GROUPS, rules.group_name}
    return (
        Question(_outermost(settings.users.bases), _users_filter(settings.users), sorted(of_users)),
        Question(_outermost(settings.groups.bases), _groups_filter(settings.groups), sorted(of_groups)),
    )


def _wanted(attributes: Sequence[str]) -> set[str]:
    return {"given_name", "family_name", "display_name", *attributes}


def _outermost(bases: Sequence[str]) -> list[str]:
    """Each base once, in a fixed order."""
    return list({normal(base): base for base in sorted(bases)}.values())


def _plain(scope: Scope, classes: Sequence[str], named: str) -> str:
    """The filter of a plain LDAP server."""
    kinds = "".join(f"(objectClass={name})" for name in classes)
    names = "".join(f"({named}={escape_filter(name)})" for name in scope.names)
    return f"(&(|{kinds}){scope.filter or ''}{f'(|{names})' if names else ''})"


def _users_filter(scope: Scope) -> str:
    groups = "".join(f"(memberOf:{_IN_CHAIN}:={escape_filter(dn)})" for dn in scope.names)
    return f"(&{_USERS}{scope.filter or ''}{f'(|{groups})' if groups else ''})"


def _groups_filter(scope: Scope) -> str:
    names = "".join(f"(sAMAccountName={escape_filter(name)})" for name in scope.names)
    return f"(&{_GROUPS}{scope.filter or ''}{f'(|{names})' if names else ''})"


def password_of(server: Server) -> str:
    """The password of the reader. Raises ReconcilerError where there is none."""
    if server.password_env is not None:
        found = os.environ.get(server.password_env, "").rstrip("\r\n")
        where = f"the variable {server.password_env}"
    else:
        where = f"the file {server.password_file}"
        try:
            found = Path(str(server.password_file)).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ReconcilerError(f"the password cannot be read from {where}: {why}") from error
    if not found:
        raise ReconcilerError(
            f"{where} holds no password: a bind without one reads what everybody may, and looks like success"
        )
    if any(unicodedata.category(one) == "Cc" for one in found):
        # A second line, or UTF-16 that was read as something else; RFC 4013 section 2.3 refuses these.
        raise ReconcilerError(
            f"{where} holds more than a password, such as a second line: write the password alone, in UTF-8"
        )
    return found

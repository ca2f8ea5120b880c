"""Who could sign in: Identity Center looks for a user whose userName is the NameID of the assertion.

IAM Identity Center User Guide, "Using SAML and SCIM identity federation with external identity providers":
the NameID is an addr-spec of RFC 2822, section 3.4.1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from reconciler.doctor.check import Check, not_checked, ok, problem, warning
from reconciler.doctor.saml.facts import Person

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
_ADDRESS = re.compile(rf"(?:{_DOT_ATOM}|{_QUOTED})@(?:{_DOT_ATOM}|\[[!-Z^-~]*\])", re.ASCII)
_RULE = "let the issuance rules send the attribute that is the user_name, or change the user_name"


def user_names(people: Sequence[Person]) -> Iterator[Check]:
    """Whether each user_name can be a NameID at all."""
    name = "user-names"
    wrong = [f"{_who(one)}: {one.user_name}" for one in people if not _ADDRESS.fullmatch(one.user_name)]
    if wrong:
        fix = "make it an address: Identity Center takes no other NameID, and looks for it as the user_name"
        yield problem(
            name, f"{len(wrong):,} of {len(people):,} are not addresses such as ada@example.com", fix, wrong
        )
    else:
        yield ok(name, f"all {len(people):,} are addresses")


def name_ids(people: Sequence[Person], issued: str | None) -> Iterator[Check]:
    """Whether everybody's user_name is what the identity provider sends as NameID."""
    name = "name-id"
    if issued is None:
        fix = "say with --issued which attribute AD FS sends, or give the values with --claims"
        yield not_checked(name, "nobody said what is sent as NameID", fix)
        return
    exactly = {one.user_name: one for one in people}
    loosely = {one.user_name.casefold(): one for one in people}
    lacking, wrong, cased = [], [], []
    values: dict[str, list[Person]] = defaultdict(list)
    for one in people:
        if not one.issued:
            lacking.append(f"{_who(one)}: no value is sent for {one.user_name}")
            continue
        values[one.issued.casefold()].append(one)
        if one.issued == one.user_name:
            continue
        other = exactly.get(one.issued) or loosely.get(one.issued.casefold())
        line = f"{_who(one)}: {one.issued} is sent, and the user_name is {one.user_name}"
        if other is one:
            cased.append(line)
        else:
            wrong.append(
                line
                if other is None
                else f"{line}; that is the user_name of {other.key}, who would be signed in"
            )
    shared = [
        f"{key}: {', '.join(sorted(one.key for one in those))}"
        for key, those in values.items()
        if len(those) > 1
    ]
    bad = [*wrong, *lacking]
    if bad:
        found = f"{len(bad):,} of {len(people):,} could not sign in as themselves ({issued})"
        yield problem(name, found, _RULE, bad)
    else:
        yield ok(name, f"what is sent is the user_name of all {len(people):,} ({issued})")
    if shared:
        yield problem("name-id-shared", "several people would be signed in as one", _RULE, shared)
    if cased:
        found = f"{len(cased):,} differ from the user_name in upper and lower case alone"
        yield warning("name-id-case", found, f"{_RULE}: write both alike", cased)


def _who(one: Person) -> str:
    return f"{one.place}: {one.key}" if one.place else one.key

"""What people call the things of a plan that go by an id: no id stands alone where a name was read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import unquote

from reconciler.model.access import AccessChange, Holding
from reconciler.model.address import Address, remote
from reconciler.model.change import Change
from reconciler.model.plan import Finding
from reconciler.planning.context import PlanContext

# A remote id behind a tilde, as addresses have it, of which no name stands behind it yet.
_REMOTE = re.compile(r"(?<![\w~])~([\w@+.%-]*[\w%])(?! \[)", re.ASCII)


def called(
    context: PlanContext,
    changes: Iterable[Change],
    access: Iterable[AccessChange | Holding],
    addresses: Iterable[Address] = (),
) -> Mapping[str, str]:
    """The names of what changes, access and addresses speak of by an id.

    Accounts go by their id, people and groups that have no key by their id behind a tilde.
    """
    access = tuple(access)
    accounts = {account for one in access for account in one.accounts}
    others = {key for one in access for key in (*one.people, *one.groups)}
    for address in (*(change.address for change in changes), *addresses):
        if not address.has("account"):
            others.update(address.parts)
            continue
        accounts.add(address.account)
        if address.has("principal"):
            others.add(address.principal.own_key)
    names = {each: name for each in sorted(accounts) if (name := context.account_name(each)) != each}
    found = ((each, _name(context, each[1:])) for each in sorted(others) if each.startswith(remote("")))
    return names | {each: name for each, name in found if name}


def with_names(context: PlanContext, finding: Finding) -> Finding:
    """The finding, with a name in brackets behind each id of a person or group that it speaks of."""

    def named(text: str) -> str:
        return _REMOTE.sub(lambda match: _labelled(context, match), text) if "~" in text else text

    message, details = named(finding.message), tuple(map(named, finding.details))
    if message == finding.message and details == finding.details:
        return finding
    return replace(finding, message=message, details=details)


def _labelled(context: PlanContext, match: re.Match[str]) -> str:
    name = _name(context, unquote(match[1]))
    return f"{match[0]} [{name}]" if name else match[0]


def _name(context: PlanContext, identifier: str) -> str:
    user, group = context.live.users.get(identifier), context.live.groups.get(identifier)
    if user is not None:
        return str(user.attributes.get("user_name") or "")
    return str(group.attributes.get("display_name") or "") if group is not None else ""

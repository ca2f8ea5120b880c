"""reconciler.yaml for an organization that is adopted: its instance, what is ignored, guards of its size."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import ceil
from typing import NamedTuple

from reconciler.access.privilege import Privilege
from reconciler.adopting.outcome import Inventory
from reconciler.files.writing import scalar
from reconciler.model.address import Kind
from reconciler.model.policy import Privileged
from reconciler.model.state import Live

_EMERGENCY = re.compile(r"break.?glass|emergency|notfall|urgence", re.IGNORECASE)
# A change of so much at once is more than a day's work, at any size.
_MOST = 50


_ABOUT = """\
# What the reconciler works on, what it leaves alone, and how much one plan may take away.
# Written by `reconciler adopt`; yours from now on.
format: 1
"""


class _Limits(NamedTuple):
    """What one plan may remove of one kind."""

    most: int
    percent: int


def settings(target: str, inventory: Inventory, live: Live) -> str:
    """The text of reconciler.yaml; the same organization gives the same text."""
    parts = [_ABOUT, "\n".join(_target(target, live.identity))]
    if ignored := list(_ignored(inventory)):
        parts.append("\n".join(ignored))
    parts.append("\n".join([*_guards(inventory), *_proposals(inventory, live)]))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def ignore_lines(inventory: Inventory) -> str:
    """The lines of `scope` that leave alone what is not declared; "" where there is nothing."""
    return "\n".join(_ignored(inventory))


def _target(name: str, identity: Mapping[str, str]) -> Iterator[str]:
    yield "targets:"
    yield f"  {scalar(name)}:"
    yield "    type: identity-center"
    for field in ("region", "instance_arn"):
        if identity.get(field):
            yield f"    {field}: {scalar(identity[field])}"


def _ignored(inventory: Inventory) -> Iterator[str]:
    if not inventory.ignored:
        return
    yield "# Counted in every plan and never touched, with everything that is assigned of them."
    yield "scope:"
    yield "  ignore:"
    yield "    permission_sets:"
    for one in inventory.ignored:
        yield f"      - {scalar(one.name)}  # {one.why}"


def _guards(inventory: Inventory) -> Iterator[str]:
    users = sum("external" not in one.fields for one in inventory.users)
    groups = sum("external" not in one.fields for one in inventory.groups)
    members = sum(map(len, inventory.members.values()))
    by_account = Counter(account for (account, _), holders in inventory.granted.items() for _ in holders)
    grants = sum(by_account.values())
    user, group, member = _fitted(users), _fitted(groups), _fitted(members)
    sets, grant = _fitted(len(inventory.permission_sets)), _fitted(grants)
    account = max(2, min(10, ceil(max(by_account.values(), default=0) / 2)))
    total = min(2 * _MOST, user.most + group.most + member.most + sets.most + grant.most)
    yield (
        f"# Fitted to {_many(users, 'user')}, {_many(groups, 'group')}, {_many(members, 'membership')} and "
        f"{_many(grants, 'assignment')}. A plan that would take away more is\n"
        "# refused until somebody approves it (`reconciler explain max-removals`)."
    )
    yield "guards:"
    yield "  max_removals:"
    yield f"    users: {_limit(user)}"
    yield f"    groups: {_limit(group)}"
    yield f"    memberships: {{count: {member.most}, percent: {member.percent}, per_group: {{percent: 50}}}}"
    yield f"    permission_sets: {{count: {sets.most}}}"
    yield f"    assignments: {{count: {grant.most}, per_account: {{count: {account}}}}}"
    yield f"    total: {{count: {total}}}"


def _fitted(number: int) -> _Limits:
    percent = 20 if number < 50 else 10 if number < 500 else 5
    return _Limits(max(1, min(_MOST, ceil(number * percent / 100))), percent)


def _limit(limits: _Limits) -> str:
    return f"{{count: {limits.most}, percent: {limits.percent}}}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _proposals(inventory: Inventory, live: Live) -> Iterator[str]:
    """Guards to think about, in comments; they hold only keys and names of sets."""
    privilege = Privilege(Privileged())
    sets = {str(one.name): one for one in live.permission_sets.values()}
    declared = [one.key for one in inventory.permission_sets]
    privileged = [name for name in declared if privilege.marks(name, [sets[name].attributes])]
    people = {one.key for one in inventory.users if "external" not in one.fields}
    direct = {
        holder.key
        for (account, name), holders in inventory.granted.items()
        if name in privileged and account == live.organization.management
        for holder in holders
        if holder.kind is Kind.USER
    }
    kept = {
        "users": sorted(people & (direct | {key for key in people if _EMERGENCY.search(key)})),
        "groups": [
            one.key for one in inventory.groups
            if _EMERGENCY.search(one.key) and "external" not in one.fields
        ],
        "permission_sets": [name for name in declared if _EMERGENCY.search(name)],
    }  # fmt: skip
    if any(kept.values()):
        yield "  # They look like the way in when all else fails. Never to be removed, disabled or renamed:"
        yield "  # protected:"
        for section, keys in kept.items():
            if keys:
                yield f"  #   {section}: [{', '.join(map(scalar, keys))}]"
    if privileged:
        yield "  # These are privileged by what they allow. By name they stay so after an edit, too:"
        yield "  # privileged:"
        yield f"  #   permission_sets: [{', '.join(map(scalar, privileged))}]"

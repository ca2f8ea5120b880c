"""An organisation of the shape of the real one, out of a seed: the same arguments write the same bytes.

What makes real data awkward is in it: logins that look like numbers or truth values, groups without members,
groups that include groups that include groups, renames, slashes in keys, descriptions in many styles, account
ids that begin with zero, selectors of every form, and a few people who are in everything while most are in
nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# YAML guesses a number, a truth value, a date or nothing behind each of these.
AWKWARD_LOGINS = ("249043822", "1e3", "0x1f", "007", "no", "null", "true", "12_345", "2026-11-23", "1.5")
_SYLLABLES = tuple(first + second for first in "bdfghjklmnprstvw" for second in "aeiou")
_AREAS = ("api", "apps", "auth", "build", "cli", "cloud", "docs", "infra", "node", "release", "test", "ui")
_ROLES = ("admins", "approvers", "leads", "maintainers", "members", "reviewers", "triage", "writers")
_UNITS = {
    "harbour": 0.37,
    "harbour-sigs": 0.53,
    "harbour-csi": 0.06,
    "lantern-io": 0.02,
    "harbour-client": 0.02,
}
_DESCRIPTIONS = (
    "Write access to {area}",
    "Admins: may merge in k/{area} # and nowhere else",
    "People who can use `/approve` or `/lgtm` in {area}",
    "Revue et triage — équipe « {area} »",
    "  two spaces before, a 'quote' and a \"quote\" in {area}",
    "yes",
    "See https://docs.example.com/{area}?tab=team&x=1%20",
    "- [ ] not a list, {{not}} a template, *not* bold: {area}",
)
# Managed policies by ARN, by path and by bare name; and whatever else a set can say, each in one of them.
_SETS = {
    "repo-admin": (
        '"arn:aws:iam::aws:policy/AdministratorAccess"',
        'tags: {owner: "platform", tier: "1"}',
        "assignments: exclusive",
    ),
    "repo-maintain": ("PowerUserAccess", "relay_state: https://console.example.com/start?a=1&b=2"),
    "repo-read": (
        "ReadOnlyAccess",
        'inline_policy: {Version: "2012-10-17", Statement: [{Effect: Deny, Action: s3:Get*, Resource: "*"}]}',
    ),
    "repo-triage": ("job-function/SupportUser", "assignments: shared"),
    "repo-write": (
        "SystemAdministrator",
        "customer_managed_policies: [{name: deploy, path: /ci/}, {name: ship}]",
        "permissions_boundary: {managed_policy: PowerUserAccess}",
    ),
}
# Entries that no single line of one account says: by place, by tag, all, all but some, and to people.
# {0} to {3} are groups with members, {user} somebody, {account} and {other} accounts.
_SELECTING = {
    "by-place": "groups: [{0}], permission_sets: [repo-read], accounts: [{{ou: Repositories/harbour-csi}}]",
    "by-tag-but-not-there": "groups: [{1}], permission_sets: [repo-triage], "
    "accounts: [{{tag: {{tier: gold}}}}], except: [{{ou: Repositories/harbour-sigs}}]",
    "everywhere-but-one": "groups: [{2}], permission_sets: [repo-read], accounts: [{{all: true}}], "
    "except: [{account}]",
    "of-gold-in-one-place": "groups: [{3}, {0}], permission_sets: [repo-write, repo-maintain], accounts: "
    '[{{ou: Repositories/harbour, tag: {{tier: [gold, "1"]}}}}, {other}]',
    "directly-below": "groups: [{1}], permission_sets: [repo-maintain], accounts: "
    "[{{ou: Repositories, direct: true}}, {{ou: [Repositories/harbour-csi], direct: true}}]",
    "to-somebody": "users: [{user}], permission_sets: [repo-admin], accounts: [{account}], "
    "until: 2099-12-31, reason: the only one who knows",
    "to-both": "groups: [{3}], users: [{user}], permission_sets: [repo-read], accounts: [{other}]",
    "over": "groups: [{2}], permission_sets: [repo-admin], accounts: [{{all: true}}], until: 2026-01-31",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of everything there is. The defaults are the real organisation's numbers."""

    users: int = 1509
    groups: int = 766
    plain_memberships: int = 3615
    in_some_group: int = 666
    without_members: int = 5
    including: int = 19
    renamed: int = 40
    accounts: int = 328
    assignments: int = 631

    def scaled(self, factor: float) -> Shape:
        """The same shape, `factor` times as large, with at least as much as every case needs."""
        groups = max(16, round(self.groups * factor))
        return Shape(
            users=max(30, round(self.users * factor)),
            groups=groups,
            plain_memberships=max(groups, round(self.plain_memberships * factor)),
            in_some_group=max(15, round(self.in_some_group * factor)),
            without_members=max(2, round(self.without_members * factor)),
            including=max(4, round(self.including * factor)),
            renamed=max(2, round(self.renamed * factor)),
            accounts=max(4, round(self.accounts * factor)),
            assignments=max(16, round(self.assignments * factor)),
        )


@dataclass(slots=True)
class _Group:
    key: str
    unit: str
    description: str | None
    size: int = 0
    members: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)
    previously: list[str] = field(default_factory=list)


def write(folder: Path, shape: Shape, seed: int) -> None:
    """Write the files of an organisation of `shape` into `folder`, which may exist and should be empty."""
    chance = random.Random(seed)
    logins = _logins(chance, shape.users)
    groups = _groups(chance, shape)
    _fill(chance, groups, logins, shape)
    _nest(chance, groups, shape.including)
    for number, group in enumerate(chance.sample(groups, shape.renamed)):
        former = [f"{group.key}-former", f"{group.unit}.{number}-before"]
        group.previously = former[: 2 if number % 10 == 9 else 1]
    _write_users(folder, logins)
    for unit in _UNITS:
        _write_groups(folder / "groups" / f"{unit}.yaml", [group for group in groups if group.unit == unit])
    accounts = _accounts(chance, shape.accounts)
    _put(folder / "accounts.yaml", ["accounts:", *(f"  {_q(k)}: {_q(v)}" for k, v in accounts.items())])
    lines = ["permission_sets:"]
    for name, (policy, *more) in _SETS.items():
        lines += [
            f"  {name}:",
            f"    description: Repository permission {name.removeprefix('repo-')}",
            "    session_duration: 4h",
            f"    managed_policies: [{policy}]",
            *(f"    {line}" for line in more),
        ]
    _put(folder / "permission-sets.yaml", lines)
    _write_assignments(chance, folder, groups, list(accounts), shape.assignments - len(_SELECTING))
    _write_selecting(folder, groups, logins, list(accounts))


def _q(text: str) -> str:
    """`text` as a quoted YAML scalar: JSON's strings are YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _put(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _logins(chance: random.Random, count: int) -> list[str]:
    """Unique logins in a random order, the awkward ones among them."""
    found = dict.fromkeys(AWKWARD_LOGINS)
    while len(found) < count:
        login = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))
        if chance.random() < 0.3:
            login += chance.choice(("-", ".", "")) + str(chance.randint(0, 99))
        found.setdefault(login)
    logins = list(found)
    chance.shuffle(logins)
    return logins


def _groups(chance: random.Random, shape: Shape) -> list[_Group]:
    """Groups with names, descriptions and sizes (people to draw), still without members."""
    groups: dict[str, _Group] = {}
    units = chance.choices(list(_UNITS), weights=list(_UNITS.values()), k=shape.groups)
    for number, unit in enumerate(units):
        area, role = chance.choice(_AREAS), chance.choice(_ROLES)
        inner = f"sig/{area}-{role}" if number % 40 == 3 else f"{area}-{role}"
        key = f"{unit}.{inner}"
        if key in groups:
            key = f"{unit}.{chance.choice(_SYLLABLES)}{number}-{inner}"
        text = chance.choice(_DESCRIPTIONS).format(area=area) if chance.random() < 0.87 else None
        groups[key] = _Group(key, unit, text, size=max(1, round(chance.lognormvariate(1.38, 0.6))))
    made = list(groups.values())
    made[0].size = max(6, shape.plain_memberships // 28)  # one group that holds a fifth of all active people
    for group in chance.sample(made[1:], shape.without_members):
        group.size = 0
    _level(chance, made[1:], shape.plain_memberships - made[0].size)
    return made


def _level(chance: random.Random, groups: Sequence[_Group], total: int) -> None:
    """Nudge the sizes of those with members until they add up to `total`."""
    peopled = [group for group in groups if group.size]
    while (surplus := sum(group.size for group in peopled) - total) != 0:
        step = 1 if surplus < 0 else -1
        movable = [group for group in peopled if group.size + step >= 1]
        if not movable:
            return
        for group in chance.sample(movable, min(abs(surplus), len(movable))):
            group.size += step


def _fill(chance: random.Random, groups: Sequence[_Group], logins: Sequence[str], shape: Shape) -> None:
    """Draw members: few people are in dozens of groups, most of the others in one or two."""
    awkward = [login for login in AWKWARD_LOGINS if login in logins]
    active = [*awkward, *(login for login in logins if login not in awkward)][: shape.in_some_group]
    weights = [1 / (rank + 6) ** 0.75 for rank in range(len(active))]
    popular = list(active)
    chance.shuffle(popular)
    waiting = list(active)  # everyone of them is in one group at least
    for group in groups:
        size = min(group.size, len(active))
        drawn: dict[str, None] = {}
        while len(drawn) < size:
            ahead = waiting and chance.random() < 0.3
            drawn.setdefault(waiting.pop() if ahead else chance.choices(popular, weights)[0])
        group.members = sorted(drawn)


def _nest(chance: random.Random, groups: Sequence[_Group], count: int) -> None:
    """Let `count` groups include others: one of them groups that include groups themselves."""
    small = [group for group in groups if 0 < len(group.members) <= 3]
    small = small if len(small) > 3 * count else [group for group in groups[1:] if group.members]
    parents = chance.sample(small, count)
    leaves = [group for group in small if group not in parents]
    for parent in parents[1:]:
        children = chance.sample(leaves, min(len(leaves), chance.choice((1, 1, 2, 2, 2, 3))))
        parent.include = sorted(child.key for child in children)
    parents[0].include = sorted(parent.key for parent in parents[1:4])
    # An include of a group that says nothing of its members: it contributes nobody, with a warning.
    unmanaged = [group.key for group in groups if not group.members]
    parents[-1].include = sorted({*parents[-1].include, unmanaged[0]})


def _write_users(folder: Path, logins: Sequence[str]) -> None:
    files: dict[str, list[str]] = {}
    for login in sorted(logins):
        name = login[0] if login[0].isalpha() else "0"
        files.setdefault(name, ["users:"]).extend(
            (
                f"  {_q(login)}:",
                f"    user_name: {_q(login + '@harbour.example')}",
                f"    given_name: {_q(login)}",
                "    family_name: Contributor",
            )
        )
    for name, lines in files.items():
        _put(folder / "users" / f"{name}.yaml", lines)


def _write_groups(path: Path, groups: Sequence[_Group]) -> None:
    if not groups:
        return
    lines = ["groups:"]
    for group in sorted(groups, key=lambda group: group.key):
        lines.append(f"  {_q(group.key)}:")
        if group.description is not None:
            lines.append(f"    description: {_q(group.description)}")
        if group.previously:
            lines.append(f"    previously: [{', '.join(map(_q, group.previously))}]")
        for name, entries in (("members", group.members), ("include", group.include)):
            if entries:
                lines.append(f"    {name}:")
                lines += [f"      - {_q(entry)}" for entry in entries]
    _put(path, lines)


def _accounts(chance: random.Random, count: int) -> Mapping[str, str]:
    """Names and unique ids of twelve digits; the first begins with zero."""
    identifiers = {"012345670123": None}
    while len(identifiers) < count:
        identifiers[f"{chance.randrange(10**12):012d}"] = None
    units = chance.choices(list(_UNITS), weights=list(_UNITS.values()), k=count)
    return {
        f"{unit}.{chance.choice(_AREAS)}-{number}": identifier
        for number, (unit, identifier) in enumerate(zip(units, identifiers, strict=True))
    }


def _write_assignments(
    chance: random.Random, folder: Path, groups: Sequence[_Group], accounts: Sequence[str], count: int
) -> None:
    files: dict[str, dict[str, str]] = {}
    written = 0
    while written < count:
        group, name, account = chance.choice(groups), chance.choice(list(_SETS)), chance.choice(accounts)
        key = f"{group.key}.{name}.{account}"
        entries = files.setdefault(group.unit, {})
        if key not in entries:
            written += 1
            entries[key] = (
                f"{{groups: [{_q(group.key)}], permission_sets: [{_q(name)}], accounts: [{_q(account)}]}}"
            )
    for unit, entries in files.items():
        lines = [f"  {_q(key)}: {entry}" for key, entry in sorted(entries.items())]
        _put(folder / "assignments" / f"{unit}.yaml", ["assignments:", *lines])


def _write_selecting(
    folder: Path, groups: Sequence[_Group], logins: Sequence[str], accounts: Sequence[str]
) -> None:
    """Entries that select; nothing here draws lots, so that what was drawn before stays as it is."""
    peopled = [_q(group.key) for group in groups if group.members][1:5]
    names = {"user": _q(logins[0]), "account": _q(accounts[0]), "other": _q(accounts[-1])}
    lines = [f"  {key}: {{{entry.format(*peopled, **names)}}}" for key, entry in _SELECTING.items()]
    _put(folder / "assignments" / "selecting.yaml", ["assignments:", *lines])

"""Sorts what a service has into what git will declare and what not. Nothing is left out without a word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.adopting import keys, sets
from reconciler.adopting.fitting import group_fields, user_fields
from reconciler.adopting.moving.source import NO_HINTS, Hints
from reconciler.adopting.outcome import NOTHING_TAKEN, Entry, Inventory, Left, Taken, Users
from reconciler.loading.people import RESERVED
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.names import fold, skeleton
from reconciler.model.pairs import Principal
from reconciler.model.provenance import NO_PROVENANCE, Provenance
from reconciler.model.resources import USER_ATTRIBUTES, defaults
from reconciler.model.state import Holder, Live, LiveGroup, LiveUser
from reconciler.planning.unmanaged import Standing

_INACTIVE = "disabled at the service, and stays so"
_FIX_NAME = "rename it at the service, and adopt again"


def take_inventory(
    live: Live,
    provenance: Provenance = NO_PROVENANCE,
    *,
    users: Users = Users.ALL,
    keeps_external_ids: bool = False,
    taken: Taken = NOTHING_TAKEN,
    standing: Standing | None = None,
    hints: Hints = NO_HINTS,
) -> Inventory:
    """What of `live` is to be declared.

    `keeps_external_ids` says that the target writes external ids itself. With `standing`, only what is new
    there is declared, beside what git names already; `taken` are keys that files have, `hints` keys that
    another tool has. Pure; the same organization gives the same inventory, independent of its remote ids.
    """
    sorting = _Sorting(live, provenance, keeps_external_ids, taken, standing or _all_new(live), hints)
    return sorting.inventory(users)


def _all_new(live: Live) -> Standing:
    """The standing of a service of which git knows nothing."""
    return Standing(
        users={},
        groups={},
        sets={},
        new_users=frozenset(live.users),
        new_groups=frozenset(live.groups),
        new_sets=frozenset(live.permission_sets),
        grants=tuple(
            (account, arn, one) for (account, arn), found in live.assignments.items() for one in found
        ),
    )


@dataclass(slots=True)
class _Sorting:
    live: Live
    provenance: Provenance
    keeps_external_ids: bool
    taken: Taken
    standing: Standing
    hints: Hints
    left: list[Left] = field(default_factory=list)

    def inventory(self, which: Users) -> Inventory:
        live = self.live
        known = self.standing
        entries, policies, ignored = sets.declared(
            {arn: one for arn, one in live.permission_sets.items() if arn in known.new_sets},
            self._active,
            self.taken.files,
        )
        names = {one.key for one in entries}
        set_names = {arn: str(one.name) for arn, one in live.permission_sets.items() if one.name in names}
        set_names |= known.sets
        groups = self._fit(live.groups, "display_name", "group", known.new_groups)
        group_keys = keys.group_keys(groups, self.taken.groups, self.hints.groups)
        owned = {one for one in groups if not self._foreign_group(one, groups[one])}
        people = self._people(which, owned, {Arn(arn) for arn in set_names})
        new_keys = keys.user_keys(people, self.taken.users, self.hints.users)
        user_keys = {**known.users, **new_keys}
        members = {
            group_keys[group]: frozenset(
                user_keys[user] for user in live.members.get(group, {}) if user in user_keys
            )
            for group in owned
        }
        accounts = {
            one.id: one.name
            for one in live.organization.accounts.values()
            if one.active and one.id not in self.taken.account_ids
        }
        account_keys = keys.account_keys(accounts, live.organization.management, self.taken.accounts)
        granted = self._granted(set_names, user_keys, {**known.groups, **group_keys})
        return Inventory(
            users=self._users(new_keys, user_keys),
            groups=self._groups(group_keys, owned, user_keys, which),
            permission_sets=entries,
            policies=policies,
            accounts=_sorted(Entry(key, {"id": one}) for one, key in account_keys.items()),
            user_keys=new_keys,
            group_keys=group_keys,
            set_names={Arn(arn): name for arn, name in set_names.items()},
            members=members,
            granted=granted,
            ignored=ignored,
            left=tuple(sorted(self.left, key=lambda one: (one.what, one.name, one.why))),
        )

    def _active(self, account: str) -> bool:
        known = self.live.organization.accounts
        return not known or (account in known and known[account].active)

    def _foreign_group(self, identifier: str, name: str) -> bool:
        return identifier in self.provenance.groups or name in sets.CONTROL_TOWER_GROUPS

    # Who can be named in a file.

    def _fit(
        self,
        objects: Mapping[str, LiveUser] | Mapping[str, LiveGroup],
        field: str,
        what: str,
        new: Collection[str],
    ) -> dict[str, str]:
        """The names of the new ones that a file can name, by remote id; the others are left out."""
        judge: Callable[..., tuple[dict[str, object], tuple[str, ...]]] = (
            user_fields if what == "user" else group_fields
        )
        names = {
            identifier: str(objects[identifier].attributes.get(field) or "") for identifier in sorted(objects)
        }
        spelled = Counter(fold(name) for name in names.values())
        plain = {skeleton(name) for name in names.values() if name.isascii()}
        looks = Counter(skeleton(name) for name in names.values())
        found = {}
        for identifier, name in names.items():
            if identifier not in new:
                continue
            drawn = skeleton(name)
            if not name:
                self._leave(what, identifier, "it has no name", _FIX_NAME)
            elif judge({field: name})[1]:
                self._leave(what, name, "its name has characters that a file cannot have", _FIX_NAME)
            elif name.lower() in RESERVED:
                self._leave(what, name, "AWS keeps the name for itself")
            elif spelled[fold(name)] > 1:
                why = f"several {what}s have the name, without regard to case, so that it means none of them"
                self._leave(what, name, why, "rename all but one, and adopt again")
            elif not name.isascii() and (drawn in plain or looks[drawn] > 1):
                why = f"its name looks like that of another {what}, in letters of another script"
                self._leave(what, name, why, "see who made it; rename it, and adopt again")
            else:
                found[identifier] = name
        return found

    def _leave(self, what: str, name: str, why: str, fix: str = "") -> None:
        self.left.append(Left(what, name, why, fix))

    def _people(self, which: Users, owned: Collection[str], arns: Collection[Arn]) -> Mapping[str, str]:
        """The names of the users to declare, by remote id."""
        if which is Users.NONE:
            return {}
        fit = self._fit(self.live.users, "user_name", "user", self.standing.new_users)
        if which is Users.ALL:
            return fit
        wanted = {user for group in owned for user in self.live.members.get(group, {})}
        for account, arn, principal in self.standing.grants:
            if arn in arns and self._active(account) and principal.kind is Kind.USER:
                wanted.add(principal.id)
        managers = {
            str(self.live.users[one].attributes.get("manager") or "")
            for one in wanted & self.live.users.keys()
            if one not in self.provenance.users
        }
        return {identifier: name for identifier, name in fit.items() if identifier in wanted | managers}

    # What is declared of them.

    def _users(self, new_keys: Mapping[str, str], user_keys: Mapping[str, str]) -> list[Entry]:
        live = self.live.users
        shared = self._shared(
            (live[one].attributes.get("email") for one in user_keys if one not in self.provenance.users), fold
        )
        ids = self._shared((live[one].attributes.get("external_id") for one in user_keys), str)
        return _sorted(
            self._user(live[identifier], key, user_keys, shared, ids) for identifier, key in new_keys.items()
        )

    def _user(
        self,
        user: LiveUser,
        key: str,
        user_keys: Mapping[str, str],
        shared: Collection[str],
        shared_ids: Collection[str],
    ) -> Entry:
        have = user.attributes
        if user.id in self.provenance.users:
            return Entry(key, {"user_name": have["user_name"], "external": True})
        values = {name: have[name] for name in USER_ATTRIBUTES if name in have}
        dropped: list[str] = []
        if "external_id" in values and (
            not self.keeps_external_ids or str(values["external_id"]) in shared_ids
        ):
            del values["external_id"]
        if "manager" in values:
            manager = user_keys.get(str(values["manager"]))
            if manager is None:
                del values["manager"]
                dropped.append("manager")
            else:
                values["manager"] = manager
        if "email" in values and fold(str(values["email"])) in shared:
            del values["email"]
            dropped.append("email")
        fields, unfit = user_fields(values)
        if fields.get("display_name") == defaults(
            {name: value for name, value in values.items() if name != "display_name"}
        ).get("display_name"):
            fields.pop("display_name", None)
        dropped += unfit
        # Nobody shall get by a default what they do not have.
        fields |= dict.fromkeys(defaults(fields).keys() - have.keys())
        self._dropped("user", str(have["user_name"]), dropped)
        ordered = {name: fields[name] for name in USER_ATTRIBUTES if name in fields}
        return Entry(key, ordered, (_INACTIVE,) if user.active is False else ())

    def _dropped(self, what: str, name: str, dropped: Collection[str]) -> None:
        if dropped:
            why = f"its {', '.join(sorted(dropped))} cannot be written to a file, and stays as it is"
            self._leave(f"value of a {what}", name, why)

    @staticmethod
    def _shared(values: Iterable[object], same: Callable[[str], str]) -> frozenset[str]:
        """What several have, in the form in which two are one."""
        counted = Counter(same(str(one)) for one in values if one)
        return frozenset(one for one, number in counted.items() if number > 1)

    def _groups(
        self,
        group_keys: Mapping[str, str],
        owned: Collection[str],
        user_keys: Mapping[str, str],
        which: Users,
    ) -> list[Entry]:
        return _sorted(
            self._group(self.live.groups[identifier], key, owned, user_keys, which)
            for identifier, key in group_keys.items()
        )

    def _group(
        self,
        group: LiveGroup,
        key: str,
        owned: Collection[str],
        user_keys: Mapping[str, str],
        which: Users,
    ) -> Entry:
        have = group.attributes
        name = {} if have["display_name"] == key else {"display_name": have["display_name"]}
        if group.id not in owned:
            return Entry(key, {**name, "external": True})
        values = {**name, **({"description": have["description"]} if have.get("description") else {})}
        if self.keeps_external_ids and have.get("external_id"):
            values["external_id"] = have["external_id"]
        fields, unfit = group_fields(values)
        self._dropped("group", str(have["display_name"]), unfit)
        if which is Users.NONE:
            return Entry(key, fields)
        members = self.live.members.get(group.id, {})
        fields["members"] = sorted(user_keys[user] for user in members if user in user_keys)
        remarks: tuple[str, ...] = ()
        others = sum(user not in user_keys for user in members)
        if others:
            fields["shared"] = True
            remarks = (f"{others} of its members cannot be declared: shared keeps them",)
        return Entry(key, fields, remarks)

    # Who has what.

    def _granted(
        self, set_names: Mapping[str, str], user_keys: Mapping[str, str], group_keys: Mapping[str, str]
    ) -> dict[tuple[AccountId, str], frozenset[Holder]]:
        granted: defaultdict[tuple[AccountId, str], set[Holder]] = defaultdict(set)
        for account, arn, principal in sorted(self.standing.grants):
            if arn not in set_names:
                continue
            owners = user_keys if principal.kind is Kind.USER else group_keys
            if not self._active(account):
                whom = self._whom(principal)
                self._skip(account, set_names[arn], f"the account is not active (for the {whom})")
            elif principal.id in owners:
                holder = Holder(principal.kind, owners[principal.id])
                granted[AccountId(account), set_names[arn]].add(holder)
            elif not self._lives(principal):
                why = f"the {principal.kind} {principal.id} no longer exists"
                fix = "remove the assignment in the console, or write assignments: exclusive at the set"
                self._skip(account, set_names[arn], why, fix)
            else:
                self._skip(account, set_names[arn], f"the {self._whom(principal)} is not declared")
        return {pair: frozenset(holders) for pair, holders in granted.items()}

    def _lives(self, principal: Principal) -> bool:
        known = self.live.users if principal.kind is Kind.USER else self.live.groups
        return principal.id in known

    def _whom(self, principal: Principal) -> str:
        """A user or group by kind and name, or by its id where it is gone."""
        known = self.live.users if principal.kind is Kind.USER else self.live.groups
        found = known.get(principal.id)
        name = "user_name" if principal.kind is Kind.USER else "display_name"
        return f"{principal.kind} {principal.id if found is None else found.attributes.get(name)}"

    def _skip(self, account: str, name: str, why: str, fix: str = "") -> None:
        self._leave("assignment", f"{name} on {account}", why, fix)


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: one.key)

"""Identities by hand, and a world in memory that a plan can be carried out on: values, no services."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.model.address import Address, Arn, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action, Change
from reconciler.model.organization import NO_ORGANIZATION
from reconciler.model.pairs import Pair, Principal
from reconciler.model.plan import Step
from reconciler.model.policy import Guards, Limit, MaxRemovals, TargetPolicy
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import GROUP_ATTRIBUTES, USER_ATTRIBUTES, Group, Origin, User, Value
from reconciler.model.state import (
    Declared,
    Gap,
    Identities,
    Live,
    LiveGroup,
    LivePermissionSet,
    LiveUser,
    Receipt,
    Remembered,
)
from reconciler.planning.ordering.schedule import Schedule
from reconciler.planning.ordering.steps import writes_something
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from tests.support.pairs import pair_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORIGIN = Origin("people.yaml", 1)
CAN = Capabilities(
    kinds=frozenset({Kind.USER, Kind.GROUP, Kind.MEMBERSHIP}),
    user_attributes=frozenset(USER_ATTRIBUTES) - {"external_id"},
    group_attributes=frozenset(GROUP_ATTRIBUTES) - {"external_id"},
    required=("user_name", "display_name", "given_name", "family_name"),
    safe_deletion=True,
    versions=True,
)
CAN_DISABLE = replace(CAN, status=True)
CAN_ALL = replace(CAN_DISABLE, kinds=frozenset(Kind))
NO_LIMIT = Limit(None, None)
UNLIMITED = Guards(
    max_removals=MaxRemovals(*(NO_LIMIT,) * 8),
)
POLICY = TargetPolicy("aws", guards=UNLIMITED)


def person(key: str, **attributes: Value) -> User:
    """A user with the names that a create needs."""
    defaults: dict[str, Value] = {
        "user_name": f"{key}@example.com",
        "given_name": key.title(),
        "family_name": "Test",
    }
    return User(key, {**defaults, **attributes}, ORIGIN)


def group(key: str, users: Sequence[str] | None = (), **more: object) -> Group:
    """A group of plain members."""
    map_ = None if users is None else {user: number for number, user in enumerate(users)}
    return replace(Group(key, {}, ORIGIN, members=map_), **more)  # type: ignore[arg-type]  # any field by name


def identities(users: Sequence[User] = (), groups: Sequence[Group] = (), **more: object) -> Identities:
    """What git says."""
    named = {"users": {one.key: one for one in users}, "groups": {one.key: one for one in groups}}
    return replace(Identities(**named), **more)  # type: ignore[arg-type]  # any field by name


def remembered(
    base: Identities | None, *since: Identities, policy: TargetPolicy = POLICY, at: datetime = NOW
) -> Remembered:
    """What git said: at the last whole apply, and since (newest first)."""
    return Remembered(
        receipt=Receipt("aws", {}, "", "", at) if base is not None else None,
        base=Declared("base", base, policy) if base is not None else None,
        since=tuple(Declared(f"since{number}", one, policy) for number, one in enumerate(since)),
    )


NOTHING = Remembered()


class World:
    """A directory in memory, with ids and memberships, that carries out steps as a service would."""

    def __init__(self) -> None:
        self.users: dict[str, LiveUser] = {}
        self.groups: dict[str, LiveGroup] = {}
        self.members: dict[str, dict[str, str]] = {}
        self.organization = NO_ORGANIZATION
        self.sets: dict[str, LivePermissionSet] = {}
        self.assignments: dict[Pair, set[Principal]] = {}
        self.delegated = False
        self.gaps: tuple[Gap, ...] = ()
        self._next = 0

    def __deepcopy__(self, memo: object) -> World:
        """Another world that is as this one; what lies in it never changes, but is replaced."""
        other = copy.copy(self)
        other.users, other.groups, other.sets = dict(self.users), dict(self.groups), dict(self.sets)
        other.members = {group: dict(members) for group, members in self.members.items()}
        other.assignments = {pair: set(principals) for pair, principals in self.assignments.items()}
        return other

    def live(self) -> Live:
        """Everything, as a read returns it, less what lies in `gaps` of assignments."""
        return Live(
            "aws",
            {"identity_store_id": "d-1234567890", "instance_arn": "arn:aws:sso:::instance/ssoins-1"},
            dict(self.users),
            dict(self.groups),
            {identifier: dict(members) for identifier, members in self.members.items()},
            dict(self.sets),
            dict(self._seen()),
            self.organization,
            self.delegated,
            self.gaps,
        )

    def _seen(self) -> Iterator[tuple[Pair, frozenset[Principal]]]:
        unread = {gap.scope for gap in self.gaps if gap.kind is Kind.ASSIGNMENT}
        for pair, principals in self.assignments.items():
            if unread & {"*", pair[0]}:
                continue
            found = frozenset(principals)
            if "users" in unread:
                found = frozenset(one for one in found if one.id in self.groups)
            if found:
                yield pair, found

    def add_user(self, user_name: str, *, active: bool | None = True, **attributes: Value) -> str:
        """Somebody made in the console."""
        return self._new_user({"user_name": user_name, **attributes}, active=active)

    def add_group(self, display_name: str, *members: str, **attributes: Value) -> str:
        """A group made in the console; members are user ids."""
        identifier = self._id("g")
        self.groups[identifier] = LiveGroup(identifier, {"display_name": display_name, **attributes}, "1")
        self.members[identifier] = {user: self._id("m") for user in members}
        return identifier

    def add_set(self, name: str, **attributes: Value) -> str:
        """A permission set made in the console; its ARN."""
        arn = f"arn:aws:sso:::permissionSet/ssoins-1/{self._id('ps-')}"
        self.sets[arn] = LivePermissionSet(Arn(arn), {"name": name, **attributes})
        return arn

    def set_arn(self, name: str) -> str:
        """The ARN of the permission set with that name."""
        return next(one.id for one in self.sets.values() if one.name == name)

    def assign(self, account: str, name: str, principal: Principal) -> None:
        """An assignment made in the console."""
        arn = self.set_arn(name)
        self.assignments.setdefault(pair_of(account, arn), set()).add(principal)
        self._provision(arn, {account}, set())

    def unassign(self, account: str, name: str, principal: Principal) -> None:
        """An assignment taken away in the console; the last of its account takes the role along."""
        arn = self.set_arn(name)
        holders = self.assignments[pair_of(account, arn)]
        holders.remove(principal)
        if not holders:
            del self.assignments[pair_of(account, arn)]
            self._provision(arn, set(), {account})

    def group_principal(self, display_name: str) -> Principal:
        """The group with that name, as assignments know it."""
        return Principal(Kind.GROUP, self.group_id(display_name))

    def user_principal(self, user_name: str) -> Principal:
        """The user with that name, as assignments know them."""
        return Principal(Kind.USER, self.user_id(user_name))

    def assigned(self) -> set[str]:
        """Every assignment, as `account set name`."""
        return {
            f"{account} {self.sets[arn].name} {self.name_of(principal)}"
            for (account, arn), principals in self.assignments.items()
            for principal in principals
        }

    def reach(self) -> set[tuple[str, str, str]]:
        """Who reaches what: user name (of whoever can sign in), account, permission set; multiplied out."""
        reached: set[tuple[str, str, str]] = set()
        for (account, arn), principals in self.assignments.items():
            for principal in principals:
                people = [principal.id] if principal.kind is Kind.USER else self.members.get(principal.id, ())
                for user in people:
                    found = self.users.get(user)
                    if found is not None and found.active is not False:
                        reached.add((str(found.attributes["user_name"]), account, self.sets[arn].name))
        return reached

    def name_of(self, principal: Principal) -> str:
        """What people call a principal; one that is no more goes by its id."""
        known = self.users if principal.kind is Kind.USER else self.groups
        found = known.get(principal.id)
        name = "user_name" if principal.kind is Kind.USER else "display_name"
        return str(found.attributes[name]) if found else f"~{principal.id}"

    def _provision(self, arn: str, more: set[str], less: set[str]) -> None:
        found = self.sets[arn]
        self.sets[arn] = replace(
            found, provisioned=(found.provisioned | more) - less, outdated=found.outdated - more - less
        )

    def user_id(self, user_name: str) -> str:
        """The id of the user with that name."""
        return next(one.id for one in self.users.values() if one.attributes["user_name"] == user_name)

    def group_id(self, display_name: str) -> str:
        """The id of the group with that name."""
        return next(one.id for one in self.groups.values() if one.attributes["display_name"] == display_name)

    def members_of(self, display_name: str) -> set[str]:
        """The user names of a group's members."""
        return {
            str(self.users[user].attributes["user_name"])
            for user in self.members[self.group_id(display_name)]
        }

    def carry_out(
        self,
        planned: PreparedPlan,
        failing: frozenset[str] = frozenset(),
        watch: Callable[[], None] = lambda: None,
    ) -> dict[str, Outcome]:
        """Run the steps in the schedule's order; those in `failing` fail. `watch` looks after each."""
        ids = dict(planned.ids)
        schedule = Schedule(planned.steps, in_flight=1)
        while not schedule.over:
            taken = schedule.take()
            if not taken:
                break
            for step in taken:
                if step.id in failing:
                    schedule.ended(Outcome(step.id, Status.FAILED, "injected"))
                    continue
                values = {each.name: each.after for each in step.fields}
                if "manager" in values and values["manager"] is not None:
                    values["manager"] = ids[step.refs["manager"]]
                made = self._write(step, values, ids) if writes_something(step) else ""
                watch()
                if made:
                    ids[step.address] = made
                schedule.ended(Outcome(step.id, Status.DONE, remote_id=made))
        return schedule.outcomes

    def _write(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
        address, action = step.address, step.action
        if address.kind in (Kind.PERMISSION_SET, Kind.PROVISIONING, Kind.ASSIGNMENT):
            return self._write_access(step, values, ids)
        if address.kind is Kind.MEMBERSHIP:
            group_id, user_id = (ids[end] for end in address.ends)
            if action is Action.CREATE:
                assert user_id not in self.members[group_id]
                self.members[group_id][user_id] = self._id("m")
            else:
                del self.members[group_id][user_id]
            return ""
        if action is Action.CREATE:
            if address.kind is Kind.USER:
                assert "active" not in values
                name = str(values["user_name"])
                assert name.lower() not in {
                    str(u.attributes["user_name"]).lower() for u in self.users.values()
                }
                return self._new_user(values, active=True)
            rest = {key: value for key, value in values.items() if key != "display_name"}
            return self.add_group(str(values["display_name"]), **rest)
        identifier = ids[address]
        if action is Action.DELETE:
            everybody = {one.id for principals in self.assignments.values() for one in principals}
            assert identifier not in everybody, "nobody's deletion leaves an orphan"
            if address.kind is Kind.USER:
                del self.users[identifier]
                for members in self.members.values():
                    members.pop(identifier, None)
            else:
                assert not self.members[identifier], "a container goes last"
                del self.groups[identifier], self.members[identifier]
            return ""
        if address.kind is Kind.USER:
            user = self.users[identifier]
            name = str(values.get("user_name", "")).lower()
            assert name not in {
                str(u.attributes["user_name"]).lower() for u in self.users.values() if u.id != identifier
            }, "a name is freed before it is given"
            active = bool(values["active"]) if "active" in values else user.active
            self.users[identifier] = replace(user, attributes=_laid(user.attributes, values), active=active)
        else:
            found = self.groups[identifier]
            self.groups[identifier] = replace(found, attributes=_laid(found.attributes, values))
        return ""

    def _write_access(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
        address, action = step.address, step.action
        if address.kind is Kind.ASSIGNMENT:
            account = address.parts[0]
            assert self.organization.accounts[account].active
            name = self.sets[ids[step.refs["permission_set"]]].name
            who = step.refs["principal"]
            change = self.assign if action is Action.CREATE else self.unassign
            change(account, name, Principal(who.kind, ids[who]))
        elif address.kind is Kind.PROVISIONING:
            arn = ids[step.refs["permission_set"]]
            self._provision(arn, set(self.sets[arn].provisioned & set(address.parts[1:])), set())
            if len(address.parts) == 1:
                self.sets[arn] = replace(self.sets[arn], outdated=frozenset())
        elif action is Action.CREATE:
            made = address.own_key
            assert made not in {one.name for one in self.sets.values()}
            return self.add_set(made, **{key: value for key, value in values.items() if value is not None})
        elif action is Action.UPDATE:
            found = self.sets[ids[address]]
            reaches = any(not key.startswith("tags.") for key in values)
            self.sets[found.id] = replace(
                found,
                attributes=_laid(found.attributes, values),
                outdated=found.provisioned if reaches else found.outdated,
            )
        else:
            assert not any(arn == ids[address] for _, arn in self.assignments), "containers go last"
            del self.sets[ids[address]]
        return ""

    def _new_user(self, attributes: Mapping[str, Value], *, active: bool | None) -> str:
        identifier = self._id("u")
        self.users[identifier] = LiveUser(identifier, dict(attributes), active, "1")
        return identifier

    def _id(self, prefix: str) -> str:
        self._next += 1
        return f"{prefix}{self._next:08d}"


def _laid(old: Mapping[str, Value], values: Mapping[str, Value]) -> dict[str, Value]:
    merged = {**old, **{key: value for key, value in values.items() if key != "active"}}
    return {key: value for key, value in merged.items() if value is not None}


def plan(
    git: Identities,
    world: World,
    memory: Remembered = NOTHING,
    *,
    policy: TargetPolicy = POLICY,
    can: Capabilities = CAN,
    now: datetime = NOW,
) -> PreparedPlan:
    """The plan of `git` against `world`."""
    return plan_target(git, memory, world.live(), policy, can, now)


def summary(planned: PreparedPlan) -> list[str]:
    """The changes in a form that a test can read: `create aws/user/ada git`."""
    return [f"{one.action} {one.address} {one.cause}" for one in planned.plan.changes]


def codes(planned: PreparedPlan) -> list[str]:
    """The codes of the findings."""
    return [finding.code for finding in planned.plan.findings]


def change(planned: PreparedPlan, address: str) -> Change:
    """The change at an address."""
    return next(one for one in planned.plan.changes if str(one.address) == address)

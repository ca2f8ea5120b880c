"""What plans do to people: against by hand, and against everything multiplied out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.policy import Privileged
from reconciler.model.resources import Selector, Value
from reconciler.model.state import (
    Desired,
    Inactive,
    Live,
    LiveGroup,
    LivePermissionSet,
    LiveUser,
    Principal,
)
from reconciler.planning.effects import Effects, effects
from reconciler.planning.memory import Memory
from reconciler.planning.ownership import own_groups, own_users
from reconciler.planning.scene import Scene
from tests.planning.world import CAN, NOW, POLICY, group, person

NAMES = {"prod": "3"}
Triple = tuple[str, str, str]
NOTHING_PRIVILEGED = Privileged()


@dataclass
class Stage:
    """Live in keys: users `ada` have the id `u-ada`, groups `g-red`, sets `arn:Admin`. `+` is not live yet.

    Keys in `strangers` are live and not in git.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    # "account set": holders, where a holder of `people` is a user.
    assigned: Mapping[str, str] = field(default_factory=dict)
    people: str = "ada bob cyd"
    disabled: str = ""
    strangers: str = ""
    inactive: str = ""
    policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    privileged: Privileged = NOTHING_PRIVILEGED

    def principal(self, key: str) -> Principal:
        return Principal(Kind.GROUP, f"g-{key}") if key in self.members else Principal(Kind.USER, f"u-{key}")

    def scene(self) -> Scene:
        names = {pair.split()[1] for pair in self.assigned} | set(self.policies)
        live = Live(
            "aws",
            users={
                f"u-{key}": LiveUser(
                    f"u-{key}", {"user_name": f"{key}@example.com"}, key not in self.disabled.split()
                )
                for key in self.people.split()
            },
            groups={f"g-{key}": LiveGroup(f"g-{key}", {"display_name": key}) for key in self.members},
            members={
                f"g-{key}": {f"u-{user}": f"m-{key}-{user}" for user in users.split()}
                for key, users in self.members.items()
            },
            permission_sets={
                f"arn:{name}": LivePermissionSet(
                    f"arn:{name}", {"name": name, "managed_policies": self.policies.get(name, ())}
                )
                for name in names
            },
            assignments={
                (pair.split()[0], f"arn:{pair.split()[1]}"): frozenset(map(self.principal, holders.split()))
                for pair, holders in self.assigned.items()
            },
        )
        unknown = self.strangers.split()
        desired = Desired(
            "aws",
            users={key: person(key) for key in self.people.split() if key not in unknown},
            groups={key: group(key) for key in self.members if key not in unknown},
        )
        memory = Memory(None, (), known=True)
        return Scene(
            desired=desired,
            live=live,
            memory=memory,
            policy=replace(POLICY, guards=replace(POLICY.guards, privileged=self.privileged)),
            capabilities=CAN,
            now=NOW,
            users=own_users(desired, live, memory, POLICY.scope),
            groups=own_groups(desired, live, memory, POLICY.scope),
            inactive={f"u-{key}": Inactive(Cause.GIT, "") for key in self.inactive.split()},
        )


def change(text: str, cause: Cause = Cause.GIT, **fields: Value) -> Change:
    """`create membership/red/ada`, with the effect that such a change has."""
    action, address = text.split(maxsplit=1)
    found = Address.parse(f"aws/{address}")
    effect = {
        (Kind.MEMBERSHIP, "create"): Effect.GRANT,
        (Kind.ASSIGNMENT, "create"): Effect.GRANT,
        (Kind.PERMISSION_SET, "update"): Effect.MIXED,
        (Kind.PROVISIONING, "update"): Effect.MIXED,
    }.get((found.kind, action), Effect.REVOKE if action == "delete" else Effect.NEUTRAL)
    if "user_name" in fields:
        effect = Effect.MIXED
    edits = tuple(FieldChange(name, None, value) for name, value in fields.items())
    return Change(found, Action(action), effect, cause, "", "", edits, name=found.parts[0])


def spelled(access: Iterable[AccessChange]) -> list[str]:
    """`gain Admin on 1 2: ada bob by red`, with `!` at the end where it is privileged."""
    return [
        f"{one.direction} {one.permission_set} on {' '.join(one.accounts)}: {' '.join(one.people)}"
        f" by {' '.join(each or 'hand' for each in one.groups)}{'!' if one.privileged else ''}"
        for one in access
    ]


def links(found: Mapping[Address, Sequence[Address]]) -> dict[str, list[str]]:
    return {
        f"{address.kind}/{address.key}": [f"{one.kind}/{one.key}" for one in others]
        for address, others in found.items()
    }


RED = Stage({"red": "ada bob", "blue": "cyd"}, {"1 Admin": "red", "2 Admin": "red", "1 Read": "blue"})


@pytest.mark.parametrize(
    ("stage", "changes", "access"),
    [
        (RED, [], []),
        (RED, [change("create membership/red/cyd")], ["gain Admin on 1 2: cyd by red"]),
        (RED, [change("delete membership/red/ada")], ["lose Admin on 1 2: ada by red"]),
        (RED, [change("delete user/ada")], ["lose Admin on 1 2: ada by red"]),
        (RED, [change("update user/ada", active=False)], ["lose Admin on 1 2: ada by red"]),
        (
            replace(RED, disabled="ada"),
            [change("update user/ada", active=True)],
            ["gain Admin on 1 2: ada by red"],
        ),
        (replace(RED, disabled="ada"), [change("delete membership/red/ada")], []),
        (RED, [change("delete group/red")], ["lose Admin on 1 2: ada bob by red"]),
        (RED, [change("delete permission-set/Read")], ["lose Read on 1: cyd by blue"]),
        (RED, [change("delete assignment/1/Admin/group:red")], ["lose Admin on 1: ada bob by red"]),
        (RED, [change("create assignment/1/Read/user:cyd")], []),
        (RED, [change("create assignment/2/Read/user:cyd")], ["gain Read on 2: cyd by hand"]),
        # All of it new: user, group, set.
        (
            RED,
            [
                change("create user/eve", user_name="eve@example.com"),
                change("create group/new"),
                change("create membership/new/eve"),
                change("create permission-set/Fresh"),
                change("create assignment/3/Fresh/group:new"),
            ],
            ["gain Fresh on 3: eve by new"],
        ),
        # Nobody in git knows them: they are themselves all the same.
        (
            replace(RED, strangers="ada red"),
            [change("delete assignment/1/Admin/group:~g-red")],
            ["lose Admin on 1: bob ~u-ada by ~g-red"],
        ),
        # An orphan's assignment is nobody's.
        (
            Stage({}, {"1 Admin": "gone"}),
            [replace(change("delete assignment/1/Admin/user:~u-gone"), effect=Effect.NEUTRAL)],
            [],
        ),
        # A set's edit, and a role that lags behind, reach who has it and keeps it.
        (
            RED,
            [change("update permission-set/Admin"), change("create membership/red/cyd")],
            ["gain Admin on 1 2: cyd by red", "alter Admin on 1 2: ada bob by red"],
        ),
        (RED, [change("update provisioning/Admin/2")], ["alter Admin on 2: ada bob by red"]),
        (
            RED,
            [change("update provisioning/Admin/2"), change("update permission-set/Admin")],
            ["alter Admin on 1 2: ada bob by red"],
        ),
        (RED, [replace(change("update permission-set/Admin"), effect=Effect.NEUTRAL)], []),
    ],
)
def test_access_is_what_people_gain_lose_and_have_altered(
    stage: Stage, changes: list[Change], access: list[str]
) -> None:
    assert spelled(effects(stage.scene(), changes, NAMES).access) == access


ADMINISTRATOR = "arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess"


@pytest.mark.parametrize(
    ("privileged", "policies", "access"),
    [
        (Privileged(), (), ["gain Admin on 1 2 3: cyd by red"]),
        (Privileged(permission_sets=("*admin*",)), (), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(permission_sets=("Read",)), (), ["gain Admin on 1 2 3: cyd by red"]),
        (Privileged(policies=("ViewOnly*",)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(policies=("job-function/*",)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(policies=(ADMINISTRATOR,)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(policies=("*Admin*",)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red"]),
        (
            Privileged(accounts=(Selector(1, account="prod"),)),
            (),
            ["gain Admin on 1 2: cyd by red", "gain Admin on 3: cyd by red!"],
        ),
    ],
)
def test_privileged_is_marked_by_set_by_policy_and_by_account(
    privileged: Privileged, policies: tuple[str, ...], access: list[str]
) -> None:
    assigned = {"1 Admin": "red", "2 Admin": "red", "3 Admin": "red"}
    stage = Stage({"red": "ada"}, assigned, policies={"Admin": policies}, privileged=privileged)

    assert spelled(effects(stage.scene(), [change("create membership/red/cyd")], NAMES).access) == access


@pytest.mark.parametrize(
    ("was", "will", "access"),
    [
        (
            (),
            (ADMINISTRATOR,),
            ["gain Admin on 1: cyd by red!", "lose Admin on 1: ada by red", "alter Admin on 1: bob by red!"],
        ),
        (
            (ADMINISTRATOR,),
            (),
            ["gain Admin on 1: cyd by red", "lose Admin on 1: ada by red!", "alter Admin on 1: bob by red!"],
        ),
    ],
)
def test_whoever_gains_a_set_gains_what_it_will_carry_and_whoever_loses_it_what_it_carried(
    was: tuple[str, ...], will: tuple[str, ...], access: list[str]
) -> None:
    stage = Stage(
        {"red": "ada bob"},
        {"1 Admin": "red"},
        policies={"Admin": was},
        privileged=Privileged(policies=("ViewOnlyAccess",)),
    )
    changes = [
        change("update permission-set/Admin", managed_policies=will),
        change("create membership/red/cyd"),
        change("delete membership/red/ada"),
    ]

    assert spelled(effects(stage.scene(), changes, NAMES).access) == access


@pytest.mark.parametrize(
    ("stage", "changes", "replaced"),
    [
        # The same holder on the same account.
        (
            RED,
            [
                change("delete assignment/1/Admin/group:red"),
                change("create assignment/1/New/group:red"),
                change("create assignment/2/New/group:red"),
                change("create assignment/1/New/group:blue"),
            ],
            {"assignment/1/Admin/group:red": ["assignment/1/New/group:red"]},
        ),
        # From a group to one of its members, and not on another account.
        (
            RED,
            [
                change("delete assignment/1/Admin/group:red"),
                change("delete assignment/2/Admin/group:red"),
                change("create assignment/1/Read/user:ada"),
            ],
            {"assignment/1/Admin/group:red": ["assignment/1/Read/user:ada"]},
        ),
        # From one group to another: what the new one needs, too.
        (
            RED,
            [change("delete membership/red/ada"), change("create membership/blue/ada")],
            {"membership/red/ada": ["membership/blue/ada"]},
        ),
        (
            RED,
            [
                change("delete membership/red/ada"),
                change("create group/new"),
                change("create membership/new/ada"),
                change("create assignment/2/Admin/group:new"),
            ],
            {"membership/red/ada": ["assignment/2/Admin/group:new", "membership/new/ada"]},
        ),
        (
            RED,
            [change("delete assignment/1/Read/group:blue"), change("create membership/red/cyd")],
            {"assignment/1/Read/group:blue": ["membership/red/cyd"]},
        ),
        # Other people, other accounts, or nothing that is reached.
        (RED, [change("delete membership/red/ada"), change("create membership/blue/bob")], {}),
        (RED, [change("delete membership/blue/cyd"), change("create assignment/2/Read/user:cyd")], {}),
        # What must go at once.
        *(
            (RED, [change("delete membership/red/ada", cause), change("create membership/blue/ada")], {})
            for cause in (Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER)
        ),
        (
            replace(RED, inactive="ada"),
            [change("delete membership/red/ada"), change("create membership/blue/ada")],
            {},
        ),
        # Whoever signs in by the name afterwards is somebody else.
        (
            RED,
            [
                change("update user/ada", user_name="eve@example.com"),
                change("delete membership/red/ada"),
                change("create membership/blue/ada"),
            ],
            {},
        ),
    ],
)
def test_a_revocation_is_replaced_by_what_gives_the_same_person_the_same_account(
    stage: Stage, changes: list[Change], replaced: dict[str, list[str]]
) -> None:
    assert links(effects(stage.scene(), changes, NAMES).replaced) == replaced


def test_groups_hold_the_edited_sets_that_they_are_assigned_after_the_plan() -> None:
    changes = [
        change("update permission-set/Admin"),
        change("create assignment/3/Admin/group:blue"),
        change("delete assignment/1/Admin/group:red"),
        change("delete assignment/2/Admin/group:red"),
        change("create assignment/3/Admin/user:ada"),
    ]

    assert links(effects(RED.scene(), changes, NAMES).holding) == {"group/blue": ["permission-set/Admin"]}


def test_nothing_to_do_has_no_effects() -> None:
    assert effects(RED.scene(), [], NAMES) == Effects()


PEOPLE, GROUPS, ACCOUNTS, SETS = ("ada", "bob", "cyd"), ("red", "blue"), ("1", "2"), ("Admin", "Read")


@dataclass
class Whole:
    """The oracle: everything, to be multiplied out."""

    people: set[str]
    members: set[tuple[str, str]]
    assigned: set[tuple[str, str, str]]

    def access(self) -> set[Triple]:
        return {
            (who, account, name)
            for account, name, holder in self.assigned
            for who in self.people
            if holder == who or (holder, who) in self.members
        }

    def carry_out(self, one: Change) -> None:
        parts, create = one.address.parts, one.action is Action.CREATE
        if one.address.kind is Kind.MEMBERSHIP:
            (self.members.add if create else self.members.discard)((parts[0], parts[1]))
        elif one.address.kind is Kind.ASSIGNMENT:
            item = (parts[0], parts[1], parts[2].partition(":")[2])
            (self.assigned.add if create else self.assigned.discard)(item)
        elif one.address.kind is Kind.USER:
            (self.people.add if one.fields and one.fields[0].after else self.people.discard)(parts[0])
        elif one.address.kind is Kind.GROUP:
            self.members = {each for each in self.members if each[0] != parts[0]}
        else:
            self.assigned = {each for each in self.assigned if each[1] != parts[0]}


@st.composite
def plans(draw: st.DrawFn) -> tuple[Stage, Whole, list[Change]]:
    everybody = draw(st.sets(st.sampled_from(PEOPLE)))
    members = draw(st.sets(st.tuples(st.sampled_from(GROUPS), st.sampled_from(PEOPLE))))
    holders = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(SETS), st.sampled_from((*GROUPS, *PEOPLE)))
    assigned = draw(st.sets(holders))
    stage = Stage(
        {key: " ".join(sorted(who for team, who in members if team == key)) for key in GROUPS},
        {
            f"{account} {name}": " ".join(who for a, n, who in assigned if (a, n) == (account, name))
            for account in ACCOUNTS
            for name in SETS
        },
        people=" ".join(PEOPLE),
        disabled=" ".join(sorted(set(PEOPLE) - everybody)),
    )
    changes = []
    for team, who in sorted(draw(st.sets(st.tuples(st.sampled_from(GROUPS), st.sampled_from(PEOPLE))))):
        action = "delete" if (team, who) in members else "create"
        changes.append(change(f"{action} membership/{team}/{who}"))
    for account, name, who in sorted(draw(st.sets(holders))):
        action = "delete" if (account, name, who) in assigned else "create"
        kind = "group" if who in GROUPS else "user"
        changes.append(change(f"{action} assignment/{account}/{name}/{kind}:{who}"))
    switched = sorted(draw(st.sets(st.sampled_from(PEOPLE))))
    changes += [change(f"update user/{who}", active=who not in everybody) for who in switched]
    changes += [change(f"delete group/{key}") for key in draw(st.sets(st.sampled_from(GROUPS), max_size=1))]
    gone = sorted(draw(st.sets(st.sampled_from(SETS), max_size=1)))
    changes = [
        one for one in changes if one.address.kind is not Kind.ASSIGNMENT or one.address.parts[1] not in gone
    ]
    changes += [change(f"delete permission-set/{name}") for name in gone]
    return stage, Whole(everybody, members, assigned), changes


def multiplied(access: Iterable[AccessChange], direction: Direction) -> set[Triple]:
    triples = [
        (who, account, one.permission_set)
        for one in access
        if one.direction is direction
        for who in one.people
        for account in one.accounts
    ]
    assert len(triples) == len(set(triples))
    return set(triples)


@settings(max_examples=300, deadline=None)
@given(plans())
def test_effects_agree_with_everything_multiplied_out(plan: tuple[Stage, Whole, list[Change]]) -> None:
    stage, whole, changes = plan
    found = effects(stage.scene(), changes, {})
    before = whole.access()
    for one in changes:
        whole.carry_out(one)
    after = whole.access()

    assert multiplied(found.access, Direction.GAIN) == after - before
    assert multiplied(found.access, Direction.LOSE) == before - after


def reached(one: Change, before: Whole, after: Whole) -> set[tuple[str, str]]:
    """Who has access where by one change, in so far as they can sign in on both sides."""
    side = after if one.action is Action.CREATE else before
    parts = one.address.parts
    if one.address.kind is Kind.ASSIGNMENT:
        holder = parts[2].partition(":")[2]
        found = {(who, parts[0]) for who in PEOPLE if holder == who or (holder, who) in side.members}
    else:
        found = {(parts[1], account) for account, _, holder in side.assigned if holder == parts[0]}
    return {each for each in found if each[0] in before.people & after.people}


def pairs(one: Change) -> tuple[str, str] | None:
    """The account and the holder of an assignment."""
    parts = one.address.parts
    return (parts[0], parts[2]) if one.address.kind is Kind.ASSIGNMENT else None


@settings(max_examples=300, deadline=None)
@given(plans())
def test_replacements_are_grants_of_the_same_access_and_none_is_missed(
    plan: tuple[Stage, Whole, list[Change]],
) -> None:
    stage, before, changes = plan
    # A group that goes takes back what the plan gives to it: no plan has both.
    gone = {one.address.parts[0] for one in changes if one.address.kind is Kind.GROUP}
    changes = [
        one
        for one in changes
        if one.action is not Action.CREATE
        or not gone & {part.removeprefix("group:") for part in one.address.parts}
    ]
    after = Whole(set(before.people), set(before.members), set(before.assigned))
    for one in changes:
        after.carry_out(one)
    found = effects(stage.scene(), changes, {}).replaced

    grants = [one for one in changes if one.effect is Effect.GRANT]
    for one in changes:
        if one.effect is not Effect.REVOKE or one.address.kind not in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
            assert one.address not in found
            continue
        mine = reached(one, before, after)
        alike = {each.address for each in grants if pairs(one) and pairs(each) == pairs(one)}
        meeting = {each.address for each in grants if mine & reached(each, before, after)}
        assert set(found.get(one.address, ())) == (alike or meeting)

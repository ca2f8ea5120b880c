"""Which change a protected object does not allow: every kind, action and end, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.change import Cause, Effect
from reconciler.model.plan import Severity
from reconciler.model.policy import Guards, Mode, OnRemoval, Protected, Scope, TargetPolicy
from reconciler.model.resources import Value
from reconciler.planning.guards.protection import touched
from tests.planning.access_stage import change
from tests.planning.entitled import PAY, entry, git, plan, pset, settled
from tests.planning.world import UNLIMITED, World, group, identities, person, remembered
from tests.planning.world import plan as plan_of

ALL = Protected(users=("root",), groups=("admins",), permission_sets=("Admin",))
_ON = "assignment/100000000001"


@pytest.mark.parametrize(
    ("text", "fields", "effect", "verb"),
    [
        ("delete user/root", {}, None, "removed"),
        ("delete user/eve", {}, None, None),
        ("delete user/admins", {}, None, None),
        ("create user/root", {"user_name": "root"}, None, None),
        ("update user/root", {"title": "Boss"}, None, None),
        ("update user/root", {"title": "Boss", "user_name": "r"}, None, "renamed"),
        ("update user/root", {"title": "Boss", "display_name": "R"}, Effect.NEUTRAL, "renamed"),
        ("update user/root", {"user_name": "R"}, Effect.NEUTRAL, "renamed"),
        ("update user/root", {"email": "r@example.com"}, Effect.MIXED, "renamed"),
        ("update user/root", {"active": False}, Effect.REVOKE, "disabled"),
        ("update user/root", {"active": True}, Effect.GRANT, None),
        ("update user/eve", {"user_name": "e"}, None, None),
        ("delete group/admins", {}, None, "removed"),
        ("delete group/root", {}, None, None),
        ("update group/admins", {"display_name": "A"}, None, "renamed"),
        ("update group/admins", {"description": "A"}, None, None),
        ("delete membership/ops/root", {}, None, "removed"),
        ("create membership/ops/root", {}, None, None),
        ("delete membership/admins/eve", {}, None, None),
        ("delete membership/root/eve", {}, None, None),
        ("update permission-set/Admin", {"description": "A"}, None, "edited"),
        ("delete permission-set/Admin", {}, None, "removed"),
        ("create permission-set/Admin", {"description": "A"}, None, None),
        ("update permission-set/Read", {"description": "A"}, None, None),
        ("update provisioning/Admin/100000000001", {}, None, None),
        (f"delete {_ON}/Read/user:root", {}, None, "removed"),
        (f"delete {_ON}/Read/group:admins", {}, None, "removed"),
        (f"delete {_ON}/Admin/group:ops", {}, None, "removed"),
        (f"delete {_ON}/Read/group:ops", {}, None, None),
        (f"delete {_ON}/Read/group:root", {}, None, None),
        (f"create {_ON}/Admin/user:root", {}, None, None),
    ],
)
def test_what_a_protected_object_does_not_allow(
    text: str, fields: dict[str, Value], effect: Effect | None, verb: str | None
) -> None:
    one = change(text, Cause.GIT, **fields)
    one = one if effect is None else replace(one, effect=effect)

    # What stands behind it is judged as well, whatever is said of it.
    found = list(touched([one, change("delete user/root")], ALL))

    assert [declared for each, declared in found if each is one] == ([] if verb is None else [verb])
    assert len(found) == (1 if verb is None else 2)


@pytest.mark.parametrize(
    ("protected", "hit"),
    [
        (Protected(), None),
        (Protected(users=("root",)), "aws/user/root"),
        (Protected(groups=("admins",)), "aws/group/admins"),
        (Protected(permission_sets=("Admin",)), "aws/permission-set/Admin"),
    ],
)
def test_each_kind_is_protected_by_itself(protected: Protected, hit: str | None) -> None:
    changes = [change(f"delete {each}") for each in ("user/root", "group/admins", "permission-set/Admin")]

    assert [str(each.address) for each, _ in touched(changes, protected)] == ([] if hit is None else [hit])


def _policy(protected: Protected) -> TargetPolicy:
    guards: Guards = replace(UNLIMITED, protected=protected)
    return TargetPolicy("aws", guards=guards, on_removal=OnRemoval.DELETE)


def test_a_group_sheds_no_protection_by_a_new_key() -> None:
    """The name that everybody knows stays, the key in the files changes, and the description with it."""
    before = identities([person("eve")], [group("admins", ["eve"]), group("ops", ["eve"])])
    later = identities(
        [person("eve")],
        [
            group("team", ["eve"], attributes={"display_name": "the team"}, previously=("admins",)),
            group("ops", ["eve"], attributes={"display_name": "the ops"}),
        ],
    )
    world = World()
    world.carry_out(plan_of(before, world))

    planned = plan_of(later, world, remembered(before), policy=_policy(Protected(groups=("admins",))))

    refused = [one for one in planned.plan.findings if one.severity is Severity.REFUSAL]
    assert [str(one.address) for one in refused] == ["aws/group/team"]


def test_a_permission_set_sheds_no_protection_by_a_new_name() -> None:
    """The heir of a protected set is not edited either; any other set is."""
    declared = git(sets=[pset("Boss", previously=("Admin",), description="a"), pset("Read", description="a")])
    world = settled(declared)
    edited = git(sets=[pset("Boss", previously=("Admin",), description="b"), pset("Read", description="b")])

    planned = plan(edited, world, remembered(declared), policy=_policy(Protected(permission_sets=("Admin",))))

    refused = [one for one in planned.plan.findings if one.severity is Severity.REFUSAL]
    assert [str(one.address) for one in refused] == ["aws/permission-set/Boss"]


def test_a_group_sheds_no_protection_by_a_new_key_that_does_not_say_what_it_was() -> None:
    """Who finds it by its name finds the same group, so it keeps what is assigned to it."""
    declared = git([entry("e", "group:admins", "Read", PAY)], teams={"admins": ["ada"]})
    world = settled(declared)
    team = group("team", ["ada"], attributes={"display_name": "admins"})
    after = replace(git(), groups={"team": team})

    policy = replace(_policy(Protected(groups=("admins",))), scope=Scope(assignments=Mode.AUTHORITATIVE))

    planned = plan(after, world, remembered(declared), policy=policy)

    refused = [one for one in planned.plan.findings if one.code == "protected"]
    assert [str(one.address) for one in refused] == [f"aws/assignment/{PAY}/Read/group:team"]

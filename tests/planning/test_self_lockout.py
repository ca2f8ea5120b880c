"""Which single changes take from the reconciler the access as which it runs, and which only look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.change import Change, Effect, FieldChange
from reconciler.model.resources import Assignment, PermissionSet, PolicyReference, User, Value
from reconciler.model.state import Identities
from reconciler.planning.guards.access import own_access
from reconciler.planning.guards.approving import approval
from reconciler.planning.ownership.sets import own_sets
from tests.planning.access_stage import Stage, change, written
from tests.planning.entitled import DEV, PAY, entry, git, pset, settled
from tests.planning.test_guards_of_sides import ROLE, as_caller
from tests.planning.world import person

GIVES = "arn:aws:iam::aws:policy/AdministratorAccess"
READS = "arn:aws:iam::aws:policy/ReadOnlyAccess"
DENIES = "arn:aws:iam::aws:policy/AWSDenyAll"
ALLOW = '{"Statement":[{"Action":"s3:*","Effect":"Allow","Resource":"*"}]}'
DENY = '{"Statement":[{"Action":"sso:*","Effect":"Deny","Resource":"*"}]}'
BOTH = '{"Statement":[' + ALLOW[14:-2] + "," + DENY[14:-2] + "]}"
NEWER = '{"Statement":[' + ALLOW[14:-2] + '],"Version":"2012-10-17"}'
MINE = PolicyReference("mine")
INLINE = '{"Statement":[]}'
ENTRIES = (
    entry("mine", "group:ops", "Admin", PAY),
    entry("other-set", "group:ops", "Read", PAY),
    entry("other-account", "group:ops", "Admin", DEV),
    entry("other-group", "group:dev", "Admin", PAY),
)
TEAMS = {"ops": ("ada", "bob"), "dev": ("bob",), "fun": ("ada",)}


def admin(**more: object) -> PermissionSet:
    declared: dict[str, object] = {
        "description": "x",
        "managed_policies": (GIVES,),
        "customer_managed_policies": (MINE,),
        "inline_policy": INLINE,
        "permissions_boundary": None,
    }
    return pset("Admin", **{**declared, **more})


def wanted(
    *,
    without: str = "",
    teams: Mapping[str, Sequence[str]] | None = None,
    one: PermissionSet | None = None,
    ada: User | None = None,
) -> Identities:
    entries: list[Assignment] = [each for each in ENTRIES if each.key != without]
    people = {"ada": ada or person("ada"), "bob": person("bob")}
    return git(
        entries,
        (one or admin(), pset("Read", description="x")),
        teams={**TEAMS, **(teams or {})},
        users=people,
    )


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        pytest.param(wanted(), False, id="nothing"),
        pytest.param(wanted(without="mine"), True, id="what it has"),
        pytest.param(wanted(without="other-set"), False, id="another set"),
        pytest.param(wanted(without="other-account"), False, id="another account"),
        pytest.param(wanted(without="other-group"), False, id="another group"),
        pytest.param(wanted(teams={"ops": ("bob",)}), True, id="out of the group"),
        pytest.param(wanted(teams={"ops": ("ada",)}), False, id="somebody else out of the group"),
        pytest.param(wanted(teams={"fun": ()}), False, id="out of a group that gives it nothing"),
        pytest.param(wanted(ada=person("ada", user_name="a@example.com")), True, id="renamed"),
        pytest.param(wanted(ada=person("ada", title="Lead", user_name="a@example.com")), True, id="and more"),
        pytest.param(wanted(ada=person("ada", title="Lead")), False, id="another title"),
        pytest.param(wanted(one=admin(description="y")), False, id="another description"),
        pytest.param(wanted(one=admin(managed_policies=(GIVES, READS))), False, id="one policy more"),
        pytest.param(
            wanted(one=admin(managed_policies=(GIVES, DENIES))), True, id="a policy that denies all"
        ),
        pytest.param(wanted(one=admin(inline_policy=DENY)), True, id="a Deny within"),
        pytest.param(wanted(one=admin(inline_policy=ALLOW)), False, id="an Allow within"),
        pytest.param(wanted(one=admin(session_duration="PT30M")), True, id="a shorter session"),
        pytest.param(wanted(one=admin(session_duration="PT8H")), False, id="a longer session"),
        pytest.param(wanted(one=admin(managed_policies=(READS,))), True, id="another policy"),
        pytest.param(wanted(one=admin(managed_policies=())), True, id="no policy"),
        pytest.param(
            wanted(one=admin(customer_managed_policies=(MINE, PolicyReference("more")))),
            True,
            id="one of its own more",
        ),
        pytest.param(
            wanted(one=admin(customer_managed_policies=(PolicyReference("other"),))),
            True,
            id="another of its own",
        ),
        pytest.param(wanted(one=admin(inline_policy=None)), False, id="no empty inline policy"),
        pytest.param(wanted(one=admin(permissions_boundary=READS)), True, id="a boundary"),
    ],
)
def test_what_takes_away_the_own_access(after: Identities, *, refused: bool) -> None:
    before = wanted()
    world = settled(before)

    planned = as_caller(after, world, before, ROLE)

    found = [one for one in planned.plan.findings if one.code == "self-lockout"]
    assert len(found) == refused
    assert all(one.count == len(one.details) == 1 for one in found)


def test_a_first_inline_policy_takes_nothing_away() -> None:
    before = wanted(one=admin(inline_policy=None))
    world = settled(before)

    planned = as_caller(wanted(), world, before, ROLE)

    assert [str(one.address) for one in planned.plan.changes][:1] == ["aws/permission-set/Admin"]
    assert "self-lockout" not in {one.code for one in planned.plan.findings}


@pytest.mark.parametrize(("gone", "refused"), [("ops", True), ("dev", False), ("fun", False)])
def test_the_group_that_gives_the_own_access_is_not_removed(gone: str, *, refused: bool) -> None:
    before = wanted()
    world = settled(before)
    kept = {key: group for key, group in before.groups.items() if key != gone}
    entries = {key: one for key, one in before.assignments.items() if gone not in one.groups}

    planned = as_caller(replace(before, groups=kept, assignments=entries), world, before, ROLE)

    found = [one for one in planned.plan.findings if one.code == "self-lockout"]
    assert (f"aws/group/{gone}" in {str(one.address) for one in planned.plan.changes}) is True
    assert len(found) == refused
    assert all(f"aws/group/{gone}" in one.details and one.count == len(one.details) for one in found)


# On changes made by hand. Ada, who runs it with Admin on ONE, is in the groups ops and fun, and not in red.

ONE, TWO = "100000000001", "100000000002"
CALLER = f"arn:aws:sts::{ONE}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/Ada@example.com"


def own(assigned: str, *changes: Change, caller: str = CALLER) -> tuple[str, ...]:
    """What would take the access from itself, where those in `assigned` have Admin on ONE."""
    plain = Stage(
        members={"ops": "ada bob", "fun": "ada", "red": "bob"},
        assigned={f"{ONE} Admin": assigned, f"{ONE} Read": "fun", f"{TWO} Admin": "fun"},
    ).context()
    judged = replace(
        plain,
        live=replace(plain.live, caller=caller),
        sets=own_sets(plain.desired, plain.live, plain.memory, plain.policy.scope),
    )
    found = list(own_access(judged, changes))
    for one in found:
        assert one.count == len(one.details)
        assert one.fix == f"run it as somebody else; {approval('self-lockout', one.count, None)}"
    return tuple(text.removeprefix("aws/") for one in found for text in one.details)


BY_OPS, BY_ADA = f"assignment/{ONE}/Admin/group:ops", f"assignment/{ONE}/Admin/user:ada"


@pytest.mark.parametrize(
    ("assigned", "texts", "taken"),
    [
        pytest.param("ops", [f"delete {BY_OPS}"], [BY_OPS], id="the only way"),
        pytest.param("ops ada", [f"delete {BY_OPS}"], [], id="one of two ways"),
        pytest.param("ops ada", [f"delete {BY_ADA}"], [], id="the other of two ways"),
        pytest.param("ops ada", [f"delete {BY_ADA}", f"delete {BY_OPS}"], [BY_ADA, BY_OPS], id="both ways"),
        pytest.param("ops fun", [f"delete {BY_OPS}"], [], id="one of two groups"),
        pytest.param("ops red", [f"delete {BY_OPS}"], [BY_OPS], id="where another group has it"),
        pytest.param("ops bob", [f"delete {BY_OPS}"], [BY_OPS], id="where somebody else has it"),
        pytest.param("ops", [f"create {BY_OPS}"], [], id="given"),
        pytest.param("ops", [f"delete assignment/{TWO}/Admin/group:ops"], [], id="elsewhere"),
        pytest.param("ops", [f"delete assignment/{ONE}/Read/group:ops"], [], id="another set"),
        pytest.param(
            "ops bob red",
            [
                f"delete assignment/{ONE}/Admin/user:bob",
                f"delete assignment/{ONE}/Admin/group:red",
                f"delete {BY_OPS}",
            ],
            [BY_OPS],
            id="what others have is no way to it",
        ),
        pytest.param("ops", ["delete membership/ops/ada"], ["membership/ops/ada"], id="out of the group"),
        pytest.param("ops", ["create membership/ops/ada"], [], id="into the group"),
        pytest.param("ops", ["delete membership/ops/bob"], [], id="somebody else out of the group"),
        pytest.param(
            "ops",
            ["delete membership/red/ada", "delete membership/ops/ada"],
            ["membership/ops/ada"],
            id="out of a group that it is not in",
        ),
        pytest.param("ops", ["delete group/ops"], ["group/ops"], id="the group"),
        pytest.param("ops", ["update group/ops"], [], id="an edit of the group"),
        pytest.param("ops", ["delete group/red", "delete group/ops"], ["group/ops"], id="and another group"),
        pytest.param("ops", ["delete permission-set/Admin"], ["permission-set/Admin"], id="the set"),
        pytest.param("ops", ["delete permission-set/Read"], [], id="another set goes"),
        pytest.param("ops", ["create permission-set/Admin permissions_boundary:>x"], [], id="a set is made"),
        pytest.param(
            "ops ada",
            ["update permission-set/Admin permissions_boundary:>x"],
            ["permission-set/Admin"],
            id="an edit of the set takes every way at once",
        ),
        pytest.param("ops", [f"update provisioning/Admin/{ONE}"], [], id="its role"),
    ],
)
def test_what_takes_the_last_way(assigned: str, texts: Sequence[str], taken: Sequence[str]) -> None:
    plain = [written(text, change(" ".join(text.split()[:2])).effect) for text in texts]
    assert own(assigned, *plain) == tuple(taken)
    assert own(assigned, *plain, caller=CALLER.replace("Ada@", "eve@")) == ()
    assert own(assigned, *plain, caller=f"arn:aws:sts::{ONE}:assumed-role/ci/Ada@example.com") == ()


@pytest.mark.parametrize(
    ("text", "effect", "taken"),
    [
        ("delete user/ada", Effect.NEUTRAL, True),
        ("delete user/bob", Effect.REVOKE, False),
        ("update user/ada user_name:a>b", Effect.NEUTRAL, True),
        ("update user/ada title:a>b user_name:a>b", Effect.NEUTRAL, True),
        ("update user/ada title:a>b", Effect.NEUTRAL, False),
        ("update user/ada title:a>b", Effect.GRANT, False),
        ("update user/ada title:a>b", Effect.MIXED, True),
        ("update user/ada title:a>b", Effect.REVOKE, True),
        ("create user/ada user_name:>b", Effect.MIXED, False),
    ],
)
def test_what_is_done_to_the_user_as_whom_it_runs(text: str, effect: Effect, *, taken: bool) -> None:
    assert own("ops ada", written(text, effect)) == (("user/ada",) if taken else ())


@pytest.mark.parametrize(
    ("name", "before", "after", "taken"),
    [
        ("inline_policy", None, ALLOW, False),
        ("inline_policy", None, DENY, True),
        ("inline_policy", None, BOTH, True),
        ("inline_policy", ALLOW, BOTH, True),
        ("inline_policy", BOTH, ALLOW, False),
        ("inline_policy", BOTH, DENY, True),
        ("inline_policy", DENY, None, False),
        ("inline_policy", ALLOW, None, True),
        ("inline_policy", ALLOW, NEWER, True),
        ("inline_policy", ALLOW, '{"Statement":{"Action":"s3:*","Effect":"Allow","Resource":"*"}}', False),
        ("inline_policy", ALLOW, '{"Statement":[{"Action":"s3:*","Effect":"allow"}]}', True),
        ("inline_policy", ALLOW, "no policy", True),
        ("permissions_boundary", None, "x", True),
        ("permissions_boundary", "x", "y", True),
        ("permissions_boundary", "x", None, False),
        ("session_duration", None, "PT30M", True),
        ("session_duration", "PT12H", None, True),
        ("session_duration", "PT1H", "PT1H30M", False),
        ("session_duration", "PT1H", "a while", True),
        ("tags.team", "a", None, False),
        ("relay_state", "a", "b", False),
    ],
)
def test_only_what_is_provably_wider_is_no_loss(
    name: str, before: Value, after: Value, *, taken: bool
) -> None:
    one = replace(change("update permission-set/Admin"), fields=(FieldChange(name, before, after),))
    assert own("ops", one) == (("permission-set/Admin",) if taken else ())


@pytest.mark.parametrize("name", ["managed_policies", "customer_managed_policies"])
@pytest.mark.parametrize(
    ("before", "after", "taken"),
    [
        (None, ("a",), True),
        (("a",), None, True),
        (("a",), ("a", "b"), True),
        (("a", "b"), ("b", "a"), False),
        (("a", "b"), ("b",), True),
        (("a",), ("b", "c"), True),
    ],
)
def test_policies_that_an_edit_leaves(name: str, before: Value, after: Value, *, taken: bool) -> None:
    one = replace(
        change("update permission-set/Admin"),
        fields=(FieldChange("description", "x", "y"), FieldChange(name, before, after)),
    )
    assert own("ops", one) == (("permission-set/Admin",) if taken else ())

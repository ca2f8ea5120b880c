"""Which single changes take from the reconciler the access as which it runs, and which only look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.resources import Assignment, PermissionSet, PolicyReference, User
from reconciler.model.state import Identities
from tests.planning.entitled import DEV, PAY, entry, git, pset, settled
from tests.planning.test_guards_of_sides import ROLE, as_caller
from tests.planning.world import person

GIVES = "arn:aws:iam::aws:policy/AdministratorAccess"
READS = "arn:aws:iam::aws:policy/ReadOnlyAccess"
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


def said(
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
        pytest.param(said(), False, id="nothing"),
        pytest.param(said(without="mine"), True, id="what it has"),
        pytest.param(said(without="other-set"), False, id="another set"),
        pytest.param(said(without="other-account"), False, id="another account"),
        pytest.param(said(without="other-group"), False, id="another group"),
        pytest.param(said(teams={"ops": ("bob",)}), True, id="out of the group"),
        pytest.param(said(teams={"ops": ("ada",)}), False, id="somebody else out of the group"),
        pytest.param(said(teams={"fun": ()}), False, id="out of a group that gives it nothing"),
        pytest.param(said(ada=person("ada", user_name="a@example.com")), True, id="renamed"),
        pytest.param(said(ada=person("ada", title="Lead", user_name="a@example.com")), True, id="and more"),
        pytest.param(said(ada=person("ada", title="Lead")), False, id="another title"),
        pytest.param(said(one=admin(description="y")), False, id="another description"),
        pytest.param(said(one=admin(managed_policies=(GIVES, READS))), False, id="one policy more"),
        pytest.param(said(one=admin(managed_policies=(READS,))), True, id="another policy"),
        pytest.param(said(one=admin(managed_policies=())), True, id="no policy"),
        pytest.param(
            said(one=admin(customer_managed_policies=(MINE, PolicyReference("more")))),
            False,
            id="one of its own more",
        ),
        pytest.param(
            said(one=admin(customer_managed_policies=(PolicyReference("other"),))),
            True,
            id="another of its own",
        ),
        pytest.param(said(one=admin(inline_policy=None)), True, id="no inline policy"),
        pytest.param(said(one=admin(permissions_boundary=READS)), True, id="a boundary"),
    ],
)
def test_what_takes_away_the_own_access(after: Identities, *, refused: bool) -> None:
    before = said()
    world = settled(before)

    planned = as_caller(after, world, before, ROLE)

    found = [one for one in planned.part.findings if one.code == "own-access"]
    assert len(found) == refused
    assert all(one.count == len(one.details) == 1 for one in found)


def test_a_first_inline_policy_takes_nothing_away() -> None:
    before = said(one=admin(inline_policy=None))
    world = settled(before)

    planned = as_caller(said(), world, before, ROLE)

    assert [str(one.address) for one in planned.part.changes][:1] == ["aws/permission-set/Admin"]
    assert "own-access" not in {one.code for one in planned.part.findings}


@pytest.mark.parametrize(("gone", "refused"), [("ops", True), ("dev", False), ("fun", False)])
def test_the_group_that_gives_the_own_access_is_not_removed(gone: str, *, refused: bool) -> None:
    before = said()
    world = settled(before)
    kept = {key: group for key, group in before.groups.items() if key != gone}
    entries = {key: one for key, one in before.assignments.items() if gone not in one.groups}

    planned = as_caller(replace(before, groups=kept, assignments=entries), world, before, ROLE)

    found = [one for one in planned.part.findings if one.code == "own-access"]
    assert (f"aws/group/{gone}" in {str(one.address) for one in planned.part.changes}) is True
    assert len(found) == refused
    assert all(f"aws/group/{gone}" in one.details and one.count == len(one.details) for one in found)

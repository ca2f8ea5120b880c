from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import Denied, IncompleteRead, ServiceError
from reconciler.model.observer import Silent
from reconciler.model.state import Live
from reconciler.sandbox import FaultKind, Sandbox
from reconciler.targets.base import NOTHING
from reconciler.targets.identity_center.target import IdentityCenter
from tests.targets.centers import center
from tests.wire.scripted import Reply, error, serve

STORE = "d-1111111111"
U, G, M = (f"1111111111-{digit * 8}-0000-0000-0000-000000000000" for digit in "123")
INSTANCE = {"InstanceArn": "arn:aws:sso:::instance/ssoins-1111111111111111", "IdentityStoreId": STORE}
LISTS = ("ListUsers", "ListGroups", "ListGroupMemberships")


def fill(sandbox: Sandbox, *, users: int, groups: int) -> None:
    """Users u0…, groups g0…; every user is in the group of its number, modulo, and everybody in g0."""
    for number in range(groups):
        sandbox.store.add_group(f"g{number}")
    for number in range(users):
        sandbox.store.add_user(f"u{number}")
        for group in sorted({0, number % groups} if groups else ()):
            sandbox.store.add_member(f"g{group}", f"u{number}")


def by_name(live: Live) -> dict[str, frozenset[str]]:
    names = {identifier: str(user.attributes["user_name"]) for identifier, user in live.users.items()}
    return {
        str(live.groups[group].attributes["display_name"]): frozenset(names[user] for user in members)
        for group, members in live.members.items()
    }


def operations(sandbox: Sandbox) -> Mapping[str, int]:
    return {name.partition(".")[2]: count for name, count in sandbox.requests.counts().items()}


def test_an_empty_directory_is_read_as_empty(target: IdentityCenter) -> None:
    live = target.read()

    assert (live.users, live.groups, live.members, live.gaps) == ({}, {}, {}, ())


@pytest.mark.parametrize(
    ("users", "groups"),
    [
        pytest.param(250, 3, id="few groups: read from the groups"),
        pytest.param(3, 130, id="few users: read from the users"),
        pytest.param(5, 0, id="no groups at all"),
        pytest.param(0, 5, id="no users at all"),
    ],
)
def test_a_directory_is_read_whole_whichever_side_is_cheaper(
    sandbox: Sandbox, target: IdentityCenter, users: int, groups: int
) -> None:
    fill(sandbox, users=users, groups=groups)

    live = target.read()

    assert by_name(live) == sandbox.store.memberships()
    assert len(live.users) == users
    assert {user.id for user in live.users.values()} == set(live.users)


def test_memberships_are_read_in_the_fewest_calls(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, users=3, groups=40)
    target.read()
    from_users = operations(sandbox)

    assert from_users.get("ListGroupMembershipsForMember") == 3
    assert "ListGroupMemberships" not in from_users


def test_a_read_counts_its_own_calls(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, users=120, groups=2)
    target.read()

    directory = {
        name: count for name, count in target.read().calls.items() if name.startswith("identitystore")
    }
    assert directory == {
        "identitystore.ListUsers": 2,
        "identitystore.ListGroups": 1,
        "identitystore.ListGroupMemberships": 3,
    }


def test_a_plan_needs_reading_actions_alone(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, users=3, groups=2)
    target.read()
    target.read(replace(NOTHING, users=(U,)))

    assert all(name.startswith(("List", "Describe", "Get")) for name in operations(sandbox))


def test_users_and_groups_come_with_every_attribute_status_and_version(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    store = sandbox.store
    boss, ada = store.add_user("boss"), store.add_user("ada", email="ada@example.com")
    store.set_user("ada", "aws:identitystore:enterprise.department", "Platform")
    store.set_user("ada", "aws:identitystore:enterprise.manager.value", boss)
    store.set_user("ada", "addresses", [{"locality": "Bern", "type": "work"}])
    store.set_user_external_id("ada", "6f1c")
    store.set_status("ada", "DISABLED")
    group = store.add_group("g", description="All")

    live = target.read()

    user = live.users[ada]
    assert user.attributes["user_name"] == "ada"
    assert user.attributes["email"] == "ada@example.com"
    assert user.attributes["department"] == "Platform"
    assert user.attributes["manager"] == boss
    assert user.attributes["address"] == {"locality": "Bern"}
    assert user.attributes["external_id"] == "6f1c"
    assert (user.active, live.users[boss].active) == (False, True)
    assert user.version
    assert live.groups[group].attributes == {"display_name": "g", "description": "All"}
    assert live.groups[group].version


# What the network and the service do on a bad day.


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.HTML,
        FaultKind.EMPTY,
        FaultKind.TRUNCATED,
        FaultKind.GARBAGE,
        FaultKind.WRONG_TYPE,
        FaultKind.MISSING_KEY,
        FaultKind.REPEAT_PAGE,
        FaultKind.LOOP,
    ],
)
def test_a_list_that_is_spoilt_is_never_taken_for_a_shorter_one(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    fill(sandbox, users=120, groups=2)
    # A list of one page has no token that could be wrong, so that it is the one group of 120 that is hit.
    pages = "ListGroups" if kind in (FaultKind.REPEAT_PAGE, FaultKind.LOOP) else ""
    if operation == pages:
        for number in range(2, 120):
            sandbox.store.add_group(f"g{number}")
    sandbox.faults.add(kind, f"identitystore.{operation}", count=None)

    with pytest.raises(IncompleteRead, match=f"identitystore.{operation}"):
        target.read()


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.THROTTLE,
        FaultKind.ERROR,
        FaultKind.DROP_BEFORE,
        FaultKind.DROP_AFTER,
        FaultKind.CUT_OFF,
        FaultKind.EMPTY_PAGE,
        FaultKind.SHORT_PAGE,
    ],
)
def test_what_passes_does_not_disturb_a_read(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    fill(sandbox, users=110, groups=2)
    sandbox.faults.add(kind, f"identitystore.{operation}")

    assert by_name(target.read()) == sandbox.store.memberships()


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_who_may_not_read_is_told_so_and_sees_no_absence(
    sandbox: Sandbox, target: IdentityCenter, operation: str, status: int
) -> None:
    fill(sandbox, users=3, groups=2)
    sandbox.faults.add(FaultKind.DENY, f"identitystore.{operation}", status=status)

    with pytest.raises(Denied, match=f"identitystore:{operation}"):
        target.read()


def test_a_service_that_fails_for_good_ends_the_read(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, users=3, groups=2)
    sandbox.faults.add(FaultKind.ERROR, "identitystore.ListGroupMemberships", nth=2, count=None)

    with pytest.raises(ServiceError):
        target.read()


def test_a_lost_page_of_users_is_noticed_by_their_memberships_and_read_again(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, users=250, groups=2)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListUsers", nth=2)

    assert len(target.read().users) == 250


def test_a_page_of_users_that_stays_lost_ends_the_read(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, users=250, groups=2)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListUsers", count=None)

    with pytest.raises(IncompleteRead, match="in no list of users"):
        target.read()


# A directory that moves while it is read.


class Meanwhile(Silent):
    """Does something the first time that so many of `what` were read."""

    def __init__(self, what: str, action: Any) -> None:
        self.what, self.action = what, action

    def reading(self, target: str, what: str, done: int, total: int | None) -> None:
        if what == self.what and total is not None and self.action is not None:
            action, self.action = self.action, None
            action()


@pytest.mark.parametrize(
    "users", [pytest.param(9, id="from the groups"), pytest.param(2, id="from the users")]
)
def test_a_group_that_is_deleted_while_it_is_read_is_gone_and_not_empty(sandbox: Sandbox, users: int) -> None:
    fill(sandbox, users=users, groups=4)
    gone = sandbox.store.groups()["g1"]["GroupId"]
    target = center(sandbox, observer=Meanwhile("groups", lambda: sandbox.store.remove_group("g1")))

    live = target.read()

    assert gone not in live.members
    assert by_name(live) == sandbox.store.memberships()


@pytest.mark.parametrize(
    "users", [pytest.param(9, id="from the groups"), pytest.param(2, id="from the users")]
)
def test_a_user_who_joins_while_the_directory_is_read_is_known_in_the_end(
    sandbox: Sandbox, users: int
) -> None:
    fill(sandbox, users=users, groups=4)

    def join() -> None:
        sandbox.store.add_user("late")
        sandbox.store.add_member("g3", "late")

    live = center(sandbox, observer=Meanwhile("users", join)).read()

    members = by_name(live)
    assert members["g3"] - {"late"} == sandbox.store.members("g3") - {"late"}
    assert all(user in live.users for each in live.members.values() for user in each)


def test_a_group_that_is_made_while_the_users_are_asked_is_read_whole(sandbox: Sandbox) -> None:
    fill(sandbox, users=2, groups=4)

    def grow() -> None:
        sandbox.store.add_group("new")
        for user in ("u0", "u1"):
            sandbox.store.add_member("new", user)

    live = center(sandbox, observer=Meanwhile("groups", grow)).read()

    assert by_name(live) == sandbox.store.memberships()


def test_a_user_who_is_deleted_while_the_users_are_asked_is_gone(sandbox: Sandbox) -> None:
    fill(sandbox, users=3, groups=5)
    gone = sandbox.store.users()["u1"]["UserId"]

    live = center(sandbox, observer=Meanwhile("users", lambda: sandbox.store.remove_user("u1"))).read()

    assert gone not in live.users
    assert by_name(live) == sandbox.store.memberships()


# By id.


def test_by_id_only_what_was_asked_for_comes_and_what_is_gone_is_absent(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, users=4, groups=3)
    users, groups = sandbox.store.users(), sandbox.store.groups()
    u1, u2, g1, g2 = (
        users["u1"]["UserId"], users["u2"]["UserId"], groups["g1"]["GroupId"], groups["g2"]["GroupId"],
    )  # fmt: skip
    sandbox.store.remove_user("u2")
    sandbox.store.remove_group("g2")

    live = target.read(replace(NOTHING, users=(u1, u2), groups=(g1, g2), members_of=(g1, g2)))

    assert set(live.users) == {u1}
    assert set(live.groups) == {g1}
    assert live.members.keys() == {g1}
    assert live.members[g1].keys() == {u1}


def test_nothing_asked_for_is_no_call(sandbox: Sandbox, target: IdentityCenter) -> None:
    target.identity()
    live = target.read(NOTHING)

    assert (live.users, live.calls) == ({}, {})


def test_many_by_id_are_had_by_the_list_and_what_it_lacks_is_looked_at(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, users=150, groups=1)
    wanted = [raw["UserId"] for raw in sandbox.store.users().values()][:60]
    target.read()
    sandbox.store.remove_user("u5")
    sandbox.requests.clear()

    live = target.read(replace(NOTHING, users=tuple(wanted)))

    assert len(live.users) == 59
    assert operations(sandbox) == {"ListUsers": 2, "DescribeUser": 1}


def test_one_by_id_costs_one_call(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, users=150, groups=1)
    target.read()
    sandbox.requests.clear()

    target.read(replace(NOTHING, users=(sandbox.store.users()["u7"]["UserId"],)))

    assert operations(sandbox) == {"DescribeUser": 1}


# Answers that no sandbox gives.

ROW: dict[str, Any] = {"MembershipId": M, "GroupId": G, "MemberId": {"UserId": U}}


def scripted(rows: Any, **changed: Reply) -> Live:
    """A read of one user and one group whose memberships answer `rows`."""
    replies = {
        "ListInstances": Reply({"Instances": [INSTANCE]}),
        "ListUsers": Reply({"Users": [{"UserId": U}]}),
        "ListGroups": Reply({"Groups": [{"GroupId": G}]}),
        "ListGroupMemberships": Reply({"GroupMemberships": rows}),
        "DescribeGroup": Reply({"GroupId": G}),
        "DescribeOrganization": error("AWSOrganizationsNotInUseException"),
    } | changed
    with serve(answer=lambda operation, _: replies[operation]) as script:

        class There:
            url, speed = script.url, 1_000_000.0

        return center(There()).read()  # type: ignore[arg-type]  # of a sandbox only these two are asked


def test_a_scripted_directory_is_read() -> None:
    assert scripted([ROW]).members == {G: {U: M}}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([ROW | {"GroupId": U}], id="a membership of another group"),
        pytest.param([ROW | {"GroupId": None}], id="a membership of no group"),
        pytest.param([ROW | {"MemberId": {"GroupId": U}}], id="a member that is no user"),
        pytest.param([ROW | {"MemberId": {}}], id="a member that is nobody"),
        pytest.param([ROW | {"MemberId": None}], id="no member"),
        pytest.param([ROW | {"MembershipId": None}], id="a membership without id"),
        pytest.param([ROW, ROW | {"MembershipId": G}], id="a member twice"),
        pytest.param([ROW | {"MemberId": {"UserId": M}}], id="a member whom no list knows"),
    ],
)
def test_memberships_that_make_no_sense_end_the_read(rows: Any) -> None:
    with pytest.raises(IncompleteRead):
        scripted(rows)


def test_memberships_that_are_not_found_of_a_group_that_is_there_end_the_read() -> None:
    absent = error("ResourceNotFoundException", ResourceType="GROUP")

    with pytest.raises(IncompleteRead, match="and yet the group is"):
        scripted([], ListGroupMemberships=absent)


def test_an_answer_about_somebody_else_is_no_answer() -> None:
    absent = error("ResourceNotFoundException", ResourceType="GROUP")

    with pytest.raises(IncompleteRead, match="answered about"):
        scripted([], ListGroupMemberships=absent, DescribeGroup=Reply({"GroupId": U}))

"""Guards refuse what takes too much away, however small the organisation; approvals in git lift them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval, Guards, Limit, MaxRemovals, OnRemoval, Protected, TargetPolicy
from reconciler.model.resources import Group, User
from reconciler.model.state import Identities, Remembered
from reconciler.planning.guards.removal import allowed
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import (
    CAN,
    CAN_DISABLE,
    NO_LIMIT,
    NOW,
    ORIGIN,
    UNLIMITED,
    World,
    group,
    identities,
    person,
    plan,
    remembered,
)

KEYS = [f"user{number:02d}" for number in range(40)]


def staffed(count: int) -> tuple[list[User], list[Group]]:
    """An organisation of `count` people, all in one group of ten or fewer each."""
    users = [person(key) for key in KEYS[:count]]
    groups = [
        group(f"team{start // 10}", KEYS[start : min(start + 10, count)]) for start in range(0, count, 10)
    ]
    return users, groups


def applied(git: Identities) -> tuple[World, Remembered]:
    """A world that is as git says, and the memory of it."""
    world = World()
    world.carry_out(plan(git, world))
    return world, remembered(git)


def refusals(planned: PreparedPlan) -> list[Finding]:
    return [finding for finding in planned.plan.findings if finding.severity is Severity.REFUSAL]


def with_limits(**limits: Limit) -> TargetPolicy:
    """No limit but these."""
    return TargetPolicy(
        "aws", guards=replace(UNLIMITED, max_removals=replace(UNLIMITED.max_removals, **limits))
    )


@pytest.mark.parametrize(
    ("limit", "population", "expected"),
    [
        (Limit(5, None), 1000, 5),
        (Limit(None, 10), 1000, 100),
        (Limit(5, 2), 1000, 5),
        (Limit(5, 2), 100, 2),
        (Limit(None, 2), 9, 1),
        (Limit(None, 2), 0, 1),
        (Limit(0, None), 1000, 0),
        (Limit(0, 50), 1000, 0),
        (NO_LIMIT, 1000, None),
    ],
)
def test_the_lower_of_count_and_percentage_holds_and_a_percentage_allows_one(
    limit: Limit, population: int, expected: int | None
) -> None:
    assert expected == allowed(limit, population)


@pytest.mark.parametrize(("leaving", "refused"), [(1, False), (2, True)])
def test_the_defaults_let_one_of_nine_people_go_but_not_two(leaving: int, *, refused: bool) -> None:
    users, groups = staffed(9)
    world, memory = applied(identities(users, groups))
    after = identities(users[leaving:], [group("team0", KEYS[leaving:9])])
    defaults = TargetPolicy("aws")

    planned = plan(after, world, memory, policy=defaults, can=CAN_DISABLE)

    assert refused == (not planned.plan.applyable)
    if refused:
        (users_refused,) = (one for one in refusals(planned) if "user" in one.message)
        assert users_refused.code == "max-removals"
        assert users_refused.message == "2 of 9 users would be removed; at most 1 may be"
        assert "count: 2" in str(users_refused.fix)


def test_leavers_count_and_are_named_where_the_channel_disables_nobody() -> None:
    users, groups = staffed(9)
    world, memory = applied(identities(users, groups))
    after = identities(users[2:], [group("team0", KEYS[2:9])])

    planned = plan(after, world, memory, policy=TargetPolicy("aws"), can=CAN)

    (found,) = (one for one in refusals(planned) if "users" in one.message)
    assert (found.code, found.count, found.kind) == ("max-removals", 2, Kind.USER)
    assert found.message == (
        "2 of 9 users would be removed, counting 2 gone from git whom this channel cannot disable; "
        "at most 1 may be"
    )


@pytest.mark.parametrize(
    ("policy", "kind"),
    [
        (with_limits(memberships=Limit(2, None)), Kind.MEMBERSHIP),
        (with_limits(per_group=Limit(2, None)), Kind.MEMBERSHIP),
        (with_limits(total=Limit(2, None)), None),
    ],
    ids=["per kind", "per group", "in total"],
)
def test_three_memberships_are_too_many_where_two_are_allowed(
    policy: TargetPolicy, kind: Kind | None
) -> None:
    users, groups = staffed(10)
    world, memory = applied(identities(users, groups))
    after = identities(users, [group("team0", KEYS[3:10])])

    planned = plan(after, world, memory, policy=policy)

    (refusal,) = refusals(planned)
    assert refusal.code == "max-removals"
    assert refusal.count == 3
    assert refusal.kind is kind


def test_a_member_swapped_for_another_counts_as_one() -> None:
    users, _ = staffed(3)
    world, memory = applied(identities(users, [group("team", KEYS[:1])]))
    policy = with_limits(memberships=Limit(1, None), per_group=Limit(None, 50))

    planned = plan(identities(users, [group("team", KEYS[1:2])]), world, memory, policy=policy)

    assert len(planned.plan.changes) == 2
    assert planned.plan.applyable


def test_a_group_is_never_emptied_without_approval() -> None:
    users, _ = staffed(2)
    world, memory = applied(identities(users, [group("team", KEYS[:2]), group("solo", KEYS[:1])]))

    emptied = plan(identities(users, [group("team", []), group("solo", KEYS[:1])]), world, memory)
    last = plan(identities(users, [group("team", KEYS[:2]), group("solo", [])]), world, memory)
    removed = plan(identities(users, [group("team", KEYS[:2])]), world, memory)

    assert [one.code for one in refusals(emptied)] == ["set-emptied"]
    assert [one.code for one in refusals(last)] == ["set-emptied"]
    assert refusals(removed) == []


def test_removing_every_group_or_user_is_refused_even_where_no_limit_is_set() -> None:
    users, groups = staffed(3)
    world, memory = applied(identities(users, groups))
    policy = TargetPolicy("aws", guards=UNLIMITED, on_removal=OnRemoval.DELETE)

    planned = plan(identities(), world, memory, policy=policy)

    assert {(one.code, one.kind) for one in refusals(planned)} == {
        ("set-emptied", "user"),
        ("set-emptied", "group"),
        ("source-shrank", "user"),
        ("source-shrank", "group"),
    }


@pytest.mark.parametrize(
    "after",
    [
        identities([person("eve")], [group("admins", ["eve"])]),
        identities(
            [person("root", user_name="other@example.com"), person("eve")], [group("admins", ["root"])]
        ),
        identities([replace(person("root"), active=False), person("eve")], [group("admins", ["eve"])]),
        identities([person("root"), person("eve")], [group("admins", ["eve"])]),
        identities([person("root"), person("eve")]),
        identities([person("root"), person("eve")], [group("renamed", ["root"], previously=("admins",))]),
    ],
    ids=["removed", "renamed", "disabled", "out of its group", "its group removed", "not the group's name"],
)
def test_what_is_protected_is_neither_removed_nor_disabled_nor_renamed(after: Identities) -> None:
    before = identities([person("root"), person("eve")], [group("admins", ["root"])])
    world, memory = applied(before)
    guards = replace(UNLIMITED, protected=Protected(users=("root",), groups=("admins", "renamed")))
    policy = TargetPolicy("aws", guards=guards, on_removal=OnRemoval.DELETE)

    planned = plan(after, world, memory, policy=policy, can=CAN_DISABLE)

    assert "protected" in {one.code for one in refusals(planned)}


def test_a_user_deleted_and_created_again_under_one_name_is_refused() -> None:
    world = World()
    world.add_user("ada@example.com", external_id="old", given_name="Ada", family_name="Test")
    before = identities([person("ada", external_id="old")])
    policy = TargetPolicy("aws", guards=UNLIMITED, on_removal=OnRemoval.DELETE)
    after = identities(
        [
            replace(
                person("ada2", external_id="new"),
                attributes={**person("ada").attributes, "external_id": "new"},
            )
        ]
    )

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)

    assert not planned.plan.changes or "recreate" in {one.code for one in refusals(planned)}


def test_deleting_what_may_hold_unread_assignments_is_refused_and_no_approval_lifts_it() -> None:
    users, groups = staffed(12)
    world, memory = applied(identities(users, groups))
    approval = Approval("all", ORIGIN, "unsafe-deletion", 99, NOW + timedelta(days=1), "because")
    after = identities(users, groups[:1], approvals={"all": approval})

    planned = plan(after, world, memory, can=replace(CAN, safe_deletion=False))

    assert [one.code for one in refusals(planned)] == ["unsafe-deletion"]


@pytest.mark.parametrize(
    ("approval", "lifted", "declared"),
    [
        ({}, True, None),
        ({"count": 3}, True, None),
        ({"count": 1}, False, "allows only 1"),
        ({"until": NOW}, False, "has expired"),
        ({"kind": Kind.USER}, False, None),
        ({"kind": None}, False, None),
        ({"group": "team0"}, False, None),
        ({"guard": "set-emptied"}, False, None),
        ({"target": "chat"}, False, None),
        ({"target": "aws", "kind": Kind.MEMBERSHIP}, True, None),
    ],
    ids=[
        "fits",
        "larger",
        "too small",
        "expired",
        "other kind",
        "no kind",
        "of one group",
        "other guard",
        "other target",
        "named fully",
    ],
)
def test_an_approval_lifts_a_guard_by_code_kind_and_count_until_it_expires(
    approval: dict[str, object], declared: str | None, *, lifted: bool
) -> None:
    users, groups = staffed(10)
    world, memory = applied(identities(users, groups))
    given = replace(
        Approval(
            "office", ORIGIN, "max-removals", 2, NOW + timedelta(days=1), "office closed", Kind.MEMBERSHIP
        ),
        **approval,  # type: ignore[arg-type]  # any field by name
    )
    after = identities(users, [group("team0", KEYS[2:10])], approvals={"office": given})
    policy = with_limits(memberships=Limit(1, None))

    planned = plan(after, world, memory, policy=policy)

    assert lifted == planned.plan.applyable
    (finding,) = (one for one in planned.plan.findings if one.code == "max-removals")
    assert finding.severity is (Severity.NOTE if lifted else Severity.REFUSAL)
    if lifted:
        assert "approved by office (office closed)" in finding.message
    if declared:
        assert declared in str(finding.fix)


def test_the_defaults_protect_an_empty_configuration() -> None:
    defaults = Guards()

    assert defaults.max_removals == MaxRemovals(
        users=Limit(5, 2),
        groups=Limit(5, 2),
        memberships=Limit(None, 10),
        per_group=Limit(None, 50),
        assignments=Limit(20, None),
        per_account=Limit(10, None),
        permission_sets=Limit(5, None),
        total=Limit(50, None),
        blocked=Limit(10, None),
    )


def test_a_protected_user_is_protected_under_any_key() -> None:
    before = identities([person("root"), person("eve")], [group("admins", ["root", "eve"])])
    world, memory = applied(before)
    guards = replace(UNLIMITED, protected=Protected(users=("root",), groups=("admins",)))
    policy = TargetPolicy("aws", guards=guards)
    renamed = replace(person("root"), key="other", active=False)
    after = identities(
        [renamed, person("eve")],
        [group("team", ["eve"], attributes={"display_name": "admins"})],
    )

    planned = plan(after, world, memory, policy=policy, can=CAN_DISABLE)

    assert {str(one.address) for one in refusals(planned)} == {
        "aws/user/other",
        "aws/membership/team/other",
    }


def test_one_approval_does_not_lift_protection_from_more_than_it_counts() -> None:
    before = identities([person("root"), person("boss"), person("eve")])
    world, memory = applied(before)
    guards = replace(UNLIMITED, protected=Protected(users=("root", "boss")))
    one = Approval("one", ORIGIN, "protected", 1, NOW + timedelta(days=1), "leaves", Kind.USER)
    after = identities([person("eve")], approvals={"one": one})
    policy = TargetPolicy("aws", guards=guards)

    refused = plan(after, world, memory, policy=policy, can=CAN_DISABLE)
    both = replace(after, approvals={"one": replace(one, count=2)})
    lifted = plan(both, world, memory, policy=policy, can=CAN_DISABLE)

    assert [one.code for one in refusals(refused)] == ["protected", "protected"]
    assert all("count: 2" in str(one.fix) for one in refusals(refused))
    assert lifted.plan.applyable


def test_unmanaged_groups_count_with_the_members_that_they_have() -> None:
    users, _ = staffed(20)
    git = identities(users)
    world, memory = applied(git)
    everybody = [world.user_id(f"{key}@example.com") for key in KEYS[:10]]
    world.add_group("console", *everybody)
    world.add_group("theirs", everybody[0])
    policy = with_limits(per_group=Limit(None, 30))

    three = plan(identities(users[3:]), world, memory, policy=policy)
    four = plan(identities([*users[:1], *users[5:]]), world, memory, policy=policy)

    assert refusals(three) == []
    assert [one.message for one in refusals(four)] == [
        "4 of 10 members of ~g00000021 [console] would be removed; at most 3 may be"
    ]


@pytest.mark.parametrize("key", ["a/b", "team~x", "ä", "100%"])
def test_a_group_with_an_odd_key_is_guarded_like_any_other(key: str) -> None:
    users, _ = staffed(10)
    world, memory = applied(identities(users, [group(key, KEYS[:10])]))
    policy = with_limits(per_group=Limit(None, 50))

    six = plan(identities(users, [group(key, KEYS[6:10])]), world, memory, policy=policy)
    none = plan(
        identities(users, [group(key, [])]), world, memory, policy=TargetPolicy("aws", guards=UNLIMITED)
    )

    assert [one.code for one in refusals(six)] == ["max-removals"]
    assert [one.code for one in refusals(none)] == ["set-emptied"]

"""What is seen and not made, on changes made by hand: each change by itself, and what hangs on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from reconciler.model.address import Address, Arn, Kind
from reconciler.model.change import Change
from reconciler.model.organization import Organization
from reconciler.model.policy import Mode, Scope
from reconciler.model.resources import Origin, Value
from reconciler.model.state import (
    Assigned,
    Desired,
    Gap,
    Holder,
    Live,
    LiveGroup,
    LivePermissionSet,
    LiveUser,
)
from reconciler.planning.uncovered import uncovered
from reconciler.planning.withheld import (
    without_delegated,
    without_kept,
    without_observed,
    without_taken,
    without_unread,
)
from tests.planning.access_stage import change, written
from tests.planning.world import group, person
from tests.support.pairs import declared_pair

HOME, ONE, TWO = "100000000001", "100000000002", "100000000003"


def spelled(changes: Iterable[Change]) -> list[str]:
    return [f"{one.action} {one.address.kind}/{one.address.key}" for one in changes]


def at(text: str) -> Address:
    return Address.parse(f"aws/{text}")


PAIRS = (
    f"delete assignment/{ONE}/Admin/group:ops",
    f"delete assignment/{ONE}/Admin/user:ada",
    f"delete assignment/{TWO}/Read/group:red",
    f"delete assignment/{TWO}/Read/user:bob",
)
OPS, RED = "delete membership/ops/ada", "delete membership/red/bob"
GROUPS, USERS = ("delete group/ops", "delete group/red"), ("delete user/ada", "delete user/bob")
SETS = ("delete permission-set/Admin", "delete permission-set/Read")
NO_REMOVALS = (
    "create user/cyd",
    "update user/ada",
    "update group/ops",
    "create membership/ops/cyd",
    f"create assignment/{ONE}/Read/user:ada",
    "update permission-set/Admin",
    f"update provisioning/Admin/{ONE}",
)


@pytest.mark.parametrize(
    ("gaps", "held"),
    [
        ((), ()),
        (("membership *",), (OPS, RED, *GROUPS, *USERS)),
        (("membership g-ops",), (OPS, GROUPS[0], *USERS)),
        (("membership g-other",), USERS),
        (("assignment *",), (*PAIRS, *GROUPS, *USERS, *SETS)),
        ((f"assignment {ONE}",), (*PAIRS[:2], *GROUPS, *USERS, *SETS)),
        (("assignment users",), (PAIRS[1], PAIRS[3], *USERS, *SETS)),
        ((f"assignment {TWO}", "assignment users"), (PAIRS[1], *PAIRS[2:], *GROUPS, *USERS, *SETS)),
        (("user *",), ()),
    ],
)
def test_which_removals_would_reach_into_what_was_not_read(gaps: Sequence[str], held: Sequence[str]) -> None:
    ids = {at("group/ops"): "g-ops", at("group/red"): "g-red", at("user/ada"): "u-ada"}
    found = [Gap(Kind(text.split()[0]), text.split()[1], "why") for text in gaps]
    everything = (*PAIRS, OPS, RED, *GROUPS, *USERS, *SETS, *NO_REMOVALS)

    # Each alone: what hangs on another is no matter of where it lies.
    unread = [text for text in everything if without_unread([change(text)], iter(found), ids)[1]]

    assert unread == [text for text in everything if text in held]


@pytest.mark.parametrize(
    ("delegated", "management", "held"),
    [
        (False, HOME, ()),
        (True, "", ()),
        (True, HOME, (0, 1, 2, 3, 4)),
    ],
)
def test_what_only_the_management_account_may_do(
    management: str, held: Sequence[int], *, delegated: bool
) -> None:
    live = Live(
        "aws",
        permission_sets={
            "arn:Admin": LivePermissionSet(Arn("arn:Admin"), {"name": "Admin"}, frozenset({HOME, ONE})),
            "arn:Read": LivePermissionSet(Arn("arn:Read"), {"name": "Read"}, frozenset({ONE})),
        },
        organization=Organization(management=management),
        delegated=delegated,
    )
    ids = {at("permission-set/Admin"): "arn:Admin", at("permission-set/Read"): "arn:Read"}
    changes = [
        change(text)
        for text in (
            f"create assignment/{HOME}/Read/user:ada",
            f"delete assignment/{HOME}/Admin/user:ada",
            "update permission-set/Admin",
            f"update provisioning/Admin/{ONE}",
            f"update provisioning/Admin/{HOME}",
            f"create assignment/{ONE}/Admin/user:ada",
            f"delete assignment/{ONE}/Read/user:ada",
            "update permission-set/Read",
            f"update provisioning/Read/{ONE}",
            "update permission-set/Unknown",
            "create permission-set/New",
            "update group/Admin",
            "delete user/Admin",
        )
    ]

    make, left = without_delegated(changes, live, ids)

    assert left == [changes[number] for number in held]
    assert make == [one for one in changes if one not in left]


def test_what_must_stay_is_not_deleted_and_may_be_made_or_edited() -> None:
    texts = ("delete group/ops", "update group/ops", "create group/ops", "delete group/red")

    make, held = without_kept(map(change, texts), {at("group/ops")})

    assert (spelled(make), spelled(held)) == (list(texts[1:]), [texts[0]])


BOSS = {at("permission-set/Admin"): at("permission-set/Boss")}


@pytest.mark.parametrize(
    ("scope", "texts", "held"),
    [
        pytest.param(Scope(), ("create group/red", "create membership/red/ada"), "", id="nothing observed"),
        pytest.param(
            Scope(groups=Mode.OBSERVE),
            ("create membership/red/ada", "create membership/ops/ada", "create group/red", "create user/red"),
            "20",
            id="a pair of what is not made",
        ),
        pytest.param(
            Scope(groups=Mode.OBSERVE),
            ("update group/red", "create membership/red/ada", "delete membership/red/bob"),
            "0",
            id="a pair of what is not edited",
        ),
        pytest.param(
            Scope(memberships=Mode.OBSERVE),
            ("delete membership/red/ada", "delete group/red", "delete user/ada", "delete group/ops"),
            "012",
            id="what holds pairs that stay",
        ),
        pytest.param(
            Scope(memberships=Mode.OBSERVE),
            ("delete membership/red/ada", "update group/red", "update user/ada"),
            "0",
            id="an edit of what holds pairs that stay",
        ),
        pytest.param(
            Scope(assignments=Mode.OBSERVE),
            (f"create assignment/{ONE}/Read/user:ada", "delete permission-set/Read", "delete user/ada"),
            "0",
            id="what holds pairs that are not made",
        ),
        pytest.param(
            Scope(permission_sets=Mode.OBSERVE),
            (
                f"delete assignment/{ONE}/Admin/user:ada",
                f"delete assignment/{ONE}/Read/user:ada",
                "create permission-set/Boss",
                f"create assignment/{ONE}/Boss/user:ada",
                "delete user/ada",
                "delete user/bob",
            ),
            "2034",
            id="a set whose successor is not made, and its holder with it",
        ),
        pytest.param(
            Scope(permission_sets=Mode.OBSERVE),
            (f"delete assignment/{ONE}/Admin/user:ada", "update permission-set/Boss"),
            "1",
            id="a set whose successor is there",
        ),
    ],
)
def test_what_is_observed_and_what_hangs_on_it(scope: Scope, texts: Sequence[str], held: str) -> None:
    changes = [change(text) for text in texts]

    make, observed = without_observed(changes, scope, BOSS)

    assert observed == [changes[int(number)] for number in held]
    assert make == [one for one in changes if one not in observed]


def test_without_successors_whoever_loses_a_set_loses_it() -> None:
    texts = ("create permission-set/Boss", f"delete assignment/{ONE}/Admin/user:ada")

    make, observed = without_observed(map(change, texts), Scope(permission_sets=Mode.OBSERVE))

    assert (spelled(make), spelled(observed)) == ([texts[1]], [texts[0]])


# Names and addresses that somebody else has.


def live_of(users: Mapping[str, str], groups: Mapping[str, str]) -> Live:
    """Names (and addresses of mail, behind a blank) by id."""
    found = {}
    for identifier, text in users.items():
        name, _, email = text.partition(" ")
        attributes: dict[str, Value] = {"user_name": name, **({"email": email} if email else {})}
        found[identifier] = LiveUser(identifier, attributes)
    return Live(
        "aws",
        users=found,
        groups={
            identifier: LiveGroup(identifier, {"display_name": name}) for identifier, name in groups.items()
        },
    )


@pytest.mark.parametrize(
    ("texts", "taken", "left"),
    [
        pytest.param(["create user/ada user_name:>ada"], "", "0", id="free"),
        pytest.param(["create user/ada user_name:>BOB"], "0", "", id="taken"),
        pytest.param(["create group/ada display_name:>bob"], "", "0", id="a group by the name of a user"),
        pytest.param(["create group/ada display_name:>red"], "0", "", id="the name of a group"),
        pytest.param(["create user/ada user_name:>bob@x"], "", "0", id="a name that is somebody's address"),
        pytest.param(["create user/ada email:>bob@x"], "0", "", id="an address"),
        pytest.param(["create user/ada given_name:>bob"], "", "0", id="what many may share"),
        pytest.param(["create user/ada user_name:>bob", "delete user/bob"], "", "01", id="of whoever goes"),
        pytest.param(
            ["create user/ada user_name:>bob", "update user/bob user_name:bob>rob"], "", "01", id="freed"
        ),
        pytest.param(
            ["create user/ada user_name:>bob", "update user/bob given_name:bob>rob"],
            "0",
            "1",
            id="of whoever is only edited",
        ),
        pytest.param(
            ["create user/ada user_name:>bob", "update user/bob user_name:bob>cyd"],
            "10",
            "",
            id="of whoever cannot free it",
        ),
        pytest.param(["update user/bob user_name:bob>Bob"], "", "0", id="one's own, spelled otherwise"),
        pytest.param(["update user/bob email:bob@x>"], "", "0", id="none, which is no name"),
        pytest.param(
            ["create user/ada user_name:>bob", "create membership/red/ada", "create membership/red/cyd"],
            "0",
            "2",
            id="a member who is not made",
        ),
        pytest.param(
            ["create user/ada user_name:>bob", f"create assignment/{ONE}/Read/user:ada"],
            "0",
            "",
            id="a holder who is not made",
        ),
        pytest.param(
            ["update user/cyd user_name:cyd>bob", "create membership/red/cyd"],
            "0",
            "1",
            id="a member who is there, and not renamed",
        ),
        pytest.param(
            [
                "update user/dan manager:>eve",
                "create user/eve user_name:>eve manager:>ada",
                "create user/ada user_name:>bob",
                "update user/bob manager:>cyd",
            ],
            "210",
            "3",
            id="a manager who is not made",
        ),
        pytest.param(
            ["update user/cyd user_name:cyd>bob", "update user/dan manager:>cyd"],
            "0",
            "1",
            id="a manager who is there, and not renamed",
        ),
    ],
)
def test_what_wants_a_name_that_another_keeps(texts: Sequence[str], taken: str, left: str) -> None:
    live = live_of({"u-bob": "bob bob@x", "u-cyd": "cyd", "u-none": "none none"}, {"g-red": "red"})
    ids = {at("user/bob"): "u-bob", at("user/cyd"): "u-cyd", at("group/red"): "g-red"}
    changes = [written(text) for text in texts]

    make, held = without_taken(iter(changes), live, ids)

    assert held == [changes[int(number)] for number in taken]
    assert make == [changes[int(number)] for number in left]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("update user/dan manager:>cyd", at("user/cyd")),
        ("update user/dan given_name:>cyd manager:ada>cyd", at("user/cyd")),
        ("update user/dan manager:cyd>", None),
        ("update user/dan given_name:>cyd", None),
    ],
)
def test_whom_a_change_makes_a_manager(text: str, expected: Address | None) -> None:
    assert written(text).manager == expected


# Where nobody looked.

WHY = Assigned("entry", Origin("people.yaml", 1))
USER = Holder(Kind.USER, "ada")
STATES = {
    "nothing": Desired("aws"),
    "users": Desired("aws", users={"ada": person("ada")}),
    "groups": Desired("aws", groups={"ops": group("ops")}),
    "members": Desired("aws", members={"ops": {"ada": 1}}),
    "sets": Desired("aws", permission_sets=dict.fromkeys(["Admin"])),  # type: ignore[arg-type]  # only counted
    "assigned": Desired("aws", assignments={declared_pair(ONE, "Admin"): {USER: WHY}}),
    "selecting": Desired("aws", selecting=frozenset({("Admin", USER)})),
}


@pytest.mark.parametrize(
    ("gap", "covering"),
    [
        (Gap(Kind.USER, "*", "why"), {"users"}),
        (Gap(Kind.GROUP, "*", "why"), {"groups"}),
        (Gap(Kind.MEMBERSHIP, "*", "why"), {"members"}),
        (Gap(Kind.PERMISSION_SET, "*", "why"), {"sets"}),
        (Gap(Kind.PROVISIONING, "*", "why"), {"sets"}),
        (Gap(Kind.ASSIGNMENT, "users", "why"), {"assigned", "selecting"}),
        (Gap(Kind.ASSIGNMENT, ONE, "why"), {"assigned", "selecting"}),
        (Gap(Kind.ASSIGNMENT, TWO, "why"), {"selecting"}),
    ],
)
def test_what_a_gap_covers(gap: Gap, covering: set[str]) -> None:
    assert {name for name, state in STATES.items() if uncovered([gap], [state])} == covering

"""Guards on changes made by hand: what each counts, kind by kind, and what it leaves to others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.plan import Finding
from reconciler.model.policy import Limit, Protected
from reconciler.model.resources import Origin
from reconciler.planning.guards.access import grants_passed
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.objects import protected, recreated, remade, unsafe
from reconciler.planning.guards.population import Population
from reconciler.planning.guards.removal import groups_emptied, kinds_emptied, limits_passed, removes
from tests.planning.access_stage import change
from tests.planning.world import CAN, UNLIMITED

ONE, TWO = "100000000001", "100000000002"
OWNED = {
    Kind.USER: 2,
    Kind.GROUP: 2,
    Kind.MEMBERSHIP: 2,
    Kind.PERMISSION_SET: 2,
    Kind.ASSIGNMENT: 2,
}
POPULATION = Population(OWNED, {"ops": 2, "red": 1, "~g1": 1}, {ONE: 2, TWO: 4}, frozenset({"Theirs"}))


def changes(*texts: str) -> list[Change]:
    return [change(each) for each in texts]


def removals(found: Sequence[Change]) -> list[Change]:
    return [each for each in found if removes(each)]


USERS = ("delete user/ada", "delete user/bob")
GROUPS = ("delete group/ops", "delete group/red")
MEMBERS = ("delete membership/ops/ada", "delete membership/ops/bob")
SETS = ("delete permission-set/Admin", "update permission-set/Read")
ON_ONE = (f"delete assignment/{ONE}/Admin/group:ops", f"delete assignment/{ONE}/Read/group:ops")
ON_BOTH = (f"delete assignment/{ONE}/Admin/group:ops", f"delete assignment/{TWO}/Admin/group:ops")


SCOPES = {"per_group": "group:ops", "per_account": f"account:{ONE}"}


@pytest.mark.parametrize(
    ("limit", "texts", "kind", "message"),
    [
        ("users", USERS, Kind.USER, "2 of 2 users would be removed; at most 1 may be"),
        ("users", USERS[:1], None, ""),
        ("users", (*GROUPS, *MEMBERS, *SETS, *ON_ONE), None, ""),
        ("groups", GROUPS, Kind.GROUP, "2 of 2 groups would be removed; at most 1 may be"),
        ("groups", (*USERS, *MEMBERS, *SETS, *ON_ONE), None, ""),
        ("memberships", MEMBERS, Kind.MEMBERSHIP, "2 of 2 memberships would be removed; at most 1 may be"),
        ("memberships", (*USERS, *GROUPS, *SETS, *ON_ONE), None, ""),
        (
            "permission_sets",
            SETS,
            Kind.PERMISSION_SET,
            "2 of 2 permission sets would be removed or edited; at most 1 may be",
        ),
        ("permission_sets", (*SETS[:1], f"update provisioning/Read/{ONE}", *USERS, *ON_ONE), None, ""),
        ("assignments", ON_BOTH, Kind.ASSIGNMENT, "2 of 2 assignments would be removed; at most 1 may be"),
        ("assignments", (*USERS, *GROUPS, *MEMBERS, *SETS), None, ""),
        ("per_group", MEMBERS, Kind.MEMBERSHIP, "2 of 2 members of ops would be removed; at most 1 may be"),
        ("per_group", (*MEMBERS, "delete group/ops"), None, ""),
        (
            "per_group",
            (*MEMBERS, "delete user/ops"),
            Kind.MEMBERSHIP,
            "2 of 2 members of ops would be removed; at most 1 may be",
        ),
        ("per_group", ("delete membership/ops/ada", "delete membership/red/ada", *ON_ONE), None, ""),
        (
            "per_account",
            ON_ONE,
            Kind.ASSIGNMENT,
            f"2 of 2 assignments on {ONE} would be removed; at most 1 may be",
        ),
        ("per_account", (*ON_BOTH, *MEMBERS, *SETS), None, ""),
        ("total", USERS, None, "2 of 10 things in total would be removed; at most 1 may be"),
        ("total", (*SETS[1:], f"update provisioning/Read/{ONE}", "create user/eve"), None, ""),
    ],
)
def test_one_of_each_may_go_where_one_may(
    limit: str, texts: Sequence[str], kind: Kind | None, message: str
) -> None:
    guards = replace(UNLIMITED, max_removals=replace(UNLIMITED.max_removals, **{limit: Limit(1, None)}))

    found = list(limits_passed(removals(changes(*texts)), POPULATION, guards))

    expected = [("max-removals", kind, 2, message)] if message else []
    assert [(one.code, one.kind, one.count, one.message) for one in found] == expected
    assert [one.fix for one in found] == [approval("max-removals", 2, one.kind, one.scope) for one in found]
    assert [one.scope for one in found] == [SCOPES.get(limit, "")] * len(found)


def test_groups_and_accounts_are_said_in_order() -> None:
    limits = replace(UNLIMITED.max_removals, per_group=Limit(0, None), per_account=Limit(0, None))
    texts = ["delete membership/red/ada", "delete membership/ops/ada", *ON_BOTH[::-1]]

    found = limits_passed(changes(*texts), POPULATION, replace(UNLIMITED, max_removals=limits))

    assert [one.message.split(" would")[0] for one in found] == [
        "1 of 2 members of ops",
        "1 of 1 members of red",
        f"1 of 2 assignments on {ONE}",
        f"1 of 4 assignments on {TWO}",
    ]


@pytest.mark.parametrize(
    ("texts", "emptied"),
    [
        (MEMBERS, ("ops",)),
        (("delete membership/red/ada", *MEMBERS), ("ops", "red")),
        (MEMBERS[:1], ()),
        ((*MEMBERS[:1], "delete user/ops"), ()),
        ((*MEMBERS, "create membership/ops/eve"), ()),
        ((*MEMBERS, "create membership/red/eve"), ("ops",)),
        ((*MEMBERS, "delete group/ops"), ()),
        ((*MEMBERS, "delete user/ops"), ("ops",)),
        (("delete membership/~g1/ada",), ()),
        (("delete membership/new/ada",), ()),
        (ON_BOTH, ()),
    ],
)
def test_which_groups_lose_every_member(texts: Sequence[str], emptied: tuple[str, ...]) -> None:
    all_of_them = changes(*texts)

    found = list(groups_emptied(all_of_them, removals(all_of_them), POPULATION))

    assert [(one.code, one.kind, one.count, one.details) for one in found] == (
        [("set-emptied", Kind.MEMBERSHIP, 1, (group,)) for group in emptied]
    )


@pytest.mark.parametrize(
    ("texts", "emptied"),
    [
        (USERS, Kind.USER),
        (USERS[:1], None),
        ((*USERS, "create user/eve"), None),
        ((*USERS, "create group/eve"), Kind.USER),
        (GROUPS, Kind.GROUP),
        (MEMBERS, None),
        (SETS, None),
        (("delete permission-set/Admin", "delete permission-set/Read"), Kind.PERMISSION_SET),
        (ON_BOTH, Kind.ASSIGNMENT),
        ((ON_BOTH[0], f"delete assignment/{TWO}/Theirs/group:ops"), None),
    ],
)
def test_which_kinds_lose_all_that_is_ours(texts: Sequence[str], emptied: Kind | None) -> None:
    all_of_them = changes(*texts)

    found = list(kinds_emptied(all_of_them, removals(all_of_them), POPULATION))

    assert [(one.code, one.kind, one.count) for one in found] == (
        [("set-emptied", emptied, 2)] if emptied else []
    )
    for one in found:
        what = f"{one.kind}s".replace("-", " ")
        assert one.message == f"every one of 2 {what} would be removed"
        assert one.fix == approval("set-emptied", 2, emptied)


def test_groups_that_lose_every_member_are_named_in_order_with_how_to_approve_them() -> None:
    keys = ("zoo", "ops", "red", "dev", "lab")
    going = changes(*(f"delete membership/{key}/ada" for key in keys))

    found = list(groups_emptied(going, going, replace(POPULATION, members=dict.fromkeys(keys, 1))))

    assert [one.details for one in found] == [("dev",), ("lab",), ("ops",), ("red",), ("zoo",)]
    assert [one.fix for one in found] == [
        approval("set-emptied", 1, Kind.MEMBERSHIP, f"group:{key}") for key in sorted(keys)
    ]
    assert [one.covers for one in found] == [
        (change(f"delete membership/{key}/ada").address,) for key in sorted(keys)
    ]


def test_a_deletion_takes_away_even_from_nobody() -> None:
    """The assignments of a principal who is no more: nobody loses anything, and they are removed."""
    orphans = [replace(each, effect=Effect.NEUTRAL) for each in changes(*ON_BOTH)]

    assert removals(orphans) == orphans
    assert not removals(changes("create user/ada", "update user/ada", f"update provisioning/Read/{ONE}"))
    (finding,) = kinds_emptied(orphans, orphans, POPULATION)
    assert finding.kind is Kind.ASSIGNMENT


def test_people_who_are_disabled_count_as_gone() -> None:
    disabled = [
        replace(change(f"update user/{each}", active=False), effect=Effect.REVOKE) for each in ("ada", "bob")
    ]

    (finding,) = kinds_emptied(disabled, disabled, POPULATION)

    assert finding.kind is Kind.USER


@pytest.mark.parametrize(
    ("texts", "refused"),
    [
        (("delete user/ada", "create user/ada"), ["aws/user/ada"]),
        (("delete group/ops", "create group/ops"), ["aws/group/ops"]),
        (("delete permission-set/A", "create permission-set/A"), ["aws/permission-set/A"]),
        (("delete user/ada", "create user/Ada"), ["aws/user/Ada"]),
        (("delete user/ada", "create group/ada"), []),
        (("delete user/ada", "update user/ada"), []),
        (("delete user/ada", "create user/eve"), []),
        (("delete membership/ops/ada", "create membership/ops/ada"), []),
        (("delete user/kept", "create user/kept"), []),
        (("create user/ada",), []),
    ],
)
def test_which_things_would_be_made_again(texts: Sequence[str], refused: Sequence[str]) -> None:
    found = list(recreated(changes(*texts), {change("delete user/kept").address}))

    assert [(str(one.address), one.code, one.severity) for one in found] == [
        (each, "recreate", "refusal") for each in refused
    ]


def test_only_users_and_groups_cannot_be_deleted_where_assignments_are_not_read() -> None:
    texts = [*USERS[:1], *GROUPS[:1], *MEMBERS, *SETS, *ON_ONE, "update user/bob", "create user/eve"]
    blind = replace(CAN, safe_deletion=False)

    (finding,) = unsafe(changes(*texts), blind)

    assert (finding.count, finding.details) == (2, ("aws/user/ada", "aws/group/ops"))
    assert [*unsafe(changes(*texts), CAN), *unsafe(changes(*MEMBERS, *SETS), blind)] == []
    assert {each.action for each in changes(*texts)} == set(Action) - {Action.RELEASE}


LIMITED = ("total", "privileged")
ACCESS = (
    AccessChange(Direction.GAIN, "Read", ("ada",), ("1", "2")),
    AccessChange(Direction.GAIN, "Admin", ("ada", "bob", "cyd"), ("1", "2", "3", "4"), privileged=True),
    AccessChange(Direction.LOSE, "Admin", ("dan", "eve"), ("1", "2", "3", "4", "5"), privileged=True),
)


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({}, []),
        ({"total": Limit(14, None), "privileged": Limit(12, None)}, []),
        ({"total": Limit(None, None)}, []),
        (
            {"total": Limit(13, None)},
            [("max-grants", 14, ("Admin: people: 3, accounts: 4", "Read: people: 1, accounts: 2"))],
        ),
        (
            {"privileged": Limit(11, None)},
            [("max-privileged-grants", 12, ("Admin: people: 3, accounts: 4",))],
        ),
    ],
)
def test_grants_are_people_times_accounts_and_losses_are_none(
    limits: dict[str, Limit], found: list[tuple[str, int, tuple[str, ...]]]
) -> None:
    refusals = grants_passed(ACCESS, replace(UNLIMITED, max_grants=limits))

    assert [(one.code, one.count, one.details) for one in refusals] == found


def test_what_is_given_to_the_most_comes_first_with_how_to_approve_it() -> None:
    given = [
        AccessChange(Direction.GAIN, name, people, accounts, privileged=True)
        for name, people, accounts in (
            ("Five", tuple("abcde"), ("1",)),
            ("Zwelve", ("a", "b"), tuple("123456")),
            ("Twelve", tuple("abcdef"), ("1", "2")),
        )
    ]

    found = list(grants_passed(given, replace(UNLIMITED, max_grants=dict.fromkeys(LIMITED, Limit(28, None)))))

    assert [one.fix for one in found] == [approval(one.code, 29, None) for one in found]
    assert [[each.partition(":")[0] for each in one.details] for one in found] == [
        ["Twelve", "Zwelve", "Five"]
    ] * 2


# What is told of single objects.

PLACE = Origin("people.yaml", 7)


def output(found: Iterable[Finding]) -> list[tuple[Address | None, Kind | None, int, Origin | None]]:
    return [(one.address, one.kind, one.count, one.origin) for one in found]


def test_what_is_protected_is_told_with_its_place_and_how_to_approve_it() -> None:
    guards = replace(UNLIMITED, protected=Protected(users=("ada",), permission_sets=("Admin",)))
    texts = ("delete user/ada", "delete permission-set/Admin")
    going = [replace(each, origin=PLACE) for each in changes(*texts)]

    found = list(protected(going, guards))

    assert output(found) == [(each.address, each.address.kind, 1, PLACE) for each in going]
    assert [one.fix for one in found] == [approval("protected", 1, each.address.kind) for each in going]


def test_what_is_made_again_under_one_name_is_told_with_its_place() -> None:
    both = changes("delete group/ops", "create group/OPS")

    (finding,) = recreated([replace(each, origin=PLACE) for each in both], ())

    assert output([finding]) == [(both[1].address, Kind.GROUP, 1, PLACE)]


DRIFTED = {
    Kind.USER: ("create user/ada", f"create assignment/{ONE}/Admin/user:ada"),
    Kind.GROUP: ("create group/ops", f"create assignment/{ONE}/Admin/group:ops"),
    Kind.PERMISSION_SET: ("create permission-set/Admin", f"create assignment/{ONE}/Admin/group:red"),
}


@pytest.mark.parametrize("kind", DRIFTED)
def test_what_held_assignments_and_is_made_again_is_told_kind_by_kind(kind: Kind) -> None:
    made, assigned = (replace(change(text, Cause.DRIFT), origin=PLACE) for text in DRIFTED[kind])
    noise = [change(text, Cause.DRIFT) for text in ("create user/eve", "create group/new", "update user/bob")]

    (finding,) = remade([*noise, made, assigned, change(f"create assignment/{ONE}/Admin/user:bob")])

    what = f"{kind}".replace("-", " ")
    assert finding.message.startswith(f"1 {what} that held assignments would be made again: ")
    assert finding.fix == f"find out who deleted it; {approval('recreate', 1, kind)}"
    assert (finding.kind, finding.count, finding.origin) == (kind, 1, PLACE)
    assert finding.details == (str(made.address),)


def test_all_of_a_kind_that_are_made_again_are_told_together() -> None:
    made = [change(f"create user/{key}", Cause.DRIFT) for key in ("ada", "bob")]
    assigned = changes(*(f"create assignment/{ONE}/Admin/user:{key}" for key in ("ada", "bob")))

    (finding,) = remade([*made, *assigned])

    assert (finding.count, finding.details) == (2, ("aws/user/ada", "aws/user/bob"))


@pytest.mark.parametrize(
    ("made", "assigned"),
    [
        (change("create user/ada", Cause.GIT), f"create assignment/{ONE}/Admin/user:ada"),
        (change("update user/ada", Cause.DRIFT), f"create assignment/{ONE}/Admin/user:ada"),
        (change("create user/ada", Cause.DRIFT), f"delete assignment/{ONE}/Admin/user:ada"),
        (change("create user/ada", Cause.DRIFT), "create membership/ops/ada"),
        (change("create user/ada", Cause.DRIFT), f"create assignment/{ONE}/Admin/group:ada"),
    ],
)
def test_what_is_no_object_made_again_and_assigned_anew(made: Change, assigned: str) -> None:
    assert not list(remade([made, change(assigned)]))

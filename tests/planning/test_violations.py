"""What is said of a broken rule, to the word: whom it names, where, by which entries, and how many."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.organization import NO_ORGANIZATION
from reconciler.model.plan import Severity
from reconciler.model.resources import Assignment, Block, Grant, Group, Origin, Selector, Window
from reconciler.model.rules import Deny, Disjoint, MaxHolders, Require, Rule
from reconciler.model.state import Gap, Identities
from reconciler.planning.rules.context import listed
from tests.planning.entitled import DEV, PAY, entry, git, pset, realm, settled
from tests.planning.ruling import ADMIN, ADMIN_ON_PROD, BROKEN, OLD, judged, verdicts
from tests.planning.world import NOW, ORIGIN, World, group, identities, person, remembered

NO_ADMIN = Deny("no", ADMIN)
NO_DIRECT = Deny("no", ADMIN, Kind.USER)
NO_GROUP = Deny("no", ADMIN, Kind.GROUP)
DUTIES = Disjoint("duties", ("pay", "approve", "cash"))
FEW = MaxHolders("few", 1, ADMIN)
FIRST, SECOND, THIRD = (Origin(f"{name}.yaml", 1) for name in "abc")
SETS = (pset("Admin"), pset("BigAdmin"), pset("Read"), pset("SmallAdmin"))

BY_OPS = entry("e", "group:ops", "Admin", PAY, origin=SECOND)
BY_OPS_ON_DEV = entry("d", "group:ops", "Admin", DEV, origin=FIRST)
TO_ADA = entry("u", "user:ada", "Admin", PAY, origin=THIRD)


def both(*entries: Assignment, people: str = "ada bob", **teams: str) -> Identities:
    """Entries beside teams: `ops="ada bob"`."""
    return git(
        entries,
        SETS,
        people=people.split(),
        teams={key: users.split() for key, users in (teams or {"ops": "ada"}).items()},
    )


def output(
    before: Identities, declared: Identities, rule: Rule
) -> list[tuple[str, tuple[str, ...], int, Origin | None]]:
    """What is said of each finding: message, details, count and origin."""
    return [
        (one.message, one.details, one.count, one.origin)
        for one in judged(declared, settled(before), rule, memory=remembered(before))
    ]


GETS, GET = "no: 1 person gets access that nobody may have", "no: 2 people get access that nobody may have"
HAS, HAVE = (
    f"no: {who} access that nobody may have{{}}, and had it before this plan"
    for who in ("1 person has", "2 people have")
)
TWO_WAYS = "through an assignment to the user and group ops"
NOBODY = "no: 0 people get access that nobody may have"


@pytest.mark.parametrize(
    ("rule", "before", "declared", "expected"),
    [
        pytest.param(
            NO_ADMIN,
            both(),
            both(BY_OPS),
            [(GETS, ("Admin in pay through group ops (by e in b.yaml): ada",), 1, SECOND)],
            id="by a group",
        ),
        pytest.param(
            NO_DIRECT,
            both(),
            both(TO_ADA),
            [
                (
                    f"{GETS} by assignments to users",
                    ("Admin in pay through an assignment to the user (by u in c.yaml): ada",),
                    1,
                    THIRD,
                )
            ],
            id="to a user",
        ),
        pytest.param(
            NO_GROUP,
            both(ops="ada bob"),
            both(BY_OPS, ops="ada bob"),
            [
                (
                    f"{GET} by assignments to groups",
                    ("Admin in pay through group ops (by e in b.yaml): ada, bob",),
                    2,
                    SECOND,
                )
            ],
            id="to a group",
        ),
        pytest.param(
            NO_ADMIN,
            both(),
            both(BY_OPS, BY_OPS_ON_DEV, TO_ADA),
            [
                (
                    GETS,
                    (
                        "Admin in name-3 through group ops (by d in a.yaml): ada",
                        f"Admin in pay {TWO_WAYS} (by e in b.yaml, u in c.yaml): ada",
                    ),
                    1,
                    FIRST,
                )
            ],
            id="several ways in several places, and the first file of all",
        ),
        pytest.param(
            NO_ADMIN,
            both(),
            both(
                replace(BY_OPS, origin=FIRST),
                replace(BY_OPS_ON_DEV, origin=SECOND),
                replace(TO_ADA, origin=SECOND),
            ),
            [
                (
                    GETS,
                    (
                        "Admin in name-3 through group ops (by d in b.yaml): ada",
                        f"Admin in pay {TWO_WAYS} (by e in a.yaml, u in b.yaml): ada",
                    ),
                    1,
                    FIRST,
                )
            ],
            id="the same, the other way round",
        ),
        pytest.param(
            NO_ADMIN,
            both(),
            both(BY_OPS, BY_OPS_ON_DEV),
            [
                (
                    GETS,
                    ("Admin in name-3, pay through group ops (by d in a.yaml, e in b.yaml): ada",),
                    1,
                    FIRST,
                )
            ],
            id="one group in two places",
        ),
        pytest.param(
            NO_ADMIN,
            both(ops=""),
            both(BY_OPS, BY_OPS_ON_DEV, ops=""),
            [
                (
                    NOBODY,
                    ("Admin in name-3, pay through group ops (by d in a.yaml, e in b.yaml): nobody yet",),
                    1,
                    FIRST,
                )
            ],
            id="a group without members",
        ),
        pytest.param(
            NO_ADMIN,
            both(BY_OPS),
            both(BY_OPS, TO_ADA),
            [
                (NOBODY, ("Admin in pay through an assignment to the user (by u in c.yaml): ada",), 1, THIRD),
                (
                    HAS.format(""),
                    (f"Admin in pay {TWO_WAYS} (by e in b.yaml, u in c.yaml): ada",),
                    1,
                    SECOND,
                ),
            ],
            id="somebody who had it by a group",
        ),
        pytest.param(
            NO_ADMIN,
            both(BY_OPS_ON_DEV, ops="ada"),
            both(BY_OPS_ON_DEV, BY_OPS, replace(TO_ADA, accounts=BY_OPS_ON_DEV.accounts), ops="ada"),
            [
                (
                    GETS,
                    (
                        "Admin in name-3 through an assignment to the user (by u in c.yaml): ada",
                        "Admin in pay through group ops (by e in b.yaml): ada",
                    ),
                    1,
                    SECOND,
                ),
                (
                    HAS.format(""),
                    (f"Admin in name-3 {TWO_WAYS} (by d in a.yaml, u in c.yaml): ada",),
                    1,
                    FIRST,
                ),
            ],
            id="one new place by a group, and another way in the old place",
        ),
        pytest.param(
            NO_ADMIN,
            both(TO_ADA, ops="ada bob"),
            both(TO_ADA, BY_OPS, ops="ada bob"),
            [
                (GETS, ("Admin in pay through group ops (by e in b.yaml): bob",), 1, SECOND),
                (
                    HAS.format(""),
                    (f"Admin in pay {TWO_WAYS} (by e in b.yaml, u in c.yaml): ada",),
                    1,
                    SECOND,
                ),
            ],
            id="a group in which somebody has it already",
        ),
        pytest.param(
            NO_ADMIN,
            both(BY_OPS, ops="ada", red=""),
            both(BY_OPS, entry("r", "group:red", "Admin", PAY, origin=FIRST), ops="ada", red=""),
            [
                (NOBODY, ("Admin in pay through group red (by r in a.yaml): nobody yet",), 1, FIRST),
                (HAS.format(""), ("Admin in pay through group ops (by e in b.yaml): ada",), 1, SECOND),
            ],
            id="one more holder of a pair",
        ),
        pytest.param(
            NO_ADMIN,
            both(TO_ADA),
            both(TO_ADA, BY_OPS_ON_DEV, ops="bob"),
            [
                (GETS, ("Admin in name-3 through group ops (by d in a.yaml): bob",), 1, FIRST),
                (
                    HAS.format(""),
                    ("Admin in pay through an assignment to the user (by u in c.yaml): ada",),
                    1,
                    THIRD,
                ),
            ],
            id="what is new, and what is not, each with its own file",
        ),
        pytest.param(
            NO_GROUP,
            both(BY_OPS, ops="ada bob"),
            both(BY_OPS, ops="ada bob"),
            [
                (
                    HAVE.format(" by assignments to groups"),
                    ("Admin in pay through group ops (by e in b.yaml): ada, bob",),
                    2,
                    SECOND,
                )
            ],
            id="as before",
        ),
        pytest.param(
            FEW,
            both(BY_OPS, ops="ada bob"),
            both(BY_OPS, ops="ada bob"),
            [
                (
                    "few: 2 people have access that at most 1 may have, and none of them by this plan",
                    ("Admin in pay through group ops (by e in b.yaml): ada, bob",),
                    2,
                    SECOND,
                )
            ],
            id="too many before",
        ),
        pytest.param(
            FEW,
            both(BY_OPS, ops="ada"),
            both(BY_OPS, BY_OPS_ON_DEV, ops="ada bob"),
            [
                (
                    "few: 2 people have access that at most 1 may have",
                    (
                        "new by this plan: bob",
                        "Admin in name-3, pay through group ops (by d in a.yaml, e in b.yaml): ada, bob",
                    ),
                    2,
                    FIRST,
                )
            ],
            id="too many now",
        ),
    ],
)
def test_what_is_said_of_access(
    rule: Rule,
    before: Identities,
    declared: Identities,
    expected: list[tuple[str, tuple[str, ...], int, Origin | None]],
) -> None:
    assert output(before, declared, rule) == expected


@pytest.mark.parametrize("rule", [NO_ADMIN, MaxHolders("few", 0, ADMIN)])
@pytest.mark.parametrize("new", [True, False])
def test_lines_are_in_order_whatever_the_order_of_ids(rule: Rule, *, new: bool) -> None:
    names = ("SmallAdmin", "Admin", "BigAdmin")
    world = realm()
    for name in names:
        world.add_set(name)
    before = both()
    declared = both(*(entry(name.lower(), "group:ops", name, PAY) for name in names))
    settled(before if new else declared, world)
    world.assignments = dict(reversed(world.assignments.items()))

    (finding,) = judged(declared, world, rule, memory=remembered(before if new else declared))

    assert [line for line in finding.details if not line.startswith("new")] == [
        "Admin in pay through group ops (by admin in people.yaml): ada",
        "BigAdmin in pay through group ops (by bigadmin in people.yaml): ada",
        "SmallAdmin in pay through group ops (by smalladmin in people.yaml): ada",
    ]


def test_five_entries_are_named_where_more_give_the_same() -> None:
    keys = [f"g{number}" for number in range(7)]
    declared = both(
        *(entry(f"e{key}", f"group:{key}", "Admin", PAY) for key in keys), **dict.fromkeys(keys, "ada")
    )

    (finding,) = judged(declared, realm(), NO_ADMIN)

    ways = " and ".join(f"group {key}" for key in keys)
    entries = ", ".join(f"e{key} in people.yaml" for key in keys[:5])
    assert finding.details == (f"Admin in pay through {ways} (by {entries}): ada",)


TWELVE = [f"{number:02}" for number in range(12)]


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param(
            both(
                *(entry(f"e{11 - int(key):02}", f"group:g{key}", "Admin", PAY) for key in TWELVE),
                **{f"g{key}": "ada" for key in TWELVE},
            ),
            id="through groups",
        ),
        pytest.param(
            both(
                *(entry(f"e{11 - int(key):02}", f"user:u{key}", "Admin", PAY) for key in TWELVE),
                people=" ".join(f"u{key}" for key in TWELVE),
                ops="",
            ),
            id="to users",
        ),
    ],
)
def test_of_many_entries_five_are_named_among_the_first_six_ways_in(declared: Identities) -> None:
    """So that nobody looks through ten thousand: groups and users are gone through in order."""
    world = settled(replace(declared, assignments={}))

    (finding,) = judged(declared, world, NO_ADMIN)

    (line,) = finding.details
    assert "(by " + ", ".join(f"e{number:02} in people.yaml" for number in range(6, 11)) + "):" in line


@pytest.mark.parametrize("active", [True, False])
def test_somebody_who_cannot_sign_in_is_named_with_what_they_are_given(*, active: bool) -> None:
    declared = both(TO_ADA, people="ada bob")
    world = settled(both())
    ada = world.user_id("ada@example.com")
    world.users[ada] = replace(world.users[ada], active=active)

    (finding,) = judged(declared, world, NO_ADMIN)

    assert finding.details == ("Admin in pay through an assignment to the user (by u in c.yaml): ada",)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "n0001"),
        (2, "n0001, n0002"),
        (50, ", ".join(f"n{number:04}" for number in range(1, 51))),
        (51, ", ".join(f"n{number:04}" for number in range(1, 51)) + " and 1 more"),
        (1100, ", ".join(f"n{number:04}" for number in range(1, 51)) + " and 1,050 more"),
    ],
)
def test_the_first_fifty_names_in_order_and_how_many_more(count: int, expected: str) -> None:
    assert listed([f"n{number:04}" for number in range(count, 0, -1)]) == expected


# Disjoint groups.


def teams(**members: str) -> Identities:
    """Groups in files of their own name, with lines from 10 on: `pay="ada bob"`."""
    groups = [
        replace(
            group(key),
            members={user: 10 + number for number, user in enumerate(users.split())},
            origin=Origin(f"{key}.yaml", 1),
        )
        for key, users in members.items()
    ]
    return identities([person(each) for each in ("ada", "bob", "cyd")], groups)


OF_DUTIES = "in more than one of pay, approve, cash"
NOTHING_OF_IT = ", and nothing of it by this plan"
ADA_IN_ALL = "ada: approve (approve.yaml), cash (cash.yaml), pay (pay.yaml)"


@pytest.mark.parametrize(
    ("before", "declared", "expected"),
    [
        pytest.param(
            teams(pay="bob ada", approve="", cash=""),
            teams(pay="bob ada", approve="cyd ada", cash="bob cyd ada"),
            [
                (
                    f"duties: 3 people are {OF_DUTIES}",
                    (
                        ADA_IN_ALL,
                        "bob: cash (cash.yaml), pay (pay.yaml)",
                        "cyd: approve (approve.yaml), cash (cash.yaml)",
                    ),
                    3,
                    Origin("approve.yaml", 10),
                )
            ],
            id="by this plan",
        ),
        pytest.param(
            teams(pay="ada", approve="ada", cash="ada"),
            teams(pay="ada", approve="ada", cash="ada"),
            [
                (
                    f"duties: 1 person is {OF_DUTIES}{NOTHING_OF_IT}",
                    (ADA_IN_ALL,),
                    1,
                    Origin("approve.yaml", 10),
                )
            ],
            id="before",
        ),
        pytest.param(
            teams(pay="ada bob", approve="ada bob", cash="ada"),
            teams(pay="ada bob cyd", approve="ada bob", cash="ada cyd"),
            [
                (
                    f"duties: 1 person is {OF_DUTIES}",
                    ("cyd: cash (cash.yaml), pay (pay.yaml)",),
                    1,
                    Origin("cash.yaml", 11),
                ),
                (
                    f"duties: 2 people are {OF_DUTIES}{NOTHING_OF_IT}",
                    (ADA_IN_ALL, "bob: approve (approve.yaml), pay (pay.yaml)"),
                    2,
                    Origin("approve.yaml", 10),
                ),
            ],
            id="both",
        ),
    ],
)
def test_what_is_said_of_disjoint_groups(
    before: Identities, declared: Identities, expected: list[tuple[str, tuple[str, ...], int, Origin | None]]
) -> None:
    assert output(before, declared, DUTIES) == expected


def test_a_membership_with_a_window_is_told_with_its_line() -> None:
    until = Window(None, NOW + timedelta(days=3))
    declared = teams(pay="ada", approve="")
    timed = replace(declared.groups["approve"], members={"ada": Grant(7, until, "why")})
    declared = replace(declared, groups={**declared.groups, "approve": timed})

    ((_, _, _, origin),) = output(teams(pay="", approve=""), declared, DUTIES)

    assert origin == Origin("approve.yaml", 7)


def test_members_whom_somebody_else_owns_have_no_line() -> None:
    world = realm()
    ada = world.add_user("ada@example.com")
    for key in ("pay", "approve"):
        world.add_group(key, ada)
    theirs = {key: Group(key, {"display_name": key}, ORIGIN, external=True) for key in ("pay", "approve")}

    (finding,) = judged(replace(teams(), groups=theirs), world, DUTIES)

    assert (finding.details, finding.origin) == (("ada: approve (people.yaml), pay (people.yaml)",), None)


# What a plan does, as rules on files see it.

EXPIRE = Require("expire", ("reason",), ADMIN_ON_PROD)
FULL = replace(BY_OPS, reason="INC-1")


@pytest.mark.parametrize(
    ("then", "now", "loud"),
    [
        pytest.param("ada bob", "ada", OLD, id="only takes away"),
        pytest.param("ada", "ada", BROKEN, id="does nothing"),
        pytest.param("ada", "ada bob", BROKEN, id="only gives"),
        pytest.param("ada", "bob", BROKEN, id="takes and gives"),
    ],
)
def test_what_is_newly_written_badly_is_excused_only_where_a_plan_takes_away_and_nothing_else(
    then: str, now: str, loud: object
) -> None:
    before, declared = both(FULL, ops="ada", dev=then), both(BY_OPS, ops="ada", dev=now)
    assert verdicts(declared, settled(before), EXPIRE, memory=remembered(before)) == [loud]


def test_an_assignment_that_goes_is_none_that_is_made() -> None:
    before = both(TO_ADA)
    declared = replace(before, blocked={"ada": Block("ada", ORIGIN)})
    assert verdicts(declared, settled(before), EXPIRE, memory=remembered(before)) == [OLD]


# What rules cannot see.

ON_NOTHING = tuple(Selector(1, ou=(unit,)) for unit in ("Zoo", "Yak", "Fox", "Elk", "Ape", "Prod"))


def blind(*rules: Rule, world: World | None = None) -> list[tuple[str, Severity, tuple[str, ...], int]]:
    found = judged(both(), world or settled(both()), *rules)
    return [(one.code, one.severity, one.details, one.count) for one in found]


def test_places_that_are_not_there_are_told_in_order() -> None:
    rule = replace(NO_ADMIN, access=replace(ADMIN, accounts=ON_NOTHING))
    assert blind(NO_ADMIN, rule) == [
        ("rule-selects-nothing", Severity.WARNING, ("Ape", "Elk", "Fox", "Yak", "Zoo"), 5)
    ]


@pytest.mark.parametrize(
    ("accounts", "output"),
    [
        pytest.param((), False, id="everywhere"),
        pytest.param((Selector(1, account=PAY),), False, id="by its id"),
        pytest.param((Selector(1, all=True),), True, id="described"),
        pytest.param((Selector(1, account=PAY), Selector(1, all=True)), True, id="both"),
    ],
)
def test_where_accounts_were_not_read_a_rule_that_describes_them_says_so(
    accounts: tuple[Selector, ...], *, output: bool
) -> None:
    world = settled(both())
    world.organization = NO_ORGANIZATION
    rule = replace(NO_ADMIN, access=replace(ADMIN, accounts=accounts))

    unread = (
        "rule-selects-nothing",
        Severity.WARNING,
        ("the accounts of the organization were not read",),
        1,
    )
    assert blind(rule, world=world) == ([unread] if output else [])


@pytest.mark.parametrize(
    ("kinds", "output"),
    [
        ((Kind.MEMBERSHIP,), ("membership *: why",)),
        ((Kind.ASSIGNMENT,), ("assignment *: why",)),
        ((Kind.PERMISSION_SET, Kind.USER, Kind.GROUP), ()),
        ((Kind.MEMBERSHIP, Kind.USER, Kind.ASSIGNMENT), ("membership *: why", "assignment *: why")),
    ],
)
def test_what_was_not_read_is_told_once(kinds: tuple[Kind, ...], output: tuple[str, ...]) -> None:
    world = settled(both())
    world.gaps = tuple(Gap(kind, "*", "why") for kind in kinds)
    partial = ("rules-partial", Severity.NOTE, output, len(output))
    assert blind(NO_ADMIN, DUTIES, world=world) == ([partial] if output else [])


def test_groups_are_told_in_order_whatever_the_order_of_ids() -> None:
    world = realm()
    for key in ("red", "lab", "dev"):
        world.add_group(key)
    entries = [entry(key, f"group:{key}", "Admin", PAY) for key in ("red", "lab", "dev")]

    (finding,) = judged(both(*entries, red="ada", lab="ada", dev="ada"), world, NO_ADMIN)

    (line,) = finding.details
    assert line.startswith("Admin in pay through group dev and group lab and group red (by dev in")

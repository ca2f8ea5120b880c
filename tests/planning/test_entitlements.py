"""What entries of `assignments` come to: who has what where, until when, and what is odd about them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.organization import NO_ORGANIZATION, LiveAccount, Organization
from reconciler.model.policy import Provision
from reconciler.model.resources import Assignment, Block, Origin, Selector, Window
from reconciler.model.state import Assigned, Desired, Holder, Identities
from reconciler.planning.desired.project import project
from reconciler.planning.desired.remarks import remarks
from tests.planning.scenes import (
    ALL,
    CAN_ASSIGN,
    CLOSED,
    MANAGEMENT,
    ONE,
    ORGANIZATION,
    THREE,
    TWO,
    access,
    entry,
    on,
    permission_set,
)
from tests.planning.world import CAN, NOW, POLICY, group, identities, person
from tests.support.pairs import declared_pair

ADA, BOB = Holder(Kind.USER, "ada"), Holder(Kind.USER, "bob")
OPS, DEV = Holder(Kind.GROUP, "ops"), Holder(Kind.GROUP, "dev")
PEOPLE = identities([person("ada"), person("bob")], [group("ops", ["ada"]), group("dev")])
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)
LATER = NOW + timedelta(days=9)
PROD = Selector(1, ou=("Prod",))


def declared(*entries: Assignment, people: Identities = PEOPLE) -> Identities:
    return access(
        [permission_set("Admin"), permission_set("Read")], entries, people, {"one": ONE, "gone": "5" * 12}
    )


def desired(*entries: Assignment, people: Identities = PEOPLE, **more: object) -> Desired:
    policy = replace(POLICY, **more)  # type: ignore[arg-type]  # any field by name
    return project(declared(*entries, people=people), policy, NOW, CAN_ASSIGN, ORGANIZATION)


def tuples(found: Desired) -> set[tuple[str, str, Holder]]:
    return {(*pair, holder) for pair, holders in found.assignments.items() for holder in holders}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param(
            [entry("a", "Admin Read", on("one"), groups=("ops",), users=("ada",))],
            {(ONE, name, holder) for name in ("Admin", "Read") for holder in (OPS, ADA)},
            id="principals times sets times accounts",
        ),
        pytest.param(
            [entry("a", "Admin", groups=("ops",))],
            {(account, "Admin", OPS) for account in (ONE, TWO, THREE)},
            id="all is every active account but the management account",
        ),
        pytest.param(
            [entry("a", "Admin", on(MANAGEMENT), groups=("ops",))],
            {(MANAGEMENT, "Admin", OPS)},
            id="the management account by its id",
        ),
        pytest.param(
            [entry("a", "Admin", [PROD], excluded=on("one"), groups=("ops",))],
            {(TWO, "Admin", OPS)},
            id="except takes away",
        ),
        pytest.param(
            [
                entry("a", "Admin", [PROD], excluded=on("one"), groups=("ops",)),
                entry("b", "Admin", on("one"), groups=("ops",)),
            ],
            {(ONE, "Admin", OPS), (TWO, "Admin", OPS)},
            id="except takes away from its own entry only",
        ),
        pytest.param(
            [
                entry("a", "Admin", on("one"), groups=("ops",)),
                entry("b", "Admin", on("one"), groups=("dev",), users=("ada",)),
            ],
            {(ONE, "Admin", OPS), (ONE, "Admin", DEV), (ONE, "Admin", ADA)},
            id="entries unite",
        ),
        pytest.param(
            [entry("a", "Admin", on("one"), groups=("ops",), window=Window(end=NOW))],
            set(),
            id="over at its end",
        ),
        pytest.param(
            [entry("a", "Admin", on("one"), groups=("ops",), window=Window(start=FUTURE))],
            set(),
            id="not before its start",
        ),
        pytest.param(
            [entry("a", "Admin", on("one"), groups=("ops",), window=Window(start=NOW, end=FUTURE))],
            {(ONE, "Admin", OPS)},
            id="from its start",
        ),
        pytest.param(
            [entry("a", "Admin", on(CLOSED, "gone", "one"), groups=("ops",))],
            {(ONE, "Admin", OPS)},
            id="not where nothing can be assigned",
        ),
    ],
)
def test_what_entries_come_to(entries: list[Assignment], expected: set[tuple[str, str, Holder]]) -> None:
    assert tuples(desired(*entries)) == expected


def test_people_who_must_have_no_access_are_left_out() -> None:
    ada = replace(person("ada"), active=False)
    cleo, dan = replace(person("cleo"), window=Window(start=FUTURE)), replace(person("dan"), external=True)
    people = identities([ada, person("bob"), cleo, dan, person("eve")], [group("ops")])
    people = replace(people, blocked={"bob": Block("bob", Origin("x.yaml", 1))})
    everybody = entry("a", "Read", on("one"), users=("ada", "bob", "cleo", "dan", "eve"))
    assert tuples(desired(everybody, people=people)) == {
        (ONE, "Read", Holder(Kind.USER, "dan")),
        (ONE, "Read", Holder(Kind.USER, "eve")),
    }


def test_whoever_and_whatever_is_not_provisioned_is_left_out_and_said() -> None:
    elsewhere = Origin("elsewhere/a.yaml", 1)
    people = identities([person("ada"), person("bob")], [group("ops", ["ada"]), group("dev")])
    sets = [permission_set("Admin"), replace(permission_set("Read"), origin=elsewhere)]
    mine = entry("a", "Admin Read", on(ONE), groups=("ops", "dev"), users=("ada", "bob"))
    other = replace(entry("b", "Admin", on(TWO), groups=("ops",)), origin=elsewhere)
    policy = replace(
        POLICY, paths=("access.yaml", "people.yaml"), provision=Provision(users_in=("ops",), groups=("o*",))
    )
    found = project(access(sets, [mine, other], people), policy, NOW, CAN_ASSIGN, ORGANIZATION)
    assert tuples(found) == {(ONE, "Admin", OPS), (ONE, "Admin", ADA)}
    assert set(found.permission_sets) == {"Admin"}
    assert found.remarks.left_out == ("a: permission set Read", "a: group dev", "a: user bob")


def test_the_longest_end_counts_and_is_said() -> None:
    short = entry("short", "Admin", on("one"), groups=("ops",), window=Window(end=FUTURE))
    long = entry("long", "Admin", [PROD], groups=("ops", "dev"), window=Window(end=LATER))
    always = entry("always", "Admin", on(TWO), groups=("ops",))
    found = desired(short, long, always)
    one, two = found.assignments[declared_pair(ONE, "Admin")], found.assignments[declared_pair(TWO, "Admin")]
    assert (one[OPS].entry, one[OPS].end) == ("long", LATER)
    assert (two[OPS].entry, two[OPS].end) == ("always", None)
    assert two[DEV].end == LATER
    assert found.remarks.longest == (
        "always (without an end) over long: group:ops",
        "long (2026-12-02 12:00 UTC) over short: group:ops",
    )


def test_an_account_is_selected_only_where_no_entry_names_it() -> None:
    named = entry("named", "Admin", on("one"), groups=("ops",), window=Window(end=FUTURE))
    by_place = entry("place", "Admin", [PROD], groups=("ops",))
    found = desired(named, by_place)
    assert found.assignments[declared_pair(ONE, "Admin")][OPS].selected is False
    assert found.assignments[declared_pair(TWO, "Admin")][OPS].selected is True
    assert found.selecting == {("Admin", OPS)}
    assert desired(named).selecting == frozenset()


def test_a_couple_selects_wherever_that_leads() -> None:
    nowhere = entry("a", "Admin", [Selector(1, tag={"env": ("none",)})], groups=("ops",))
    assert desired(nowhere).selecting == {("Admin", OPS)}


def test_what_is_over_lapses_unless_another_entry_gives_it() -> None:
    over = Window(end=PAST)
    first = entry("first", "Admin", on("one", TWO), groups=("ops", "dev"), window=over)
    second = entry("second", "Admin", on(TWO), groups=("ops",))
    assert desired(first, second).lapsed_assignments == {
        (ONE, "Admin"): {OPS, DEV},
        (TWO, "Admin"): {DEV},
    }


def test_nothing_is_projected_for_a_target_that_assigns_nothing() -> None:
    found = project(declared(entry("a", "Admin", groups=("ops",))), POLICY, NOW, CAN, ORGANIZATION)
    assert (found.assignments, found.permission_sets) == ({}, {})
    assert found.unsupported == {Kind.PERMISSION_SET: 2, Kind.ASSIGNMENT: 1}


def test_findings_say_where_entries_lead_nowhere() -> None:
    found = desired(
        entry("a", "Admin", on(CLOSED, "gone"), groups=("ops",)),
        entry("b", "Admin", [Selector(1, ou=("Prodd",))], groups=("ops",)),
        entry("c", "Admin", users=("ada",)),
        entry("d", "Admin", [Selector(1, ou=("Prodd",))], groups=("ops",), window=Window(end=PAST)),
    )
    by_code = {finding.code: finding.details for finding in remarks(found, ORGANIZATION)}
    assert by_code == {
        "account-unreachable": (f"{CLOSED}: its state is SUSPENDED", f"{'5' * 12}: not in the organization"),
        "accounts-not-active": (f"{CLOSED} closed: SUSPENDED",),
        "unit-unknown": ("b",),
        "selector-empty": ("b",),
        "direct-assignment": ("c",),
    }
    assert list(remarks(desired(entry("a", "Admin", on("one"), groups=("ops",))), ORGANIZATION)) == []


def test_where_accounts_were_not_read_no_selector_is_empty() -> None:
    everybody = declared(entry("a", "Admin", groups=("ops",)))
    found = project(everybody, POLICY, NOW, CAN_ASSIGN, NO_ORGANIZATION)
    assert list(remarks(found, NO_ORGANIZATION)) == []


def _random_entries(dice: random.Random) -> list[Assignment]:
    selectors = [ALL, PROD, Selector(1, tag={"env": ("prod", "dev")}), *on(ONE, TWO, THREE, CLOSED)]
    moments: list[datetime | None] = [None, None, PAST, FUTURE, LATER]
    return [
        entry(
            f"e{number}",
            " ".join(dice.sample(["Admin", "Read"], dice.randint(1, 2))),
            dice.sample(selectors, dice.randint(1, 3)),
            excluded=tuple(dice.sample(selectors[1:], dice.choice([0, 0, 1]))),
            groups=tuple(dice.sample(["ops", "dev"], dice.randint(0, 2))),
            users=tuple(dice.sample(["ada", "bob"], dice.randint(0, 2))),
            window=Window(end=dice.choice(moments)),
        )
        for number in range(dice.randint(1, 6))
    ]


def _matches(selector: Selector, account: LiveAccount) -> bool:
    if selector.account is not None:
        return selector.account == account.id
    if account.id == MANAGEMENT:
        return False
    tags: Mapping[str, str] = account.tags or {}
    return (not selector.ou or "ou-prod" in account.units) and all(
        tags.get(key) in values for key, values in selector.tag.items()
    )


def _naive(
    entries: list[Assignment], where: Organization
) -> dict[tuple[str, str, Holder], tuple[bool, bool]]:
    """Each tuple, whether it is selected only, and whether it never ends."""
    found: dict[tuple[str, str, Holder], tuple[bool, bool]] = {}
    for one in entries:
        if not one.window.holds(NOW):
            continue
        for account in where.accounts.values():
            hits = [each for each in one.accounts if _matches(each, account)]
            if not account.active or not hits or any(_matches(each, account) for each in one.excluded):
                continue
            selected = all(each.account is None for each in hits)
            for name in one.permission_sets:
                for holder in (
                    *(Holder(Kind.GROUP, key) for key in one.groups),
                    *(Holder(Kind.USER, key) for key in one.users),
                ):
                    known = found.get((account.id, name, holder), (True, False))
                    found[account.id, name, holder] = (
                        known[0] and selected,
                        known[1] or one.window.end is None,
                    )
    return found


@pytest.mark.parametrize("seed", range(60))
def test_entries_come_to_what_multiplying_them_out_comes_to(seed: int) -> None:
    entries = _random_entries(random.Random(seed))
    found = desired(*entries)
    flat: dict[tuple[str, str, Holder], Assigned] = {
        (*pair, holder): why for pair, holders in found.assignments.items() for holder, why in holders.items()
    }
    assert {key: (why.selected, why.end is None) for key, why in flat.items()} == _naive(
        entries, ORGANIZATION
    )


def test_the_order_of_entries_and_of_their_files_does_not_matter() -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    entries = [
        entry(key, "Admin", [PROD], groups=("ops",), window=Window(end=end)) for key in ("b", "a", "c")
    ]
    assert desired(*entries).assignments == desired(*reversed(entries)).assignments
    assert desired(*entries).assignments[declared_pair(ONE, "Admin")][OPS].entry == "a"

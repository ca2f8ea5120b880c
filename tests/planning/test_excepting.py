"""What an `except` names and nobody has: what is new waits for a person, all else goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.plan import Severity
from reconciler.model.policy import Approval
from reconciler.model.resources import Selector, Window
from reconciler.model.state import Identities
from tests.planning.entitled import DEV, HOME, LAB, NEW, PAY, PROD, entry, git, on, pset, realm
from tests.planning.remembering import Site
from tests.planning.world import NOW, ORIGIN, codes, summary

CARDS = LiveUnit("ou-cards", ("Prod", "Cards"))


def company(**more: LiveAccount) -> Organization:
    """HOME, PAY in Prod/Cards (env=prod), DEV in Lab (env=dev); `gone` is suspended (env=old)."""
    accounts = {
        HOME: LiveAccount(HOME, "home", tags={}),
        PAY: LiveAccount(PAY, "pay", units=(PROD.id, CARDS.id), tags={"env": "prod"}),
        DEV: LiveAccount(DEV, "dev", units=(LAB.id,), tags={"env": "dev"}),
        "100000000009": LiveAccount("100000000009", "gone", "SUSPENDED", (LAB.id,), {"env": "old"}),
        **more,
    }
    empty = LiveUnit("ou-empty", ("Empty",))
    return Organization(accounts, {unit.id: unit for unit in (PROD, LAB, CARDS, empty)}, "r-1", HOME)


def site() -> Site:
    world = realm()
    world.organization = company()
    return Site(world)


def all_but(*excluded: Selector, **more: object) -> Identities:
    return git([entry("x", "group:ops", "Admin", "all", excluded=excluded, **more)], sets=[pset("Admin")])


def tag(key: str, *values: str) -> Selector:
    return Selector(1, tag={key: values})


ADMIN_ON_DEV = f"create aws/assignment/{DEV}/Admin/group:ops"


@pytest.mark.parametrize(
    ("excluded", "says"),
    [
        pytest.param(
            on("Prod/Card")[0],
            "x: unit Prod/Card is not there: did you mean Prod/Cards?; it would keep out pay",
            id="a misspelt unit",
        ),
        pytest.param(
            on("Production/Cards")[0],
            "x: unit Production/Cards is not there: did you mean Prod/Cards?; it would keep out pay",
            id="a unit whose parent was renamed",
        ),
        pytest.param(
            Selector(1, ou=("Lab", "Prod/Card")),
            "x: unit Prod/Card is not there: did you mean Prod/Cards?; it would keep out dev, pay",
            id="one unit of two",
        ),
        pytest.param(on("ou-nowhere")[0], "x: unit ou-nowhere is not there", id="an id of a unit"),
        pytest.param(
            tag("env", "prd"),
            "x: tag env=prd is not there: did you mean prod?; it would keep out pay",
            id="a misspelt value",
        ),
        pytest.param(
            tag("Zone", "prod"),
            "x: tag Zone is not there",
            id="a key that nobody has",
        ),
        pytest.param(
            tag("ENV", "prod"),
            "x: tag ENV is not there: did you mean env?; it would keep out pay",
            id="a key in other letters",
        ),
        pytest.param(
            on("100000000012")[0],
            "x: account 100000000012 is not there: did you mean 100000000002?; it would keep out pay",
            id="an account",
        ),
    ],
)
def test_what_a_new_entry_gives_is_withheld(excluded: Selector, says: str) -> None:
    here = site()
    planned = here.plan(all_but(excluded))

    assert not [one for one in planned.plan.changes if one.address.kind is Kind.ASSIGNMENT]
    assert planned.plan.applyable
    (finding,) = planned.plan.blocked
    assert (finding.code, finding.severity) == ("except-unknown", Severity.WARNING)
    assert says in finding.details
    # The people, the group and the set are made, and nothing else is ever proposed.
    here.apply(all_but(excluded))
    assert summary(here.plan(all_but(excluded))) == []


@pytest.mark.parametrize(
    "excluded",
    [
        pytest.param(on("Empty")[0], id="a unit without accounts"),
        pytest.param(on("r-1")[0], id="the root"),
        pytest.param(on("100000000009")[0], id="a suspended account"),
        pytest.param(tag("env", "old"), id="a value that only a suspended account has"),
    ],
)
def test_what_is_there_and_keeps_nobody_out_is_no_fault(excluded: Selector) -> None:
    planned = site().plan(all_but(excluded))
    assert not {"except-unknown", "except-unmatched"} & set(codes(planned))


def test_an_entry_that_gives_nothing_new_is_warned_of_and_nothing_is_taken() -> None:
    here = site()
    declared = all_but(on("Prod/Cards")[0])
    here.apply(declared)
    assert here.shows(declared) == []
    # The unit is renamed in the console: its account would be reached.
    units = {**here.world.organization.units, CARDS.id: LiveUnit(CARDS.id, ("Prod", "Payments"))}
    here.world.organization = replace(here.world.organization, units=units)

    assert here.shows(declared) == []
    assert "except-unknown" in here.says(declared)
    # Without an account that it would reach, it is a warning.
    here.world.organization = replace(
        here.world.organization,
        accounts={key: one for key, one in here.world.organization.accounts.items() if key != PAY},
    )
    assert here.shows(declared) == []
    assert "except-unmatched" in here.says(declared)
    assert not here.plan(declared).plan.blocked


def test_what_git_gave_and_somebody_took_is_given_again() -> None:
    here = site()
    declared = all_but(on("Prod/Cards")[0])
    here.apply(declared)
    units = {key: one for key, one in here.world.organization.units.items() if key != CARDS.id}
    here.world.organization = replace(here.world.organization, units=units)
    here.world.assignments.clear()

    assert here.shows(declared) == [f"{ADMIN_ON_DEV} drift"]


def test_a_later_end_waits_as_well() -> None:
    here = site()
    day = timedelta(days=1)
    until = [Window(end=NOW + day), Window(end=NOW + 9 * day)]
    here.apply(all_but(on("Prod/Cards")[0], window=until[0]))
    units = {**here.world.organization.units, CARDS.id: LiveUnit(CARDS.id, ("Prod", "Payments"))}
    here.world.organization = replace(here.world.organization, units=units)

    assert here.shows(all_but(on("Prod/Cards")[0], window=until[1])) == []
    assert here.shows(all_but(on("Prod/Payments")[0], window=until[1])) == [
        f"update aws/assignment/{DEV}/Admin/group:ops git"
    ]


def test_what_a_sound_entry_gives_as_well_goes_on() -> None:
    declared = git(
        [
            entry("x", "group:ops", "Admin", "all", excluded=on("Prod/Card")),
            entry("y", "group:ops", "Admin", DEV),
        ],
        sets=[pset("Admin")],
    )
    here = site()
    assert f"{ADMIN_ON_DEV} git" in here.shows(declared)
    here.apply(declared)
    assert here.shows(declared) == []


def test_a_leaver_goes_and_a_hand_over_waits_for_what_is_withheld() -> None:
    here = site()
    before = git(
        [entry("x", "group:ops", "Admin", DEV), entry("z", "user:bob", "Read", PAY)],
        sets=[pset("Admin"), pset("Read")],
    )
    here.apply(before)
    after = git(
        [
            entry("x", "group:ops", "Admin", DEV),
            entry("y", "user:ada", "Read", "all", excluded=on("Prod/Card")),
        ],
        sets=[pset("Admin"), pset("Read")],
    )
    assert here.shows(after) == [f"delete aws/assignment/{PAY}/Read/user:bob git"]


@pytest.mark.parametrize(("count", "goes"), [(2, True), (1, False)])
def test_an_approval_lifts_as_many_as_it_names(count: int, *, goes: bool) -> None:
    declared = all_but(on("Prod/Card")[0])
    approval = Approval(
        "meant",
        ORIGIN,
        guard="except-unknown",
        count=count,
        until=NOW + timedelta(days=1),
        reason="the unit comes tomorrow",
        kind=Kind.ASSIGNMENT,
    )
    here = site()
    planned = here.plan(replace(declared, approvals={"meant": approval}))

    given = [one for one in planned.plan.changes if one.address.kind is Kind.ASSIGNMENT]
    assert len(given) == (2 if goes else 0)
    assert bool(planned.plan.blocked) is not goes


def test_an_account_that_joins_is_withheld_where_nobody_looks() -> None:
    here = site()
    declared = all_but(on("Prod/Cards")[0])
    here.apply(declared)
    units = {**here.world.organization.units, CARDS.id: LiveUnit(CARDS.id, ("Prod", "Payments"))}
    joined = company(**{f"_{NEW}": LiveAccount(NEW, "new", units=(LAB.id,), tags={})})
    accounts = {one.id: one for one in joined.accounts.values()}
    here.world.organization = replace(here.world.organization, units=units, accounts=accounts)

    planned = here.plan(declared)
    assert planned.plan.changes == ()
    assert planned.plan.blocked

"""Units that selectors name: two of one path, names like ids, and access where one is renamed."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Kind
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.plan import Severity
from reconciler.model.resources import Selector
from reconciler.model.selecting import Places
from tests.planning.entitled import DEV, HOME, LAB, NEW, PAY, entry, git, plan, realm, settled
from tests.planning.world import remembered

CI, CD, BOTH = "ou-root-11111111", "ou-root-22222222", "ou-root-33333333"


def slashed(*more: LiveUnit) -> Organization:
    """A unit CI/CD, and a unit CD below CI, with an account each."""
    units = [LiveUnit(CI, ("CI",)), LiveUnit(CD, ("CI", "CD")), LiveUnit(BOTH, ("CI/CD",)), *more]
    accounts = {
        HOME: LiveAccount(HOME, "home"),
        PAY: LiveAccount(PAY, "pay", units=(CI, CD)),
        DEV: LiveAccount(DEV, "dev", units=(BOTH,)),
    }
    return Organization(accounts, {unit.id: unit for unit in units}, "r-root", HOME)


def test_a_path_of_two_units_is_refused_with_both_ids() -> None:
    world = realm()
    world.organization = slashed()
    planned = plan(git([entry("x", "group:ops", "Admin", "CI/CD")]), world)
    (finding,) = (one for one in planned.plan.findings if one.code == "unit-ambiguous")
    assert finding.severity is Severity.REFUSAL
    assert finding.details == ("x",)
    assert {CD, BOTH} <= set(finding.message.replace(",", " ").split())
    assert not [one for one in planned.plan.changes if one.address.kind is Kind.ASSIGNMENT]


def test_the_id_of_one_of_two_units_means_that_one() -> None:
    found = Places(slashed(), {}).select((Selector(1, ou=(CD,)),))
    assert (set(found.accounts), found.ambiguous, found.unresolved) == ({PAY}, {}, False)


def test_two_units_of_one_path_in_an_exception_are_said_as_well() -> None:
    found = Places(slashed(), {}).select((Selector(1, all=True),), (Selector(1, ou=("CI/CD",)),))
    assert found.ambiguous == {"CI/CD": (CD, BOTH)}
    assert not found.unresolved


def test_a_name_that_begins_as_an_id_is_a_name() -> None:
    there = slashed(LiveUnit("ou-root-44444444", ("ou-workloads",)))
    accounts = {**there.accounts, NEW: LiveAccount(NEW, "new", units=("ou-root-44444444",))}
    found = Places(replace(there, accounts=accounts), {}).select((Selector(1, ou=("ou-workloads",)),))
    assert (set(found.accounts), found.unknown) == ({NEW}, ())


def test_nothing_is_taken_for_a_unit_that_is_not_there_any_more() -> None:
    declared = git([entry("x", "group:ops", "Admin", "Prod"), entry("y", "group:ops", "Admin", DEV)])
    world = settled(declared)
    renamed = {unit.id: unit for unit in (LiveUnit("ou-prod", ("Production",)), LAB)}
    world.organization = replace(world.organization, units=renamed)

    planned = plan(declared, world, remembered(declared))

    assert planned.plan.changes == ()
    found = {one.code: one for one in planned.plan.findings}
    assert found["unit-unknown"].details == ("x",)
    (kept,) = found["assignments-unresolved"].details
    assert PAY in kept


def test_what_no_unresolved_entry_may_mean_goes() -> None:
    before = git(
        [entry("x", "group:ops", "Admin", "Prod"), entry("y", "group:ops", "Read", DEV)],
    )
    world = settled(before)
    renamed = {unit.id: unit for unit in (LiveUnit("ou-prod", ("Production",)), LAB)}
    world.organization = replace(world.organization, units=renamed)

    planned = plan(git([entry("x", "group:ops", "Admin", "Prod")]), world, remembered(before))

    assert [str(one.address) for one in planned.plan.changes] == [f"aws/assignment/{DEV}/Read/group:ops"]


def test_an_entry_that_is_gone_takes_its_access_with_it() -> None:
    before = git([entry("x", "group:ops", "Admin", PAY)])
    world = settled(before)
    assert len(plan(git(), world, remembered(before)).plan.changes) == 1

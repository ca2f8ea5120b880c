"""Whatever git says of access and whatever hands do behind it: apply converges and stays inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.resources import Selector
from reconciler.model.state import Gap, Identities, Remembered
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from tests.planning import entitled
from tests.planning.entitled import DEV, NEW, PAY, entry, git, pset
from tests.planning.realms import SCOPED, THEIRS, ManualEdits, organisations, realm
from tests.planning.world import NOW, World, remembered

RANDOMLY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STATES = st.lists(organisations(), min_size=1, max_size=3)


def plan(declared: Identities, world: World, memory: Remembered) -> PreparedPlan:
    return entitled.plan(declared, world, memory, policy=SCOPED)


def applied(declared: Identities, world: World, memory: Remembered) -> PreparedPlan:
    """The plan that was carried out; limits are off, and what a test wants is judged by the world alone."""
    planned = plan(declared, world, memory)
    world.carry_out(planned)
    return planned


def recalled(base: Identities, *since: Identities) -> Remembered:
    return remembered(base, *since, policy=SCOPED)


@RANDOMLY
@given(STATES, st.data())
def test_apply_then_plan_is_empty_whatever_hands_do_between(
    states: list[Identities], data: st.DataObject
) -> None:
    world, memory = realm(), Remembered()
    for declared in states:
        applied(declared, world, memory)

        assert plan(declared, world, memory).plan.changes == ()
        assert plan(declared, world, recalled(declared)).plan.changes == ()
        memory = recalled(declared)
        ManualEdits(world).work(data)


@RANDOMLY
@given(STATES, st.data())
def test_what_git_never_said_is_as_it_was(states: list[Identities], data: st.DataObject) -> None:
    world, memory = realm(), Remembered()
    ManualEdits(world).work(data)
    theirs = world.set_arn(THEIRS)
    console = world.set_arn("Console")

    def strangers() -> object:
        everybody = world.group_id("console"), world.user_id("stranger@elsewhere.example"), "lost"
        kept = {
            pair: {one for one in found if one.id in everybody}
            for pair, found in world.assignments.items()
            if pair[1] in (theirs, console)
        }
        return kept, world.sets[theirs], world.sets[console].attributes

    before = strangers()
    for declared in states:
        applied(declared, world, memory)
        memory = recalled(declared)
        assert strangers() == before


@RANDOMLY
@given(STATES)
@example(
    [
        git([], [pset("Admin")], teams={}),
        git([], [pset("Admin")], ["ada"], teams={}),
        git([entry("e", "user:bob", "Admin", DEV)], [pset("Admin")], teams={}),
    ]
)
def test_people_have_exactly_what_git_says_of_exclusive_sets_and_at_least_that_of_others(
    states: list[Identities],
) -> None:
    world, memory = realm(), Remembered()
    made: set[str] = set()
    left: set[str] = set()
    for declared in states:
        applied(declared, world, memory)
        memory = recalled(declared)
        # Whom git left out of a whole apply it has forgotten: who disabled them, nobody knows any more.
        left = (left | made - declared.users.keys()) - (declared.users.keys() & absent(declared))
        made |= declared.users.keys() - absent(declared)

    reached = {each for each in world.reach() if not each[0].startswith("stranger")}
    asleep = {f"{key}@example.com" for key in left}
    assert reached == {each for each in said_reach(states[-1], world) if each[0] not in asleep}


@RANDOMLY
@given(STATES, st.data())
def test_whoever_must_have_no_access_is_assigned_nothing_but_what_is_ignored(
    states: list[Identities], data: st.DataObject
) -> None:
    world, memory = realm(), Remembered()
    for declared in states:
        ManualEdits(world).work(data)
        applied(declared, world, memory)
        memory = recalled(declared)

        assigned = {
            world.name_of(principal)
            for (account, arn), principals in world.assignments.items()
            for principal in principals
            if world.sets[arn].name != THEIRS and world.organization.accounts[account].active
        }
        assert not {f"{key}@example.com" for key in absent(declared)} & assigned


def absent(declared: Identities) -> set[str]:
    """Whoever must have no access by git."""
    return {
        key
        for key, user in declared.users.items()
        if user.active is False or not user.window.holds(NOW) or key in declared.blocked
    }


def said_reach(declared: Identities, world: World) -> set[tuple[str, str, str]]:
    """Who reaches what by git alone, spelled out entry by entry."""
    reached = set()
    for one in declared.assignments.values():
        if not one.window.holds(NOW):
            continue
        people = {each for team in one.groups for each in declared.groups[team].members or ()} | set(
            one.users
        )
        accounts = located(world, one.accounts) - located(world, one.excluded)
        for name in one.permission_sets:
            for key in people - absent(declared):
                reached |= {(f"{key}@example.com", account, name) for account in accounts}
    return reached


def located(world: World, selectors: Sequence[Selector]) -> set[str]:
    found = set()
    for one in selectors:
        for account in world.organization.accounts.values():
            paths = {world.organization.units[unit].path for unit in account.units}
            home = account.id == world.organization.management
            if account.active and (
                one.account == account.id or (not home and (one.all or paths & set(one.ou)))
            ):
                found.add(account.id)
    return found


@RANDOMLY
@given(STATES, st.data())
def test_no_prefix_of_the_order_gives_anybody_more_than_before_and_after(
    states: list[Identities], data: st.DataObject
) -> None:
    world, memory = realm(), Remembered()
    for declared in states[:-1]:
        applied(declared, world, memory)
        memory = recalled(declared)
    ManualEdits(world).work(data)
    planned = plan(states[-1], world, memory)
    before = world.reach()
    between: list[set[tuple[str, str, str]]] = []

    world.carry_out(planned, watch=lambda: between.append(world.reach()))

    assert all(each <= before | world.reach() for each in between)


@RANDOMLY
@given(organisations(), st.data())
def test_nobody_is_without_access_while_a_set_takes_the_place_of_another_even_if_steps_fail(
    before: Identities, data: st.DataObject
) -> None:
    world = realm()
    applied(before, world, Remembered())
    moving = data.draw(st.sets(st.sampled_from(sorted(before.permission_sets) or ["none"])))
    after = renamed(before, moving)
    planned = plan(after, world, recalled(before))
    steps = [step.id for step in planned.steps]
    failing = frozenset(data.draw(st.sets(st.sampled_from(steps), max_size=2))) if steps else frozenset[str]()
    inside = {(who, account) for who, account, _ in world.reach()}
    between: list[set[tuple[str, str]]] = []

    world.carry_out(
        planned, failing, watch=lambda: between.append({(who, on) for who, on, _ in world.reach()})
    )

    assert all(inside <= each for each in between)
    applied(after, world, recalled(before))
    assert plan(after, world, recalled(before)).plan.changes == ()
    assert not {one.name for one in world.sets.values()} & moving


def renamed(declared: Identities, moving: set[str]) -> Identities:
    """The same under new names of some sets, as people write it: the new ones say what they were before."""
    names = {name: f"{name}New" if name in moving else name for name in declared.permission_sets}
    return replace(
        declared,
        permission_sets={
            names[key]: replace(one, key=names[key], previously=(key,) if key in moving else one.previously)
            for key, one in declared.permission_sets.items()
        },
        assignments={
            key: replace(one, permission_sets=tuple(names[each] for each in one.permission_sets))
            for key, one in declared.assignments.items()
        },
    )


@RANDOMLY
@given(STATES, st.data())
def test_a_half_applied_plan_goes_on_without_a_second_review(
    states: list[Identities], data: st.DataObject
) -> None:
    world, memory = realm(), Remembered()
    for declared in states[:-1]:
        applied(declared, world, memory)
        memory = recalled(declared)
    declared = states[-1]
    before = world.reach()
    reviewed = plan(declared, world, memory)
    steps = [step.id for step in reviewed.steps]
    failing = frozenset(data.draw(st.sets(st.sampled_from(steps)))) if steps else frozenset[str]()
    world.carry_out(reviewed, failing)
    halfway = world.reach()

    fresh = plan(declared, world, memory)
    verdict = review(fresh, [reviewed.plan], auto_apply=())
    assert verdict.stale == ()
    assert verdict.left_out == ()
    world.carry_out(fresh)

    assert plan(declared, world, memory).plan.changes == ()
    assert halfway <= before | world.reach()


@RANDOMLY
@given(STATES, st.data(), st.sampled_from(["*", "users", PAY, DEV, NEW]))
def test_nothing_inside_of_a_gap_is_removed(
    states: list[Identities], data: st.DataObject, scope: str
) -> None:
    world, memory = realm(), Remembered()
    for declared in states[:-1]:
        applied(declared, world, memory)
        memory = recalled(declared)
    ManualEdits(world).work(data)
    inside = {
        (account, arn, principal)
        for (account, arn), found in world.assignments.items()
        for principal in found
        if scope in ("*", account) or (scope == "users" and principal.kind is Kind.USER)
    }
    world.gaps = (Gap(Kind.ASSIGNMENT, scope, "not asked"),)

    planned = applied(states[-1], world, memory)

    left = {(account, arn, one) for (account, arn), found in world.assignments.items() for one in found}
    assert inside <= left
    gone = [one for one in planned.plan.changes if one.action is Action.DELETE]
    assert not [one for one in gone if one.address.kind in (Kind.USER, Kind.PERMISSION_SET)]

"""Any plan of memberships and assignments, carried out step by step with failures: who has what meanwhile.

The oracle multiplies everything out and shares no code with what plans.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.report import Outcome, Status
from reconciler.planning.ordering.order import Dependencies, order
from reconciler.planning.ordering.schedule import Schedule

PEOPLE, GROUPS, ACCOUNTS, SETS = ("ada", "bob", "cyd"), ("g", "h", "i"), ("111", "222"), ("R", "W")
# ("m", group, person) and ("a", account, set, holder).
MEMBERSHIPS = tuple(("m", *pair) for pair in product(GROUPS, PEOPLE))
ASSIGNMENTS = tuple(
    ("a", *one)
    for one in product(
        ACCOUNTS, SETS, [*(f"group:{each}" for each in GROUPS), *(f"user:{each}" for each in PEOPLE)]
    )
)
Tuple = tuple[str, ...]
Had = set[tuple[str, str, str]]
states = st.frozensets(st.sampled_from([*MEMBERSHIPS, *ASSIGNMENTS]), max_size=14)


def reach(state: Iterable[Tuple]) -> Had:
    """Person, account and set."""
    members = {(one[1], one[2]) for one in state if one[0] == "m"}
    return {
        (person, one[1], one[2])
        for one in state
        if one[0] == "a"
        for person in PEOPLE
        if one[3] == f"user:{person}" or (one[3].removeprefix("group:"), person) in members
    }


def ways(state: Iterable[Tuple], person: str, account: str) -> int:
    """By how many ways a person comes to an account."""
    groups = {one[1] for one in state if one[0] == "m" and one[2] == person}
    holders = {f"user:{person}", *(f"group:{each}" for each in groups)}
    return sum(one[0] == "a" and one[1] == account and one[3] in holders for one in state)


def address(one: Tuple) -> Address:
    kind = Kind.MEMBERSHIP if one[0] == "m" else Kind.ASSIGNMENT
    return Address.of("aws", kind, *one[1:])


def changed(one: Tuple, action: Action) -> Change:
    effect = Effect.GRANT if action is Action.CREATE else Effect.REVOKE
    return Change(address(one), action, effect, Cause.GIT, "", "")


def replacing(before: frozenset[Tuple], after: frozenset[Tuple]) -> dict[Address, tuple[Address, ...]]:
    """By revocation: the grants that give one of the same people something in one of the same accounts."""

    def given_by(one: Tuple, state: frozenset[Tuple]) -> set[tuple[str, str]]:
        return {(person, account) for person, account, _ in reach(state) - reach(state - {one})}

    return {
        address(old): grants
        for old in before - after
        if (
            grants := tuple(
                address(new) for new in sorted(after - before) if given_by(old, before) & given_by(new, after)
            )
        )
    }


def unfold(one: Address) -> Tuple:
    return ("m" if one.kind is Kind.MEMBERSHIP else "a", *one.parts)


@settings(max_examples=400, deadline=None)
@given(
    before=states,
    after=states,
    chance=st.randoms(use_true_random=False),
    fails=st.booleans(),
    holds=st.booleans(),
)
def test_nobody_ever_has_more_than_before_and_after_together(
    before: frozenset[Tuple], after: frozenset[Tuple], chance: random.Random, *, fails: bool, holds: bool
) -> None:
    changes = [changed(one, Action.CREATE) for one in sorted(after - before)]
    changes += [changed(one, Action.DELETE) for one in sorted(before - after)]
    replaced = replacing(before, after) if holds else {}
    steps, findings = order(changes, Dependencies(replaced=replaced))
    assert findings == ()
    assert len(steps) == len(changes)
    state, allowed = set(before), reach(before) | reach(after)
    one_way = [
        (person, account)
        for person, account in product(PEOPLE, ACCOUNTS)
        if ways(before, person, account) == ways(after, person, account) == 1
    ]
    every_hold = holds and all(
        {str(each) for each in replaced.get(step.address, ())} <= set(step.held_by) for step in steps
    )
    schedule, running = Schedule(steps, in_flight=3), []
    while not schedule.over:
        running += schedule.take()
        assert running, "it would wait for ever"
        step = running.pop(chance.randrange(len(running)))
        if fails and chance.random() < 0.3:
            schedule.ended(Outcome(step.id, Status.FAILED))
            continue
        one = unfold(step.address)
        state = state | {one} if step.action is Action.CREATE else state - {one}
        schedule.ended(Outcome(step.id, Status.DONE))

        now = reach(state)
        assert now <= allowed
        if every_hold:
            # Whoever comes to an account by another way than before is there all the time.
            assert set(one_way) <= {(person, account) for person, account, _ in now}

    if not fails:
        assert state == after

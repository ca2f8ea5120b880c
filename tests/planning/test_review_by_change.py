"""What a review covers, change by change: halves, other wishes, and what was made since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import Value
from reconciler.planning import hashes
from reconciler.planning.review import review
from tests.planning.test_review_of_access import ADMIN, IDS, assignment, edited, judge, made, part, planned

ADA = Address.of("aws", Kind.USER, "ada")
OPS = Address.of("aws", Kind.GROUP, "ops")
_PLAIN: dict[str, Value] = {"description": "x", "relay_state": "u"}
_WISHED: dict[str, Value] = {"description": "y", "relay_state": "v"}


def user(action: Action, cause: Cause = Cause.GIT, **fields: Value) -> Change:
    """A change of ada, whose hashes match nothing else."""
    edits = tuple(FieldChange(name, None, value) for name, value in fields.items())
    states = (f"before {action} {fields}", f"after {action} {fields}")
    return Change(ADA, action, Effect.NEUTRAL, cause, *states, edits)


def entry(group: str | None, person: str | None) -> Change:
    """Ada into ops, by the ids that both had then."""
    before, after = (hashes.pair_state(group, person, present=present) for present in (False, True))
    address = Address.of("aws", Kind.MEMBERSHIP, "ops", "ada")
    return Change(address, Action.CREATE, Effect.GRANT, Cause.GIT, before, after)


_HALF = edited({**_PLAIN, "description": "y"}, _WISHED)
_DRIFTED = edited({**_PLAIN, "inline_policy": "{}"}, {**_WISHED, "inline_policy": None})
_REVIEWED = edited({**_PLAIN, "inline_policy": None}, {**_WISHED, "inline_policy": None})
_MANY = ("managed_policies", "customer_managed_policies")


@pytest.mark.parametrize(
    ("fresh", "reviewed", "goes"),
    [
        pytest.param(edited(_PLAIN, _WISHED), [edited(_PLAIN, _WISHED)], True, id="the same"),
        pytest.param(
            edited(_PLAIN, {**_WISHED, "description": "z"}), [edited(_PLAIN, _WISHED)], False, id="other wish"
        ),
        pytest.param(_HALF, [edited(_PLAIN, _WISHED)], True, id="half of an edit"),
        pytest.param(_DRIFTED, [_REVIEWED], False, id="an edit that takes back more than was reviewed"),
        pytest.param(made(description="y"), [edited(_PLAIN, _WISHED)], False, id="made again, not edited"),
        pytest.param(
            edited({}, {"description": "x", "inline_policy": "{}"}),
            [made(description="x")],
            False,
            id="more than was to be made",
        ),
        pytest.param(
            user(Action.UPDATE, title="Lead"),
            [user(Action.CREATE, user_name="ada", title="Lead")],
            True,
            id="the rest of a user",
        ),
        pytest.param(
            user(Action.UPDATE, user_name="ada"),
            [user(Action.CREATE, user_name="ada", title="Lead")],
            False,
            id="another user renamed instead of one made",
        ),
        pytest.param(entry("g-1", "u-1"), [entry("g-1", None), user(Action.CREATE)], True, id="user made"),
        pytest.param(
            entry("g-1", "u-1"),
            [entry("g-1", None), user(Action.CREATE), user(Action.UPDATE, title="Lead")],
            True,
            id="user made by one plan and altered by another",
        ),
        pytest.param(
            entry("g-1", "u-1"), [entry("g-1", None), user(Action.UPDATE)], False, id="user only altered"
        ),
        pytest.param(entry("g-1", "u-1"), [entry("u-1", "g-1")], False, id="ends the other way round"),
        pytest.param(
            user(Action.DELETE, Cause.LEFTOVER),
            [user(Action.CREATE), user(Action.UPDATE, title="Lead")],
            True,
            id="leftover of two plans removed",
        ),
        pytest.param(
            user(Action.UPDATE, Cause.LEFTOVER, active=False),
            [user(Action.CREATE, user_name="ada"), user(Action.UPDATE, title="Lead")],
            True,
            id="leftover disabled that was made",
        ),
        pytest.param(
            user(Action.UPDATE, Cause.LEFTOVER, active=False),
            [user(Action.UPDATE, title="Lead")],
            False,
            id="leftover disabled that was there before",
        ),
    ],
)
def test_what_a_review_covers(fresh: Change, reviewed: list[Change], *, goes: bool) -> None:
    plans: list[TargetPlan] = [part(each) for each in reviewed]
    ids = {**IDS, OPS: "g-1", ADA: "u-1"}

    verdict = judge(planned(fresh, ids=ids), *plans)

    assert verdict.go == ({fresh.address} if goes else set())
    assert [one.why for one in verdict.stale] == (
        []
        if goes
        else [
            "is not as it was when it was reviewed"
            if fresh.address in {each.address for each in reviewed}
            else "was not reviewed"
        ]
    )


@pytest.mark.parametrize("name", _MANY)
@pytest.mark.parametrize(
    ("before", "found", "goes"),
    [
        (("a", "b"), ("a", "b", "c"), True),  # one of two attached, none detached yet
        (None, ("b",), True),  # there was none, one is attached
        (None, ("a", "b"), False),  # somebody attached another
        (("a", "b"), ("c", "d"), False),  # somebody detached what was to stay
    ],
)
def test_policies_are_attached_and_detached_one_by_one(
    name: str, before: Value, found: Value, *, goes: bool
) -> None:
    wished: dict[str, Value] = {name: ("b", "c", "d")}

    verdict = judge(planned(edited({name: found}, wished)), part(edited({name: before}, wished)))

    assert verdict.go == ({ADMIN} if goes else set())


def test_what_nobody_reviewed_is_said_to_be_so_and_a_leftover_of_nothing_is_one() -> None:
    for each in (assignment(), replace(assignment(), cause=Cause.LEFTOVER)):
        (difference,) = judge(planned(each)).stale

        assert (difference.why, difference.reviewed) == ("was not reviewed", None)


@pytest.mark.parametrize("cause", [Cause.EXPIRY, Cause.DRIFT, Cause.GIT])
def test_what_is_applied_by_rule_needs_no_review(cause: Cause) -> None:
    one = assignment(Action.DELETE, cause=cause)

    by_rule = review(planned(one), [], auto_apply={cause})
    reviewed_only = review(planned(one), [], auto_apply=set(Cause) - {cause})

    assert by_rule.go == {one.address}
    assert reviewed_only.go == frozenset()

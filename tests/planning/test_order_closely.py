"""The order itself, on changes made by hand: the same for every order of changes, circles, and ranks."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Severity
from reconciler.planning.ordering.order import order
from tests.planning.access_stage import change


def renamed(key: str, **fields: str) -> Change:
    """A user who takes other names: `user_name="old new"`."""
    edits = tuple(FieldChange(name, *text.split()) for name, text in fields.items())
    address = Address.of("aws", Kind.USER, key)
    return Change(address, Action.UPDATE, Effect.MIXED, Cause.GIT, "", "", edits, name=key)


def test_the_order_of_changes_is_nothing_to_the_order_of_steps() -> None:
    texts = [
        "delete group/zoo",
        "create membership/red/ada",
        "delete membership/ops/cyd",
        "create group/red",
        "create user/ada",
        "delete membership/ops/bob",
        "create group/blue",
    ]
    changes = [change(each) for each in texts]

    forth, back = (order(each)[0] for each in (changes, changes[::-1]))

    assert forth == back
    assert [str(step.id) for step in forth] == [
        "aws/membership/ops/bob",
        "aws/membership/ops/cyd",
        "aws/group/blue",
        "aws/group/red",
        "aws/user/ada",
        "aws/membership/red/ada",
        "aws/group/zoo",
    ]


@pytest.mark.parametrize("forth", [True, False])
def test_who_take_each_others_names_are_named_once_and_nobody_who_only_waits(*, forth: bool) -> None:
    """Ann waits for cyd, who is in a circle with bob; bob and cyd wait for what they lose, too."""
    changes = [
        renamed("ann", email="a@x c@x"),
        renamed("bob", user_name="b c"),
        renamed("cyd", user_name="c b", email="c@x d@x"),
        change("delete membership/ops/bob"),
        change("delete membership/ops/cyd"),
        change("delete group/zoo"),
    ]

    steps, (circle,) = order(changes if forth else changes[::-1])

    assert (circle.code, circle.severity, circle.count) == ("rename-cycle", Severity.REFUSAL, 2)
    assert circle.details == ("aws/user/bob", "aws/user/cyd")
    assert [step.id for step in steps] == [
        "aws/membership/ops/bob",
        "aws/membership/ops/cyd",
        "aws/user/ann",
        "aws/user/bob",
        "aws/user/cyd",
        "aws/group/zoo",
    ]


def test_two_circles_are_two_refusals() -> None:
    changes = [
        renamed("ann", user_name="a b"),
        renamed("bob", user_name="b a"),
        renamed("cyd", user_name="c d"),
        renamed("dan", user_name="d e"),
        renamed("eve", user_name="e c"),
    ]

    assert [one.details for one in order(changes)[1]] == [
        ("aws/user/ann", "aws/user/bob"),
        ("aws/user/cyd", "aws/user/dan", "aws/user/eve"),
    ]

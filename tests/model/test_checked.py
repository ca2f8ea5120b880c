"""What an apply saw to be right is remembered object by object, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.model.address import Address, Kind
from reconciler.model.checked import MOST, Checked, checked_after, newest

FIRST = datetime(2026, 11, 20, tzinfo=UTC)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
ADA, BOB = (Address.of("aws", Kind.USER, key) for key in ("ada", "bob"))


def test_what_does_not_differ_was_right_at_the_comparison() -> None:
    first = checked_after(None, [], FIRST)

    assert (first.right_at(ADA), first.right_at(BOB)) == (FIRST, FIRST)


def test_what_stays_different_keeps_the_time_at_which_it_was_right() -> None:
    second = checked_after(checked_after(None, [], FIRST), [ADA], SECOND)
    third = checked_after(second, [ADA, BOB], THIRD)

    assert (second.right_at(ADA), second.right_at(BOB)) == (FIRST, SECOND)
    assert (third.right_at(ADA), third.right_at(BOB)) == (FIRST, SECOND)
    assert checked_after(third, [], THIRD).right_at(ADA) == THIRD


def test_what_was_never_compared_is_not_known() -> None:
    assert checked_after(None, [ADA], FIRST).right_at(ADA) is None


def test_of_too_many_none_is_known_also_later() -> None:
    many = [Address.of("aws", Kind.USER, f"user{number}") for number in range(MOST + 1)]
    full = checked_after(Checked(FIRST), many, SECOND)

    assert full.right_at(ADA) is None
    later = checked_after(full, [ADA], THIRD)
    assert (later.right_at(ADA), later.right_at(BOB)) == (None, THIRD)
    assert checked_after(Checked(FIRST), many[:MOST], SECOND).right_at(many[0]) == FIRST


def test_the_latest_comparison_counts() -> None:
    assert newest(None, Checked(FIRST), Checked(SECOND), None) == Checked(SECOND)
    assert newest(None, None) is None

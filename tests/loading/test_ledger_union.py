"""Ledgers over each other never lose what one of them added."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given

from reconciler.loading.ledger_union import merged, united
from reconciler.model.address import Kind
from reconciler.model.ledger import GivenAssignment, GivenObject, Ledger
from reconciler.model.pairs import Principal
from tests.loading.ledgers import ADA, ADMIN, BOB, DEV, LEDGER, OPS, PROD, entries, ledgers
from tests.support.pairs import pair_of

ANN = Principal(Kind.USER, ADA)


def test_what_is_known_wins_over_what_was_about_to_be_done() -> None:
    intents = Ledger(
        users={ADA: GivenObject("other"), "+dee": GivenObject("dee")},
        members={OPS: frozenset({ADA, BOB})},
        assignments={pair_of(PROD, ADMIN): {Principal(Kind.GROUP, OPS): GivenAssignment(selected=True)}},
    )
    found = united(LEDGER, intents)
    assert found.users[ADA].key == LEDGER.users[ADA].key
    assert found.users[ADA].sure
    assert found.users["+dee"] == GivenObject("dee", sure=False)
    assert found.members[OPS] == LEDGER.members[OPS] | {BOB}
    assert found.unsure[OPS] == {"+cyd", BOB}
    assert found.assignments == LEDGER.assignments


@given(ledgers(), ledgers(), ledgers())
def test_a_union_holds_every_entry_and_nothing_else(known: Ledger, one: Ledger, two: Ledger) -> None:
    found = united(known, one, two)
    everything = entries(known) | entries(one) | entries(two)
    # What only says what is set on an object makes none known.
    expected = {
        (kind, token, each.left)
        for ledger in (one, two)
        for kind, given in (("user", ledger.users), ("group", ledger.groups), ("set", ledger.sets))
        for token, each in given.items()
    }
    only_set = {
        (kind, token) for kind, token, left in expected if left and (kind, token, False) not in expected
    }
    assert entries(found) == everything - (only_set - entries(known))
    assert all(users <= found.members[group] for group, users in found.unsure.items())
    for token, before in known.users.items():
        after = found.users[token]
        assert (after.key, after.sure) == (before.key, before.sure)
        # What a run was about to do counts, since nobody saw its end.
        assert set(before.attributes) <= set(after.attributes)
        assert after.inactive >= before.inactive
    assert entries(united(found, one, two)) == entries(found)
    assert united(known) == known


@given(ledgers(), ledgers(), ledgers())
def test_two_ends_at_once_are_theirs_and_what_we_added(theirs: Ledger, ours: Ledger, base: Ledger) -> None:
    found = merged(theirs, ours, base)
    assert entries(found) >= entries(theirs) | (entries(ours) - entries(base))
    assert entries(found) <= entries(theirs) | entries(ours)
    assert all(users <= found.members[group] for group, users in found.unsure.items())


@given(ledgers(), ledgers())
def test_who_ends_alone_says_what_is_next(ours: Ledger, base: Ledger) -> None:
    assert merged(base, base, base) == base
    assert entries(merged(Ledger(), ours, Ledger())) == entries(ours)
    assert entries(merged(base, ours, base)) == entries(base) | entries(ours)


def test_what_we_revoked_and_they_have_stays_and_what_they_revoked_does_not_come_back() -> None:
    base = Ledger(members={OPS: frozenset({ADA, BOB}), DEV: frozenset({ADA})})
    ours = Ledger(members={OPS: frozenset({ADA}), DEV: frozenset({ADA})})
    theirs = Ledger(members={OPS: frozenset({ADA, BOB})})
    assert merged(theirs, ours, base).members == theirs.members


def test_what_we_learned_of_an_entry_that_both_have_is_kept() -> None:
    base = Ledger(users={ADA: GivenObject("ada", sure=False), BOB: GivenObject("bob")})
    ours = Ledger(users={ADA: GivenObject("ada"), BOB: GivenObject("bob")})
    theirs = Ledger(users={ADA: GivenObject("ada", sure=False), BOB: GivenObject("bob", left=True)})
    assert merged(theirs, ours, base).users == {ADA: GivenObject("ada"), BOB: GivenObject("bob", left=True)}


def test_an_assignment_is_merged_by_its_principals() -> None:
    group, how = Principal(Kind.GROUP, OPS), GivenAssignment()
    found = merged(
        Ledger(assignments={pair_of(PROD, ADMIN): {group: how}}),
        Ledger(assignments={pair_of(PROD, ADMIN): {ANN: how}}),
        Ledger(),
    )
    assert found.assignments == {(PROD, ADMIN): {group: how, ANN: how}}


ONE, TWO, THREE = (datetime(2030 + year, 1, 1, tzinfo=UTC) for year in range(3))


def ending(end: datetime | None, assigned: datetime | None = None) -> Ledger:
    """Ada in a group, and with an assignment of her own, until then."""
    return Ledger(
        members={OPS: frozenset({ADA})},
        assignments={pair_of(PROD, ADMIN): {ANN: GivenAssignment(end=assigned)}},
        ends={OPS: {ADA: end}} if end is not None else {},
    )


@pytest.mark.parametrize(("then", "our"), [(ONE, TWO), (TWO, ONE), (ONE, None), (None, ONE)])
def test_an_end_that_we_changed_counts_and_one_that_they_changed_stays(
    then: datetime | None, our: datetime | None
) -> None:
    base, ours = ending(then, then), ending(our, our)
    assert merged(base, ours, base) == ours
    assert merged(ours, base, base) == ours
    assert merged(Ledger(), ours, Ledger()) == ours


def test_what_a_run_was_about_to_do_puts_off_no_end() -> None:
    assert united(ending(ONE, ONE), ending(TWO, None)) == ending(ONE, ONE)
    found = united(ending(None), ending(TWO, TWO))
    assert (found.ends, found.assignments) == ({}, ending(None).assignments)
    assert united(Ledger(), ending(TWO, TWO)).ends == {OPS: {ADA: TWO}}


def test_what_we_wrote_again_stays_although_theirs_let_go_of_it() -> None:
    """A late run restored drift that it knew; in theirs git does not want that any more."""
    ends = datetime(2026, 12, 1, tzinfo=UTC)
    base = Ledger(
        users={ADA: GivenObject("ada", attributes=("title", "user_name"))},
        members={OPS: frozenset({ADA, BOB})},
        ends={OPS: {ADA: ends}},
        assignments={pair_of(PROD, ADMIN): {ANN: GivenAssignment()}},
    )
    theirs = Ledger(users={ADA: GivenObject("ann", attributes=("user_name",), inactive=True)})
    wrote = Ledger(
        users={ADA: GivenObject("ada", attributes=("title",), left=True, sure=False)},
        members={OPS: frozenset({ADA})},
        assignments={pair_of(PROD, ADMIN): {ANN: GivenAssignment(sure=False)}},
    )
    found = merged(theirs, base, base, wrote)
    assert found.users == {ADA: GivenObject("ann", attributes=("title", "user_name"), inactive=True)}
    assert found.members == {OPS: {ADA}}
    assert found.ends == {OPS: {ADA: ends}}
    assert found.assignments == base.assignments
    assert merged(theirs, base, base) == theirs


def test_of_one_object_each_side_says_what_it_changed() -> None:
    base = Ledger(users={ADA: GivenObject("ada", "a@x", ("title",))})
    theirs = Ledger(users={ADA: GivenObject("ada", "a@x", ("phone", "title"), inactive=True, left=True)})
    ours = Ledger(users={ADA: GivenObject("ann", "a@x", ("nickname", "title"))})
    assert merged(theirs, ours, base).users == {
        ADA: GivenObject("ann", "a@x", ("nickname", "phone", "title"), inactive=True, left=True)
    }


def test_an_object_that_theirs_let_go_of_is_not_ours_again_for_what_we_set_on_it() -> None:
    base = Ledger(users={ADA: GivenObject("ada")})
    ours = Ledger(users={ADA: GivenObject("ada", attributes=("title",)), BOB: GivenObject("bob")})
    assert merged(Ledger(), ours, base).users == {BOB: GivenObject("bob")}

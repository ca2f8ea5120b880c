"""Ledgers for tests: made by hand, made at random, and compared as sets of entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from reconciler.model.address import Kind
from reconciler.model.ledger import GivenAssignment, GivenObject, Ledger
from reconciler.model.pairs import Principal
from tests.support.pairs import pair_of

ADA, BOB = "9067-ada", "9067-bob"
OPS, DEV = "g-ops", "g-dev"
ADMIN = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
PROD = "111122223333"

LEDGER = Ledger(
    users={
        ADA: GivenObject("ada", "ada@example.com", ("title", "user_name")),
        BOB: GivenObject("bob", "Bob Ünal", inactive=True, left=True),
        "+cyd": GivenObject("cyd", "cyd@example.com", sure=False),
    },
    groups={OPS: GivenObject("ops", "ops"), DEV: GivenObject("dev", "dev")},
    sets={ADMIN: GivenObject("Admin", "Admin")},
    members={OPS: frozenset({ADA, "+cyd", "stranger"}), DEV: frozenset()},
    unsure={OPS: frozenset({"+cyd"})},
    assignments={
        pair_of(PROD, ADMIN): {
            Principal(Kind.GROUP, OPS): GivenAssignment(),
            Principal(Kind.USER, ADA): GivenAssignment(selected=True, sure=False),
        }
    },
)

# A few of them, so that two ledgers meet; and whatever text may hold, half of a surrogate pair included.
TOKENS = st.sampled_from(["a", "b", "c", "+d", "=e", ":f", "?g", "h i", "ü\u2028%20", "*"]) | st.text(
    st.characters(), min_size=1, max_size=8
)
TEXTS = st.text(st.characters(), max_size=8)
OBJECTS = st.dictionaries(
    TOKENS,
    st.builds(
        GivenObject,
        key=TEXTS,
        name=TEXTS,
        attributes=st.lists(st.text(min_size=1, max_size=8), max_size=3, unique=True).map(tuple),
        inactive=st.booleans(),
        left=st.booleans(),
        sure=st.booleans(),
    ),
    max_size=3,
)
_PRINCIPALS = st.builds(Principal, st.sampled_from([Kind.USER, Kind.GROUP]), TOKENS)
_ENDS = st.builds(
    lambda microseconds, zone: (datetime(1970, 1, 2, tzinfo=UTC) + timedelta(0, 0, microseconds)).astimezone(
        zone
    ),
    st.integers(0, 250_000_000_000_000_000),
    st.sampled_from([UTC, timezone(timedelta(hours=2))]),
)
_GIVEN = st.builds(GivenAssignment, selected=st.booleans(), sure=st.booleans(), end=st.none() | _ENDS)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Any ledger that a planner may make."""
    users = draw(OBJECTS)
    known = st.sampled_from(sorted(users)) if users else TOKENS
    members = draw(st.dictionaries(TOKENS, st.frozensets(known | TOKENS, max_size=3), max_size=3))
    unsure = {
        group: found
        for group, all_of in members.items()
        if all_of and (found := draw(st.frozensets(st.sampled_from(sorted(all_of)))))
    }
    assignments = draw(
        st.dictionaries(
            st.builds(pair_of, TOKENS, TOKENS),
            st.dictionaries(_PRINCIPALS, _GIVEN, min_size=1, max_size=3),
            max_size=3,
        )
    )
    ends = {
        group: {user: draw(_ENDS) for user in sorted(found)}
        for group, all_of in members.items()
        if all_of and (found := draw(st.frozensets(st.sampled_from(sorted(all_of)))))
    }
    return Ledger(users, draw(OBJECTS), draw(OBJECTS), members, unsure, assignments, ends)


def entries(ledger: Ledger) -> set[object]:
    """Everything that a ledger says to be git's, whatever else it knows of it."""
    return {
        *(("user", token) for token in ledger.users),
        *(("group", token) for token in ledger.groups),
        *(("set", token) for token in ledger.sets),
        *((group, user) for group, users in ledger.members.items() for user in users),
        *((pair, who) for pair, given in ledger.assignments.items() for who in given),
    }

"""Whatever is asked for in whatever order: what was accepted happens once, in order, and roles follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.access.grants import Grant
from reconciler.sandbox.access.requests import FAILED, IN_PROGRESS, SUCCEEDED, Kind, Orders
from reconciler.sandbox.access.service import Access
from reconciler.sandbox.access.terms import Quotas
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.directory.records import Hand
from reconciler.sandbox.store import Store
from reconciler.sandbox.world import World

ACCOUNTS = ("111111111111", "222222222222")
QUOTAS = Quotas(outstanding_assignments=4)


class Undo(Exception):
    """Raised to roll back what an example did."""


@dataclass(frozen=True)
class Stage:
    world: World
    sets: tuple[str, ...]
    groups: tuple[str, ...]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    store = Store(None, region="us-east-1", management_account=ACCOUNTS[0], created_at=0.0)
    world, hand = World(store, quotas=QUOTAS), Hand("test", 0.0)
    with store.transaction() as db:
        db.execute(
            "INSERT INTO accounts (id, parent, name, email, state, joined_at)"
            " VALUES (?, 'r-test', 'two', 'two@example.com', 'ACTIVE', 0)",
            (ACCOUNTS[1],),
        )
        directory, access = world.directory(db), world.access(db, 0.0)
        groups = tuple(directory.groups.add({"DisplayName": name}, hand).id for name in "ab")
        sets = tuple(access.sets.add(name, {}, 0.0).id for name in "ST")
    yield Stage(world, sets, groups)
    store.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from((Kind.CREATE, Kind.DELETE)),
            st.integers(0, 1),
            st.integers(0, 1),
            st.integers(0, 1),
        ),
        st.tuples(st.just("push"), st.floats(0, 6), st.just(0), st.just(0)),
        st.tuples(st.just("edit"), st.integers(0, 1), st.just(0), st.just(0)),
    ),
    max_size=25,
)


def ask(access: Access, kind: Kind, grant: Grant) -> None:
    found = access.sets.get(grant.set_id)
    # What is refused leaves nothing behind, which the end of the test sees.
    with suppress(ApiError):
        if kind is Kind.CREATE:
            access.requests.assign(found, grant, Orders())
        else:
            access.requests.unassign(found, grant, Orders())


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_what_was_accepted_happens_in_order_and_roles_follow_assignments(
    stage: Stage, steps: list[tuple[object, float, int, int]]
) -> None:
    with suppress(Undo), stage.world.store.transaction() as db:
        now = 0.0
        for what, first, second, third in steps:
            access = stage.world.access(db, now)
            assert len(access.requests.outstanding(Kind.CREATE, Kind.DELETE)) <= 4
            if what == "push":
                now += first
            elif what == "edit":
                access.sets.redefine(stage.sets[int(first)], {})
            else:
                grant = Grant(stage.sets[int(first)], ACCOUNTS[second], "GROUP", stage.groups[third])
                ask(access, Kind(str(what)), grant)
        access = stage.world.access(db, now + 1_000)
        asked = sorted(
            [request for kind in Kind for request in access.requests.page(kind, None, 0, -1)],
            key=lambda request: request.seq,
        )
        assert IN_PROGRESS not in {request.status for request in asked}
        expected: set[Grant] = set()
        for request in asked:
            # Calls for one account wait for each other, so that their order is that of the asking.
            there = request.grant in expected
            if request.kind is Kind.CREATE:
                assert request.status == SUCCEEDED
                expected.add(request.grant)
            else:
                assert request.status == (SUCCEEDED if there else FAILED)
                expected.discard(request.grant)
        assert set(access.grants.all()) == expected
        assert len(access.grants.all()) == len(expected)
        roles = {(name, account) for name in stage.sets for _, account in access.roles.accounts(name)}
        assert roles == {(grant.set_id, grant.account) for grant in expected}
        raise Undo

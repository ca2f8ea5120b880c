"""Whatever goes wrong on the way: a read is the truth or an error, a write is done once or said not to be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import ServiceError
from reconciler.model.change import Action
from reconciler.model.report import Status
from reconciler.sandbox import FaultKind, Sandbox
from tests.targets.centers import Ids, center, membership, person, step, submit, user
from tests.targets.centers import group as group_address
from tests.wire.clocks import SharedClock

# Two lies cannot be seen through: a page that is lost without a trace, and several operations that agree
# that something is not there.
_LIES = (FaultKind.LOSE_PAGE, FaultKind.NOT_FOUND)
_KINDS = [kind for kind in FaultKind if kind not in (*_LIES, FaultKind.LATENCY)]
_OPERATIONS = ("ListUsers", "ListGroups", "ListGroupMemberships", "ListGroupMembershipsForMember", "*")

faults = st.lists(
    st.tuples(
        st.sampled_from(_KINDS),
        st.sampled_from(_OPERATIONS),
        st.integers(1, 4),
        st.none() | st.integers(1, 3),
    ),
    max_size=4,
)
slowly = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module", params=["few users", "few groups"])
def filled(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    users, groups = (2, 12) if request.param == "few users" else (12, 2)
    with Sandbox(clock=SharedClock(100_000), latency=0, largest_page=10) as sandbox:
        for number in range(groups):
            sandbox.store.add_group(f"g{number}")
        for number in range(users):
            sandbox.store.add_user(f"u{number}")
            for group in {0, number % groups}:
                sandbox.store.add_member(f"g{group}", f"u{number}")
        yield sandbox


@slowly
@given(faults)
def test_a_read_is_the_whole_truth_or_an_error(
    filled: Sandbox, chosen: list[tuple[FaultKind, str, int, int | None]]
) -> None:
    filled.faults.clear()
    for kind, operation, nth, count in chosen:
        filled.faults.add(kind, f"identitystore.{operation}", nth=nth, count=count)

    try:
        live = center(filled).read()
    except ServiceError:
        return

    names = {identifier: one.attributes["user_name"] for identifier, one in live.users.items()}
    assert set(names.values()) == filled.store.users().keys()
    assert {
        live.groups[group].attributes["display_name"]: {names[each] for each in members}
        for group, members in live.members.items()
    } == filled.store.memberships()


_WRITES = (
    "CreateUser",
    "CreateGroupMembership",
    "DeleteGroupMembership",
    "UpdateUser",
    "Get*",
    "Describe*",
    "*",
)
_HARMLESS_TO_LISTS = [
    kind for kind in _KINDS if kind.value not in ("repeat-page", "loop", "empty-page", "short-page")
]


@pytest.fixture(scope="module")
def empty() -> Iterator[Sandbox]:
    with Sandbox(clock=SharedClock(100_000), latency=0) as sandbox:
        sandbox.store.add_group("team")
        yield sandbox


@slowly
@given(
    st.lists(
        st.tuples(
            st.sampled_from(_HARMLESS_TO_LISTS),
            st.sampled_from(_WRITES),
            st.integers(1, 3),
            st.integers(1, 3),
        ),
        max_size=4,
    )
)
def test_done_means_done_and_what_is_not_done_is_never_called_done(
    empty: Sandbox, chosen: list[tuple[FaultKind, str, int, int]]
) -> None:
    empty.faults.clear()
    if "ada" in empty.store.users():
        empty.store.remove_user("ada")
    target = center(empty)
    target.identity()
    ids: Ids = {group_address("team"): empty.store.groups()["team"]["GroupId"]}
    for kind, operation, nth, count in chosen:
        empty.faults.add(kind, f"identitystore.{operation}", nth=nth, count=count)

    done = (Status.DONE, Status.UNNECESSARY)
    made = submit(target, step(user("ada"), Action.CREATE, person("ada", email="ada@example.com")), ids)
    if made.status in done:
        assert made.remote_id == empty.store.users()["ada"]["UserId"]
    elif made.status is Status.FAILED:
        assert "ada" not in empty.store.users()
    if "ada" not in empty.store.users():
        return
    ids[user("ada")] = empty.store.users()["ada"]["UserId"]

    # Done is as wished; failed is as it was, whether that happens to be as wished or not.
    joined = submit(target, step(membership("team", "ada"), Action.CREATE), ids)
    members = empty.store.members("team")
    if joined.status is not Status.UNKNOWN:
        assert members == ({"ada"} if joined.status in done else frozenset())
    title = empty.store.users()["ada"].get("Title")
    changed = submit(target, step(user("ada"), Action.UPDATE, {"email": "a@example.com", "title": "T"}), ids)
    if changed.status is not Status.UNKNOWN:
        assert empty.store.users()["ada"].get("Title") == ("T" if changed.status in done else title)
    left = submit(target, step(membership("team", "ada"), Action.DELETE), ids)
    if left.status is not Status.UNKNOWN:
        assert empty.store.members("team") == (frozenset() if left.status in done else members)

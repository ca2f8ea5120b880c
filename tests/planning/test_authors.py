"""Whose hand a drift was: an id that an event only mentions blames nobody, and no name hides a change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.authorship import Author, Channel, Event
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.drift import Difference, TargetDrift
from reconciler.planning.authors import attributed, with_own_authors
from reconciler.targets.identity_center.trail import session_of

RIGHT = datetime(2026, 11, 29, 8, tzinfo=UTC)
NOW = RIGHT + timedelta(days=2)
STORE = "d-1234567890"
ADA, BOB = Address.of("aws", Kind.USER, "ada"), Address.of("aws", Kind.USER, "bob")
MEMBER = Address.of("aws", Kind.MEMBERSHIP, "ops", "ada")


def event(
    name: str, who: str, hours: float, asked: Mapping[str, Any], answered: Mapping[str, Any] | None = None
) -> Event:
    at = RIGHT + timedelta(hours=hours)
    return Event(f"{name}-{hours}", name, at, who, Channel.API, json.dumps(asked), json.dumps(answered or {}))


def difference(address: Address, action: Action, *ids: str, right_at: datetime | None = RIGHT) -> Difference:
    change = Change(address, action, Effect.NEUTRAL, Cause.DRIFT, "before", "after")
    return Difference(change, right_at=right_at, ids=tuple((each,) for each in ids))


def who(one: Difference, *events: Event) -> str:
    (found,) = attributed(TargetDrift("aws", (one,)), events, NOW).differences
    return found.author.who if found.author else ""


def test_a_value_of_another_user_blames_nobody() -> None:
    edit = event("UpdateUser", "mallory", 5, {"userId": "id-ada"})
    manager = {"attributePath": "enterprise.manager", "attributeValue": [{"value": "id-ada"}]}
    other = event("UpdateUser", "carol", 6, {"userId": "id-bob", "operations": [manager]})
    by_scim = event("PutUser", "dan", 7, {"id": "id-bob", "httpBody": {"manager": "id-ada"}})

    assert who(difference(ADA, Action.UPDATE, "id-ada"), edit, other, by_scim) == "mallory"
    assert who(difference(ADA, Action.UPDATE, "id-ada"), other, by_scim) == ""


def test_a_new_user_is_made_by_the_event_that_answers_with_its_id() -> None:
    made = event("CreateUser", "mallory", 5, {"userName": "HIDDEN"}, {"userId": "id-ada"})
    later = event("CreateUser", "carol", 6, {"managers": [{"value": "id-ada"}]}, {"userId": "id-bob"})

    assert who(difference(ADA, Action.DELETE, "id-ada"), made, later) == "mallory"


def test_a_deletion_of_another_membership_blames_nobody() -> None:
    made = event(
        "CreateGroupMembership",
        "carol",
        -9,
        {"identityStoreId": STORE, "groupId": "id-ops", "memberId": {"userId": "id-ada"}},
        {"identityStoreId": STORE, "membershipId": "m-1"},
    )
    other = event("DeleteGroupMembership", "dan", 6, {"identityStoreId": STORE, "membershipId": "m-2"})
    real = event("DeleteGroupMembership", "mallory", 5, {"identityStoreId": STORE, "membershipId": "m-1"})
    gone = difference(MEMBER, Action.CREATE, "id-ops", "id-ada")

    assert who(gone, made, other) == ""
    assert who(gone, made, other, real) == "mallory"


@pytest.mark.parametrize(("hours", "right_at"), [(5, RIGHT), (-5, None)])
def test_a_session_that_only_claims_to_be_ours_hides_no_change(
    hours: float, right_at: datetime | None
) -> None:
    edit = event("UpdateUser", "reconciler-1 of the role Admin", hours, {"userId": "id-ada"})
    one = difference(ADA, Action.UPDATE, "id-ada", right_at=right_at)

    assert who(one, edit) == "reconciler-1 of the role Admin"
    author = Author("reconciler-1 of the role Admin", RIGHT + timedelta(hours=hours))
    (found,) = with_own_authors(TargetDrift("aws", (one,)), {ADA: author}).differences
    assert found.author == author


def test_the_apply_that_set_it_right_is_not_blamed() -> None:
    apply = event("UpdateUser", "reconciler-1 of the role Apply", 0.2, {"userId": "id-ada"})
    one = difference(ADA, Action.UPDATE, "id-ada")

    assert who(one, apply) == ""
    author = Author("reconciler-1 of the role Apply", RIGHT + timedelta(minutes=9))
    (found,) = with_own_authors(TargetDrift("aws", (one,)), {ADA: author}).differences
    assert found.author is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("assumed-role/Admin/mallory", "mallory"),
        ("assumed-role/Admin/reconciler-1", "reconciler-1 of the role Admin"),
        ("assumed-role/AWSReservedSSO_Admin_0123456789abcdef/reconciler-eve", "user reconciler-eve"),
    ],
)
def test_what_claims_to_be_ours_is_told_with_its_role(path: str, name: str) -> None:
    found = session_of(f"arn:aws:sts::111111111111:{path}")

    assert found == name
    assert Author(found).own is found.startswith("reconciler-")

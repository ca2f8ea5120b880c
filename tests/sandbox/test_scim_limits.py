"""Rates of the SCIM endpoint, and errors as AWS was recorded to word them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.faulty_replies import Reply
from reconciler.sandbox.scim import app
from reconciler.sandbox.scim.call import Call
from reconciler.sandbox.scim.groups import create_group
from tests.sandbox.scim import ERROR, NOBODY, Scim, members, patch, person, put


class StillClock(SandboxClock):
    """Both times stand until they are pushed."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1_800_000_000.0

    def now(self) -> float:
        return self.at

    def elapsed(self) -> float:
        return self.at


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def limited(clock: StillClock) -> Iterator[Sandbox]:
    """A sandbox that throttles, by a clock that stands."""
    with Sandbox(latency=0, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def scim(limited: Sandbox) -> Scim:
    return Scim(limited)


def admitted(scim: Scim, method: str, path: str, calls: int, body: object = None) -> int:
    """How many of so many calls are not throttled; the others must say that they are."""
    answers = [scim(method, path, body) for _ in range(calls)]
    late = [answer for answer in answers if answer.status == 429]
    assert all(answer.body["status"] == "429" for answer in late)
    return calls - len(late)


def test_each_reading_operation_has_forty_a_second(scim: Scim, clock: StillClock) -> None:
    assert admitted(scim, "GET", "Users", 50) == 40
    assert admitted(scim, "GET", "Groups", 50) == 40
    assert admitted(scim, "GET", f"Users/{NOBODY}", 50) == 40
    assert admitted(scim, "GET", "ServiceProviderConfig", 50) == 40
    clock.at += 0.5
    assert admitted(scim, "GET", "Users", 50) == 20


def test_each_writing_operation_has_twenty_five_a_second(scim: Scim, clock: StillClock) -> None:
    assert admitted(scim, "DELETE", f"Users/{NOBODY}", 30) == 25
    assert admitted(scim, "POST", "Groups", 30, {}) == 25
    clock.at += 0.4
    assert admitted(scim, "POST", "Groups", 30, {}) == 10


def test_a_throttled_write_does_nothing(limited: Sandbox, scim: Scim) -> None:
    admitted(scim, "POST", "Groups", 25, {})
    answer = scim("POST", "Groups", {"displayName": "Platform"})
    assert answer.status == 429
    # AWS documents none.
    assert "retry-after" not in answer.headers
    assert limited.store.groups() == {}
    assert [entry.code for entry in limited.requests][-1] == "ThrottlingException"


def test_every_change_of_a_membership_counts_and_a_large_request_is_paid_for_afterwards(
    limited: Sandbox, scim: Scim, clock: StillClock
) -> None:
    users = [limited.store.add_user(f"u{number}") for number in range(100)]
    group = limited.store.add_group("Platform")
    one = patch(members("remove", users[0]))
    scim.ok("PATCH", f"Groups/{group}", patch(members("add", *users)), status=204)
    # The bucket held 25, and owes 75: three seconds later it is empty, a quarter after that it holds 6.25.
    for wait, fit in ((0.0, 0), (3.0, 0), (0.25, 6)):
        clock.at += wait
        assert admitted(scim, "PATCH", f"Groups/{group}", 8, one) == fit
    assert len(limited.store.members("Platform")) == 99


def test_members_of_a_new_group_count_and_other_changes_do_not(
    limited: Sandbox, scim: Scim, clock: StillClock
) -> None:
    users = [limited.store.add_user(f"u{number}") for number in range(25)]
    body = {"displayName": "Platform", "members": [{"value": user} for user in users]}
    group = scim.ok("POST", "Groups", body, status=201)["id"]
    assert scim("POST", "Groups", {"displayName": "Other", "members": body["members"]}).status == 429
    assert set(limited.store.groups()) == {"Platform"}
    scim.ok("PATCH", f"Groups/{group}", patch(put("displayName", "New")), status=204)
    scim.add_group("Other")


def test_the_other_services_have_rates_of_their_own(limited: Sandbox, scim: Scim) -> None:
    assert admitted(scim, "GET", "Users", 60) == 40
    limited.store.add_user("ada")
    assert scim.found("Groups", 'displayName eq "x"') == []


def test_rates_can_be_replaced_and_speed_widens_them() -> None:
    rates = {"scim-read": 2.0, "scim-write": 1.0, "scim-membership": 1.0}
    with Sandbox(latency=0, rates=rates, clock=StillClock()) as sandbox:
        assert admitted(Scim(sandbox), "GET", "Users", 5) == 2
        assert admitted(Scim(sandbox), "POST", "Groups", 5, {}) == 1
    with Sandbox(latency=0, rates=rates, speed=1e9) as sandbox:
        assert admitted(Scim(sandbox), "GET", "Users", 5) == 5


def test_an_error_has_the_form_that_was_recorded(limited: Sandbox, scim: Scim) -> None:
    scim.add_group("Platform")
    answer = scim("POST", "Groups", {"displayName": "Platform"})
    assert answer.headers["content-type"] == "application/json"
    request = answer.headers["x-amzn-requestid"]
    assert str(UUID(request)) == request
    assert answer.body == {
        "schema": [ERROR],
        "schemas": [ERROR],
        "detail": "Refused to create a new, duplicate resource.",
        "status": "409",
        "exceptionRequestId": request,
        "timeStamp": "2027-01-15 08:00:00.000",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", answer.body["timeStamp"])


def test_every_answer_has_a_request_id_of_its_own(scim: Scim) -> None:
    found = {scim("GET", path).headers["x-amzn-requestid"] for path in ("Users", "Users", "Me", "Users/x")}
    assert len(found) == 4


def test_a_bug_of_the_sandbox_is_answered_and_keeps_nothing_half_done(
    limited: Sandbox, scim: Scim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(call: Call) -> Reply:
        create_group(call)
        raise KeyError("oops")

    monkeypatch.setattr(app, "HANDLERS", {"CreateGroup": broken})
    expected = scim.refused("POST", "Groups", {"displayName": "Platform"}, status=500)
    assert expected == "sandbox bug in scim.CreateGroup: KeyError('oops')"
    assert limited.store.groups() == {}


OTHERS = [("Users", person("bob")), ("Groups", {"displayName": "Other"})]


@pytest.mark.parametrize(("path", "body"), OTHERS, ids=["users", "groups"])
def test_the_quota_of_objects_holds_here_as_well(path: str, body: dict[str, Any]) -> None:
    with Sandbox(latency=0, throttling=False, max_users=1, max_groups=1) as sandbox:
        scim = Scim(sandbox)
        scim.add_user("ada")
        scim.add_group("Platform")
        assert f"1 {path.lower()} at most" in scim.refused("POST", path, body)

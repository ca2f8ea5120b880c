"""What goes wrong on request over SCIM, as a client sees it, and what it leaves in the store."""

from __future__ import annotations

import json
from http.client import HTTPException, IncompleteRead

import pytest

from reconciler.sandbox import FaultKind, Sandbox
from tests.sandbox.aws import Aws
from tests.sandbox.scim import NOBODY, Scim, person

REFUSED = [
    pytest.param(FaultKind.THROTTLE, 429, "ThrottlingException", id="throttled"),
    pytest.param(FaultKind.ERROR, 500, "InternalServerException", id="server error"),
    pytest.param(FaultKind.DENY, 403, "AccessDeniedException", id="denied"),
    pytest.param(FaultKind.EXPIRED, 401, "UnauthorizedException", id="expired"),
    pytest.param(FaultKind.CONFLICT, 409, "ConflictException", id="conflict"),
]


@pytest.mark.parametrize(("kind", "status", "code"), REFUSED)
def test_a_refusal_does_nothing_once_and_then_no_more(
    sandbox: Sandbox, scim: Scim, kind: FaultKind, status: int, code: str
) -> None:
    sandbox.faults.add(kind, "scim.CreateUser")
    scim.refused("POST", "Users", person("ada"), status=status)
    assert sandbox.store.users() == {}
    scim.add_user("ada")
    assert set(sandbox.store.users()) == {"ada"}
    first, second = sandbox.requests
    assert (first.label, first.status, first.code, first.fault) == ("scim.CreateUser", status, code, kind)
    assert (second.code, second.fault) == ("", "")


def test_what_was_just_made_can_be_not_there_yet(sandbox: Sandbox, scim: Scim) -> None:
    user = scim.add_user("ada")
    sandbox.faults.add(FaultKind.NOT_FOUND, "scim.*", count=None)
    scim.refused("GET", f"Users/{user}", status=404)
    # What an operation does not have is no fault there.
    scim.ok("GET", "Users")
    scim.add_user("bob")
    sandbox.faults.clear()
    sandbox.faults.add(FaultKind.CONFLICT, "scim.*")
    scim.ok("GET", f"Users/{user}")


@pytest.mark.parametrize(("kind", "status"), [(FaultKind.ERROR, 503), (FaultKind.DENY, 401)])
def test_the_status_of_a_refusal_can_be_chosen(
    sandbox: Sandbox, scim: Scim, kind: FaultKind, status: int
) -> None:
    sandbox.faults.add(kind, status=status)
    scim.refused("GET", "Users", status=status)


def test_a_throttled_answer_can_say_how_long_to_wait(sandbox: Sandbox, scim: Scim) -> None:
    sandbox.faults.add(FaultKind.THROTTLE, seconds=7)
    assert scim("GET", "Users").headers["retry-after"] == "7"


def test_a_wrong_token_stays_one_whatever_goes_wrong(sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.ERROR, "scim.*")
    assert Scim(sandbox, "wrong")("GET", "Users").status == 401


@pytest.mark.parametrize("reason", [None, "http://127.0.0.1:1/somewhere"])
def test_a_redirect_leads_to_another_host_and_nothing_is_done(
    sandbox: Sandbox, scim: Scim, reason: str | None
) -> None:
    sandbox.faults.add(FaultKind.REDIRECT, "scim.CreateUser", reason=reason)
    answer = scim("POST", "Users", person("ada"))
    assert (answer.status, answer.raw) == (302, b"")
    assert answer.headers["location"] == (reason or "https://elsewhere.invalid/scim/v2/")
    assert sandbox.store.users() == {}


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.ERROR_AFTER, FaultKind.HTML])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_lost_answer_leaves_the_work_done(
    sandbox: Sandbox, scim: Scim, kind: FaultKind, method: str
) -> None:
    user = sandbox.store.add_user("bob")
    sandbox.faults.add(kind, "scim.*User")
    path, body = ("Users", person("ada")) if method == "POST" else (f"Users/{user}", None)
    if kind is FaultKind.DROP_AFTER:
        with pytest.raises((HTTPException, OSError)):
            scim(method, path, body)
    else:
        answer = scim(method, path, body)
        assert answer.status == (500 if kind is FaultKind.ERROR_AFTER else 200)
        assert kind is FaultKind.ERROR_AFTER or answer.raw.startswith(b"<html>")
    assert set(sandbox.store.users()) == ({"ada", "bob"} if method == "POST" else set())


def test_a_connection_dropped_before_leaves_nothing_done(sandbox: Sandbox, scim: Scim) -> None:
    sandbox.faults.add(FaultKind.DROP_BEFORE, "scim.CreateUser")
    with pytest.raises((HTTPException, OSError)):
        scim("POST", "Users", person("ada"))
    assert sandbox.store.users() == {}


def test_an_answer_can_end_in_the_middle(sandbox: Sandbox, scim: Scim) -> None:
    sandbox.faults.add(FaultKind.CUT_OFF, "scim.CreateUser")
    with pytest.raises(IncompleteRead):
        scim("POST", "Users", person("ada"))
    assert set(sandbox.store.users()) == {"ada"}


@pytest.mark.parametrize("kind", [FaultKind.TRUNCATED, FaultKind.EMPTY, FaultKind.HTML, FaultKind.GARBAGE])
def test_an_answer_can_be_no_json(sandbox: Sandbox, scim: Scim, kind: FaultKind) -> None:
    sandbox.store.add_user("ada")
    sandbox.faults.add(kind)
    answer = scim("GET", "Users?cursor")
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|decode"):
        json.loads(answer.raw)
    assert len(scim.ok("GET", "Users?cursor")["Resources"]) == 1


def test_an_answer_can_be_json_of_something_else(sandbox: Sandbox, scim: Scim) -> None:
    sandbox.store.add_user("ada")
    sandbox.faults.add(FaultKind.MISSING_KEY)
    assert scim.ok("GET", "Users?cursor") == {}
    sandbox.faults.add(FaultKind.WRONG_TYPE)
    assert scim.ok("GET", "Users?cursor")["Resources"] == "unexpected"
    sandbox.faults.add(FaultKind.WRONG_SCHEMA)
    other = scim.ok("GET", "Users?cursor")
    assert not {"Resources", "id", "itemsPerPage"} & set(other)
    assert not str(other["schemas"]).startswith("['urn:ietf:params:scim")


SILENT = [kind for kind in FaultKind if kind.startswith(("cut", "trunc", "empty", "garb", "wrong", "miss"))]


@pytest.mark.parametrize("kind", SILENT)
def test_an_answer_without_a_body_has_none_to_spoil(sandbox: Sandbox, scim: Scim, kind: FaultKind) -> None:
    user = sandbox.store.add_user("ada")
    sandbox.faults.add(kind, "scim.DeleteUser")
    assert scim("DELETE", f"Users/{user}").status == 204
    assert sandbox.store.users() == {}


def test_what_is_refused_is_not_spoilt(sandbox: Sandbox, scim: Scim) -> None:
    for kind in (FaultKind.HTML, FaultKind.WRONG_SCHEMA, FaultKind.EMPTY):
        sandbox.faults.add(kind)
    scim.refused("GET", f"Users/{NOBODY}", status=404)


@pytest.mark.parametrize("kind", [FaultKind.REDIRECT, FaultKind.WRONG_SCHEMA])
def test_what_only_scim_has_is_no_fault_of_the_other_services(
    sandbox: Sandbox, aws: Aws, kind: FaultKind
) -> None:
    sandbox.store.add_user("ada")
    sandbox.faults.add(kind)
    assert [user["UserName"] for user in aws("list_users")["Users"]] == ["ada"]


WHOLE = [["u0", "u1", "u2"], ["u3", "u4", "u5"], ["u6", "u7", "u8"], ["u9"]]
SHORT = [["u0"], ["u1", "u2", "u3"], ["u4", "u5", "u6"], ["u7", "u8", "u9"]]


@pytest.mark.parametrize(
    ("kind", "nth", "pages"),
    [
        pytest.param(FaultKind.LOSE_PAGE, 2, [WHOLE[0], WHOLE[2], WHOLE[3]], id="the second page is lost"),
        pytest.param(FaultKind.LOSE_PAGE, 4, [*WHOLE[:3], []], id="the last page is lost"),
        pytest.param(FaultKind.REPEAT_PAGE, 2, [*WHOLE[:2], *WHOLE[1:]], id="the second page twice"),
        pytest.param(FaultKind.REPEAT_PAGE, 1, [WHOLE[0], *WHOLE], id="the first page twice"),
        pytest.param(FaultKind.EMPTY_PAGE, 2, [WHOLE[0], [], *WHOLE[1:]], id="an empty page between"),
        pytest.param(FaultKind.EMPTY_PAGE, 1, [[], *WHOLE], id="an empty page first"),
        pytest.param(FaultKind.SHORT_PAGE, 1, SHORT, id="a short page first"),
        pytest.param(FaultKind.LOOP, 2, [*WHOLE[:2], *WHOLE[1:]], id="a cursor given again"),
    ],
)
def test_pages_go_wrong_as_asked(
    sandbox: Sandbox, scim: Scim, kind: FaultKind, nth: int, pages: list[list[str]]
) -> None:
    for number in range(10):
        sandbox.store.add_user(f"u{number}")
    assert scim.pages("Users", count=3) == WHOLE
    sandbox.faults.add(kind, "scim.ListUsers", nth=nth)
    assert scim.pages("Users", count=3) == pages
    assert scim.pages("Users", count=3) == WHOLE

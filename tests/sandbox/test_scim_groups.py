"""Groups over SCIM: made, patched and deleted, and memberships, which no answer ever shows."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import SCIM_ISSUER, Sandbox
from tests.sandbox.scim import GROUP, NOBODY, UNPARSABLE, Scim, members, patch, put
from tests.sandbox.sso import ONE, Sso

DUPLICATE = "Refused to create a new, duplicate resource."


@pytest.fixture
def crowd(sandbox: Sandbox) -> list[str]:
    """101 users, which is one more than a request may change."""
    return [sandbox.store.add_user(f"u{number:03}") for number in range(101)]


def test_a_group_reads_back_as_it_was_created_but_for_its_members(
    sandbox: Sandbox, scim: Scim, crowd: list[str]
) -> None:
    body = {
        "schemas": [GROUP],
        "displayName": "Platform",
        "externalId": "g1",
        "members": [{"value": crowd[0], "type": "User"}, {"value": crowd[1]}],
    }
    made = scim.ok("POST", "Groups", body, status=201)
    assert "members" not in made
    assert scim.ok("GET", f"Groups/{made['id']}") == made | {"members": []}
    assert [group["members"] for group in scim.ok("GET", "Groups?cursor")["Resources"]] == [[]]
    assert {key: made[key] for key in ("schemas", "displayName", "externalId")} == {
        key: body[key] for key in ("schemas", "displayName", "externalId")
    }
    assert sandbox.store.members("Platform") == {"u000", "u001"}
    assert sandbox.store.groups()["Platform"]["ExternalIds"] == [{"Issuer": SCIM_ISSUER, "Id": "g1"}]


REFUSED = [
    pytest.param({}, id="no displayName"),
    pytest.param({"displayName": None}, id="displayName null"),
    pytest.param({"displayName": ""}, id="an empty displayName"),
    pytest.param({"displayName": 7}, id="a number"),
    pytest.param({"displayName": "x" * 1025}, id="a long displayName"),
    pytest.param({"displayName": "AWSAdministrators"}, id="a reserved name"),
    pytest.param({"displayName": "a", "externalId": ""}, id="an empty externalId"),
    pytest.param({"displayName": "a", "description": "b"}, id="a description"),
    pytest.param({"displayName": "a", "members": {"value": NOBODY}}, id="members as an object"),
    pytest.param({"displayName": "a", "members": [NOBODY]}, id="a member as text"),
    pytest.param({"displayName": "a", "members": [{"value": NOBODY, "display": "x"}]}, id="display"),
    pytest.param({"displayName": "a", "members": [{"value": NOBODY, "type": "Group"}]}, id="a nested group"),
]


@pytest.mark.parametrize("body", REFUSED)
def test_what_is_not_supported_makes_no_group(sandbox: Sandbox, scim: Scim, body: dict[str, Any]) -> None:
    scim.refused("POST", "Groups", body)
    assert sandbox.store.groups() == {}


def test_names_and_external_ids_are_unique(sandbox: Sandbox, scim: Scim) -> None:
    scim.add_group("Platform", externalId="g1")
    assert scim.refused("POST", "Groups", {"displayName": "PLATFORM"}, status=409) == DUPLICATE
    assert scim.refused("POST", "Groups", {"displayName": "a", "externalId": "g1"}, status=409) == DUPLICATE
    other = scim.add_group("Other")
    for operation in (put("displayName", "platform"), put("externalId", "g1")):
        assert scim.refused("PATCH", f"Groups/{other}", patch(operation), status=409) == DUPLICATE
    assert set(sandbox.store.groups()) == {"Platform", "Other"}


def test_a_group_is_made_with_a_hundred_members_and_not_with_one_more(
    sandbox: Sandbox, scim: Scim, crowd: list[str]
) -> None:
    named = [{"value": user} for user in crowd]
    body = {"displayName": "Platform", "members": named}
    assert scim.refused("POST", "Groups", body) == UNPARSABLE
    assert sandbox.store.groups() == {}
    scim.add_group("Platform", members=named[:100])
    assert len(sandbox.store.members("Platform")) == 100


def test_a_group_with_a_member_that_is_not_there_is_not_made(sandbox: Sandbox, scim: Scim) -> None:
    body = {"displayName": "Platform", "members": [{"value": NOBODY}]}
    scim.refused("POST", "Groups", body, status=404)
    assert sandbox.store.groups() == {}


def test_a_patch_answers_nothing(sandbox: Sandbox, scim: Scim) -> None:
    answer = scim("PATCH", f"Groups/{scim.add_group('Platform')}", patch(put("displayName", "Other")))
    assert (answer.status, answer.raw) == (204, b"")
    assert not {"content-length", "content-type"} & set(answer.headers)
    assert set(sandbox.store.groups()) == {"Other"}


def test_a_request_changes_a_hundred_memberships_and_not_one_more(
    sandbox: Sandbox, scim: Scim, crowd: list[str]
) -> None:
    group = scim.add_group("Platform")
    assert scim.refused("PATCH", f"Groups/{group}", patch(members("add", *crowd))) == UNPARSABLE
    assert sandbox.store.members("Platform") == frozenset()
    scim.ok("PATCH", f"Groups/{group}", patch(members("add", *crowd[:100])), status=204)
    # Counted over all operations of the request, removals as well.
    both = patch(members("remove", *crowd[:50]), members("add", *crowd[50:]))
    assert scim.refused("PATCH", f"Groups/{group}", both) == UNPARSABLE
    assert len(sandbox.store.members("Platform")) == 100
    scim.ok("PATCH", f"Groups/{group}", patch(members("remove", *crowd[:100])), status=204)
    assert sandbox.store.members("Platform") == frozenset()


def test_members_come_and_go_by_id(sandbox: Sandbox, scim: Scim, crowd: list[str]) -> None:
    group = scim.add_group("Platform", members=[{"value": crowd[0]}, {"value": crowd[1]}])
    scim.ok(
        "PATCH", f"Groups/{group}", patch(members("add", crowd[2]), members("remove", crowd[0])), status=204
    )
    assert sandbox.store.members("Platform") == {"u001", "u002"}
    # What is so already is no error, and changes nothing.
    again = patch(members("add", crowd[2]), members("remove", crowd[0]), members("remove", NOBODY))
    scim.ok("PATCH", f"Groups/{group}", again, status=204)
    assert sandbox.store.members("Platform") == {"u001", "u002"}
    scim.ok(
        "PATCH",
        f"Groups/{group}",
        patch({"op": "add", "value": {"members": [{"value": crowd[3]}]}}),
        status=204,
    )
    assert sandbox.store.members("Platform") == {"u001", "u002", "u003"}


def test_name_and_external_id_change_in_one_request(sandbox: Sandbox, scim: Scim) -> None:
    group = scim.add_group("Platform", externalId="g1")
    sandbox.store.set_group("Platform", "description", "kept")
    both = patch(put("displayName", "Other"), put("externalId", "g2"))
    scim.ok("PATCH", f"Groups/{group}", both, status=204)
    found = sandbox.store.groups()["Other"]
    assert (found["ExternalIds"], found["Description"]) == ([{"Issuer": SCIM_ISSUER, "Id": "g2"}], "kept")
    scim.ok("PATCH", f"Groups/{group}", patch({"op": "remove", "path": "externalId"}), status=204)
    assert sandbox.store.groups()["Other"]["ExternalIds"] == []


ONE_MEMBER = [{"value": NOBODY}]
NOT_PATCHED = [
    pytest.param([{"op": "remove", "path": "members"}], id="all members removed"),
    pytest.param([{"op": "remove", "path": "members", "value": []}], id="nobody removed"),
    pytest.param([put("members", ONE_MEMBER)], id="all members replaced"),
    pytest.param([put("members", [])], id="all members replaced by nobody"),
    pytest.param([{"op": "replace", "value": {"members": ONE_MEMBER}}], id="replaced without a path"),
    # What RFC 7644 says; whether AWS takes it is not documented, and no client may rely on it.
    pytest.param([{"op": "remove", "path": f'members[value eq "{NOBODY}"]'}], id="a member by filter"),
    pytest.param([{"op": "remove", "path": "displayName"}], id="the name removed"),
    pytest.param([put("displayName", "")], id="an empty name"),
    pytest.param([put("displayName", 7)], id="a number for a name"),
    pytest.param([put("description", "x")], id="a description"),
    pytest.param([put("id", "x")], id="an id"),
    pytest.param([{"op": "add", "path": "members", "value": {"value": NOBODY}}], id="one object"),
    pytest.param([{"op": "add", "path": "members", "value": [NOBODY]}], id="ids without objects"),
    pytest.param(
        [{"op": "add", "path": "members", "value": [{"value": NOBODY, "display": "x"}]}], id="display"
    ),
    pytest.param([{"op": "replace", "value": {"displayName": "x", "id": "y"}}], id="two without a path"),
    pytest.param([put("displayName", "Changed"), put("description", "x")], id="a good one before a bad one"),
]


@pytest.mark.parametrize("operations", NOT_PATCHED)
def test_a_request_that_breaks_a_rule_does_nothing(
    sandbox: Sandbox, scim: Scim, operations: list[dict[str, Any]]
) -> None:
    group = scim.add_group("Platform", members=[{"value": sandbox.store.add_user("ada")}])
    before = (sandbox.store.groups(), sandbox.store.memberships())
    scim.refused("PATCH", f"Groups/{group}", patch(*operations))
    assert (sandbox.store.groups(), sandbox.store.memberships()) == before


def test_a_member_that_is_not_there_undoes_the_others(sandbox: Sandbox, scim: Scim) -> None:
    group, user = scim.add_group("Platform"), scim.add_user("ada")
    both = patch(members("add", user, NOBODY), put("displayName", "Other"))
    scim.refused("PATCH", f"Groups/{group}", both, status=404)
    assert sandbox.store.memberships() == {"Platform": frozenset()}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_group_that_is_not_there_is_not_found(scim: Scim, method: str) -> None:
    body = patch(put("displayName", "x")) if method == "PATCH" else None
    scim.refused(method, f"Groups/{NOBODY}", body, status=404)


def test_a_deleted_group_takes_its_memberships_and_leaves_its_assignments(sso: Sso) -> None:
    scim, store = Scim(sso.sandbox), sso.sandbox.store
    group = scim.add_group("Other", members=[{"value": sso.user}])
    arn = sso.make()
    store.put_assignment(ONE, "Admin", group="Other")
    scim.ok("DELETE", f"Groups/{group}", status=204)
    assert set(store.groups()) == {"Platform"}
    assert set(store.users()) == {"ada"}
    assert sso.rows(arn) == [("GROUP", group)]
    scim.refused("DELETE", f"Groups/{group}", status=404)

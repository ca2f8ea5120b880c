"""Users over SCIM, made, read, replaced and deleted: every documented rule, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import SCIM_ISSUER, Sandbox
from tests.sandbox.scim import ENTERPRISE, NOBODY, UNPARSABLE, USER, Scim, person
from tests.sandbox.sso import ONE, Sso

MAIL = {"value": "ada@example.com", "type": "work", "primary": True}
ADDRESS = {
    "streetAddress": "1 Main Street",
    "locality": "Town",
    "region": "R",
    "postalCode": "12345",
    "country": "UK",
    "formatted": "1 Main Street, Town",
    "type": "work",
    "primary": True,
}
FULL: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "guid-1",
    "userName": "ada@example.com",
    "displayName": "Ada Lovelace",
    "name": {
        "givenName": "Ada",
        "familyName": "Lovelace",
        "middleName": "K",
        "formatted": "Ada K Lovelace",
        "honorificPrefix": "Lady",
        "honorificSuffix": "I",
    },
    "nickName": "ada",
    "profileUrl": "https://example.com/ada",
    "title": "Countess",
    "userType": "Employee",
    "preferredLanguage": "en-GB",
    "locale": "en-GB",
    "timezone": "Europe/London",
    "active": True,
    "emails": [MAIL],
    "phoneNumbers": [{"value": "+44 1", "type": "work"}],
    "addresses": [ADDRESS],
    "roles": [{"value": "analyst"}],
    ENTERPRISE: {
        "employeeNumber": "7",
        "costCenter": "c",
        "organization": "o",
        "division": "d",
        "department": "e",
        "manager": {"value": "m"},
    },
}
# What a client sends is what it reads back, with these beside.
GIVEN = ("id", "meta")


def plain(user: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in user.items() if key not in GIVEN}


def test_a_user_reads_back_as_it_was_created(scim: Scim) -> None:
    made = scim.ok("POST", "Users", FULL, status=201)
    assert plain(made) == FULL
    assert scim.user(made["id"]) == made
    assert made["meta"]["resourceType"] == "User"
    assert "version" not in made["meta"]
    assert "groups" not in made


def test_a_user_is_active_where_nothing_is_said(sandbox: Sandbox, scim: Scim) -> None:
    assert scim.user(scim.add_user("ada"))["active"] is True
    assert scim.user(scim.add_user("bob", active=False))["active"] is False
    assert {name: user["UserStatus"] for name, user in sandbox.store.users().items()} == {
        "ada": "ENABLED",
        "bob": "DISABLED",
    }


def test_null_and_an_empty_list_are_as_good_as_nothing(sandbox: Sandbox, scim: Scim) -> None:
    scim.add_user("ada", title=None, emails=[], phoneNumbers=None, externalId=None)
    assert not {"Title", "Emails", "PhoneNumbers"} & set(sandbox.store.users()["ada"])


WITHOUT = [
    ("userName", {key: value for key, value in person("ada").items() if key != "userName"}),
    ("displayName", {key: value for key, value in person("ada").items() if key != "displayName"}),
    ("name", {key: value for key, value in person("ada").items() if key != "name"}),
    ("givenName", person("ada", name={"familyName": "L"})),
    ("familyName", person("ada", name={"givenName": "A"})),
]


@pytest.mark.parametrize(("name", "body"), WITHOUT, ids=[name for name, _ in WITHOUT])
def test_four_attributes_are_required_to_create_and_to_replace(
    sandbox: Sandbox, scim: Scim, name: str, body: dict[str, Any]
) -> None:
    expected = scim.refused("POST", "Users", body).lower()
    assert name.lower() in expected
    assert "required" in expected
    assert sandbox.store.users() == {}
    user = scim.add_user("ada", title="Countess")
    scim.refused("PUT", f"Users/{user}", body)
    assert scim.user(user)["title"] == "Countess"


REFUSED = [
    pytest.param({"emails": [MAIL, {"value": "b@example.com", "primary": True}]}, id="two e-mail addresses"),
    pytest.param({"emails": [{"value": "a@example.com"}]}, id="an e-mail address that is not primary"),
    pytest.param({"emails": [{"value": "a@example.com", "primary": "true"}]}, id="primary as text"),
    pytest.param({"emails": [MAIL | {"display": "Ada"}]}, id="display"),
    pytest.param({"emails": ["a@example.com"]}, id="an e-mail address as text"),
    pytest.param({"emails": [{"primary": True}]}, id="an e-mail address without a value"),
    pytest.param({"phoneNumbers": [{"value": "1"}, {"value": "2"}]}, id="two telephone numbers"),
    pytest.param({"addresses": [ADDRESS, ADDRESS | {"type": "home"}]}, id="two addresses"),
    pytest.param({"roles": [{"value": "a"}, {"value": "b"}]}, id="two roles"),
    pytest.param({"groups": [{"value": "g"}]}, id="groups"),
    pytest.param({"password": "p"}, id="password"),
    pytest.param({"ims": [{"value": "p"}]}, id="ims"),
    pytest.param({"photos": [{"value": "p"}]}, id="photos"),
    pytest.param({"x509Certificates": [{"value": "p"}]}, id="certificates"),
    pytest.param({"entitlements": [{"value": "p"}]}, id="entitlements"),
    pytest.param({"shoeSize": "8"}, id="an attribute that there is not"),
    pytest.param({"meta": {"version": "1"}}, id="meta.version"),
    pytest.param({ENTERPRISE: {"manager": {"value": "m", "displayName": "M"}}}, id="a manager's name"),
    pytest.param({ENTERPRISE: {"shoeSize": "8"}}, id="an enterprise attribute that there is not"),
    pytest.param({"schemas": ["urn:other"]}, id="a schema that there is not"),
    pytest.param({"title": ""}, id="an empty string"),
    pytest.param({"externalId": ""}, id="an empty externalId"),
    pytest.param({"externalId": "a b"}, id="white space in externalId"),
    pytest.param({"externalId": "x" * 257}, id="a long externalId"),
    pytest.param({"userName": "a b"}, id="white space in userName"),
    pytest.param({"userName": "x" * 129}, id="a long userName"),
    pytest.param({"userName": "Administrator"}, id="a reserved name"),
    pytest.param({"displayName": "x" * 1025}, id="a long name"),
    pytest.param({"title": 7}, id="a number"),
    pytest.param({"active": "true"}, id="active as text"),
]


@pytest.mark.parametrize("more", REFUSED)
def test_what_is_not_supported_fails_the_whole_request(
    sandbox: Sandbox, scim: Scim, more: dict[str, Any]
) -> None:
    body = {**person("ada"), **more}
    scim.refused("POST", "Users", body)
    assert sandbox.store.users() == {}
    user = scim.add_user("bob", title="before")
    scim.refused("PUT", f"Users/{user}", body)
    assert set(sandbox.store.users()) == {"bob"}
    assert scim.user(user)["title"] == "before"


@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "addresses", "roles"])
def test_a_second_value_is_named_in_the_refusal(scim: Scim, name: str) -> None:
    two = {name: [FULL[name][0], {**FULL[name][0], "type": "home"}]}
    expected = scim.refused("POST", "Users", person("ada", **two))
    assert expected == f"List attribute {name} exceeds allowed limit of 1"


@pytest.mark.parametrize("title", ["a\x07b", "a\u200bb"])
def test_a_stray_control_character_gets_the_error_that_says_nothing(scim: Scim, title: str) -> None:
    assert scim.refused("POST", "Users", person("ada", title=title)) == UNPARSABLE


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"userName": "\\ud800"}', b"[" * 99_999]
)
def test_what_is_no_object_of_json_is_unparsable(scim: Scim, body: bytes) -> None:
    assert scim.refused("POST", "Users", body) == UNPARSABLE


TAKEN: list[dict[str, Any]] = [
    {"userName": "ADA"},
    {"externalId": "x1"},
    {"emails": [MAIL | {"value": "ADA@example.com"}]},
]


@pytest.mark.parametrize("same", TAKEN, ids=["userName", "externalId", "emails"])
def test_names_external_ids_and_addresses_are_unique(
    sandbox: Sandbox, scim: Scim, same: dict[str, Any]
) -> None:
    scim.add_user("ada", externalId="x1", emails=[MAIL])
    other = {**person("bob"), **same}
    assert scim.refused("POST", "Users", other, status=409) == "Refused to create a new, duplicate resource."
    assert set(sandbox.store.users()) == {"ada"}
    bob = scim.add_user("bob")
    scim.refused("PUT", f"Users/{bob}", other, status=409)
    assert scim.user(bob)["userName"] == "bob"


def test_a_replaced_user_loses_what_was_left_out(sandbox: Sandbox, scim: Scim) -> None:
    user = scim.ok("POST", "Users", FULL | {"active": False}, status=201)["id"]
    answer = scim.ok("PUT", f"Users/{user}", person("new"))
    assert plain(answer) == person("new", active=True, schemas=[USER, ENTERPRISE])
    assert scim.user(user) == answer
    assert sandbox.store.users()["new"]["ExternalIds"] == []


def test_a_user_can_be_put_back_as_it_was_read(scim: Scim) -> None:
    made = scim.ok("POST", "Users", FULL, status=201)
    answer = scim.ok("PUT", f"Users/{made['id']}", made)
    assert plain(answer) == plain(made)
    scim.refused("PUT", f"Users/{made['id']}", made | {"id": NOBODY})


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_user_that_is_not_there_is_not_found(scim: Scim, method: str) -> None:
    body = person("ada") if method in {"PUT", "PATCH"} else None
    scim.refused(method, f"Users/{NOBODY}", body, status=404)


def test_a_deleted_user_leaves_its_groups_and_leaves_its_assignments_behind(sso: Sso) -> None:
    scim, store = Scim(sso.sandbox), sso.sandbox.store
    user = scim.add_user("bob")
    store.add_member("Platform", "bob")
    arn = sso.make()
    store.put_assignment(ONE, "Admin", user="bob")
    assert scim("DELETE", f"Users/{user}").raw == b""
    assert "bob" not in store.users()
    assert store.members("Platform") == frozenset()
    assert ("USER", user) in sso.rows(arn)
    scim.refused("DELETE", f"Users/{user}", status=404)


def test_a_deactivated_user_keeps_groups_and_assignments(sso: Sso) -> None:
    scim, store = Scim(sso.sandbox), sso.sandbox.store
    user = scim.add_user("bob", externalId="x")
    store.add_member("Platform", "bob")
    arn = sso.make()
    store.put_assignment(ONE, "Admin", user="bob")
    scim.ok("PUT", f"Users/{user}", person("bob", active=False, externalId="x"))
    assert store.users()["bob"]["UserStatus"] == "DISABLED"
    assert store.users()["bob"]["ExternalIds"] == [{"Issuer": SCIM_ISSUER, "Id": "x"}]
    assert store.members("Platform") == {"bob"}
    assert ("USER", user) in sso.rows(arn)

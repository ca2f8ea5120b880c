"""PATCH of users: what can be modified, in which forms, and that a request does all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import SCIM_ISSUER, Sandbox
from tests.sandbox.aws import Aws
from tests.sandbox.scim import ENTERPRISE, PATCH, UNPARSABLE, Scim, patch, put
from tests.sandbox.test_scim_users import ADDRESS, FULL, GIVEN, MAIL, plain

PHONE = {"value": "+44 1", "type": "work"}


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


@pytest.fixture
def full(scim: Scim) -> str:
    """A user with everything that there is."""
    identifier: str = scim.ok("POST", "Users", FULL, status=201)["id"]
    return identifier


def after(scim: Scim, user: str, *operations: Any) -> dict[str, Any]:
    """The user that a PATCH answers with, which must be the one that is read afterwards."""
    answer: dict[str, Any] = scim.ok("PATCH", f"Users/{user}", patch(*operations))
    assert scim.user(user) == answer
    return plain(answer)


TEXTS = [
    "userName", "displayName", "externalId", "nickName", "profileUrl", "title", "userType",
    "preferredLanguage", "locale", "timezone",
]  # fmt: skip


@pytest.mark.parametrize("make", [add, put], ids=["add", "replace"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_set(scim: Scim, full: str, name: str, make: Any) -> None:
    assert after(scim, full, make(name, "other")) == FULL | {name: "other"}


@pytest.mark.parametrize("name", [*TEXTS[2:], "emails", "addresses", "phoneNumbers", ENTERPRISE])
def test_what_is_not_required_can_be_removed(scim: Scim, full: str, name: str) -> None:
    rest = {key: value for key, value in FULL.items() if key != name}
    assert after(scim, full, remove(name)) == rest
    # And again, where nothing is left to remove.
    assert after(scim, full, remove(name)) == rest


@pytest.mark.parametrize("name", ["userName", "active", "displayName", "name", "name.givenName"])
def test_what_is_required_cannot_be_removed(scim: Scim, full: str, name: str) -> None:
    scim.refused("PATCH", f"Users/{full}", patch(remove(name)))
    assert plain(scim.user(full)) == FULL


def test_active_is_the_status_in_the_store(sandbox: Sandbox, scim: Scim, full: str) -> None:
    name = FULL["userName"]
    assert after(scim, full, put("active", False)) == FULL | {"active": False}
    assert sandbox.store.users()[name]["UserStatus"] == "DISABLED"
    after(scim, full, put("active", True))
    assert sandbox.store.users()[name]["UserStatus"] == "ENABLED"


PARTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (put("name.givenName", "A"), {"name": FULL["name"] | {"givenName": "A"}}),
    (put("name", {"givenName": "A"}), {"name": FULL["name"] | {"givenName": "A"}}),
    (
        remove("name.middleName"),
        {"name": {key: value for key, value in FULL["name"].items() if key != "middleName"}},
    ),
    (put(f"{ENTERPRISE}:department", "x"), {ENTERPRISE: FULL[ENTERPRISE] | {"department": "x"}}),
    (put(f"{ENTERPRISE}:manager.value", "x"), {ENTERPRISE: FULL[ENTERPRISE] | {"manager": {"value": "x"}}}),
    (
        remove(f"{ENTERPRISE}:manager.value"),
        {ENTERPRISE: {key: value for key, value in FULL[ENTERPRISE].items() if key != "manager"}},
    ),
    (put(ENTERPRISE, {"division": "x"}), {ENTERPRISE: FULL[ENTERPRISE] | {"division": "x"}}),
    (put("emails", [MAIL | {"value": "b@example.com"}]), {"emails": [MAIL | {"value": "b@example.com"}]}),
    (
        put('emails[type eq "work"].value', "b@example.com"),
        {"emails": [MAIL | {"value": "b@example.com"}]},
    ),
    (
        put("emails[primary eq true]", {"value": "b@example.com", "primary": True}),
        {"emails": [{"value": "b@example.com", "primary": True}]},
    ),
    (add('emails[type eq "work"]', {"value": "b@x"}), {"emails": [MAIL | {"value": "b@x"}]}),
    (add("emails", [MAIL]), {}),
    (remove('phoneNumbers[type eq "work"].type'), {"phoneNumbers": [{"value": "+44 1"}]}),
    (put('addresses[type eq "work"].locality', "T"), {"addresses": [ADDRESS | {"locality": "T"}]}),
    ({"op": "replace", "value": {"title": "x"}}, {"title": "x"}),
    ({"op": "add", "value": {"active": False}}, {"active": False}),
]


@pytest.mark.parametrize(("operation", "changed"), PARTS)
def test_a_part_is_changed_and_the_rest_stays(
    scim: Scim, full: str, operation: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert after(scim, full, operation) == FULL | changed


def test_a_filter_can_remove_the_only_value(scim: Scim, full: str) -> None:
    rest = {key: value for key, value in FULL.items() if key != "phoneNumbers"}
    assert after(scim, full, remove('phoneNumbers[type eq "work"]')) == rest


def test_what_was_not_there_is_added(scim: Scim) -> None:
    user = scim.add_user("ada")
    answer = after(
        scim, user, add("emails", [MAIL]), add("phoneNumbers", [PHONE]), put(f"{ENTERPRISE}:division", "d"),
        put("externalId", "x"),
    )  # fmt: skip
    assert (answer["emails"], answer["phoneNumbers"]) == ([MAIL], [PHONE])
    assert (answer[ENTERPRISE], answer["externalId"]) == ({"division": "d"}, "x")


REFUSED = [
    pytest.param([put("userName", "b"), put("userName", "c")], id="userName twice"),
    pytest.param([put("active", False), put("active", True)], id="active twice"),
    pytest.param([put("title", "")], id="an empty string"),
    pytest.param([put("active", "False")], id="active as text"),
    pytest.param([put("title", 7)], id="a number"),
    pytest.param([put("title", None)], id="replace without a value"),
    pytest.param([{"op": "add", "path": "title"}], id="add without a value"),
    pytest.param([{"op": "remove"}], id="remove without a path"),
    pytest.param([{"op": "Replace", "path": "title", "value": "x"}], id="an op in capitals"),
    pytest.param([{"path": "title", "value": "x"}], id="no op"),
    pytest.param([put("title", "x") | {"more": 1}], id="a member that there is not"),
    pytest.param([put("roles", [{"value": "x"}])], id="roles"),
    pytest.param([put("groups", [{"value": "x"}])], id="groups"),
    pytest.param([put("password", "x")], id="password"),
    pytest.param([put("id", "x")], id="id"),
    pytest.param([put("emails.value", "x")], id="a part of a list without a filter"),
    pytest.param([put('emails[type sw "work"].value', "x")], id="another operator"),
    pytest.param([put('emails[type eq "home"].value', "x")], id="a filter that selects nothing"),
    pytest.param([put("emails[primary eq false].primary", True)], id="a filter that selects nothing, again"),
    pytest.param([put('emails[type eq "work"].primary', False)], id="an address that is primary no more"),
    pytest.param([put('emails[type eq "work"].display', "x")], id="display"),
    pytest.param([add("emails", [MAIL | {"type": "home"}])], id="a second e-mail address"),
    pytest.param([put("emails", [MAIL, MAIL])], id="two e-mail addresses"),
    pytest.param([put("emails", MAIL)], id="an object for a list"),
    pytest.param([put("emails", [])], id="an empty list"),
    pytest.param([put("addresses", [{"country": "UK"}])], id="an incomplete address"),
    pytest.param([remove('addresses[type eq "work"].region')], id="an address that is complete no more"),
    pytest.param([put(f"{ENTERPRISE}:manager", "m")], id="a manager as text"),
    pytest.param([put(f"{ENTERPRISE}:manager.displayName", "M")], id="a manager's name"),
    pytest.param([put(f"{ENTERPRISE}:shoeSize", "8")], id="an enterprise attribute that there is not"),
    pytest.param([put("name.shoeSize", "8")], id="a part of the name that there is not"),
    pytest.param([put("title[", "x")], id="no path at all"),
    pytest.param([], id="no operations"),
]


@pytest.mark.parametrize("operations", REFUSED)
def test_a_request_that_breaks_a_rule_does_nothing(
    scim: Scim, full: str, operations: list[dict[str, Any]]
) -> None:
    scim.refused("PATCH", f"Users/{full}", patch(*operations))
    assert plain(scim.user(full)) == FULL


def test_one_bad_operation_undoes_the_good_ones_before_it(scim: Scim, full: str) -> None:
    scim.refused("PATCH", f"Users/{full}", patch(put("title", "x"), put("nickName", "")))
    scim.add_user("bob")
    scim.refused(
        "PATCH", f"Users/{full}", patch(put("externalId", "new"), put("userName", "BOB")), status=409
    )
    assert plain(scim.user(full)) == FULL


@pytest.mark.parametrize("value", [{"title": "x", "nickName": "y"}, {}, "x", ["title"]])
def test_the_path_may_be_left_out_for_one_attribute_only(scim: Scim, full: str, value: Any) -> None:
    assert scim.refused("PATCH", f"Users/{full}", patch({"op": "replace", "value": value})) == (
        'Current PATCH support allows omitting "path" attribute only for Add and Replace operations'
        " modifying a single attribute."
    )


@pytest.mark.parametrize("name", ["userName", "active"])
def test_an_attribute_without_a_path_counts_as_well(scim: Scim, full: str, name: str) -> None:
    value = {"userName": "b", "active": False}[name]
    expected = scim.refused(
        "PATCH", f"Users/{full}", patch(put(name, value), {"op": "add", "value": {name: value}})
    )
    assert expected == f"Only one operation on {name} is allowed in a request"


@pytest.mark.parametrize(
    "body",
    [
        {"Operations": [put("title", "x")]},
        {"schemas": [PATCH]},
        {"schemas": [PATCH], "operations": [put("title", "x")]},
        {"schemas": [PATCH], "Operations": ["x"]},
        {"schemas": [PATCH], "Operations": put("title", "x")},
        {"schemas": ["urn:other"], "Operations": [put("title", "x")]},
    ],
)
def test_a_request_is_a_patch_or_nothing(scim: Scim, full: str, body: Any) -> None:
    assert scim.refused("PATCH", f"Users/{full}", body) in {UNPARSABLE, f"schemas must be {PATCH}"}
    assert plain(scim.user(full)) == FULL


def test_names_and_addresses_stay_unique(scim: Scim, full: str) -> None:
    bob = scim.add_user("bob")
    for operation in (put("userName", "ADA@example.com"), put("externalId", "guid-1"), put("emails", [MAIL])):
        expected = scim.refused("PATCH", f"Users/{bob}", patch(operation), status=409)
        assert expected == "Refused to create a new, duplicate resource."
    assert set(plain(scim.user(bob))) == {"schemas", "userName", "displayName", "name", "active"}


def test_a_patch_leaves_what_scim_cannot_see_as_it_was(sandbox: Sandbox, scim: Scim, aws: Aws) -> None:
    # An address that nobody could write over SCIM, and attributes that SCIM does not have.
    user = aws.add_user(
        "ada", Emails=[{"Value": "a@example.com"}], Addresses=[{"Country": "UK"}], Website="https://a.example"
    )
    sandbox.store.set_user_external_id("ada", "other", issuer="https://idp.example.com")
    before = dict(sandbox.store.users()["ada"])
    assert not set(scim.user(user)) & {"website", "externalId", *GIVEN[2:]}
    after(scim, user, put("title", "Countess"), put("externalId", "x"))
    found = sandbox.store.users()["ada"]
    assert found["ExternalIds"] == [*before["ExternalIds"], {"Issuer": SCIM_ISSUER, "Id": "x"}]
    assert found == before | {"Title": "Countess", "ExternalIds": found["ExternalIds"]}

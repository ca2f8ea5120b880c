from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.resources import Value
from reconciler.model.scim import CORE_GROUP, CORE_USER, ENTERPRISE_USER
from reconciler.targets.scim import mapping, patching
from reconciler.targets.scim.profile import Profile, Removal
from reconciler.targets.scim.profile_list import profile

GENERIC, AWS, SLACK, ENTRA = profile("generic"), profile("aws"), profile("slack"), profile("entra")
GUEST = "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User"


def test_a_new_user_has_every_attribute_in_its_place_and_names_its_schemas() -> None:
    wished: dict[str, Value] = {
        "user_name": "ada",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "email": "ada@x",
        "role": "admin",
        "address": {"locality": "Bern", "region": ""},
        "photos": ("u1",),
        "department": "R",
        "manager": "m1",
        f"{GUEST}:type": "multi",
        "title": None,
        "nick_name": "",
    }
    assert patching.new_user(wished, GENERIC) == {
        "schemas": [CORE_USER, ENTERPRISE_USER, GUEST],
        "active": True,
        "userName": "ada",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@x", "type": "work", "primary": True}],
        "roles": [{"value": "admin", "primary": True}],
        "addresses": [{"locality": "Bern", "type": "work", "primary": True}],
        "photos": [{"value": "u1"}],
        ENTERPRISE_USER: {"department": "R", "manager": {"value": "m1"}},
        GUEST: {"type": "multi"},
    }


def test_a_manager_stands_where_the_service_keeps_it() -> None:
    assert patching.new_user({"manager": "U7"}, SLACK)[ENTERPRISE_USER] == {"manager": {"managerId": "U7"}}


def test_a_new_group_has_what_the_service_wants_beside() -> None:
    assert patching.new_group({"display_name": "ops", "external_id": "g"}, GENERIC) == {
        "schemas": [CORE_GROUP],
        "displayName": "ops",
        "externalId": "g",
    }
    urn = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:Group"
    assert patching.new_group({"display_name": "ops"}, ENTRA) == {
        "schemas": [CORE_GROUP, urn],
        urn: {"mailEnabled": False, "securityEnabled": True},
        "displayName": "ops",
    }


LIVE = {
    "userName": "ada",
    "emails": [
        {"value": "old@x", "type": "home", "primary": True, "display": "old@x"},
        {"value": "other@x", "type": "work"},
    ],
    "addresses": [{"locality": "Bern", "type": "home", "region": "BE", "extra": 1}],
    "photos": [{"value": "u1", "type": "photo"}],
}


@pytest.mark.parametrize(
    ("attributes", "before", "expected"),
    [
        ({"title": "Boss"}, {}, [{"op": "add", "path": "title", "value": "Boss"}]),
        ({"title": "Boss"}, {"title": "x"}, [{"op": "replace", "path": "title", "value": "Boss"}]),
        ({"title": None}, {"title": "x"}, [{"op": "remove", "path": "title"}]),
        ({"title": ""}, {"title": "x"}, [{"op": "remove", "path": "title"}]),
        ({"title": None}, {}, []),
        (
            {"given_name": "A"},
            {"given_name": "B"},
            [{"op": "replace", "path": "name.givenName", "value": "A"}],
        ),
        ({"active": False}, {"active": True}, [{"op": "replace", "path": "active", "value": False}]),
        (
            {"department": "R"},
            {"department": "S"},
            [{"op": "replace", "path": f"{ENTERPRISE_USER}:department", "value": "R"}],
        ),
        (
            {"manager": "m2"},
            {},
            [{"op": "add", "path": f"{ENTERPRISE_USER}:manager", "value": {"value": "m2"}}],
        ),
        (
            {"email": "new@x"},
            {"email": "old@x"},
            [
                {
                    "op": "replace",
                    "path": "emails",
                    "value": [
                        {"value": "new@x", "type": "home", "primary": True},
                        {"value": "other@x", "type": "work"},
                    ],
                }
            ],
        ),
        ({"email": "other@x"}, {"email": "old@x"}, []),
        (
            {"email": "new@x"},
            {},
            [
                {
                    "op": "replace",
                    "path": "emails",
                    "value": [
                        {"value": "old@x", "type": "home", "primary": True, "display": "old@x"},
                        {"value": "other@x", "type": "work"},
                        {"value": "new@x", "type": "other"},
                    ],
                }
            ],
        ),
        (
            {"email": None},
            {"email": "old@x"},
            [{"op": "replace", "path": "emails", "value": [{"value": "other@x", "type": "work"}]}],
        ),
        (
            {"address": None},
            {"address": {"locality": "Bern", "region": "BE"}},
            [{"op": "remove", "path": "addresses"}],
        ),
        ({"address": None}, {}, []),
        (
            {"address": {"locality": "Basel"}},
            {"address": {"locality": "Bern", "region": "BE"}},
            [
                {
                    "op": "replace",
                    "path": "addresses",
                    "value": [{"locality": "Basel", "type": "home", "extra": 1}],
                }
            ],
        ),
        (
            {"photos": ("u1", "u2")},
            {"photos": ("u1",)},
            [
                {
                    "op": "replace",
                    "path": "photos",
                    "value": [{"value": "u1", "type": "photo"}, {"value": "u2"}],
                }
            ],
        ),
        (
            {"role": "admin"},
            {},
            [{"op": "add", "path": "roles", "value": [{"value": "admin", "primary": True}]}],
        ),
        ({f"{GUEST}:type": "multi"}, {}, [{"op": "add", "path": f"{GUEST}:type", "value": "multi"}]),
    ],
)
def test_each_changed_attribute_is_one_operation_with_a_path(
    attributes: dict[str, Value], before: dict[str, Value], expected: list[dict[str, Any]]
) -> None:
    assert patching.user_operations(attributes, before, LIVE, GENERIC) == expected


def test_a_service_that_takes_one_value_is_sent_one() -> None:
    (operation,) = patching.user_operations({"email": "new@x"}, {"email": "old@x"}, LIVE, AWS)
    assert operation["value"] == [{"value": "new@x", "type": "home", "primary": True}]


def test_put_keeps_what_we_do_not_know() -> None:
    raw = {
        **LIVE,
        "Schemas": [CORE_USER, "urn:x"],
        "id": "7",
        "meta": {"version": "1"},
        "groups": [{"value": "g"}],
        "urn:x": {"secret": 1},
        "name": {"givenName": "Ada", "familyName": "L"},
        "title": "Boss",
        "active": True,
    }
    body = patching.whole_user(
        raw, {"given_name": "Augusta", "title": None, "department": "R", "active": False}, {}, GENERIC
    )
    assert body == {
        **LIVE,
        "Schemas": [CORE_USER, "urn:x", ENTERPRISE_USER],
        "id": "7",
        "urn:x": {"secret": 1},
        "name": {"givenName": "Augusta", "familyName": "L"},
        "active": False,
        ENTERPRISE_USER: {"department": "R"},
    }
    assert raw["title"] == "Boss"


def test_put_clears_what_is_inside_something_and_leaves_the_rest() -> None:
    raw = {
        "name": {"givenName": "Ada", "familyName": "L"},
        ENTERPRISE_USER: {"department": "R", "division": "S"},
    }
    body = patching.whole_user(raw, {"given_name": None, "department": None, "email": None}, {}, GENERIC)
    assert body == {"name": {"familyName": "L"}, ENTERPRISE_USER: {"division": "S"}}


def test_put_of_a_group_keeps_its_members() -> None:
    raw = {"id": "g", "displayName": "ops", "externalId": "x", "members": [{"value": "u1", "display": "Ada"}]}
    assert patching.whole_group(raw, {"display_name": "new", "external_id": None}) == {
        "id": "g",
        "displayName": "new",
        "members": [{"value": "u1", "display": "Ada"}],
    }


def test_put_of_members_changes_those_and_no_others() -> None:
    raw = {"id": "g", "Members": [{"value": "u1", "display": "Ada"}, {"value": "u2"}], "meta": {}}
    body = patching.with_members(raw, coming=["u3", "u1"], going=["u2"])
    assert body == {"id": "g", "Members": [{"value": "u1", "display": "Ada"}, {"value": "u3"}]}


def test_members_enter_by_one_operation_and_leave_in_the_form_that_the_service_takes() -> None:
    assert patching.additions(["u1", "u2"]) == [
        {"op": "add", "path": "members", "value": [{"value": "u1"}, {"value": "u2"}]}
    ]
    assert patching.removals(["u1", 'u"2'], Removal.BY_PATH) == [
        {"op": "remove", "path": 'members[value eq "u1"]'},
        {"op": "remove", "path": 'members[value eq "u\\"2"]'},
    ]
    assert patching.removals(["u1"], Removal.BY_VALUE) == [
        {"op": "remove", "path": "members", "value": [{"value": "u1"}]}
    ]


@pytest.mark.parametrize("form", list(Removal))
def test_a_removal_of_nobody_is_never_sent(form: Removal) -> None:
    with pytest.raises(AssertionError, match="everybody"):
        patching.removals([], form)


@pytest.mark.parametrize("service", [GENERIC, AWS, SLACK, ENTRA, replace(GENERIC, single_values=True)])
def test_what_is_written_reads_back_as_it_was_wished(service: Profile) -> None:
    wished: dict[str, Value] = {
        "user_name": "ada",
        "formatted_name": "Ada L",
        "email": "a@x",
        "phone_number": "+41 1",
        "role": "admin",
        "address": {"street_address": "1 A St", "country": "CH"},
        "photos": ("u1", "u2"),
        "cost_center": "7",
        "manager": "m1",
    }
    body = patching.new_user(wished, service)
    assert mapping.user_attributes(body, manager_value=service.manager_value) == wished
    changed: dict[str, Value] = {**wished, "email": "b@x", "manager": "m2", "address": {"country": "DE"}}
    again = patching.whole_user(body, changed, wished, service)
    assert mapping.user_attributes(again, manager_value=service.manager_value) == changed

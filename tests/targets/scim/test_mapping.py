from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.resources import Value
from reconciler.targets.scim import mapping

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SLACK = "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"userName": "ada"}, {"user_name": "ada"}),
        ({"USERNAME": "ada", "Name": {"GIVENNAME": "Ada"}}, {"user_name": "ada", "given_name": "Ada"}),
        ({"userName": None, "title": "", "emails": [], "addresses": None}, {}),
        (
            {"name": {"formatted": "Ada L", "honorificPrefix": "Ms"}},
            {"formatted_name": "Ada L", "honorific_prefix": "Ms"},
        ),
        ({"name.formatted": "Ada L"}, {"formatted_name": "Ada L"}),
        ({"emails": [{"value": "a@x"}, {"value": "b@x", "primary": True}]}, {"email": "b@x"}),
        ({"emails": [{"value": "a@x"}, {"value": "b@x", "primary": "True"}]}, {"email": "b@x"}),
        ({"emails": [{"value": "a@x"}, {"value": "b@x"}]}, {"email": "a@x"}),
        ({"emails": ["a@x"]}, {"email": "a@x"}),
        ({"emails": {"value": "a@x"}}, {"email": "a@x"}),
        ({"emails": [{"Value": "a@x", "Primary": True}]}, {"email": "a@x"}),
        ({"roles": [{"value": "admin"}]}, {"role": "admin"}),
        (
            {"addresses": [{"locality": "Bern", "type": "work", "region": ""}]},
            {"address": {"locality": "Bern"}},
        ),
        ({"photos": [{"value": "u1"}, {"value": ""}, {"value": "u2"}]}, {"photos": ("u1", "u2")}),
        ({ENTERPRISE: {"department": "R", "employeeNumber": 7}}, {"department": "R", "employee_number": "7"}),
        ({ENTERPRISE.upper(): {"Department": "R"}}, {"department": "R"}),
        ({ENTERPRISE: {"manager": {"value": "m1", "displayName": "M"}}}, {"manager": "m1"}),
        ({ENTERPRISE: {"manager": "m1"}}, {"manager": "m1"}),
        ({ENTERPRISE: {"manager": [{"value": "m1"}]}}, {"manager": "m1"}),
        ({ENTERPRISE: {"manager": {}}}, {}),
        ({ENTERPRISE: None}, {}),
        ({"title": {"odd": 1}, "nickName": ["x"], "whatever": 1}, {}),
        ({"externalId": 4711}, {"external_id": "4711"}),
    ],
)
def test_a_user_reads_as_our_attributes_however_it_is_spelled(
    raw: dict[str, Any], expected: dict[str, Value]
) -> None:
    assert mapping.user_attributes(raw) == expected


def test_only_extensions_that_are_mapped_are_read() -> None:
    raw = {SLACK: {"type": "multi", "expiration": None, "flag": True}, "userName": "ada"}
    paths = [f"{SLACK}:type", f"{SLACK}:expiration", f"{SLACK}:flag"]
    read = mapping.user_attributes(raw, extensions=paths)
    assert read == {"user_name": "ada", f"{SLACK}:type": "multi", f"{SLACK}:flag": "true"}
    assert mapping.user_attributes(raw) == {"user_name": "ada"}


def test_a_manager_is_read_from_where_the_service_keeps_it() -> None:
    raw = {ENTERPRISE: {"manager": {"managerId": "U7"}}}
    assert mapping.user_attributes(raw, manager_value="managerId") == {"manager": "U7"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        ("False", False),
        ("true", True),
        (1, True),
        (0, False),
        (0.0, False),
        ("1", True),
        ("0", False),
        (None, None),
        ("Yes", True),
        ("no", False),
        ("on", True),
        ("off", False),
        ("perhaps", None),
        (2, None),
        ("", None),
    ],
)
def test_whether_a_user_is_active_may_be_text_a_number_or_unknown(value: object, expected: object) -> None:
    assert mapping.active({"Active": value}) is expected


def test_a_group_reads_as_our_attributes() -> None:
    assert mapping.group_attributes({"DisplayName": "ops", "externalid": "x", "members": []}) == {
        "display_name": "ops",
        "external_id": "x",
    }


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"id": "7"}, "7"),
        ({"ID": 7}, "7"),
        ({"id": ""}, None),
        ({"id": True}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_an_id_is_a_text_or_a_number_or_none(raw: object, expected: str | None) -> None:
    assert mapping.identifier(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [({"meta": {"version": 'W/"1"'}}, 'W/"1"'), ({"meta": {}}, None), ({"meta": None}, None), ({}, None)],
)
def test_a_version_is_there_or_not(raw: dict[str, Any], expected: str | None) -> None:
    assert mapping.version(raw) == expected

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.resources import ADDRESS_PARTS, GROUP_ATTRIBUTES, USER_ATTRIBUTES, Value
from reconciler.sandbox.directory.attributes import updated_group, updated_user
from reconciler.targets.identity_center.directory.mapping import (
    ENTERPRISE,
    GROUP_MEMBERS,
    USER_MEMBERS,
    group_attributes,
    group_operations,
    new_group,
    new_user,
    user_attributes,
    user_operations,
)
from reconciler.targets.objects import as_read

texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=20)
addresses = st.dictionaries(st.sampled_from(ADDRESS_PARTS), st.none() | texts, max_size=6)
photos = st.lists(texts, max_size=3, unique=True).map(tuple)


def _value(name: str) -> st.SearchStrategy[Any]:
    special: dict[str, st.SearchStrategy[Any]] = {"address": addresses, "photos": photos}
    return special.get(name, texts)


users = st.fixed_dictionaries({}, optional={name: st.none() | _value(name) for name in USER_MEMBERS})
groups = st.fixed_dictionaries({}, optional={name: st.none() | texts for name in GROUP_MEMBERS})


@given(users)
def test_a_user_that_is_created_reads_back_as_it_was_wished(attributes: dict[str, Value]) -> None:
    assert user_attributes(new_user(attributes)) == as_read(attributes)


@given(users, users)
def test_a_user_that_is_updated_reads_back_as_both_laid_over_each_other(
    before: dict[str, Value], wished: dict[str, Value]
) -> None:
    live = new_user(before)

    after = updated_user(live, user_operations(wished, live))

    assert user_attributes(after) == as_read(before | wished)


@given(groups, groups)
def test_a_group_reads_back_as_it_was_created_and_updated(
    before: dict[str, Value], wished: dict[str, Value]
) -> None:
    live = new_group(before)

    assert group_attributes(live) == as_read(before)
    assert group_attributes(updated_group(live, group_operations(wished))) == as_read(before | wished)


def test_every_attribute_of_the_model_is_mapped_but_the_external_id_which_is_only_read() -> None:
    assert set(USER_ATTRIBUTES) - set(USER_MEMBERS) == {"external_id"}
    assert set(GROUP_ATTRIBUTES) - set(GROUP_MEMBERS) == {"external_id"}


@pytest.mark.parametrize(
    ("external", "expected"),
    [
        pytest.param(None, None, id="none"),
        pytest.param([("https://scim.aws.com/abc", "1")], "1", id="the one that came by SCIM"),
        pytest.param([("https://idp.example.com", "2")], "2", id="the only one"),
        pytest.param(
            [("https://idp.example.com", "2"), ("https://scim.aws.com/abc", "1")],
            "1",
            id="SCIM's among several",
        ),
        pytest.param(
            [("https://a.example", "2"), ("https://b.example", "3")], None, id="none of several strangers"
        ),
        pytest.param(
            [("https://scim.aws.com/a", "2"), ("https://scim.aws.com/b", "3")], None, id="none of two by SCIM"
        ),
    ],
)
def test_the_external_id_is_the_one_of_the_source_of_truth(
    external: list[tuple[str, str]] | None, expected: str | None
) -> None:
    raw = {"ExternalIds": [{"Issuer": issuer, "Id": each} for issuer, each in external or ()]}

    assert user_attributes(raw).get("external_id") == expected
    assert group_attributes(raw).get("external_id") == expected


def test_of_several_values_the_primary_counts_else_the_first() -> None:
    first, second = {"Value": "a@example.com"}, {"Value": "b@example.com", "Primary": True}

    assert user_attributes({"Emails": [first, second]})["email"] == "b@example.com"
    assert user_attributes({"PhoneNumbers": [{"Value": "1"}, {"Value": "2"}]})["phone_number"] == "1"


def test_more_photos_than_are_modelled_are_cut() -> None:
    assert user_attributes({"Photos": [{"Value": each} for each in "abcd"]})["photos"] == ("a", "b", "c")


def test_what_is_empty_is_unset() -> None:
    raw = {
        "Title": "",
        "Emails": [],
        "Addresses": [{"Type": "home"}],
        "Extensions": {ENTERPRISE: {"manager": {}}},
    }

    assert user_attributes(raw) == {}


@pytest.mark.parametrize("enterprise", [None, "text", ["list"], {"manager": "id", "department": {"x": 1}}])
def test_an_extension_of_another_form_breaks_nothing(enterprise: Any) -> None:
    found = user_attributes({"Extensions": {ENTERPRISE: enterprise}})

    assert found in ({}, {"manager": "id"})


def test_an_update_of_the_address_keeps_what_it_is_for() -> None:
    live = {"Emails": [{"Value": "a@example.com", "Type": "home", "Primary": True}]}

    (operation,) = user_operations({"email": "b@example.com"}, live)

    assert operation == {
        "AttributePath": "emails",
        "AttributeValue": [{"value": "b@example.com", "type": "home", "primary": True}],
    }


def test_a_value_without_type_is_not_given_one_by_an_update() -> None:
    (operation,) = user_operations({"phone_number": "2"}, {"PhoneNumbers": [{"Value": "1"}]})

    assert operation["AttributeValue"] == [{"value": "2"}]


def test_an_update_of_the_postal_address_replaces_its_parts_and_keeps_its_type() -> None:
    live = {"Addresses": [{"Locality": "Bern", "Country": "CH", "Type": "home", "Primary": True}]}

    (operation,) = user_operations({"address": {"locality": "Zürich", "region": None}}, live)

    assert operation["AttributeValue"] == [{"locality": "Zürich", "type": "home", "primary": True}]


def test_photos_that_stay_keep_what_is_said_of_them() -> None:
    live = {"Photos": [{"Value": "a", "Display": "Portrait", "Primary": True}]}

    (operation,) = user_operations({"photos": ("b", "a")}, live)

    assert operation["AttributeValue"] == [
        {"value": "b"},
        {"value": "a", "display": "Portrait", "primary": True},
    ]


@pytest.mark.parametrize("nothing", [None, "", (), {}, {"locality": None}])
def test_clearing_sends_no_value(nothing: Value) -> None:
    names = {"address": nothing, "photos": nothing, "title": nothing, "manager": nothing}

    assert all("AttributeValue" not in operation for operation in user_operations(names, {}))

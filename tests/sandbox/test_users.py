"""Users through boto3, as the Identity Store documents them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import ENTERPRISE, NOBODY, Aws, connected, person, refusal

EVERYTHING: dict[str, Any] = {
    "UserName": "ada@example.com",
    "DisplayName": "Ada Lovelace",
    "Name": {
        "Formatted": "Countess Ada King Lovelace",
        "FamilyName": "Lovelace",
        "GivenName": "Ada",
        "MiddleName": "King",
        "HonorificPrefix": "Countess",
        "HonorificSuffix": "FRS",
    },
    "NickName": "The Enchantress",
    "ProfileUrl": "https://example.com/ada",
    "Emails": [{"Value": "ada@example.com", "Type": "work", "Primary": True}],
    "Addresses": [
        {
            "StreetAddress": "12 St James's Square",
            "Locality": "London",
            "Region": "Westminster",
            "PostalCode": "SW1Y 4LB",
            "Country": "UK",
            "Formatted": "12 St James's Square\nLondon",
            "Type": "home",
            "Primary": True,
        }
    ],
    "PhoneNumbers": [{"Value": "+44 20 7946 0000", "Type": "work", "Primary": True}],
    "UserType": "Employee",
    "Title": "Analyst",
    "PreferredLanguage": "en-GB",
    "Locale": "en-GB",
    "Timezone": "Europe/London",
    "Photos": [
        {"Value": "https://example.com/1.png", "Type": "photo", "Display": "at work", "Primary": True}
    ],
    "Website": "https://example.com",
    "Birthdate": "1815-12-10",
    "Roles": [{"Value": "engineer", "Type": "job", "Primary": True}],
    "Extensions": {
        ENTERPRISE: {
            "employeeNumber": "1",
            "costCenter": "4130",
            "organization": "Analytical",
            "division": "Engines",
            "department": "Notes",
            "manager": {"value": NOBODY},
        }
    },
}


def test_a_user_comes_back_with_everything_that_was_sent(aws: Aws) -> None:
    created = aws("create_user", **EVERYTHING)
    described = aws.user(created["UserId"])
    assert {key: described[key] for key in EVERYTHING} == EVERYTHING
    assert described["UserArn"] == created["UserArn"] == f"arn:aws:identitystore:::user/{created['UserId']}"
    assert described["Revision"] == created["Revision"]
    assert described["UserStatus"] == "ENABLED"
    assert described["CreatedAt"] == described["UpdatedAt"]
    assert ":assumed-role/" in described["CreatedBy"]
    assert "ExternalIds" not in described


def test_a_list_has_the_same_users_as_describe(aws: Aws) -> None:
    identifier = aws("create_user", **EVERYTHING)["UserId"]
    assert aws("list_users", Extensions=[ENTERPRISE])["Users"] == [aws.user(identifier)]


def test_extensions_come_only_where_they_are_asked_for(aws: Aws) -> None:
    identifier = aws("create_user", **EVERYTHING)["UserId"]
    assert "Extensions" not in aws("describe_user", UserId=identifier)
    assert "Extensions" not in aws("list_users")["Users"][0]
    plain = aws.add_user("plain@example.com")
    assert "Extensions" not in aws.user(plain)


def test_another_extension_does_not_exist(aws: Aws) -> None:
    identifier = aws.add_user("ada@example.com")
    error = refusal(lambda: aws("describe_user", UserId=identifier, Extensions=["aws:identitystore:other"]))
    assert error["Code"] == "ValidationException"


def without(*path: str) -> dict[str, Any]:
    user = person("ada@example.com")
    if len(path) == 1:
        del user[path[0]]
    else:
        user[path[0]] = {key: value for key, value in user[path[0]].items() if key != path[1]}
    return user


def with_(**more: Any) -> dict[str, Any]:
    return person("ada@example.com") | more


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        pytest.param(without("UserName"), "userName is a required attribute", id="no user name"),
        pytest.param(without("DisplayName"), "displayname is required", id="no display name"),
        pytest.param(without("Name"), "name is required", id="no name"),
        pytest.param(without("Name", "GivenName"), "givenname is required", id="no given name"),
        pytest.param(without("Name", "FamilyName"), "familyname is required", id="no family name"),
        pytest.param(with_(UserName="a" * 129), "'userName' failed", id="user name of 129 characters"),
        pytest.param(with_(UserName="ada lovelace"), "'userName' failed", id="space in the user name"),
        pytest.param(
            with_(UserName="ada\u200b"), "'userName' failed", id="zero-width space in the user name"
        ),
        pytest.param(with_(UserName="administrator"), "reserved", id="reserved name in another case"),
        pytest.param(with_(UserName="AWSAdministrators"), "reserved", id="reserved name"),
        pytest.param(with_(DisplayName=""), "length greater than or equal to 1", id="empty string"),
        pytest.param(with_(Title="x" * 1025), "length less than or equal to 1024", id="1,025 characters"),
        pytest.param(with_(Title="a\x07b"), "regular expression", id="control character"),
        pytest.param(with_(Title="a\u202eb"), "regular expression", id="bidi override"),
        pytest.param(
            with_(Emails=[{"Value": "a@example.com"}, {"Value": "b@example.com"}]),
            "'emails' failed",
            id="two addresses",
        ),
        pytest.param(with_(Emails=[]), "'emails' failed", id="empty list of addresses"),
        pytest.param(with_(Emails=[{"Type": "work"}]), "value is required", id="address without value"),
        pytest.param(with_(PhoneNumbers=[{"Value": "1"}, {"Value": "2"}]), "'phoneNumbers'", id="two phones"),
        pytest.param(with_(Addresses=[{"Country": "UK"}, {"Country": "CH"}]), "'addresses'", id="two homes"),
        pytest.param(with_(Roles=[{"Value": "a"}, {"Value": "b"}]), "'roles'", id="two roles"),
        pytest.param(with_(Photos=[{"Value": str(n)} for n in range(4)]), "'photos'", id="four photos"),
        pytest.param(with_(Photos=[{"Type": "photo"}]), "photos.1.member.value", id="photo without value"),
        pytest.param(with_(Birthdate="10.12.1815"), "YYYY-MM-DD", id="birthdate in another form"),
        pytest.param(with_(Extensions={"aws:identitystore:x": {"a": "b"}}), "only one", id="other extension"),
        pytest.param(with_(Extensions={ENTERPRISE: {"floor": "3"}}), "not supported", id="unknown member"),
        pytest.param(
            with_(Extensions={ENTERPRISE: {"department": None}}), "string", id="null in an extension"
        ),
        pytest.param(
            with_(Extensions={ENTERPRISE: {"department": ""}}), "length", id="empty in an extension"
        ),
        pytest.param(with_(Extensions={ENTERPRISE: {"manager": NOBODY}}), "object", id="manager as text"),
    ],
)
def test_a_user_that_the_service_would_not_take_is_refused(
    unchecked: Aws, user: dict[str, Any], expected: str
) -> None:
    error = refusal(lambda: unchecked("create_user", **user))
    assert (error["Code"], error["Status"]) == ("ValidationException", 400)
    assert expected in error["Message"]
    assert unchecked("list_users")["Users"] == []


def test_all_violations_come_at_once(unchecked: Aws) -> None:
    error = refusal(lambda: unchecked("create_user", **with_(UserName="a b", Title="")))
    assert error["Message"].startswith("3 validation errors detected: ")


def test_what_is_sensitive_is_not_echoed(unchecked: Aws) -> None:
    error = refusal(lambda: unchecked("create_user", **with_(UserName="very secret name")))
    assert "secret" not in error["Message"]


@pytest.mark.parametrize("name", ["Zoë@example.com", "李雷", "a+b'c(d)", "A" * 128])
def test_user_names_take_letters_of_any_script_symbols_and_punctuation(aws: Aws, name: str) -> None:
    assert aws.user(aws.add_user(name))["UserName"] == name


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [
        pytest.param("ada@example.com", "ada@example.com", id="the same"),
        pytest.param("ada@example.com", "ADA@Example.com", id="another case"),
        pytest.param("zo\u00eb", "zoe\u0308", id="another composition of the accent"),
        pytest.param("stra\u00dfe", "STRASSE", id="sharp s"),
    ],
)
def test_user_names_are_unique_without_regard_to_case(aws: Aws, taken: str, wanted: str) -> None:
    aws.add_user(taken)
    error = refusal(lambda: aws.add_user(wanted))
    assert error["Code"] == "ConflictException"
    assert error["Message"] == "Duplicate UserName"
    assert error["Reason"] == "UNIQUENESS_CONSTRAINT_VIOLATION"


def test_addresses_are_unique_without_regard_to_case(aws: Aws) -> None:
    aws.add_user("one", Emails=[{"Value": "ada@example.com", "Primary": True}])
    error = refusal(lambda: aws.add_user("two", Emails=[{"Value": "Ada@EXAMPLE.com", "Primary": True}]))
    assert (error["Code"], error["Reason"]) == ("ConflictException", "UNIQUENESS_CONSTRAINT_VIOLATION")


def test_a_name_is_free_again_once_its_user_is_gone(aws: Aws) -> None:
    aws("delete_user", UserId=aws.add_user("ada@example.com"))
    aws.add_user("ada@example.com")


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("userName", "countess", ("UserName",)),
        ("displayName", "A. Lovelace", ("DisplayName",)),
        ("nickName", "Ada", ("NickName",)),
        ("profileUrl", "https://example.com/x", ("ProfileUrl",)),
        ("userType", "Guest", ("UserType",)),
        ("title", "Countess", ("Title",)),
        ("preferredLanguage", "fr", ("PreferredLanguage",)),
        ("locale", "fr-FR", ("Locale",)),
        ("timezone", "Europe/Paris", ("Timezone",)),
        ("website", "https://example.org", ("Website",)),
        ("birthdate", "1815-12-11", ("Birthdate",)),
        ("name.givenName", "Augusta", ("Name", "GivenName")),
        ("name.familyName", "Byron", ("Name", "FamilyName")),
        ("name.middleName", "Noel", ("Name", "MiddleName")),
        ("name.formatted", "Augusta", ("Name", "Formatted")),
        ("name.honorificPrefix", "Lady", ("Name", "HonorificPrefix")),
        ("name.honorificSuffix", "X", ("Name", "HonorificSuffix")),
        (f"{ENTERPRISE}.department", "Engines", ("Extensions", ENTERPRISE, "department")),
        (f"{ENTERPRISE}.employeeNumber", "2", ("Extensions", ENTERPRISE, "employeeNumber")),
        (f"{ENTERPRISE}.manager.value", "x", ("Extensions", ENTERPRISE, "manager", "value")),
        (f"{ENTERPRISE}.manager", {"value": "x"}, ("Extensions", ENTERPRISE, "manager")),
        (ENTERPRISE, {"division": "x"}, ("Extensions", ENTERPRISE)),
    ],
)
def test_an_update_sets_the_attribute_of_its_path(
    aws: Aws, path: str, value: object, where: tuple[str, ...]
) -> None:
    identifier = aws("create_user", **EVERYTHING)["UserId"]
    aws.update_user(identifier, path, value)
    found: Any = aws.user(identifier)
    for step in where:
        found = found[step]
    assert found == value


@pytest.mark.parametrize(
    ("path", "value", "member", "stored"),
    [
        ("emails", [{"value": "x@example.com", "type": "work", "primary": True}], "Emails", "Value"),
        ("phoneNumbers", [{"value": "1", "type": "work", "primary": True}], "PhoneNumbers", "Value"),
        ("roles", [{"value": "boss"}], "Roles", "Value"),
        ("photos", [{"value": "a", "display": "b"}, {"value": "c"}], "Photos", "Value"),
        ("addresses", [{"streetAddress": "1 Rue X", "postalCode": "75001"}], "Addresses", "StreetAddress"),
    ],
)
def test_an_update_replaces_a_list_whole(
    aws: Aws, path: str, value: list[dict[str, Any]], member: str, stored: str
) -> None:
    identifier = aws("create_user", **EVERYTHING)["UserId"]
    aws.update_user(identifier, path, value)
    found = aws.user(identifier)[member]
    assert found == [{key[0].upper() + key[1:]: content for key, content in item.items()} for item in value]
    assert stored in found[0]


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("title", "Title"),
        ("nickName", "NickName"),
        ("emails", "Emails"),
        ("addresses", "Addresses"),
        ("photos", "Photos"),
        (ENTERPRISE, "Extensions"),
    ],
)
def test_an_operation_without_a_value_removes_the_attribute(aws: Aws, path: str, member: str) -> None:
    identifier = aws("create_user", **EVERYTHING)["UserId"]
    aws.update_user(identifier, path)
    assert member not in aws.user(identifier)


def test_the_last_attribute_of_an_extension_takes_the_extension_along(aws: Aws) -> None:
    identifier = aws.add_user("ada", Extensions={ENTERPRISE: {"department": "Notes"}})
    aws.update_user(identifier, f"{ENTERPRISE}.department")
    assert "Extensions" not in aws.user(identifier)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("userName", None, id="a required attribute removed"),
        pytest.param("displayName", None, id="the display name removed"),
        pytest.param("name.givenName", None, id="the given name removed"),
        pytest.param("name", None, id="the name removed"),
        pytest.param("title", "", id="an empty string"),
        pytest.param("title", 7, id="a number"),
        pytest.param("emails", [], id="an empty list"),
        pytest.param("emails", "ada@example.com", id="text for a list"),
        pytest.param("emails", [{"Value": "ada@example.com"}], id="members in Pascal case"),
        pytest.param("emails", [{"value": "a"}, {"value": "b"}], id="two addresses"),
        pytest.param("emails", [{"value": "a", "type": None}], id="null inside a value"),
        pytest.param("emails", [{"value": "a", "primary": "yes"}], id="primary as text"),
        pytest.param("emails.value", "ada@example.com", id="a path into a list"),
        pytest.param("UserName", "ada", id="a path in Pascal case"),
        pytest.param("userStatus", "DISABLED", id="the status"),
        pytest.param("active", False, id="active, which is SCIM's"),
        pytest.param("externalIds", [{"issuer": "a", "id": "b"}], id="external ids"),
        pytest.param("password", "x", id="an attribute that does not exist"),
        pytest.param(f"{ENTERPRISE}.floor", "3", id="an attribute that the extension lacks"),
        pytest.param("userName", "Administrator", id="a reserved name"),
        pytest.param("not a path!", "x", id="something that is not a valid path"),
    ],
)
def test_an_update_that_the_service_would_not_take_changes_nothing(aws: Aws, path: str, value: Any) -> None:
    identifier = aws("create_user", **EVERYTHING)["UserId"]
    before = aws.user(identifier)
    operations = [
        {"AttributePath": "nickName", "AttributeValue": "changed"},
        {"AttributePath": path} | ({} if value is None else {"AttributeValue": value}),
    ]
    error = refusal(lambda: aws("update_user", UserId=identifier, Operations=operations))
    assert error["Code"] == "ValidationException"
    assert aws.user(identifier) == before


def test_an_update_to_a_name_that_is_taken_is_a_conflict(aws: Aws) -> None:
    aws.add_user("ada")
    other = aws.add_user("grace")
    error = refusal(lambda: aws.update_user(other, "userName", "ADA"))
    assert (error["Code"], error["Reason"]) == ("ConflictException", "UNIQUENESS_CONSTRAINT_VIOLATION")


def test_a_user_may_change_the_case_of_its_own_name(aws: Aws) -> None:
    identifier = aws.add_user("ada")
    aws.update_user(identifier, "userName", "ADA")
    assert aws.user(identifier)["UserName"] == "ADA"


def test_every_update_makes_a_new_numeric_revision(aws: Aws) -> None:
    identifier = aws.add_user("ada")
    seen = [aws.user(identifier)["Revision"]]
    for title in ("a", "b", "b"):
        seen.append(aws.update_user(identifier, "title", title)["Revision"])
        assert aws.user(identifier)["Revision"] == seen[-1]
    assert len(set(seen)) == len(seen)
    assert all(revision.isdecimal() for revision in seen)


def test_an_update_on_an_old_revision_is_a_concurrent_modification(aws: Aws) -> None:
    identifier = aws.add_user("ada")
    old = aws.user(identifier)["Revision"]
    aws.update_user(identifier, "title", "first", Revision=old)
    error = refusal(lambda: aws.update_user(identifier, "title", "second", Revision=old))
    assert (error["Code"], error["Reason"]) == ("ConflictException", "CONCURRENT_MODIFICATION")
    assert aws.user(identifier)["Title"] == "first"


def test_a_deletion_on_an_old_revision_is_a_concurrent_modification(aws: Aws) -> None:
    identifier = aws.add_user("ada")
    old = aws.user(identifier)["Revision"]
    new = aws.update_user(identifier, "title", "first")["Revision"]
    error = refusal(lambda: aws("delete_user", UserId=identifier, Revision=old))
    assert (error["Code"], error["Reason"]) == ("ConflictException", "CONCURRENT_MODIFICATION")
    aws("delete_user", UserId=identifier, Revision=new)
    assert aws("list_users")["Users"] == []


def test_deleting_a_user_takes_its_memberships_along(aws: Aws) -> None:
    ada, grace, group = aws.add_user("ada"), aws.add_user("grace"), aws.add_group("Platform")
    aws.add_member(group, ada)
    aws.add_member(group, grace)
    aws("delete_user", UserId=ada)
    left = aws("list_group_memberships", GroupId=group)["GroupMemberships"]
    assert [item["MemberId"]["UserId"] for item in left] == [grace]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda aws: aws("describe_user", UserId=NOBODY), id="describe"),
        pytest.param(lambda aws: aws.update_user(NOBODY, "title", "x"), id="update"),
        pytest.param(lambda aws: aws("delete_user", UserId=NOBODY), id="delete"),
    ],
)
def test_a_user_that_does_not_exist_is_not_found(aws: Aws, call: Any) -> None:
    error = refusal(lambda: call(aws))
    assert error["Code"] == "ResourceNotFoundException"
    assert (error["ResourceType"], error["ResourceId"]) == ("USER", NOBODY)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("userName", "ada@example.com"),
        ("userName", "ADA@example.com"),
        ("emails.value", "ada@example.com"),
        ("emails.value", "Ada@Example.com"),
    ],
)
def test_a_user_is_found_by_what_is_unique_of_it(aws: Aws, attribute: str, value: str) -> None:
    identifier = aws("create_user", **EVERYTHING)["UserId"]
    found = aws(
        "get_user_id",
        AlternateIdentifier={"UniqueAttribute": {"AttributePath": attribute, "AttributeValue": value}},
    )
    assert found["UserId"] == identifier


@pytest.mark.parametrize(
    ("attribute", "value", "code"),
    [
        ("userName", "nobody", "ResourceNotFoundException"),
        ("emails.value", "nobody@example.com", "ResourceNotFoundException"),
        ("displayName", "Ada", "ValidationException"),
        ("userName", "", "ValidationException"),
        ("userName", 7, "ValidationException"),
    ],
)
def test_a_user_is_not_found_by_anything_else(aws: Aws, attribute: str, value: Any, code: str) -> None:
    alternate = {"UniqueAttribute": {"AttributePath": attribute, "AttributeValue": value}}
    assert refusal(lambda: aws("get_user_id", AlternateIdentifier=alternate))["Code"] == code


def test_a_user_is_found_by_the_id_that_scim_gave_it(aws: Aws, sandbox: Sandbox) -> None:
    identifier = sandbox.store.add_user("ada", external_id="objectguid-1")
    external = aws.user(identifier)["ExternalIds"]
    assert external[0]["Id"] == "objectguid-1"
    assert external[0]["Issuer"].startswith("https://scim.aws.com/")
    found = aws("get_user_id", AlternateIdentifier={"ExternalId": external[0]})
    assert found["UserId"] == identifier
    unknown = external[0] | {"Id": "objectguid-2"}
    error = refusal(lambda: aws("get_user_id", AlternateIdentifier={"ExternalId": unknown}))
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "USER")


def test_ids_may_be_given_as_arns(aws: Aws) -> None:
    created = aws("create_user", **person("ada"))
    account = aws.organizations.describe_organization()["Organization"]["MasterAccountId"]
    store = f"arn:aws:identitystore::{account}:identitystore/{aws.store}"
    found = aws.directory.describe_user(IdentityStoreId=store, UserId=created["UserArn"])
    assert found["UserId"] == created["UserId"]
    error = refusal(lambda: aws("describe_group", GroupId=created["UserArn"]))
    assert error["Code"] == "ValidationException"


def test_a_filter_on_the_user_name_finds_one_or_none(aws: Aws) -> None:
    identifier = aws.add_user("ada")
    aws.add_user("grace")

    def found(path: str, value: str) -> list[str]:
        users = aws("list_users", Filters=[{"AttributePath": path, "AttributeValue": value}])["Users"]
        return [user["UserId"] for user in users]

    assert found("UserName", "ADA") == [identifier]
    assert found("UserName", "nobody") == []
    assert refusal(lambda: found("Title", "x"))["Code"] == "ValidationException"


def test_two_filters_are_one_too_many(unchecked: Aws) -> None:
    filters = [{"AttributePath": "UserName", "AttributeValue": "a"}] * 2
    assert refusal(lambda: unchecked("list_users", Filters=filters))["Code"] == "ValidationException"


def test_the_quota_of_users_holds_and_a_deletion_makes_room() -> None:
    with Sandbox(throttling=False, latency=0, max_users=2) as sandbox, connected(sandbox) as aws:
        first, _ = aws.add_user("a"), aws.add_user("b")
        assert refusal(lambda: aws.add_user("c"))["Code"] == "ServiceQuotaExceededException"
        aws("delete_user", UserId=first)
        aws.add_user("c")
        assert refusal(lambda: aws.add_user("d"))["Code"] == "ServiceQuotaExceededException"


def test_another_store_and_another_region_have_no_such_store(aws: Aws, sandbox: Sandbox) -> None:
    error = refusal(lambda: aws.directory.list_users(IdentityStoreId="d-0123456789"))
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "IDENTITY_STORE")
    with connected(sandbox, region="eu-west-1") as elsewhere:
        assert refusal(lambda: elsewhere("list_users"))["Code"] == "ResourceNotFoundException"

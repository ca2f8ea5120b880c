"""Groups and memberships through boto3, as the Identity Store documents them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import NOBODY, Aws, connected, refusal


def test_a_group_comes_back_as_it_was_sent(aws: Aws) -> None:
    created = aws("create_group", DisplayName="Platform", Description="Runs\tit\nall")
    found = aws("describe_group", GroupId=created["GroupId"])
    assert (found["DisplayName"], found["Description"]) == ("Platform", "Runs\tit\nall")
    assert found["GroupArn"] == f"arn:aws:identitystore:::group/{created['GroupId']}"
    assert found["Revision"] == created["Revision"]
    assert aws("list_groups")["Groups"] == [found]


@pytest.mark.parametrize(
    ("group", "message"),
    [
        pytest.param({}, "displayname is required", id="no display name, which the model would allow"),
        pytest.param({"DisplayName": ""}, "greater than or equal to 1", id="empty display name"),
        pytest.param({"DisplayName": "x" * 1025}, "less than or equal to 1024", id="1,025 characters"),
        pytest.param({"DisplayName": "administrator"}, "reserved", id="reserved name"),
        pytest.param({"DisplayName": "a\x00"}, "regular expression", id="control character"),
        pytest.param({"DisplayName": "a", "Description": ""}, "'description'", id="empty description"),
    ],
)
def test_a_group_that_the_service_would_not_take_is_refused(
    unchecked: Aws, group: dict[str, Any], message: str
) -> None:
    error = refusal(lambda: unchecked("create_group", **group))
    assert error["Code"] == "ValidationException"
    assert message in error["Message"]


@pytest.mark.parametrize("wanted", ["Platform", "PLATFORM"])
def test_display_names_are_unique_without_regard_to_case(aws: Aws, wanted: str) -> None:
    aws.add_group("Platform")
    error = refusal(lambda: aws.add_group(wanted))
    assert (error["Code"], error["Message"]) == ("ConflictException", "Duplicate GroupDisplayName")
    assert error["Reason"] == "UNIQUENESS_CONSTRAINT_VIOLATION"


def test_a_group_and_a_user_may_share_a_name(aws: Aws) -> None:
    aws.add_user("platform")
    aws.add_group("platform")


def change(path: str, *value: Any) -> list[dict[str, Any]]:
    return [{"AttributePath": path} | ({"AttributeValue": value[0]} if value else {})]


def test_a_group_is_renamed_and_keeps_its_id_and_members(aws: Aws) -> None:
    group, user = aws.add_group("Platform"), aws.add_user("ada")
    aws.add_member(group, user)
    aws("update_group", GroupId=group, Operations=change("displayName", "Engineering"))
    assert aws("describe_group", GroupId=group)["DisplayName"] == "Engineering"
    assert len(aws("list_group_memberships", GroupId=group)["GroupMemberships"]) == 1
    aws.add_group("Platform")


def test_a_description_is_removed_by_leaving_the_value_out(aws: Aws) -> None:
    group = aws.add_group("Platform", Description="x")
    aws("update_group", GroupId=group, Operations=change("description"))
    assert "Description" not in aws("describe_group", GroupId=group)


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param(change("displayName"), id="the display name removed"),
        pytest.param(change("displayName", ""), id="an empty name"),
        pytest.param(change("members", []), id="members"),
        pytest.param(change("DisplayName", "x"), id="a path in Pascal case"),
        pytest.param([], id="no operation"),
        pytest.param(change("description", "x") * 101, id="101 operations"),
    ],
)
def test_an_update_of_a_group_that_the_service_would_not_take_is_refused(
    unchecked: Aws, operations: list[dict[str, Any]]
) -> None:
    group = unchecked.add_group("Platform")
    error = refusal(lambda: unchecked("update_group", GroupId=group, Operations=operations))
    assert error["Code"] == "ValidationException"
    assert unchecked("describe_group", GroupId=group)["DisplayName"] == "Platform"


def test_a_group_moves_only_on_its_current_revision(aws: Aws) -> None:
    group = aws.add_group("Platform")
    old = aws("describe_group", GroupId=group)["Revision"]
    rename = change("displayName", "Engineering")
    new = aws("update_group", GroupId=group, Operations=rename, Revision=old)["Revision"]
    for call in (
        lambda: aws("update_group", GroupId=group, Operations=rename, Revision=old),
        lambda: aws("delete_group", GroupId=group, Revision=old),
    ):
        error = refusal(call)
        assert (error["Code"], error["Reason"]) == ("ConflictException", "CONCURRENT_MODIFICATION")
    aws("delete_group", GroupId=group, Revision=new)


def test_a_membership_does_not_move_the_revision_of_its_ends(aws: Aws) -> None:
    group, user = aws.add_group("Platform"), aws.add_user("ada")
    before = aws("describe_group", GroupId=group)["Revision"], aws.user(user)["Revision"]
    aws.add_member(group, user)
    assert (aws("describe_group", GroupId=group)["Revision"], aws.user(user)["Revision"]) == before


def test_deleting_a_group_takes_its_memberships_along(aws: Aws) -> None:
    first, second, user = aws.add_group("One"), aws.add_group("Two"), aws.add_user("ada")
    gone = aws.add_member(first, user)
    kept = aws.add_member(second, user)
    aws("delete_group", GroupId=first)
    assert refusal(lambda: aws("describe_group_membership", MembershipId=gone))["Code"] == (
        "ResourceNotFoundException"
    )
    left = aws("list_group_memberships_for_member", MemberId={"UserId": user})["GroupMemberships"]
    assert [item["MembershipId"] for item in left] == [kept]


def test_a_membership_is_the_same_from_all_sides(aws: Aws) -> None:
    group, user = aws.add_group("Platform"), aws.add_user("ada")
    identifier = aws.add_member(group, user)
    described = aws("describe_group_membership", MembershipId=identifier)
    assert (described["GroupId"], described["MemberId"]) == (group, {"UserId": user})
    assert described["MembershipArn"] == f"arn:aws:identitystore:::membership/{identifier}"
    assert aws("list_group_memberships", GroupId=group)["GroupMemberships"] == [described]
    member = {"UserId": user}
    assert aws("list_group_memberships_for_member", MemberId=member)["GroupMemberships"] == [described]
    found = aws("get_group_membership_id", GroupId=group, MemberId=member)
    assert found["MembershipId"] == identifier


def test_the_same_membership_twice_is_a_conflict(aws: Aws) -> None:
    group, user = aws.add_group("Platform"), aws.add_user("ada")
    aws.add_member(group, user)
    error = refusal(lambda: aws.add_member(group, user))
    assert (error["Code"], error["Reason"]) == ("ConflictException", "UNIQUENESS_CONSTRAINT_VIOLATION")
    assert len(aws("list_group_memberships", GroupId=group)["GroupMemberships"]) == 1


def test_a_membership_can_be_ended_and_begun_again(aws: Aws) -> None:
    group, user = aws.add_group("Platform"), aws.add_user("ada")
    first = aws.add_member(group, user)
    aws("delete_group_membership", MembershipId=first)
    assert aws("list_group_memberships", GroupId=group)["GroupMemberships"] == []
    assert aws.add_member(group, user) != first


@pytest.mark.parametrize(
    ("call", "resource"),
    [
        pytest.param(lambda aws, g, u: aws("describe_group", GroupId=NOBODY), "GROUP", id="describe group"),
        pytest.param(
            lambda aws, g, u: aws("update_group", GroupId=NOBODY, Operations=change("description")),
            "GROUP",
            id="update group",
        ),
        pytest.param(lambda aws, g, u: aws("delete_group", GroupId=NOBODY), "GROUP", id="delete group"),
        pytest.param(
            lambda aws, g, u: aws("list_group_memberships", GroupId=NOBODY), "GROUP", id="list of a group"
        ),
        pytest.param(
            lambda aws, g, u: aws("list_group_memberships_for_member", MemberId={"UserId": NOBODY}),
            "USER",
            id="list of a user",
        ),
        pytest.param(lambda aws, g, u: aws.add_member(NOBODY, u), "GROUP", id="member of no group"),
        pytest.param(lambda aws, g, u: aws.add_member(g, NOBODY), "USER", id="nobody as a member"),
        pytest.param(lambda aws, g, u: aws.add_member(g, g), "USER", id="a group as a member"),
        pytest.param(
            lambda aws, g, u: aws("describe_group_membership", MembershipId=NOBODY),
            "GROUP_MEMBERSHIP",
            id="describe membership",
        ),
        pytest.param(
            lambda aws, g, u: aws("delete_group_membership", MembershipId=NOBODY),
            "GROUP_MEMBERSHIP",
            id="delete membership",
        ),
        pytest.param(
            lambda aws, g, u: aws("get_group_membership_id", GroupId=g, MemberId={"UserId": u}),
            "GROUP_MEMBERSHIP",
            id="no such membership",
        ),
        pytest.param(
            lambda aws, g, u: aws("is_member_in_groups", GroupIds=[g, NOBODY], MemberId={"UserId": u}),
            "GROUP",
            id="member in no group",
        ),
    ],
)
def test_what_does_not_exist_is_not_found_by_its_kind(aws: Aws, call: Any, resource: str) -> None:
    group, user = aws.add_group("Platform"), aws.add_user("ada")
    error = refusal(lambda: call(aws, group, user))
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", resource)


def test_is_member_in_groups_answers_for_each_group(aws: Aws) -> None:
    user, groups = aws.add_user("ada"), [aws.add_group(f"g{n}") for n in range(3)]
    aws.add_member(groups[1], user)
    results = aws("is_member_in_groups", GroupIds=groups, MemberId={"UserId": user})["Results"]
    assert [item["GroupId"] for item in results] == groups
    assert [item["MembershipExists"] for item in results] == [False, True, False]


def test_is_member_in_groups_takes_one_to_a_hundred(unchecked: Aws) -> None:
    user, group = unchecked.add_user("ada"), unchecked.add_group("g")
    for groups in ([], [group] * 101):
        error = refusal(unchecked, "is_member_in_groups", GroupIds=groups, MemberId={"UserId": user})
        assert error["Code"] == "ValidationException"


def test_a_member_must_be_somebody(unchecked: Aws) -> None:
    group = unchecked.add_group("g")
    error = refusal(unchecked, "create_group_membership", GroupId=group, MemberId={})
    assert error["Code"] == "ValidationException"


def test_a_group_is_found_by_its_name_and_by_its_external_id(aws: Aws, sandbox: Sandbox) -> None:
    identifier = sandbox.store.add_group("Platform", external_id="guid-1")
    external = aws("describe_group", GroupId=identifier)["ExternalIds"][0]
    for alternate in (
        {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "platform"}},
        {"ExternalId": external},
    ):
        assert aws("get_group_id", AlternateIdentifier=alternate)["GroupId"] == identifier
    for alternate in (
        {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "x"}},
        {"ExternalId": external | {"Id": "guid-2"}},
    ):
        error = refusal(aws, "get_group_id", AlternateIdentifier=alternate)
        assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "GROUP")


def test_an_alternate_identifier_is_one_of_two(unchecked: Aws) -> None:
    both = {
        "UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "x"},
        "ExternalId": {"Issuer": "a", "Id": "b"},
    }
    for alternate in (both, {}):
        error = refusal(unchecked, "get_group_id", AlternateIdentifier=alternate)
        assert error["Code"] == "ValidationException"


def test_a_filter_on_the_display_name_finds_one_or_none(aws: Aws) -> None:
    identifier = aws.add_group("Platform")
    aws.add_group("Other")
    for value, expected in (("platform", [identifier]), ("nothing", [])):
        filters = [{"AttributePath": "DisplayName", "AttributeValue": value}]
        assert [group["GroupId"] for group in aws("list_groups", Filters=filters)["Groups"]] == expected


def test_the_quota_of_groups_holds() -> None:
    with Sandbox(throttling=False, latency=0, max_groups=1) as sandbox, connected(sandbox) as aws:
        aws.add_group("a")
        assert refusal(lambda: aws.add_group("b"))["Code"] == "ServiceQuotaExceededException"

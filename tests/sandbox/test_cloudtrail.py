"""The event history: who wrote what by which channel, newest first, ids and no names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.sandbox.sso import ONE, Sso


def events(sso: Sso, name: str | None = None, **params: Any) -> list[dict[str, Any]]:
    client = sso.aws.client("cloudtrail")
    lookup = [{"AttributeKey": "EventName", "AttributeValue": name}] if name else []
    pages = client.get_paginator("lookup_events").paginate(LookupAttributes=lookup, **params)
    return [json.loads(one["CloudTrailEvent"]) for page in pages for one in page["Events"]]


def test_the_console_the_api_and_scim_leave_events_of_their_own(sso: Sso) -> None:
    store, identity = sso.sandbox.store, sso.aws.directory
    store.add_member("Platform", "ada")
    store.remove_member("Platform", "ada")
    made = identity.create_group_membership(
        IdentityStoreId=sso.sandbox.identity_store_id, GroupId=sso.group, MemberId={"UserId": sso.user}
    )["MembershipId"]
    identity.delete_group_membership(IdentityStoreId=sso.sandbox.identity_store_id, MembershipId=made)

    found = [(one["eventSource"].split(".")[0], one["eventName"]) for one in events(sso)]

    assert found[:4] == [
        ("identitystore", "DeleteGroupMembership"),
        ("identitystore", "CreateGroupMembership"),
        ("sso-directory", "RemoveMemberFromGroup"),
        ("sso-directory", "AddMemberToGroup"),
    ]
    (removed,) = events(sso, "RemoveMemberFromGroup")
    assert removed["requestParameters"]["groupId"] == sso.group
    assert removed["requestParameters"]["member"] == {"memberId": sso.user}
    assert removed["userIdentity"]["arn"].endswith("assumed-role/Administrator/console")


def test_an_assignment_is_one_event_by_whom_it_was_asked_for(sso: Sso) -> None:
    arn = sso.make()
    sso.assign(arn)
    sso.clock.push(3600)
    assert sso("list_account_assignments", AccountId=ONE, PermissionSetArn=arn)["AccountAssignments"]

    (one,) = events(sso, "CreateAccountAssignment")

    assert one["requestParameters"]["permissionSetArn"] == arn
    assert one["requestParameters"]["targetId"] == ONE


def test_what_the_console_lets_end_at_once_is_nobodys_event(sso: Sso) -> None:
    arn = sso.make()
    sso.assign(arn)
    sso.sandbox.store.settle()

    assert len(events(sso, "CreateAccountAssignment")) == 1


def test_what_goes_with_a_user_is_no_event_of_its_own(sso: Sso) -> None:
    sso.sandbox.store.add_member("Platform", "ada")
    sso.sandbox.store.remove_user("ada")

    assert [one["eventName"] for one in events(sso)][:2] == ["DeleteUser", "AddMemberToGroup"]


def test_what_was_just_done_is_not_there_yet_and_what_is_old_is_gone(sso: Sso) -> None:
    sso.sandbox.circumstances.trail_delay = 300.0
    sso.sandbox.store.add_member("Platform", "ada")
    assert events(sso, "AddMemberToGroup") == []
    sso.clock.push(301)
    assert len(events(sso, "AddMemberToGroup")) == 1
    later = datetime.fromtimestamp(sso.clock.now() - 10, UTC)
    assert events(sso, "AddMemberToGroup", StartTime=later) == []
    sso.clock.push(91 * 86_400)
    assert events(sso) == []


def test_many_come_in_pages_newest_first(sso: Sso) -> None:
    for number in range(120):
        sso.sandbox.store.add_user(f"user{number}")

    found = events(sso, "CreateUser")

    assert len(found) == 121
    assert [one["eventID"] for one in found] == list(dict.fromkeys(one["eventID"] for one in found))

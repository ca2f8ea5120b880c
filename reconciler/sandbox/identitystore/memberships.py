"""Memberships of the Identity Store: one user in one group; groups have no groups in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.answers import not_found
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.identitystore.common import (
    PAGE,
    arn,
    bad_token,
    check_store,
    member_id,
    membership_answer,
    plain_id,
)


def create_group_membership(call: Call) -> Answer:
    """CreateGroupMembership: one user, one group; a second time is a conflict."""
    store = check_store(call)
    group_id = plain_id(call.params["GroupId"], "group")
    return _written(store, call.directory.memberships.add(group_id, member_id(call), call.hand).id)


def describe_group_membership(call: Call) -> Answer:
    """DescribeGroupMembership."""
    store = check_store(call)
    identifier = plain_id(call.params["MembershipId"], "membership")
    return membership_answer(store, call.directory.memberships.get(identifier))


def delete_group_membership(call: Call) -> Answer:
    """DeleteGroupMembership."""
    check_store(call)
    call.directory.memberships.remove(plain_id(call.params["MembershipId"], "membership"))
    return {}


def get_group_membership_id(call: Call) -> Answer:
    """GetGroupMembershipId: the membership of one user in one group."""
    store = check_store(call)
    group_id, user_id = plain_id(call.params["GroupId"], "group"), member_id(call)
    found = call.directory.memberships.find(group_id, user_id)
    if found is None:
        raise not_found("GROUP_MEMBERSHIP")
    return _written(store, found.id)


def is_member_in_groups(call: Call) -> Answer:
    """IsMemberInGroups: one user against 1 to 100 groups, all of which must exist."""
    check_store(call)
    user = call.directory.users.get(member_id(call))
    results = []
    for given in call.params["GroupIds"]:
        group = call.directory.groups.get(plain_id(given, "group"))
        results.append(
            {
                "GroupId": group.id,
                "MemberId": {"UserId": user.id},
                "MembershipExists": call.directory.memberships.find(group.id, user.id) is not None,
            }
        )
    return {"Results": results}


def list_group_memberships(call: Call) -> Answer:
    """ListGroupMemberships: of one group, 1 to 100 a page."""
    store = check_store(call)
    group = call.directory.groups.get(plain_id(call.params["GroupId"], "group"))

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = call.directory.memberships.of_group(group.id, after, limit)
        return [(item.seq, membership_answer(store, item)) for item in found]

    return call.page(rows, most=PAGE, bad_token=bad_token())


def list_group_memberships_for_member(call: Call) -> Answer:
    """ListGroupMembershipsForMember: of one user, 1 to 100 a page."""
    store = check_store(call)
    user = call.directory.users.get(member_id(call))

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = call.directory.memberships.of_user(user.id, after, limit)
        return [(item.seq, membership_answer(store, item)) for item in found]

    return call.page(rows, most=PAGE, bad_token=bad_token())


def _written(store: str, identifier: str) -> Answer:
    return {
        "IdentityStoreId": store,
        "MembershipId": identifier,
        "MembershipArn": arn("membership", identifier),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateGroupMembership": create_group_membership,
    "DescribeGroupMembership": describe_group_membership,
    "DeleteGroupMembership": delete_group_membership,
    "GetGroupMembershipId": get_group_membership_id,
    "IsMemberInGroups": is_member_in_groups,
    "ListGroupMemberships": list_group_memberships,
    "ListGroupMembershipsForMember": list_group_memberships_for_member,
}

"""LookupEvents: what was written in the last 90 days, newest first, in the words of its channel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.call import Answer, Call, Handler

_PAGE = 50
_KEPT = 90 * 86_400.0
# Newest first: a later row has a smaller number.
_LAST = 1 << 62
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SOURCES = {
    "console": "sso-directory.amazonaws.com",
    "api": "identitystore.amazonaws.com",
    "scim": "identitystore-scim.amazonaws.com",
}
_SSO = "sso.amazonaws.com"
_DIRECTORY: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("user", "create"): {"console": "CreateUser", "api": "CreateUser", "scim": "CreateUser"},
    ("user", "update"): {"console": "UpdateUser", "api": "UpdateUser", "scim": "PatchUser"},
    ("user", "enable"): {"console": "EnableUser", "api": "UpdateUser", "scim": "PatchUser"},
    ("user", "disable"): {"console": "DisableUser", "api": "UpdateUser", "scim": "PatchUser"},
    ("user", "delete"): {"console": "DeleteUser", "api": "DeleteUser", "scim": "DeleteUser"},
    ("group", "create"): {"console": "CreateGroup", "api": "CreateGroup", "scim": "CreateGroup"},
    ("group", "update"): {"console": "UpdateGroup", "api": "UpdateGroup", "scim": "PatchGroup"},
    ("group", "delete"): {"console": "DeleteGroup", "api": "DeleteGroup", "scim": "DeleteGroup"},
    ("membership", "create"): {
        "console": "AddMemberToGroup",
        "api": "CreateGroupMembership",
        "scim": "PatchGroup",
    },
    ("membership", "delete"): {
        "console": "RemoveMemberFromGroup",
        "api": "DeleteGroupMembership",
        "scim": "PatchGroup",
    },
}
_ACCESS: Mapping[tuple[str, str], str] = {
    ("set", "create"): "CreatePermissionSet",
    ("set", "update"): "UpdatePermissionSet",
    ("set", "delete"): "DeletePermissionSet",
    ("set", "put-inline"): "PutInlinePolicyToPermissionSet",
    ("set", "delete-inline"): "DeleteInlinePolicyFromPermissionSet",
    ("set", "put-boundary"): "PutPermissionsBoundaryToPermissionSet",
    ("set", "delete-boundary"): "DeletePermissionsBoundaryFromPermissionSet",
    ("set", "attach-aws"): "AttachManagedPolicyToPermissionSet",
    ("set", "detach-aws"): "DetachManagedPolicyFromPermissionSet",
    ("set", "attach-customer"): "AttachCustomerManagedPolicyReferenceToPermissionSet",
    ("set", "detach-customer"): "DetachCustomerManagedPolicyReferenceFromPermissionSet",
    ("assignment", "create"): "CreateAccountAssignment",
    ("assignment", "delete"): "DeleteAccountAssignment",
}


class _Row(NamedTuple):
    seq: int
    id: str
    at: float
    channel: str
    by: str
    key: str
    agent: str
    kind: str
    action: str
    one: str
    two: str
    three: str
    more: str


def lookup_events(call: Call) -> Answer:
    """LookupEvents by one attribute, EventName or none; what has just happened is not there yet."""
    wanted = _names(call.params.get("LookupAttributes") or [])
    end = min(call.params.get("EndTime", call.hand.at), call.hand.at - call.access.circumstances.trail_delay)
    begin = max(call.params.get("StartTime", 0.0), call.hand.at - _KEPT)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found: list[tuple[int, Answer]] = []
        query = "SELECT * FROM events WHERE seq < ? AND at >= ? AND at <= ? ORDER BY seq DESC"
        for raw in call.db.execute(query, (_LAST - after, begin, end)):
            row = _Row(*raw)
            if wanted is None or _name(row) == wanted:
                found.append((_LAST - row.seq, _event(call, row)))
            if len(found) == limit:
                break
        return found

    bad = ApiError("InvalidNextTokenException", "The provided NextToken is invalid.")
    return call.page(rows, most=_PAGE, bad_token=bad)


def _names(attributes: Sequence[Mapping[str, str]]) -> str | None:
    if not attributes:
        return None
    if len(attributes) > 1 or attributes[0]["AttributeKey"] != "EventName":
        raise ApiError(
            "InvalidLookupAttributesException",
            "The sandbox looks events up by one EventName, or all of them.",
        )
    return attributes[0]["AttributeValue"]


def _name(row: _Row) -> str:
    known = _DIRECTORY.get((row.kind, row.action))
    return _ACCESS[row.kind, row.action] if known is None else known[row.channel]


def _event(call: Call, row: _Row) -> Answer:
    source = _SOURCES[row.channel] if (row.kind, row.action) in _DIRECTORY else _SSO
    identity = _identity(row)
    requested, answered = _parameters(call, row)
    detail = {
        "eventVersion": "1.09",
        "userIdentity": identity,
        "eventTime": datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": _name(row),
        "awsRegion": call.meta["region"],
        "sourceIPAddress": "198.51.100.7",
        "userAgent": row.agent or ("Mozilla/5.0" if row.channel == "console" else ""),
        "requestParameters": requested,
        "responseElements": answered,
        "eventID": row.id,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": call.meta["management_account"],
        **({"sessionCredentialFromConsole": "true"} if row.channel == "console" else {}),
    }
    return {
        "EventId": row.id,
        "EventName": detail["eventName"],
        "ReadOnly": "false",
        "EventTime": row.at,
        "EventSource": source,
        "Username": row.by.rpartition("/")[2] or _HIDDEN,
        "Resources": [],
        "CloudTrailEvent": json.dumps(detail),
        **({"AccessKeyId": row.key} if row.key else {}),
    }


def _identity(row: _Row) -> Mapping[str, Any]:
    if row.channel == "scim":
        return {"type": "WebIdentityUser", "accessKeyId": row.key}
    return {"type": "AssumedRole", "arn": row.by, "accountId": row.by.split(":")[4], "accessKeyId": row.key}


def _parameters(call: Call, row: _Row) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """What was asked for and answered, by ids: names are hidden (user guide, CloudTrail)."""
    store = {"identityStoreId": call.meta["identity_store_id"]}
    instance = {"instanceArn": call.meta["instance_arn"]}
    if row.kind == "user":
        asked = {**store, "userId": row.one} if row.action != "create" else {**store, "userName": _HIDDEN}
        return asked, {"userId": row.one} if row.action == "create" else None
    if row.kind == "group":
        asked = {**store, "groupId": row.one} if row.action != "create" else {**store, "displayName": _HIDDEN}
        return asked, {"groupId": row.one} if row.action == "create" else None
    if row.kind == "membership":
        return _membership(row, store)
    if row.kind == "set":
        made = {"permissionSet": {"permissionSetArn": row.one}} if row.action == "create" else None
        asked = instance if made else {**instance, "permissionSetArn": row.one}
        return {**asked, **({"managedPolicyArn": row.more} if row.more else {})}, made
    return {
        **instance,
        "targetId": row.one,
        "targetType": "AWS_ACCOUNT",
        "permissionSetArn": row.two,
        "principalId": row.three,
        "principalType": row.more,
    }, None


def _membership(row: _Row, store: Mapping[str, str]) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    if row.channel == "console":
        return {**store, "groupId": row.one, "member": {"memberId": row.two}}, None
    if row.channel == "scim":
        if row.action == "create":
            operation: Mapping[str, Any] = {"op": "add", "path": "members", "value": [{"value": row.two}]}
        else:
            operation = {"op": "remove", "path": f'members[value eq "{row.two}"]'}
        return {"id": row.one, "httpBody": {"Operations": [operation]}}, None
    if row.action == "create":
        asked = {**store, "groupId": row.one, "memberId": {"userId": row.two}}
        return asked, {"membershipId": row.three}
    return {**store, "membershipId": row.three}, None


OPERATIONS: Mapping[str, Handler] = {"LookupEvents": lookup_events}

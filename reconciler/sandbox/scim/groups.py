"""Groups: CreateGroup, GetGroup, PatchGroup, DeleteGroup, ListGroups. There is no PutGroup."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.directory import rules
from reconciler.sandbox.directory.records import Record
from reconciler.sandbox.faulty_replies import Reply
from reconciler.sandbox.scim import resources
from reconciler.sandbox.scim.answers import UNPARSABLE, answered, refused
from reconciler.sandbox.scim.call import MOST_MEMBERS, Call, Handler, Resource, operations
from reconciler.sandbox.scim.filters import parsed

# Developer guide, ListGroups. A bare id is valid there, and discouraged.
FILTERS: Collection[frozenset[str]] = frozenset(
    frozenset(names)
    for names in (("displayName",), ("externalId",), ("members.value",), ("id", "members"), ("id",))
)


def create_group(call: Call) -> Reply:
    """CreateGroup: 201 with the group, which does not show its members."""
    sent = resources.taken_group(call.body)
    members = _users(sent.pop("members", []))
    if len(members) > MOST_MEMBERS:
        raise refused(UNPARSABLE)
    call.charge(len(members))
    body = {"DisplayName": _name(sent.get("displayName"))}
    record = call.directory.groups.add(body, call.hand, external=resources.external_of(sent))
    for user in members:
        _join(call, record.id, user)
    return answered(201, resources.group_resource(record))


def get_group(call: Call) -> Reply:
    """GetGroup: its members are never shown."""
    return answered(200, _answer(call.directory.groups.get(call.identifier)))


def patch_group(call: Call) -> Reply:
    """PatchGroup: all operations or none; 204 without a body."""
    before = call.directory.groups.get(call.identifier)
    wanted = operations(call.body)
    # Whether a change is one is not asked: to add a member twice is one change each time, and no error.
    changes = [(op["op"], user) for op in wanted if op["path"] == "members" for user in _changes(op)]
    if len(changes) > MOST_MEMBERS:
        raise refused(UNPARSABLE)
    body, external = dict(before.body), list(before.external)
    for operation in wanted:
        op, path, value = operation["op"], operation["path"], operation.get("value")
        if path == "displayName" and op != "remove":
            body["DisplayName"] = _name(value)
        elif path == "externalId":
            external = list(resources.external_of({"externalId": value} if op != "remove" else {}, before))
        elif path != "members":
            raise refused(f"{op} of {path} is not supported")
    call.charge(len(changes))
    if body != before.body:
        call.directory.groups.change(before.id, body, call.hand)
    if external != list(before.external):
        call.directory.groups.set_external_ids(before.id, external, call.hand)
    for op, user in changes:
        (_join if op == "add" else _leave)(call, before.id, user)
    return answered(204)


def delete_group(call: Call) -> Reply:
    """DeleteGroup: memberships go with it, assignments stay behind as orphans."""
    call.directory.groups.remove(call.identifier)
    return answered(204)


def list_groups(call: Call) -> Reply:
    """ListGroups: without members; by `members.value` those of a user, who must exist."""
    terms = parsed(call.query["filter"], FILTERS) if "filter" in call.query else {}
    groups, memberships = call.directory.groups, call.directory.memberships
    member = terms.get("members.value", terms.get("members"))
    if member is not None:
        # A filter that names a member who is not there finds no resource, rather than none of them.
        call.directory.users.get(member)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Resource]]:
        if "members.value" in terms:
            joined = memberships.of_user(terms["members.value"], after, limit)
            return [(item.seq, _answer(groups.get(item.group_id))) for item in joined]
        found = _by(call, terms) if terms else groups.page(after, limit)
        return [(record.seq, _answer(record)) for record in found if record.seq > after]

    return answered(200, call.page(rows))


def _by(call: Call, terms: Mapping[str, str]) -> Sequence[Record]:
    """The one group that a filter finds, or none."""
    groups = call.directory.groups
    if "displayName" in terms:
        found = groups.by_name(terms["displayName"])
        return [found] if found else []
    try:
        if "externalId" in terms:
            return [groups.by_external_id(rules.SCIM_ISSUER, terms["externalId"])]
        group = groups.get(terms["id"])
    except ApiError:
        return []
    if "members" in terms and call.directory.memberships.find(group.id, terms["members"]) is None:
        return []
    return [group]


def _answer(record: Record) -> Resource:
    return {**resources.group_resource(record), "members": []}


def _changes(operation: Mapping[str, Any]) -> Sequence[str]:
    """The users whom an operation on `members` adds or removes, by id. All at once is not supported."""
    if operation["op"] == "replace":
        raise refused("Replacing all members of a group in one request is not supported")
    value = operation.get("value")
    if value is None or value == []:
        raise refused("Members must be named; removing all of them in one request is not supported")
    return _users(value)


def _users(value: Any) -> Sequence[str]:
    if not isinstance(value, list):
        raise refused(UNPARSABLE)
    for item in value:
        if not isinstance(item, dict) or not isinstance(item.get("value"), str) or not item["value"]:
            raise refused(UNPARSABLE)
        if not set(item) <= {"value", "type", "$ref"} or item.get("type", "User") != "User":
            raise refused("A member has a value, and is a user; display is not supported")
    return [item["value"] for item in value]


def _name(value: Any) -> Any:
    if value is not None and not isinstance(value, str):
        raise refused(UNPARSABLE)
    return value


def _join(call: Call, group: str, user: str) -> None:
    if call.directory.memberships.find(group, user) is None:
        call.directory.memberships.add(group, user, call.hand)


def _leave(call: Call, group: str, user: str) -> None:
    found = call.directory.memberships.find(group, user)
    if found is not None:
        call.directory.memberships.remove(found.id)


OPERATIONS: Mapping[str, Handler] = {
    "CreateGroup": create_group,
    "GetGroup": get_group,
    "PatchGroup": patch_group,
    "DeleteGroup": delete_group,
    "ListGroups": list_groups,
}

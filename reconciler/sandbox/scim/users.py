"""Users: CreateUser, GetUser, PutUser, PatchUser, DeleteUser, ListUsers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.directory import rules
from reconciler.sandbox.directory.records import Record
from reconciler.sandbox.faulty_replies import Reply
from reconciler.sandbox.scim import resources
from reconciler.sandbox.scim.answers import answered
from reconciler.sandbox.scim.call import Call, Handler, Resource, operations
from reconciler.sandbox.scim.filters import parsed
from reconciler.sandbox.scim.patching import patched_user

# Developer guide, ListUsers. A bare id is valid there, and discouraged.
FILTERS: Collection[frozenset[str]] = frozenset(
    frozenset(names)
    for names in (("userName",), ("externalId",), ("groups.value",), ("id", "manager"), ("id",))
)


def create_user(call: Call) -> Reply:
    """CreateUser: 201 with the user."""
    sent = resources.taken_user(call.body)
    resources.check_lists(sent)
    record = call.directory.users.add(
        resources.stored_user(sent),
        call.hand,
        status=resources.status_of(sent),
        external=resources.external_of(sent),
    )
    return answered(201, resources.user_resource(record))


def get_user(call: Call) -> Reply:
    """GetUser."""
    return answered(200, resources.user_resource(call.directory.users.get(call.identifier)))


def put_user(call: Call) -> Reply:
    """PutUser: what is left out is cleared, and a user of whom `active` is left out is active."""
    before = call.directory.users.get(call.identifier)
    sent = resources.taken_user(call.body, identifier=before.id)
    resources.check_lists(sent)
    return answered(200, resources.user_resource(_changed(call, before, sent)))


def patch_user(call: Call) -> Reply:
    """PatchUser: all operations or none; 200 with the user."""
    before = call.directory.users.get(call.identifier)
    after = patched_user(resources.user_resource(before), operations(call.body))
    return answered(200, resources.user_resource(_changed(call, before, after)))


def delete_user(call: Call) -> Reply:
    """DeleteUser: memberships go with it, assignments stay behind as orphans."""
    call.directory.users.remove(call.identifier)
    return answered(204)


def list_users(call: Call) -> Reply:
    """ListUsers: complete users; by `groups.value` those of a group, in the order in which they joined."""
    terms = parsed(call.query["filter"], FILTERS) if "filter" in call.query else {}
    users, memberships = call.directory.users, call.directory.memberships

    def rows(after: int, limit: int) -> Sequence[tuple[int, Resource]]:
        if group := terms.get("groups.value"):
            joined = memberships.of_group(group, after, limit)
            return [(item.seq, resources.user_resource(users.get(item.user_id))) for item in joined]
        found = _by(call, terms) if terms else users.page(after, limit)
        return [(record.seq, resources.user_resource(record)) for record in found if record.seq > after]

    return answered(200, call.page(rows))


def _by(call: Call, terms: Mapping[str, str]) -> Sequence[Record]:
    """The one user that a filter finds, or none."""
    users = call.directory.users
    if "userName" in terms:
        found = users.by_name(terms["userName"])
        return [found] if found else []
    try:
        if "externalId" in terms:
            return [users.by_external_id(rules.SCIM_ISSUER, terms["externalId"])]
        user = users.get(terms.get("id", ""))
    except ApiError:
        return []
    return [user] if "manager" not in terms or _manager(user) == terms["manager"] else []


def _manager(record: Record) -> Any:
    return record.body.get("Extensions", {}).get(rules.ENTERPRISE, {}).get("manager", {}).get("value")


def _changed(call: Call, before: Record, after: Mapping[str, Any]) -> Record:
    external = resources.external_of(after, before)
    if list(external) != list(before.external):
        call.directory.users.set_external_ids(before.id, external, call.hand)
    body, status = resources.stored_user(after, before), resources.status_of(after)
    return call.directory.users.change(before.id, body, call.hand, status=status)


OPERATIONS: Mapping[str, Handler] = {
    "CreateUser": create_user,
    "GetUser": get_user,
    "PutUser": put_user,
    "PatchUser": patch_user,
    "DeleteUser": delete_user,
    "ListUsers": list_users,
}

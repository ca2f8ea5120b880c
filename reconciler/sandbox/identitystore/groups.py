"""Groups of the Identity Store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.answers import not_found
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.directory.attributes import updated_group
from reconciler.sandbox.directory.records import Record
from reconciler.sandbox.identitystore.common import (
    PAGE,
    arn,
    bad_token,
    check_store,
    external_ids,
    one_filter,
    plain_id,
    trail,
    unique_text,
)


def create_group(call: Call) -> Answer:
    """CreateGroup: the display name is required, although the model does not say so."""
    store = check_store(call)
    body = {
        name: call.params[name]
        for name in ("DisplayName", "Description")
        if call.params.get(name) is not None
    }
    return _written(store, call.directory.groups.add(body, call.hand))


def describe_group(call: Call) -> Answer:
    """DescribeGroup."""
    store = check_store(call)
    return _answer(store, call.directory.groups.get(plain_id(call.params["GroupId"], "group")))


def update_group(call: Call) -> Answer:
    """UpdateGroup: all operations or none, and only on the Revision that is named, where one is."""
    store = check_store(call)
    before = call.directory.groups.get(plain_id(call.params["GroupId"], "group"))
    body = updated_group(before.body, call.params["Operations"])
    after = call.directory.groups.change(before.id, body, call.hand, revision=call.params.get("Revision"))
    return _written(store, after)


def delete_group(call: Call) -> Answer:
    """DeleteGroup: memberships go with it."""
    check_store(call)
    identifier = plain_id(call.params["GroupId"], "group")
    call.directory.groups.remove(identifier, revision=call.params.get("Revision"))
    return {}


def list_groups(call: Call) -> Answer:
    """ListGroups: complete groups, 1 to 100 a page; a filter on DisplayName finds one or none."""
    store = check_store(call)
    name = one_filter(call, "DisplayName")

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found: Sequence[Record | None] = call.directory.groups.page(after, limit)
        if name is not None:
            found = [call.directory.groups.by_name(name)]
        return [(group.seq, _answer(store, group)) for group in found if group and group.seq > after]

    return call.page(rows, most=PAGE, bad_token=bad_token())


def get_group_id(call: Call) -> Answer:
    """GetGroupId: by displayName, or by the id that an external identity provider gave."""
    store = check_store(call)
    alternate = call.params["AlternateIdentifier"]
    external = alternate.get("ExternalId")
    found: Record | None
    if external:
        found = call.directory.groups.by_external_id(external["Issuer"], external["Id"])
    else:
        _, value = unique_text(alternate["UniqueAttribute"], ("displayName",))
        found = call.directory.groups.by_name(value)
    if found is None:
        raise not_found("GROUP")
    return {"IdentityStoreId": store, "GroupId": found.id, "GroupArn": arn("group", found.id)}


def _written(store: str, record: Record) -> Answer:
    return {
        "IdentityStoreId": store,
        "GroupId": record.id,
        "GroupArn": arn("group", record.id),
        "Revision": record.revision,
    }


def _answer(store: str, record: Record) -> Answer:
    return {**_written(store, record), **record.body, **external_ids(record), **trail(record)}


OPERATIONS: Mapping[str, Handler] = {
    "CreateGroup": create_group,
    "DescribeGroup": describe_group,
    "UpdateGroup": update_group,
    "DeleteGroup": delete_group,
    "ListGroups": list_groups,
    "GetGroupId": get_group_id,
}

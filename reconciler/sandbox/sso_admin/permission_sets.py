"""Permission sets themselves, and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.access.sets import PermissionSet, exceeded, missing, tags_of
from reconciler.sandbox.answers import invalid
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.sso_admin.common import check_instance, pages, permission_set, writable, writable_set


def create_permission_set(call: Call) -> Answer:
    """CreatePermissionSet: it is there at once, and in no account."""
    check_instance(call)
    tags = call.params.get("Tags") or []
    made = call.access.sets.add(call.params["Name"], call.params, call.hand.at)
    _tag(call, made.id, tags)
    return {"PermissionSet": _answer(made)}


def describe_permission_set(call: Call) -> Answer:
    """DescribePermissionSet: without its policies and tags, which have operations of their own."""
    return {"PermissionSet": _answer(permission_set(call))}


def update_permission_set(call: Call) -> Answer:
    """UpdatePermissionSet: no name, and no patch: see PermissionSets.redefine."""
    call.access.sets.redefine(writable_set(call).id, call.params)
    return {}


def delete_permission_set(call: Call) -> Answer:
    """DeletePermissionSet: only when nothing holds it any more."""
    call.access.sets.remove(writable_set(call).id)
    return {}


def list_permission_sets(call: Call) -> Answer:
    """ListPermissionSets: ARNs, nothing else."""
    check_instance(call)

    def rows(after: int, limit: int) -> Sequence[tuple[int, str]]:
        return [(found.seq, found.id) for found in call.access.sets.page(after, limit)]

    return pages(call, rows)


def tag_resource(call: Call) -> Answer:
    """TagResource: adds, and replaces values of keys that are there."""
    _tag(call, _tagged(call, write=True), call.params["Tags"])
    return {}


def untag_resource(call: Call) -> Answer:
    """UntagResource: keys that are not there do not matter."""
    resource = _tagged(call, write=True)
    for key in call.params["TagKeys"]:
        call.db.execute("DELETE FROM tags WHERE resource = ? AND key = ?", (resource, key))
    return {}


def list_tags_for_resource(call: Call) -> Answer:
    """ListTagsForResource: pages without a MaxResults."""
    resource = _tagged(call, write=False)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = tags_of(call.db, resource, after, limit)
        return [(after + n, {"Key": key, "Value": value}) for n, (key, value) in enumerate(found, start=1)]

    return pages(call, rows, most=call.access.requests.quotas.tags)


def _tagged(call: Call, *, write: bool) -> str:
    """The ARN of what is tagged: a permission set or the instance; the sandbox has nothing else."""
    check_instance(call)
    resource: str = call.params["ResourceArn"]
    if ":permissionSet/" in resource:
        found = call.access.sets.get(resource)
        return writable(call, found).id if write else found.id
    if resource != call.meta["instance_arn"]:
        raise missing(f"Could not find a resource with ARN {resource}")
    return resource


def _tag(call: Call, resource: str, tags: Sequence[Mapping[str, str]]) -> None:
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) < len(keys):
        raise invalid("Duplicate tag keys found. A key may be given once only.")
    reserved = [key for key in keys if key.lower().startswith("aws:")]
    if reserved:
        raise invalid(f"The tag key {reserved[0]} is reserved: no key begins with aws:")
    rows = [(resource, tag["Key"], tag["Value"]) for tag in tags]
    call.db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", rows)
    most = call.access.requests.quotas.tags
    if len(tags_of(call.db, resource)) > most:
        raise exceeded("tags", most, resource.rpartition("/")[2])


def _answer(found: PermissionSet) -> Answer:
    answer = {
        "Name": found.name,
        "PermissionSetArn": found.id,
        "Description": found.description,
        "CreatedDate": found.created_at,
        "SessionDuration": found.session_duration,
        "RelayState": found.relay_state,
    }
    return {name: value for name, value in answer.items() if value is not None}


OPERATIONS: Mapping[str, Handler] = {
    "CreatePermissionSet": create_permission_set,
    "DescribePermissionSet": describe_permission_set,
    "UpdatePermissionSet": update_permission_set,
    "DeletePermissionSet": delete_permission_set,
    "ListPermissionSets": list_permission_sets,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}

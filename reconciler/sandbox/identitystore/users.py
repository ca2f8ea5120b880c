"""Users of the Identity Store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from reconciler.sandbox.answers import invalid, not_found
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.directory.attributes import updated_user
from reconciler.sandbox.directory.records import Record
from reconciler.sandbox.directory.rules import ENTERPRISE
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
    without_nulls,
)


def create_user(call: Call) -> Answer:
    """CreateUser: everything but status and external ids, which this API cannot set."""
    store = check_store(call)
    body = {
        # Extensions are documents, in which a null is a value, and a wrong one.
        name: value if name == "Extensions" else without_nulls(value)
        for name, value in call.params.items()
        if name != "IdentityStoreId" and value is not None
    }
    record = call.directory.users.add(body, call.hand)
    return _written(store, record)


def describe_user(call: Call) -> Answer:
    """DescribeUser: extensions only where they are asked for."""
    store = check_store(call)
    wanted = _extensions(call)
    return _answer(store, call.directory.users.get(plain_id(call.params["UserId"], "user")), wanted)


def update_user(call: Call) -> Answer:
    """UpdateUser: all operations or none, and only on the Revision that is named, where one is."""
    store = check_store(call)
    before = call.directory.users.get(plain_id(call.params["UserId"], "user"))
    body = updated_user(before.body, call.params["Operations"])
    after = call.directory.users.change(before.id, body, call.hand, revision=call.params.get("Revision"))
    return _written(store, after)


def delete_user(call: Call) -> Answer:
    """DeleteUser: memberships go with it."""
    check_store(call)
    identifier = plain_id(call.params["UserId"], "user")
    call.directory.users.remove(identifier, revision=call.params.get("Revision"))
    return {}


def list_users(call: Call) -> Answer:
    """ListUsers: complete users, 1 to 100 a page; a filter on UserName finds one or none."""
    store, wanted = check_store(call), _extensions(call)
    name = one_filter(call, "UserName")

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found: Sequence[Record | None] = call.directory.users.page(after, limit)
        if name is not None:
            found = [call.directory.users.by_name(name)]
        return [(user.seq, _answer(store, user, wanted)) for user in found if user and user.seq > after]

    return call.page(rows, most=PAGE, bad_token=bad_token())


def get_user_id(call: Call) -> Answer:
    """GetUserId: by userName, by emails.value, or by the id that an external identity provider gave."""
    store = check_store(call)
    alternate = call.params["AlternateIdentifier"]
    external = alternate.get("ExternalId")
    found: Record | None
    if external:
        found = call.directory.users.by_external_id(external["Issuer"], external["Id"])
    else:
        path, value = unique_text(alternate["UniqueAttribute"], ("userName", "emails.value"))
        users = call.directory.users
        found = users.by_name(value) if path == "username" else users.by_email(value)
    if found is None:
        raise not_found("USER")
    return {"IdentityStoreId": store, "UserId": found.id, "UserArn": arn("user", found.id)}


def _extensions(call: Call) -> Collection[str]:
    wanted: Sequence[str] = call.params.get("Extensions") or ()
    unknown = [name for name in wanted if name != ENTERPRISE]
    if unknown:
        raise invalid(f"The extension {unknown[0]} is not supported; {ENTERPRISE} is the only one")
    return wanted


def _written(store: str, record: Record) -> Answer:
    return {
        "IdentityStoreId": store,
        "UserId": record.id,
        "UserArn": arn("user", record.id),
        "Revision": record.revision,
    }


def _answer(store: str, record: Record, wanted: Collection[str]) -> Answer:
    body = dict(record.body)
    extensions = {name: value for name, value in body.pop("Extensions", {}).items() if name in wanted}
    return {
        **_written(store, record),
        **body,
        "UserStatus": record.status,
        **external_ids(record),
        **trail(record),
        **({"Extensions": extensions} if extensions else {}),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateUser": create_user,
    "DescribeUser": describe_user,
    "UpdateUser": update_user,
    "DeleteUser": delete_user,
    "ListUsers": list_users,
    "GetUserId": get_user_id,
}

"""Identity stores themselves; the sandbox has one, in one Region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.identitystore.common import PAGE, bad_token, check_store, store_arn


def list_identity_stores(call: Call) -> Answer:
    """ListIdentityStores: those of the Region that is asked."""

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        if call.region != call.meta["region"] or after >= 1 or limit < 1:
            return []
        return [(1, {"IdentityStoreId": call.meta["identity_store_id"], "IdentityStoreArn": store_arn(call)})]

    return call.page(rows, most=PAGE, bad_token=bad_token())


def describe_identity_store(call: Call) -> Answer:
    """DescribeIdentityStore: no network restriction is in force."""
    store = check_store(call)
    return {"IdentityStoreId": store, "IdentityStoreArn": store_arn(call)}


OPERATIONS: Mapping[str, Handler] = {
    "ListIdentityStores": list_identity_stores,
    "DescribeIdentityStore": describe_identity_store,
}

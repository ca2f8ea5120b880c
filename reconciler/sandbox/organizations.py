"""AWS Organizations (AWSOrganizationsV20161128): accounts, organizational units, tags, and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.access.terms import Caller
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.call import Answer, Call, Handler, Rows
from reconciler.sandbox.organization_policies import PolicyHandlers

# "MaxResults: 1 to 20" for every list.
_PAGE = 20
_TAGS_PAGE = 50

# The older Status has three values for the five of State (account states, Organizations user guide).
_STATUS = {
    "ACTIVE": "ACTIVE",
    "SUSPENDED": "SUSPENDED",
    "CLOSED": "SUSPENDED",
    "PENDING_CLOSURE": "PENDING_CLOSURE",
    "PENDING_ACTIVATION": "ACTIVE",
}


def describe_organization(call: Call) -> Answer:
    """DescribeOrganization."""
    _in_use(call)
    management = call.meta["management_account"]
    return {
        "Organization": {
            "Id": call.meta["organization_id"],
            "Arn": _arn(call, "organization", call.meta["organization_id"]),
            "FeatureSet": "ALL",
            "MasterAccountArn": _arn(call, "account", f"{call.meta['organization_id']}/{management}"),
            "MasterAccountId": management,
            "MasterAccountEmail": _account_row(call, management)[3],
            "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
        }
    }


def list_accounts(call: Call) -> Answer:
    """ListAccounts: all of them, 20 a page at most."""
    _in_use(call)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        query = "SELECT * FROM account_records WHERE seq > ? ORDER BY seq LIMIT ?"
        return [(row[0], _account(call, row)) for row in call.db.execute(query, (after, limit))]

    return _page(call, rows)


def list_accounts_for_parent(call: Call) -> Answer:
    """ListAccountsForParent: directly below a root or a unit."""
    parent = _parent(call)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        query = "SELECT * FROM account_records WHERE parent = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [(row[0], _account(call, row)) for row in call.db.execute(query, (parent, after, limit))]

    return _page(call, rows)


def describe_account(call: Call) -> Answer:
    """DescribeAccount."""
    _in_use(call)
    row = _account_row(call, call.params["AccountId"])
    return {"Account": _account(call, row)}


def list_roots(call: Call) -> Answer:
    """ListRoots: there is one."""
    _in_use(call)
    root = call.meta["root_id"]
    item = {
        "Id": root,
        "Arn": _arn(call, "root", f"{call.meta['organization_id']}/{root}"),
        "Name": "Root",
        "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }
    return _page(call, lambda after, limit: [(1, item)] if after < 1 <= limit else [])


def list_units(call: Call) -> Answer:
    """ListOrganizationalUnitsForParent: directly below a root or a unit."""
    parent = _parent(call)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = call.db.execute(
            "SELECT seq, id, name, path FROM units WHERE seq > ? AND parent = ? ORDER BY seq LIMIT ?",
            (after, parent, limit),
        )
        return [(row[0], _unit(call, *row[1:])) for row in found]

    return _page(call, rows)


def describe_unit(call: Call) -> Answer:
    """DescribeOrganizationalUnit."""
    _in_use(call)
    row = call.db.execute(
        "SELECT id, name, path FROM units WHERE id = ?", (call.params["OrganizationalUnitId"],)
    ).fetchone()
    if row is None:
        raise ApiError(
            "OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist."
        )
    return {"OrganizationalUnit": _unit(call, *row)}


def list_parents(call: Call) -> Answer:
    """ListParents: the one parent of an account or a unit."""
    _in_use(call)
    row = call.db.execute(
        "SELECT parent FROM accounts WHERE id = :child UNION SELECT parent FROM units WHERE id = :child",
        {"child": call.params["ChildId"]},
    ).fetchone()
    if row is None:
        raise ApiError(
            "ChildNotFoundException",
            "We can't find an organizational unit (OU) or AWS account with the ChildId that you specified.",
        )
    item = {"Id": row[0], "Type": "ROOT" if row[0].startswith("r-") else "ORGANIZATIONAL_UNIT"}
    return _page(call, lambda after, limit: [(1, item)] if after < 1 <= limit else [])


def list_children(call: Call) -> Answer:
    """ListChildren: ids of the accounts, or of the units, directly below a root or a unit."""
    parent, kind = _parent(call), call.params["ChildType"]
    queries = {
        "ACCOUNT": "SELECT seq, id FROM accounts WHERE seq > ? AND parent = ? ORDER BY seq LIMIT ?",
        "ORGANIZATIONAL_UNIT": "SELECT seq, id FROM units WHERE seq > ? AND parent = ? ORDER BY seq LIMIT ?",
    }

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = call.db.execute(queries[kind], (after, parent, limit))
        return [(seq, {"Id": identifier, "Type": kind}) for seq, identifier in found]

    return _page(call, rows)


def list_tags(call: Call) -> Answer:
    """ListTagsForResource: of an account, a unit or the root."""
    _in_use(call)
    resource = call.params["ResourceId"]
    known = call.db.execute(
        "SELECT 1 FROM accounts WHERE id = :id UNION SELECT 1 FROM units WHERE id = :id", {"id": resource}
    ).fetchone()
    if known is None and resource != call.meta["root_id"]:
        raise ApiError("TargetNotFoundException", "You specified a target that doesn't exist.")

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = call.db.execute(
            "SELECT key, value FROM tags WHERE resource = ? ORDER BY key LIMIT ? OFFSET ?",
            (resource, limit, after),
        )
        return [(after + n, {"Key": key, "Value": value}) for n, (key, value) in enumerate(found, start=1)]

    return call.page(rows, most=_TAGS_PAGE, bad_token=_bad_token())


def _page(call: Call, rows: Rows) -> Answer:
    return call.page(rows, most=_PAGE, bad_token=_bad_token())


def _bad_token() -> ApiError:
    return ApiError(
        "InvalidInputException",
        "You specified an invalid value for NextToken.",
        members={"Reason": "INVALID_NEXT_TOKEN"},
    )


def _in_use(call: Call) -> None:
    """Without accounts there is no organisation, and only some may look at one that there is.

    A member account may call DescribeOrganization and nothing else; management and the delegated
    administrator of any service may read it all (AWS Organizations, API reference).
    """
    member = call.access.circumstances.caller is Caller.MEMBER
    if member and call.operation.name != "DescribeOrganization":
        raise ApiError("AccessDeniedException", "You don't have permissions to access this resource.")
    if call.db.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is None:
        raise ApiError(
            "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
        )


def _parent(call: Call) -> str:
    """The call's ParentId, which must exist."""
    _in_use(call)
    parent: str = call.params["ParentId"]
    known = parent == call.meta["root_id"] or (
        call.db.execute("SELECT 1 FROM units WHERE id = ?", (parent,)).fetchone() is not None
    )
    if not known:
        raise ApiError("ParentNotFoundException", "You specified parent that doesn't exist.")
    return parent


def _account_row(call: Call, identifier: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = call.db.execute(
        "SELECT * FROM account_records WHERE id = ?", (identifier,)
    ).fetchone()
    if row is None:
        raise ApiError("AccountNotFoundException", "You specified an account that doesn't exist.")
    return row


def _account(call: Call, row: Sequence[Any]) -> Answer:
    _, identifier, name, email, state, joined_at, path, _ = row
    organization = call.meta["organization_id"]
    above = path or f"{organization}/{call.meta['root_id']}/"
    return {
        "Id": identifier,
        "Arn": _arn(call, "account", f"{organization}/{identifier}"),
        "Email": email,
        "Name": name,
        "Status": _STATUS[state],
        "State": state,
        "Paths": [f"{above}{identifier}/"],
        "JoinedMethod": "INVITED" if identifier == call.meta["management_account"] else "CREATED",
        "JoinedTimestamp": joined_at,
    }


def _unit(call: Call, identifier: str, name: str, path: str) -> Answer:
    arn = _arn(call, "ou", f"{call.meta['organization_id']}/{identifier}")
    return {"Id": identifier, "Arn": arn, "Name": name, "Path": path}


def _arn(call: Call, kind: str, rest: str) -> str:
    return f"arn:aws:organizations::{call.meta['management_account']}:{kind}/{rest}"


OPERATIONS: Mapping[str, Handler] = {
    "DescribeOrganization": describe_organization,
    "ListAccounts": list_accounts,
    "ListAccountsForParent": list_accounts_for_parent,
    "DescribeAccount": describe_account,
    "ListRoots": list_roots,
    "ListOrganizationalUnitsForParent": list_units,
    "DescribeOrganizationalUnit": describe_unit,
    "ListParents": list_parents,
    "ListChildren": list_children,
    "ListTagsForResource": list_tags,
    **PolicyHandlers(_in_use, _page, _arn).operations(),
}

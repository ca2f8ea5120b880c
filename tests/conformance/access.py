"""Who shall be assigned what where, expanded from the YAML by plain code; and who is, read by plain boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from reconciler.sandbox import Sandbox
from tests.support.organisation import Entries, Organisation

# Account id, permission set, USER or GROUP, and the user name or display name.
Row = tuple[str, str, str, str]
Accounts = Mapping[str, Mapping[str, Any]]
JOB_FUNCTIONS = {"Billing", "SupportUser", "SystemAdministrator", "ViewOnlyAccess"}
TODAY = "2026-11-23"


def written(organisation: Organisation, accounts: Accounts, management: str) -> set[Row]:
    """What the files assign today, over the accounts that there are (as `Console.accounts` says them)."""
    found: set[Row] = set()
    users = {key: user["user_name"] for key, user in organisation.users.items()}
    groups = {key: group.get("display_name", key) for key, group in organisation.groups.items()}
    for entry in organisation.assignments.values():
        if entry.get("until", "9999")[:10] < TODAY:
            continue
        for account, declared in accounts.items():
            if declared["state"] != "ACTIVE":
                continue
            chosen = [
                any(
                    _hits(each, account, declared, organisation.accounts, payer=account == management)
                    for each in entry.get(which, ())
                )
                for which in ("accounts", "except")
            ]
            if chosen != [True, False]:
                continue
            for name in entry["permission_sets"]:
                found |= {(account, name, "USER", users[user]) for user in entry.get("users", ())}
                found |= {(account, name, "GROUP", groups[group]) for group in entry.get("groups", ())}
    return found


def _hits(
    selector: str | Entries,
    account: str,
    declared: Mapping[str, Any],
    names: Mapping[str, str],
    *,
    payer: bool,
) -> bool:
    if isinstance(selector, str):
        return names.get(selector, selector) == account
    if payer:
        return False
    if "ou" in selector:
        units = [selector["ou"]] if isinstance(selector["ou"], str) else selector["ou"]
        direct = selector.get("direct") == "true"
        lies = declared["unit"]
        if not any(lies == unit or (not direct and lies.startswith(f"{unit}/")) for unit in units):
            return False
    for key, value in selector.get("tag", {}).items():
        if declared["tags"].get(key) not in ([value] if isinstance(value, str) else value):
            return False
    return True


def written_sets(organisation: Organisation) -> dict[str, dict[str, Any]]:
    """Every permission set by name, whole, in words of our own."""
    return {name: _written_set(entry) for name, entry in organisation.permission_sets.items()}


def _written_set(entry: Entries) -> dict[str, Any]:
    boundary = entry.get("permissions_boundary")
    if boundary and "managed_policy" in boundary:
        boundary = _arn(boundary["managed_policy"])
    elif boundary:
        boundary = boundary["customer_managed_policy"]
        boundary = boundary.get("path", "/") + boundary["name"]
    duration = entry.get("session_duration", "1h")
    return {
        "description": entry.get("description"),
        "duration": duration if duration.startswith("PT") else f"PT{duration.upper()}",
        "relay": entry.get("relay_state"),
        "aws": {_arn(policy) for policy in entry.get("managed_policies", ())},
        "own": {each.get("path", "/") + each["name"] for each in entry.get("customer_managed_policies", ())},
        "boundary": boundary,
        "inline": entry.get("inline_policy"),
        "tags": entry.get("tags", {}),
    }


def _arn(policy: str) -> str:
    if policy.startswith("arn:"):
        return policy
    return "arn:aws:iam::aws:policy/" + ("job-function/" if policy in JOB_FUNCTIONS else "") + policy


class Reader:
    """Identity Center as anybody's boto3 sees it; it uses none of our client's code."""

    def __init__(self, sandbox: Sandbox) -> None:
        session = boto3.Session("anybody", "anything", region_name=sandbox.region)
        self._sso = session.client("sso-admin", endpoint_url=sandbox.url)
        self._people = session.client("identitystore", endpoint_url=sandbox.url)
        self._organization = session.client("organizations", endpoint_url=sandbox.url)
        (instance,) = self._sso.list_instances()["Instances"]
        self._instance, self._store = instance["InstanceArn"], instance["IdentityStoreId"]
        self._arns = {self._described(arn)["Name"]: arn for arn in self._list("list_permission_sets")}

    def close(self) -> None:
        for client in (self._sso, self._people, self._organization):
            client.close()

    def accounts(self) -> list[str]:
        """Every account of the organization."""
        pages = self._organization.get_paginator("list_accounts").paginate()
        return [account["Id"] for page in pages for account in page["Accounts"]]

    def assignments(self) -> set[Row]:
        """Account by account: of each set that is provisioned there, who is assigned it."""
        names = {arn: name for name, arn in self._arns.items()}
        who = self._names()
        return {
            (account, names[arn], row["PrincipalType"], who.get(row["PrincipalId"], row["PrincipalId"]))
            for account in self.accounts()
            for arn in self._list("list_permission_sets_provisioned_to_account", AccountId=account)
            for row in self._list("list_account_assignments", AccountId=account, PermissionSetArn=arn)
        }

    def provisioned(self, *, latest: bool) -> set[tuple[str, str]]:
        """Accounts and the sets whose roles there are as the set is defined now, or lag behind."""
        status = "LATEST_PERMISSION_SET_PROVISIONED" if latest else "LATEST_PERMISSION_SET_NOT_PROVISIONED"
        operation = "list_accounts_for_provisioned_permission_set"
        return {
            (account, name)
            for name, arn in self._arns.items()
            for account in self._list(operation, PermissionSetArn=arn, ProvisioningStatus=status)
        }

    def sets(self) -> dict[str, dict[str, Any]]:
        """Every permission set by name, whole, in the words of `written_sets`."""
        return {name: self._set(arn) for name, arn in self._arns.items()}

    def _set(self, arn: str) -> dict[str, Any]:
        declared = self._described(arn)
        at = {"InstanceArn": self._instance, "PermissionSetArn": arn}
        inline = self._sso.get_inline_policy_for_permission_set(**at)["InlinePolicy"]
        try:
            boundary: Any = self._sso.get_permissions_boundary_for_permission_set(**at)
            boundary = boundary.get("PermissionsBoundary") or {}
        except self._sso.exceptions.ResourceNotFoundException:
            boundary = {}
        reference = boundary.get("CustomerManagedPolicyReference")
        own = self._list("list_customer_managed_policy_references_in_permission_set", PermissionSetArn=arn)
        attached = self._list("list_managed_policies_in_permission_set", PermissionSetArn=arn)
        tags = self._list("list_tags_for_resource", ResourceArn=arn)
        return {
            "description": declared.get("Description", "").strip() or None,  # the API takes none away
            "duration": declared["SessionDuration"],
            "relay": declared.get("RelayState"),
            "aws": {policy["Arn"] for policy in attached},
            "own": {each["Path"] + each["Name"] for each in own},
            "boundary": boundary.get("ManagedPolicyArn")
            or (reference and reference["Path"] + reference["Name"]),
            "inline": json.loads(inline) if inline else None,
            "tags": {tag["Key"]: tag["Value"] for tag in tags},
        }

    def _described(self, arn: str) -> dict[str, Any]:
        answer = self._sso.describe_permission_set(InstanceArn=self._instance, PermissionSetArn=arn)
        return dict(answer["PermissionSet"])

    def _names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for operation, key, identifier, name in (
            ("list_users", "Users", "UserId", "UserName"),
            ("list_groups", "Groups", "GroupId", "DisplayName"),
        ):
            # The name of the operation is not known to the type checker, so that no overload fits.
            paginator: Any = self._people.get_paginator(operation)  # type: ignore[call-overload]  # see above
            for page in paginator.paginate(IdentityStoreId=self._store):
                found |= {each[identifier]: each[name] for each in page[key]}
        return found

    def _list(self, operation: str, **more: str) -> Iterator[Any]:
        paginator: Any = self._sso.get_paginator(operation)  # type: ignore[call-overload]  # as above
        for page in paginator.paginate(InstanceArn=self._instance, **more):
            for value in page.values():
                if isinstance(value, list):
                    yield from value

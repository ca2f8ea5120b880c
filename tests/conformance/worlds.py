"""What a directory should be, read from the YAML by plain code, and what it is, read by plain boto3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import yaml

from reconciler.model.plan import Severity, TargetPlan
from reconciler.sandbox import Sandbox
from tests.support.organisation import Organisation

World = tuple[dict[str, Any], dict[str, Any], dict[str, set[str]]]


def in_the_files(organisation: Organisation) -> World:
    """Users and groups by name, with what was written of them, and the user names in each group."""
    names = {key: user["user_name"] for key, user in organisation.users.items()}
    users = {
        names[key]: (
            user["given_name"],
            user["family_name"],
            user.get("display_name", f"{user['given_name']} {user['family_name']}"),
            user.get("email", user["user_name"]),
        )
        for key, user in organisation.users.items()
    }
    titles = {key: group.get("display_name", key) for key, group in organisation.groups.items()}
    groups = {titles[key]: group.get("description") for key, group in organisation.groups.items()}
    members = {titles[key]: {names[user] for user in who} for key, who in organisation.members.items()}
    return users, groups, members


def in_the_directory(sandbox: Sandbox) -> World:
    """The same, as anybody's boto3 sees it."""
    client = boto3.client(
        "identitystore",
        region_name=sandbox.region,
        endpoint_url=sandbox.url,
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",
    )
    store = {"IdentityStoreId": sandbox.identity_store_id}

    def everything(operation: str, key: str, **more: str) -> list[dict[str, Any]]:
        # The name of the operation is not known to the type checker, so that no overload fits.
        paginator: Any = client.get_paginator(operation)  # type: ignore[call-overload]  # see above
        return [item for page in paginator.paginate(**store, **more) for item in page[key]]

    listed = everything("list_users", "Users")
    names = {user["UserId"]: user["UserName"] for user in listed}
    users = {
        user["UserName"]: (
            user["Name"]["GivenName"],
            user["Name"]["FamilyName"],
            user["DisplayName"],
            user["Emails"][0]["Value"],
        )
        for user in listed
    }
    groups, members = {}, {}
    for group in everything("list_groups", "Groups"):
        title = group["DisplayName"]
        groups[title] = group.get("Description")
        rows = everything("list_group_memberships", "GroupMemberships", GroupId=group["GroupId"])
        members[title] = {names[row["MemberId"]["UserId"]] for row in rows}
    client.close()
    return users, groups, members


def codes(part: TargetPlan, severity: Severity) -> set[str]:
    return {finding.code for finding in part.findings if finding.severity is severity}


def plain(file: Path) -> dict[str, dict[str, Any]]:
    """A file as YAML has it, every scalar the text that was written."""
    found: dict[str, dict[str, Any]] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return found

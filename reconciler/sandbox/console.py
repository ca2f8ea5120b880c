"""What an administrator does in the AWS console, behind the reconciler's back, by name; and what there is.

Every write goes through the same rules as the API's, and raises ApiError as the API would answer it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.answers import not_found
from reconciler.sandbox.console_access import AccessConsole
from reconciler.sandbox.console_applications import ApplicationConsole
from reconciler.sandbox.console_base import group_named, user_named
from reconciler.sandbox.console_organization import OrganizationConsole
from reconciler.sandbox.console_policies import PolicyConsole
from reconciler.sandbox.console_scim import ScimConsole
from reconciler.sandbox.console_signin import SigninConsole
from reconciler.sandbox.directory.attributes import updated_group, updated_user
from reconciler.sandbox.directory.rules import SCIM_ISSUER
from reconciler.sandbox.directory.users import ENABLED

_ALL = 1 << 40


class Console(
    OrganizationConsole, PolicyConsole, AccessConsole, ApplicationConsole, ScimConsole, SigninConsole
):
    """What one person does in the console. Thread-safe; users go by user name, groups by display name."""

    def add_user(
        self,
        user_name: str,
        *,
        given_name: str = "Given",
        family_name: str = "Family",
        display_name: str | None = None,
        email: str | None = None,
        status: str = ENABLED,
        external_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> str:
        """Create a user and return its id. `attributes` are further ones, in the API's own spelling."""
        body: dict[str, Any] = {
            "UserName": user_name,
            "DisplayName": display_name or f"{given_name} {family_name}",
            "Name": {"GivenName": given_name, "FamilyName": family_name},
            **({"Emails": [{"Value": email, "Type": "work", "Primary": True}]} if email else {}),
            **(attributes or {}),
        }
        with self._directory() as (directory, hand):
            return directory.users.add(body, hand, status=status, external=_scim(external_id)).id

    def add_group(
        self, display_name: str, *, description: str | None = None, external_id: str | None = None
    ) -> str:
        """Create a group and return its id."""
        body = {"DisplayName": display_name, **({"Description": description} if description else {})}
        with self._directory() as (directory, hand):
            return directory.groups.add(body, hand, external=_scim(external_id)).id

    def add_member(self, group: str, user: str) -> str:
        """Put a user into a group and return the id of the membership."""
        with self._directory() as (directory, hand):
            return directory.memberships.add(
                group_named(directory, group).id, user_named(directory, user).id, hand
            ).id

    def remove_member(self, group: str, user: str) -> None:
        """Take a user out of a group."""
        with self._directory() as (directory, _):
            found = directory.memberships.find(
                group_named(directory, group).id, user_named(directory, user).id
            )
            if found is None:
                raise not_found("GROUP_MEMBERSHIP")
            directory.memberships.remove(found.id)

    def remove_user(self, user: str) -> None:
        """Delete a user, and its memberships with it."""
        with self._directory() as (directory, _):
            directory.users.remove(user_named(directory, user).id)

    def remove_group(self, group: str) -> None:
        """Delete a group, and its memberships with it."""
        with self._directory() as (directory, _):
            directory.groups.remove(group_named(directory, group).id)

    def set_user(self, user: str, path: str, value: Any) -> None:
        """Set one attribute of a user by its path (`title`, `name.givenName`, …), or remove it by None."""
        with self._directory() as (directory, hand):
            record = user_named(directory, user)
            change = [{"AttributePath": path, "AttributeValue": value}]
            directory.users.change(record.id, updated_user(record.body, change), hand)

    def set_group(self, group: str, path: str, value: Any) -> None:
        """Set one attribute of a group by its path (`displayName`, `description`), or remove it by None."""
        with self._directory() as (directory, hand):
            record = group_named(directory, group)
            change = [{"AttributePath": path, "AttributeValue": value}]
            directory.groups.change(record.id, updated_group(record.body, change), hand)

    def rename_user(self, user: str, new_name: str) -> None:
        """Give a user another user name."""
        self.set_user(user, "userName", new_name)

    def rename_group(self, group: str, new_name: str) -> None:
        """Give a group another display name."""
        self.set_group(group, "displayName", new_name)

    def set_status(self, user: str, status: str) -> None:
        """Disable or enable a user: DISABLED or ENABLED."""
        if status not in {"ENABLED", "DISABLED"}:
            raise ValueError(f"a user is ENABLED or DISABLED, not {status}")
        with self._directory() as (directory, hand):
            record = user_named(directory, user)
            directory.users.change(record.id, record.body, hand, status=status)

    def set_user_external_id(self, user: str, external_id: str | None, issuer: str = SCIM_ISSUER) -> None:
        """Give a user the id that SCIM knows it by, or take it away."""
        with self._directory() as (directory, hand):
            found = user_named(directory, user)
            directory.users.set_external_ids(found.id, _scim(external_id, issuer), hand)

    def set_group_external_id(self, group: str, external_id: str | None, issuer: str = SCIM_ISSUER) -> None:
        """Give a group the id that SCIM knows it by, or take it away."""
        with self._directory() as (directory, hand):
            found = group_named(directory, group)
            directory.groups.set_external_ids(found.id, _scim(external_id, issuer), hand)

    # What there is.

    def users(self) -> Mapping[str, Mapping[str, Any]]:
        """Every user by user name, in the API's spelling, with UserId, UserStatus and ExternalIds."""
        with self._directory() as (directory, _):
            return {
                record.body["UserName"]: {
                    "UserId": record.id,
                    "UserStatus": record.status,
                    "ExternalIds": list(record.external),
                    **record.body,
                }
                for record in directory.users.page(0, _ALL)
            }

    def groups(self) -> Mapping[str, Mapping[str, Any]]:
        """Every group by display name, in the API's spelling, with GroupId and ExternalIds."""
        with self._directory() as (directory, _):
            return {
                record.body["DisplayName"]: {
                    "GroupId": record.id,
                    "ExternalIds": list(record.external),
                    **record.body,
                }
                for record in directory.groups.page(0, _ALL)
            }

    def members(self, group: str) -> frozenset[str]:
        """The user names in a group."""
        with self._directory() as (directory, _):
            found = directory.memberships.of_group(group_named(directory, group).id, 0, _ALL)
            return frozenset(directory.users.get(item.user_id).body["UserName"] for item in found)

    def memberships(self) -> Mapping[str, frozenset[str]]:
        """User names by the display name of the group, groups without members included."""
        with self._open() as (db, _):
            rows = db.execute(
                "SELECT json_extract(g.body, '$.DisplayName'), json_extract(u.body, '$.UserName')"
                " FROM groups g LEFT JOIN memberships m ON m.group_id = g.id"
                " LEFT JOIN users u ON u.id = m.user_id"
            )
            found: dict[str, set[str]] = {}
            for group, user in rows:
                members = found.setdefault(group, set())
                if user is not None:
                    members.add(user)
        return {group: frozenset(members) for group, members in found.items()}


def _scim(external_id: str | None, issuer: str = SCIM_ISSUER) -> Sequence[Mapping[str, str]]:
    return [{"Issuer": issuer, "Id": external_id}] if external_id else []

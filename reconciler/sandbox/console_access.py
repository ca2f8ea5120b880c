"""The console of Identity Center: permission sets and assignments, without waiting."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.access.grants import GROUP, USER, Grant
from reconciler.sandbox.access.policies import AWS, CUSTOMER
from reconciler.sandbox.access.service import Access
from reconciler.sandbox.access.sets import PermissionSet, missing, tags_of
from reconciler.sandbox.answers import invalid
from reconciler.sandbox.cloudtrail.recording import NOBODY
from reconciler.sandbox.console_base import ConsoleBase, group_named, user_named

Assigned = tuple[str, str, str, str]


class AccessConsole(ConsoleBase):
    """Permission sets go by name, accounts by their twelve digits, principals by user or display name.

    What is edited here is provisioned at once, as the console of AWS does it; `provision` False leaves the
    accounts behind, as an API call does. A customer-managed policy is its path and name (`/ci/deploy`).
    """

    def create_permission_set(
        self,
        name: str,
        *,
        description: str | None = None,
        session_duration: str | None = None,
        relay_state: str | None = None,
        managed_policies: Sequence[str] = (),
        customer_policies: Sequence[str] = (),
        inline_policy: Mapping[str, Any] | str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Create a set and return its ARN. `managed_policies` are ARNs."""
        with self._open() as (db, access):
            definition = {
                "Description": description, "SessionDuration": session_duration, "RelayState": relay_state
            }  # fmt: skip
            made = access.sets.add(name, definition, access.requests.now)
            for policy in managed_policies:
                access.policies.attach(made.id, AWS, policy)
            for policy in customer_policies:
                access.policies.attach(made.id, CUSTOMER, policy)
            if inline_policy is not None:
                access.policies.put_inline(made.id, _document(inline_policy))
            rows = [(made.id, key, value) for key, value in (tags or {}).items()]
            db.executemany("INSERT INTO tags VALUES (?, ?, ?)", rows)
            return made.id

    def delete_permission_set(self, name: str) -> None:
        """Delete a set that nothing is assigned of. Raises ConflictException otherwise."""
        with self._open() as (_, access):
            access.sets.remove(_set(access, name).id)

    def set_inline_policy(
        self, name: str, policy: Mapping[str, Any] | str | None, *, provision: bool = True
    ) -> None:
        """Replace the inline policy of a set, or take it out with None."""
        with self._open() as (_, access):
            found = _set(access, name)
            if policy is None:
                access.policies.delete_inline(found.id)
            else:
                access.policies.put_inline(found.id, _document(policy))
            _edited(access, name, provision=provision)

    def attach_policy(self, name: str, policy: str, *, provision: bool = True) -> None:
        """Attach a policy of AWS (an ARN) or of the customer (path and name) to a set."""
        with self._open() as (_, access):
            access.policies.attach(_set(access, name).id, _kind(policy), policy)
            _edited(access, name, provision=provision)

    def detach_policy(self, name: str, policy: str, *, provision: bool = True) -> None:
        """Detach one."""
        with self._open() as (_, access):
            access.policies.detach(_set(access, name).id, _kind(policy), policy)
            _edited(access, name, provision=provision)

    def set_boundary(self, name: str, policy: str | None, *, provision: bool = True) -> None:
        """Replace the permissions boundary of a set (an ARN, or path and name), or take it out with None."""
        with self._open() as (_, access):
            found = _set(access, name)
            if policy is None:
                access.policies.delete_boundary(found.id)
            elif _kind(policy) == AWS:
                access.policies.put_boundary(found.id, {"ManagedPolicyArn": policy})
            else:
                path, _, last = policy.rpartition("/")
                reference = {"Name": last, "Path": f"{path}/"}
                access.policies.put_boundary(found.id, {"CustomerManagedPolicyReference": reference})
            _edited(access, name, provision=provision)

    def set_permission_set(
        self,
        name: str,
        *,
        description: str | None = None,
        session_duration: str | None = None,
        relay_state: str | None = None,
        provision: bool = True,
    ) -> None:
        """Change what a set says of itself; what is None stays as it is."""
        with self._open() as (_, access):
            found = _set(access, name)
            definition = {
                "Description": description,
                "SessionDuration": session_duration,
                "RelayState": found.relay_state if relay_state is None else relay_state,
            }
            access.sets.redefine(found.id, definition)
            _edited(access, name, provision=provision)

    def tag_permission_set(self, name: str, tags: Mapping[str, str | None]) -> None:
        """Set tags of a set; None removes one."""
        with self._open() as (db, access):
            found = _set(access, name)
            for key, value in tags.items():
                db.execute("DELETE FROM tags WHERE resource = ? AND key = ?", (found.id, key))
                if value is not None:
                    db.execute("INSERT INTO tags VALUES (?, ?, ?)", (found.id, key, value))

    def provision(self, name: str, account: str | None = None) -> None:
        """Bring the role of a set up to date in one account, or in all that have it."""
        with self._open() as (_, access):
            found = _set(access, name)
            have = [item for _, item in access.roles.accounts(found.id)]
            for item in have if account is None else [account]:
                access.roles.put(found, item, found.version)

    def put_assignment(
        self, account: str, permission_set: str, *, user: str | None = None, group: str | None = None
    ) -> None:
        """Assign a set in an account to a user or to a group; a second time changes nothing."""
        with self._open() as (db, access):
            found = _set(access, permission_set)
            access.grants.add(self._grant(db, found, account, user, group))
            access.roles.put(found, account, found.version)

    def remove_assignment(
        self, account: str, permission_set: str, *, user: str | None = None, group: str | None = None
    ) -> None:
        """End an assignment; the role goes with the last one. A principal that is gone goes by its id."""
        with self._open() as (db, access):
            found = _set(access, permission_set)
            if not access.grants.remove(self._grant(db, found, account, user, group)):
                raise missing(f"{user or group} is not assigned {permission_set} in account {account}.")
            if not access.grants.of_pair(found.id, account, limit=1):
                access.roles.drop(found.id, account)

    def settle(self) -> None:
        """End everything that is under way, as time would have."""
        # What the service ends is nobody's doing.
        with self._open() as (_, access), self._world.store.acting(NOBODY):
            access.settling.settle(math.inf)

    # What there is.

    def assignments(self) -> frozenset[Assigned]:
        """(account, permission set name, USER or GROUP, name), or the id where the principal is gone."""
        with self._open() as (db, access):
            names = dict(db.execute("SELECT id, name FROM permission_sets"))
            principals = dict(db.execute("SELECT id, json_extract(body, '$.UserName') FROM users"))
            principals |= dict(db.execute("SELECT id, json_extract(body, '$.DisplayName') FROM groups"))
            return frozenset(
                (
                    grant.account,
                    names[grant.set_id],
                    grant.principal_type,
                    principals.get(grant.principal_id, grant.principal_id),
                )
                for grant in access.grants.all()
            )

    def permission_sets(self) -> Mapping[str, Mapping[str, Any]]:
        """Every set by name, whole: in the API's spelling, with its policies, tags and accounts.

        `Accounts` says of each account with the role whether it has the latest version.
        """
        with self._open() as (db, access):
            return {found.name: _whole(db, access, found) for found in access.sets.page(0, -1)}

    def _grant(
        self, db: sqlite3.Connection, found: PermissionSet, account: str, user: str | None, group: str | None
    ) -> Grant:
        if (user is None) == (group is None):
            raise invalid("name a user or a group")
        directory = self._world.directory(db)
        if user is not None:
            return Grant(found.id, account, USER, _orphan(db, user) or user_named(directory, user).id)
        assert group is not None, "there is one of them"
        return Grant(found.id, account, GROUP, _orphan(db, group) or group_named(directory, group).id)


def _orphan(db: sqlite3.Connection, principal: str) -> str | None:
    """`principal` itself, where it is the id that an assignment names."""
    query = "SELECT principal_id FROM assignments WHERE principal_id = ? LIMIT 1"
    row = db.execute(query, (principal,)).fetchone()
    return row and str(row[0])


def _set(access: Access, name: str) -> PermissionSet:
    found = access.sets.by_name(name)
    if found is None:
        raise missing(f"There is no permission set {name}.")
    return found


def _edited(access: Access, name: str, *, provision: bool) -> None:
    found = _set(access, name)
    for _, account in access.roles.accounts(found.id) if provision else ():
        access.roles.put(found, account, found.version)


def _kind(policy: str) -> str:
    return AWS if policy.startswith("arn:") else CUSTOMER


def _document(policy: Mapping[str, Any] | str) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def _whole(db: sqlite3.Connection, access: Access, found: PermissionSet) -> Mapping[str, Any]:
    latest = {account for _, account in access.roles.accounts(found.id, latest=True)}
    return {
        "PermissionSetArn": found.id,
        "Description": found.description,
        "SessionDuration": found.session_duration,
        "RelayState": found.relay_state,
        "ManagedPolicies": [policy for _, policy in access.policies.page(found.id, AWS)],
        "CustomerManagedPolicies": [policy for _, policy in access.policies.page(found.id, CUSTOMER)],
        "InlinePolicy": found.inline_policy,
        "PermissionsBoundary": None if found.boundary is None else json.loads(found.boundary),
        "Tags": dict(tags_of(db, found.id)),
        "Accounts": {account: account in latest for _, account in access.roles.accounts(found.id)},
    }

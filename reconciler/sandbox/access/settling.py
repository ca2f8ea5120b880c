"""What time does: role changes that are due are made, in their order, before anything else is looked at.

No thread does this. Each transaction first completes what is due by the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.sandbox.access import iam_policies
from reconciler.sandbox.access.grants import GROUP, Grants, Roles
from reconciler.sandbox.access.policies import Policies
from reconciler.sandbox.access.requests import FAILED, IN_PROGRESS, SUCCEEDED, Kind, Request, Requests
from reconciler.sandbox.access.sets import PermissionSet, PermissionSets
from reconciler.sandbox.access.terms import Circumstances
from reconciler.sandbox.answers import ApiError

_SEEN = "Received a {status} status error: {message}"
# What is said of an account that is closed or suspended, after a wait (Durations.closed).
_SLOW = "Obtaining permissions is taking longer than usual. Try again later."


@dataclass(frozen=True, slots=True)
class Settling:
    """Everything under way, for the length of one transaction."""

    sets: PermissionSets
    policies: Policies
    grants: Grants
    roles: Roles
    requests: Requests
    circumstances: Circumstances
    meta: Mapping[str, str]

    def settle(self, until: float | None = None) -> None:
        """Make every role change that is due by `until` (seconds since the epoch), which is now if not given.

        Infinity ends everything that is under way, in the order in which it would have ended.
        """
        db, due = self.requests.db, self.requests.now if until is None else until
        query = (
            "SELECT seq, request_id, set_id, account, ends_at FROM role_changes WHERE ends_at <= ?"
            " ORDER BY ends_at, seq LIMIT 1"
        )
        while row := db.execute(query, (due,)).fetchone():
            seq, request_id, set_id, account, ends_at = row
            # Deleted first: what follows looks at what is still to come.
            db.execute("DELETE FROM role_changes WHERE seq = ?", (seq,))
            if request_id is None:
                self._deprovision(set_id, account)
            else:
                self._carry_out(request_id, account, ends_at)

    def _carry_out(self, request_id: str, account: str, ends_at: float) -> None:
        db = self.requests.db
        (kind,) = db.execute("SELECT kind FROM requests WHERE id = ?", (request_id,)).fetchone()
        request = self.requests.get(Kind(kind), request_id)
        reason = self._failure(request, account)
        if reason is None:
            self._do(request, account, ends_at)
        if reason is not None and request.reason is None:
            db.execute("UPDATE requests SET reason = ? WHERE id = ?", (reason, request_id))
        if db.execute("SELECT 1 FROM role_changes WHERE request_id = ?", (request_id,)).fetchone() is None:
            db.execute(
                "UPDATE requests SET status = CASE WHEN reason IS NULL THEN ? ELSE ? END"
                " WHERE id = ? AND status = ?",
                (SUCCEEDED, FAILED, request_id, IN_PROGRESS),
            )

    def _do(self, request: Request, account: str, ends_at: float) -> None:
        if request.kind is Kind.DELETE:
            self.grants.remove(request.grant)
            self.release(request.set_id, account, ends_at)
            return
        if request.kind is Kind.CREATE:
            self.grants.add(request.grant)
        self.roles.put(self.sets.get(request.set_id), account, request.version)

    def release(self, set_id: str, account: str, at: float) -> None:
        """Let the role go where no assignment is left; the account does that when it is free."""
        if self.grants.of_pair(set_id, account, limit=1):
            return
        db, busy = self.requests.db, "SELECT MAX(ends_at) FROM role_changes WHERE account = ?"
        begins = max(at, db.execute(busy, (account,)).fetchone()[0] or 0)
        db.execute(
            "INSERT INTO role_changes (request_id, set_id, account, ends_at) VALUES (NULL, ?, ?, ?)",
            (set_id, account, begins + self.requests.durations.deprovisioning / self.requests.speed),
        )

    def _deprovision(self, set_id: str, account: str) -> None:
        if not self.grants.of_pair(set_id, account, limit=1):
            self.roles.drop(set_id, account)

    def _is_going(self, set_id: str, account: str) -> bool:
        """Whether the role of a set goes, or has gone, because its last assignment did."""
        query = (
            "SELECT 1 FROM role_changes r JOIN requests q ON q.id = r.request_id"
            " WHERE r.set_id = ? AND r.account = ? AND q.kind = ?"
        )
        db = self.requests.db
        going = "SELECT 1 FROM role_changes WHERE request_id IS NULL AND set_id = ? AND account = ?"
        coming = db.execute(query, (set_id, account, Kind.CREATE)).fetchone()
        return coming is None and db.execute(going, (set_id, account)).fetchone() is not None

    def _failure(self, request: Request, account: str) -> str | None:
        """Why this cannot be done, in the words of the documented FailureReasons; None where it can."""
        if request.doomed is not None:
            return request.doomed
        try:
            found = self.sets.get(request.set_id)
        except ApiError:
            return _SEEN.format(status=404, message=f"PermissionSet {request.set_id} does not exist")
        if request.kind is Kind.DELETE and not self.grants.has(request.grant):
            key = f"{account}_{request.principal_type}_{request.principal_id}_{found.short_id}"
            text = f"EntitlementItem doesn't exist with the given entitlement key {key}"
            return _SEEN.format(status=404, message=text)
        return self._account_failure(account, found) or (
            None if request.kind is Kind.DELETE else self._content_failure(request, account, found)
        )

    def _account_failure(self, account: str, found: PermissionSet) -> str | None:
        db = self.requests.db
        trouble = db.execute("SELECT reason FROM account_troubles WHERE account = ?", (account,)).fetchone()
        if trouble:
            return str(trouble[0])
        state = db.execute("SELECT state FROM accounts WHERE id = ?", (account,)).fetchone()
        if state is None or state[0] != "ACTIVE":
            return _SLOW
        if account == self.meta["management_account"] and not self.circumstances.management_rights:
            text = (
                f"Access denied by IAM. User: arn:aws:sts::{account}:assumed-role/ApiCaller/sandbox is not"
                f" authorized to perform: iam:GetRole on resource: role AWSReservedSSO_{found.name}"
            )
            return _SEEN.format(status=403, message=text)
        return None

    def _content_failure(self, request: Request, account: str, found: PermissionSet) -> str | None:
        db = self.requests.db
        if request.kind is Kind.PROVISION and self._is_going(found.id, account):
            message = f"Permission set provision not found in AWS account {account}."
            return _SEEN.format(status=404, message=message)
        if found.inline_policy is not None and (wrong := iam_policies.malformed(found.inline_policy)):
            message = f"MalformedPolicyDocument: {wrong}"
            return _SEEN.format(status=400, message=message)
        if request.kind is Kind.CREATE:
            table = "groups" if request.principal_type == GROUP else "users"
            query = f"SELECT 1 FROM {table} WHERE id = ?"  # noqa: S608  # one of two tables
            if db.execute(query, (request.principal_id,)).fetchone() is None:
                text = (
                    f"the {request.principal_type} assignee {request.principal_id} was not found in directory"
                    f" {self.meta['identity_store_id']}"
                )
                return _SEEN.format(status=404, message=text)
        have = {
            row[0] for row in db.execute("SELECT policy FROM account_policies WHERE account = ?", (account,))
        }
        # An account of which nothing was declared is taken to have all that it needs.
        for policy in self.policies.customer_policies(found.id) if have else ():
            if policy not in have:
                text = f"Not supported policy arn:aws:iam::{account}:policy{policy}"
                return _SEEN.format(status=404, message=text)
        return None

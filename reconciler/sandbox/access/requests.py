"""Asynchronous calls: what was asked for, what became of it, and how many are under way.

A call is accepted at once. Each account then changes one role at a time, so that calls for one account wait
for each other while those for many run side by side (user guide, quotas).
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.sandbox.access.grants import GROUP, Grant, Grants, Roles
from reconciler.sandbox.access.sets import PermissionSet, exceeded, missing
from reconciler.sandbox.access.terms import Durations, Quotas
from reconciler.sandbox.answers import ApiError, invalid

IN_PROGRESS, SUCCEEDED, FAILED = "IN_PROGRESS", "SUCCEEDED", "FAILED"
_PRINCIPAL = "principal_type, principal_id"
_COLUMNS = f"seq, id, kind, set_id, account, {_PRINCIPAL}, version, created_at, doomed, status, reason"


class Kind(StrEnum):
    """What was asked for."""

    CREATE = "create"
    DELETE = "delete"
    PROVISION = "provision"


@dataclass(frozen=True, slots=True)
class Request:
    """A row of the table. `doomed` is the reason that it will fail for, by order of a fault."""

    seq: int
    id: str
    kind: Kind
    set_id: str
    account: str | None
    principal_type: str | None
    principal_id: str | None
    version: int
    created_at: float
    doomed: str | None
    status: str
    reason: str | None

    @property
    def grant(self) -> Grant:
        """The assignment that it makes or ends."""
        assert self.account is not None, f"{self.kind} is for no single account"
        assert self.principal_type is not None, f"{self.kind} is for no principal"
        assert self.principal_id is not None, f"{self.kind} is for no principal"
        return Grant(self.set_id, self.account, self.principal_type, self.principal_id)


@dataclass(frozen=True, slots=True)
class Orders:
    """How a call is to end when a fault decides: after `seconds` of sandbox time, or with a failure."""

    doomed: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Requests:
    """Every method runs inside a transaction of its caller. `now` is in seconds since the epoch."""

    db: sqlite3.Connection
    now: float
    speed: float
    quotas: Quotas
    durations: Durations

    def assign(self, found: PermissionSet, grant: Grant, orders: Orders) -> Request:
        """Ask for an assignment; one that exists may be asked for again.

        Raises ThrottlingException for too many outstanding calls, ConflictException for a revoke of the same
        assignment under way, ServiceQuotaExceededException, ResourceNotFoundException for no such account.
        """
        self._known(grant.account)
        self._admit(grant, Kind.DELETE)
        if not Grants(self.db).has(grant):
            self._room(found, grant)
        return self._accept(Kind.CREATE, found, [grant.account], grant, orders)

    def unassign(self, found: PermissionSet, grant: Grant, orders: Orders) -> Request:
        """Ask for the end of an assignment.

        One that does not exist is refused at once (ResourceNotFoundException) where the account has nothing
        of the set, and fails later where it has: the service is seen to do either.
        """
        self._admit(grant, Kind.CREATE)
        pending = self._pending(found.id, grant.account, Kind.CREATE)
        if not pending and not Roles(self.db).has(found.id, grant.account):
            raise missing(f"There is no assignment of {found.short_id} in account {grant.account}.")
        return self._accept(Kind.DELETE, found, [grant.account], grant, orders)

    def provision(self, found: PermissionSet, account: str | None, orders: Orders) -> Request:
        """Ask for the latest version of a set in one account, or in all that have it (`account` None).

        Raises ThrottlingException for too many at once, ConflictException while the same set is provisioned.
        """
        open_ones = self.outstanding(Kind.PROVISION)
        if any(request.set_id == found.id and request.account in {account, None} for request in open_ones):
            raise in_conflict()
        if len(open_ones) >= self.quotas.concurrent_provisionings:
            raise too_many()
        if account is not None:
            self._known(account)
            return self._accept(Kind.PROVISION, found, [account], None, orders)
        accounts = [name for _, name in Roles(self.db).accounts(found.id)]
        if len(accounts) > self.quotas.provisioned_accounts:
            raise invalid(
                f"ALL_PROVISIONED_ACCOUNTS takes {self.quotas.provisioned_accounts} accounts at most;"
                f" {found.short_id} is provisioned to {len(accounts)}"
            )
        return self._accept(Kind.PROVISION, found, accounts, None, orders)

    def get(self, kind: Kind, identifier: str) -> Request:
        """The call with this id. Raises ResourceNotFoundException, also for an id of another kind."""
        row = self.db.execute(
            f"SELECT {_COLUMNS} FROM requests WHERE id = ? AND kind = ?",  # noqa: S608  # a constant
            (identifier, kind),
        ).fetchone()
        if row is None:
            raise missing(f"Could not find a request with id {identifier}")
        return _request(row)

    def page(self, kind: Kind, status: str | None, after: int, limit: int) -> list[Request]:
        """At most `limit` calls of a kind behind row `after`, of one status where it is given."""
        query = (
            f"SELECT {_COLUMNS} FROM requests WHERE kind = ? AND (? IS NULL OR status = ?) AND seq > ?"  # noqa: S608  # a constant
            " ORDER BY seq LIMIT ?"
        )
        return [_request(row) for row in self.db.execute(query, (kind, status, status, after, limit))]

    def outstanding(self, *kinds: Kind) -> list[Request]:
        """The calls of these kinds that have not ended."""
        return [request for kind in kinds for request in self.page(kind, IN_PROGRESS, 0, -1)]

    def free_at(self, account: str) -> float:
        """When the account will have changed all roles that are to be changed so far."""
        row = self.db.execute(
            "SELECT MAX(ends_at) FROM role_changes WHERE account = ?", (account,)
        ).fetchone()
        return max(self.now, row[0] or 0)

    def _admit(self, grant: Grant, opposite: Kind) -> None:
        open_ones = self.outstanding(Kind.CREATE, Kind.DELETE)
        if any(request.kind is opposite and request.grant == grant for request in open_ones):
            raise in_conflict()
        if len(open_ones) >= self.quotas.outstanding_assignments:
            raise too_many()

    def _room(self, found: PermissionSet, grant: Grant) -> None:
        """The quotas that one more assignment must leave whole; what is under way counts."""
        coming = self._pending(found.id, grant.account, Kind.CREATE)
        if grant.principal_type == GROUP:
            there = [have for _, have in Grants(self.db).of_pair(found.id, grant.account)] + coming
            groups = {have.principal_id for have in there if have.principal_type == GROUP}
            if len(groups | {grant.principal_id}) > self.quotas.groups_per_set_and_account:
                most = self.quotas.groups_per_set_and_account
                raise exceeded("group assignments", most, found.short_id)
        sets = {name for _, name in Roles(self.db).sets(grant.account)}
        if len(sets | {found.id}) > self.quotas.provisioned_sets_per_account:
            most = self.quotas.provisioned_sets_per_account
            raise exceeded("provisioned permission sets", most, grant.account)

    def _pending(self, set_id: str, account: str, kind: Kind) -> list[Grant]:
        open_ones = self.outstanding(kind)
        return [
            request.grant for request in open_ones if (request.set_id, request.account) == (set_id, account)
        ]

    def _active(self, account: str) -> bool:
        row = self.db.execute("SELECT state FROM accounts WHERE id = ?", (account,)).fetchone()
        return row is not None and row[0] == "ACTIVE"

    def _known(self, account: str) -> None:
        # Which error the service has for a stranger's account is not documented.
        if self.db.execute("SELECT 1 FROM accounts WHERE id = ?", (account,)).fetchone() is None:
            raise missing(f"Account {account} is not in the organization.")

    def _accept(
        self, kind: Kind, found: PermissionSet, accounts: Sequence[str], grant: Grant | None, orders: Orders
    ) -> Request:
        identifier = str(uuid.uuid4())
        principal = (grant.principal_type, grant.principal_id) if grant else (None, None)
        account = accounts[0] if grant or len(accounts) == 1 else None
        status = IN_PROGRESS if accounts else SUCCEEDED
        self.db.execute(
            "INSERT INTO requests (id, kind, set_id, account, principal_type, principal_id, version,"
            " created_at, doomed, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (identifier, kind, found.id, account, *principal, found.version, self.now, orders.doomed, status),
        )
        usual = self.durations.provisioning if kind is Kind.PROVISION else self.durations.assignment
        for name in accounts:
            takes = usual if self._active(name) else self.durations.closed
            seconds = (takes if orders.seconds is None else orders.seconds) / self.speed
            self.db.execute(
                "INSERT INTO role_changes (request_id, set_id, account, ends_at) VALUES (?, ?, ?, ?)",
                (identifier, found.id, name, self.free_at(name) + seconds),
            )
        return self.get(kind, identifier)


def too_many() -> ApiError:
    """More calls under way than the quota allows: ThrottlingException, in the words seen in the field.

    aws-samples/aws-iam-identity-center-extensions, issues 87 and 111.
    """
    return ApiError("ThrottlingException", "There are too many requests processing. Please try again later.")


def in_conflict() -> ApiError:
    """Another call for the same thing is under way (issue 111 there, as in `too_many`)."""
    return ApiError("ConflictException", "There is a conflicting operation in process.")


def _request(row: Sequence[object]) -> Request:
    values = list(row)
    values[2] = Kind(str(values[2]))
    return Request(*values)  # type: ignore[arg-type]  # a row of the table, in the order of its columns

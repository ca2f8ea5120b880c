"""The console of AWS Organizations: accounts come, move, are tagged and go."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.console_base import ConsoleBase
from reconciler.sandbox.units import STATES, depart, known_unit, put_account, unit_at

_ID = re.compile(r"\d{12}", re.ASCII)


class OrganizationConsole(ConsoleBase):
    """Accounts go by their twelve digits, units by path from the root (`Workloads/Prod`; "" is the root)."""

    def create_account(
        self,
        account: str,
        name: str,
        *,
        unit: str = "",
        email: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Let an account join, in a unit that is made if it is new. Raises ValueError for a wrong id."""
        if not _ID.fullmatch(account):
            raise ValueError(f"an account has twelve digits, not {account}")
        with self._open() as (db, access):
            if db.execute("SELECT 1 FROM accounts WHERE id = ?", (account,)).fetchone():
                raise ApiError("DuplicateAccountException", f"There is an account {account} already.")
            put_account(
                db, account, parent=unit_at(db, self._world.store.meta(), unit), name=name, state="ACTIVE",
                email=email or f"aws+{account}@example.com", at=access.requests.now,
            )  # fmt: skip
            _tag(db, account, tags or {})

    def move_account(self, account: str, unit: str) -> None:
        """Put an account into another unit, which is made if it is new."""
        with self._open() as (db, _):
            parent = unit_at(db, self._world.store.meta(), unit)
            _found(db.execute("UPDATE accounts SET parent = ? WHERE id = ?", (parent, account)), account)

    def create_ou(self, path: str) -> str:
        """Make a unit, and those above it, where they are new; its id."""
        with self._open() as (db, _):
            return unit_at(db, self._world.store.meta(), path)

    def rename_ou(self, unit: str, name: str) -> None:
        """Give a unit (id or path) another name; its id stays."""
        with self._open() as (db, _):
            found = _unit(db, unit)
            _leave(db, found)
            try:
                db.execute("UPDATE units SET name = ? WHERE id = ?", (name, found))
            except sqlite3.IntegrityError as error:
                message = f"There is a unit {name} beside it already."
                raise ApiError("DuplicateOrganizationalUnitException", message) from error

    def remove_ou(self, unit: str) -> None:
        """Delete a unit (id or path) in which nothing is."""
        with self._open() as (db, _):
            found = _unit(db, unit)
            query = "SELECT 1 FROM accounts WHERE parent = :id UNION SELECT 1 FROM units WHERE parent = :id"
            if db.execute(query, {"id": found}).fetchone():
                message = f"{unit} holds accounts or units; move them first."
                raise ApiError("OrganizationalUnitNotEmptyException", message)
            _leave(db, found)
            db.execute("DELETE FROM units WHERE id = ?", (found,))
            db.execute("DELETE FROM tags WHERE resource = ?", (found,))

    def close_account(self, account: str) -> None:
        """Close an account: it is CLOSED for 90 days, and the roles in it stay as they are."""
        self.set_account_state(account, "CLOSED")

    def remove_account(self, account: str) -> None:
        """Let an account leave the organization; what was assigned in it stays listed."""
        with self._open() as (db, _):
            if account == self._world.store.meta()["management_account"]:
                raise ApiError(
                    "MasterCannotLeaveOrganizationException", "The management account cannot leave."
                )
            _found(db.execute("DELETE FROM accounts WHERE id = ?", (account,)), account)
            depart(db, "", account)
            db.execute("DELETE FROM tags WHERE resource = ?", (account,))

    def tag_account(self, account: str, tags: Mapping[str, str | None]) -> None:
        """Set tags of an account; None removes one."""
        with self._open() as (db, _):
            _found(db.execute("UPDATE accounts SET id = id WHERE id = ?", (account,)), account)
            _tag(db, account, tags)

    def set_account_state(self, account: str, state: str) -> None:
        """Put an account into a state: ACTIVE, SUSPENDED, CLOSED and so on."""
        if state not in STATES:
            raise ValueError(f"an account is {', '.join(sorted(STATES))}, not {state}")
        with self._open() as (db, _):
            _found(db.execute("UPDATE accounts SET state = ? WHERE id = ?", (state, account)), account)

    def dissolve_organization(self) -> None:
        """Leave no organisation: every call to AWS Organizations says that none is in use."""
        with self._open() as (db, _):
            db.execute("DELETE FROM accounts")

    def declare_policies(self, account: str, policies: Iterable[str] | None) -> None:
        """Say which customer-managed policies an account has, by path and name (`/ci/deploy`); all of them.

        Of an account that nothing is said of, or None, the policies that are referred to are taken to be
        there. The account `aws` is AWS itself, which has these beside the managed policies of a dated list.
        """
        with self._open() as (db, _):
            db.execute("DELETE FROM account_policies WHERE account = ?", (account,))
            if policies is not None:
                # The empty name stands for "nothing else", so that an account may have none.
                rows = [(account, policy) for policy in {"", *policies}]
                db.executemany("INSERT INTO account_policies VALUES (?, ?)", rows)

    def break_account(self, account: str, reason: str | None) -> None:
        """Let every change of a role in the account fail for `reason`, until it is None."""
        with self._open() as (db, _):
            db.execute("DELETE FROM account_troubles WHERE account = ?", (account,))
            if reason is not None:
                db.execute("INSERT INTO account_troubles VALUES (?, ?)", (account, reason))

    def accounts(self) -> Mapping[str, Mapping[str, object]]:
        """Every account by id: name, state, unit (path), tags."""
        with self._open() as (db, _):
            units = {row[0]: row[1:] for row in db.execute("SELECT id, parent, name FROM units")}
            tags: dict[str, dict[str, str]] = {}
            for resource, key, value in db.execute("SELECT resource, key, value FROM tags"):
                tags.setdefault(resource, {})[key] = value
            rows = db.execute("SELECT id, parent, name, state FROM accounts ORDER BY seq").fetchall()
        return {
            account: {
                "name": name,
                "state": state,
                "unit": _path(units, parent),
                "tags": tags.get(account, {}),
            }
            for account, parent, name, state in rows
        }


def _unit(db: sqlite3.Connection, written: str) -> str:
    found = known_unit(db, written)
    if found is None:
        raise ApiError("OrganizationalUnitNotFoundException", f"There is no unit {written}.")
    return found


def _leave(db: sqlite3.Connection, unit: str) -> None:
    parent, name = db.execute("SELECT parent, name FROM units WHERE id = ?", (unit,)).fetchone()
    depart(db, parent, name)


def _path(units: Mapping[str, tuple[str, str]], unit: str) -> str:
    names: list[str] = []
    while unit in units:
        unit, name = units[unit]
        names.insert(0, name)
    return "/".join(names)


def _found(cursor: sqlite3.Cursor, account: str) -> None:
    if not cursor.rowcount:
        raise ApiError("AccountNotFoundException", f"There is no account {account}.")


def _tag(db: sqlite3.Connection, account: str, tags: Mapping[str, str | None]) -> None:
    for key, value in tags.items():
        db.execute("DELETE FROM tags WHERE resource = ? AND key = ?", (account, key))
        if value is not None:
            db.execute("INSERT INTO tags VALUES (?, ?, ?)", (account, key, value))

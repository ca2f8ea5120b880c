"""Accounts, organizational units and tags as the tables have them, for every writer."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping

STATES = frozenset(("PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"))


def unit_below(db: sqlite3.Connection, parent: str, path: str, name: str) -> tuple[str, str]:
    """Id and path of the unit `name` directly below `parent`, whose own path is `path`; made if it is new."""
    row = db.execute("SELECT id, path FROM units WHERE parent = ? AND name = ?", (parent, name)).fetchone()
    if row is None:
        # ou-<the root's own characters>-<eight more>
        identifier = f"ou-{path.split('/')[1].removeprefix('r-')}-{secrets.token_hex(4)}"
        row = (identifier, f"{path}{identifier}/")
        db.execute(
            "INSERT INTO units (id, parent, name, path) VALUES (?, ?, ?, ?)", (row[0], parent, name, row[1])
        )
    return str(row[0]), str(row[1])


def unit_at(db: sqlite3.Connection, meta: Mapping[str, str], path: str) -> str:
    """The id of the unit at `path` (`Workloads/Prod`; "" is the root); missing units on the way are made."""
    found, where = meta["root_id"], f"{meta['organization_id']}/{meta['root_id']}/"
    for name in filter(None, path.split("/")):
        found, where = unit_below(db, found, where, name)
    return found


def depart(db: sqlite3.Connection, parent: str, name: str) -> None:
    """Remember that a unit left its place below `parent`, or (`parent` "") that an account left."""
    db.execute("INSERT OR IGNORE INTO departed VALUES (?, ?)", (parent, name))


def has_departed(db: sqlite3.Connection, parent: str, name: str) -> bool:
    """Whether it left by hand, and nothing by this name has come since."""
    there = db.execute(
        "SELECT 1 FROM units WHERE parent = :parent AND name = :name"
        " UNION SELECT 1 FROM accounts WHERE :parent = '' AND id = :name",
        {"parent": parent, "name": name},
    ).fetchone()
    gone = db.execute("SELECT 1 FROM departed WHERE parent = ? AND name = ?", (parent, name)).fetchone()
    return there is None and gone is not None


def known_unit(db: sqlite3.Connection, written: str) -> str | None:
    """The id of a unit that is written as its id or its path, whose names may have slashes; None for none."""
    if db.execute("SELECT 1 FROM units WHERE id = ?", (written,)).fetchone():
        return written
    names = {row[0]: (row[1], row[2]) for row in db.execute("SELECT id, parent, name FROM units")}

    def path(unit: str) -> str:
        parent, name = names[unit]
        return f"{path(parent)}/{name}" if parent in names else name

    return next((unit for unit in names if path(unit) == written), None)


def put_account(
    db: sqlite3.Connection,
    identifier: str,
    *,
    parent: str,
    name: str,
    email: str,
    state: str,
    at: float,
    places: bool = True,
) -> None:
    """Make an account (it joins at `at`, seconds since the epoch), or make it what is said.

    `places` False leaves one that is there where it is, and in its state.
    """
    more = ", parent = excluded.parent, state = excluded.state" if places else ""
    columns = "(id, parent, name, email, state, joined_at)"
    again = f"ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email{more}"
    db.execute(
        f"INSERT INTO accounts {columns} VALUES (?, ?, ?, ?, ?, ?) {again}",  # noqa: S608  # texts of this file
        (identifier, parent, name, email, state, at),
    )

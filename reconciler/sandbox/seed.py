"""What the sandbox's organisation is made of: an organisation file, or an identities directory.

An organisation file is YAML, and everything in it is optional but the ids:

    management: {id: "111111111111", name: management, email: aws@example.com}
    tags: {cost: shared}                  # of the root
    accounts:                             # directly below the root
      shared-services: "222222222222"
    units:
      Workloads:
        tags: {tier: "1"}
        accounts:
          payments-prod: {id: "333333333333", tags: {env: prod}}
          old: {id: "444444444444", state: SUSPENDED}
        units:
          Sandbox: {}

An identities directory gives the name and id of every account under `accounts:`, in any of its files; new
ones are put below the root. One that is called `management` is the management account. It also gives the
units whose paths an `ou:` names, in assignments, guards and rules; which accounts lie in them it does not
say, so they are empty until somebody moves accounts there (`POST /_sandbox/console/move_account`).

Seeding adds and renames, and removes nothing but a management account that gives way to another. What left
by hand is not brought back by an identities directory: an account, or a unit that was renamed or deleted.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.errors import InputError, Place, Problem
from reconciler.sandbox.store import Store
from reconciler.sandbox.units import STATES, has_departed, put_account, unit_below

_ID = re.compile(r"\d{12}", re.ASCII)
# An id of a unit, or of the root (AWS Organizations, API reference).
_UNIT_ID = re.compile(r"(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})", re.ASCII)
_UNIT_KEYS = frozenset(("accounts", "units", "tags"))

# Where people write selectors: identities, and reconciler.yaml.
_SELECTING = ("assignments", "guards", "rules")
_ACCOUNT_KEYS = frozenset(("id", "name", "email", "tags", "state"))


def seed(store: Store, path: Path, *, now: float) -> None:
    """Put the organisation at `path` into the store. Raises InputError with every problem at once."""
    if path.is_dir():
        _Seed(store, path, now).identities()
    else:
        _Seed(store, path, now).organisation()


class _Seed:
    """One seeding: collects problems, and writes nothing if there are any."""

    def __init__(self, store: Store, path: Path, now: float) -> None:
        self._store, self._path, self._now = store, path, now
        self._problems: list[Problem] = []
        # An identities directory does not say where an account lies, or in which state it is.
        self._places = not path.is_dir()

    def identities(self) -> None:
        """Every account that any file of the directory names."""
        accounts: dict[str, Any] = {}
        units: dict[str, Any] = {}
        for file in sorted(self._path.rglob("*.yaml")):
            content = self._read(file)
            found = content.get("accounts") if isinstance(content, dict) else None
            if isinstance(found, dict):
                accounts.update(found)
            for key in _SELECTING if isinstance(content, dict) else ():
                for path in _unit_paths(content.get(key)):
                    level = units
                    for name in path:
                        level = level.setdefault(name, {}).setdefault("units", {})
        payer = accounts.pop("management", None)
        self._write({"accounts": accounts, "units": units} | ({"management": payer} if payer else {}))

    def organisation(self) -> None:
        """The tree of one file."""
        content = self._read(self._path) or {}
        if not isinstance(content, dict):
            self._fault("an organisation file is a map", "begin with `accounts:` or `units:`")
            content = {}
        self._write(content)

    def _read(self, file: Path) -> Any:
        import yaml

        try:
            text = file.read_text(encoding="utf-8")
            # The base loader leaves every scalar a string, and so account ids whole.
            loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
            return yaml.load(text, Loader=loader)  # noqa: S506  # it builds strings, lists and maps only
        except OSError as error:
            self._fault(f"{file} cannot be read: {error.strerror}", "name a YAML file or a directory of them")
        except UnicodeDecodeError:
            self._fault(f"{file} is not UTF-8", "save it as UTF-8")
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = Place(str(file), mark.line + 1, mark.column + 1) if mark else None
            text = getattr(error, "problem", None) or "it holds characters that YAML does not allow"
            self._problems.append(Problem(f"this is not YAML: {text}", "correct it", place))
        return None

    def _write(self, content: Mapping[str, Any]) -> None:
        with self._store.transaction() as db:
            management = content.get("management")
            if management is not None:
                self._manage(db, management)
            meta = self._store.meta()
            self._unit(
                db, {key: value for key, value in content.items() if key != "management"},
                parent=meta["root_id"], path=f"{meta['organization_id']}/{meta['root_id']}/", where="",
            )  # fmt: skip
            if self._problems:
                raise InputError(self._problems)

    def _manage(self, db: sqlite3.Connection, management: Any) -> None:
        """Make another account the management account; it stays directly below the root."""
        meta = self._store.meta()
        given = {"name": "management", **management} if isinstance(management, dict) else {"id": management}
        if not _ID.fullmatch(str(given.get("id", ""))):
            self._fault("management has no id of twelve digits", 'write management: {id: "111111111111"}')
            return
        if meta["management_account"] != given["id"]:
            db.execute("DELETE FROM accounts WHERE id = ?", (meta["management_account"],))
        self._store.remember("management_account", given["id"])
        self._account(db, given.get("name", "management"), given, meta["root_id"])

    def _unit(self, db: sqlite3.Connection, content: Any, *, parent: str, path: str, where: str) -> None:
        """What stands in a unit, or at the top: tags, accounts, further units."""
        if content in ("", None):
            return
        if not isinstance(content, dict):
            self._fault(f"{where or 'the file'} must be a map", "write accounts, units and tags below it")
            return
        for key in content.keys() - _UNIT_KEYS:
            self._fault(f"{where or 'the file'} has an unknown key {key}", "it takes accounts, units, tags")
        self._tags(db, parent, content.get("tags"), where)
        for name, account in self._map(content, "accounts", where).items():
            self._account(db, name, account, parent)
        for name, unit in self._map(content, "units", where).items():
            if not self._places and has_departed(db, parent, name):
                continue
            below, beneath = unit_below(db, parent, path, name)
            self._unit(db, unit, parent=below, path=beneath, where=f"{where}/{name}".lstrip("/"))

    def _account(self, db: sqlite3.Connection, name: str, content: Any, parent: str) -> None:
        account = content if isinstance(content, dict) else {"id": content}
        for key in account.keys() - _ACCOUNT_KEYS:
            self._fault(f"account {name} has an unknown key {key}", "it takes id, email, tags, state")
        identifier, state = account.get("id", ""), account.get("state", "ACTIVE")
        if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
            self._fault(f"account {name} has no id of twelve digits", "write it in quotes")
            return
        if state not in STATES:
            self._fault(f"account {name} has the state {state}", f"there is {', '.join(sorted(STATES))}")
            return
        if not self._places and has_departed(db, "", identifier):
            return
        email = account.get("email", f"aws+{identifier}@example.com")
        put_account(
            db,
            identifier,
            parent=parent,
            name=name,
            email=email,
            state=state,
            at=self._now,
            places=self._places,
        )
        self._tags(db, identifier, account.get("tags"), name)

    def _tags(self, db: sqlite3.Connection, resource: str, tags: Any, where: str) -> None:
        if tags in ("", None):
            return
        if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
            self._fault(
                f"the tags of {where or 'the root'} must be a map of texts", "write tags: {env: prod}"
            )
            return
        rows = [(resource, key, value) for key, value in tags.items()]
        db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", rows)

    def _map(self, content: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        value = content.get(key)
        if isinstance(value, dict):
            return value
        if value not in ("", None):
            self._fault(f"{key} of {where or 'the file'} must be a map by name", "write `name:` before each")
        return {}

    def _fault(self, message: str, fix: str) -> None:
        self._problems.append(Problem(f"{self._path}: {message}", fix))


def _unit_paths(content: Any) -> Iterator[list[str]]:
    """The unit paths that any `ou:` in `content` names, one or a list; ids of units are not paths."""
    if isinstance(content, list):
        for item in content:
            yield from _unit_paths(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key != "ou":
                # A tag may be called like that, too.
                yield from _unit_paths(value) if key != "tag" else ()
                continue
            for path in value if isinstance(value, list) else [value]:
                if isinstance(path, str) and not _UNIT_ID.fullmatch(path):
                    yield [name for name in path.split("/") if name]

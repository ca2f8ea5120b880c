"""Large organisations to test on: a generated one, which never skips, and the real one where it lies.

    @pytest.mark.parametrize("place", organisations())
    def test_something(place: Place, tmp_path: Path) -> None:
        organisation = place(tmp_path / "identities")

`Organisation` says what a test would ask of it, counted from the files by plain code that shares nothing
with the loader: it is what loading, planning and applying are held against.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import yaml

from tests.support.generator import Shape, write

ROOT = Path(__file__).resolve().parents[2]
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays the string that was written

Entries = dict[str, Any]
_TRUTHS = frozenset({"all", "direct", "shared", "external", "active"})


@dataclass(frozen=True)
class Organisation:
    """An identities folder and what is in it, by key. Files are read once, so describe anew after an edit."""

    folder: Path
    users: Mapping[str, Entries]
    groups: Mapping[str, Entries]
    accounts: Mapping[str, str]
    permission_sets: Mapping[str, Entries]
    assignments: Mapping[str, Entries]

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """Who is in each group once includes are followed."""
        known: dict[str, frozenset[str]] = {}

        def of(key: str) -> frozenset[str]:
            if key not in known:
                group = self.groups[key]
                known[key] = frozenset(group.get("members", ())).union(*map(of, group.get("include", ())))
            return known[key]

        return {key: of(key) for key in self.groups}

    @cached_property
    def memberships(self) -> int:
        """How many there are, flattened."""
        return sum(map(len, self.members.values()))

    @cached_property
    def _groups_of(self) -> Counter[str]:
        return Counter(user for members in self.members.values() for user in members)

    @property
    def renamed_groups(self) -> tuple[str, ...]:
        """Groups with `previously`, in order of their keys."""
        return tuple(sorted(key for key, group in self.groups.items() if group.get("previously")))

    @property
    def unmanaged_groups(self) -> tuple[str, ...]:
        """Groups that say nothing of their members."""
        return tuple(
            sorted(key for key, group in self.groups.items() if not group.keys() & {"members", "include"})
        )

    @property
    def largest_group(self) -> str:
        """The group with the most members (the first by key among equals)."""
        return min(self.members, key=lambda key: (-len(self.members[key]), key))

    @property
    def deepest_group(self) -> str:
        """A group that includes groups that include groups."""
        return min(self.groups, key=lambda key: (-self.depth(key), key))

    def depth(self, key: str) -> int:
        """1 for a group without includes, else one more than the deepest that it includes."""
        return 1 + max(map(self.depth, self.groups[key].get("include", ())), default=0)

    @property
    def busiest_user(self) -> str:
        """The user who is in the most groups (the first by key among equals)."""
        return min(self._groups_of, key=lambda key: (-self._groups_of[key], key))

    @property
    def idle_user(self) -> str:
        """A user who is in no group."""
        return min(self.users.keys() - self._groups_of.keys())

    @property
    def numeric_user(self) -> str:
        """A user whose login is all digits."""
        return min(key for key in self.users if key.isdigit())

    def groups_of(self, user: str) -> frozenset[str]:
        """The groups that a user is in, flattened."""
        return frozenset(key for key, members in self.members.items() if user in members)


# Puts a copy that a test may edit into a folder that does not exist yet.
Place = Callable[[Path], Organisation]


def describe(folder: Path) -> Organisation:
    """What stands in an identities folder, at any depth."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.yaml")):
        for name, entries in _read(path).items():
            if isinstance(entries, dict):
                found.setdefault(name, {}).update(entries)
    return Organisation(
        folder=folder,
        users=found.get("users", {}),
        groups={key: group or {} for key, group in found.get("groups", {}).items()},
        accounts=found.get("accounts", {}),
        permission_sets=found.get("permission_sets", {}),
        assignments=found.get("assignments", {}),
    )


def write_organisation(
    folder: Path, *, shape: Shape | None = None, scale: float = 1.0, seed: int = 20261123
) -> Organisation:
    """Write a generated organisation into `folder`: 1,509 users and 766 groups times `scale`."""
    write(folder, (shape or Shape()).scaled(scale), seed)
    return describe(folder)


def home_of(name: str) -> str:
    """The unit that the account of this name lies in: `Repositories/kubernetes-sigs`."""
    return f"Repositories/{name.partition('.')[0]}"


def tags_of(name: str) -> dict[str, str]:
    """The tags of the account of this name: a quarter of them is of gold."""
    return {"tier": "gold" if crc32(name.encode()) % 4 == 0 else "tin", "owner": name}


def write_accounts(found: Organisation, path: Path) -> Path:
    """Write an organisation file for the sandbox: every account of `found` in a unit and with tags."""
    units: dict[str, Any] = {}
    for name, identifier in found.accounts.items():
        unit = units.setdefault(home_of(name).rpartition("/")[2], {"accounts": {}})
        unit["accounts"][name] = {"id": identifier, "tags": tags_of(name)}
    for entry in found.assignments.values():
        for selector in (*entry["accounts"], *entry.get("except", ())):
            named = selector.get("ou", ()) if isinstance(selector, dict) else ()
            for each in [named] if isinstance(named, str) else named:
                if "/" in each:
                    units.setdefault(each.rpartition("/")[2], {"accounts": {}})
    path.write_text(json.dumps({"units": {"Repositories": {"units": units}}}), encoding="utf-8")
    return path


def real_input() -> Path | None:
    """The identities folder of the real organisation, or None where it is absent.

    RECONCILER_REAL_INPUT names the folder that holds `kubernetes-org/`; unset, it is `../shared/real`.
    """
    named = os.environ.get("RECONCILER_REAL_INPUT")
    folder = (Path(named) if named else ROOT.parent / "shared" / "real") / "kubernetes-org" / "identities"
    return folder if folder.is_dir() else None


def organisations(*, scale: float = 1.0) -> list[Any]:
    """Parameters for pytest: the generated organisation, and the real one (skipped where it is absent).

    RECONCILER_REQUIRE_REAL=1 makes its absence a failure. `scale` is the generated one's.
    """
    required = os.environ.get("RECONCILER_REQUIRE_REAL") == "1"

    def generated(folder: Path) -> Organisation:
        return write_organisation(folder, scale=scale)

    def real(folder: Path) -> Organisation:
        source = real_input()
        assert source is not None, "RECONCILER_REQUIRE_REAL=1, and there is no real organisation to read"
        shutil.copytree(source, folder, copy_function=shutil.copyfile)
        return describe(folder)

    absent = pytest.mark.skipif(  # not every machine has it; CI requires it
        real_input() is None and not required,
        reason="the real organisation is absent; name its folder in RECONCILER_REAL_INPUT",
    )
    return [
        pytest.param(generated, id="a generated organisation"),
        pytest.param(real, id="the Kubernetes organisation", marks=(pytest.mark.real, absent)),
    ]


def rename_group(folder: Path, key: str, new: str) -> None:
    """Give a group a new key in every file, and put the old one first in its `previously`."""

    def edit(name: str, entries: Entries) -> Entries:
        if name == "groups":
            for group in entries.values():
                if group and "include" in group:
                    group["include"] = [new if item == key else item for item in group["include"]]
            if key in entries:
                group = entries[key] or {}
                group["previously"] = [key, *group.get("previously", ())]
                return {new if name == key else name: value for name, value in entries.items()}
        if name == "assignments":
            for entry in entries.values():
                if "groups" in entry:
                    entry["groups"] = [new if item == key else item for item in entry["groups"]]
        return entries

    _edit(folder, key, edit)


def remove_user(folder: Path, key: str) -> None:
    """Delete a user and every reference to them, as a person with an editor would."""

    def edit(name: str, entries: Entries) -> Entries:
        if name == "users":
            entries.pop(key, None)
        for entry in entries.values() if name in {"groups", "assignments"} else ():
            for field in ("members", "users"):
                if entry and key in entry.get(field, ()):
                    entry[field] = [item for item in entry[field] if item != key]
        return _peopled(entries) if name == "assignments" else entries

    _edit(folder, key, edit)


def remove_group(folder: Path, key: str) -> None:
    """Delete a group, every include of it, and every assignment that is left with nobody."""

    def edit(name: str, entries: Entries) -> Entries:
        if name == "groups":
            entries.pop(key, None)
            for group in entries.values():
                if group and key in group.get("include", ()):
                    group["include"] = [item for item in group["include"] if item != key]
        if name == "assignments":
            for entry in entries.values():
                if "groups" in entry:
                    entry["groups"] = [item for item in entry["groups"] if item != key]
            return _peopled(entries)
        return entries

    _edit(folder, key, edit)


def set_members(folder: Path, group: str, members: list[str]) -> None:
    """Write another list of plain members into a group."""

    def edit(name: str, entries: Entries) -> Entries:
        if name == "groups" and group in entries:
            entries[group] = {**(entries[group] or {}), "members": members}
        return entries

    _edit(folder, group, edit)


def without_access(folder: Path) -> None:
    """Take everything out that is about access: accounts, permission sets, assignments."""
    for path in sorted(folder.rglob("*.yaml")):
        if _read(path).keys() & {"accounts", "permission_sets", "assignments"}:
            path.unlink()  # every kind has files of its own


def change_set(folder: Path, name: str, **fields: Any) -> None:
    """Write fields of a permission set; None takes one out."""
    path = folder / "permission-sets.yaml"
    content = _read(path)
    entry = {**content["permission_sets"][name], **fields}
    content["permission_sets"][name] = {key: value for key, value in entry.items() if value is not None}
    path.write_text(json.dumps(typed(content), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def assign(folder: Path, key: str, **entry: Any) -> None:
    """Write one more assignment, into a file of its own."""
    path = folder / "assignments" / f"more-{key}.yaml"
    path.write_text(json.dumps({"assignments": {key: entry}}, ensure_ascii=False) + "\n", encoding="utf-8")


def typed(value: Any) -> Any:
    """The same with truth values where the format has them: JSON quotes what it takes for a text."""
    if isinstance(value, dict):
        return {
            key: item == "true" if key in _TRUTHS and isinstance(item, str) else typed(item)
            for key, item in value.items()
        }
    return [typed(item) for item in value] if isinstance(value, list) else value


def _peopled(assignments: Entries) -> Entries:
    """Those that are left with somebody."""
    return {key: entry for key, entry in assignments.items() if entry.get("groups") or entry.get("users")}


def _read(path: Path) -> Entries:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    return content if isinstance(content, dict) else {}


def _edit(folder: Path, word: str, edit: Callable[[str, Entries], Entries]) -> None:
    """Pass every top-level map of the files that mention `word` through `edit`; write what has changed.

    A changed file is written as JSON, which is YAML in which every string is quoted. Files that hold
    anything else than users, groups and assignments are left alone.
    """
    for path in sorted(folder.rglob("*.yaml")):
        if word not in path.read_text(encoding="utf-8"):
            continue
        before, content = _read(path), _read(path)
        if not content.keys() <= {"users", "groups", "assignments"}:
            continue
        after = {
            name: {key: value or {} for key, value in edit(name, entries).items()}
            for name, entries in content.items()
        }
        if after != before:
            path.write_text(json.dumps(typed(after), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

"""The directory that an import owns: what earlier imports wrote there, and writing it anew."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from reconciler.errors import InputError, Problem, ReconcilerError, UsageError
from reconciler.files.characters import show
from reconciler.files.documents import Document
from reconciler.files.faults import Faults
from reconciler.files.tree import MAX_FILE_BYTES, FolderTree, MemoryTree, Tree
from reconciler.loading.load import APPROVALS_FOLDER, load
from reconciler.model.names import skeleton
from reconciler.sources.leavers import FOLDER as LEAVERS_FOLDER
from reconciler.sources.leavers import STATUS
from reconciler.sources.outcome import Before, Imported, Taken
from reconciler.sources.text import MARK

_TEMPORARY = ".reconciler-import."
# Where imports write, below their folder, and what.
_FOLDERS, _SECTIONS = ("users", "groups", LEAVERS_FOLDER), ("users", "groups", "leavers")
_RESTORE = "restore the file as git has it, and import again"


@dataclass(frozen=True, slots=True)
class Written:
    """The paths that were written and removed, relative to the identities."""

    written: tuple[str, ...]
    removed: tuple[str, ...]


class Place:
    """A directory below the folder of the identities, and the files there that an import generated."""

    def __init__(self, identities: Path, into: str) -> None:
        path = PurePosixPath(into)
        if (
            path.is_absolute()
            or not path.parts
            or any(part == ".." or part.startswith(".") for part in path.parts)
            or f"{path.parts[0]}/" == APPROVALS_FOLDER
        ):
            raise UsageError(
                f"--into {into}: name a folder of its own below the identities, such as imported"
            )
        self._root, self._into = identities, path.as_posix()
        # Whether an earlier version wrote it, which kept leavers among the people; known by `before`.
        self.outdated = False
        self._tree = FolderTree(identities)
        self._paths = tuple(self._tree.paths())
        self.own = _own(self._tree, self._into)

    def before(self) -> Before:
        """What earlier imports wrote. Raises InputError where somebody edited it beyond recognition."""
        faults = Faults(self._tree)
        users, groups, leavers = _sections(self._tree, self.own, faults)
        self._check_marks(faults)
        if faults:
            raise faults.error()
        self._check_members(users, groups)
        self.outdated = any(name in one.fields for one in users.values() for name in STATUS)
        return _together(users, groups, leavers)

    def _check_marks(self, faults: Faults) -> None:
        """Tell of files that an import wrote and that lost their mark.

        Whom they have would be taken for people of hand-made files, and so be left out of every group.
        """
        folders = tuple(f"{self._into}/{name}/" for name in _FOLDERS)
        for path in self._paths:
            if path in self.own or not path.startswith(folders) or not path.endswith(".yaml"):
                continue
            document = Document.read(self._tree, path, faults)
            if any(
                isinstance(fields, dict) and isinstance(fields.get("external_id"), str)
                for section in _SECTIONS
                for _key, fields in _entries(document, section)
            ):
                assert document is not None
                says = "has entries of an import, and does not begin with the line that imports write"
                document.fault((), says, f"{_RESTORE}; move entries of your own to another folder")

    def _check_members(self, users: Mapping[str, Imported], groups: Mapping[str, Imported]) -> None:
        """Raise InputError where files of an import were moved, so that a member is in one of the others."""
        for field, those in (("members", users), ("include", groups)):
            known = {skeleton(one.key) for one in those.values()}
            named = {key for one in groups.values() for key in one.fields.get(field, ())}
            missing = sorted(key for key in named if skeleton(key) not in known)
            taken = self.taken() if missing else Taken()
            others = taken.users if field == "members" else taken.groups
            if moved := [key for key in missing if skeleton(key) in others]:
                message = (
                    f"groups in {self._root / self._into} name {show(moved[0])}, whose entry is in another "
                    "folder now; an import would leave it out of them"
                )
                raise InputError([Problem(message, _RESTORE)])

    def taken(self) -> Taken:
        """The keys and names of files that people write; a fault in one of those is not said here."""
        users: dict[str, Any] = {}
        groups: dict[str, Any] = {}
        mentioned: set[str] = set()
        for path in self._paths:
            if path in self.own or not path.endswith(".yaml"):
                continue
            document = Document.read(self._tree, path, Faults(self._tree))
            users.update(_entries(document, "users"))
            groups.update(_entries(document, "groups"))
            mentioned.update(map(skeleton, _texts(None if document is None else document.value)))
        return Taken(
            users=frozenset(map(skeleton, users)),
            groups=frozenset(map(skeleton, groups)),
            user_names=_values(users, "user_name"),
            emails=_values(users, "email"),
            display_names=_values(groups, "display_name")
            | {
                skeleton(key)
                for key, one in groups.items()
                if not isinstance(one, dict) or not one.get("display_name")
            },
            mentioned=frozenset(mentioned),
        )

    def now(self) -> Mapping[str, str]:
        """The text of every generated file, by its path below the import's directory."""
        start = len(self._into) + 1
        return {path[start:]: data.decode() for path, data in self.own.items()}

    def replace(self, texts: Mapping[str, str]) -> Written:
        """Make the generated files these, and no others.

        Nothing is touched where nothing changes. First the result is loaded as a whole: where it would not
        pass `reconciler validate`, InputError says why and nothing is written. Then every file is written
        beside its place, and only when all of them are there, each takes its place by renaming.
        Raises ReconcilerError where something cannot be written.
        """
        wanted = {f"{self._into}/{path}": text.encode() for path, text in texts.items()}
        large = [path for path, data in wanted.items() if len(data) > MAX_FILE_BYTES]
        if large:
            raise ReconcilerError(
                f"{large[0]} would be larger than {MAX_FILE_BYTES:,} bytes: one group has too many members "
                "for a file; leave it out of the scope"
            )
        foreign = sorted(wanted.keys() & (set(self._paths) - self.own.keys()))
        if foreign:
            fix = "move it elsewhere, or name another folder with --into"
            message = f"{self._root / foreign[0]} was not written by an import, and would be overwritten"
            raise InputError([Problem(message, fix)])
        changed = {path: data for path, data in wanted.items() if self.own.get(path) != data}
        removed = sorted(self.own.keys() - wanted.keys())
        if not changed and not removed:
            return Written((), ())
        load(self._with(wanted))
        try:
            self._write(changed, removed)
        except OSError as error:
            raise ReconcilerError(f"{self._root / self._into} cannot be written: {error.strerror}") from error
        return Written(tuple(sorted(changed)), tuple(removed))

    def _with(self, wanted: Mapping[str, bytes]) -> Tree:
        others = {path: self._tree.read(path) for path in self._paths if path not in self.own}
        return MemoryTree(self._tree.label, {**others, **wanted})

    def _write(self, changed: Mapping[str, bytes], removed: list[str]) -> None:
        self._clean()
        ready: list[tuple[Path, Path]] = []
        try:
            for path, data in changed.items():
                place = self._root / path
                place.parent.mkdir(parents=True, exist_ok=True)
                beside = place.with_name(f"{_TEMPORARY}{place.name}")
                ready.append((beside, place))
                with beside.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            for beside, place in ready:
                beside.replace(place)
        finally:
            for beside, _place in ready:
                beside.unlink(missing_ok=True)
        for path in removed:
            (self._root / path).unlink(missing_ok=True)
        self._drop_empty_folders()

    def _clean(self) -> None:
        """Remove what an import that was killed left behind."""
        for path in (self._root / self._into).rglob(f"{_TEMPORARY}*"):
            path.unlink()

    def _drop_empty_folders(self) -> None:
        for name in _FOLDERS:
            folder = self._root / self._into / name
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def before_in(tree: Tree, into: str) -> Before:
    """What imports wrote below `into` in other files, as of a commit; what is at fault is left out."""
    return _together(*_sections(tree, _own(tree, into), Faults(tree)))


def _own(tree: Tree, into: str) -> Mapping[str, bytes]:
    inside = (path for path in tree.paths() if path.startswith(f"{into}/"))
    return {path: data for path in inside if (data := tree.read(path)).startswith(MARK.encode())}


def _sections(tree: Tree, paths: Iterable[str], faults: Faults) -> Sequence[dict[str, Imported]]:
    """Users, groups and leavers by objectGUID."""
    sections: dict[str, dict[str, Imported]] = {name: {} for name in _SECTIONS}
    for path in paths:
        document = Document.read(tree, path, faults)
        for section, found in sections.items():
            for key, fields in _entries(document, section):
                guid = fields.get("external_id") if isinstance(fields, dict) else None
                if not isinstance(guid, str) or (guid in found and found[guid].key != key):
                    assert document is not None
                    says = "has no external_id of its own, by which an import knows it again"
                    document.fault((section, key), says, _RESTORE, key=True)
                    continue
                found[guid] = Imported(key, guid, fields)
    return list(sections.values())


def _together(
    users: Mapping[str, Imported], groups: Mapping[str, Imported], leavers: Mapping[str, Imported]
) -> Before:
    found = dict(users)
    for guid in leavers.keys() & users.keys():
        status = {name: value for name, value in leavers[guid].fields.items() if name in STATUS}
        found[guid] = replace(users[guid], fields={**users[guid].fields, **status})
    return Before(found, groups, {guid: one for guid, one in leavers.items() if guid not in users})


def _entries(document: Document | None, section: str) -> list[tuple[str, Any]]:
    entries = None if document is None else document.value.get(section)
    return list(entries.items()) if isinstance(entries, dict) else []


def _texts(value: Any) -> Iterator[str]:
    """Every text in a document, keys included, however deep."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one


def _values(entries: Mapping[str, Any], field: str) -> frozenset[str]:
    found = (one.get(field) for one in entries.values() if isinstance(one, dict))
    return frozenset(skeleton(value) for value in found if isinstance(value, str))

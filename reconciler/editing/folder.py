"""A folder of identities that is edited as a whole: every edit in memory first, then all files or none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path, PurePosixPath
from typing import Any

from reconciler.config import check_usable
from reconciler.editing import splicing
from reconciler.editing.nodes import Loc, Nodes
from reconciler.editing.values import Value
from reconciler.editing.writing import write_files
from reconciler.errors import InputError, Place, Problem, ReconcilerError, UsageError
from reconciler.files.tree import FolderTree, MemoryTree, Tree
from reconciler.files.writing import GENERATED
from reconciler.files.yaml import parse
from reconciler.loading.load import APPROVALS_FOLDER, load

# Where a complaint names a second place, its lines move with an edit.
_OTHER = re.compile(r"; the other is at .*")


class Editor:
    """The files below a folder, as they are and as they are to be. Nothing is written before `write`.

    Every method that edits raises InputError, with file, line and column, for a file that an import owns,
    for one that the strict reader refuses, and for a place that is written too oddly; KeyError where there
    is no such entry. A path is relative to the folder, a `Loc` leads from the top of a file:
    `("users", "ada", "title")`, `("groups", "sre", "members", 0)`.
    """

    def __init__(self, identities: Path) -> None:
        self._root = identities
        tree = FolderTree(identities)
        self._before = {path: tree.read(path) for path in tree.paths()}
        self._label = tree.label
        self._after = dict(self._before)
        self._values: dict[str, tuple[bytes, Any]] = {}

    def paths(self) -> Sequence[str]:
        """Every YAML file as it is to be, the configuration and approvals included, sorted."""
        return sorted(path for path in self._after if path.endswith(".yaml"))

    def tree(self) -> Tree:
        """The folder as it is to be, for everything that reads a tree."""
        return MemoryTree(self._label, self._after)

    def value(self, path: str) -> Any:
        """What a file says as it is to be: maps, lists, text and None; {} where it is unreadable."""
        data = self._after[path]
        known = self._values.get(path)
        if known is None or known[0] != data:
            value = parse(data).value
            known = self._values[path] = (data, value if isinstance(value, dict) else {})
        return known[1]

    def section(self, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each file of identities that has a section (such as `users`), and the section."""
        for path in self.paths():
            section = None if path.startswith(APPROVALS_FOLDER) else self.value(path).get(name)
            if isinstance(section, dict):
                yield path, section

    def find(self, section: str, key: str) -> str | None:
        """The first file in which a section has this key; None where none has."""
        return next((path for path, entries in self.section(section) if key in entries), None)

    def unknown(self, message: str) -> ReconcilerError:
        """The error for a key that no file declares: what keeps files from being read comes first."""
        unread = [one for path in self.paths() for one in self._flaws(path)]
        return InputError(unread) if unread else UsageError(message)

    def is_owned(self, path: str) -> bool:
        """Whether an import writes the file anew each time."""
        return self._after.get(path, b"").startswith(GENERATED.encode())

    def comments_above(self, path: str, loc: Loc) -> Sequence[str]:
        """What to say of comments that stand on the lines above an entry, and stay when it goes."""
        text = self._after[path].decode()
        nodes = Nodes(text, self._shown(path))
        key, value = nodes.entry(nodes.at(loc[:-1]), loc[-1])
        at = nodes.line_start(nodes.start(key or value))
        first = at
        while first and (line := nodes.line_start(first - len(nodes.newline))) < first:
            if not text[line:first].strip().startswith("#"):
                break
            first = line
        if first in (at, 0):
            return ()
        return (f"{nodes.place(first)}: a comment stood above {loc[-1]}, and stays: does it still fit?",)

    def assign(self, path: str, loc: Loc, value: Value, *, block: bool | None = None) -> None:
        """Give an entry this value; it, and maps around it, are added where there are none."""
        self._edit(path, loc, lambda text, label: splicing.assign(text, loc, value, label, block=block))

    def append(self, path: str, loc: Loc, value: Value) -> None:
        """Add an item at the end of a list; the list is added where there is none."""
        self._edit(path, loc, lambda text, label: splicing.append(text, loc, value, label))

    def replace(self, path: str, values: dict[Loc, str]) -> None:
        """Give scalars that are there other text, in the quotes that they have."""
        first = next(iter(values), ())
        self._edit(path, first, lambda text, label: splicing.replace(text, values, label))

    def rename(self, path: str, loc: Loc, new: str) -> None:
        """Give an entry of a map another key."""
        self._edit(path, loc, lambda text, label: splicing.rename(text, loc, new, label))

    def remove(self, path: str, loc: Loc) -> None:
        """Take out an entry of a map or list. Comments on lines of their own stay."""
        self._edit(path, loc, lambda text, label: splicing.remove(text, loc, label))

    def remark(self, path: str, loc: Loc, words: str) -> None:
        """Put a comment of our own words above an entry of a map, where it has a line of its own."""
        self._edit(path, loc, lambda text, label: splicing.remark(text, loc, words, label))

    def create(self, path: str, text: str) -> None:
        """Add a file. Raises ReconcilerError where there is one, also in another case of letters."""
        name = PurePosixPath(path)
        if (
            path.casefold() in {one.casefold() for one in self._after}
            or name.is_absolute()
            or ".." in name.parts
        ):
            raise ReconcilerError(f"{self._shown(path)} exists already, or is not below {self._label}")
        self._after[path] = text.encode()

    def overwrite(self, path: str, text: str) -> None:
        """Give a file that is not YAML (a policy) other text. Raises KeyError where there is none."""
        if path not in self._after or path.endswith(".yaml"):
            raise KeyError(path)
        self._after[path] = text.encode()

    def changed(self) -> Mapping[str, tuple[bytes | None, bytes | None]]:
        """By path what each edited file was and is to be; None is a file that does not exist."""
        return {
            path: (self._before.get(path), self._after.get(path))
            for path in sorted(self._before.keys() | self._after.keys())
            if self._before.get(path) != self._after.get(path)
        }

    def diff(self) -> str:
        """All edits as a unified diff; empty where there are none."""
        return "".join(
            _diff(self._shown(path), before or b"", after or b"")
            for path, (before, after) in self.changed().items()
        )

    def check(self, *, tolerant: bool = False) -> None:
        """Load the folder as it is to be. Raises InputError with everything that is wrong with it.

        `tolerant` leaves out what was wrong before; for edits that refer to nothing else.
        """
        after = _problems(self.tree())
        if tolerant and after:
            before = Counter(map(_essence, _problems(MemoryTree(self._label, self._before))))
            after = [one for one in after if not _taken(before, _essence(one))]
        if after:
            raise InputError(after)

    def write(self, *, tolerant: bool = False) -> tuple[str, ...]:
        """Check, then write all edited files or none; the answer is their paths, as they are shown.

        Raises InputError as `check`, ReconcilerError where a file cannot be written or was changed meanwhile.
        """
        files = self.changed()
        if files:
            self.check(tolerant=tolerant)
            write_files(self._root, files)
            self._before = dict(self._after)
        return tuple(map(self._shown, files))

    def _edit(self, path: str, loc: Loc, edit: Callable[[str, str], str]) -> None:
        data, label = self._after[path], self._shown(path)
        if self.is_owned(path):
            raise InputError([Problem(f"{label} is written anew by each import", _fix(loc))])
        if flaws := self._flaws(path):
            raise InputError(flaws[:1])
        self._after[path] = edit(data.decode(), label).encode()

    def _flaws(self, path: str) -> list[Problem]:
        label = self._shown(path)
        return [
            Problem(one.message, one.fix, Place(label, one.spot.line, one.spot.column))
            for one in parse(self._after[path]).flaws
        ]

    def _shown(self, path: str) -> str:
        return f"{self._label}/{path}"


def _fix(loc: Loc) -> str:
    if loc[:1] == ("users",):
        return "write fields of a person under `overrides:`, and a person without access under `blocked:`"
    return "change it in the directory that is imported, or name what you add in a file of your own"


def _problems(tree: Tree) -> list[Problem]:
    try:
        check_usable(tree, load(tree).config.targets)
    except InputError as error:
        return list(error.problems)
    return []


def _essence(problem: Problem) -> tuple[str, str]:
    """A problem without the lines, which an edit above moves."""
    return (problem.place.path if problem.place else "", _OTHER.sub("", problem.message))


def _taken(known: Counter[tuple[str, str]], one: tuple[str, str]) -> bool:
    known[one] -= 1
    return known[one] >= 0


def _diff(label: str, before: bytes, after: bytes) -> str:
    lines = unified_diff(
        before.decode("utf-8", "replace").splitlines(keepends=True),
        after.decode("utf-8", "replace").splitlines(keepends=True),
        f"a/{label}" if before else "/dev/null",
        f"b/{label}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )

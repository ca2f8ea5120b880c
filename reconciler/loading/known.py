"""Every key that files declare, where, and which of them was probably meant by one that is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.files.documents import Document, Loc, suggest
from reconciler.files.faults import Faults
from reconciler.files.tree import Tree
from reconciler.model.resources import Origin

# Comparing a name with 100,000 others takes a second, and after so many the reader has seen the pattern.
_LARGE = 2_000
_MOST_SUGGESTIONS = 20


class Known:
    """Keys by section ("users", "groups", …) with their origins, wrong entries included."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._keys: dict[str, dict[str, Origin]] = {}
        self._documents: dict[str, Document | None] = {}
        self._suggested = 0

    def section(self, name: str) -> dict[str, Origin]:
        """The keys of one section; adding to the answer adds to what is known."""
        return self._keys.setdefault(name, {})

    def suggest(self, section: str, wrong: str) -> str | None:
        """The key that was probably meant, as a fix; or how long an account id is."""
        if section == "accounts" and wrong.isascii() and wrong.isdigit():
            return f"an account id has 12 digits, and this one has {len(wrong)}"
        keys: Iterable[str] = self.section(section)
        if len(self.section(section)) > _LARGE:
            self._suggested += 1
            if self._suggested > _MOST_SUGGESTIONS:
                return None
            keys = [key for key in keys if abs(len(key) - len(wrong)) <= 3 and _akin(key, wrong)]
        return suggest(wrong, list(keys))

    def origin(self, path: str, loc: Loc) -> Origin:
        """Where something stands in a file that is no longer in memory."""
        if path not in self._documents:
            self._documents[path] = Document.read(self._tree, path, Faults(self._tree))
        document = self._documents[path]
        return Origin(path, 0) if document is None else document.origin(*loc)


def _akin(one: str, other: str) -> bool:
    return one[:1].lower() == other[:1].lower() or one[-3:].lower() == other[-3:].lower()


def add_keys(
    known: Known, document: Document, sections: Sequence[str], faults: Faults, names: Mapping[str, str]
) -> None:
    """Add a document's keys; a key that another file has is noted, with both places."""
    for section in sections:
        keys = known.section(section)
        for key, node in document.section(section).items():
            origin = Origin(document.path, node)
            first = keys.setdefault(str(key), origin)
            if first is not origin:
                message = f"{names[section]} {key} is declared in two files"
                faults.add(origin, message, "keep one of the two, or merge them", other=first)

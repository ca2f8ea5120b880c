"""YAML as this project takes it: maps, lists and text, and nothing that makes text mean something else.

Built from libyaml's events (PyYAML's C parser). Every scalar stays the text that was written, so that
`012345678901`, `no` and `1e3` are what they look like; only a plain `null`, `~` or nothing is None.
Refused, because a reviewer would not see what they do: duplicate keys, anchors, aliases, merge keys, tags,
directives, further documents, keys that are not text, characters that cannot be seen; and files that are too
large or nested too deep.

Every node that survives has a number, from 0 in the order in which it is written: a map, then its first
key, that key's value, and so on. The numbers follow from the value alone (`count`), so reading keeps none;
`locate` reads a file again to turn numbers into lines and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from yaml import CBaseLoader, YAMLError
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from reconciler.files.characters import FORBIDDEN, describe, show, unusual
from reconciler.files.hints import yaml_hint

MAX_DEPTH = 32
MAX_NODES = 250_000
# A file with more faults of form than this was not written by hand; the first ones say enough.
MAX_FAULTS = 100

# A map holds text to tree, a list trees; BROKEN stands where something refused was.
Tree = Any
# What an event has depends on its class, which the hot loops compare by identity.
_Event = Any

_NULLS = frozenset(("", "~", "null"))


class _Broken:
    """What stands where something refused was written; nobody complains about it twice."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final = _Broken()


class Spot(NamedTuple):
    """Where a node begins, counting from 1, and whether it is a scalar without quotes."""

    line: int
    column: int
    plain: bool = False


class Flaw(NamedTuple):
    """One thing wrong with the form of a file."""

    spot: Spot
    message: str
    fix: str


class Parsed(NamedTuple):
    """A file's value, as far as it could be read, and all that is wrong with its form.

    `value` is BROKEN where nothing could be read, and an empty map for a file without content.
    """

    value: Tree
    flaws: tuple[Flaw, ...]


def parse(data: bytes) -> Parsed:
    """Read the bytes of one file. Never raises: what is wrong stands in the answer."""
    flaws, readable = _characters(data)
    if not readable:
        return Parsed(BROKEN, tuple(flaws))
    reader = _Reader(data, record=False)
    value = reader.read()
    if not flaws and b"\\" in data:
        flaws.extend(_escaped(data, value))
    flaws = sorted((*flaws, *reader.flaws))
    return Parsed(value, tuple(flaws))


def locate(data: bytes, nodes: Iterable[int]) -> Mapping[int, Spot]:
    """Where the nodes of these numbers begin; a number that the file does not have is absent."""
    reader = _Reader(data, record=True)
    reader.read()
    spots = reader.spots
    return {node: spots[node] for node in nodes if node < len(spots)}


def count(value: Tree) -> int:
    """How many nodes a value is made of, itself included."""
    kind = value.__class__
    if kind is dict:
        inner = value.values()
        if _flat(inner):
            return 1 + 2 * len(value)
        return 1 + len(value) + sum(map(count, inner))
    if kind is list:
        return 1 + (len(value) if _flat(value) else sum(map(count, value)))
    return 1


def scalars(value: Tree, node: int = 0) -> Iterator[tuple[int, str]]:
    """The number and text of every scalar in a value whose own number is `node`, keys included."""
    if value.__class__ is str:
        yield node, value
    elif value.__class__ is dict:
        node += 1
        for key, inner in value.items():
            yield node, key
            yield from scalars(inner, node + 1)
            node += 1 + count(inner)
    elif value.__class__ is list:
        node += 1
        for inner in value:
            yield from scalars(inner, node)
            node += count(inner)


def _flat(values: Iterable[Tree]) -> bool:
    kinds = set(map(type, values))
    return dict not in kinds and list not in kinds


def _characters(data: bytes) -> tuple[list[Flaw], bool]:
    """What is wrong with the characters of a file, and whether the rest of it can be read."""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        flaw = Flaw(Spot(1, 1), "the file begins with a byte order mark", "save it as UTF-8 without a BOM")
        return [flaw], False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        flaw = Flaw(_spot(before, len(before)), "the file is not UTF-8", "save it as UTF-8")
        return [flaw], False
    if not FORBIDDEN.search(unusual(data).decode("utf-8")):
        return [], True
    flaws = []
    for match in FORBIDDEN.finditer(text):
        flaws.append(_invisible(_spot(text, match.start()), match[0]))
        if len(flaws) == MAX_FAULTS:
            break
    # libyaml reads no control characters; the others it takes, and the rest of the file can be judged.
    return flaws, all(ord(match[0]) >= 0xA0 for match in FORBIDDEN.finditer(text))


def _escaped(data: bytes, value: Tree) -> Iterator[Flaw]:
    """Characters that were written as escapes in double quotes: the bytes of the file do not show them."""
    found = {}
    for node, text in scalars(value):
        if match := FORBIDDEN.search(text):
            found[node] = match[0]
            if len(found) == MAX_FAULTS:
                break
    spots = locate(data, found) if found else {}
    for node, character in found.items():
        yield _invisible(spots[node], character)


def _invisible(spot: Spot, character: str) -> Flaw:
    return Flaw(spot, f"the invisible character {describe(character)} is not allowed", "delete it")


def _spot(text: str, index: int) -> Spot:
    """The line and column of a character, with the line ends that YAML knows."""
    lines = text[:index].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Spot(len(lines), len(lines[-1]) + 1)


class _StopError(Exception):
    """The rest of the file is not worth reading; the flaw that says why is already noted."""


class _Reader:
    """Builds one value from events; with `record`, also notes where each of its nodes begins."""

    def __init__(self, data: bytes, *, record: bool) -> None:
        self.flaws: list[Flaw] = []
        self.spots: list[Spot] = []
        self._record = record
        self._nodes = 0
        self._data = data
        self._parser = CBaseLoader(data)
        self._get: Callable[[], _Event] = self._parser.get_event

    def read(self) -> Tree:
        """The value of the first document; BROKEN where the file breaks off, {} where there is none."""
        value: Tree = {}
        try:
            self._get()  # the stream's start
            event = self._get()
            if isinstance(event, DocumentStartEvent):
                if event.version or event.tags:
                    self._flaw(event, "a YAML directive is not allowed", "delete the line")
                value = self._value(self._get(), 1)
                self._get()  # the document's end
                event = self._get()
            if isinstance(event, DocumentStartEvent):
                self._flaw(event, "a second document begins here", "delete the line `---`, or split the file")
        except YAMLError as error:
            self.flaws.append(_syntax(error, self._data))
            return BROKEN
        except _StopError:
            return BROKEN
        finally:
            self._parser.dispose()
        return value

    def _mapping(self, depth: int) -> dict[str, Tree]:
        # The two loops are the hot path: a call less per scalar is a tenth of the time to load.
        get, record = self._get, self._record
        result: dict[str, Tree] = {}
        while True:
            event = get()
            if event.__class__ is ScalarEvent:
                key = event.value
                if event.anchor is not None or event.tag is not None:
                    self._decorated(event)
                if key in result or key == "<<":
                    self._unwanted(event, key, depth)
                    continue
            elif event.__class__ is MappingEndEvent:
                self._counted(event, 2 * len(result))
                return result
            else:
                self._strange_key(event, depth)
                continue
            if record:
                self._spot(event)
            event = get()
            if event.__class__ is ScalarEvent:
                value = event.value
                if event.anchor is not None or event.tag is not None:
                    self._decorated(event)
                if record:
                    self._spot(event)
                result[key] = None if value in _NULLS and event.implicit[0] else value
            else:
                result[key] = self._value(event, depth + 1)

    def _sequence(self, depth: int) -> list[Tree]:
        get, record = self._get, self._record
        result: list[Tree] = []
        while True:
            event = get()
            if event.__class__ is ScalarEvent:
                value = event.value
                if event.anchor is not None or event.tag is not None:
                    self._decorated(event)
                if record:
                    self._spot(event)
                result.append(None if value in _NULLS and event.implicit[0] else value)
            elif event.__class__ is SequenceEndEvent:
                self._counted(event, len(result))
                return result
            else:
                result.append(self._value(event, depth + 1))

    def _value(self, event: _Event, depth: int) -> Tree:
        """The value that begins with an event; `depth` is how many maps and lists are around it."""
        if self._record:
            self._spot(event)
        if isinstance(event, AliasEvent):
            self._flaw(event, f"the alias *{event.anchor} is not allowed", "write the value out")
            return BROKEN
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        if isinstance(event, ScalarEvent):
            return None if event.value in _NULLS and event.implicit[0] else event.value
        if depth > MAX_DEPTH:
            self._flaw(event, f"this is nested more than {MAX_DEPTH} deep", "write it flatter")
            raise _StopError
        return self._mapping(depth) if isinstance(event, MappingStartEvent) else self._sequence(depth)

    def _unwanted(self, event: _Event, key: str, depth: int) -> None:
        """Pass over a key that may not stand here, and its value."""
        if key == "<<":
            self._flaw(event, "the merge key << is not allowed", "write the fields out")
        else:
            self._flaw(event, f"the key {show(key)} is in this map twice", "keep one of the two")
        self._skip(depth)

    def _strange_key(self, event: _Event, depth: int) -> None:
        """Pass over a key that is a map, a list or an alias, and its value."""
        self._flaw(event, "a key must be text", "write one word, or text in quotes, before the colon")
        kept = len(self.spots)
        if not isinstance(event, AliasEvent):
            self._value(event, depth + 1)
        self._skip(depth)
        del self.spots[kept:]

    def _skip(self, depth: int) -> None:
        """Read one value and forget it, and its numbers with it."""
        kept = len(self.spots)
        self._value(self._get(), depth + 1)
        del self.spots[kept:]

    def _decorated(self, event: _Event) -> None:
        anchor, tag = event.anchor, event.tag
        if anchor is not None:
            self._flaw(event, f"the anchor &{anchor} is not allowed", "delete it, and write values out")
        if tag is not None:
            self._flaw(event, f"the tag {show(tag)} is not allowed", "delete it; text needs no tag")

    def _counted(self, event: _Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._flaw(event, f"the file has more than {MAX_NODES:,} nodes", "split it into several files")
            raise _StopError

    def _spot(self, event: _Event) -> None:
        mark = event.start_mark
        plain = event.__class__ is ScalarEvent and event.implicit[0]
        self.spots.append(Spot(mark.line + 1, mark.column + 1, plain))

    def _flaw(self, event: _Event, message: str, fix: str) -> None:
        mark = event.start_mark
        self.flaws.append(Flaw(Spot(mark.line + 1, mark.column + 1), message, fix))
        if len(self.flaws) == MAX_FAULTS:
            raise _StopError


def _syntax(error: YAMLError, data: bytes) -> Flaw:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    trouble = (error.problem if isinstance(error, MarkedYAMLError) else None) or "it cannot be read"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    line, column, message, fix = yaml_hint(data.decode("utf-8", "replace"), line, column, trouble)
    return Flaw(Spot(line, column), message, fix)

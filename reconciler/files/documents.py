"""One file as a document: its value, the number of each node in it, and a check against a shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import accumulate
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from reconciler.errors import InputError
from reconciler.files.characters import FORBIDDEN, show
from reconciler.files.faults import Faults
from reconciler.files.shapes import LIST_OR_WORD, REFUSED, fields_at
from reconciler.files.tree import Tree
from reconciler.files.yaml import BROKEN, count, parse
from reconciler.model.plan import Finding
from reconciler.model.resources import Origin

T = TypeVar("T")
Loc = tuple[str | int, ...]
# The complaint about an unknown field at a place, where there is a better one: a predicate, and the fix.
Foreign = Callable[[Loc], tuple[str, str] | None]

# How one entry of a section is called.
_SINGULAR = {
    "users": "user",
    "groups": "group",
    "permission_sets": "permission set",
    "accounts": "account",
    "assignments": "assignment",
    "blocked": "blocked user",
    "overrides": "override of",
    "leavers": "leaver",
    "approvals": "approval",
}

# What a value must be, and how it is written, by a part of the name of pydantic's complaint.
_TYPES = {
    "string": ("text", "write text"),
    "list": ("a list", "write [one, another], or a line `- one` for each"),
    "dict": ("a map", "write lines `key: value` below it"),
}


class Document:
    """A file whose outermost value is a map, and where in it everything stands."""

    def __init__(self, path: str, value: Mapping[str, Any], faults: Faults) -> None:
        self.path, self.value, self._faults = path, value, faults
        self._starts: dict[int, Mapping[str | int, int]] = {}
        self._elsewhere: Mapping[str, str] = {}
        self._foreign: Foreign = lambda _loc: None

    @classmethod
    def read(cls, tree: Tree, path: str, faults: Faults) -> Document | None:
        """The file at `path`; None, with faults noted, where no map could be read from it."""
        try:
            parsed = parse(tree.read(path))
        except InputError as error:
            faults.include(error.problems)
            return None
        for flaw in parsed.flaws:
            faults.at(path, flaw.spot, flaw.message, flaw.fix)
        if parsed.value is BROKEN:
            return None
        value = {} if parsed.value is None else parsed.value
        if not isinstance(value, dict):
            kind = _kind(value)
            faults.add(
                Origin(path, 0), f"the file holds {kind}, and must hold a map", "begin it with `users:`"
            )
            return None
        return cls(path, value, faults)

    def origin(self, *loc: str | int, key: bool = False) -> Origin:
        """Where the value at `loc` stands, or with `key` the key that it stands under.

        Where the file does not go as far as `loc`, the last node on the way.
        """
        value: Any = self.value
        node = at_key = 0
        for step in loc:
            below = self.starts(value, node)
            if step not in below:
                return Origin(self.path, at_key)
            node = at_key = below[step]
            if isinstance(value, dict):
                node += 1
            value = value[step]
        return Origin(self.path, at_key if key else node)

    def at(self, loc: Loc) -> Any:
        """The value at `loc`, which must exist."""
        value: Any = self.value
        for step in loc:
            value = value[step]
        return value

    def starts(self, value: Any, node: int) -> Mapping[str | int, int]:
        """The number of each key of a map, or of each item of a list, whose own number is `node`."""
        known = self._starts.get(node)
        if known is None:
            steps: Iterable[str | int] = ()
            sizes: Iterable[int] = ()
            if isinstance(value, dict):
                steps, sizes = value, (1 + count(inner) for inner in value.values())
            elif isinstance(value, list):
                steps, sizes = range(len(value)), map(count, value)
            known = self._starts[node] = dict(zip(steps, accumulate(sizes, initial=node + 1), strict=False))
        return known

    def section(self, name: str) -> Mapping[str | int, int]:
        """The number of each key of a top-level map; empty where there is none."""
        value = self.value.get(name)
        return self.starts(value, self.origin(name).node) if isinstance(value, dict) else {}

    def fault(
        self, loc: Loc, says: str, fix: str | None = None, *, key: bool = False, kept: bool = False
    ) -> None:
        """Note that the value at `loc` is wrong; `says` is a predicate, and the subject is put before it.

        `kept` as for `Faults.add`.
        """
        self._faults.add(self.origin(*loc, key=key), f"{subject(loc)} {says}", fix, kept=kept)

    def remark(self, finding: Finding) -> None:
        """Note what is not wrong but worth a look."""
        self._faults.findings.append(finding)

    def check(
        self,
        adapter: TypeAdapter[T],
        *,
        entries: bool = False,
        elsewhere: Mapping[str, str] = MappingProxyType({}),
        exact: Collection[str] = (),
        foreign: Foreign = lambda _loc: None,
    ) -> T | None:
        """The document in a shape; what does not fit is noted, each with its place and a fix.

        None where something does not fit, unless `entries`: then entries of sections that do not fit are
        left out, and fields that nobody knows, and the rest is returned; in the sections `exact` an entry
        with such a field is left out whole. `elsewhere` gives the fix for top-level keys that belong in
        another file, `foreign` the complaint about an unknown field that means something elsewhere.
        """
        self._elsewhere, self._foreign = elsewhere, foreign
        value: Any = self.value
        while True:
            try:
                return adapter.validate_python(value)
            except ValidationError as error:
                if value is self.value:
                    self.explain(error, adapter)
                if not entries:
                    return None
                wrong = error.errors(include_url=False, include_context=False, include_input=False)
            value = _pruned(value, [_superfluous(detail, exact) for detail in wrong])

    def explain(self, error: ValidationError, adapter: TypeAdapter[Any], at: Loc = ()) -> None:
        """Note what an adapter found wrong with the value at `at`."""
        for detail in error.errors(include_url=False):
            self._explain(detail, adapter, at)

    def _explain(self, detail: ErrorDetails, adapter: TypeAdapter[Any], at: Loc) -> None:
        if detail["type"] == "union_tag_invalid":
            return  # the maker of the union reports what is wrong with a type
        loc, value = self._untagged((*at, *detail["loc"])), detail["input"]
        if value is BROKEN or (isinstance(value, str) and FORBIDDEN.search(value)):
            return  # already said, better
        if loc and loc[-1] == "[key]":
            self.fault(loc[:-1], *_complaint(detail), key=True)
        elif detail["type"] == "missing":
            self._missing(loc)
        elif detail["type"] == "union_tag_not_found":
            self._missing((*loc, detail["ctx"]["discriminator"].strip("'")))
        elif detail["type"] == "extra_forbidden":
            if better := self._foreign(loc):
                self.fault(loc, *better, key=True)
                return
            known = fields_at(adapter, tuple(detail["loc"][:-1]))
            if glued := _glued(str(loc[-1]), known):
                says = f"{subject(loc[:-1])} has no space after the colon of {show(str(loc[-1]))}"
                self._faults.add(self.origin(*loc, key=True), says, glued)
                return
            what = "field" if len(loc) > 1 else "top-level key"
            fix = self._elsewhere.get(str(loc[-1])) if len(loc) == 1 else None
            fix = fix or suggest(str(loc[-1]), known)
            if value is None and " " in str(loc[-1]):
                fix = fix or "put quotes around text that holds a comma"
            self._faults.add(
                self.origin(*loc, key=True),
                f"{subject(loc[:-1])} has an unknown {what} {show(str(loc[-1]))}",
                fix or f"known: {', '.join(known)}",
            )
        else:
            self.fault(loc, *_complaint(detail), key=value is None)

    def _untagged(self, loc: Loc) -> Loc:
        """Where something stands, without the types by which pydantic tells the members of a union apart."""
        value: Any = self.value
        found: list[str | int] = []
        for step in loc:
            if isinstance(value, dict) and step not in value and value.get("type") == step:
                continue
            found.append(step)
            if isinstance(value, list):
                value = value[step] if isinstance(step, int) else None
            else:
                value = value.get(step) if isinstance(value, dict) else None
        return tuple(found)

    def _missing(self, loc: Loc) -> None:
        if any(str(name).startswith(f"{loc[-1]}:") for name in self.at(loc[:-1])):
            return  # it is there, without a space after its colon, which is said
        message = f"{subject(loc[:-1])} has no {loc[-1]}"
        self._faults.add(self.origin(*loc[:-1], key=True), message, f"add `{loc[-1]}: …`")


def _glued(name: str, known: Sequence[str]) -> str | None:
    """The fix for a key that is a field, a colon and its value in one word."""
    field, colon, value = name.partition(":")
    return f"write `{field}: {value}`" if colon and value and field in known else None


def repeated(entries: Sequence[Any]) -> Iterator[int]:
    """The positions of items that appear in a list a second time."""
    seen = set()
    for index, entry in enumerate(entries):
        if entry in seen:
            yield index
        seen.add(entry)


def subject(loc: Loc) -> str:
    """What a message speaks of: "title of user ada", "members[3].until of group sre", "the file"."""
    if not loc:
        return "the file"
    section, *rest = loc
    if not rest or section not in _SINGULAR:
        return _dotted(loc)
    entry = f"{_SINGULAR[str(section)]} {_name(rest[0])}"
    return f"{_dotted(rest[1:])} of {entry}" if rest[1:] else entry


def suggest(wrong: str, known: Sequence[str]) -> str | None:
    """The name that was probably meant, as a fix; None where nothing is near."""
    near = _nearest(wrong, tuple(known))
    return None if near is None else f"did you mean {show(near)}?"


@lru_cache(maxsize=1024)
def _nearest(wrong: str, known: tuple[str, ...]) -> str | None:
    folded = {name.lower(): name for name in known}
    near = get_close_matches(wrong.lower(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _dotted(loc: Sequence[str | int]) -> str:
    parts = [f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in loc]
    return "".join(parts).removeprefix(".")


def _name(step: str | int) -> str:
    text = str(step)
    return text if text and text.isprintable() and " " not in text and len(text) <= 256 else show(text)


def _superfluous(detail: ErrorDetails, exact: Collection[str]) -> Loc:
    """What to leave out so that the rest can be judged: an unknown field of an entry, or the entry."""
    field = detail["type"] == "extra_forbidden" and len(detail["loc"]) == 3 and detail["loc"][0] not in exact
    return tuple(detail["loc"][: 3 if field else 2])


def _pruned(value: Any, locs: Iterable[Loc]) -> Any:
    """The value without what stands at `locs`; what is not on the way is shared, not copied."""
    pruned = dict(value)
    below: defaultdict[str | int, list[Loc]] = defaultdict(list)
    for first, *rest in locs:
        below[first].append(tuple(rest))
    for first, inner in below.items():
        if () in inner or not isinstance(pruned.get(str(first)), dict):
            pruned.pop(first, None)
        else:
            pruned[first] = _pruned(pruned[first], inner)
    return pruned


def _complaint(detail: ErrorDetails) -> tuple[str, str]:
    """What is wrong with a value, as a predicate, and the fix."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == REFUSED:
        return context["says"], context["fix"]
    if kind == "string_too_long":
        limit = context["max_length"]
        return f"has {len(value):,} characters; at most {limit:,} are allowed", "shorten it"
    if kind == "string_too_short":
        return "is empty", "write a value, or delete the line"
    if kind == "too_long":
        return f"has {len(value):,} entries; at most {context['max_length']:,} are allowed", "remove some"
    if kind == "too_short":
        return "is empty", "name at least one, or delete the line"
    if kind in ("literal_error", "enum"):
        expected = [part.strip("'") for part in context["expected"].replace(" or ", ", ").split(", ")]
        fix = suggest(str(value), expected) if isinstance(value, str) else None
        return f"is {_kind(value)}; it takes {' or '.join(expected)}", fix or "write one of these"
    wanted, fix = next((words for part, words in _TYPES.items() if part in kind), _TYPES["dict"])
    if kind == LIST_OR_WORD:
        word = context["word"]
        wanted = f"{wanted}, or the word {word}"
        if value is None:
            return "is empty", f"{fix}, [] for nobody, or the word {word}"
        fix = (isinstance(value, str) and suggest(value, [word])) or fix
    if value is None:
        return "is empty", f"{fix}, or delete the line"
    return f"is {_kind(value)}; it takes {wanted}", fix


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"the text {show(str(value))}"

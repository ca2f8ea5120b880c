"""Values checked against the shapes of a botocore service model, both ways.

Requests are checked as the services do it: wrong JSON types first (SerializationException), then every
constraint at once (ValidationException). Answers are checked strictly: unknown members are faults too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from reconciler.sandbox.answers import ApiError, SandboxBug
from reconciler.sandbox.patterns import matcher

Shape = Mapping[str, Any]


class Violation(NamedTuple):
    """One constraint that a value breaks. `rule` is its kind: required, min-length, pattern and so on."""

    path: str
    rule: str
    constraint: str
    shown: str

    def __str__(self) -> str:
        return f"Value{self.shown} at '{self.path}' failed to satisfy constraint: {self.constraint}"


Check = Callable[[Any, str, list[Violation]], None]

_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


def describe(violations: list[Violation]) -> str:
    """All violations in the words of AWS."""
    count = len(violations)
    return f"{count} validation error{'s' if count > 1 else ''} detected: " + "; ".join(map(str, violations))


class Checker:
    """Checks values against the shapes of one service; every shape is compiled once, when first met."""

    def __init__(self, shapes: Mapping[str, Shape], *, strict: bool) -> None:
        self._shapes, self._strict = shapes, strict
        self._compiled: dict[str, Check] = {}

    def check(self, shape: str, value: Any, path: str = "") -> list[Violation]:
        """What is wrong with `value`; empty when nothing is.

        A wrong JSON type raises SerializationException, in an answer SandboxBug.
        """
        found: list[Violation] = []
        self._check(shape)(value, path, found)
        return found

    def knows(self, shape: str) -> bool:
        """Whether the model has such a shape."""
        return shape in self._shapes

    def members(self, shape: str) -> Mapping[str, Shape]:
        """The members of a structure."""
        members: Mapping[str, Shape] = self._shapes[shape].get("members", {})
        return members

    def _check(self, name: str) -> Check:
        compiled = self._compiled.get(name)
        if compiled is None:
            compiled = self._compiled[name] = self._compile(name)
        return compiled

    def _compile(self, name: str) -> Check:
        shape = self._shapes[name]
        if shape.get("document"):
            return _anything
        kind: str = shape["type"]
        types, strict = _JSON_TYPES[kind], self._strict
        inner: Check
        if kind == "structure":
            inner = self._structure(shape)
        elif kind == "list":
            inner = self._list(shape)
        elif kind == "map":
            inner = self._map(shape)
        elif kind == "string":
            inner = _string(shape)
        elif kind in {"integer", "long", "float", "double"}:
            inner = _number(shape)
        else:
            inner = _anything

        def check(value: Any, path: str, found: list[Violation]) -> None:
            # bool is an int to Python, not to JSON.
            if not isinstance(value, types) or (isinstance(value, bool) and kind != "boolean"):
                message = f"{path or 'the body'} is {_json_name(value)}, not a {kind}"
                raise SandboxBug(message) if strict else ApiError("SerializationException", message)
            inner(value, path, found)

        return check

    def _structure(self, shape: Shape) -> Check:
        names = {name: (member["shape"], _camel(name)) for name, member in shape.get("members", {}).items()}
        required = tuple(shape.get("required", ()))
        union, strict = bool(shape.get("union")), self._strict

        def check(value: dict[str, Any], path: str, found: list[Violation]) -> None:
            before = f"{path}." if path else ""
            found.extend(
                Violation(before + _camel(name), "required", "Member must not be null", " null")
                for name in required
                if value.get(name) is None
            )
            if union and sum(value.get(name) is not None for name in names) != 1:
                found.append(
                    Violation(path, "required", f"Exactly one member of {list(names)} must be set", "")
                )
            for name, item in value.items():
                known = names.get(name)
                if known is None:
                    if strict:
                        found.append(Violation(before + name, "unknown", "The model has no such member", ""))
                elif item is not None:
                    self._check(known[0])(item, before + known[1], found)
                elif strict:
                    found.append(Violation(before + name, "null", "An answer omits what it lacks", " null"))

        return check

    def _list(self, shape: Shape) -> Check:
        member, sized = shape["member"]["shape"], _sized(shape)

        def check(value: list[Any], path: str, found: list[Violation]) -> None:
            sized(value, path, found)
            inner = self._check(member)
            for number, item in enumerate(value, start=1):
                inner(item, f"{path}.{number}.member", found)

        return check

    def _map(self, shape: Shape) -> Check:
        key_shape, value_shape, sized = shape["key"]["shape"], shape["value"]["shape"], _sized(shape)

        def check(value: dict[str, Any], path: str, found: list[Violation]) -> None:
            sized(value, path, found)
            for key, item in value.items():
                self._check(key_shape)(key, f"{path}.{key}", found)
                self._check(value_shape)(item, f"{path}.{key}", found)

        return check


def _anything(_value: Any, _path: str, _found: list[Violation]) -> None:
    """No constraint."""


def _string(shape: Shape) -> Check:
    low, high, pattern = shape.get("min"), shape.get("max"), shape.get("pattern")
    matches = matcher(pattern) if pattern else None
    enum, hidden = shape.get("enum"), bool(shape.get("sensitive"))

    def check(value: str, path: str, found: list[Violation]) -> None:
        # What a model marks as sensitive is not echoed.
        shown = "" if hidden else f" '{value[:200]}'"
        if high is not None and len(value) > high:
            text = f"Member must have length less than or equal to {high}"
            found.append(Violation(path, "max-length", text, shown))
        if low is not None and len(value) < low:
            text = f"Member must have length greater than or equal to {low}"
            found.append(Violation(path, "min-length", text, shown))
        if matches and not matches(value):
            text = f"Member must satisfy regular expression pattern: {pattern}"
            found.append(Violation(path, "pattern", text, shown))
        if enum and value not in enum:
            text = f"Member must satisfy enum value set: [{', '.join(enum)}]"
            found.append(Violation(path, "enum", text, shown))

    return check


def _number(shape: Shape) -> Check:
    low, high = shape.get("min"), shape.get("max")

    def check(value: float, path: str, found: list[Violation]) -> None:
        shown = f" '{value}'"
        if high is not None and value > high:
            text = f"Member must have value less than or equal to {high}"
            found.append(Violation(path, "max-value", text, shown))
        if low is not None and value < low:
            text = f"Member must have value greater than or equal to {low}"
            found.append(Violation(path, "min-value", text, shown))

    return check


def _sized(shape: Shape) -> Check:
    low, high = shape.get("min"), shape.get("max")

    def check(value: list[Any] | dict[str, Any], path: str, found: list[Violation]) -> None:
        if high is not None and len(value) > high:
            text = f"Member must have length less than or equal to {high}"
            found.append(Violation(path, "max-length", text, ""))
        if low is not None and len(value) < low:
            text = f"Member must have length greater than or equal to {low}"
            found.append(Violation(path, "min-length", text, ""))

    return check


def _camel(name: str) -> str:
    """`MaxResults` as AWS writes it in a message: `maxResults`."""
    return name[:1].lower() + name[1:]


def _json_name(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return names.get(type(value), "null" if value is None else "an object")

"""Pieces of JSON Schema (draft 2020-12), so that a schema reads like the document that it describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def text(says: str, *, pattern: str | None = None) -> Schema:
    """A text."""
    return {"type": "string", "description": says} | ({"pattern": pattern} if pattern else {})


def flag(says: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": says}


def count(says: str) -> Schema:
    """A number of things."""
    return {"type": "integer", "minimum": 0, "description": says}


def seconds(says: str) -> Schema:
    """A length of time."""
    return {"type": "number", "minimum": 0, "description": says}


def moment(says: str) -> Schema:
    """An instant."""
    return {"type": "string", "format": "date-time", "description": says}


def one_of(values: type[StrEnum] | Iterable[str], says: str) -> Schema:
    """One of some words."""
    return {"enum": [str(value) for value in values], "description": says}


def constant(value: object, says: str) -> Schema:
    """Always the same."""
    return {"const": value, "description": says}


def anything(says: str) -> Schema:
    """Any JSON value."""
    return {"description": says}


def listed(item: Schema, says: str) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": item, "description": says}


def mapped(value: Schema, says: str) -> Schema:
    """An object with any keys and such values."""
    return {"type": "object", "additionalProperties": value, "description": says}


def perhaps(schema: Schema) -> Schema:
    """The same, or null."""
    says = schema.get("description")
    rest = {name: value for name, value in schema.items() if name != "description"}
    return {"anyOf": [rest, {"type": "null"}]} | ({"description": says} if says else {})


def ref(name: str) -> Schema:
    """What `$defs` has under that name."""
    return {"$ref": f"#/$defs/{name}"}


def fields(says: str, required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with exactly these fields; those of `optional` may be absent."""
    return {
        "type": "object",
        "description": says,
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def document(title: str, body: Schema, defs: Mapping[str, Schema] | None = None) -> Schema:
    """A whole schema."""
    return {"$schema": DIALECT, "title": title, **body} | ({"$defs": dict(defs)} if defs else {})

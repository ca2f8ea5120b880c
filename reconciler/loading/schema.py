"""JSON Schemas of what people write, for editors and for CI, made from the documents themselves.

They know the shape of one file. What loading checks beyond it (references, names that collide, windows,
limits of policies) is not in them. Editors guess types where this project does not: a schema's text
therefore takes numbers and booleans too, except for what is marked QUOTED (account ids).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from reconciler.config.targets import adapter
from reconciler.loading.approvals import APPROVALS
from reconciler.loading.documents import IDENTITIES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ADAPTERS: Mapping[str, tuple[str, TypeAdapter[Any]]] = {
    "identities.schema.json": ("Identities", IDENTITIES),
    "reconciler.schema.json": ("Configuration of the reconciler", adapter()),
    "approvals.schema.json": ("Approvals", APPROVALS),
}
# What YAML readers make of plain scalars.
_SCALARS = ["string", "number", "boolean"]


def schemas() -> Mapping[str, str]:
    """The text of each schema by its file's name; equal for equal versions."""
    return {name: schema_text(title, shape) for name, (title, shape) in _ADAPTERS.items()}


def schema_text(title: str, shape: TypeAdapter[Any]) -> str:
    """The text of the schema of one kind of file."""
    whole = {"$schema": _DIALECT, **_widened(shape.json_schema()), "title": title}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path, texts: Mapping[str, str] | None = None) -> Sequence[Path]:
    """Write `texts` (none: `schemas`) into a folder, which is made where it is missing; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (texts or schemas()).items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _widened(node: Any) -> Any:
    """The schema with text that takes any plain scalar, with patterns for keys, without pydantic's titles."""
    if isinstance(node, list):
        return [_widened(one) for one in node]
    if not isinstance(node, dict):
        return node
    wide: dict[str, Any] = {
        key: {name: _widened(inner) for name, inner in value.items()}
        if key in ("properties", "$defs")
        else value
        if key == "enum"
        else _widened(value)
        for key, value in node.items()
        if key not in ("title", "discriminator")
    }
    if wide.get("type") == "string" and "enum" not in wide:
        wide["type"] = _SCALARS
    patterns = wide.pop("patternProperties", None)
    if patterns is not None:
        ((pattern, value),) = patterns.items()
        wide["propertyNames"] = {**wide.get("propertyNames", {}), "pattern": pattern}
        wide["additionalProperties"] = value
    names = wide.get("propertyNames")
    if names is not None:
        wide["propertyNames"] = {
            key: value for key, value in names.items() if key not in ("type", "description")
        }
    return wide

"""Holds what commands print as JSON to the schemas that are published for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from reconciler.render.schemas import OUTPUTS

_BY_FORMAT = {
    "reconciler access": "access",
    "reconciler access rules": "access-rules",
    "reconciler drift": "drift",
    "reconciler doctor": "doctor",
    "reconciler who-edits": "who-edits",
    "reconciler adopt": "adopt",
    "reconciler import": "import",
}


def schema_of(document: Mapping[str, Any]) -> str:
    """Which schema a document is of."""
    if "format" in document:
        return _BY_FORMAT[document["format"]]
    if "valid" in document:
        return "validation"
    return "report" if "statuses" in document else "plan"


def check_json(text: str, name: str | None = None) -> None:
    """Raise ValidationError where a document is not as its schema says."""
    document = json.loads(text)
    _validator(name or schema_of(document)).validate(document)


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = OUTPUTS[f"{name}.schema.json"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

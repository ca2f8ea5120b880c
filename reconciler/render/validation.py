"""What `validate` answers for programs: what is wrong, or what is worth a look."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.errors import Place, Problem
from reconciler.model.plan import FORMAT_VERSION, Finding
from reconciler.render import escape
from reconciler.render.messages import Places


def problems_json(problems: Sequence[Problem]) -> str:
    """Files that are not valid, as JSON on one line: `valid` is false, and `problems` has every problem."""
    described = [{**_place(each.place), "message": each.message, "fix": each.fix} for each in problems]
    return _json({"valid": False, "summary": None, "problems": described, "findings": []})


def valid_json(summary: str, findings: Sequence[Finding], places: Places) -> str:
    """Files that are valid, as JSON on one line, with the findings on them."""
    described = [
        {
            **_place(places.get(each.origin) if each.origin else None),
            "code": each.code,
            "severity": str(each.severity),
            "message": each.message,
            "fix": each.fix,
            "details": list(each.details),
        }
        for each in findings
    ]
    return _json({"valid": True, "summary": summary, "problems": [], "findings": described})


def _place(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"path": None, "line": None, "column": None}
    return {"path": place.path, "line": place.line, "column": place.column}


def _json(value: Mapping[str, Any]) -> str:
    text = json.dumps({"format_version": FORMAT_VERSION, **value}, sort_keys=True, separators=(",", ":"))
    return escape.json_text(text) + "\n"

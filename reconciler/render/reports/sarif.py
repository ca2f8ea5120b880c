"""Issues as SARIF 2.1.0 (OASIS), for GitHub code scanning and other tools that read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from reconciler.errors import Place
from reconciler.model.catalogue import CATALOGUE
from reconciler.render import escape
from reconciler.render.issues import ABOUT, Issue, Level, fingerprints
from reconciler.render.json import canonical

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "note"}
# GitHub shows so many results of a run (docs.github.com, "SARIF results exceed one or more limits").
LIMIT = 5000


def sarif(issues: Sequence[Issue], *, folder: str, version: str) -> str:
    """The issues as one run, the most important first, at most LIMIT of them.

    What has no line of its own is at line 1 of `folder`, because GitHub takes no result without a location.
    """
    shown = issues[:LIMIT]
    codes = sorted({issue.code for issue in shown})
    index = {code: number for number, code in enumerate(codes)}
    results = [
        {
            "ruleId": escape.text(issue.code),
            "ruleIndex": index[issue.code],
            "level": _LEVELS[issue.level],
            "message": {"text": escape.sarif(issue.titled)},
            "locations": [{"physicalLocation": _location(issue.place, folder)}],
            "partialFingerprints": {"reconciler/v1": fingerprint},
        }
        for issue, fingerprint in zip(shown, fingerprints(shown), strict=True)
    ]
    driver = {"name": "reconciler", "version": version, "rules": [_rule(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return canonical({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> Mapping[str, object]:
    known = CATALOGUE.get(code)
    says = known.says if known is not None else ABOUT.get(code, "a finding")
    rule: dict[str, object] = {
        "id": escape.text(code),
        "shortDescription": {"text": escape.sarif(escape.sentence(says))},
    }
    if known is not None and known.why:
        rule["fullDescription"] = {"text": escape.sarif(escape.sentence(f"{says}: {known.why}"))}
    return rule


def _location(place: Place | None, folder: str) -> Mapping[str, object]:
    path = place.path if place else folder
    region = {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)} if place else None
    return {
        "artifactLocation": {"uri": uri(path), "uriBaseId": "%SRCROOT%"},
        "region": region or {"startLine": 1},
    }


def uri(path: str) -> str:
    """A path as a relative URI (RFC 3986): nothing in it is a scheme, a host or a query."""
    steps = [step for step in path.split("/") if step not in ("", ".")]
    return quote("/".join(steps), safe="/-._~", errors="replace") or "."

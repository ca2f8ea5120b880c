"""The mark of a run that is about to write: the file `mark` at the tag `reconciler/marks/<target>/<run>`.

    reconciler mark 1

    target: aws
    run: 20261123T221000Z-3fa01b77
    commit: 5c1d…
    plan: sha256:3b0c…
    at: 2026-11-23T22:10:00Z
    host: runner-7
    holder: ada
    tool-version: 0.4.0
    published: yes
    ledger: sha256:…
    entries: 12

Beside it stand the files of a ledger: what the run may add. It is there from before the first write until the
receipt of the run is, so that what a run gave whose end nobody saw is remembered nevertheless.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.errors import RecordError
from reconciler.loading.ledger_text import Seal
from reconciler.loading.receipt import NewerFormat, fields_of, instant, line_of

VERSION = 1
FILE = "mark"
_FIRST = re.compile(r"reconciler mark (\d{1,9})")
_REQUIRED = ("target", "run", "commit", "plan", "at")
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who is about to apply what. `plan` is a digest, `at` an aware instant, `commit` what HEAD was.

    `published` says that it was pushed before the first write.
    """

    target: str
    run: str
    commit: str
    plan: str
    at: datetime
    host: str = ""
    holder: str = ""
    tool_version: str = ""
    published: bool = False


def mark_name(target: str, run: str) -> str:
    """The name of the tag that marks a run."""
    return f"{marks_below(target)}{run}"


def marks_below(target: str) -> str:
    """What the names of all marks of a target begin with."""
    return f"reconciler/marks/{target}/"


def render_mark(mark: Mark, sealed: Seal) -> str:
    """The mark as text. RecordError for a value that no line can carry."""
    fields = {
        "target": mark.target,
        "run": mark.run,
        "commit": mark.commit,
        "plan": mark.plan,
        "at": mark.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "host": _shown(mark.host),
        "holder": _shown(mark.holder),
        "tool-version": _shown(mark.tool_version),
        "published": "yes" if mark.published else "no",
        "ledger": sealed.digest,
        "entries": str(sealed.entries),
    }
    lines = [line_of(name, value) for name, value in fields.items()]
    return "\n".join((f"reconciler mark {VERSION}", "", *lines, ""))


def parse_mark(text: str) -> tuple[Mark, str]:
    """The mark that `text` is, and the seal of its ledger. RecordError; NewerFormat of a later version."""
    first, *rest = text.removesuffix("\n").split("\n")
    version = _FIRST.fullmatch(first)
    if version is None:
        raise RecordError("its first line is not that of a mark")
    if int(version[1]) != VERSION:
        raise NewerFormat(
            f"it is a mark of format {version[1]}, and this version of the reconciler knows {VERSION}; "
            "install the version that wrote it, or a newer one"
        )
    fields = fields_of(rest)
    if missing := [name for name in _REQUIRED if name not in fields]:
        raise RecordError(f"it has no line for {', '.join(missing)}")
    mark = Mark(
        target=fields["target"],
        run=fields["run"],
        commit=fields["commit"],
        plan=fields["plan"],
        at=instant(fields["at"]),
        host=fields.get("host", ""),
        holder=fields.get("holder", ""),
        tool_version=fields.get("tool-version", ""),
        published=fields.get("published") == "yes",
    )
    return mark, fields.get("ledger", "")


def _shown(text: str) -> str:
    """A name from outside, as one word or several on one line."""
    return " ".join("".join(one if one.isprintable() else "?" for one in text).split())[:200] or _UNKNOWN

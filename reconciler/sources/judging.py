"""Whether changed files are what the part of leavers of an import may change, judged by them alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.files.yaml import parse
from reconciler.sources.leavers import ANCHOR, FOLDER, STATUS, takes_away

_MAY_SAY = frozenset(("external_id", "reason", *STATUS))
# An end as imports write it, so that text compares as time does.
_END = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def more_than_leavers(
    path: str, into: str, before: bytes | None, after: bytes | None, at: datetime
) -> str | None:
    """Why a changed file is not of a leaver, or gives access; None where it only takes access away.

    `path` is that of the file and `into` that of the import's folder, both from one place; `before` and
    `after` are its contents, None where it is not there. It must be of one person, the same as before,
    who has no access at the moment `at` (aware) by it.
    """
    folder = f"{into}/{FOLDER}/"
    if not path.startswith(folder) or "/" in path.removeprefix(folder) or not path.endswith(".yaml"):
        return "is not a file of a leaver"
    if after is None:
        return "is deleted, which gives access back"
    new, old = _entries(after), {} if before is None else _entries(before)
    if new is None or old is None:
        return "says something else than `leavers`"
    if path == f"{into}/{ANCHOR}":
        return None if not new and not old else "says that somebody left, and is to say nothing"
    if len(new) != 1 or (before is not None and old.keys() != new.keys()):
        return "is not about one person, the same as before"
    ((key, fields),) = new.items()
    was = old.get(key, {})
    if not isinstance(fields, dict) or not isinstance(was, dict) or not fields.keys() <= _MAY_SAY:
        return "says something else than that somebody left"
    if before is not None and was.get("external_id") != fields.get("external_id"):
        return "means somebody else than before"
    end = fields.get("until")
    if end is not None and not (isinstance(end, str) and _END.fullmatch(end)):
        return "has an end that no import writes"
    return None if takes_away(fields, at) else "leaves access, or gives it back"


def _entries(content: bytes) -> Mapping[str, Any] | None:
    """The entries of a file that has nothing but `leavers`; None for every other one."""
    value, flaws = parse(content)
    if flaws or not isinstance(value, dict) or list(value) != ["leavers"]:
        return None
    found = value["leavers"]
    return found if isinstance(found, dict) else None

"""Who left, or will: a file of its own for each, so that no two changes of an import touch the same lines.

An import has two parts. That of leavers takes access away and does nothing else: accounts that are disabled,
gone, or expired by now. The other part is everything else, such as who comes back, and ends to come.
They may be merged in either order, and one without the other: each file belongs to one person, and a person
is in one of the two parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from reconciler.sources.outcome import Before, Imported, Outcome

# The folder below that of the import.
FOLDER = "leavers"
# Fields of `users` that an import writes under `leavers`.
STATUS = ("active", "until")
# A file that stays. Without one, git would take a folder whose last file goes for renamed to that of a
# similar new file, and move the leaver's file of another branch after it (git-merge, renamed directories).
ANCHOR = f"{FOLDER}/_folder.yaml"
GONE, _DISABLED, _ENDS = "gone from the directory", "disabled in the directory", "ends in the directory"
# A name of a file that every file system takes, and that nobody mistakes for another.
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,199}")


class Part(StrEnum):
    """Which part of an import is written."""

    LEAVERS = "leavers"
    OTHERS = "others"


def file_of(key: str, guid: str) -> str:
    """The path of a leaver's file below the import's folder: the key, or the GUID where that does not fit."""
    return f"{FOLDER}/{key if _NAME.fullmatch(key) and not key.endswith('.') else guid}.yaml"


def leaving(one: Imported) -> Mapping[str, Any] | None:
    """The fields of a person under `leavers`; None for one who stays."""
    status = {name: one.fields[name] for name in STATUS if name in one.fields}
    if not status:
        return None
    gone = GONE if one.gone else _DISABLED if "active" in status else _ENDS
    return {"external_id": one.guid, **status, "reason": gone}


def left_behind(before: Before, now: Mapping[str, Imported]) -> list[Imported]:
    """Those whom the files of people have no more, such as after their name was given to somebody else.

    Who was there until now is gone. What stands of earlier ones stays as it is: an import that cleaned it up
    would have a change to make after the merge of two parts that were made at the same time.
    """
    found = dict(before.left)
    for guid, one in before.users.items():
        fields = {"external_id": guid, "active": "false", "reason": GONE}
        found[guid] = Imported(one.key, guid, fields, gone=True)
    return sorted(
        (one for guid, one in found.items() if guid not in now), key=lambda one: (one.key, one.guid)
    )


def belongs_to_leavers(before: Before, outcome: Outcome, at: datetime) -> frozenset[str]:
    """The paths of leavers' files whose change takes access away at once, and gives none, at a moment."""
    found = set()
    for one in (*outcome.users, *outcome.left):
        if one.guid in before.users and takes_away(one.fields, at):
            found.add(file_of(one.key, one.guid))
    return frozenset(found)


def part_of(
    part: Part | None, texts: Mapping[str, str], now: Mapping[str, str], leavers: frozenset[str]
) -> Mapping[str, str]:
    """The texts that one part of an import leaves behind, by path; None is both parts.

    `texts` are those of both, `now` what there is, `leavers` the paths that the part of leavers changes.
    """
    if part is None:
        return texts
    changed, kept = (texts, now) if part is Part.LEAVERS else (now, texts)
    chosen = {path: text for path, text in kept.items() if path not in leavers}
    return {**chosen, **{path: changed[path] for path in leavers if path in changed}}


def takes_away(status: Mapping[str, Any], at: datetime) -> bool:
    """Whether who has this status has no access at a moment (aware). What they had before does not count.

    A person whose end is later is not a leaver yet: the end is a change of its own, which people review.
    """
    if status.get("active") == "false":
        return True
    end = status.get("until")
    # Ends are written alike, so that text compares as time does.
    return end is not None and end <= at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

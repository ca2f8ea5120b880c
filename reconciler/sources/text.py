"""The files of an import as text: a block of lines for each entry, sorted, split by how the keys begin."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from reconciler.files.writing import GENERATED, scalar
from reconciler.model.resources import GROUP_ATTRIBUTES, USER_ATTRIBUTES
from reconciler.sources.leavers import ANCHOR, FOLDER, GONE, STATUS, file_of, leaving
from reconciler.sources.outcome import Imported, Outcome

# By this line the import knows a file of its own again: it stays as it is in every later version.
MARK = f"{GENERATED} ad`: do not edit."
_HEADER = (
    f"{MARK} The next import writes this file anew.\n"
    "# Write fields of your own under `overrides:` in another file.\n"
)
# The order in which fields are written, however they came about.
_FIELDS = dict.fromkeys(("user_name", *GROUP_ATTRIBUTES, *USER_ATTRIBUTES, *STATUS))
_ORDER = {name: at for at, name in enumerate(_FIELDS)}
_START = 2
# A file may have 1 MiB (files/tree.py); one that comes near is split further.
_LARGEST = 512 * 1024


def files(outcome: Outcome) -> dict[str, str]:
    """The text of every file by its path below the import's directory; the same outcome gives the same."""
    found: dict[str, str] = {}
    for section, entries in (("users", outcome.users), ("groups", outcome.groups)):
        blocks = {one.key: _block(one, section) for one in entries}
        for prefix, keys in _split(sorted(blocks), blocks, _START):
            body = "".join(blocks[key] for key in keys)
            found[f"{section}/{prefix}.yaml"] = f"{_HEADER}{section}:\n{body}"
    for one in outcome.users:
        if (fields := leaving(one)) is not None:
            found[file_of(one.key, one.guid)] = _leaver(one.key, fields)
    for one in outcome.left:
        found[file_of(one.key, one.guid)] = _leaver(one.key, one.fields)
    return dict(sorted(found.items()))


def anchored(texts: Mapping[str, str], now: Collection[str]) -> dict[str, str]:
    """The texts by path, with the file that keeps the folder of leavers, from the first of them on.

    `now` are the paths that there are.
    """
    found = dict(texts)
    if ANCHOR in now or any(path.startswith(f"{FOLDER}/") for path in found):
        found[ANCHOR] = f"{_HEADER}leavers: {{}}\n"
    return found


def _split(
    keys: Sequence[str], blocks: Mapping[str, str], length: int
) -> Iterable[tuple[str, Sequence[str]]]:
    """Keys by the name of their file: how they begin, with more letters where a file would be large."""
    buckets: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        buckets[_name(key, length)].append(key)
    for name, inside in sorted(buckets.items()):
        large = sum(len(blocks[key].encode()) for key in inside) > _LARGEST
        longest = max(map(len, inside))
        if large and len(inside) > 1 and length < longest:
            yield from _split(inside, blocks, length + 1)
        else:
            yield name, inside


def _name(key: str, length: int) -> str:
    """The name of the file for keys that begin as this one, in letters that every file system takes."""
    return re.sub(r"[^a-z0-9]", "_", key[:length].lower()).ljust(length, "_")


def _block(one: Imported, section: str) -> str:
    """An entry as lines. Of a person all but the status, which stands under `leavers`."""
    apart: Collection[str] = STATUS if section == "users" else ()
    gone = f"  # {GONE}\n" if one.gone and section == "groups" else ""
    lines = [f"  {scalar(one.key)}:\n"]
    for name, value in sorted(one.fields.items(), key=_place):
        if name not in apart:
            lines.append(_field(name, value))
    return gone + "".join(lines)


def _leaver(key: str, fields: Mapping[str, Any]) -> str:
    lines = [_field(name, fields[name]) for name in ("external_id", *STATUS, "reason") if name in fields]
    return f"{_HEADER}leavers:\n  {scalar(key)}:\n{''.join(lines)}"


def _field(name: str, value: Any) -> str:
    if value is None:
        return f"    {name}: null\n"
    if isinstance(value, str):
        # A boolean or a date, which is written without quotes.
        return f"    {name}: {value if name in STATUS else scalar(value)}\n"
    if not value:
        return f"    {name}: []\n"
    return f"    {name}:\n" + "".join(f"      - {scalar(one)}\n" for one in value)


def _place(field: tuple[str, Any]) -> int:
    """`members` and `include` come last, in the order in which they were made."""
    return _ORDER.get(field[0], len(_ORDER))

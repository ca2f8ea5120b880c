"""Files of YAML from entries: readable, sorted, and with nothing in them that text of a service could break.

Text of a service stands in values and keys alone, escaped; comments hold our own words, and keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.adopting.outcome import Entry, Inventory, Rule
from reconciler.files.writing import scalar

_WIDTH = 100
# A section of more than so many bytes is a folder of files, by how keys begin.
_PAGE = 48 * 1024
# A file may have 1 MiB (files/tree.py).
_LARGEST = 512 * 1024

_ABOUT: Mapping[str, str] = {
    "users": "People, by the key that the other files name. `external: true`: another directory provisions\n"
    "# them; git refers to them and never writes them.",
    "groups": "Groups and their members. `external: true`: another directory decides who is in them.",
    "permission_sets": "Permission sets, whole: what is not written here is not there.",
    "accounts": "Names for account ids. The other files use only these names.",
    "assignments": "Who has what where. An entry gives every combination of its lists. Units, tags and `all` "
    "find accounts\n# that join later, too; such entries say so.",
}
_LATER = "also covers accounts that match later: new, moved or tagged ones"


def files(inventory: Inventory, rules: Sequence[Rule]) -> dict[str, str]:
    """The text of every file by its path below the identities; the same inventory gives the same text."""
    found: dict[str, str] = {}
    for section, entries in (("users", inventory.users), ("groups", inventory.groups)):
        found |= _section(section, {one.key: block(one) for one in entries})
    sets = {one.key: block(one) for one in inventory.permission_sets}
    if _is_long(sets):
        sets = {one.key: block(_from_below(one)) for one in inventory.permission_sets}
    found |= _section("permission_sets", sets)
    accounts = {one.key: f"  {scalar(one.key)}: {scalar(one.fields['id'])}\n" for one in inventory.accounts}
    found |= _section("accounts", accounts)
    found |= _section("assignments", {one.key: block(entry_of(one)) for one in rules})
    return dict(sorted((found | dict(inventory.policies)).items()))


def entry_of(rule: Rule) -> Entry:
    """An entry of `assignments` as it is written."""
    lists: Mapping[str, Sequence[Any]] = {
        "groups": rule.groups,
        "users": rule.users,
        "permission_sets": rule.permission_sets,
        "accounts": rule.accounts,
        "except": rule.excluded,
    }
    fields = {name: list(value) for name, value in lists.items() if value}
    return Entry(rule.key, fields, (*rule.notes, *([_LATER] if rule.widens else [])))


def block(one: Entry) -> str:
    """The lines of one entry, its comments first: on one line where that is short."""
    comments = "".join(f"  # {remark}\n" for remark in one.remarks)
    short = f"  {scalar(one.key)}: {flow(one.fields)}\n"
    if len(short) <= _WIDTH:
        return comments + short
    return f"{comments}  {scalar(one.key)}:\n" + "".join(_lines(one.fields, 4))


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(name)}: {flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return scalar(str(value))


def _lines(fields: Mapping[str, Any], indent: int) -> Iterator[str]:
    space = " " * indent
    for name, value in fields.items():
        short = f"{space}{scalar(name)}: {flow(value)}\n"
        if len(short) <= _WIDTH or not isinstance(value, Mapping | list) or not value:
            yield short
        elif isinstance(value, Mapping):
            yield f"{space}{scalar(name)}:\n"
            yield from _lines(value, indent + 2)
        else:
            yield f"{space}{scalar(name)}:\n"
            yield from (f"{space}  - {flow(each)}\n" for each in value)


def _section(section: str, blocks: Mapping[str, str]) -> dict[str, str]:
    """The files of one section: one, or a folder of them."""
    if not blocks:
        return {}
    name = section.replace("_", "-")
    head = f"# {_ABOUT[section]}\n{section}:\n"
    if not _is_long(blocks):
        return {f"{name}.yaml": head + "".join(blocks[key] for key in sorted(blocks))}
    return {
        f"{name}/{part}.yaml": head + "".join(blocks[key] for key in inside)
        for part, inside in _split(sorted(blocks), blocks, 1)
    }


def _is_long(blocks: Mapping[str, str]) -> bool:
    return sum(map(len, blocks.values())) > _PAGE


def _from_below(one: Entry) -> Entry:
    """A set as it is written in a folder of its own: the file of its policy lies beside that."""
    policy = one.fields.get("inline_policy")
    return one if policy is None else replace(one, fields={**one.fields, "inline_policy": f"../{policy}"})


def _split(keys: Sequence[str], blocks: Mapping[str, str], length: int) -> Iterable[tuple[str, list[str]]]:
    """Keys by the name of their file: how they begin, with more letters where a file would be large."""
    buckets: dict[str, list[str]] = {}
    for key in keys:
        buckets.setdefault(start_of(key, length), []).append(key)
    for name, inside in sorted(buckets.items()):
        large = sum(len(blocks[key].encode()) for key in inside) > _LARGEST
        if large and len(inside) > 1 and length < max(map(len, inside)):
            yield from _split(inside, blocks, length + 1)
        else:
            yield name, inside


def start_of(key: str, length: int) -> str:
    """How a key begins, in letters that every file system takes."""
    start = key[:length].lower().ljust(length, "_")
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in start)

"""Keys for what a service has: made from names, the same on every machine, and kept once they are written.

A key depends on names alone, never on remote ids or the order of a list, so that the same organization gives
the same files on every machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256

from reconciler.model.names import fold

_KEY = re.compile(r"[A-Za-z0-9._@+/\-]{1,256}", re.ASCII)
_NO_KEY = re.compile(r"[^A-Za-z0-9._@+-]+")
_UNFIT = re.compile(r"[^a-z0-9._@+-]+")
# What tells two keys apart needs eight characters more.
_LONGEST = 240
# Words that mean something else where a key stands.
_RESERVED = frozenset(("unmanaged",))


_NO_WISHES: Mapping[str, str] = {}


def user_keys(
    names: Mapping[str, str], taken: Collection[str] = (), wishes: Mapping[str, str] = _NO_WISHES
) -> dict[str, str]:
    """A key for each user by remote id, from user names: what stands before the @ where that is unique.

    `taken` are keys that others have, folded; `wishes` are keys to have, where they are free.
    """
    if granted := _granted(names, taken, wishes):
        rest = {identifier: name for identifier, name in names.items() if identifier not in granted}
        return {**granted, **user_keys(rest, {*taken, *map(fold, granted.values())})}
    heads = Counter(_head(name) for name in names.values())

    def source(name: str) -> str:
        head = _head(name)
        return head if heads[head] == 1 and slug(head) not in taken else name

    return _unique(names, {identifier: source(name) for identifier, name in names.items()}, slug, taken)


def group_keys(
    names: Mapping[str, str], taken: Collection[str] = (), wishes: Mapping[str, str] = _NO_WISHES
) -> dict[str, str]:
    """A key for each group by remote id: its display name where that can be one, else what is made of it."""
    if granted := _granted(names, taken, wishes):
        rest = {identifier: name for identifier, name in names.items() if identifier not in granted}
        return {**granted, **group_keys(rest, {*taken, *map(fold, granted.values())})}
    return _unique(names, names, lambda name: name if _is_key(name) else slug(name), taken)


def account_keys(
    names: Mapping[str, str], management: str = "", taken: Collection[str] = ()
) -> dict[str, str]:
    """A key for each account by id, from its name; those of two alike have the id at their end.

    The key `management` is kept for the management account.
    """
    made = {identifier: slug(name) or "account" for identifier, name in names.items()}
    asked = Counter(made.values())
    found: dict[str, str] = {}
    later = []
    for identifier, key in sorted(made.items()):
        reserved = key.isdigit() or (key == "management" and identifier != management)
        if asked[key] == 1 and key not in taken and not reserved:
            found[identifier] = key
        else:
            later.append(identifier)
    used = {*taken, *found.values()}
    for identifier in later:
        found[identifier] = numbered(f"{made[identifier]}-{identifier}", used)
        used.add(found[identifier])
    return found


def slug(name: str) -> str:
    """A name in lower case, ASCII, with a hyphen for everything that a key cannot have; "" for nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return _UNFIT.sub("-", plain).strip("-.")[:_LONGEST].strip("-.")


def fitted(name: str) -> str:
    """A name with a hyphen for each run of what the key of an entry cannot have; a slash is one of them.

    Names of permission sets may have `=` and `,`, which no key has.
    """
    return _NO_KEY.sub("-", name)


def numbered(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or with the first number at its end that makes it unlike all `taken`."""
    number, key = 1, wanted
    while fold(key) in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _granted(names: Mapping[str, str], taken: Collection[str], wishes: Mapping[str, str]) -> dict[str, str]:
    """The wishes that can be had: keys that nobody else has or wishes."""
    wished = {one: key for one, key in wishes.items() if one in names and _is_key(key)}
    asked = Counter(map(fold, wished.values()))
    return {
        one: key
        for one, key in wished.items()
        if asked[fold(key)] == 1 and fold(key) not in taken and key not in _RESERVED
    }


def _head(name: str) -> str:
    head, at, _domain = name.partition("@")
    return fold(head) if at and head else fold(name)


def _is_key(name: str) -> bool:
    return _KEY.fullmatch(name) is not None and "/" not in name and len(name) <= _LONGEST


def _unique(
    names: Mapping[str, str],
    sources: Mapping[str, str],
    made: Callable[[str], str],
    taken: Collection[str],
) -> dict[str, str]:
    """The keys that `sources` ask for, which are names or parts of them.

    All that ask for one key, or whose source leaves too little of itself in it, get a mark of their own name;
    what has the key as its very name keeps it.
    """
    wanted = {identifier: made(source) for identifier, source in sources.items()}
    asked = Counter(map(fold, wanted.values()))
    found: dict[str, str] = {}
    later = []
    for identifier, key in wanted.items():
        alone = asked[fold(key)] == 1 or key == names[identifier]
        if alone and key not in _RESERVED and fold(key) not in taken and _tells(sources[identifier], key):
            found[identifier] = key
        else:
            later.append(identifier)
    used = {*taken, *map(fold, found.values())}
    for identifier in sorted(later, key=lambda one: names[one]):
        mark = sha256(fold(names[identifier]).encode()).hexdigest()[:8]
        found[identifier] = key = numbered(f"{wanted[identifier] or 'unnamed'}-{mark}", used)
        used.add(fold(key))
    return found


def _tells(source: str, key: str) -> bool:
    """Whether a key says who is meant: of a name in another script, too little may be left of it."""
    letters = sum(character.isalnum() for character in source)
    return bool(key) and 2 * sum(map(str.isalnum, key)) >= min(letters, _LONGEST)

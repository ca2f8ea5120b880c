"""One entry of a directory as it was read, and distinguished names that can be compared.

Sources: RFC 4514 (distinguished names as text), MS-ADTS 2.2 (the attributes' forms).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from reconciler.errors import IncompleteRead

Name = tuple[str, ...]

_RANGE = re.compile(r"(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)", re.ASCII)
# What makes a name more than parts between commas: escapes, quotes, and several attributes in one part.
_MARKS = re.compile(r'[\\"+\0]')
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9\-]*|\d+(\.\d+)*")
_HEX = re.compile(rb"[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its distinguished name, and the values of its attributes by their names in lower case."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def values(self, name: str) -> tuple[bytes, ...]:
        """All values of an attribute; none where it is absent."""
        return self.attributes.get(name.lower(), ())

    def text(self, name: str) -> str | None:
        """The value as text without white space at its ends; None where it is absent or empty.

        Of several the least, because a directory gives them in any order.

        Raises ValueError where it is not UTF-8.
        """
        values = self.values(name)
        return (min(values).decode("utf-8").strip() or None) if values else None

    def number(self, name: str) -> int | None:
        """The value as a whole number; None where it is absent. Raises ValueError for another or several."""
        text = self.text(name)
        if text is None:
            return None
        if len(set(self.values(name))) > 1:
            raise ValueError(f"{name} has several values")
        if not re.fullmatch(r"-?[0-9]{1,20}", text, re.ASCII):
            raise ValueError(f"{name} is not a number")
        return int(text)

    def guid(self) -> str:
        """`objectGUID` as text, lower case with hyphens: from its 16 bytes, little-endian, or from text.

        Raises ValueError where it is absent or neither. (MS-DTYP 2.3.4.2; ldbsearch prints it as text.)
        """
        values = self.values("objectguid")
        if len(values) != 1:
            raise ValueError("objectGUID must have exactly one value")
        if len(values[0]) == 16:
            return str(UUID(bytes_le=values[0]))
        text = values[0].decode("ascii").strip()
        if not re.fullmatch(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?", text):
            raise ValueError("objectGUID is not a GUID")
        return str(UUID(text))

    def known_guid(self) -> str | None:
        """The same, or None where it is absent or not valid."""
        try:
            return self.guid()
        except ValueError:
            return None

    def readable(self, name: str) -> str:
        """The value as text; "" where it is absent or not text."""
        try:
            return self.text(name) or ""
        except ValueError:
            return ""

    def sid(self) -> str | None:
        """`objectSid` as text, such as S-1-5-21-1-2-3-513; None where it is absent or not valid."""
        values = self.values("objectsid")
        if not values:
            return None
        value = values[0]
        if re.fullmatch(rb"[Ss]-1(-[0-9]+)+", value):
            return value.decode("ascii").upper()
        # MS-DTYP 2.4.2.2: revision, count, authority (6 bytes, big-endian), then 32-bit little-endian parts.
        if len(value) < 8 or value[0] != 1 or len(value) != 8 + 4 * value[1]:
            return None
        parts = [int.from_bytes(value[at : at + 4], "little") for at in range(8, len(value), 4)]
        return "-".join(("S", "1", str(int.from_bytes(value[2:8], "big")), *map(str, parts)))


def entry(dn: str, attributes: Iterable[tuple[str, Iterable[bytes]]]) -> Entry:
    """An entry whose attributes are whole.

    A value in a language (`displayName;lang-ja`, RFC 3866) counts only where none is without one.

    Raises IncompleteRead where an attribute is a part of a range: who took it for the whole would see
    members as gone (MS-ADTS 3.1.1.3.1.3.3).
    """
    found: dict[str, tuple[bytes, ...]] = {}
    tagged: dict[str, tuple[bytes, ...]] = {}
    for name, values in attributes:
        ranged = _RANGE.fullmatch(name.lower())
        if ranged and (ranged["first"] != "0" or ranged["last"] != "*"):
            raise IncompleteRead(f"the attribute {name} of {dn} is a part of its values only")
        plain, option, _ = name.lower().partition(";")
        into = tagged if option and not ranged else found
        into[plain] = (*into.get(plain, ()), *values)
    return Entry(dn, {**tagged, **{name: values for name, values in found.items() if values}})


def part_of_range(name: str) -> tuple[str, int, int | None] | None:
    """The attribute, first and last index of `member;range=0-1499`; the last is None for `*`, the end."""
    ranged = _RANGE.fullmatch(name.lower())
    if ranged is None:
        return None
    return (
        ranged["name"],
        int(ranged["first"][:18]),
        None if ranged["last"] == "*" else int(ranged["last"][:18]),
    )


@lru_cache(maxsize=200_000)
def normal(dn: str) -> Name:
    """A distinguished name in a form that is equal for two spellings of one name.

    Escapes are resolved, white space around its parts is dropped, and case makes no difference.
    """
    parts = _split(dn, ",") if _MARKS.search(dn) else dn.split(",")
    return tuple(_component(part) for part in parts if part.strip())


def dn_fault(dn: str) -> str | None:
    """What is wrong with a distinguished name, as a predicate; None for a valid one."""
    for at, part in enumerate(_split(dn, ","), 1):
        for one in _split(part, "+"):
            kind, equals, value = one.partition("=")
            if not equals or not _TYPE.fullmatch(kind.strip()) or not value.strip():
                return f"has no `type=value` as its part {at} (a comma or plus in a value is \\, or \\+)"
    return None


def below(dn: str, base: str) -> bool:
    """Whether an entry is `base` or lies below it; how accents are composed in `base` makes no difference."""
    name, root = _composed(dn), _composed(base)
    return len(name) >= len(root) and name[len(name) - len(root) :] == root


def _composed(dn: str) -> Name:
    return normal(dn if dn.isascii() else unicodedata.normalize("NFC", dn))


def _component(part: str) -> str:
    """One part of a name. Of several attributes in it (`CN=Ada+UID=7`) the order makes no difference."""
    if not _MARKS.search(part):
        return _attribute(part)
    found: list[str] = []
    for one in _split(part, "+"):
        # A plus that no attribute follows is a letter that somebody forgot to escape.
        if "=" in one or not found:
            found.append(one)
        else:
            found[-1] += f"+{one}"
    # A NUL is in no type of an attribute; one in a value is told from it by being two.
    return "\0".join(sorted(map(_attribute, found)))


def _attribute(part: str) -> str:
    kind, equals, value = part.partition("=")
    if not equals:
        return _folded(_plain(part))
    return f"{kind.strip().lower()}={_folded(_plain(value))}"


def _folded(text: str) -> str:
    """The text in lower case, and no two letters made one: Gross and Groß may be two people side by side.

    `str.casefold` would take ß for ss, and the memberships of one of them for the other's.
    """
    return text.lower() if text.isascii() else "".join(map(_lower, text))


def _lower(letter: str) -> str:
    lower = letter.lower()
    return lower if lower.upper() == letter else letter


def _split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that are neither escaped nor in quotes, as they are written."""
    parts, start, at, quoted = [], 0, 0, False
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == separator and not quoted:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _plain(value: str) -> str:
    r"""A value unescaped: `\,` is a comma, `\C3\BC` the bytes of a character.

    Blanks at its ends are dropped unless they are escaped or quoted: then they are a part of the name.
    """
    value = value.lstrip(" ")
    bare = value.rstrip(" ")
    if (len(bare) - len(bare.rstrip("\\"))) % 2 and bare != value:
        bare += " "
    if "\\" not in bare and '"' not in bare and "\0" not in bare:
        return bare
    found, data, at = bytearray(), bare.encode("utf-8", "surrogateescape"), 0
    while at < len(data):
        one = data[at : at + 1]
        if one == b"\\":
            if _HEX.fullmatch(data[at + 1 : at + 3]):
                found.append(int(data[at + 1 : at + 3], 16))
                at += 3
            else:
                found += data[at + 1 : at + 2]
                at += 2
            continue
        if one != b'"':
            found += one
        at += 1
    return found.decode("utf-8", "replace").replace("\0", "\0\0")

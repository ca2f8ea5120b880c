"""A directory that was recorded: LDIF as ldapsearch and ldbsearch write it (RFC 2849)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

from reconciler.errors import IncompleteRead, InputError, Place, Problem
from reconciler.files.characters import show
from reconciler.sources.entry import Entry, entry

# How many entries there were, as the tools say: `# numEntries: 3` (ldapsearch), `# 3 entries` (ldbsearch).
_COUNTED = re.compile(r"#\s*(?:numEntries:\s*([0-9]+)|([0-9]+)\s+entries)\s*")
_RESULT = re.compile(r"result:\s*([0-9]+)(.*)")
# ldapsearch ends with a record of its own.
_OF_THE_TOOL = ("search:", "ref:", "version:", "control:", "pagedresults:")

_Line = tuple[int, str]


def read_ldif(path: Path) -> list[Entry]:
    """The entries of a file.

    Raises InputError with file, line and column where it is not LDIF, and IncompleteRead where the file
    itself says that it is not whole: a result that is not success, another count of entries, a range.
    """
    try:
        data = path.read_bytes()
        # `ldifde -u` writes UTF-16, and some editors put a mark before UTF-8.
        wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except OSError as error:
        raise InputError([Problem(f"{path} cannot be read: {error.strerror}", "check the path")]) from error
    except UnicodeDecodeError as error:
        raise InputError(
            [_problem(path, 1, "the file is neither UTF-8 nor UTF-16", "write values in base64")]
        ) from error
    return list(_entries(path, text))


def _entries(path: Path, text: str) -> Iterator[Entry]:
    counted = 0
    for record in _records(_unfolded(text)):
        lines: list[_Line] = []
        for number, line in record:
            if line.startswith("#"):
                if found := _COUNTED.fullmatch(line):
                    said = (found[1] or found[2]).lstrip("0") or "0"
                    if said != str(counted):
                        holds = f"it holds {counted:,} entries, and says that it has {said:.20}"
                        raise IncompleteRead(f"{path}:{number}:1: {holds}")
                    counted = 0
            elif (result := _RESULT.fullmatch(line)) and not lines:
                if result[1].strip("0"):
                    raise IncompleteRead(
                        f"{path}:{number}:1: the search did not end with success: {show(line)}"
                    )
            elif lines or not line.lower().startswith(_OF_THE_TOOL):
                lines.append((number, line))
        if lines:
            counted += 1
            yield _entry(path, lines)


def _unfolded(text: str) -> Iterator[_Line]:
    """Lines with their numbers; a line that begins with a space continues the one before it."""
    number, held = 0, ""
    for at, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r")
        if line.startswith(" ") and number:
            held += line[1:]
            continue
        if number:
            yield number, held
        number, held = at, line
    if number:
        yield number, held


def _records(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    record: list[_Line] = []
    for number, line in lines:
        if line:
            record.append((number, line))
        elif record:
            yield record
            record = []
    if record:
        yield record


def _entry(path: Path, lines: list[_Line]) -> Entry:
    (first, line), *rest = lines
    name, value = _attribute(path, first, line)
    if name.lower() != "dn":
        raise InputError([_problem(path, first, f"a record begins with {show(name)}", "begin it with `dn:`")])
    try:
        dn = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError([_problem(path, first, "the dn is not UTF-8", "record it anew")]) from error
    attributes: dict[str, list[bytes]] = {}
    for number, one in rest:
        name, value = _attribute(path, number, one)
        if name.lower() == "changetype" and value.strip().lower() == b"add":
            continue  # what ldifde writes at each entry of an export
        if name.lower() in ("changetype", "dn"):
            fix = "record entries with ldapsearch or ldbsearch, with an empty line after each"
            raise InputError([_problem(path, number, f"{name} is not allowed here", fix)])
        attributes.setdefault(name, []).append(value)
    return entry(dn, attributes.items())


def _attribute(path: Path, number: int, line: str) -> tuple[str, bytes]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise InputError([_problem(path, number, f"{show(line)} is not `name: value`", "record it anew")])
    if value.startswith(":"):
        try:
            return name, b64decode(value[1:].strip(), validate=True)
        except (Base64Error, ValueError) as error:
            message = f"the value of {show(name)} is not base64"
            raise InputError([_problem(path, number, message, "record it anew")]) from error
    if value.startswith("<"):
        fix = "write the value itself, in base64"
        raise InputError([_problem(path, number, f"{show(name)} names another file", fix)])
    return name, value.strip(" ").encode()


def _problem(path: Path, line: int, message: str, fix: str) -> Problem:
    return Problem(message, fix, Place(path.as_posix(), line, 1))

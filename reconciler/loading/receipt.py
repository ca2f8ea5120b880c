"""What an apply leaves behind, as text: the message of the tag `reconciler/applied/<target>`.

    reconciler receipt 2

    target: aws
    digest: 3b0c…
    tool-version: 0.3.0
    at: 2026-11-23T22:10:00Z
    receipt: 8f3a…
    identity.identity_store_id: d-1234567890
    identity.instance_arn: arn:aws:sso:::instance/ssoins-1234567890abcdef

A line `used: sha256:… sha256:…` follows the time where digests were approved: each lets one apply go, and
none after it. A line `unkept: group.description user.title` follows where the service was seen not to keep
such attributes, and a line `removed: 2026-11-23T22:10:00Z;membership=3;total=3` where runs without a review
took something away in the last 24 hours: each with its time and what limits count. A line `checked:
2026-11-23T22:10:00Z` says when the whole target was compared last, and a line `differing:
aws/user/ada;2026-11-22T08:00:00Z aws/group/ops;unknown` what was left different then, each with when it was
last seen to be right (`*`: too many to name). A line `deny-policy: p-1a2b3c4d5e` names the policy of denials
that was used. `receipt` is the commit of the chain (`loading/chain.py`) that holds what git gave by then,
`commit` the one that the tag stands on, and `tree` the files of that commit. The file `receipt` of a commit
of the chain has the same form, with the receipts that it `follows` (`nothing` for the first), `commit` (the
last that was applied whole), `applied` (the one that this apply ran with) and the `tree` of that, the runs
that it `closes`, and the seal of its ledger. Older receipts do not have all of these lines; those that are
there must fit (`loading/fitting.py`).

Format 1 had no chain, and is read. The first line names the format and its version, and shows in
`git tag -n`. Every other line is a name, a colon, a space and a value, in this order. Equal receipts are
equal bytes. A reader ignores names that it does not know, so that a later version may add some; what would
change the meaning of the others raises the version.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from reconciler.errors import RecordError
from reconciler.model.checked import Checked
from reconciler.model.removed import Removed
from reconciler.model.state import Receipt

VERSION = 2
_READ = (1, 2)
_FIRST = re.compile(r"reconciler receipt (\d{1,9})")
_LINE = re.compile(r"([a-z][a-z0-9._-]*): (\S(?:.*\S)?)")
_IDENTITY = "identity."
_USED = "used"
# The lines that tie receipts together, in their order.
CHAIN, FOLLOWS, CLOSES, COMMIT, APPLIED, TREE, LEDGER, ENTRIES = (
    "receipt",
    "follows",
    "closes",
    "commit",
    "applied",
    "tree",
    "ledger",
    "entries",
)
_LINKS = (CHAIN, FOLLOWS, CLOSES, COMMIT, APPLIED, TREE, LEDGER, ENTRIES)
# What the first receipt of a chain follows.
FIRST = "nothing"
_NO_LINKS: Mapping[str, str] = {}
_UNKEPT = "unkept"
_REMOVED = "removed"
_CHECKED, _DIFFERING = "checked", "differing"
_DENY_POLICY = "deny-policy"
# What stands for a time that is not known, and for more differences than are named.
_UNKNOWN, _MANY = "unknown", "*"
# So many spent digests are remembered; each stands for an approval by hand.
_KEPT = 500
# More digits has no number of removals.
_DIGITS = 9
_REQUIRED = ("target", "digest", "tool-version", "at")


class NewerFormat(RecordError):
    """What was written by a later version, and must not be taken for less than it says."""


def tag_name(target: str) -> str:
    """The name of the tag that remembers the last whole apply of a target."""
    return f"reconciler/applied/{target}"


def begun_name(target: str) -> str:
    """The name of the tag on the commit at which the first apply to a target began.

    It is read only until a whole apply has left its own tag: a first apply that stops half way must not
    be forgotten, or what it made would be nobody's.
    """
    return f"reconciler/begun/{target}"


def render_receipt(receipt: Receipt, links: Mapping[str, str] = _NO_LINKS) -> str:
    """The receipt as text, without its commit, which is what the tag points at.

    `links` are further lines, of those that tie receipts together; an empty one is left out. Raises
    RecordError for a name or value that the lines of the format cannot carry (a line break, say), and for a
    time without a zone.
    """
    if receipt.at.tzinfo is None:
        raise RecordError("the time of a receipt needs a time zone")
    fields = {
        "target": receipt.target,
        "digest": receipt.digest,
        "tool-version": receipt.tool_version,
        "at": _moment(receipt.at),
    }
    if receipt.used:
        fields[_USED] = " ".join(receipt.used)
    if receipt.unkept:
        fields[_UNKEPT] = " ".join(sorted(receipt.unkept))
    if receipt.removed:
        fields[_REMOVED] = removed_text(receipt.removed)
    if receipt.checked is not None:
        fields |= _checked_lines(receipt.checked)
    if receipt.deny_policy:
        fields[_DENY_POLICY] = receipt.deny_policy
    fields |= {name: links[name] for name in _LINKS if links.get(name)}
    fields |= {_IDENTITY + name: value for name, value in sorted(receipt.identity.items())}
    lines = [line_of(name, value) for name, value in fields.items()]
    return "\n".join((f"reconciler receipt {VERSION}", "", *lines, ""))


def parse_receipt(text: str, commit: str = "") -> Receipt:
    """The receipt that `text` is, of an apply of `commit`; RecordError says what is wrong with the text."""
    fields = receipt_lines(text)
    missing = [name for name in _REQUIRED if name not in fields]
    if missing:
        raise RecordError(f"it has no line for {', '.join(missing)}")
    commit = commit or fields.get(COMMIT, "")
    applied = fields.get(APPLIED, "")
    return Receipt(
        target=fields["target"],
        identity={
            name.removeprefix(_IDENTITY): value
            for name, value in fields.items()
            if name.startswith(_IDENTITY)
        },
        digest=fields["digest"],
        tool_version=fields["tool-version"],
        at=instant(fields["at"]),
        commit=commit,
        applied="" if applied == commit else applied,
        used=tuple(fields.get(_USED, "").split()),
        unkept=tuple(fields.get(_UNKEPT, "").split()),
        removed=removed_in(fields.get(_REMOVED, "")),
        checked=_checked_in(fields),
        deny_policy=fields.get(_DENY_POLICY, ""),
    )


def removed_text(removed: Iterable[Removed]) -> str:
    """What runs took away, as one line, sorted; "" for nothing."""
    return " ".join(
        ";".join((_moment(one.at), *(f"{name}={count}" for name, count in one.counts)))
        for one in sorted(removed)
    )


def removed_in(text: str) -> tuple[Removed, ...]:
    """What runs took away, from such a line. RecordError where it is not one."""
    found = []
    for each in text.split():
        at, *counts = each.split(";")
        pairs = [count.rpartition("=") for count in counts]
        if any(not name or not number.isdecimal() or len(number) > _DIGITS for name, _, number in pairs):
            raise RecordError(f"its line for {_REMOVED} has {each[:80]!r}, which is not a time and numbers")
        found.append(Removed(instant(at), tuple(sorted((name, int(number)) for name, _, number in pairs))))
    return tuple(sorted(found))


def _checked_lines(checked: Checked) -> Mapping[str, str]:
    named = (
        f"{quote(address, safe='/')};{_UNKNOWN if at is None else _moment(at)}"
        for address, at in sorted(checked.differing.items())
    )
    differing = _MANY if checked.many else " ".join(named)
    return {_CHECKED: _moment(checked.at)} | ({_DIFFERING: differing} if differing else {})


def _checked_in(fields: Mapping[str, str]) -> Checked | None:
    """The last comparison, from the lines of a receipt; None where it tells of none. Raises RecordError."""
    if _CHECKED not in fields:
        return None
    at, text = instant(fields[_CHECKED]), fields.get(_DIFFERING, "")
    if text == _MANY:
        return Checked(at, many=True)
    found: dict[str, datetime | None] = {}
    for each in text.split():
        address, _, moment = each.rpartition(";")
        if not address:
            raise RecordError(
                f"its line for {_DIFFERING} has {each[:80]!r}, which is not an address and a time"
            )
        found[unquote(address)] = None if moment == _UNKNOWN else instant(moment)
    return Checked(at, found)


def receipt_lines(text: str) -> Mapping[str, str]:
    """Every line of a receipt, by name. Raises RecordError, and NewerFormat for one of a later version."""
    first, *rest = text.removesuffix("\n").split("\n")
    version = _FIRST.fullmatch(first)
    if version is None:
        raise RecordError("its first line is not that of a receipt")
    if int(version[1]) not in _READ:
        raise NewerFormat(
            f"it is a receipt of format {version[1]}, and this version of the reconciler knows {VERSION}; "
            "install the version that wrote it, or a newer one"
        )
    return fields_of(rest)


def has_chain(text: str) -> bool:
    """Whether a receipt is of a format that knows of a chain."""
    return not text.startswith("reconciler receipt 1\n")


def spent(used: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """The spent digests with some more, oldest first, each once; of very many the newest."""
    return tuple({**dict.fromkeys(used), **dict.fromkeys(more)})[-_KEPT:]


def render_begun(target: str, used: Sequence[str] = ()) -> str:
    """The message of the tag on the commit at which the first apply to `target` began."""
    message = f"the first apply to {target} began here; read until {tag_name(target)} exists\n"
    return message + (f"\n{_USED}: {' '.join(used)}\n" if used else "")


def used_at_begin(message: str) -> tuple[str, ...]:
    """The digests that the message of such a tag calls spent."""
    head = f"{_USED}: "
    return tuple(
        digest
        for line in message.splitlines()
        if line.startswith(head)
        for digest in line.removeprefix(head).split()
    )


def line_of(name: str, value: str) -> str:
    """One line of a receipt or a mark. RecordError where a name or a value cannot stand in one."""
    line = f"{name}: {value}"
    if _LINE.fullmatch(line) is None or not _plain(line):
        raise RecordError(
            f"{name!r} with the value {value!r} cannot stand in a receipt: names are lower-case letters, "
            "digits and . _ -, values one line of text that neither begins nor ends with a space"
        )
    return line


def fields_of(lines: Iterable[str]) -> Mapping[str, str]:
    """The values of such lines, by name. RecordError for what is not one, and for a name that comes twice."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None or not _plain(line):
            raise RecordError(f"its line {line[:80]!r} is not a name, a colon, a space and a value")
        if match[1] in fields:
            raise RecordError(f"it has two lines for {match[1]}")
        fields[match[1]] = match[2]
    return fields


def _plain(text: str) -> bool:
    """Whether the text is one line to every reader, and shows what it is (no controls, no bidi)."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """A moment as these lines tell it. RecordError where it is not one, or has no time zone."""
    try:
        at = datetime.fromisoformat(text)
        at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RecordError(f"its time {text!r} is not one of RFC 3339") from error
    if at.tzinfo is None:
        raise RecordError(f"its time {text!r} has no time zone")
    return at

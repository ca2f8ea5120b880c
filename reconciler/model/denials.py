"""The policy that denies people: the one service control policy that cuts running sessions, as a value.

Each entry is the id of a user of the identity store, in a statement that denies everything to such a user
(IAM Identity Center user guide, "Revoke active IAM role sessions created by permission sets"). The Sid says
until when, so that nothing has to be remembered beside the policy:

| Sid | meaning |
|---|---|
| `Open` | git blocks them; their access is not yet verified gone |
| `Until20261201T180000Z` | git blocked them; no session can live on after this moment |
| `OffboardedOpen`, `OffboardedUntil…` | `reconciler offboard` entered them, and git need not know yet |
| `Nobody` | an empty policy: AWS accepts none without a statement |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from reconciler.model.durations import LONGEST_SESSION

# Bytes of a service control policy (Organizations user guide, "Quotas for AWS Organizations"); 5,120 until
# 2026-05-15.
LARGEST = 10_240
# An id of a user (identitystore service model, ResourceId).
_ID = re.compile(r"([0-9a-f]{10}-)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
# The same as somebody may have spelled it by hand: AWS compares the case, and a person means who they mean.
_SPELLED = re.compile(_ID.pattern, re.ASCII | re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})", re.ASCII)
_SID = re.compile(r"(?P<by>Offboarded)?(?:Open|Until(?P<end>\d{8}T\d{6}Z))", re.ASCII)
_TIME = "%Y%m%dT%H%M%SZ"
_KEY = "identitystore:UserId"
# The shortest id with its quotes and its comma.
_LEAST = 39


class Entry(NamedTuple):
    """One person in the policy: `end` is an aware instant in UTC, None while it is open.

    `offboarded` says that `reconciler offboard` entered them, and not what git says.
    """

    end: datetime | None = None
    offboarded: bool = False

    def over(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.end is not None and self.end <= now

    def __str__(self) -> str:
        return "open" if self.end is None else f"until {self.end:%Y-%m-%dT%H:%M:%SZ}"


OPEN = Entry()


@dataclass(frozen=True, slots=True)
class Denials:
    """What a policy has: `entries` by id of the user.

    `foreign` says what else is in it; then nothing is written to it. `named` has the ids of users in that: it
    may be an entry of somebody that was edited by hand. `problem` says why it could not be read; `missing`
    that it is not there, so that it denies nobody.
    """

    policy: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    problem: str = ""
    named: frozenset[str] = frozenset()
    missing: bool = False

    @property
    def tells_alone(self) -> bool:
        """Whether it may have people of whom nothing else tells that they are out: of `offboard`."""
        if self.problem:
            return not self.missing
        return bool(self.named) or any(entry.offboarded for entry in self.entries.values())

    @property
    def unwritable(self) -> str:
        """Why nothing can be written to it; "" where it can."""
        if self.problem:
            return f"the policy {self.policy} cannot be read: {self.problem}"
        if self.foreign:
            return f"the policy {self.policy} has more than such statements: {'; '.join(self.foreign)}"
        return ""


def last_moment(now: datetime) -> datetime:
    """When no session from before `now` (an aware instant) can be left: in UTC, at a whole minute."""
    return whole_minute(now + LONGEST_SESSION)


def whole_minute(moment: datetime) -> datetime:
    """The moment (aware), or the next whole minute, in UTC: fewer ends need fewer statements."""
    moment = moment.astimezone(UTC)
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def is_user_id(text: str) -> bool:
    """Whether it is an id of a user of an identity store."""
    return _ID.fullmatch(text) is not None


def parse(policy: str, document: str) -> Denials:
    """The content of a policy. Raises nothing: what is not understood is foreign."""
    entries: dict[str, Entry] = {}
    try:
        found = json.loads(document, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        why = "it is not JSON in which every name is unique"
        return Denials(policy, {}, (why,), named=_ids(document))
    if not isinstance(found, dict):
        return Denials(policy, {}, ("it is not a JSON object",), named=_ids(document))
    foreign = [f"`{name}`" for name in found if name not in ("Version", "Id", "Statement")]
    if found.get("Version") != "2012-10-17" or "Id" in found:
        foreign.append("its head, which must be `Version` 2012-10-17 alone")
    statements = found.get("Statement")
    for number, one in enumerate(statements if isinstance(statements, list) else [statements], start=1):
        people = _people(one)
        if people is None:
            foreign.append(f"statement {number}{_named(one)}")
            continue
        for identifier, entry in people:
            known = entries.get(identifier)
            entries[identifier] = entry if known is None else _stronger(known, entry)
    named = _ids(_unescaped(document)) - entries.keys() if foreign else frozenset[str]()
    return Denials(policy, dict(sorted(entries.items())), tuple(foreign), named=named)


def render(entries: Mapping[str, Entry]) -> str:
    """The document of these entries, in one spelling, without blanks: they count for the size."""
    groups: dict[Entry, list[str]] = {}
    for identifier in sorted(entries):
        groups.setdefault(entries[identifier], []).append(identifier)
    statements = [_statement(_sid(entry), groups[entry]) for entry in sorted(groups, key=_order)]
    document = {"Version": "2012-10-17", "Statement": statements or [_NOBODY]}
    return json.dumps(document, separators=(",", ":"))


def fitted(entries: Mapping[str, Entry]) -> Mapping[str, Entry]:
    """The same people in as few statements as the size needs: an end may become a later one, never earlier.

    Where nobody can be fitted in, the answer is still too large.
    """
    current = dict(entries)
    while len(render(current).encode()) > LARGEST:
        pair = next(_mergeable(current), None)
        if pair is None:
            break
        first, later = pair
        current = {one: later if entry == first else entry for one, entry in current.items()}
    return current


def fits(entries: Mapping[str, Entry]) -> bool:
    """Whether they fit into one policy."""
    return len(render(fitted(entries)).encode()) <= LARGEST


def with_room(entries: Mapping[str, Entry], newcomers: Iterable[str]) -> frozenset[str]:
    """Those of `newcomers` (ids) who fit in beside `entries`, open; the first ones first."""
    current, chosen = dict(entries), set[str]()
    for identifier in newcomers:
        if LARGEST - len(render(fitted(current)).encode()) < _LEAST:
            break
        wider = {**current, identifier: OPEN}
        if fits(wider):
            current = wider
            chosen.add(identifier)
    return frozenset(chosen)


def _mergeable(entries: Mapping[str, Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Ends that may be merged, each with the next later one: first those that are nearest to each other."""
    ended = sorted({one for one in entries.values() if one.end is not None}, key=_order)
    pairs = [(first, later) for first, later in pairwise(ended) if first.offboarded == later.offboarded]
    return iter(sorted(pairs, key=lambda pair: (_end(pair[1]) - _end(pair[0]), _end(pair[0]))))


def _end(entry: Entry) -> datetime:
    assert entry.end is not None
    return entry.end


def _order(entry: Entry) -> tuple[bool, bool, datetime]:
    return entry.offboarded, entry.end is not None, entry.end or datetime.min.replace(tzinfo=UTC)


def _sid(entry: Entry) -> str:
    by = "Offboarded" if entry.offboarded else ""
    return f"{by}Open" if entry.end is None else f"{by}Until{entry.end.astimezone(UTC):{_TIME}}"


def _statement(sid: str, people: list[str]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {_KEY: people}},
    }


# No user has this id, and a request without the key matches no StringEquals.
_NOBODY = _statement("Nobody", ["nobody"])
# What to create the policy with.
EMPTY = render({})


def _people(statement: object) -> list[tuple[str, Entry]] | None:
    """Whom a statement denies; None where it is none of ours."""
    if statement == _NOBODY:
        return []
    if not isinstance(statement, dict):
        return None
    sid = statement.get("Sid")
    found = _SID.fullmatch(sid) if isinstance(sid, str) else None
    condition = statement.get("Condition")
    values = condition.get("StringEquals") if isinstance(condition, dict) else None
    if not isinstance(values, dict) or set(values) != {_KEY} or condition != {"StringEquals": values}:
        return None
    people = values[_KEY]
    people = [people] if isinstance(people, str) else people
    if found is None or not isinstance(people, list) or not people:
        return None
    if not all(isinstance(one, str) and is_user_id(one) for one in people):
        return None
    if {**statement, "Condition": None} != {**_statement(found[0], []), "Condition": None}:
        return None
    try:
        end = datetime.strptime(found["end"], _TIME).replace(tzinfo=UTC) if found["end"] else None
    except ValueError:
        return None
    return [(one, Entry(end, found["by"] is not None)) for one in people]


def _ids(document: str) -> frozenset[str]:
    """What looks like the id of a user, anywhere in a document."""
    return frozenset(found[0] for found in _SPELLED.finditer(document))


def _unescaped(document: str) -> str:
    """A document with its escapes of characters as they are: an id may be spelled by them."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), document)


def _stronger(one: Entry, other: Entry) -> Entry:
    """What counts of a person with two entries: the later end, and offboarded where either is."""
    ends = [each.end for each in (one, other) if each.end is not None]
    return Entry(max(ends) if len(ends) == 2 else None, one.offboarded or other.offboarded)


def _named(statement: object) -> str:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return f" ({sid[:80]!r})" if isinstance(sid, str) else ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found

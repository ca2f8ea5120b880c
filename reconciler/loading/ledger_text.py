"""A ledger as text: sorted plain lines in small files, so that git keeps a small change small.

    users/3f        9067…-uuid key=ada name=ada%40example.com attributes=title,user_name inactive
    groups/a0       9067…-uuid key=ops name=ops
    sets/1          arn:aws:sso:::permissionSet/ssoins-1/ps-1 key=Admin name=Admin
    members/a0      9067…-uuid 3fQx_ ?Zk01a =1234-uuid
    members/a1      9067…-uuid 3fQx_;2027-01-31T18:00:00Z
    assignments/07  111122223333 arn:aws:sso:::permissionSet/ssoins-1/ps-1 group:9067…-uuid *?user:1234-uuid

A file holds the lines whose first word (of users, groups and sets the token, of members the group's token, of
assignments the account) has a SHA-256 that begins with its name; how many digits that has depends on how
much there is. A ledger has one text only, so that equal ledgers are equal bytes.

Members go by the shortest beginning, of five characters or more, of the SHA-256 of the user's token in
base64url that no other user of the ledger has: a million of remote ids would be ten times as long. After `=`
stands the token of somebody who is not among the users. `?` says that nobody saw the end of it, `*` that an
account was found by place, tag or `all`. After `;` stands when a membership or an assignment ends, in UTC;
one that never ends has none. Every character that is not a letter, a digit or one of @+~:/._- is
percent-encoded as in an address. A reader ignores words of an object that it does not know, words and lines
that begin with a colon, and files of other folders: a later version may add some.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple, TypeVar
from urllib.parse import quote, unquote

from reconciler.errors import RecordError
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.ledger import GivenAssignment, GivenObject, Ledger
from reconciler.model.pairs import Pair, Principal

_SAFE = "@+~:/._-"
_PLAIN = re.compile(r"[A-Za-z0-9@+~:/._-]*", re.ASCII)
_SHORTEST = 5
# Up to how many entries a folder has one file, or sixteen; beyond that it has 256.
_ONE, _SIXTEEN = 200, 4_000
_ALL = "all"
_OBJECTS = ("users", "groups", "sets")
_LATER = ":"
_UNSURE, _WHOLE, _SELECTED, _END = "?", "=", "*", ";"
Key = TypeVar("Key")
Value = TypeVar("Value")
_PRINCIPALS = {str(kind): kind for kind in (Kind.USER, Kind.GROUP)}


class Seal(NamedTuple):
    """Tells whether a ledger is as it was written: a hash over all files, and how many lines they have."""

    digest: str
    entries: int


def seal(texts: Mapping[str, str]) -> Seal:
    """The seal of the files of a ledger, by path."""
    total = hashlib.sha256()
    for path, text in sorted(texts.items()):
        total.update(f"{path} {hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    return Seal(f"sha256:{total.hexdigest()}", sum(text.count("\n") for text in texts.values()))


def render_ledger(ledger: Ledger) -> Mapping[str, str]:
    """The files of a ledger: their texts by path, sorted. An empty ledger has none."""
    names = _aliases(ledger.users)
    files: dict[str, str] = {}
    for folder, objects in zip(_OBJECTS, (ledger.users, ledger.groups, ledger.sets), strict=True):
        lines = ((token, _object_line(token, one)) for token, one in objects.items())
        files |= _sharded(folder, lines, len(objects))
    groups = ledger.members.keys() | {group for group, users in ledger.unsure.items() if users}
    files |= _sharded(
        "members",
        ((group, _members_line(group, ledger, names)) for group in groups),
        sum(len(users) for users in ledger.members.values()) + len(groups),
    )
    files |= _sharded(
        "assignments",
        ((pair[0], _assignments_line(pair, given)) for pair, given in ledger.assignments.items()),
        len(ledger.assignments),
    )
    return dict(sorted(files.items()))


def parse_ledger(texts: Mapping[str, str]) -> Ledger:
    """The ledger that such files hold, by path. RecordError names the line that is not one."""
    folders: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, text in texts.items():
        folders[path.partition("/")[0]].extend(_lines(path, text))
    users, groups, sets = (_objects(folders[folder]) for folder in _OBJECTS)
    members, unsure, ends = _memberships(folders["members"], users)
    return Ledger(users, groups, sets, members, unsure, _assignments(folders["assignments"]), ends)


# --- writing ------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    # A service may answer with half of a surrogate pair, which no strict encoding takes.
    return quote(text, safe=_SAFE, errors="surrogatepass")


def _first(text: str) -> str:
    """A token at the beginning of a line, where a colon means something else."""
    quoted = _quoted(text)
    return f"%3A{quoted[1:]}" if quoted.startswith(_LATER) else quoted


def _sha(text: str) -> hashlib._Hash:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass"))


def _sharded(folder: str, lines: Iterable[tuple[str, str]], weight: int) -> Mapping[str, str]:
    width = 0 if weight <= _ONE else 1 if weight <= _SIXTEEN else 2
    shards: dict[str, list[str]] = defaultdict(list)
    for token, line in lines:
        shards[_sha(token).hexdigest()[:width] or _ALL].append(line)
    return {f"{folder}/{name}": "\n".join([*sorted(found), ""]) for name, found in shards.items()}


def _object_line(token: str, one: GivenObject) -> str:
    words = [_first(token), f"key={_quoted(one.key)}"]
    if one.name:
        words.append(f"name={_quoted(one.name)}")
    if one.external_id:
        words.append(f"external_id={_quoted(one.external_id)}")
    if one.attributes:
        words.append(f"attributes={','.join(_quoted(name) for name in one.attributes)}")
    flags = {"inactive": one.inactive, "left": one.left, "denied": one.denied, "unsure": not one.sure}
    return " ".join([*words, *(flag for flag, holds in flags.items() if holds)])


def _members_line(group: str, ledger: Ledger, names: Mapping[str, str]) -> str:
    unsure, ends = ledger.unsure.get(group, frozenset()), ledger.ends.get(group)
    if not unsure and not ends and ledger.members[group] <= names.keys():
        # Nearly every group, and there may be a million members.
        return " ".join([_first(group), *sorted(map(names.__getitem__, ledger.members[group]))])
    words = []
    for user in ledger.members.get(group, frozenset()) | unsure:
        name = names.get(user) or _WHOLE + _quoted(user)
        name += _ending(ends.get(user)) if ends else ""
        words.append(_UNSURE + name if user in unsure else name)
    return " ".join([_first(group), *sorted(words)])


def _assignments_line(pair: Pair, given: Mapping[Principal, GivenAssignment]) -> str:
    words = []
    for principal, how in given.items():
        marks = (_SELECTED if how.selected else "") + ("" if how.sure else _UNSURE)
        words.append(f"{marks}{principal.kind}:{_quoted(principal.id)}{_ending(how.end)}")
    return " ".join([_first(pair[0]), _quoted(pair[1]), *sorted(words)])


def _ending(end: datetime | None) -> str:
    return "" if end is None else f"{_END}{end.astimezone(UTC).isoformat().replace('+00:00', 'Z')}"


def _aliases(tokens: Iterable[str]) -> Mapping[str, str]:
    """What members are called: see the head of this file."""
    hashed = sorted((urlsafe_b64encode(_sha(token).digest()).decode("ascii"), token) for token in tokens)
    shared = [_alike(one, two) for (one, _), (two, _) in pairwise(hashed)]
    return {
        token: name[: max(_SHORTEST, before + 1, after + 1)]
        for (name, token), before, after in zip(hashed, [0, *shared], [*shared, 0], strict=False)
    }


def _alike(one: str, two: str) -> int:
    """How many characters two names begin with alike; 0 where that are too few to matter."""
    if one[:_SHORTEST] != two[:_SHORTEST]:
        return 0
    return next(
        (at for at, (left, right) in enumerate(zip(one, two, strict=True)) if left != right), len(one)
    )


# --- reading ------------------------------------------------------------------------------------------


def _lines(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Every line of a file that this version knows, with where it stands."""
    if text and not text.endswith("\n"):
        raise RecordError(f"{path} ends in the middle of a line")
    before = ""
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if not line:
            raise RecordError(f"{path}:{number} is empty")
        if line <= before:
            raise RecordError(f"{path}:{number} does not come after the line before it; lines are sorted")
        before = line
        if not line.startswith(_LATER):
            yield f"{path}:{number}", line


def _plain(text: str) -> str:
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="surrogatepass")
    except UnicodeDecodeError:
        raise RecordError(f"{text[:80]!r} is not text in UTF-8") from None


def _objects(lines: Iterable[tuple[str, str]]) -> Mapping[str, GivenObject]:
    found: dict[str, GivenObject] = {}
    known: dict[str, tuple[str, ...]] = {"": ()}
    for place, line in lines:
        token, *words = line.split(" ")
        fields: dict[str, str] = {}
        for word in words:
            name, _, value = word.partition("=")
            if name in fields:
                raise RecordError(f"{place} says {name} twice")
            fields[name] = value
        if "key" not in fields or not token:
            raise RecordError(f"{place} does not say which object it is about")
        listed = fields.get("attributes", "")
        if listed not in known:
            known[listed] = tuple(_plain(name) for name in listed.split(","))
        one = GivenObject(
            key=_plain(fields["key"]),
            name=_plain(fields.get("name", "")),
            attributes=known[listed],
            inactive="inactive" in fields,
            left="left" in fields,
            sure="unsure" not in fields,
            denied="denied" in fields,
            external_id=_plain(fields.get("external_id", "")),
        )
        _once(found, place, _plain(token), one)
    return found


def _ended(place: str, word: str) -> tuple[str, datetime | None]:
    """A word without its end, and the end."""
    name, separator, text = word.partition(_END)
    if not separator:
        return name, None
    try:
        end = datetime.fromisoformat(text)
        end.astimezone(UTC)
    except (ValueError, OverflowError):
        end = None
    if end is None or end.tzinfo is None:
        raise RecordError(f"{place}: {text[:40]!r} is not an instant")
    return name, end


_Memberships = tuple[
    Mapping[str, frozenset[str]], Mapping[str, frozenset[str]], Mapping[str, Mapping[str, datetime]]
]


def _memberships(lines: Iterable[tuple[str, str]], users: Mapping[str, GivenObject]) -> _Memberships:
    tokens = {name: token for token, name in _aliases(users).items()}
    members: dict[str, frozenset[str]] = {}
    unsure: dict[str, frozenset[str]] = {}
    ends: dict[str, dict[str, datetime]] = {}
    for place, line in lines:
        group, *words = line.split(" ")
        try:
            # Nearly every group, and there may be a million members.
            _once(members, place, _plain(group), frozenset(map(tokens.__getitem__, words)))
            continue
        except KeyError:
            pass
        sure: list[str] = []
        doubtful: list[str] = []
        for word in words:
            if word.startswith(_LATER):
                continue
            whole, end = _ended(place, word)
            name = whole.removeprefix(_UNSURE)
            token = _plain(name[1:]) if name.startswith(_WHOLE) else tokens.get(name)
            if not token:
                raise RecordError(f"{place} names a member {word[:20]!r} who is not among the users")
            (sure if name == whole else doubtful).append(token)
            if end is not None:
                ends.setdefault(_plain(group), {})[token] = end
        _once(members, place, _plain(group), frozenset([*sure, *doubtful]))
        if doubtful:
            unsure[_plain(group)] = frozenset(doubtful)
    return members, unsure, ends


def _assignments(
    lines: Iterable[tuple[str, str]],
) -> Mapping[Pair, Mapping[Principal, GivenAssignment]]:
    found: dict[Pair, Mapping[Principal, GivenAssignment]] = {}
    for place, line in lines:
        account, *rest = line.split(" ")
        if not rest:
            raise RecordError(f"{place} names no permission set")
        given: dict[Principal, GivenAssignment] = {}
        for word in rest[1:]:
            if word.startswith(_LATER):
                continue
            marks = word[: len(word) - len(word.lstrip(_SELECTED + _UNSURE))]
            rest_of, end = _ended(place, word.removeprefix(marks))
            kind, _, identifier = rest_of.partition(":")
            if kind not in _PRINCIPALS or not identifier:
                raise RecordError(f"{place}: {word[:40]!r} is not a user or a group")
            how = GivenAssignment(selected=_SELECTED in marks, sure=_UNSURE not in marks, end=end)
            given[Principal(_PRINCIPALS[kind], _plain(identifier))] = how
        _once(found, place, (AccountId(_plain(account)), Arn(_plain(rest[0]))), given)
    return found


def _once(found: dict[Key, Value], place: str, key: Key, value: Value) -> None:
    if key in found:
        raise RecordError(f"{place} speaks of what another line speaks of")
    found[key] = value

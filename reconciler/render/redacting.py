"""A plan without values of people, for readers who shall not see who they are: `--redact pii`.

People become pseudonyms (`person-1`) that are the same everywhere in one plan; names and addresses in
sentences become the pseudonyms of those whose they are, and values of attributes are left out. Groups,
permission sets and accounts keep their names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import quote

from reconciler.errors import Place
from reconciler.model.access import AccessChange
from reconciler.model.address import Address, Kind
from reconciler.model.change import Change, FieldChange
from reconciler.model.plan import Finding, Plan, TargetPlan
from reconciler.model.resources import Attributes, Origin, Value, texts_in
from reconciler.render import escape

LEFT_OUT = "(redacted)"
# Attributes that many people share: they tell nobody apart, and sentences are full of such words. Of what is
# shown of a user they are left out, too.
_SHARED = frozenset(
    (
        "user_type",
        "title",
        "role",
        "preferred_language",
        "locale",
        "timezone",
        "cost_center",
        "organization",
        "division",
        "department",
        "honorific_prefix",
        "honorific_suffix",
        # The key of somebody else, who is known by it.
        "manager",
    )
)
# Names that are words, too ("Will", "May"): found where they are written as names are.
_NAMES = frozenset(
    ("given_name", "middle_name", "family_name", "nick_name", "formatted_name", "display_name", "address")
)
# An underscore is a letter to `\w`, and none to people.
_WORD = re.compile(r"[^\W_]+")
# The path of a file of YAML in a sentence.
_FILE = re.compile(r"[^\s'\"`(),;]+\.ya?ml\b")
# Shorter than this are only found as whole words in the same case.
_SHORT = 3
# What is longer is shown without its end (files.characters.show).
_CUT = 80
# A value, what takes its place, and whether its case matters.
_Candidate = tuple[str, str, bool]


@dataclass(frozen=True)
class People:
    """Everybody whom a plan may speak of: key (remote id behind a tilde), and what is known of them.

    A person may come several times. `things` are names of groups, permission sets and accounts, which stay.
    """

    known: tuple[tuple[str, Attributes], ...]
    things: frozenset[str] = frozenset()

    @cached_property
    def pseudonyms(self) -> Mapping[str, str]:
        """By key."""
        keys = sorted({key for key, _ in self.known})
        taken = self.things | set(keys)
        found: dict[str, str] = {}
        number = 0
        for key in keys:
            number += 1
            while f"person-{number}" in taken:
                number += 1
            found[key] = f"person-{number}"
        return found

    def called(self, key: str) -> str:
        """The pseudonym of a person; of one who is not known, that nothing is known."""
        return self.pseudonyms.get(key, "person-unknown")

    @cached_property
    def _values(self) -> Mapping[str, list[_Candidate]]:
        """What stands for what in sentences, the longest first, by the first word of it in lower case."""
        return self._index(_spellings, anyhow=False)

    @cached_property
    def _files(self) -> Mapping[str, list[_Candidate]]:
        """The same for names of files, which have names of people in small letters and without accents."""
        return self._index(_in_files, anyhow=True)

    def _index(
        self, spellings: Callable[[str], Iterable[str]], *, anyhow: bool
    ) -> Mapping[str, list[_Candidate]]:
        found: dict[str, _Candidate] = {}
        for key, attributes in self.known:
            called = self.pseudonyms[key]
            told = [(key, False), (key.removeprefix("~"), False), *_identifying(attributes)]
            for value, exact in told:
                for spelled in spellings(value):
                    exactly = not anyhow and (exact or len(spelled) < _SHORT)
                    found.setdefault(spelled, (spelled, called, exactly))
        if not anyhow:
            for thing in self.things:
                found.setdefault(thing, (thing, thing, True))
        index: dict[str, list[_Candidate]] = {}
        for candidate in found.values():
            first = _WORD.search(candidate[0])
            index.setdefault(first[0].casefold() if first else "", []).append(candidate)
        for candidates in index.values():
            candidates.sort(key=lambda one: (-len(one[0]), one[0]))
        return index

    def sentence(self, text: str) -> str:
        """The text with every value of a person replaced, wherever it stands as words of its own."""
        shown = self._replaced(text, self._values)
        return _FILE.sub(lambda match: self.path(match[0]), shown) if ".y" in shown else shown

    def path(self, text: str) -> str:
        """The path of a file with every name of a person replaced, in whatever letters it stands there."""
        return self._replaced(text, self._files)

    def _replaced(self, text: str, values: Mapping[str, list[_Candidate]]) -> str:
        pieces: list[str] = []
        done = 0
        for match in _WORD.finditer(text):
            if match.start() < done:
                continue
            hit = self._hit(text, match.start(), done, values.get(match[0].casefold(), ()))
            if hit is not None:
                start, end, called = hit
                pieces += [text[done:start], called]
                done = end
        return "".join(pieces) + text[done:]

    def _hit(
        self, text: str, at: int, done: int, candidates: Iterable[_Candidate]
    ) -> tuple[int, int, str] | None:
        for value, called, exact in candidates:
            first = _WORD.search(value)
            start = at - (first.start() if first else 0)
            end = start + len(value)
            found = text[max(start, 0) : end]
            same = found == value if exact else found.casefold() == value.casefold()
            if start >= done and same and not _goes_on(text, end):
                return start, end, called
        return None


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and text[end].isalnum() and text[end - 1].isalnum()


def _spellings(value: str) -> Iterable[str]:
    """How sentences have a value: as it is, on one line, made visible, in an address, cut short."""
    if value.strip():
        yield value
        yield " ".join(value.split())
        yield escape.text(value)
        yield quote(value, errors="replace")
        yield quote(value, safe="", errors="replace")
        for form in ("NFC", "NFD"):
            yield unicodedata.normalize(form, value)
        if len(value) > _CUT:
            yield value[: _CUT - 1]


def _in_files(value: str) -> Iterable[str]:
    """How names of files have a value: as sentences do, without accents, and what is before the at sign."""
    yield from _spellings(value)
    for part in {value, value.partition("@")[0]}:
        bare = "".join(
            each for each in unicodedata.normalize("NFKD", part) if not unicodedata.combining(each)
        )
        yield from _spellings(bare)


def _identifying(attributes: Attributes) -> Iterable[tuple[str, bool]]:
    """The values by which a person is known, and whether their case matters."""
    for name, value in attributes.items():
        if name not in _SHARED:
            # Several words are a name in whatever letters.
            yield from ((text, name in _NAMES and len(_WORD.findall(text)) == 1) for text in texts_in(value))


def redacted_findings(
    found: Iterable[Finding], places: Mapping[Origin, Place], people: People
) -> tuple[tuple[Finding, ...], Mapping[Origin, Place]]:
    """Findings, and their places, without values of people."""
    return (
        tuple(_finding(one, people) for one in found),
        {_path(origin, people): _place(place, people) for origin, place in places.items()},
    )


def redacted(plan: Plan, people: People) -> Plan:
    """The plan without values of people; its digests are those of the whole plan."""
    places = {_path(origin, people): _place(place, people) for origin, place in plan.places.items()}
    return replace(
        plan,
        targets=tuple(_part(part, people) for part in plan.targets),
        places=places,
        redacted=True,
    )


def _path(origin: Origin, people: People) -> Origin:
    return replace(origin, path=people.path(origin.path))


def _place(place: Place, people: People) -> Place:
    return replace(place, path=people.path(place.path))


def _part(part: TargetPlan, people: People) -> TargetPlan:
    said = people.sentence
    accounts = {key: said(name) for key, name in part.accounts.items() if key not in people.pseudonyms}
    return replace(
        part,
        changes=tuple(redacted_change(change, people) for change in part.changes),
        findings=tuple(_finding(finding, people) for finding in part.findings),
        gaps=tuple((kind, said(scope), said(reason)) for kind, scope, reason in part.gaps),
        only=tuple(redacted_address(address, people) for address in part.only),
        access=tuple(_access(one, people) for one in part.access),
        accounts=accounts,
        approvals=tuple(map(said, part.approvals)),
        authors=tuple(people.called(key) for key in part.authors),
    )


def redacted_change(change: Change, people: People) -> Change:
    """A change without values of people."""
    kind = change.address.kind
    person = _person(change.address)
    name = people.called(person) if person is not None else people.sentence(change.name)
    fields = tuple(_field(each, kind, people) for each in change.fields)
    return replace(
        change,
        address=redacted_address(change.address, people),
        # Anybody could try out names against a hash.
        before_hash="",
        after_hash="",
        fields=fields,
        name=name,
        reason=people.sentence(change.reason) if change.reason else change.reason,
        origin=None if change.origin is None else _path(change.origin, people),
    )


def _field(each: FieldChange, kind: Kind, people: People) -> FieldChange:
    if kind is not Kind.USER:
        return replace(each, before=_said(each.before, people), after=_said(each.after, people))
    if each.name == "manager":
        before, after = (
            people.called(key) if isinstance(key, str) else key for key in (each.before, each.after)
        )
        return replace(each, before=before, after=after)
    return replace(each, before=_hidden(each.before), after=_hidden(each.after))


def _hidden(value: Value) -> Value:
    return value if value is None or isinstance(value, bool) else LEFT_OUT


def _said(value: Value, people: People) -> Value:
    """A value of an object that is not a person, which may name one."""
    if isinstance(value, str):
        return people.sentence(value)
    if isinstance(value, Mapping):
        return {people.sentence(key): _said(each, people) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_said(each, people) for each in value)
    return value


def _finding(finding: Finding, people: People) -> Finding:
    return replace(
        finding,
        message=people.sentence(finding.message),
        fix=people.sentence(finding.fix) if finding.fix else finding.fix,
        details=tuple(map(people.sentence, finding.details)),
        address=None if finding.address is None else redacted_address(finding.address, people),
        origin=None if finding.origin is None else _path(finding.origin, people),
    )


def _access(one: AccessChange, people: People) -> AccessChange:
    return replace(one, people=tuple(sorted(map(people.called, one.people))))


def _person(address: Address) -> str | None:
    """The key of the user whom an address names."""
    if address.kind in (Kind.USER, Kind.DENIAL):
        return address.own_key
    ends = address.ends if address.kind.facts.pair else ()
    return next((end.own_key for end in ends if end.kind is Kind.USER), None)


def redacted_address(address: Address, people: People) -> Address:
    """An address that names people by their pseudonyms."""
    person = _person(address)
    if person is None:
        return address
    if address.kind in (Kind.USER, Kind.DENIAL):
        return Address.of(address.target, address.kind, people.called(person))
    parts = [*address.parts]
    parts[-1] = people.called(person) if address.kind is Kind.MEMBERSHIP else f"user:{people.called(person)}"
    return Address.of(address.target, address.kind, *parts)

"""Attributes that a service was seen not to keep: what a plan leaves out, and what it says of that.

A receipt names them by kind and attribute: `user.title`. `user.user_name:case` says that the service keeps
the name in a case of its own, `user.phone_number:form` that it keeps letters and digits, and spells the rest
in its own way. `user.title:form=…` says that it made of one value another one, both by their digest.
`user.user_name:space` says that it trims the name, or writes its letters in another Unicode form.
`user.email:one` says that a list takes no entry beside the one that is there.
"""

from __future__ import annotations

import html
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Kind
from reconciler.model.names import bare, fold, tidy
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Group, User, Value
from reconciler.model.scim import is_extension
from reconciler.model.state import Desired, Live, LiveGroup, LiveUser
from reconciler.planning import hashes
from reconciler.planning.ownership.objects import group_name
from reconciler.planning.wording import many

_KINDS = (Kind.USER, Kind.GROUP)
_CASE, _FORM, _ONE, _SPACE = ":case", ":form", ":one", ":space"
# So much of a digest tells two values of one attribute apart.
_DIGITS = 12
# By these people and groups are found: without them nothing could be told apart.


def entry(kind: Kind, name: str) -> str:
    """How a receipt names an attribute that is not kept."""
    return f"{kind}.{name}"


def case_entry(kind: Kind, name: str) -> str:
    """How a receipt names an attribute of which everything but the case is kept."""
    return entry(kind, name) + _CASE


def space_entry(kind: Kind, name: str) -> str:
    """How a receipt names a name of which white space and Unicode form are not kept."""
    return entry(kind, name) + _SPACE


def name_entries(kind: Kind, name: str, sent: Value, shown: Value) -> frozenset[str] | None:
    """How a receipt names that the service spells a name in its own way; None where `shown` is another name.

    Case, white space and Unicode's forms are ways to spell one name. Nothing else is: people sign in by it.
    """
    if may_lack(kind, name) or not isinstance(sent, str) or not isinstance(shown, str):
        return None
    if bare(sent) != bare(shown):
        return None
    if tidy(sent) == tidy(shown):
        return frozenset((space_entry(kind, name),))
    if fold(sent) == fold(shown):
        return frozenset((case_entry(kind, name),))
    if fold(tidy(sent)) == fold(tidy(shown)):
        return frozenset((case_entry(kind, name), space_entry(kind, name)))
    return frozenset((form_entry(kind, name, sent, shown),))


def one_entry(name: str) -> str:
    """How a receipt names a list of users that holds one entry."""
    return entry(Kind.USER, name) + _ONE


def form_entry(kind: Kind, name: str, sent: Value, shown: Value) -> str:
    """How a receipt names that the service made `shown` of what it was sent.

    Where both have the same letters and digits, that holds for the attribute; else for these two values.
    """
    if _may_respell(kind, name) and _alike(sent, shown):
        return entry(kind, name) + _FORM
    return f"{entry(kind, name)}{_FORM}={hashes.digest([name, sent, shown])[:_DIGITS]}"


def _may_respell(kind: Kind, name: str) -> bool:
    """Whether punctuation says nothing: not in names and addresses, where it makes another one."""
    return name not in (*kind.facts.unique, "external_id") and not is_extension(name)


def _alike(one: Value, other: Value) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    plain = _plain(one)
    return bool(plain) and plain == _plain(other)


def _plain(text: str) -> str:
    """Letters and digits alone: what is left of a number in E.164, and of a text that was escaped."""
    known = unicodedata.normalize("NFKC", html.unescape(text)).casefold().removeprefix("tel:")
    return "".join(each for each in known if each.isalnum())


def may_lack(kind: Kind, name: str) -> bool:
    """Whether people or groups can do without the attribute."""
    return name != kind.facts.name


def may_fold(kind: Kind, name: str) -> bool:
    """Whether values that differ in case alone mean the same: names and addresses (RFC 7643 section 4.1)."""
    return name in kind.facts.unique


@dataclass(frozen=True, slots=True)
class DroppedAttributes:
    """What still holds of a receipt: `names` as they stand there.

    `dropped` are the attributes by kind that are not kept, `folded` those whose case is not, `respelled`
    those of which letters and digits alone are, `spaced` the names whose white space and Unicode form are
    not, and `pairs` the entries of single values. `single` are the lists of users that hold one entry.
    `shown` are the attributes, as a receipt would name them, of which some live object has a value; it is
    empty where the service keeps what it is sent.
    """

    names: tuple[str, ...] = ()
    dropped: Mapping[Kind, frozenset[str]] = field(default_factory=lambda: dict.fromkeys(_KINDS, frozenset()))
    folded: Mapping[Kind, frozenset[str]] = field(default_factory=lambda: dict.fromkeys(_KINDS, frozenset()))
    respelled: Mapping[Kind, frozenset[str]] = field(
        default_factory=lambda: dict.fromkeys(_KINDS, frozenset())
    )
    spaced: Mapping[Kind, frozenset[str]] = field(default_factory=lambda: dict.fromkeys(_KINDS, frozenset()))
    pairs: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()

    def hides(self, kind: Kind, name: str, before: Value, after: Value) -> bool:
        """Whether a difference is one that writing would not take away."""
        if kind not in _KINDS:
            return False
        if name in self.dropped[kind]:
            return True
        if before is None or after is None:
            return False
        if name in self.respelled[kind] and _alike(before, after):
            return True
        if self.pairs and form_entry(kind, name, after, before) in self.pairs:
            return True
        if not isinstance(before, str) or not isinstance(after, str):
            return False
        if name in self.spaced[kind]:
            before, after = tidy(before), tidy(after)
        return before == after or (name in self.folded[kind] and fold(before) == fold(after))

    def spells_names(self, kind: Kind) -> bool:
        """Whether the service was seen to spell names in a way of its own, beside their case."""
        name = kind.facts.name
        return name in self.spaced[kind] or any(
            each.startswith(f"{entry(kind, name)}{_FORM}=") for each in self.pairs
        )

    def spells(self, kind: Kind, sent: str, shown: str) -> bool:
        """Whether the service was seen to make the name `shown` of the name `sent`."""
        return self.hides(kind, kind.facts.name, shown, sent)


KEEPS_ALL = DroppedAttributes()


def still_unkept(names: Iterable[str], live: Live) -> DroppedAttributes:
    """What of the names in a receipt still holds: an attribute that some live object shows is kept again.

    Names that this version does not know are passed on.
    """
    shown = frozenset(_shown(Kind.USER, live.users.values())) | frozenset(
        _shown(Kind.GROUP, live.groups.values())
    )
    found = _Sorted()
    left = []
    for each in sorted(set(names)):
        kind = next((one for one in _KINDS if each.startswith(f"{one}.")), None)
        if kind is None or found.take(each, kind, shown):
            left.append(each)
    return DroppedAttributes(
        tuple(left),
        _frozen(found.dropped),
        _frozen(found.folded),
        _frozen(found.respelled),
        _frozen(found.spaced),
        frozenset(found.pairs),
        frozenset(found.single),
        shown,
    )


def _by_kind() -> dict[Kind, set[str]]:
    return {kind: set() for kind in _KINDS}


def _frozen(found: Mapping[Kind, set[str]]) -> dict[Kind, frozenset[str]]:
    return {kind: frozenset(names) for kind, names in found.items()}


@dataclass
class _Sorted:
    """The names of a receipt on users and groups, by what they say, as DroppedAttributes has them."""

    dropped: dict[Kind, set[str]] = field(default_factory=_by_kind)
    folded: dict[Kind, set[str]] = field(default_factory=_by_kind)
    respelled: dict[Kind, set[str]] = field(default_factory=_by_kind)
    spaced: dict[Kind, set[str]] = field(default_factory=_by_kind)
    pairs: set[str] = field(default_factory=set)
    single: set[str] = field(default_factory=set)

    def take(self, each: str, kind: Kind, shown: Collection[str]) -> bool:
        """Sort one name in; whether it still holds."""
        name = each.removeprefix(f"{kind}.")
        if f"{_FORM}=" in name:
            self.pairs.add(each)
        elif name.endswith(_CASE) and may_fold(kind, name.removesuffix(_CASE)):
            self.folded[kind].add(name.removesuffix(_CASE))
        elif name.endswith(_FORM) and not is_extension(name.removesuffix(_FORM)):
            self.respelled[kind].add(name.removesuffix(_FORM))
        elif name.endswith(_SPACE) and not may_lack(kind, name.removesuffix(_SPACE)):
            self.spaced[kind].add(name.removesuffix(_SPACE))
        elif name.endswith(_ONE):
            self.single.add(name.removesuffix(_ONE))
        elif each in shown or not may_lack(kind, name):
            return False
        else:
            self.dropped[kind].add(name)
        return True


def _shown(kind: Kind, objects: Iterable[LiveUser | LiveGroup]) -> Iterator[str]:
    names: set[str] = set()
    for one in objects:
        if not names.issuperset(one.attributes):
            names.update(name for name, value in one.attributes.items() if value is not None)
    return (entry(kind, name) for name in names)


def unkept_findings(unkept: DroppedAttributes, desired: Desired) -> Iterator[Finding]:
    """One finding on all that git declares and the service was seen not to keep."""
    names = [
        *_said(unkept, Kind.USER, desired.users.values()),
        *_said(unkept, Kind.GROUP, desired.groups.values()),
    ]
    if names:
        yield Finding(
            code="attribute-not-persisted",
            severity=Severity.NOTE,
            message=(
                f"{many(len(names), 'declared attribute')} left out, since the service was seen not to keep "
                f"what it was sent: {', '.join(names)}"
            ),
            fix=(
                "remove it from git for this target, or write it there as the service shows it; if the "
                "service keeps it by now, set it there on one object, and it is written again"
            ),
            details=tuple(names),
            count=len(names),
        )


def _said(unkept: DroppedAttributes, kind: Kind, declared: Iterable[User] | Iterable[Group]) -> Iterator[str]:
    """`title` (3 users): each attribute that is declared, with for how many."""
    ours = [one for one in declared if not one.external]
    for name in sorted(unkept.dropped[kind]):
        if count := sum(one.attributes.get(name) is not None for one in ours):
            yield f"`{name}` ({many(count, kind)})"
    for name in sorted(unkept.folded[kind]):
        values = [_value(one, name) for one in ours]
        if count := sum(isinstance(value, str) and value != value.lower() for value in values):
            yield f"the case of `{name}` ({many(count, kind)})"
    for name in sorted(unkept.spaced[kind]):
        values = [_value(one, name) for one in ours]
        if count := sum(isinstance(value, str) and value != tidy(value) for value in values):
            yield f"the white space or Unicode form of `{name}` ({many(count, kind)})"
    for name in sorted(unkept.respelled[kind]):
        if count := sum(one.attributes.get(name) is not None for one in ours):
            yield f"the form of `{name}` ({many(count, kind)})"
    # Of these only the digests are known.
    digests = Counter(each.rpartition(_FORM)[0] for each in unkept.pairs if each.startswith(f"{kind}."))
    for each, count in sorted(digests.items()):
        name = each.removeprefix(f"{kind}.")
        if any(_value(one, name) is not None for one in ours):
            yield f"the form of `{name}` ({many(count, 'value')})"


def _value(one: User | Group, name: str) -> Value:
    return group_name(one) if isinstance(one, Group) and name == "display_name" else one.attributes.get(name)

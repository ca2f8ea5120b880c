"""Whether a service that answered well dropped part of what it was sent, or did something else.

It did not keep an attribute where that is absent from every object that it was written to, and no other
object shows one: then the write is as well done as it can be. What is kept here and not there is a failure.
The same holds for the case of names and addresses. Where another value reads back than was sent, that is what
the service makes of it; but never of what was taken away, and of a name, by which an object is found, only
where it is the same name in another spelling.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.names import fold, tidy
from reconciler.model.report import Status
from reconciler.model.resources import Attributes, Value
from reconciler.planning import hashes
from reconciler.planning.dropped import (
    case_entry,
    entry,
    form_entry,
    may_fold,
    may_lack,
    name_entries,
    one_entry,
    space_entry,
)
from reconciler.planning.prepared import PreparedPlan


@dataclass(frozen=True, slots=True)
class Excused:
    """Changes that are done as far as the service goes, and what it does not keep."""

    verdicts: Mapping[Address, tuple[Status, str]] = field(default_factory=dict)
    unkept: tuple[str, ...] = ()


class Dropping:
    """What the objects of one apply showed of what was written to them."""

    def __init__(self, planned: PreparedPlan, shared: Collection[str] = ()) -> None:
        self._planned, self._shared = planned, shared
        # As a receipt names them: what some object shows, and what the apply showed to be kept.
        self._kept: set[str] = set(planned.unkept.shown)
        self._last: dict[Address, tuple[Attributes, bool | None]] = {}

    def saw(self, change: Change, attributes: Attributes, active: bool | None) -> None:  # noqa: FBT001  # a status
        """Take in how an object reads back, the manager by key."""
        if change.action is Action.DELETE or change.address.kind not in (Kind.USER, Kind.GROUP):
            return
        self._last[change.address] = (attributes, active)
        kind = change.address.kind
        for each in change.fields:
            found = attributes.get(each.name)
            if each.after is None or found is None:
                continue
            self._kept.add(entry(kind, each.name))
            if isinstance(found, str) and found == each.after:
                if found != found.lower():
                    self._kept.add(case_entry(kind, each.name))
                if found != tidy(found):
                    self._kept.add(space_entry(kind, each.name))

    def as_planned(self, change: Change, attributes: Attributes) -> Attributes:
        """The attributes with those as in the plan of which it is known what the service makes of them."""
        unkept, kind = self._planned.unkept, change.address.kind
        known = {
            each.name: each.after
            for each in change.fields
            if each.after is not None
            and (found := attributes.get(each.name)) is not None
            and found != each.after
            and each.name not in unkept.dropped[kind]
            and unkept.hides(kind, each.name, found, each.after)
        }
        return {**attributes, **known} if known else attributes

    def excused(self, changes: Sequence[Change], ids: Mapping[Address, str]) -> Excused:
        """Those of `changes` that read back as planned, but for what the service does not keep."""
        verdicts: dict[Address, tuple[Status, str]] = {}
        unkept: set[str] = set()
        for change in changes:
            if change.address not in self._last:
                continue
            attributes, active = self._last[change.address]
            kind = change.address.kind
            absent = {
                each.name: each.after
                for each in change.fields
                # The status is not an attribute: it has to read back as it was written.
                if each.name != "active"
                and each.after is not None
                and attributes.get(each.name) is None
                and may_lack(kind, each.name)
                and entry(kind, each.name) not in self._kept
            }
            other = {
                each.name
                for each in change.fields
                if may_fold(kind, each.name)
                and may_lack(kind, each.name)
                and case_entry(kind, each.name) not in self._kept
            }
            cased = _folded(change, attributes, other)
            formed = {
                each.name: each.after
                for each in change.fields
                if may_lack(kind, each.name)
                and each.name not in cased
                and each.after is not None
                and attributes.get(each.name) not in (None, each.after)
            }
            spelled = {
                each.name: entries
                for each in change.fields
                if each.after != attributes.get(each.name)
                and (entries := self._spelled(kind, each.name, each.after, attributes.get(each.name)))
            }
            named = {each.name: each.after for each in change.fields if each.name in spelled}
            mended = {**attributes, **absent, **cased, **formed, **named}
            identifier = None if change.action is Action.CREATE else ids[change.address]
            names = self._planned.owned.get(change.address, ())
            if hashes.object_state(identifier, mended, names, active=active) != change.after_hash:
                continue
            single = self._single(change, formed)
            respelled = sorted(formed.keys() - single)
            small = {name for name in spelled if spelled[name] == {case_entry(kind, name)}}
            formed_names = sorted((*respelled, *(spelled.keys() - small)))
            message = _message(sorted(absent), sorted({*cased, *small}), formed_names, sorted(single))
            verdicts[change.address] = (Status.DONE, message)
            unkept.update(form_entry(kind, name, formed[name], attributes[name]) for name in respelled)
            unkept.update(*spelled.values())
            unkept.update(map(one_entry, single))
            unkept.update(entry(kind, name) for name in absent)
            unkept.update(case_entry(kind, name) for name in cased)
        return Excused(verdicts, tuple(sorted(unkept)))

    def _spelled(self, kind: Kind, name: str, sent: Value, shown: Value) -> frozenset[str] | None:
        """How a receipt names the spelling of a name; where others keep theirs, of this value alone."""
        entries = name_entries(kind, name, sent, shown)
        if entries is not None and not self._kept.isdisjoint(entries):
            return frozenset((form_entry(kind, name, sent, shown),))
        return entries

    def _single(self, change: Change, formed: Collection[str]) -> set[str]:
        """Lists to which an entry was to be added, and which show only the one that was there."""
        if change.action is Action.CREATE:
            return set()
        return {
            each.name
            for each in change.fields
            if each.name in formed and each.name in self._shared and each.before is None
        }


def _folded(change: Change, attributes: Attributes, names: Collection[str]) -> dict[str, str]:
    """The values of the plan, for `names` that read back in another case."""
    folded = {}
    for each in change.fields:
        found = attributes.get(each.name)
        after = each.after
        if each.name not in names or not isinstance(after, str) or not isinstance(found, str):
            continue
        if found != after and fold(found) == fold(after):
            folded[each.name] = after
    return folded


def _message(
    absent: Sequence[str], cased: Sequence[str], formed: Sequence[str], single: Sequence[str]
) -> str:
    missing = [*absent, *(f"the case of {name}" for name in cased)]
    parts = [f"does not keep {', '.join(missing)}"] if missing else []
    if formed:
        parts.append(f"keeps {', '.join(formed)} in another form")
    if single:
        parts.append(f"holds one {', '.join(single)}, which the next plan replaces")
    return f"the service {' and '.join(parts)}"

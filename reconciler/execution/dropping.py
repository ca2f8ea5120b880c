"""Whether a service that answered well dropped part of what it was sent, or did something else.

It did not keep an attribute where that is absent from every object that it was written to, and no other
object shows one: then the write is as well done as it can be. What is kept here and not there, and what
reads back with another value, is a failure. The same holds for the case of names and addresses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.names import fold
from reconciler.model.report import Status
from reconciler.model.resources import Attributes
from reconciler.planning import hashes
from reconciler.planning.planner import Planned
from reconciler.planning.unkept import case_entry, entry, may_fold, may_lack


@dataclass(frozen=True, slots=True)
class Excused:
    """Changes that are done as far as the service goes, and what it does not keep."""

    verdicts: Mapping[Address, tuple[Status, str]] = field(default_factory=dict)
    unkept: tuple[str, ...] = ()


class Dropping:
    """What the objects of one apply showed of what was written to them."""

    def __init__(self, planned: Planned) -> None:
        self._planned = planned
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
            if isinstance(found, str) and found == each.after and found != found.lower():
                self._kept.add(case_entry(kind, each.name))

    def in_planned_case(self, change: Change, attributes: Attributes) -> Attributes:
        """The attributes with those in the case of the plan whose case is known not to be kept."""
        folded = self._planned.unkept.folded.get(change.address.kind, frozenset())
        return {**attributes, **_folded(change, attributes, folded)} if folded else attributes

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
                # The status is no attribute: it has to read back as it was written.
                if each.name != "active"
                and each.after is not None
                and attributes.get(each.name) is None
                and may_lack(kind, each.name)
                and entry(kind, each.name) not in self._kept
            }
            other = {
                each.name
                for each in change.fields
                if may_fold(kind, each.name) and case_entry(kind, each.name) not in self._kept
            }
            cased = _folded(change, attributes, other)
            mended = {**attributes, **absent, **cased}
            identifier = None if change.action is Action.CREATE else ids[change.address]
            names = self._planned.owned.get(change.address, ())
            if hashes.object_state(identifier, mended, names, active=active) != change.after:
                continue
            verdicts[change.address] = (Status.DONE, _message(sorted(absent), sorted(cased)))
            unkept.update(entry(kind, name) for name in absent)
            unkept.update(case_entry(kind, name) for name in cased)
        return Excused(verdicts, tuple(sorted(unkept)))


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


def _message(absent: Sequence[str], cased: Sequence[str]) -> str:
    said = [*absent, *(f"the case of {name}" for name in cased)]
    return f"the service does not keep {', '.join(said)}"

"""Whatever goes wrong while a service is read: it is read whole, or as unknown, or not at all.

What no client can see, and what is therefore not among the faults here:

- a list that ends too early (a page that is lost, short, or the first one again) where no total is told, or
  each total is that of its page, and a cursor that is not there when it should be;
- a second page that is refused with 400 or 404, where the total of the first one is its own size: so do those
  that bear no index past the end;
- whom all lists leave out, their totals included, and whom no group names by id and no filter finds;
- a group that shows some of its members and leaves out others, where no user says to be in it; and a user
  who says to be in some groups and leaves out others, where members stand with the users;
- a filter that finds some and not others, its totals included;
- two of these at once that make up for each other, and a service that says of what it has that it has not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import ServiceError
from reconciler.model.address import Kind
from reconciler.targets.scim.profile import Memberships
from reconciler.targets.scim.profile_list import profile
from tests.targets.scim.fields import facing
from tests.targets.scim.odd import Lost, Odd, Refusal, Resource

_BY_FILTER = replace(profile("generic"), memberships=Memberships.BY_FILTER)
# These end a list before its time: seen by the total alone.
_CUTS = ("empty", "short", "first page again")
_OTHERS = ("503", "no answer", "a page for people", "one more", "one less", "total is text", "twice")
_SEEN = {"true": (*_CUTS, "400", *_OTHERS), "page": _OTHERS, "none": ("400", *_OTHERS)}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with pages `first` to `last` of each list of `kind`, by filter or without."""

    what: str
    kind: str
    filtered: bool
    first: int
    last: int


@dataclass
class Faulty(Odd):
    """A service in which one thing goes wrong while it is read."""

    fault: Fault | None = None
    pages: Counter[tuple[str, str]] = field(default_factory=Counter)

    def _list(self, kind: str, where: dict[str, Resource], query: Mapping[str, str]) -> Any:
        wish = query.get("filter", "")
        # Lists are read side by side, so each counts its own pages.
        self.pages[kind, wish] += 1
        body = super()._list(kind, where, query)
        fault = self.fault
        if fault is None or (fault.kind, fault.filtered) != (kind, bool(wish)):
            return body
        if not fault.first <= self.pages[kind, wish] <= fault.last:
            return body
        if fault.what == "first page again":
            return super()._list(kind, where, {**query, "startIndex": "1"})
        return self._spoilt(fault.what, body)

    @staticmethod
    def _spoilt(what: str, body: dict[str, Any]) -> dict[str, Any]:
        if what == "503":
            raise Refusal(503, "busy")
        if what == "400":
            raise Refusal(400, "no")
        if what == "no answer":
            raise Lost
        if what == "a page for people":
            raise Refusal(200, body="<html>hello</html>")
        shown, total = body["Resources"], body.get("totalResults")
        if what == "empty":
            return {**body, "Resources": []}
        if what == "short":
            return {**body, "Resources": shown[:-1]}
        if what == "twice":
            return {**body, "Resources": shown + shown[:1]}
        if total is None:
            return body
        return {**body, "totalResults": {"one more": total + 1, "one less": total - 1}.get(what, str(total))}


@st.composite
def services(draw: st.DrawFn) -> Faulty:
    """Users, groups, who is in them, how that is shown, and one thing that goes wrong."""
    members = draw(st.sampled_from(("id", "name", "one-by-one", "in-user", "by-filter")))
    total = draw(st.sampled_from(("true", "page", "none")))
    odd = Faulty(
        members=members,
        total=total,
        page=draw(st.sampled_from((1, 2, 3, 100))),
        filter=draw(st.sampled_from(("works", "ignored", "nothing" if members != "by-filter" else "works"))),
        filter_finds_hidden=True,
    )
    people = [
        odd.add_user(f"p{number}", active=draw(st.booleans())) for number in range(draw(st.integers(0, 6)))
    ]
    inside = st.lists(st.sampled_from(people), unique=True) if people else st.just([])
    groups = [odd.add_group(f"g{number}", *draw(inside)) for number in range(draw(st.integers(0, 7)))]
    first = draw(st.integers(1, 4))
    odd.fault = Fault(
        draw(st.sampled_from(_SEEN[total])),
        draw(st.sampled_from(("Users", "Groups"))),
        draw(st.booleans()),
        first,
        first + draw(st.sampled_from((0, 1, 1000))),
    )
    named = sorted({each["value"] for group in odd.groups.values() for each in group["members"]})
    hidden = draw(st.sampled_from(("", "twice", "from the list", "in the list of groups")))
    if hidden == "twice" and people:
        odd.lists_twice = draw(st.sampled_from(people))
    if hidden == "from the list" and named and members in ("id", "one-by-one"):
        # Whoever is written by id is found; a filter is asked only of whom the list has.
        odd.hides_from_list = frozenset((draw(st.sampled_from(named)),))
    if hidden == "in the list of groups" and groups and members == "id":
        odd.shows_none_in_list = frozenset(draw(st.lists(st.sampled_from(groups))))
    return odd


@settings(max_examples=120)
@given(services())
def test_what_is_read_is_all_there_is_or_is_said_to_be_unknown_or_is_an_error(odd: Faulty) -> None:
    with facing(odd, _BY_FILTER if odd.members == "by-filter" else "generic") as here:
        try:
            live = here.read()
        except ServiceError:
            return
    assert live.users.keys() == odd.users.keys()
    assert live.groups.keys() == odd.groups.keys()
    if any(gap.kind is Kind.MEMBERSHIP and gap.scope == "*" for gap in live.gaps):
        return
    there = {group: {each["value"] for each in raw["members"]} for group, raw in odd.groups.items()}
    assert {group: set(live.members[group]) for group in odd.groups} == there

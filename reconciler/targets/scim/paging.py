"""Reads a list to its end, by index or by cursor, and says so when it cannot be whole.

Servers ignore an index, begin again at the end of the list, give totals that are the page's own size, and
list one thing twice. So nothing here rests on one of these alone: an index moves by what came, a list ends
where nothing new comes, and what came is held against the total, where that is one. A list that moved while
it was read is read again. RFC 7644 section 3.4.2.4, RFC 9865.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Generic

from reconciler.errors import Denied, IncompleteRead, NotFound, Rejected, ServiceError, Throttled
from reconciler.targets.scim.mapping import Raw, find, identifier, resource_type
from reconciler.targets.scim.profile import Paging
from reconciler.targets.scim.terms import SET_PAGING, Item, Listed, Terms, beyond, cursor_of, query, total_of

# A list with more pages than this does not end; so many pages in a row without anything new lead nowhere.
MAX_PAGES = 50_000
MAX_BARREN = 100
# How often a list that moves is read in all.
TRIES = 3
_ERROR = "urn:ietf:params:scim:api:messages:2.0:error"
_BAD_CURSOR = frozenset(("invalidCursor", "expiredCursor"))
_OTHERS = {"user": "group", "group": "user"}


class _MovedError(Exception):
    """The list was not the same from its first page to its last, or is not whole."""


class Pager(Generic[Item]):
    """Reads one list.

    `ask` sends a query and returns the answer, `kind` ("user", "group") is what the list must hold, `make`
    keeps of a resource what is wanted, `bad` makes the error that names target and request, `progress` is
    told how many came so far.
    """

    def __init__(
        self,
        ask: Callable[[str], Raw],
        *,
        kind: str,
        make: Callable[[Raw], Item],
        bad: Callable[[str], IncompleteRead],
        progress: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._ask, self._kind, self._make, self._bad, self._progress = ask, kind, make, bad, progress
        # Found out on the way: this server wants no page size, or no paging at all.
        self.without_count = self.without_index = False

    def read(self, terms: Terms, condition: str = "") -> Listed[Item]:
        """The whole list, of what meets the filter `condition`. Raises IncompleteRead, ServiceError."""
        why, twice, known = "", set[str](), set[str]()
        for _ in range(TRIES):
            if self.without_count:
                terms = replace(terms, count=None)
            reading = _Reading(self, terms, condition)
            try:
                reading.run()
                reading.check()
            except _MovedError as moved:
                why = str(moved)
                continue
            if not reading.twice:
                return Listed(reading.items)
            # Twice in two readings in a row is this server's way, once may be a list that moved. Who orders
            # by what is no key repeats one where a page ends, leaves another out, and counts right: so the
            # second reading has its pages end elsewhere, and must bring the same.
            if reading.items.keys() == known:
                return Listed(reading.items, tuple(sorted(reading.twice & twice)))
            twice, known = set(reading.twice), set(reading.items)
            terms = replace(terms, count=reading.other_count())
            why = f"{min(twice)} came twice in one list: a page was repeated, or the list moved"
        raise self._bad(f"{why}; it was read {TRIES} times")

    def some(self, terms: Terms, condition: str) -> list[Raw]:
        """The first page of what meets `condition`. Raises IncompleteRead, ServiceError."""
        parts: list[tuple[str, str | None]] = []
        if terms.paging is Paging.CURSOR and terms.first:
            parts.append((terms.first, None))
        return self.resources(self._ask(query(*parts, ("filter", condition))))

    def ask(self, parts: list[tuple[str, str | None]]) -> Raw:
        """One page."""
        return self._ask(query(*parts))

    def resources(self, body: Raw, *, later: bool = False) -> list[Raw]:
        """What a page holds, each of it with an id and of the right kind. Raises IncompleteRead otherwise.

        `later` says that it is not the first page: then a page without anything is the end of the list.
        """
        schemas = find(body, "schemas")
        if isinstance(schemas, list) and any(str(each).lower() == _ERROR for each in schemas):
            raise self._bad("the answer is an error under a status of success")
        items = find(body, "Resources")
        total = find(body, "totalResults")
        told = total in (0, "0") or (items is None and total is None and "resources" in map(str.lower, body))
        # Null, an empty object or an empty text stand for an empty list where nothing more is expected.
        if items in (None, {}, "") and (later or told):
            items = []
        if not isinstance(items, list):
            raise self._bad("the answer has no Resources")
        for item in items:
            if identifier(item) is None:
                raise self._bad("an item of Resources has no id")
            if resource_type(item) == _OTHERS[self._kind]:
                raise self._bad(f"{identifier(item)} is a {resource_type(item)} in a list of {self._kind}s")
        return items

    def keep(self, raw: Raw) -> Item:
        """What is kept of a resource."""
        return self._make(raw)

    def bad(self, message: str) -> IncompleteRead:
        """The error that says so."""
        return self._bad(message)

    def came(self, count: int) -> None:
        """So many came so far."""
        self._progress(count)


class _Reading(Generic[Item]):
    """One attempt, from the first page to the last."""

    def __init__(self, pager: Pager[Item], terms: Terms, condition: str) -> None:
        self._pager, self._terms, self._condition = pager, terms, condition
        self.items: dict[str, Item] = {}
        self.twice: set[str] = set()
        # Of every page that brought something: how many came, and the total that it named.
        self._sizes: list[int] = []
        self._totals: list[int | None] = []
        self._barren = self._repeats = 0
        # The first id of the list, and whether a later page began with it again.
        self._first: str | None = None
        self._ignored = self._doubted = False
        # How many of the next page came already, because the index moved by less than came.
        self._overlap = 0

    def run(self) -> None:
        """Page after page. Raises _MovedError where it must be begun anew."""
        self._pager.without_index |= self._terms.paging is Paging.NONE
        if self._terms.paging is Paging.CURSOR:
            self._by_cursor(self._page([(self._terms.first, None)] if self._terms.first else []))
        else:
            self._by_index()

    def check(self) -> None:
        """Hold what came against the totals. Raises _MovedError where something is missing."""
        named = [total for total in self._totals if total is not None]
        if not named or self._totals_of_pages or not self._terms.total_counts:
            return
        if len(set(named)) > 1:
            raise _MovedError(f"the list grew or shrank while it was read ({named[0]}, then {named[-1]})")
        if len(self.items) + self._repeats < named[-1]:
            raise _MovedError(f"{named[-1]} were announced and {len(self.items)} came{self._why_short()}")

    def _why_short(self) -> str:
        """What the pages told of why not all came, and what to set."""
        if self._pager.without_index:
            return f": the service refuses `startIndex`, and shows no more without it{SET_PAGING}"
        why = f": the service ignores `startIndex` and shows the same page again{SET_PAGING}"
        return why if self._ignored else ""

    @property
    def _totals_of_pages(self) -> bool:
        """Of several pages, each with a total of its own size: that is no total."""
        return len(self._sizes) > 1 and self._totals == self._sizes

    def other_count(self) -> int | None:
        """A page size by which the pages of a list of several end elsewhere."""
        count, largest = self._terms.count, max(self._sizes, default=0)
        return largest - 1 if count and len(self._sizes) > 1 and largest > 1 else count

    def _by_index(self) -> None:
        start = 1
        for _ in range(MAX_PAGES):
            try:
                body = self._page([("startIndex", str(start))])
                if start == 1 and self._terms.paging is Paging.AUTO and cursor_of(body):
                    self._terms = replace(self._terms, paging=Paging.CURSOR)
                    self._by_cursor(body)
                    return
                size, new = self._take(body)
            except ServiceError as error:
                if not self._is_end(start, error):
                    raise
                return
            self._bounded()
            self._doubted = False
            if not new:
                if size:
                    self._ignored = self._first == identifier(self._pager.resources(body)[0])
                    self._widen()
                return
            if self._pager.without_index:
                if self._totals[-1] is not None or self._terms.paging is Paging.NONE:
                    return
                # No total says that this was all: see that an index is refused still.
                self._pager.without_index, self._doubted = False, True
            # Who repeats one within a page may count it once or twice: what comes again does no harm.
            self._overlap = size - len({identifier(raw) for raw in self._pager.resources(body)})
            start += size - self._overlap
            total = self._totals[-1]
            if self._terms.total_trusted and total is not None and start > total:
                return
        raise self._endless()

    def _is_end(self, start: int, error: ServiceError) -> bool:
        """Whether an error is how this server answers an index past its end.

        All that was announced has come; or, where no total can be believed, a page from the last one on has
        room for more and shows nothing else.
        """
        if isinstance(error, (Denied, Throttled)) or not self._sizes or start == 1:
            return False
        if self._doubted:
            self._pager.without_index = isinstance(error, (Rejected, NotFound))
            return self._pager.without_index
        total = self._totals[-1]
        if total is not None and not self._totals_of_pages:
            return start > total
        if not isinstance(error, (Rejected, NotFound)) or max(self._sizes) == 1:
            return False
        try:
            shown = self._pager.resources(self._page([("startIndex", str(start - 1))]))
        except ServiceError:
            return False
        return [identifier(raw) for raw in shown] == list(self.items)[-1:]

    def _widen(self) -> None:
        """Ask for more at once, where the index means nothing and one full page may not have been all."""
        count = self._terms.count
        while count and len(self._sizes) == 1 and self._sizes[0] >= count:
            known = len(self.items)
            count = 2 * known
            self._terms = replace(self._terms, count=count)
            body = self._page([("startIndex", "1")])
            self._forget()
            self._take(body)
            self._bounded()
            if len(self.items) < known:
                raise _MovedError("the list shrank while it was read")
            if len(self.items) == known:
                return

    def _forget(self) -> None:
        self.items.clear()
        self.twice.clear()
        self._sizes.clear()
        self._totals.clear()
        self._barren = self._repeats = self._overlap = 0

    def _by_cursor(self, body: Raw) -> None:
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            self._take(body)
            self._bounded()
            cursor = self._next(body)
            if not cursor:
                return
            if cursor in seen:
                raise self._pager.bad("the same cursor came twice: the list would never end")
            if self._barren >= MAX_BARREN:
                raise self._pager.bad(f"{self._barren} pages in a row brought nothing, and none was the last")
            seen.add(cursor)
            body = self._page([("cursor", cursor)])
        raise self._endless()

    def _next(self, body: Raw) -> str:
        """The cursor of the next page, "" at the end; a number is taken for its digits."""
        found = find(body, "nextCursor")
        if found is None or isinstance(found, str):
            return found or ""
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        raise self._pager.bad("the cursor of the next page is none that can be sent")

    def _page(self, parts: list[tuple[str, str | None]]) -> Raw:
        """One page, without a page size where the server wants none of ours."""
        more: list[tuple[str, str | None]] = [("filter", self._condition)] if self._condition else []
        if self._pager.without_index:
            return self._pager.ask(more)
        count = self._terms.count
        try:
            return self._pager.ask([*parts, *([("count", str(count))] if count else []), *more])
        except Rejected as refusal:
            if refusal.reason in _BAD_CURSOR and self._sizes:
                raise _MovedError("the cursor ran out before the list did") from refusal
            if refusal.code != "400" or self._sizes or self._condition:
                raise
            if not count and parts[:1] != [("startIndex", "1")]:
                raise
        try:
            body = self._pager.ask([*parts, *more])
        except Rejected as refusal:
            if refusal.code != "400" or parts[:1] != [("startIndex", "1")]:
                raise
            # Perhaps it cannot page: then all of it comes with one answer.
            body = self._pager.ask(more)
            self._pager.without_index = True
        self._pager.without_count = True
        self._terms = replace(self._terms, count=None)
        return body

    def _take(self, body: Raw) -> tuple[int, int]:
        """Take in a page; how many came, and how many of them are new."""
        resources = self._pager.resources(body, later=bool(self.items))
        if resources and self._first is None:
            self._first = identifier(resources[0])
        again: list[str] = []
        before = len(self.items)
        for raw in resources:
            key = identifier(raw)
            assert key is not None
            if key in self.items:
                again.append(key)
            else:
                self.items[key] = self._pager.keep(raw)
        new = len(self.items) - before
        self._barren = 0 if new else self._barren + 1
        # A page of nothing but known ones is how some servers answer an index past their end.
        if new or self._terms.paging is Paging.CURSOR:
            self.twice.update(again)
            self._repeats += max(0, len(again) - self._overlap)
        if resources and new:
            self._sizes.append(len(resources))
            self._totals.append(total_of(body))
            self._pager.came(len(self.items))
        elif not self.items:
            self._sizes.append(0)
            self._totals.append(total_of(body))
        return len(resources), new

    def _bounded(self) -> None:
        """Raise IncompleteRead where far more came than there can be."""
        announced = self._totals if self._terms.total_counts and not self._totals_of_pages else []
        if why := beyond(len(self.items), announced):
            raise self._pager.bad(why)

    def _endless(self) -> IncompleteRead:
        return self._pager.bad(f"the list has not ended after {MAX_PAGES:,} pages")

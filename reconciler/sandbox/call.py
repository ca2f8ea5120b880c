"""One call of one operation, as its handler sees it, and the pages that it may answer with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox import tokens
from reconciler.sandbox.access.service import Access
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.directory.records import Hand
from reconciler.sandbox.faults import PAGE_FAULTS, Fault, FaultKind
from reconciler.sandbox.models import Operation
from reconciler.sandbox.world import Directory

Answer = dict[str, Any]
Handler = Callable[["Call"], Answer]
# What follows a row number, at most so many: (row number, item as answered).
Rows = Callable[[int, int], Sequence[tuple[int, Any]]]


@dataclass(frozen=True, slots=True)
class Call:
    """An operation with checked parameters, inside an open transaction on `db`.

    `region` is the one that the caller signed for, `meta` the identity of the store, `faults` what
    shall go wrong. `largest_page` is how many items any page may have, also where the operation allows more.
    """

    operation: Operation
    params: Mapping[str, Any]
    region: str
    db: sqlite3.Connection
    meta: Mapping[str, str]
    directory: Directory
    access: Access
    hand: Hand
    faults: Sequence[Fault] = ()
    largest_page: int | None = None

    def fault(self, kind: FaultKind) -> Fault | None:
        """The first fault of this kind that hits the call."""
        return next((fault for fault in self.faults if fault.kind is kind), None)

    def page(self, rows: Rows, *, most: int, bad_token: ApiError) -> Answer:
        """One page of `rows`, with a token where there is more; `most` is the page's default and maximum.

        A page is made from the row number that the token carries, so that it survives the deletion of any
        row. The faults of pages are made here.
        """
        key = self.operation.list_key
        assert key is not None, f"{self.operation.label} does not page"
        token, after = self.params.get("NextToken"), 0
        if token:
            redeemed = tokens.redeem(self.operation.label, self.params, token)
            if redeemed is None:
                raise bad_token
            after = redeemed
        wrong = {fault.kind for fault in self.faults} & PAGE_FAULTS
        if FaultKind.EMPTY_PAGE in wrong:
            return {key: [], "NextToken": self._token(after)}
        size = min(self.params.get("MaxResults", most), most, self.largest_page or most)
        size = 1 if FaultKind.SHORT_PAGE in wrong else size
        found = rows(after, size + 1)
        if FaultKind.LOSE_PAGE in wrong:
            found = rows(found[:size][-1][0], size + 1) if found else found
        answer: Answer = {key: [item for _, item in found[:size]]}
        if len(found) > size:
            answer["NextToken"] = self._token(found[size - 1][0])
        if FaultKind.REPEAT_PAGE in wrong:
            answer["NextToken"] = self._token(after)
        if FaultKind.LOOP in wrong:
            answer["NextToken"] = token or self._token(after)
        return answer

    def _token(self, after: int) -> str:
        return tokens.issue(self.operation.label, self.params, after)

"""One call of the SCIM endpoint, as its handler sees it, and the lists that it may answer with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox import tokens
from reconciler.sandbox.directory.records import Hand
from reconciler.sandbox.faults import PAGE_FAULTS, Fault, FaultKind
from reconciler.sandbox.faulty_replies import Reply
from reconciler.sandbox.scim.answers import UNPARSABLE, refused
from reconciler.sandbox.world import Directory

Resource = dict[str, Any]
Handler = Callable[["Call"], Reply]
# What follows a row number, at most so many: (row number, resource).
Rows = Callable[[int, int], Sequence[tuple[int, Resource]]]

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# "count: 1 to 100", and as many where it is not given.
MOST = 100
_COUNT = re.compile("[0-9]{1,3}")
# Membership changes in one request.
MOST_MEMBERS = 100
# A cursor matches [-a-zA-Z0-9+=/:_]*, which is not safe in an address: a client
# that does not encode it loses it.
_MARK = "c+/:"


@dataclass(frozen=True, slots=True)
class Call:
    """An operation, inside an open transaction.

    `identifier` is what the path names ("" where it names none), `body` the JSON object that was sent,
    `charge` counts changes of memberships against their own quota and raises ThrottlingException.
    """

    operation: str
    identifier: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    directory: Directory
    hand: Hand
    faults: Sequence[Fault]
    charge: Callable[[int], None]

    def page(self, rows: Rows) -> Resource:
        """One page of `rows`.

        With the parameter `cursor`, empty for the first page, there is a nextCursor as long as there is more,
        and no totalResults. Without it there is one page, whose totalResults is its own size: nothing says
        that there is more.
        """
        count = self._count()
        if "cursor" not in self.query:
            found = [resource for _, resource in rows(0, count)]
            total = {"totalResults": len(found), "itemsPerPage": len(found), "startIndex": 1}
            return {**total, "schemas": [LIST], "Resources": found}
        cursor, after = self.query["cursor"], 0
        if cursor:
            redeemed = tokens.redeem(self.operation, self._bound(), cursor.removeprefix(_MARK))
            if redeemed is None or not cursor.startswith(_MARK):
                raise refused("The cursor is invalid, or belongs to another request.")
            after = redeemed
        return self._cursor_page(rows, cursor, after, count)

    def _cursor_page(self, rows: Rows, cursor: str, after: int, count: int) -> Resource:
        wrong = {fault.kind for fault in self.faults} & PAGE_FAULTS
        if FaultKind.EMPTY_PAGE in wrong:
            return _listed([], self._cursor(after))
        size = 1 if FaultKind.SHORT_PAGE in wrong else count
        found = rows(after, size + 1)
        if FaultKind.LOSE_PAGE in wrong:
            found = rows(found[:size][-1][0], size + 1) if found else found
        following = self._cursor(found[size - 1][0]) if len(found) > size else None
        if FaultKind.REPEAT_PAGE in wrong:
            following = self._cursor(after)
        if FaultKind.LOOP in wrong:
            following = cursor or self._cursor(after)
        return _listed([resource for _, resource in found[:size]], following)

    def _count(self) -> int:
        written = self.query.get("count")
        if written is None:
            return MOST
        if not (_COUNT.fullmatch(written) and 1 <= int(written) <= MOST):
            raise refused(f"count must be between 1 and {MOST}")
        return int(written)

    def _bound(self) -> Mapping[str, str]:
        """What must be the same on every page."""
        return {name: value for name, value in self.query.items() if name != "cursor"}

    def _cursor(self, after: int) -> str:
        return _MARK + tokens.issue(self.operation, self._bound(), after)


def operations(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The operations of a PATCH, each with its `op`, and with path and value where it needs them.

    Raises ValidationException.
    """
    if body.get("schemas") != [PATCH]:
        raise refused(f"schemas must be {PATCH}")
    found = body.get("Operations")
    if not isinstance(found, list) or not found or set(body) != {"schemas", "Operations"}:
        raise refused(UNPARSABLE)
    for operation in found:
        if not isinstance(operation, dict) or not set(operation) <= {"op", "path", "value"}:
            raise refused(UNPARSABLE)
        op, path = operation.get("op"), operation.get("path")
        if op not in {"add", "replace", "remove"}:
            raise refused("op must be add, replace or remove")
        if path is not None and (not isinstance(path, str) or not path):
            raise refused("path must be a string that is not empty")
        if op == "remove" and path is None:
            raise refused("path is required for remove")
        if op != "remove" and operation.get("value") is None:
            raise refused(f"value is required for {op}")
    return [_with_path(operation) for operation in found]


def _with_path(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The operation with its path written out: it may be left out for one single attribute."""
    if operation.get("path") is not None:
        return operation
    value = operation["value"]
    if not isinstance(value, dict) or len(value) != 1:
        raise refused(
            'Current PATCH support allows omitting "path" attribute only for Add and Replace operations'
            " modifying a single attribute."
        )
    ((path, content),) = value.items()
    if content is None:
        raise refused(f"value is required for {operation['op']}")
    return {"op": operation["op"], "path": path, "value": content}


def _listed(resources: Sequence[Resource], following: str | None) -> Resource:
    cursor = {} if following is None else {"nextCursor": following}
    return {"itemsPerPage": len(resources), **cursor, "schemas": [LIST], "Resources": resources}

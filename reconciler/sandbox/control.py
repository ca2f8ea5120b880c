"""`/_sandbox`: the sandbox's own address, for another process that wants to know, count or break something.

GET    /_sandbox                  speed, ids, number of requests
GET    /_sandbox/counts           requests by service.Operation
GET    /_sandbox/requests?since=N requests after number N
DELETE /_sandbox/requests         forget them
GET    /_sandbox/faults           faults that can still hit
POST   /_sandbox/faults           switch one on: {"kind": "throttle", "operation": "identitystore.*"}
DELETE /_sandbox/faults           switch all off
POST   /_sandbox/console/NAME     a method of Console: {"group": "Platform", "user": "ada@example.com"}
GET    /_sandbox/console/NAME     users, groups, memberships, accounts, permission_sets, assignments
                                  or scim_tokens
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.console import Console
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.faulty_replies import Reply
from reconciler.sandbox.journal import Journal

_READS = ("users", "groups", "memberships", "accounts", "permission_sets", "assignments", "scim_tokens")


class Control:
    """Answers what is asked under /_sandbox. It goes into no journal and runs into no fault."""

    def __init__(
        self, info: Callable[[], Mapping[str, Any]], faults: Faults, journal: Journal, console: Console
    ) -> None:
        self._info, self._faults, self._journal, self._console = info, faults, journal, console

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Carry out one request."""
        address = urlsplit(path)
        parts = address.path.strip("/").split("/")[1:]
        # A page in a browser cannot send this type to another origin without asking first.
        if method == "POST" and not headers.get("content-type", "").startswith("application/json"):
            return _reply(415, {"error": "send application/json"})
        try:
            if parts[:1] == ["console"] and len(parts) == 2:
                return self._use_console(method, parts[1], json.loads(body or b"{}"))
            return self._look(method, "/".join(parts), parse_qs(address.query), body)
        except (ValueError, TypeError, KeyError) as error:
            return _reply(400, {"error": str(error)})
        except ApiError as error:
            return _reply(400, {"error": f"{error.code}: {error.message}"})

    def _look(self, method: str, what: str, query: Mapping[str, list[str]], body: bytes) -> Reply:
        match method, what:
            case "GET", "":
                return _reply(200, self._info())
            case "GET", "counts":
                return _reply(200, self._journal.counts())
            case "GET", "requests":
                since = int(query.get("since", ["0"])[0])
                return _reply(200, [asdict(entry) for entry in self._journal if entry.number > since])
            case "DELETE", "requests":
                self._journal.clear()
                return _reply(200, {})
            case "GET", "faults":
                return _reply(200, [asdict(fault) for fault in self._faults.pending()])
            case "POST", "faults":
                return _reply(200, asdict(self._faults.add(**_object(body))))
            case "DELETE", "faults":
                self._faults.clear()
                return _reply(200, {})
        return _reply(404, {"error": f"there is no {method} /_sandbox/{what}"})

    def _use_console(self, method: str, name: str, arguments: Any) -> Reply:
        known = {
            name: function
            for name, function in inspect.getmembers(self._console, inspect.ismethod)
            if not name.startswith("_")
        }
        if name not in known or method not in {"GET", "POST"} or (method == "GET" and name not in _READS):
            return _reply(404, {"error": f"the console has {', '.join(sorted(known))}"})
        result = known[name](**arguments)
        if isinstance(result, Mapping):
            result = {
                key: sorted(value) if isinstance(value, frozenset) else value for key, value in result.items()
            }
        return _reply(200, sorted(result) if isinstance(result, frozenset) else result)


def _object(body: bytes) -> dict[str, Any]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise TypeError("send a JSON object")
    return value


def _reply(status: int, value: Any) -> Reply:
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), content_type="application/json")

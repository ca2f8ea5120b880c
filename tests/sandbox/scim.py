"""A SCIM client that knows nothing: it sends what it is told, byte for byte, and hands back what came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

from reconciler.sandbox import Sandbox

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
UNPARSABLE = "Request is unparsable, syntactically incorrect, or violates schema."
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Scim:
    """The endpoint of a running sandbox. `token` None sends no token at all."""

    def __init__(self, sandbox: Sandbox, token: str | None = None) -> None:
        self._address = urlsplit(sandbox.scim_url)
        self.token: str | None = token or sandbox.scim_token()

    def __call__(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request; `path` is relative to the base address, `body` JSON, or bytes as they are."""
        assert self._address.hostname is not None
        connection = HTTPConnection(self._address.hostname, self._address.port, timeout=600)
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method, self._address.path + path, data, {**sent, **(headers or {})})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def ok(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The body of a request that must end with `status`."""
        answer = self(method, path, body)
        assert answer.status == status, (answer.status, answer.raw)
        return answer.body if answer.raw else None

    def refused(self, method: str, path: str, body: Any = None, *, status: int = 400) -> str:
        """The detail of a request that must be refused with `status`, in the documented form of an error."""
        answer = self(method, path, body)
        assert answer.status == status, (answer.status, answer.raw)
        error = answer.body
        assert set(error) == {"schema", "schemas", "detail", "status", "exceptionRequestId", "timeStamp"}
        assert (error["schemas"], error["status"]) == ([ERROR], str(status))
        detail: str = error["detail"]
        return detail

    def add_user(self, name: str, **more: Any) -> str:
        identifier: str = self.ok("POST", "Users", person(name, **more), status=201)["id"]
        return identifier

    def add_group(self, name: str, **more: Any) -> str:
        identifier: str = self.ok("POST", "Groups", {"displayName": name, **more}, status=201)["id"]
        return identifier

    def user(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ok("GET", f"Users/{identifier}")
        return found

    def found(self, kind: str, filter_: str) -> list[str]:
        """Ids that a filter finds, by one page with a cursor."""
        page = self.ok("GET", f"{kind}?cursor&filter={quote(filter_)}")
        assert "nextCursor" not in page
        return [resource["id"] for resource in page["Resources"]]

    def pages(self, kind: str, *, count: int, most: int = 8, more: str = "") -> list[list[str]]:
        """At most so many pages, by user name or display name."""
        pages: list[list[str]] = []
        cursor = ""
        for _ in range(most):
            page = self.ok("GET", f"{kind}?cursor={quote(cursor, safe='')}&count={count}{more}")
            assert "totalResults" not in page
            assert "startIndex" not in page
            assert page["itemsPerPage"] == len(page["Resources"])
            pages.append([item.get("userName", item["displayName"]) for item in page["Resources"]])
            if "nextCursor" not in page:
                break
            cursor = page["nextCursor"]
        return pages


def person(user_name: str, /, **more: Any) -> dict[str, Any]:
    """What a user needs at least."""
    return {
        "userName": user_name,
        "displayName": "Ada L",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        **more,
    }


def patch(*operations: Mapping[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def members(op: str, *users: str) -> dict[str, Any]:
    return {"op": op, "path": "members", "value": [{"value": user} for user in users]}

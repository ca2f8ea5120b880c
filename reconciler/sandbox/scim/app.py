"""From the bytes of a SCIM request to the bytes of an answer: token, faults, throttle, transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.sandbox.cloudtrail.recording import Actor
from reconciler.sandbox.directory.records import Hand
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.faulty_replies import Reply, before
from reconciler.sandbox.scim import bearer, discovery, groups, users
from reconciler.sandbox.scim.answers import (
    UNPARSABLE,
    Words,
    of_another_api,
    redirected,
    refusal,
    refused,
    throttled,
    unauthorized,
)
from reconciler.sandbox.scim.call import Call, Handler
from reconciler.sandbox.serving import Service

SERVICE = "scim"
# The fifteen operations of the developer guide.
HANDLERS: Mapping[str, Handler] = {**users.OPERATIONS, **groups.OPERATIONS, **discovery.OPERATIONS}

# By method, resource, and whether one of them is named. There is no PUT of groups, no /Me, /Bulk, /.search.
_ROUTES: Mapping[tuple[str, str, bool], str] = {
    ("GET", "ServiceProviderConfig", False): "ServiceProviderConfig",
    ("GET", "ResourceTypes", False): "ListResourceTypes",
    ("GET", "Schemas", False): "ListSchemas",
    ("GET", "Schemas", True): "GetSchema",
    ("POST", "Users", False): "CreateUser",
    ("GET", "Users", False): "ListUsers",
    ("GET", "Users", True): "GetUser",
    ("PUT", "Users", True): "PutUser",
    ("PATCH", "Users", True): "PatchUser",
    ("DELETE", "Users", True): "DeleteUser",
    ("POST", "Groups", False): "CreateGroup",
    ("GET", "Groups", False): "ListGroups",
    ("GET", "Groups", True): "GetGroup",
    ("PATCH", "Groups", True): "PatchGroup",
    ("DELETE", "Groups", True): "DeleteGroup",
}
_WITH_BODY = frozenset(("CreateUser", "PutUser", "PatchUser", "CreateGroup", "PatchGroup"))
_LISTS = frozenset(("ListUsers", "ListGroups"))
_PARAMETERS = frozenset(("cursor", "count", "filter"))
_ADDRESS = re.compile(r"/(?P<tenant>[^/?]+)/scim/v2(?:/(?P<rest>[^?]*))?(?:\?.*)?", re.DOTALL)
# Who wrote, as the trail of a record has it; what AWS writes there for SCIM is not documented.
_WRITER = "identitystore-scim.amazonaws.com"


def is_meant(path: str) -> bool:
    """Whether a request for `path` is one for this endpoint."""
    return _ADDRESS.fullmatch(path) is not None


@dataclass(slots=True)
class ScimApp(Service):
    """The endpoint, at `/<tenant>/scim/v2/`."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Carry out one request. Nothing is raised: what goes wrong is an answer."""
        address = _ADDRESS.fullmatch(path)
        assert address is not None, "the caller asks is_meant first"
        kind, _, named = (address["rest"] or "").strip("/").partition("/")
        # A second segment below a resource leads nowhere.
        operation = None if "/" in named else _ROUTES.get((method, kind, bool(named)))

        def work(faults: Sequence[Fault], _: str) -> Reply:
            elsewhere = redirected(faults)
            if elsewhere is not None:
                return elsewhere
            self._check_token(address["tenant"], headers)
            if operation is None:
                raise refused("The operation is not supported.")
            before(faults, lambda fault: refusal(operation, fault))
            self._check_rate(operation)
            query = _query(operation, urlsplit(path).query)
            sent = _object(body) if operation in _WITH_BODY else {}
            return of_another_api(
                self._transact(operation, unquote(named), query, sent, faults, headers.get("user-agent", "")),
                faults,
            )

        return self.serve(f"{SERVICE}.{operation or 'Unknown'}", Words(self.clock), work)

    def _check_token(self, tenant: str, headers: Mapping[str, str]) -> None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        with self.world.store.transaction() as db:
            known = bearer.valid(db, token, self.clock.now())
        if not known or scheme.lower() != "bearer" or tenant != self.world.store.meta()["scim_tenant"]:
            raise unauthorized()

    def _check_rate(self, operation: str) -> None:
        reads = operation.startswith(("Get", "List", "Service"))
        family = f"{SERVICE}-{'read' if reads else 'write'}"
        if self.throttle and not self.throttle.takes(family, f"{SERVICE}.{operation}"):
            raise throttled()

    def _charge(self, changes: int) -> None:
        """Count changes of memberships, each of which is a transaction of a quota of its own."""
        family = f"{SERVICE}-membership"
        if changes and self.throttle and not self.throttle.takes(family, family, changes):
            raise throttled()

    def _transact(
        self,
        operation: str,
        identifier: str,
        query: Mapping[str, str],
        sent: Mapping[str, Any],
        faults: Sequence[Fault],
        agent: str,
    ) -> Reply:
        """Run the handler; what it refuses leaves nothing behind."""
        actor = Actor("scim", agent=agent)
        with self.world.store.acting(actor), self.world.store.transaction() as db:
            call = Call(
                operation=operation,
                identifier=identifier,
                query=query,
                body=sent,
                directory=self.world.directory(db),
                hand=Hand(_WRITER, self.clock.now()),
                faults=faults,
                charge=self._charge,
            )
            return HANDLERS[operation](call)


def _query(operation: str, text: str) -> Mapping[str, str]:
    """The parameters, of which only lists have any: `?cursor` is one with an empty value.

    "startIndex, attributes and excludedAttributes are not supported" (developer guide, ListUsers): refused.
    """
    pairs = parse_qsl(text, keep_blank_values=True)
    allowed = _PARAMETERS if operation in _LISTS else frozenset[str]()
    for name, _ in pairs:
        if name not in allowed:
            raise refused(f"The parameter {name} is not supported")
    if len(dict(pairs)) < len(pairs):
        raise refused("A parameter may be given once")
    return dict(pairs)


def _object(body: bytes) -> Mapping[str, Any]:
    """The JSON object that was sent, in UTF-8. Raises ValidationException."""
    try:
        value = json.loads(body)
        # A lone surrogate is valid JSON and no text: no database and no answer can hold it.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise refused(UNPARSABLE) from error
    if not isinstance(value, dict):
        raise refused(UNPARSABLE)
    return value

"""Whatever a client sends, the sandbox answers, or refuses in the service's words; it never breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.access.grants import Grant
from reconciler.sandbox.access.requests import Orders
from reconciler.sandbox.app import HANDLERS, App
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.directory.records import Hand
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.journal import Journal
from reconciler.sandbox.models import service_model
from reconciler.sandbox.store import Store
from reconciler.sandbox.world import World
from tests.sandbox.aws import ENTERPRISE, person

TEXTS = st.one_of(
    st.sampled_from(
        (
            "ada",
            "ADA",
            "Platform",
            "userName",
            "displayName",
            "emails",
            "emails.value",
            "name.givenName",
            "name",
            "title",
        )
    ),
    st.sampled_from(
        (ENTERPRISE, f"{ENTERPRISE}.manager", f"{ENTERPRISE}.manager.value", f"{ENTERPRISE}.department")
    ),
    st.text(max_size=8),
    st.from_regex(r"arn:aws:identitystore:::(user|group)/[0-9a-f]{8}", fullmatch=True),
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 200) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("value", "type", "primary", "manager", "department", "givenName")), inner
        )
    ),
    max_leaves=5,
)


def values(shapes: dict[str, Any], name: str, known: dict[str, str]) -> st.SearchStrategy[Any]:
    """What a client might send for a shape: mostly of its type, and of ids mostly such as exist."""
    shape = shapes[name]
    if name in known:
        return st.just(known[name])
    if shape.get("document"):
        return DOCUMENTS
    kind = shape["type"]
    made: st.SearchStrategy[Any]
    if kind == "structure":
        required = set(shape.get("required", ()))
        members = {key: values(shapes, member["shape"], known) for key, member in shape["members"].items()}
        made = st.fixed_dictionaries(
            {key: value for key, value in members.items() if key in required},
            optional={key: value for key, value in members.items() if key not in required},
        )
    elif kind == "list":
        made = st.lists(values(shapes, shape["member"]["shape"], known), max_size=3)
    elif kind == "map":
        made = st.dictionaries(st.sampled_from((ENTERPRISE, "x")), DOCUMENTS, max_size=2)
    elif kind == "string":
        made = st.sampled_from(shape["enum"]) if shape.get("enum") else TEXTS
    elif kind == "boolean":
        made = st.booleans()
    else:
        made = st.integers(-1, 101)
    return made


ACCOUNT = "111111111111"
OPERATIONS = [(service, name) for service, handlers in HANDLERS.items() for name in sorted(handlers)]


class Undo(Exception):
    """Raised to roll back what an example did."""


@dataclass(frozen=True)
class Stage:
    """A world in which there is one of everything."""

    world: World
    user: str
    group: str
    permission_set: str
    requests: list[str]

    def known(self, data: st.DataObject) -> dict[str, str]:
        """What a client might know, by shape."""
        meta = self.world.store.meta()
        return {
            "IdentityStoreId": meta["identity_store_id"],
            "InstanceArn": meta["instance_arn"],
            "ResourceId": data.draw(st.sampled_from((self.user, self.group))),
            "ParentId": meta["root_id"],
            "AccountId": ACCOUNT,
            "TargetId": ACCOUNT,
            "PermissionSetArn": self.permission_set,
            "TaggableResourceArn": self.permission_set,
            "PrincipalId": data.draw(st.sampled_from((self.user, self.group))),
            "UUId": data.draw(st.sampled_from(self.requests)),
        }


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    store = Store(None, region="us-east-1", management_account=ACCOUNT, created_at=0.0)
    world, hand = World(store), Hand("test", 0.0)
    with store.transaction() as db:
        directory, access = world.directory(db), world.access(db, 0.0)
        user = directory.users.add(person("ada"), hand).id
        group = directory.groups.add({"DisplayName": "Platform"}, hand).id
        directory.memberships.add(group, user, hand)
        found = access.sets.add("Admin", {}, 0.0)
        access.grants.add(Grant(found.id, ACCOUNT, "GROUP", group))
        access.roles.put(found, ACCOUNT, 1)
        asked = [
            access.requests.assign(found, Grant(found.id, ACCOUNT, "USER", user), Orders()),
            access.requests.unassign(found, Grant(found.id, ACCOUNT, "GROUP", group), Orders()),
            access.requests.provision(found, ACCOUNT, Orders()),
        ]
    yield Stage(world, user, group, found.id, [request.id for request in asked])
    store.close()


@cache
def shapes_of(service: str) -> dict[str, Any]:
    shapes: dict[str, Any] = Loader().load_service_model(service, "service-2")["shapes"]
    return shapes


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=[".".join(pair) for pair in OPERATIONS])
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_request_breaks_the_sandbox(
    stage: Stage, service: str, operation: str, data: st.DataObject
) -> None:
    model = service_model(service)
    app = App(stage.world, SandboxClock(), Faults(), Journal(), None, 0)
    named = model.operations[operation]
    params = data.draw(values(shapes_of(service), named.input, stage.known(data))) if named.input else {}
    headers = {
        "x-amz-target": f"{model.target_prefix}.{operation}",
        "authorization": f"Credential=AKID/20261123/us-east-1/{model.signing_name}/aws4_request",
    }
    with suppress(Undo), stage.world.store.transaction():
        reply = app.answer(headers, json.dumps(params).encode())
        assert reply.status in {200, 400}, reply.body
        raise Undo

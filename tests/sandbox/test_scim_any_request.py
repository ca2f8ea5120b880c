"""Whatever a SCIM client sends, the endpoint answers, or refuses in AWS's words; it never breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.directory.records import Hand
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.journal import Journal
from reconciler.sandbox.scim import bearer
from reconciler.sandbox.scim.answers import STATUS
from reconciler.sandbox.scim.app import ScimApp, is_meant
from reconciler.sandbox.store import Store
from reconciler.sandbox.world import World
from tests.sandbox.scim import ENTERPRISE, GROUP, PATCH, USER, person

NAMES = st.sampled_from(
    [
        *("userName", "displayName", "externalId", "title", "active", "name", "emails", "addresses"),
        *("phoneNumbers", "roles", "members", "meta", "id", "schemas", "value", "type", "primary"),
        *("givenName", "manager", "department", "groups", "password", "op", "path", "Operations", ENTERPRISE),
    ]
)
PATHS = NAMES | st.sampled_from(
    [
        "name.givenName",
        "emails.value",
        'emails[type eq "work"].value',
        "emails[primary eq true]",
        'phoneNumbers[type eq "work"]',
        f"{ENTERPRISE}:department",
        f"{ENTERPRISE}:manager",
        f"{ENTERPRISE}:manager.value",
        f"{ENTERPRISE}:a.b.c",
        f"{ENTERPRISE}:",
        'members[value eq "x"]',
        'emails[value eq "\\ud800"]',
    ]
)
TEXTS = st.one_of(st.sampled_from(("ada", "ADA", "Platform", "", USER, GROUP, PATCH)), st.text(max_size=8))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 200) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


class Undo(Exception):
    """Ends a transaction whose work is not wanted."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A world with one user in one group."""
    store = Store(None, region="us-east-1", management_account="111111111111", created_at=0.0)
    world = World(store)
    with store.transaction() as db:
        directory, hand = world.directory(db), Hand("test", 0.0)
        body = {
            "UserName": "ada",
            "DisplayName": "A",
            "Name": {"GivenName": "A", "FamilyName": "L"},
            "Emails": [{"Value": "a@example.com", "Type": "work", "Primary": True}],
        }
        user, group = directory.users.add(body, hand), directory.groups.add({"DisplayName": "Platform"}, hand)
        directory.memberships.add(group.id, user.id, hand)
    yield world
    store.close()


def ids(world: World) -> tuple[str, str]:
    with world.store.transaction() as db:
        directory = world.directory(db)
        return directory.users.page(0, 1)[0].id, directory.groups.page(0, 1)[0].id


def bodies(user: str) -> st.SearchStrategy[Any]:
    members = st.lists(st.fixed_dictionaries({"value": st.sampled_from((user, "x"))}), max_size=2)
    values = DOCUMENTS | members
    operation = st.fixed_dictionaries(
        {"op": st.sampled_from(("add", "replace", "remove", "x"))}, optional={"path": PATHS, "value": values}
    )
    patch = st.fixed_dictionaries(
        {"schemas": st.just([PATCH]), "Operations": st.lists(operation, max_size=4)}
    )
    made = st.dictionaries(NAMES, DOCUMENTS, max_size=4).map(lambda more: {**person("bob"), **more})
    group = st.fixed_dictionaries({"displayName": TEXTS}, optional={"members": values, "externalId": TEXTS})
    return st.one_of(DOCUMENTS, patch, patch, made, group)


QUERIES = st.dictionaries(
    st.sampled_from(("cursor", "count", "filter", "startIndex")),
    TEXTS
    | st.sampled_from(
        (
            "1",
            "100",
            'userName eq "ada"',
            'id eq "x" and manager eq "y"',
            "a eq b and",
            'userName eq "\\ud800"',
        )
    ),
    max_size=3,
)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_request_is_answered_or_refused_in_the_form_of_aws(world: World, data: st.DataObject) -> None:
    app = ScimApp(world, SandboxClock(), Faults(), Journal(), None, 0)
    user, group = ids(world)
    method = data.draw(st.sampled_from(("GET", "POST", "PUT", "PATCH", "DELETE")))
    resource = data.draw(st.sampled_from(("Users", "Groups", "Schemas", "Bulk", "")))
    named = data.draw(st.sampled_from(("", f"/{user}", f"/{group}", "/x", "/%ff", "/a/b")))
    query = "&".join(f"{name}={quote(value)}" for name, value in data.draw(QUERIES).items())
    path = f"/{world.store.meta()['scim_tenant']}/scim/v2/{resource}{named}?{query}"
    assert is_meant(path)
    try:
        with world.store.transaction() as db:
            token = bearer.create(db, app.clock.now())
            body = json.dumps(data.draw(bodies(user))).encode()
            reply = app.answer(method, path, {"authorization": f"Bearer {token}"}, body)
            raise Undo
    except Undo:
        pass
    assert reply.status in {200, 201, 204, *STATUS.values()} - {401, 403, 429, 500}, reply.body
    if reply.status == 204:
        assert reply.body == b""
    else:
        answer = json.loads(reply.body)
        assert "schemas" in answer
        assert reply.status < 400 or answer["status"] == str(reply.status)

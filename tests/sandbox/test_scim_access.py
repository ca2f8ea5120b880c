"""Who may use the SCIM endpoint, where it is, what it says of itself, and what it does not have."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reconciler.errors import ReconcilerError
from reconciler.sandbox import ApiError, Sandbox
from tests.sandbox.aws import Aws
from tests.sandbox.scim import ENTERPRISE, GROUP, USER, Scim, person
from tests.sandbox.sso import StillClock

YEAR = 365 * 24 * 3600


def test_a_token_and_the_tenant_open_the_endpoint(sandbox: Sandbox, scim: Scim) -> None:
    assert scim.token is not None
    assert re.fullmatch(r"[0-9a-zA-Z/=+\-\\]{500,620}", scim.token)
    assert re.fullmatch(
        rf"{sandbox.url}/[0-9a-f]{{8,11}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}/scim/v2/",
        sandbox.scim_url,
    )
    scim.ok("GET", "Users?cursor")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"],
)
def test_without_a_valid_token_nothing_is_done(
    sandbox: Sandbox, scim: Scim, authorization: str | None
) -> None:
    token, scim.token = scim.token, None
    headers = {} if authorization is None else {"Authorization": authorization.format(token=token)}
    answer = scim("POST", "Users", person("ada"), headers=headers)
    assert (answer.status, answer.body["status"]) == (401, "401")
    assert sandbox.store.users() == {}
    assert [entry.code for entry in sandbox.requests] == ["UnauthorizedException"]


def test_the_scheme_of_the_token_is_written_in_any_case(scim: Scim) -> None:
    token, scim.token = scim.token, None
    assert scim("GET", "Users", headers={"Authorization": f"bearer {token}"}).status == 200


def test_a_token_opens_its_own_directory_only(sandbox: Sandbox, scim: Scim) -> None:
    with Sandbox(throttling=False, latency=0) as other:
        assert Scim(other, scim.token)("GET", "Users").status == 401
    address = urlsplit(sandbox.scim_url)
    with closing(HTTPConnection("127.0.0.1", sandbox.port, timeout=600)) as connection:
        headers = {"Authorization": f"Bearer {scim.token}"}
        connection.request("GET", "/" + "a" * 11 + address.path[12:] + "Users", headers=headers)
        assert connection.getresponse().status == 401


def test_a_directory_has_two_tokens_at_most_and_a_deleted_one_is_dead(sandbox: Sandbox) -> None:
    first, second = sandbox.store.create_scim_token(), sandbox.store.create_scim_token()
    assert first != second
    with pytest.raises(ApiError, match="2 access tokens at most"):
        sandbox.store.create_scim_token()
    Scim(sandbox, first).ok("GET", "Users")
    Scim(sandbox, second).ok("GET", "Users")
    sandbox.store.delete_scim_token(next(iter(sandbox.store.scim_tokens())))
    assert Scim(sandbox, first)("GET", "Users").status == 401
    Scim(sandbox, second).ok("GET", "Users")
    Scim(sandbox, sandbox.store.create_scim_token()).ok("GET", "Users")


def test_a_token_that_is_not_there_cannot_be_deleted(sandbox: Sandbox) -> None:
    with pytest.raises(ApiError, match="no access token nothing"):
        sandbox.store.delete_scim_token("nothing")


def test_a_token_expires_after_a_year_and_still_counts() -> None:
    clock = StillClock()
    with Sandbox(throttling=False, latency=0, clock=clock) as sandbox:
        old = sandbox.store.create_scim_token()
        ((_, shown),) = sandbox.store.scim_tokens().items()
        assert shown == {"created_at": clock.at, "expires_at": clock.at + YEAR}
        clock.push(YEAR - 1)
        Scim(sandbox, old).ok("GET", "Users")
        clock.push(1)
        assert Scim(sandbox, old)("GET", "Users").status == 401
        sandbox.store.create_scim_token()
        with pytest.raises(ApiError, match="expired ones included"):
            sandbox.store.create_scim_token()


def test_the_sandbox_has_a_token_of_its_own_which_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, throttling=False, latency=0) as first:
        token, address = first.scim_token(), urlsplit(first.scim_url).path
        assert first.scim_token() == token
        Scim(first).add_user("ada")
    with Sandbox(path, throttling=False, latency=0) as second:
        assert (second.scim_token(), urlsplit(second.scim_url).path) == (token, address)
        assert [user["userName"] for user in Scim(second).ok("GET", "Users")["Resources"]] == ["ada"]
        assert len(second.store.scim_tokens()) == 1


def test_the_sandbox_replaces_its_own_token_when_it_ran_out_or_was_deleted() -> None:
    clock = StillClock()
    with Sandbox(throttling=False, latency=0, clock=clock) as sandbox:
        old = sandbox.scim_token()
        clock.push(YEAR)
        new = sandbox.scim_token()
        assert new != old
        Scim(sandbox, new).ok("GET", "Users")
        (identifier,) = sandbox.store.scim_tokens()
        sandbox.store.delete_scim_token(identifier)
        assert Scim(sandbox, new)("GET", "Users").status == 401
        assert sandbox.scim_token() not in {old, new}
        assert len(sandbox.store.scim_tokens()) == 1


def test_two_servers_over_one_file_share_their_own_token(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, throttling=False, latency=0) as one, Sandbox(path, throttling=False, latency=0) as two:
        # Both have looked at the file before there was a token.
        assert one.scim_url != two.scim_url
        token = one.scim_token()
        assert two.scim_token() == token
        Scim(two, token).add_user("ada")
        assert set(one.store.users()) == {"ada"}


def test_the_sandbox_has_no_third_token_for_itself(sandbox: Sandbox) -> None:
    for _ in range(2):
        sandbox.store.create_scim_token()
    with pytest.raises(ReconcilerError, match="delete one first"):
        sandbox.scim_token()


def test_the_file_has_no_token_of_the_console_in_clear(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, throttling=False, latency=0) as sandbox:
        token = sandbox.store.create_scim_token()
        Scim(sandbox, token).ok("GET", "Users")
    with closing(sqlite3.connect(path)) as db:
        held = "\n".join(db.iterdump())
    assert "scim_tokens" in held
    assert token not in held


def test_a_file_of_the_version_before_gets_a_tenant_and_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, latency=0) as sandbox:
        sandbox.store.add_user("ada")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM meta WHERE key = 'scim_tenant'")
        db.execute("DROP TABLE scim_tokens")
    addresses = []
    for _ in range(2):
        with Sandbox(path, latency=0, throttling=False) as sandbox:
            addresses.append(urlsplit(sandbox.scim_url).path)
            assert len(Scim(sandbox).ok("GET", "Users")["Resources"]) == 1
    assert addresses[0] == addresses[1]


def test_it_says_of_itself_what_aws_was_recorded_to_say(scim: Scim) -> None:
    config = scim.ok("GET", "ServiceProviderConfig")
    supported = {name: value["supported"] for name, value in config.items() if isinstance(value, dict)}
    assert supported == {
        "patch": True,
        "bulk": False,
        "filter": True,
        "changePassword": False,
        "sort": False,
        "etag": False,
    }
    # Not what pages really hold.
    assert config["filter"]["maxResults"] == 50
    assert [scheme["type"] for scheme in config["authenticationSchemes"]] == ["oauthbearertoken"]
    assert "pagination" not in config


def test_it_lists_its_schemas_and_resource_types(scim: Scim) -> None:
    schemas = scim.ok("GET", "Schemas")
    assert [schema["id"] for schema in schemas["Resources"]] == [USER, GROUP, ENTERPRISE]
    assert schemas["totalResults"] == 3
    for schema in schemas["Resources"]:
        assert scim.ok("GET", f"Schemas/{schema['id']}") == schema
    required = [item["name"] for item in schemas["Resources"][0]["attributes"] if item["required"]]
    assert sorted(required) == ["displayName", "name", "userName"]
    types = scim.ok("GET", "ResourceTypes")["Resources"]
    assert [(kind["name"], kind["endpoint"]) for kind in types] == [("User", "/Users"), ("Group", "/Groups")]
    scim.refused("GET", "Schemas/urn:nothing", status=404)


UNSUPPORTED = [
    ("PUT", "Groups/{group}"),
    ("GET", "Me"),
    ("POST", "Bulk"),
    ("POST", ".search"),
    ("POST", "Users/.search"),
    ("GET", "ResourceTypes/User"),
    ("DELETE", "Users"),
    ("POST", "Users/{user}"),
    ("GET", "Users/{user}/groups"),
    ("PATCH", "Schemas"),
    ("GET", ""),
    ("GET", "users"),
]


@pytest.mark.parametrize(("method", "path"), UNSUPPORTED)
def test_what_is_not_documented_is_not_there(sandbox: Sandbox, scim: Scim, method: str, path: str) -> None:
    user, group = sandbox.store.add_user("ada"), sandbox.store.add_group("Platform")
    before = (sandbox.store.users(), sandbox.store.groups())
    body = {"displayName": "Other"} if method in {"PUT", "POST", "PATCH"} else None
    assert "not supported" in scim.refused(method, path.format(user=user, group=group), body)
    assert (sandbox.store.users(), sandbox.store.groups()) == before


def test_the_journal_has_the_fifteen_operations_by_their_names_and_names_nobody(
    sandbox: Sandbox, scim: Scim
) -> None:
    user, group = scim.add_user("ada"), scim.add_group("Platform")
    scim.ok("GET", f"Users/{user}")
    scim.ok("PUT", f"Users/{user}", person("ada", title="Countess"))
    scim("PATCH", f"Users/{user}", {})
    scim("PATCH", f"Groups/{group}", {})
    scim.ok("GET", f"Groups/{group}")
    for path in ("Users", "Groups", "ServiceProviderConfig", "Schemas", f"Schemas/{USER}", "ResourceTypes"):
        scim.ok("GET", path)
    scim.ok("DELETE", f"Users/{user}", status=204)
    scim.ok("DELETE", f"Groups/{group}", status=204)
    names = (
        "CreateGroup CreateUser DeleteGroup DeleteUser GetGroup GetSchema GetUser ListGroups"
        " ListResourceTypes ListSchemas ListUsers PatchGroup PatchUser PutUser ServiceProviderConfig"
    )
    assert sandbox.requests.counts() == {f"scim.{name}": 1 for name in names.split()}
    output = json.dumps([str(entry) for entry in sandbox.requests])
    assert user not in output
    assert scim.token is not None
    assert scim.token not in output


def test_the_other_services_are_still_there(aws: Aws, scim: Scim) -> None:
    scim.add_user("ada")
    assert [user["UserName"] for user in aws("list_users")["Users"]] == ["ada"]

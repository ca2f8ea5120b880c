"""The servers of others answer, each in its own way, so that the tests on them are about what they say."""

from __future__ import annotations

import pytest

from tests.servers.running import RefusedError, scim2_server, scimmy

USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}


def test_the_complete_one_has_all_that_the_rfc_has() -> None:
    with scim2_server() as server:
        said = server.ask("GET", "/ServiceProviderConfig")
        assert [said[each]["supported"] for each in ("patch", "bulk", "filter", "etag")] == [True] * 4
        server.ask("POST", "/Users", USER)
        assert [user["userName"] for user in server.everything("Users")] == ["ada"]


def test_the_restricted_one_pages_by_cursor_and_takes_no_patch() -> None:
    with scim2_server(restricted=True) as server:
        for number in range(5):
            server.ask("POST", "/Users", {**USER, "userName": f"ada{number}"})
        assert len(server.ask("GET", "/Users")["Resources"]) == 2
        found = server.everything("Users")
        assert sorted(user["userName"] for user in found) == [f"ada{number}" for number in range(5)]
        with pytest.raises(RefusedError) as refused:
            server.ask("PATCH", f"/Users/{found[0]['id']}", {"Operations": []})
        assert refused.value.status == 501


def test_scimmy_pages_by_index_and_compares_names_by_case_in_filters() -> None:
    with scimmy() as server:
        for number in range(25):
            server.ask("POST", "/Users", {**USER, "userName": f"Ada{number}"})
        assert len(server.ask("GET", "/Users")["Resources"]) == 20
        assert len(server.everything("Users")) == 25
        assert server.ask("GET", "/Users?filter=userName%20eq%20%22ada1%22")["Resources"] == []
        with pytest.raises(RefusedError) as refused:
            server.ask("POST", "/Users", {**USER, "userName": "ada1"})
        assert refused.value.status == 409

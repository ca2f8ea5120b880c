"""Lists over SCIM: pages with and without a cursor, the parameters, and the filters that there are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.scim import ENTERPRISE, NOBODY, Scim

HUNDRED = [f"u{number:03}" for number in range(100)]


@pytest.fixture
def seven(sandbox: Sandbox, scim: Scim) -> Scim:
    for number in range(7):
        sandbox.store.add_user(f"u{number}")
        sandbox.store.add_group(f"g{number}")
    return scim


@pytest.mark.parametrize(("kind", "letter"), [("Users", "u"), ("Groups", "g")])
def test_a_cursor_leads_through_all_pages_and_nothing_counts_them(
    seven: Scim, kind: str, letter: str
) -> None:
    names = [f"{letter}{number}" for number in range(7)]
    assert seven.pages(kind, count=3) == [names[:3], names[3:6], names[6:]]
    assert seven.pages(kind, count=7) == [names]
    assert seven.pages(kind, count=100) == [names]


def test_the_first_page_is_asked_for_by_an_empty_cursor_in_either_form(seven: Scim) -> None:
    for query in ("cursor", "cursor=", "cursor&count=7", "count=7&cursor="):
        page = seven.ok("GET", f"Users?{query}")
        assert set(page) == {"schemas", "itemsPerPage", "Resources"}
        assert page["itemsPerPage"] == 7


def test_without_a_cursor_there_is_one_page_which_says_that_it_is_all(sandbox: Sandbox, scim: Scim) -> None:
    for name in [*HUNDRED, "one more"]:
        sandbox.store.add_group(name)
    page = scim.ok("GET", "Groups")
    assert [group["displayName"] for group in page.pop("Resources")] == HUNDRED
    assert "nextCursor" not in page
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (100, 100, 1)
    assert scim.ok("GET", "Groups?count=2")["totalResults"] == 2
    assert [len(found) for found in scim.pages("Groups", count=100)] == [100, 1]


def test_a_hundred_is_a_page_where_nothing_else_is_asked_for(sandbox: Sandbox, scim: Scim) -> None:
    for name in [*HUNDRED, "one more"]:
        sandbox.store.add_group(name)
    page = scim.ok("GET", "Groups?cursor")
    assert page["itemsPerPage"] == 100
    assert "nextCursor" in page


def test_a_cursor_is_lost_unless_it_is_encoded(seven: Scim) -> None:
    cursor = seven.ok("GET", "Users?cursor&count=3")["nextCursor"]
    assert set("+/:") <= set(cursor)
    seven.refused("GET", f"Users?count=3&cursor={cursor}")
    seven.ok("GET", f"Users?count=3&cursor={quote(cursor, safe='')}")


OTHERS = [
    pytest.param("Users?cursor={cursor}", id="no count"),
    pytest.param("Users?cursor={cursor}&count=4", id="another count"),
    pytest.param("Users?cursor={cursor}&count=3&filter=userName%20eq%20%22u1%22", id="a filter"),
    pytest.param("Groups?cursor={cursor}&count=3", id="another list"),
    pytest.param("Users?cursor={cursor}x&count=3", id="a character more"),
    pytest.param("Users?cursor={rest}&count=3", id="its beginning cut off"),
    pytest.param("Users?cursor=nothing&count=3", id="a cursor that is none"),
]


@pytest.mark.parametrize("path", OTHERS)
def test_a_cursor_comes_back_with_the_same_filter_and_count(seven: Scim, path: str) -> None:
    cursor = quote(seven.ok("GET", "Users?cursor&count=3")["nextCursor"], safe="")
    assert "cursor" in seven.refused("GET", path.format(cursor=cursor, rest=cursor.rpartition("%3A")[2]))


def test_a_cursor_survives_deletions_and_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, throttling=False, latency=0) as first:
        for number in range(4):
            first.store.add_user(f"u{number}")
        cursor = quote(Scim(first).ok("GET", "Users?cursor&count=2")["nextCursor"], safe="")
        first.store.remove_user("u1")
        first.store.remove_user("u2")
    with Sandbox(path, throttling=False, latency=0) as second:
        page = Scim(second).ok("GET", f"Users?cursor={cursor}&count=2")
        assert [user["userName"] for user in page["Resources"]] == ["u3"]


@pytest.mark.parametrize("count", ["0", "101", "-1", "x", "", "1.5", "²", "9" * 5000])
def test_count_is_one_to_a_hundred(seven: Scim, count: str) -> None:
    assert "count" in seven.refused("GET", f"Users?cursor&count={quote(count)}")


PARAMETERS = ("startIndex=1", "attributes=userName", "excludedAttributes=name", "sortBy=userName", "more=1")


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_other_parameters_are_not_supported(seven: Scim, parameter: str) -> None:
    user = seven.ok("GET", "Users")["Resources"][0]["id"]
    for path in ("Users", "Groups", f"Users/{user}", "Schemas"):
        assert parameter.partition("=")[0] in seven.refused("GET", f"{path}?{parameter}")
    assert "once" in seven.refused("GET", "Users?count=1&count=2")


def test_users_are_found_by_what_is_documented_and_by_nothing_else(sandbox: Sandbox, scim: Scim) -> None:
    ada = scim.add_user("ada@example.com", externalId="x1", **{ENTERPRISE: {"manager": {"value": "m"}}})
    bob = scim.add_user("bob", externalId="x2")
    group = scim.add_group("Platform", members=[{"value": bob}, {"value": ada}])
    empty = scim.add_group("Empty")
    assert scim.found("Users", 'userName eq "ADA@example.com"') == [ada]
    assert scim.found("Users", 'userName eq "nobody"') == []
    assert scim.found("Users", 'externalId eq "x2"') == [bob]
    assert scim.found("Users", 'externalId eq "X2"') == []
    assert scim.found("Users", f'groups.value eq "{group}"') == [bob, ada]
    assert scim.found("Users", f'groups.value eq "{empty}"') == []
    assert scim.found("Users", f'id eq "{ada}"') == [ada]
    assert scim.found("Users", f'id eq "{NOBODY}"') == []
    assert scim.found("Users", f'id eq "{ada}" and manager eq "m"') == [ada]
    assert scim.found("Users", f'manager eq "m" and id eq "{ada}"') == [ada]
    assert scim.found("Users", f'id eq "{bob}" and manager eq "m"') == []


def test_groups_are_found_by_what_is_documented_and_by_nothing_else(sandbox: Sandbox, scim: Scim) -> None:
    ada, bob = scim.add_user("ada"), scim.add_user("bob")
    one = scim.add_group('One "quoted" \\ group', externalId="g1", members=[{"value": ada}])
    two = scim.add_group("Zwei, größer", members=[{"value": ada}])
    assert scim.found("Groups", 'displayName eq "one \\"quoted\\" \\\\ group"') == [one]
    assert scim.found("Groups", 'displayName eq "Zwei, größer"') == [two]
    assert scim.found("Groups", 'externalId eq "g1"') == [one]
    assert scim.found("Groups", 'externalId eq "g2"') == []
    assert scim.found("Groups", f'members.value eq "{ada}"') == [one, two]
    assert scim.found("Groups", f'members.value eq "{bob}"') == []
    assert scim.found("Groups", f'id eq "{two}"') == [two]
    assert scim.found("Groups", f'id eq "{two}" and members eq "{ada}"') == [two]
    assert scim.found("Groups", f'members eq "{ada}" and id eq "{two}"') == [two]
    assert scim.found("Groups", f'members eq "{bob}" and id eq "{two}"') == []
    assert scim.found("Groups", f'members eq "{ada}" and id eq "{NOBODY}"') == []


@pytest.mark.parametrize("filter_", ['members.value eq "{who}"', 'id eq "{group}" and members eq "{who}"'])
def test_a_filter_that_names_a_member_who_is_not_there_is_not_found(scim: Scim, filter_: str) -> None:
    text = filter_.format(who=NOBODY, group=scim.add_group("Platform"))
    scim.refused("GET", f"Groups?cursor&filter={quote(text)}", status=404)


NOT_SUPPORTED = [
    'userName ne "a"', 'userName sw "a"', "userName pr", 'userName eq "a" or userName eq "b"',
    'userName eq "a" and externalId eq "b"', 'userName eq "a" and userName eq "b"', 'not (userName eq "a")',
    '(userName eq "a")', 'emails.value eq "a"', 'emails[type eq "work"]', 'title eq "a"', "active eq true",
    'displayName eq "a" and id eq "b"', "userName eq a", 'userName eq "a', 'userName  eq "a"',
    'userName eq "a" ', 'userName eq "\\q"', 'userName eq "\\ud800"', 'username eq "a"', 'userName EQ "a"',
    'manager eq "m"', "",
]  # fmt: skip


@pytest.mark.parametrize("filter_", NOT_SUPPORTED)
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_other_filters_are_refused_and_find_nobody(seven: Scim, kind: str, filter_: str) -> None:
    assert seven.refused("GET", f"{kind}?cursor&filter={quote(filter_)}") == (
        "Filter is invalid or not supported."
    )


@pytest.mark.parametrize(
    ("kind", "filter_"),
    [
        ("Groups", 'userName eq "a"'),
        ("Groups", 'groups.value eq "a"'),
        ("Users", 'displayName eq "a"'),
        ("Users", 'members.value eq "a"'),
    ],
)
def test_each_list_has_filters_of_its_own(seven: Scim, kind: str, filter_: str) -> None:
    seven.refused("GET", f"{kind}?cursor&filter={quote(filter_)}")


def test_memberships_are_read_in_pages_from_either_side(sandbox: Sandbox, scim: Scim) -> None:
    names = [f"u{number}" for number in range(5)]
    for name in names:
        sandbox.store.add_user(name)
    groups = [scim.add_group(f"g{number}") for number in range(5)]
    for name in reversed(names):
        sandbox.store.add_member("g0", name)
    for number in range(1, 5):
        sandbox.store.add_member(f"g{number}", "u0")
    of_group = quote(f'groups.value eq "{groups[0]}"')
    assert scim.pages("Users", count=2, more=f"&filter={of_group}") == [["u4", "u3"], ["u2", "u1"], ["u0"]]
    (first,) = scim.found("Users", 'userName eq "u0"')
    of_user = quote(f'members.value eq "{first}"')
    assert scim.pages("Groups", count=2, more=f"&filter={of_user}") == [["g0", "g1"], ["g2", "g3"], ["g4"]]

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest

from reconciler.errors import IncompleteRead, Rejected, ServiceError
from reconciler.targets.scim import paging
from reconciler.targets.scim.paging import Pager
from reconciler.targets.scim.profile import Paging
from reconciler.targets.scim.terms import Listed, Terms


@dataclass
class Server:
    """A list of users that answers queries; each switch is a way in which real ones answer."""

    size: int
    cap: int = 100
    total: Callable[[int, int], Any] = lambda whole, _page: whole
    ignores_index: bool = False
    ignores_count: bool = False
    wraps: bool = False
    refuses_past_end: bool = False
    past_end: int = 0
    by_cursor: bool = False
    refuses_count_over: int = 10_000
    expires_after: int = 10_000
    empty_pages: int = 0
    ids: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before: Callable[[Server, int], None] = lambda _server, _number: None

    def __post_init__(self) -> None:
        self.ids = self.ids or [f"u{number}" for number in range(self.size)]

    def __call__(self, query: str) -> Mapping[str, Any]:
        self.asked.append(query)
        self.before(self, len(self.asked))
        asked = dict(parse_qsl(query, keep_blank_values=True))
        count = int(asked.get("count", min(self.cap, self.refuses_count_over)))
        if count > self.refuses_count_over:
            raise Rejected("too many", code="400", reason="invalidCount")
        count = min(count, self.cap)
        if self.by_cursor:
            return self._cursor(asked, count)
        start = int(asked.get("startIndex", "1")) - 1
        if self.ignores_index:
            start = 0
        if self.ignores_count:
            count = len(self.ids)
        if start >= len(self.ids) and self.refuses_past_end:
            raise Rejected("no such page", code="400", reason="invalidValue")
        page = self.ids[start : start + count]
        if self.wraps:
            twice = self.ids + self.ids
            page = twice[start % len(self.ids) :][: min(count, len(self.ids))]
        if not page and self.past_end:
            page = self.ids[-self.past_end :]
        return self._answer(page)

    def _cursor(self, asked: Mapping[str, str], count: int) -> Mapping[str, Any]:
        cursor = asked.get("cursor", "")
        if cursor and len(self.asked) == self.expires_after:
            raise Rejected("too late", code="400", reason="expiredCursor")
        start = int(cursor.removeprefix("c").split("e")[0] or "0")
        idle = int(cursor.partition("e")[2] or "0")
        if idle < self.empty_pages:
            return {"Resources": [], "nextCursor": f"c{start}e{idle + 1}"}
        page = self.ids[start : start + count]
        answer = dict(self._answer(page))
        if start + count < len(self.ids):
            answer["nextCursor"] = f"c{start + count}"
        return answer

    def _answer(self, page: list[str]) -> Mapping[str, Any]:
        total = self.total(len(self.ids), len(page))
        body: dict[str, Any] = {"Resources": [{"id": each} for each in page]}
        return body if total is None else {**body, "totalResults": total}


def read(ask: Callable[[str], Mapping[str, Any]], terms: Terms | None = None) -> Listed[str]:
    pager = Pager(
        ask,
        kind="user",
        make=lambda raw: str(raw["id"]),
        bad=lambda message: IncompleteRead(message, target="t", request="scim.ListUsers"),
    )
    return pager.read(terms or Terms())


@pytest.mark.parametrize(
    "server",
    [
        Server(0),
        Server(1),
        Server(99),
        Server(100),
        Server(101),
        Server(250),
        Server(250, cap=7),
        Server(250, total=lambda whole, page: page),
        Server(200, total=lambda whole, page: page),
        Server(250, total=lambda whole, page: None),
        Server(250, total=lambda whole, page: str(whole)),
        Server(250, total=lambda whole, page: whole - 30),
        Server(250, refuses_past_end=True),
        Server(250, past_end=5),
        Server(100, past_end=5),
        Server(100, past_end=100),
        Server(30, ignores_index=True),
        Server(250, ignores_index=True, ignores_count=True),
        Server(250, ignores_index=True, cap=10_000),
        Server(100, ignores_index=True, cap=10_000),
        Server(250, ignores_index=True, cap=10_000, total=lambda whole, page: page),
        Server(250, ignores_count=True),
        Server(250, wraps=True),
        Server(100, wraps=True),
        Server(250, wraps=True, total=lambda whole, page: page),
        Server(250, refuses_count_over=50),
    ],
)
@pytest.mark.parametrize("paged", [Paging.AUTO, Paging.INDEX])
def test_a_list_is_read_whole_however_its_server_counts(server: Server, paged: Paging) -> None:
    server.asked.clear()
    listed = read(server, Terms(paging=paged))
    assert sorted(listed.items) == sorted(server.ids)
    assert not listed.twice or server.wraps


@pytest.mark.parametrize(
    "server",
    [
        Server(0, by_cursor=True),
        Server(250, by_cursor=True, cap=2),
        Server(250, by_cursor=True, total=lambda whole, page: None),
        Server(250, by_cursor=True, total=lambda whole, page: page),
        Server(5, by_cursor=True, empty_pages=50),
        Server(250, by_cursor=True, refuses_count_over=50),
    ],
)
@pytest.mark.parametrize("paged", [Paging.AUTO, Paging.CURSOR])
def test_a_list_is_read_whole_by_cursor_also_where_nobody_asked_for_one(
    server: Server, paged: Paging
) -> None:
    server.asked.clear()
    listed = read(server, Terms(paging=paged))
    assert sorted(listed.items) == sorted(server.ids)
    assert not listed.twice


def test_the_first_page_by_cursor_is_asked_for_as_the_service_wants_it() -> None:
    server = Server(250, by_cursor=True)
    read(server, Terms(paging=Paging.CURSOR, count=None, first="cursor", total_counts=False))
    assert server.asked == ["cursor", "cursor=c100", "cursor=c200"]


def test_a_cursor_is_percent_encoded() -> None:
    asked: list[str] = []

    def ask(query: str) -> Mapping[str, Any]:
        asked.append(query)
        first = len(asked) == 1
        return {"Resources": [{"id": str(len(asked))}], **({"nextCursor": "a+b/c=:d"} if first else {})}

    read(ask, Terms(paging=Paging.CURSOR, count=None, first="cursor"))
    assert asked[1] == "cursor=a%2Bb%2Fc%3D%3Ad"


def test_a_trusted_total_saves_the_look_past_the_end() -> None:
    server = Server(200)
    read(server, Terms(total_trusted=True))
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (Server(250, total=lambda whole, page: 300), "300 were announced and 250 came"),
        (Server(250, ignores_index=True), "250 were announced and 100 came"),
        (Server(0, ids=[], total=lambda whole, page: 5), "5 were announced and 0 came"),
        (Server(300, by_cursor=True, total=lambda whole, page: 301), "301 were announced"),
    ],
)
def test_less_than_was_announced_is_no_list(server: Server, message: str) -> None:
    with pytest.raises(IncompleteRead, match=message):
        read(server)


def test_a_list_that_moved_once_is_read_again() -> None:
    def before(server: Server, number: int) -> None:
        if number == 2:
            server.ids.pop(5)

    server = Server(250, before=before)
    assert sorted(read(server).items) == sorted(server.ids)


def test_a_list_that_never_stands_still_is_no_list() -> None:
    def before(server: Server, number: int) -> None:
        server.ids.pop(0)

    with pytest.raises(IncompleteRead, match="grew or shrank"):
        read(Server(250, before=before))


def test_an_insertion_that_repeats_one_is_read_again() -> None:
    def before(server: Server, number: int) -> None:
        if number == 2:
            server.ids.insert(0, "new")

    server = Server(250, before=before, total=lambda whole, page: None)
    listed = read(server)
    assert sorted(listed.items) == sorted(server.ids)
    assert listed.twice == ()


def test_one_thing_that_is_always_listed_twice_is_one_thing_and_is_said() -> None:
    listed = read(Server(0, ids=["a", "b", "a", "c"]))
    assert sorted(listed.items) == ["a", "b", "c"]
    assert listed.twice == ("a",)


def test_an_expired_cursor_begins_the_list_anew() -> None:
    server = Server(250, by_cursor=True, expires_after=2)
    assert len(read(server, Terms(paging=Paging.CURSOR)).items) == 250


def test_a_cursor_that_always_expires_is_no_list() -> None:
    def ask(query: str) -> Mapping[str, Any]:
        if "cursor=" in query:
            raise Rejected("too late", code="400", reason="expiredCursor")
        return {"Resources": [{"id": "a"}], "nextCursor": "x"}

    with pytest.raises(IncompleteRead, match="the cursor ran out before the list did"):
        read(ask, Terms(paging=Paging.CURSOR))


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (lambda n: {"Resources": [{"id": str(n)}], "nextCursor": "same"}, "the same cursor came twice"),
        (lambda n: {"Resources": [], "nextCursor": str(n)}, "brought nothing"),
        (lambda n: {"Resources": [{"id": "a"}], "nextCursor": str(n)}, "brought nothing"),
    ],
)
def test_a_list_without_an_end_is_no_list(answers: Callable[[int], Any], message: str) -> None:
    asked: list[str] = []

    def ask(query: str) -> Mapping[str, Any]:
        asked.append(query)
        answer: Mapping[str, Any] = answers(len(asked))
        return answer

    with pytest.raises(IncompleteRead, match=message):
        read(ask, Terms(paging=Paging.CURSOR))


def test_a_list_of_ever_new_pages_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_PAGES", 20)
    asked: list[str] = []

    def ask(query: str) -> Mapping[str, Any]:
        asked.append(query)
        return {"Resources": [{"id": str(len(asked))}]}

    with pytest.raises(IncompleteRead, match="not ended after 20 pages"):
        read(ask, Terms())


@pytest.mark.parametrize("cursor", [False, True])
def test_a_list_of_ever_new_items_ends_where_far_more_came_than_was_announced(*, cursor: bool) -> None:
    asked: list[str] = []

    def ask(query: str) -> Mapping[str, Any]:
        asked.append(query)
        items = [{"id": f"{len(asked)}-{number}"} for number in range(100)]
        more = {"nextCursor": str(len(asked))} if cursor else {}
        return {"Resources": items, "totalResults": 300, **more}

    with pytest.raises(IncompleteRead, match="300 were announced, and 2,300 came without an end"):
        read(ask, Terms(paging=Paging.CURSOR if cursor else Paging.INDEX))
    assert len(asked) == 23


def test_a_list_of_ever_new_items_that_announces_nothing_has_a_bound() -> None:
    asked: list[str] = []

    def ask(query: str) -> Mapping[str, Any]:
        asked.append(query)
        return {"Resources": [{"id": f"{len(asked)}-{number}"} for number in range(100_000)]}

    with pytest.raises(IncompleteRead, match="not ended after 1,000,000 of its items"):
        read(ask, Terms())
    assert len(asked) == 11


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "no Resources"),
        ({"Resources": {}}, "no Resources"),
        ({"Resources": None, "totalResults": 3}, "no Resources"),
        ({"Resources": [{"userName": "ada"}]}, "has no id"),
        ({"Resources": ["ada"]}, "has no id"),
        ({"Resources": [{"id": ""}]}, "has no id"),
        ({"Resources": [{"id": "g", "meta": {"resourceType": "Group"}}]}, "is a group in a list of users"),
        ({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "Resources": []}, "is an error"),
    ],
)
def test_what_is_no_list_of_users_is_refused_by_name(body: Mapping[str, Any], message: str) -> None:
    with pytest.raises(IncompleteRead, match=message) as caught:
        read(lambda _query: body)
    assert str(caught.value).startswith("t scim.ListUsers: ")


@pytest.mark.parametrize(
    "body",
    [
        {"totalResults": 0},
        {"totalResults": 0, "Resources": []},
        {"totalResults": "0", "resources": None},
        {"resources": []},
    ],
)
def test_nobody_is_a_list_too(body: Mapping[str, Any]) -> None:
    assert read(lambda _query: body).items == {}


def test_an_error_in_the_middle_is_the_end_of_it() -> None:
    def before(server: Server, number: int) -> None:
        if number == 2:
            raise ServiceError("down")

    with pytest.raises(ServiceError, match="down"):
        read(Server(250, before=before))


def test_pages_that_repeat_one_and_leave_out_another_are_no_list() -> None:
    def ask(query: str) -> Mapping[str, Any]:
        # Ordered by what is not a valid key: each page comes from another order (SQL: LIMIT and OFFSET).
        asked = dict(parse_qsl(query))
        start, count = int(asked["startIndex"]) - 1, int(asked["count"])
        ids = [f"u{number}" for number in range(250)]
        if 0 < start < 250:
            ids[start - 1], ids[start] = ids[start], ids[start - 1]
        return {"totalResults": 250, "Resources": [{"id": each} for each in ids[start : start + count]]}

    with pytest.raises(IncompleteRead, match="came twice in one list"):
        read(ask)


def test_what_stands_twice_in_a_long_list_is_one_thing_wherever_its_pages_end() -> None:
    server = Server(0, ids=[*(f"u{number}" for number in range(250)), "u0"])
    found = read(server)
    assert (len(found.items), found.twice) == (250, ("u0",))


def test_a_page_that_is_refused_ends_no_list_whose_totals_are_those_of_pages() -> None:
    def ask(query: str) -> Mapping[str, Any]:
        start = int(dict(parse_qsl(query))["startIndex"])
        if start > 20:
            raise Rejected("not now", code="400")
        return {"totalResults": 10, "Resources": [{"id": f"u{start + number}"} for number in range(10)]}

    with pytest.raises(Rejected):
        read(ask)


def test_a_cursor_that_is_a_number_is_followed_where_lists_go_by_cursor() -> None:
    def ask(query: str) -> Mapping[str, Any]:
        cursor = int(dict(parse_qsl(query)).get("cursor", "0"))
        more = {"nextCursor": cursor + 1} if cursor < 3 else {}
        return {"Resources": [{"id": f"u{cursor}"}], **more}

    assert len(read(ask, Terms(Paging.CURSOR, total_counts=False)).items) == 4


def test_a_cursor_that_is_none_that_can_be_sent_is_no_end() -> None:
    def ask(_query: str) -> Mapping[str, Any]:
        return {"Resources": [{"id": "u1"}], "nextCursor": {"page": 2}}

    with pytest.raises(IncompleteRead, match="cursor"):
        read(ask, Terms(Paging.CURSOR, total_counts=False))


def test_what_stands_twice_within_a_page_keeps_nobody_out() -> None:
    # A page of so many users, some of whom come twice (SQL: LIMIT before JOIN), counted once.
    def ask(query: str) -> Mapping[str, Any]:
        asked = dict(parse_qsl(query))
        start, count = int(asked["startIndex"]) - 1, int(asked["count"])
        page = [f"u{number}" for number in range(250)][start : start + count]
        return {"totalResults": 250, "Resources": [{"id": each} for each in page + page[:3]]}

    assert len(read(ask).items) == 250

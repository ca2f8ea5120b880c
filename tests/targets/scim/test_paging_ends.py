"""What servers answer where there is nothing more, and where they cannot page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from reconciler.errors import Denied, IncompleteRead, NotFound, Rejected, ServiceError
from reconciler.targets.scim.terms import Terms
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd
from tests.targets.scim.test_paging import read

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
Answer = Callable[[], Mapping[str, Any]]


def raising(error: ServiceError) -> Answer:
    def answer() -> Mapping[str, Any]:
        raise error

    return answer


ENDS: Mapping[str, Answer] = {
    "null": lambda: {"totalResults": 250, "Resources": None},
    "null in lower case": lambda: {"totalresults": 250, "resources": None},
    "absent": lambda: {"schemas": [LIST], "totalResults": 250},
    "nothing": dict,
    "object": lambda: {"totalResults": 250, "Resources": {}},
    "text": lambda: {"totalResults": 250, "Resources": ""},
    "no total": lambda: {"Resources": None},
    "a total of zero": lambda: {"totalResults": 0},
    "404": raising(NotFound("no such page", code="404")),
    "400": raising(Rejected("no such page", code="400", reason="invalidValue")),
    "416": raising(Rejected("no such range", code="416")),
    "500": raising(ServiceError("index out of range", code="500")),
    "a page for people": raising(IncompleteRead("the answer is not JSON")),
    "an error under success": lambda: {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"]},
}


def serving(size: int, end: Answer, *, total: bool = True, cap: int = 100) -> Any:
    def ask(query: str) -> Mapping[str, Any]:
        asked = dict(parse_qsl(query))
        start, count = int(asked.get("startIndex", "1")) - 1, min(cap, int(asked.get("count", cap)))
        page = [{"id": f"u{each}"} for each in range(size)[start : start + count]]
        if not page:
            return end()
        return {"Resources": page, **({"totalResults": size} if total else {})}

    return ask


@pytest.mark.parametrize("size", [1, 99, 100, 250])
@pytest.mark.parametrize("end", ENDS)
def test_a_page_past_the_end_is_the_end(end: str, size: int) -> None:
    assert len(read(serving(size, ENDS[end])).items) == size


@pytest.mark.parametrize("size", [30, 250])
@pytest.mark.parametrize("end", ["null", "nothing", "404", "400"])
def test_the_same_holds_where_no_total_is_named_and_a_look_shows_no_more(end: str, size: int) -> None:
    assert len(read(serving(size, ENDS[end], total=False)).items) == size


@pytest.mark.parametrize("end", ["404", "400", "500"])
def test_an_error_in_the_middle_of_a_list_without_a_total_is_no_end(end: str) -> None:
    whole = serving(250, ENDS[end], total=False, cap=50)

    def ask(query: str) -> Mapping[str, Any]:
        return ENDS[end]() if "startIndex=51&" in query else whole(query)

    with pytest.raises(ServiceError):
        read(ask)


@pytest.mark.parametrize("end", ["null", "404", "500"])
def test_an_end_before_all_that_was_announced_has_come_is_none(end: str) -> None:
    def ask(query: str) -> Mapping[str, Any]:
        if "startIndex=1&" in query:
            return {"Resources": [{"id": f"u{each}"} for each in range(100)], "totalResults": 250}
        return ENDS[end]()

    with pytest.raises(ServiceError):
        read(ask)


def test_who_may_not_read_on_is_not_at_the_end() -> None:
    with pytest.raises(Denied):
        read(serving(5, raising(Denied("no", code="403"))))


@pytest.mark.parametrize(
    "body",
    [
        {"totalResults": 0, "Resources": None},
        {"Resources": None},
        {"resources": {}, "totalResults": 0},
        {"totalResults": "0"},
        {"totalResults": 0, "Resources": []},
    ],
)
def test_a_first_page_without_anything_is_an_empty_list(body: Mapping[str, Any]) -> None:
    assert read(lambda _query: body).items == {}


@pytest.mark.parametrize("body", [{}, {"schemas": [LIST]}, {"ok": True}, {"totalResults": 3}])
def test_what_is_no_list_at_all_is_no_empty_one(body: Mapping[str, Any]) -> None:
    with pytest.raises(IncompleteRead):
        read(lambda _query: body)


def test_a_first_page_of_null_that_announces_some_is_no_empty_list() -> None:
    with pytest.raises(IncompleteRead, match="no Resources"):
        read(lambda _query: {"totalResults": 3, "Resources": None})


@pytest.mark.parametrize("size", [0, 3, 250])
def test_a_server_that_cannot_page_is_asked_for_everything_at_once(size: int) -> None:
    asked: list[str] = []

    def ask(query: str) -> Mapping[str, Any]:
        asked.append(query)
        if "startIndex" in query or "count" in query:
            raise Rejected("unknown parameter", code="400")
        return {"Resources": [{"id": f"u{each}"} for each in range(size)], "totalResults": size}

    assert len(read(ask).items) == size
    assert asked.count("") == 1


def test_a_server_that_refuses_an_index_and_shows_a_part_says_so_with_what_to_set() -> None:
    def ask(query: str) -> Mapping[str, Any]:
        if "startIndex" in query:
            raise Rejected("unknown parameter", code="400")
        return {"Resources": [{"id": "u1"}], "totalResults": 2}

    with pytest.raises(IncompleteRead, match=r"refuses `startIndex`.*set `paging: cursor`"):
        read(ask)


def test_a_server_that_ignores_paging_is_told_by_its_pages_with_what_to_set() -> None:
    def ask(query: str) -> Mapping[str, Any]:
        return {"Resources": [{"id": f"u{each}"} for each in range(20)], "totalResults": 50}

    with pytest.raises(IncompleteRead, match=r"ignores `startIndex`.*set `paging: cursor`"):
        read(ask, Terms())


@pytest.mark.parametrize("end", ["null", "absent", "204", "404", "400", "500"])
def test_a_life_is_told_whatever_stands_behind_the_last_page(end: str) -> None:
    odd = Odd(past_end=end)
    with facing(odd) as here:
        here.converge(git((user("ada"), user("bob")), crew=["ada"], empty=[]))
        here.converge(git((user("ada"),), crew=[]))

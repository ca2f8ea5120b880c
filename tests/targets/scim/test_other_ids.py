"""An object that answers under another id than it was asked by, or was made as, is matched by what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import IncompleteRead
from reconciler.model.address import Kind
from reconciler.model.report import Status
from reconciler.targets.base import NOTHING
from tests.targets.scim.fields import DELETING, facing, git, user
from tests.targets.scim.odd import Odd

THREE = tuple(user(each) for each in ("ada", "bob", "eve"))
_BULK = {"bulk": {"supported": True, "maxOperations": 10, "maxPayloadSize": 100_000}}


@pytest.mark.parametrize("creates", ["", "upper", "new"])
@pytest.mark.parametrize("gets", ["", "upper", "new"])
@pytest.mark.parametrize("members", ["id", "in-user", "one-by-one"])
@pytest.mark.parametrize("bulk", ["", "works"])
def test_whatever_an_object_is_called_everything_is_done_once(
    creates: str, gets: str, members: str, bulk: str
) -> None:
    odd = Odd(creates_as=creates, gets_as=gets, members=members, bulk=bulk, config=_BULK if bulk else None)
    with facing(odd, policy=DELETING) as here:
        here.converge(git(THREE, crew=["ada", "bob"]))
        here.converge(git((user("ada", title="x"), *THREE[1:]), crew=["bob", "eve"]))
        here.converge(git((user("ada", title="x", user_name="ada.l"), THREE[1]), crew=["bob"]))
        report = here.apply(git((user("ada", title="x", user_name="ada.l"), THREE[1], user("new")), crew=[]))
        assert report.whole
        # Plans rest on lists, and so does what is remembered of objects.
        known = {one for address, one in report.ids.items() if address.kind in (Kind.USER, Kind.GROUP)}
        assert known - {"u1"} <= {*odd.users, *odd.groups}
    assert odd.crews() == {"crew": set()}
    assert sorted(one["userName"] for one in odd.users.values()) == ["ada.l", "bob", "new"]
    assert odd.named("ada.l")["title"] == "x"


def test_the_first_new_object_alone_is_looked_at_where_ids_are_as_answered() -> None:
    odd = Odd()
    with facing(odd) as here:
        planned = here.plan(git(THREE))
        odd.asked.clear()
        for step in planned.steps:
            here.target.submit((step,), planned.ids, {})
    assert [path for method, path, _ in odd.asked if method == "GET"] == ['Users?filter=userName eq "ada"']


@pytest.mark.parametrize("kind", ["user", "group"])
def test_somebody_else_who_answers_is_no_match(kind: str) -> None:
    odd = Odd()
    with facing(odd) as here:
        here.converge(git(THREE, crew=["ada"], other=["bob"]))
        answer = odd.answer

        def confused(method: str, target: str, body: Any, headers: Any) -> tuple[int, Any]:
            status, expected = answer(method, target, body, headers)
            if method == "GET" and target.startswith(("/v2/Users/", "/v2/Groups/")):
                # Never the one that is asked for, whichever was made first.
                one = odd.named("ada") if "Users" in target else odd.groups[min(odd.groups)]
                expected = {**expected, "id": one["id"], "userName": one.get("userName")}
                expected["displayName"] = one.get("displayName")
            return status, expected

        odd.answer = confused  # type: ignore[method-assign]  # the wire, bent
        if kind == "user":
            report = here.apply(git((*THREE[:2], user("eve", title="x")), crew=["ada"], other=["bob"]))
            assert [one.status for one in report.results] != [Status.DONE]
        else:
            request = replace(NOTHING, groups=(sorted(odd.groups)[1],))
            with pytest.raises(IncompleteRead, match="answered about"):
                here.target.read(request)
    assert "title" not in odd.named("ada")

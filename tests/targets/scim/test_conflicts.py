"""Adopting what is there already looks for the one object, and not through the whole list each time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Kind
from reconciler.model.report import Outcome, Status
from reconciler.targets.base import NOTHING
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd

PEOPLE = tuple(user(f"p{number}") for number in range(30))


@pytest.mark.parametrize("finds", ["works", "nothing", "400", "ignored"])
def test_many_conflicts_take_one_list_at_most(finds: str) -> None:
    odd = Odd(filter=finds)
    with facing(odd) as here:
        planned = here.plan(git(PEOPLE))
        for one in PEOPLE:
            odd.add_user(one.key, displayName=f"{one.key} X")
        odd.asked.clear()
        ended = [here.target.submit((step,), planned.ids, planned.versions)[0] for step in planned.steps]
        assert len([one for one in planned.steps if one.address.kind is Kind.USER]) == len(PEOPLE)
        assert {one.status for one in ended if isinstance(one, Outcome)} == {Status.DONE}
        assert all("adopted" in one.message for one in ended if isinstance(one, Outcome))
    pages = [path for method, path, _ in odd.asked if method == "GET" and path.startswith("Users?startIndex")]
    assert len(pages) <= 2
    assert len(odd.users) == len(PEOPLE)


def test_an_object_that_answers_under_another_spelling_of_its_id_is_the_one() -> None:
    odd = Odd()
    ada = odd.add_user("ada")
    odd.users[ada.upper()] = odd.users[ada]
    with facing(odd) as here:
        live = here.target.read(replace(NOTHING, users=(ada.upper(),)))
        assert {key: one.attributes["user_name"] for key, one in live.users.items()} == {ada.upper(): "ada"}

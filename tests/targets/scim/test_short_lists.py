"""A list that shows only its first page, and says that this is all: nothing is created twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.errors import IncompleteRead
from reconciler.targets.base import EVERYTHING
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd

PEOPLE = tuple(user(f"p{number}") for number in range(6))


def test_what_was_read_back_by_id_and_is_in_no_list_ends_the_next_read() -> None:
    odd = Odd(page=3, first_page_only=True, unique=False)
    with facing(odd) as here:
        report = here.apply(git(PEOPLE, **{f"g{number}": [] for number in range(6)}))
        assert any("shows a part of its list of groups" in each for each in report.notes)
        assert any(each.startswith("service.short-list-of-groups:") for each in report.unkept)
    before = len(odd.groups)
    with facing(odd) as again:
        again.target.recall(report.unkept)
        with pytest.raises(IncompleteRead, match=r"shows a part: 3 came.*set `paging: cursor`"):
            again.read()
        # Once the list is whole, it is believed again.
        odd.first_page_only = False
        assert len(again.read().groups) == before
        assert again.target.habits == ()


@pytest.mark.parametrize("kind", ["users", "groups"])
def test_what_a_receipt_remembers_and_is_in_no_list_ends_the_read(kind: str) -> None:
    odd = Odd(page=3, first_page_only=True)
    ids = [(odd.add_user if kind == "users" else odd.add_group)(f"n{number}") for number in range(5)]
    with facing(odd) as here:
        request = replace(EVERYTHING, **{f"known_{kind}": tuple(ids)})  # type: ignore[arg-type]  # by name
        with pytest.raises(IncompleteRead, match="shows a part"):
            here.target.read(request)


def test_who_is_gone_or_disabled_is_missing_for_another_reason() -> None:
    odd = Odd()
    odd.add_user("ada")
    bob = odd.add_user("bob", active=False)
    odd.hides_from_list = frozenset((bob,))
    with facing(odd) as here:
        live = here.target.read(replace(EVERYTHING, known_users=(bob, "u99"), known_groups=("g99",)))
        assert len(live.users) == 1

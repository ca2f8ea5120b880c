"""Attributes of extensions that are answered with success by path, and stored somewhere else."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.scim import ENTERPRISE_USER
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd


@pytest.mark.parametrize("lacks", [{}, {"put": False}, {"takes_pathless": False}])
def test_another_form_is_tried_and_what_went_wrong_is_taken_back(lacks: dict[str, Any]) -> None:
    odd = Odd(extensions="beside", **lacks)
    with facing(odd) as here:
        here.converge(git((user("ada"), user("bob"), user("eve", department="S"))))
        here.converge(
            git((user("ada", department="R", manager="bob"), user("bob"), user("eve", department="S")))
        )
        ada = odd.named("ada")
        assert ada[ENTERPRISE_USER]["department"] == "R"
        assert [key for key in ada if key.startswith("urn:")] == [ENTERPRISE_USER]
        # What works is known from then on.
        odd.asked.clear()
        here.converge(
            git((user("ada", department="R", manager="bob"), user("bob", department="T"), user("eve")))
        )
        assert odd.named("bob")[ENTERPRISE_USER]["department"] == "T"
        beside = [body for _, _, body in odd.writes() if f"{ENTERPRISE_USER}:department" in str(body)]
        assert [body for body in beside if "T" in str(body)] == []


def test_where_no_form_works_it_is_not_kept_and_nothing_stays_beside() -> None:
    odd = Odd(extensions="beside", put=False, takes_pathless=False)
    with facing(odd) as here:
        here.converge(git((user("ada"),)))
        report = here.apply(git((user("ada", department="R"),)))
        assert report.unkept == ("user.department",)
        assert [key for key in odd.named("ada") if key.startswith("urn:")] == []


def test_a_service_that_takes_paths_is_looked_at_once() -> None:
    odd = Odd()
    people = [user(f"p{number}") for number in range(6)]
    with facing(odd) as here:
        here.converge(git(people))
        planned = here.plan(git([user(one.key, department="R") for one in people]))
        odd.asked.clear()
        for step in planned.steps:
            here.target.submit((step,), planned.ids, planned.versions)
    assert len([path for method, path, _ in odd.asked if method == "GET"]) == 2

"""What a service refuses by name is left out once, remembered and said; the rest of the write is done."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.report import Status
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd, Refusal

_BULK = {"bulk": {"supported": True, "maxOperations": 50}}
ADA = user("ada", email="ada@x.example", role="boss", phone_number="+41 1")


@pytest.mark.parametrize("patch", [204, 405])
@pytest.mark.parametrize("config", [None, _BULK])
@pytest.mark.parametrize("refuses", [{"type"}, {"primary"}, {"type", "primary"}])
def test_a_sub_attribute_that_is_refused_is_left_out(refuses: set[str], config: Any, patch: int) -> None:
    odd = Odd(refuses=frozenset(refuses), config=config, bulk="works" if config else "", patch=patch)
    with facing(odd) as here:
        report = here.apply(git((ADA, user("bob"))))
        assert all(one.status is Status.DONE for one in report.results)
        assert [set(each) & refuses for each in odd.named("ada")["emails"]] == [set()]
        here.converge(git((user("ada", email="new@x.example", role="boss", phone_number="+41 1"),)))
    refused = [one for one in odd.writes() if "is not supported" in str(one)]
    assert refused == []


@pytest.mark.parametrize("patch", [204, 405])
def test_an_attribute_that_is_refused_is_left_out_remembered_and_said(patch: int) -> None:
    odd = Odd(refuses=frozenset(("nickName",)), patch=patch)
    with facing(odd) as here:
        wish = git((user("ada", nick_name="Countess", title="Lead"), user("bob")))
        report = here.apply(wish)
        assert all(one.status is Status.DONE for one in report.results)
        assert report.whole
        assert odd.named("ada")["title"] == "Lead"
        assert report.unkept == ("service.refused-user.nick_name:without", "user.nick_name")
        assert report.notes == ("aws refuses user.nick_name by name: the rest was written without",)
        assert here.changes(wish) == []
        here.converge(git((user("ada", nick_name="C", title="Chief"), user("bob", title="Dev"))))
        assert odd.named("ada")["title"] == "Chief"


def test_an_attribute_that_may_not_be_removed_stays_and_stays_pending() -> None:
    odd = Odd()

    def fail(method: str, path: str) -> Refusal | None:
        operations = odd.asked[-1][2]["Operations"] if method == "PATCH" else ()
        if any(each["op"] == "remove" and each["path"] == "title" for each in operations):
            return Refusal(400, "title is required", kind="mutability")
        return None

    with facing(odd) as here:
        here.converge(git((user("ada", title="Lead", locale="de"),)))
        odd.fail = fail
        wish = git((user("ada", title=None, locale="fr"),))
        (result,) = here.apply(wish).results
        assert result.status is Status.FAILED
        assert "title" in result.message
        assert odd.named("ada")["locale"] == "fr"
        assert [[each.name for each in one.fields] for one in here.plan(wish).plan.changes] == [["title"]]


def test_what_people_are_found_by_is_never_left_out() -> None:
    odd = Odd(refuses=frozenset(("userName",)))
    with facing(odd) as here:
        (result,) = here.apply(git((user("ada"),))).results
        assert result.status is Status.FAILED
        assert "userName" in result.message
    assert len(odd.writes()) == 1

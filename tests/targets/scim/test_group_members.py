"""Groups at services that want one member at least, and memberships that are only observed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.policy import Mode
from reconciler.model.report import Status
from tests.targets.scim.fields import DELETING, facing, git, user
from tests.targets.scim.odd import Odd, Refusal

THREE = tuple(user(each) for each in ("ada", "bob", "eve"))
_BULK = {"bulk": {"supported": True, "maxOperations": 50}}


@pytest.mark.parametrize("config", [None, _BULK])
@pytest.mark.parametrize("patch", [204, 405])
def test_a_group_that_needs_a_member_is_made_with_one_who_enters_it(patch: int, config: object) -> None:
    odd = Odd(needs_member=True, patch=patch, config=config, bulk="works" if config else "")
    bob = odd.add_user("bob")
    with facing(odd) as here:
        here.converge(git(THREE, crew=["ada", "bob", "eve"], few=["eve"], of_old=["bob"]))
        assert odd.crews() == {"crew": {"ada", "bob", "eve"}, "few": {"eve"}, "of_old": {"bob"}}
        assert here.site.memory.receipt is not None
        assert here.site.memory.receipt.unkept == ("service.group-creation:member",)
    odd.asked.clear()
    with facing(odd) as again:
        again.site.memory = here.site.memory
        again.converge(git(THREE, crew=["ada", "bob", "eve"], few=["eve"], of_old=["bob"], more=["bob"]))
    made = [body for method, path, body in odd.writes() if (method, path) == ("POST", "Groups")]
    assert [each["members"] for each in made] == [[{"value": bob}]]


def test_people_who_cannot_be_created_are_no_reason_to_make_no_group() -> None:
    def fail(method: str, path: str) -> Refusal | None:
        return None

    odd = Odd(needs_member=True, fail=fail)
    odd.fail = lambda method, path: (
        Refusal(400, "no ada") if (method, path) == ("POST", "Users") and not odd.users else None
    )
    odd.add_user("bob")
    with facing(odd) as here:
        odd.fail = lambda method, path: Refusal(400, "no") if (method, path) == ("POST", "Users") else None
        report = here.apply(git(THREE, crew=["ada", "bob"]))
        assert {str(one.address): one.status for one in report.results}["aws/group/crew"] is Status.DONE
    assert odd.crews() == {"crew": {"bob"}}


def test_a_group_that_git_gives_nobody_fails_in_the_words_of_the_service() -> None:
    odd = Odd(needs_member=True)
    with facing(odd) as here:
        report = here.apply(git(THREE[:1], crew=[]))
        (failed,) = [one for one in report.results if one.status is Status.FAILED]
        assert "a group needs a member" in failed.message


def test_a_group_is_deleted_whose_last_member_cannot_be_taken_out_before() -> None:
    odd = Odd(needs_member=True)
    with facing(odd, policy=DELETING) as here:
        here.converge(git(THREE, crew=["ada", "bob"], other=["eve"]))
        here.converge(git(THREE, other=["eve"]))
        assert odd.crews() == {"other": {"eve"}}


def test_the_last_member_whom_the_service_keeps_stays_pending() -> None:
    odd = Odd(needs_member=True)
    with facing(odd) as here:
        here.converge(git(THREE, crew=["ada"]))
        wish = git(THREE, crew=[])
        for _ in range(2):
            assert [one.status for one in here.apply(wish).results] == [Status.FAILED]
            assert here.changes(wish) == ["delete aws/membership/crew/ada"]


def test_what_is_observed_restores_nothing() -> None:
    odd = Odd()
    with facing(odd) as here:
        wish = git(THREE, crew=["ada", "bob"])
        here.converge(wish)
        scope = replace(here.site.policy.scope, memberships=Mode.OBSERVE)
        here.site.policy = replace(here.site.policy, scope=scope)
        next(iter(odd.groups.values()))["members"] = []
        planned = here.plan(wish)
        assert planned.plan.changes == ()
        assert [one.code for one in planned.plan.findings if one.code == "restores"] == []

"""What other live servers did: each time nothing wrong is planned, nothing is lost, and it converges."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import Denied, IncompleteRead, ServiceError
from reconciler.model.address import Kind
from reconciler.model.report import Status
from reconciler.targets.scim.profile import Memberships
from reconciler.targets.scim.profile_list import profile
from tests.targets.scim.fields import DELETING, facing, git, user
from tests.targets.scim.odd import Lost, Odd, Refusal

ADA, BOB, EVE = user("ada"), user("bob"), user("eve")
THREE = (ADA, BOB, EVE)


def crew(size: int) -> list[Any]:
    return [user(f"p{number}") for number in range(size)]


_BULK = {"bulk": {"supported": True, "maxOperations": 50, "maxPayloadSize": 100_000}}
_ETAG = {"etag": {"supported": True}}
ODDITIES: Mapping[str, dict[str, Any]] = {
    "nothing odd": {},
    "PATCH 200": {"patch": 200},
    "PATCH 405": {"patch": 405},
    "PATCH 501": {"patch": 501},
    "PATCH 404": {"patch": 404},
    "PATCH without an answer": {"patch": 0},
    "no PUT": {"put": False},
    "DELETE 200": {"delete": 200},
    "totals of a page": {"total": "page", "page": 3},
    "no totals": {"total": "none", "page": 2},
    "begins again": {"wraps": True, "page": 2},
    "filters ignored": {"filter": "ignored"},
    "filters find nothing": {"filter": "nothing"},
    "filters refused": {"filter": "400"},
    "members by name": {"members": "name"},
    "members by name, no PATCH": {"members": "name", "patch": 405},
    "members one by one": {"members": "one-by-one"},
    "members with the user": {"members": "in-user"},
    "members twice refused with 409": {"refuses_again": 409},
    "members twice refused with 400": {"refuses_again": 400},
    "few members at once": {"most_members": 2},
    "members stored twice": {"stores_twice": True},
    "ETags kept": {"etag": "kept", "config": _ETAG},
    "ETags ignored": {"etag": "ignored", "config": _ETAG},
    "ETags of a second": {"etag": "second", "config": _ETAG},
    "ETags unannounced": {"etag": "kept"},
    "discovery 401": {"discovery_status": 401},
    "discovery 403": {"discovery_status": 403},
    "discovery 501": {"discovery_status": 501},
    "discovery is a page": {"discovery_body": "<html>no</html>"},
    "discovery is a page of success": {"discovery_status": 200, "discovery_body": "<html>no</html>"},
    "discovery is empty": {"discovery_body": ""},
    "discovery is garbage": {
        "config": {"patch": 1, "pagination": []},
        "types": {"Resources": "x"},
        "schemas": {"Resources": [1, {"id": 3}, {"id": "urn:x", "attributes": [2, {"name": 4}]}]},
    },
    "PATCH denied": {"config": {"patch": {"supported": False}}},
    "PATCH announced in vain": {"config": {"patch": {"supported": True}}, "patch": 501},
    "Bulk": {"config": _BULK, "bulk": "works"},
    "Bulk of few bytes": {
        "config": {"bulk": {"supported": True, "maxOperations": 50, "maxPayloadSize": 900}},
        "bulk": "works",
    },
    "Bulk without an answer": {"config": _BULK, "bulk": "lost"},
    "Bulk with half an answer": {"config": _BULK, "bulk": "half"},
    "Bulk announced in vain": {"config": _BULK, "bulk": "501"},
    "Bulk too large": {"config": _BULK, "bulk": "413"},
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_a_life_is_told_whatever_the_service_is_like(oddity: str) -> None:
    odd = Odd(**ODDITIES[oddity])
    odd.add_user("somebody.else")
    with facing(odd, policy=DELETING) as here:
        here.converge(git(THREE, crew=["ada", "bob"], empty=[]))
        assert odd.crews() == {"crew": {"ada", "bob"}, "empty": set()}
        more = crew(5)
        changed = user("ada", title="Boss", email="ada@example.com", department="R", manager="bob")
        everybody = ["bob", "eve", *(one.key for one in more)]
        here.converge(git((changed, BOB, EVE, *more), crew=everybody, empty=["ada"]))
        assert odd.crews() == {"crew": set(everybody), "empty": {"ada"}}
        assert odd.named("ada")["title"] == "Boss"
        again = user("ada", title=None, email="a@example.com", department="R", active=False)
        here.converge(git((again, BOB, EVE, *more), crew=["bob", "p1"], empty=[]))
        assert odd.crews() == {"crew": {"bob", "p1"}, "empty": set()}
        assert odd.named("ada")["active"] is False
        assert "title" not in odd.named("ada")
        here.converge(git((user("ada", active=True), BOB), crew=["bob"]))
        assert odd.crews() == {"crew": {"bob"}}
        assert sorted(one["userName"] for one in odd.users.values()) == ["ada", "bob", "somebody.else"]
        assert odd.named("ada")["active"] is True


def test_a_list_that_is_cut_short_makes_no_plan() -> None:
    odd = Odd(ignores_index=True, page=2)
    for name in ("ada", "bob", "eve"):
        odd.add_user(name)
    with facing(odd) as here, pytest.raises(IncompleteRead, match="3 were announced and 2 came"):
        here.plan(git(THREE))


def test_a_user_who_is_listed_twice_is_one_user_and_is_said() -> None:
    odd = Odd()
    odd.lists_twice = odd.add_user("ada")
    odd.add_user("bob")
    with facing(odd) as here:
        assert {one.attributes["user_name"] for one in here.read().users.values()} == {"ada", "bob"}
        assert len(here.read().users) == 2
        assert here.findings()["duplicate-listing"].details == (odd.lists_twice,)


# Members.


def test_a_member_who_is_gone_is_left_out_counted_and_nobody_else_is_touched() -> None:
    odd = Odd()
    ada, bob = odd.add_user("ada"), odd.add_user("bob")
    odd.add_group("crew", ada, "u999", bob)
    with facing(odd) as here:
        assert here.members() == {"crew": {"ada", "bob"}}
        assert here.findings()["dangling-members"].details == ("crew: u999",)
        assert here.changes(git((user("ada"), user("bob")), crew=["ada", "bob"])) == []


def test_a_member_whom_the_list_of_users_lost_ends_the_reading() -> None:
    odd = Odd()
    ada = odd.add_user("ada")
    odd.add_group("crew", ada)
    odd.hides_from_list = frozenset((ada,))
    with facing(odd) as here, pytest.raises(IncompleteRead, match=f"in no list of users.*{ada}"):
        here.read()


def test_a_disabled_member_whom_lists_hide_is_a_member_all_the_same() -> None:
    odd = Odd()
    ada = odd.add_user("ada", active=False)
    odd.add_user("bob")
    odd.add_group("crew", ada)
    odd.hides_from_list = frozenset((ada,))
    with facing(odd) as here:
        assert here.members() == {"crew": {"ada"}}
        assert here.findings()["hidden-users"].count == 1


def test_a_group_inside_a_group_stays_and_is_said() -> None:
    odd = Odd()
    ada = odd.add_user("ada")
    inner = odd.add_group("inner", ada)
    outer = odd.add_group("outer", ada, inner)
    with facing(odd) as here:
        assert here.members() == {"inner": {"ada"}, "outer": {"ada"}}
        assert here.findings()["nested-groups"].details == ("outer: inner",)
        here.converge(git((ADA,), inner=["ada"], outer=[]))
    assert odd.groups[outer]["members"] == [{"value": inner}]


def test_a_member_who_is_named_twice_counts_once_and_leaves_whole() -> None:
    odd = Odd()
    ada = odd.add_user("ada")
    bob = odd.add_user("bob")
    odd.add_group("crew", ada, ada, bob)
    with facing(odd) as here:
        assert here.findings()["duplicate-member"].details == ("crew",)
        here.converge(git((ADA, BOB), crew=["bob"]))
    assert odd.crews() == {"crew": {"bob"}}


def test_members_who_are_never_shown_are_neither_added_nor_removed() -> None:
    odd = Odd(members="hidden")
    ada = odd.add_user("ada")
    odd.add_user("bob")
    odd.add_group("crew", ada)
    silent = replace(profile("generic"), memberships=Memberships.NOWHERE)
    with facing(odd, silent) as here:
        live = here.read()
        assert [(gap.kind, gap.scope) for gap in live.gaps] == [(Kind.MEMBERSHIP, "*")]
        assert here.findings()["members-unreadable"].count == 1
        assert here.changes(git((ADA, BOB), crew=["bob"])) == []
    assert odd.crews() == {"crew": {"ada"}}


def test_a_schema_that_says_members_are_never_returned_is_believed() -> None:
    group = {
        "id": "urn:ietf:params:scim:schemas:core:2.0:Group",
        "attributes": [{"name": "members", "returned": "never"}],
    }
    odd = Odd(members="hidden", schemas={"Resources": [group]})
    odd.add_group("crew", odd.add_user("ada"))
    with facing(odd) as here:
        assert here.changes(git((ADA, BOB), crew=["bob"])) == ["create aws/user/bob"]


def test_a_membership_that_only_the_user_tells_of_is_said() -> None:
    odd = Odd()
    ada = odd.add_user("ada", groups=[{"value": "g3"}])
    bob = odd.add_user("bob")
    assert odd.add_group("crew", bob) == "g3"
    with facing(odd) as here:
        assert here.members() == {"crew": {"bob"}}
        assert here.findings()["membership-mismatch"].details == ("crew: ada",)
    assert ada == "u1"


def test_a_put_of_members_stops_where_the_service_does_not_show_them() -> None:
    odd = Odd(members="hidden", patch=501)
    people = [odd.add_user(name) for name in ("ada", "bob", "eve")]
    odd.add_group("crew", *people)
    with facing(odd) as here:
        report = here.apply(git((ADA, BOB, EVE), other=["ada"]))
        assert {str(one.status) for one in report.results} >= {"failed"}
    assert odd.crews()["crew"] == {"ada", "bob", "eve"}


def test_one_put_that_shows_nobody_is_the_last() -> None:
    odd = Odd(members="hidden", patch=501)
    with facing(odd) as here:
        here.apply(git(THREE, one=[], two=[]))
        planned = here.plan(git(THREE, one=["ada"], two=["ada"]))
        for step in planned.steps:
            here.target.submit((step,), planned.ids, {})
    assert len([one for one in odd.writes() if one[0] == "PUT"]) == 1


def test_a_put_is_not_even_tried_where_somebody_is_in_a_group_that_shows_nobody() -> None:
    odd = Odd(members="hidden", patch=501)
    people = [odd.add_user(name) for name in ("ada", "bob", "eve")]
    odd.add_group("crew", *people[:2])
    with facing(odd) as here:
        here.apply(git(THREE, crew=["ada", "bob", "eve"]))
    assert odd.crews() == {"crew": {"ada", "bob"}}


# By filter.


def by_filter(odd: Odd) -> Any:
    return facing(odd, replace(profile("generic"), memberships=Memberships.BY_FILTER, put_groups=False))


@pytest.mark.parametrize("groups", [1, 5])
def test_members_are_read_by_filter_from_the_side_that_takes_fewer_calls(groups: int) -> None:
    odd = Odd(members="by-filter")
    people = [odd.add_user(f"p{number}") for number in range(3)]
    for number in range(groups):
        odd.add_group(f"crew{number}", *people[: number % 3])
    with by_filter(odd) as here:
        assert here.members() == odd.crews()
    asked = [path for _, path, _ in odd.asked if "filter=" in path and "startIndex=1&" in path]
    side = "Users?" if groups < 3 else "Groups?"
    assert len([path for path in asked if path.startswith(side)]) == min(groups, 3)


def test_a_filter_of_members_that_is_ignored_makes_nobody_a_member_and_nobody_leave() -> None:
    odd = Odd(members="by-filter", filter="ignored")
    people = [odd.add_user(name) for name in ("ada", "bob", "eve")]
    odd.add_group("crew", people[0])
    with by_filter(odd) as here:
        assert here.changes(git(THREE, crew=["bob"])) == []
        assert here.findings()["members-unreadable"].count == 1


def test_a_group_of_everybody_is_read_by_filter_all_the_same() -> None:
    odd = Odd(members="by-filter")
    people = [odd.add_user(name) for name in ("ada", "bob", "eve")]
    odd.add_group("all", *people)
    with by_filter(odd) as here:
        assert here.members() == {"all": {"ada", "bob", "eve"}}
        here.converge(git(THREE, all=["ada"]))


# Writes that are kept in part, twice, or not at all.


@pytest.mark.parametrize("lost", ["POST Users", "POST Groups", "PATCH Users", "PATCH Groups", "DELETE Users"])
@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("unique", [True, False])
def test_a_lost_answer_is_settled_by_looking(lost: str, carried_out: bool, unique: bool) -> None:  # noqa: FBT001  # a table
    odd = Odd(unique=unique, losing=[(lost, carried_out)])
    with facing(odd, policy=DELETING) as here:
        here.converge(git(THREE, crew=["ada", "bob"]))
        here.converge(git((user("ada", title="x"), BOB), crew=["ada"]))
        assert odd.crews() == {"crew": {"ada"}}
        assert sorted(one["userName"] for one in odd.users.values()) == ["ada", "bob"]
        assert odd.losing == []


@pytest.mark.parametrize("number", range(1, 13))
@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("patch", [204, 405])
def test_whichever_answer_is_lost_everything_is_done_once(number: int, carried_out: bool, patch: int) -> None:  # noqa: FBT001  # a table
    odd = Odd(unique=False, patch=patch, lost_writes=frozenset((number,)), lost_after=carried_out)
    with facing(odd, policy=DELETING) as here:
        here.converge(git(THREE, crew=["ada", "bob"], other=["eve"]))
        here.converge(git((user("ada", title="x"), BOB), crew=["ada"], other=["bob"]))
    assert odd.crews() == {"crew": {"ada"}, "other": {"bob"}}
    assert sorted(one["userName"] for one in odd.users.values()) == ["ada", "bob"]
    assert odd.named("ada")["title"] == "x"


@pytest.mark.parametrize("seed", range(12))
def test_however_many_answers_are_lost_another_apply_ends_it_and_nothing_is_done_twice(seed: int) -> None:
    dice = random.Random(seed)
    lost = frozenset(number for number in range(1, 60) if dice.random() < 0.4)
    odd = Odd(unique=False, lost_writes=lost, lost_after=bool(seed % 2))
    wish = git(THREE, crew=["ada", "bob"], other=["eve"])
    with facing(odd, policy=DELETING) as here:
        for _ in range(10):
            if not here.changes(wish):
                break
            here.apply(wish)
        assert here.changes(wish) == []
    assert odd.crews() == {"crew": {"ada", "bob"}, "other": {"eve"}}
    assert sorted(one["userName"] for one in odd.users.values()) == ["ada", "bob", "eve"]


def test_members_that_are_taken_and_not_kept_are_a_failure_that_says_so() -> None:
    odd = Odd(drops=frozenset(("members",)))
    with facing(odd) as here:
        report = here.apply(git(THREE, crew=["ada"]))
        (failed,) = [one for one in report.results if one.status is not Status.DONE]
        assert str(failed.address) == "aws/membership/crew/ada"
        assert failed.status is Status.FAILED
        assert here.changes(git(THREE, crew=["ada"])) == ["create aws/membership/crew/ada"]


@pytest.mark.parametrize("broken", ["ignored", "nothing", "400", "works"])
def test_a_lost_creation_is_found_again_by_a_filter_that_does_not_work(broken: str) -> None:
    odd = Odd(filter=broken, unique=False, losing=[("POST Users", True), ("POST Groups", True)])
    odd.add_user("somebody.else")
    with facing(odd) as here:
        here.converge(git((ADA,), crew=["ada"]))
    assert sorted(one["userName"] for one in odd.users.values()) == ["ada", "somebody.else"]


def test_somebody_by_that_name_who_is_not_as_wished_is_not_adopted() -> None:
    odd = Odd(conflict_kind="")
    with facing(odd) as here:
        planned = here.plan(git((ADA,)))
        assert len(planned.plan.changes) == 1
        odd.add_user("ada", title="somebody else")
        odd.hides_from_list = frozenset()
        step = planned.steps[0]
        outcome = here.target.submit((step,), {}, {})[0]
        assert outcome.status is Status.FAILED  # type: ignore[union-attr]  # nothing is ever pending
        assert "is there already (u1) and differs in" in outcome.message  # type: ignore[union-attr]  # see above
    assert len(odd.users) == 1


def test_the_one_of_that_name_is_meant_whatever_a_filter_finds() -> None:
    odd = Odd(filter="ignored")
    with facing(odd) as here:
        (step,) = here.plan(git((ADA,))).steps
        odd.add_user("another")
        meant = odd.add_user("ada", title="somebody else")
        outcome = here.target.submit((step,), {}, {})[0]
        assert f"({meant})" in outcome.message  # type: ignore[union-attr]  # nothing is ever pending


def test_a_change_of_somebody_else_is_not_overwritten_after_a_lost_answer() -> None:
    odd = Odd()
    with facing(odd) as here:
        here.converge(git(THREE))
        planned = here.plan(git((user("ada", title="x"), BOB, EVE)))

        def meanwhile(method: str, _path: str) -> Refusal | None:
            if method == "PATCH":
                odd.named("ada")["title"] = "theirs"
                raise Lost
            return None

        odd.fail = meanwhile
        outcome = here.target.submit((planned.steps[0],), planned.ids, {})[0]
        assert outcome.moved  # type: ignore[union-attr]  # nothing is ever pending
    assert odd.named("ada")["title"] == "theirs"
    assert len([one for one in odd.writes() if one[0] == "PATCH"]) == 1


def test_one_who_is_there_already_as_wished_is_adopted() -> None:
    odd = Odd(conflict_kind="")
    with facing(odd) as here:
        (step,) = here.plan(git((ADA,))).steps
        ada = odd.add_user("ADA")
        odd.users[ada] |= {
            "userName": "ada",
            "name": {"givenName": "ada", "familyName": "X"},
            "displayName": "ada X",
        }
        outcome = here.target.submit((step,), {}, {})[0]
        assert (outcome.status, outcome.remote_id) == (Status.DONE, ada)  # type: ignore[union-attr]  # see above


def test_one_member_who_is_refused_keeps_nobody_else_out() -> None:
    odd = Odd()
    people = [odd.add_user(f"p{number}") for number in range(9)]
    with facing(odd) as here:
        wish = git(crew(9), crew=[f"p{number}" for number in range(9)])
        here.converge(git(crew(9), crew=[]))
        planned = here.plan(wish)
        del odd.users[people[4]]
        steps = [step for step in planned.steps if step.address.kind is Kind.MEMBERSHIP]
        outcomes = here.target.submit(steps, planned.ids, {})
        bad = [one for one in outcomes if one.status is not Status.DONE]  # type: ignore[union-attr]  # see above
        assert [one.step for one in bad] == ["aws/membership/crew/p4"]
        assert len(odd.crews()["crew"]) == 8


def test_more_members_than_a_service_bears_are_sent_in_parts_and_that_is_learnt() -> None:
    odd = Odd(most_members=25)
    with facing(odd) as here:
        here.converge(git(crew(100), crew=[one.key for one in crew(100)]))
        assert len(odd.crews()["crew"]) == 100
        odd.asked.clear()
        here.converge(git(crew(100), crew=[one.key for one in crew(100)], other=[f"p{n}" for n in range(50)]))
        patches = [body for method, path, body in odd.asked if method == "PATCH"]
        assert [len(body["Operations"][0]["value"]) for body in patches] == [25, 25]


def test_no_request_ever_speaks_of_all_members() -> None:
    odd = Odd()
    with facing(odd) as here:
        here.converge(git(THREE, crew=["ada", "bob", "eve"]))
        here.converge(git(THREE, crew=[]))
    for method, path, body in odd.writes():
        if method == "PATCH" and path.startswith("Groups"):
            for operation in body["Operations"]:
                assert operation["op"] == "add" or operation["path"].startswith("members[value eq ")


# Preconditions.


def test_a_change_of_somebody_else_is_never_overwritten_where_versions_are_kept() -> None:
    odd = Odd(etag="kept", config={"etag": {"supported": True}})
    with facing(odd) as here:
        here.converge(git(THREE))
        here.converge(git((user("ada", title="x"), BOB, EVE)))
        assert here.target.capabilities.versions
        wish = git((user("ada", title="y"), BOB, EVE))
        planned = here.plan(wish)
        (step,) = planned.steps
        odd.users[odd.named("ada")["id"]] |= {"title": "theirs", "meta": {"version": 'W/"new"'}}
        outcome = here.target.submit((step,), planned.ids, planned.versions)[0]
        assert outcome.moved  # type: ignore[union-attr]  # nothing is ever pending
        assert odd.named("ada")["title"] == "theirs"


def test_the_write_that_finds_out_about_versions_overwrites_nothing_either() -> None:
    odd = Odd(etag="ignored", config={"etag": {"supported": True}})
    with facing(odd) as here:
        here.converge(git(THREE))
        planned = here.plan(git((user("ada", title="y"), BOB, EVE)))
        odd.users[odd.named("ada")["id"]] |= {"title": "theirs", "meta": {"version": 'W/"new"'}}
        outcome = here.target.submit((planned.steps[0],), planned.ids, planned.versions)[0]
        assert outcome.moved  # type: ignore[union-attr]  # nothing is ever pending
    assert odd.named("ada")["title"] == "theirs"


def test_versions_that_are_announced_and_ignored_are_not_relied_on() -> None:
    odd = Odd(etag="ignored", config={"etag": {"supported": True}})
    with facing(odd) as here:
        here.converge(git(THREE))
        here.converge(git((user("ada", title="x"), BOB, EVE)))
        assert not here.target.capabilities.versions
        assert odd.named("ada")["title"] == "x"


# Errors.


@pytest.mark.parametrize("status", [401, 403])
def test_a_service_that_refuses_us_is_never_an_empty_one(status: int) -> None:
    odd = Odd(fail=lambda _method, _path: Refusal(status, body="<html>no</html>"))
    odd.add_user("ada")
    with facing(odd) as here, pytest.raises(Denied):
        here.read()


@pytest.mark.parametrize("body", ["<html>oops</html>", "", "{"])
def test_a_service_that_fails_is_named_and_nothing_is_planned(body: str) -> None:
    odd = Odd(fail=lambda _method, path: Refusal(500, body=body) if path == "Users" else None)
    with facing(odd) as here, pytest.raises(ServiceError, match=r"^aws scim.ListUsers: "):
        here.plan(git(THREE))


@pytest.mark.parametrize(
    "body", ["<html>welcome</html>", "", "{}", "[]", '{"Resources": [', '{"Resources": 3}']
)
def test_an_answer_that_is_no_list_is_named_and_nothing_is_planned(body: str) -> None:
    odd = Odd(fail=lambda _method, path: Refusal(200, body=body) if path == "Groups" else None)
    with facing(odd) as here, pytest.raises(IncompleteRead, match=r"^aws scim.ListGroups: "):
        here.plan(git(THREE))


def test_who_is_refused_in_the_middle_writes_nothing_further() -> None:
    odd = Odd()
    with facing(odd) as here:
        planned = here.plan(git(THREE, crew=["ada"]))
        odd.fail = lambda method, _path: Refusal(403) if method != "GET" else None
        outcome = here.target.submit((planned.steps[0],), {}, {})[0]
        assert outcome.stop  # type: ignore[union-attr]  # nothing is ever pending


# What a service says of itself.


def schema(*names: str, **marks: str) -> dict[str, Any]:
    attributes = [{"name": name, "mutability": marks.get(name, "readWrite")} for name in names]
    return {"Resources": [{"id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": attributes}]}


def test_what_the_schema_does_not_have_is_not_written() -> None:
    odd = Odd(schemas=schema("userName", "title", "nickName", nickName="readOnly"))
    with facing(odd) as here:
        here.read()
        can = here.target.capabilities.user_attributes
        assert {"user_name", "external_id", "title"} == can


def test_an_attribute_that_somebody_mapped_is_written_whatever_the_schema_says() -> None:
    path = "urn:example:2.0:User:badge"
    with facing(Odd(schemas=schema("userName", "title")), extensions=(path,)) as here:
        here.read()
        assert here.target.capabilities.user_attributes == {"user_name", "external_id", "title", path}


def test_a_schema_that_lacks_what_users_have_is_not_believed() -> None:
    odd = Odd(schemas=schema("userName"))
    odd.add_user("ada", title="Boss")
    with facing(odd) as here:
        assert here.findings()["schema-mismatch"].message.count("title") == 1
        assert "nick_name" in here.target.capabilities.user_attributes


def test_a_service_without_groups_is_asked_for_none() -> None:
    odd = Odd(types={"Resources": [{"id": "User", "endpoint": "/Users"}]})
    with facing(odd) as here:
        here.converge(git((ADA,)))
        assert here.target.capabilities.kinds == {Kind.USER}
    assert not [path for _, path, _ in odd.asked if path.startswith("Groups")]


def test_attributes_of_extensions_are_written_and_read_by_their_path() -> None:
    path = "urn:example:2.0:User:badge"
    odd = Odd()
    with facing(odd, extensions=(path,)) as here:
        here.converge(git((user("ada", **{path: "7"}),)))
        assert odd.named("ada")["urn:example:2.0:User"] == {"badge": "7"}
        here.converge(git((user("ada", **{path: "8"}),)))
        assert odd.named("ada")["urn:example:2.0:User"] == {"badge": "8"}

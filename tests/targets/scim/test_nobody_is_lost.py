"""What services could make us lose: members of groups that are put back, changes of others, whole pages."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from reconciler.errors import IncompleteRead
from reconciler.model.address import Kind
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Group, Origin
from reconciler.model.state import Identities
from reconciler.planning.review import review
from reconciler.targets.scim.profile import Memberships
from reconciler.targets.scim.profile_list import profile
from tests.targets.scim.fields import Field, facing, git, user
from tests.targets.scim.odd import Odd

ADA, BOB = user("ada"), user("bob")
_HERE = Origin("all.yaml", 1)
_BY_FILTER = replace(profile("generic"), memberships=Memberships.BY_FILTER)
_NOWHERE = replace(profile("generic"), memberships=Memberships.NOWHERE)
_ETAG = {"etag": {"supported": True}}


def named(external_id: str, *members: str) -> Identities:
    """Ada, Bob, and a group of them that has an external id, which a group may have beside its name."""
    crew = Group("crew", {"external_id": external_id}, _HERE, members=dict.fromkeys(members, 1))
    return replace(git((ADA, BOB)), groups={"crew": crew})


def statuses(here: Field, wish: Identities) -> list[Status]:
    return [one.status for one in here.apply(wish).results]


# Groups that are put back as a whole.


@pytest.mark.parametrize("filters", ["works", "nothing", "ignored", "400"])
def test_a_put_of_a_group_that_hides_its_members_is_not_sent(filters: str) -> None:
    odd = Odd(members="in-user", patch=405, filter=filters)
    ada, _ = odd.add_user("ada"), odd.add_user("bob")
    odd.add_group("crew", ada)
    with facing(odd) as here:
        assert statuses(here, git((ADA, BOB), crew=["ada", "bob"])) == [Status.FAILED]
        assert statuses(here, named("x", "ada")) == [Status.FAILED]
    assert odd.crews() == {"crew": {"ada"}}


@pytest.mark.parametrize("where", ["by filter", "nowhere"])
def test_a_group_whose_members_stand_elsewhere_is_not_put_back_without_them(where: str) -> None:
    odd = Odd(members="by-filter", patch=405)
    ada, _ = odd.add_user("ada"), odd.add_user("bob")
    odd.add_group("crew", ada)
    with facing(odd, _BY_FILTER if where == "by filter" else _NOWHERE) as here:
        assert statuses(here, named("x", "ada")) == [Status.FAILED]
    assert odd.crews() == {"crew": {"ada"}}


def test_an_empty_group_is_put_back_all_the_same() -> None:
    odd = Odd(patch=405)
    odd.add_user("ada")
    odd.add_user("bob")
    odd.add_group("crew")
    with facing(odd) as here:
        here.converge(named("x", "ada"))
    assert odd.crews() == {"crew": {"ada"}}


# What somebody else changed meanwhile.


def test_an_object_without_a_version_is_looked_at_where_others_have_one() -> None:
    odd = Odd(etag="kept", etag_of_groups=False, config=_ETAG)
    odd.add_user("ada")
    odd.add_user("bob")
    group = odd.add_group("crew")
    with facing(odd) as here:
        here.converge(git((ADA, BOB), crew=[]))
        here.converge(git((user("ada", title="x"), BOB), crew=[]))
        assert here.target.capabilities.versions
        wish = replace(named("x"), users={"ada": user("ada", title="x"), "bob": BOB})
        planned = here.plan(wish)
        odd.groups[group]["externalId"] = "theirs"
        report = here.site.carry_out(wish, planned, review(planned, [planned.plan], auto_apply=frozenset()))
        assert [one.status for one in report.results] == [Status.FAILED]
    assert odd.groups[group]["externalId"] == "theirs"


# What a service does not keep.


def test_a_status_that_is_written_with_what_is_dropped_is_not_taken_for_dropped() -> None:
    odd = Odd(drops=frozenset({"title"}))
    with facing(odd) as here:
        here.converge(git((ADA, BOB)))
        report = here.apply(git((user("ada", title="x", active=False), BOB)))
        assert report.unkept == ("user.title",)
        assert odd.named("ada")["active"] is False
        here.converge(git((user("ada", active=True), BOB)))
        assert odd.named("ada")["active"] is True


# Lists that are not whole.


def by_filter(odd: Odd) -> AbstractContextManager[Field]:
    return facing(odd, _BY_FILTER)


@pytest.mark.parametrize("lost", ["user", "group"])
def test_whoever_a_filter_finds_and_no_list_has_ends_the_reading(lost: str) -> None:
    odd = Odd(members="by-filter", total="none")
    ids = {name: odd.add_user(name) for name in ("ada", "bob", "eve")}
    many = 2 if lost == "user" else 5
    groups = [odd.add_group(f"g{number}", *ids.values()) for number in range(many)]
    with by_filter(odd) as here:
        assert len(here.read().users) == 3
        gone = ids["ada"] if lost == "user" else groups[0]
        odd.hides_from_list = frozenset((gone,))
        odd.filter_finds_hidden = True
        with pytest.raises(IncompleteRead, match=gone):
            here.read()


def test_whoever_is_disabled_and_in_no_list_is_found_by_filter_all_the_same() -> None:
    odd = Odd(members="by-filter", filter_finds_hidden=True)
    ada, _ = odd.add_user("ada", active=False), odd.add_user("bob")
    odd.add_group("crew", ada)
    odd.hides_from_list = frozenset((ada,))
    with by_filter(odd) as here:
        assert here.members() == {"crew": {"ada"}}
        assert here.findings()["hidden-users"].count == 1


def test_a_filter_that_is_ignored_is_seen_where_there_is_one_of_each() -> None:
    odd = Odd(members="by-filter", filter="ignored")
    odd.add_user("ada")
    odd.add_group("crew")
    with by_filter(odd) as here:
        assert [gap.scope for gap in here.read().gaps] == ["*"]


@pytest.mark.parametrize("others", [1, 20])
def test_a_group_that_shows_no_members_in_the_list_is_asked_itself(others: int) -> None:
    odd = Odd()
    ids = [odd.add_user(name) for name in ("ada", "bob")]
    for number in range(others):
        odd.add_group(f"g{number}", ids[0])
    big = odd.add_group("big", *ids)
    odd.shows_none_in_list = frozenset((big,))
    with facing(odd) as here:
        assert here.members()["big"] == {"ada", "bob"}


def test_members_who_show_in_one_group_of_many_only_are_found() -> None:
    odd = Odd(members="one-by-one")
    ada = odd.add_user("ada")
    for number in range(12):
        odd.add_group(f"g{number}")
    odd.add_group("crew", ada)
    with facing(odd) as here:
        assert here.members()["crew"] == {"ada"}


def test_a_list_of_types_that_is_cut_short_hides_no_groups() -> None:
    types = {"totalResults": 2, "Resources": [{"id": "User", "name": "User"}]}
    odd = Odd(types=types)
    odd.add_group("crew", odd.add_user("ada"))
    with facing(odd) as here:
        assert here.members() == {"crew": {"ada"}}


# Objects that are there already.


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("members", ["id", "one-by-one", "in-user", "by-filter"])
def test_a_group_that_is_there_with_members_already_is_not_taken_for_the_new_one(
    members: str,
    lost: bool,  # noqa: FBT001  # a table
) -> None:
    odd = Odd(members=members, losing=[("POST Groups", False)] if lost else [])
    odd.add_user("ada")
    mallory = odd.add_user("mallory")
    with facing(odd, _BY_FILTER if members == "by-filter" else "generic") as here:
        planned = here.plan(git((ADA,), crew=["ada"]))
        (step,) = (each for each in planned.steps if each.address.kind is Kind.GROUP)
        odd.add_group("crew", mallory)
        outcome = here.target.submit((step,), planned.ids, planned.versions)[0]
        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.FAILED
        assert "members" in outcome.message


# What others wrote beside ours.


@pytest.mark.parametrize("patch", [204, 405])
def test_an_address_that_is_cleared_takes_no_other_along_that_nobody_reviewed(patch: int) -> None:
    odd = Odd(patch=patch)
    with facing(odd) as here:
        here.converge(git((user("ada", email="ada@x.example", role="boss"), BOB)))
        ada = odd.named("ada")
        home = {"value": "home@x.example", "type": "home"}
        ada["emails"] += [home, {**ada["emails"][0], "type": "other", "primary": False}]
        ada["roles"].append({"value": "guest"})
        here.converge(git((user("ada", email=None, role=None), BOB)))
        assert odd.named("ada")["emails"] == [home]
        assert odd.named("ada")["roles"] == [{"value": "guest"}]


def test_a_member_whose_name_is_the_id_of_somebody_else_is_the_one_who_is_meant() -> None:
    odd = Odd(members="name")
    odd.add_user("u2")
    odd.add_user("bob")
    odd.add_group("crew", "u1", "u2")
    odd.add_group("few", "u1")
    with facing(odd) as here:
        assert here.members() == odd.crews() == {"crew": {"u2", "bob"}, "few": {"u2"}}
        here.converge(git((user("u2"), BOB), crew=["bob"], few=["u2"]))
    assert odd.crews() == {"crew": {"bob"}, "few": {"u2"}}

"""A name that somebody gave to an object outside git does not make it the object of that name's key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.policy import Mode, OnRemoval
from reconciler.model.resources import Window
from tests.planning.entitled import PAY, entry, git
from tests.planning.remembering import Site
from tests.planning.world import CAN_ALL, NOW, POLICY, codes, group, identities, person, summary

ADMIN = entry("e", "user:cyd", "Admin", PAY)


def test_a_leaver_who_is_renamed_by_hand_to_somebody_who_never_came_goes_by_id() -> None:
    """`bob` was never made; the user of `cyd` is renamed to bob's name by hand, and cyd leaves git."""
    site = Site()
    bob = replace(person("bob"), window=Window(start=NOW.replace(year=2027)))
    declared = git([ADMIN], people=("ada", "cyd"))
    declared = replace(declared, users={**declared.users, "bob": bob})
    site.apply(declared)
    cyd = site.world.user_id("cyd@example.com")
    live = site.world.users[cyd]
    site.world.users[cyd] = replace(live, attributes={**live.attributes, "user_name": "bob@example.com"})
    left = replace(
        declared, users={"ada": declared.users["ada"], "bob": replace(bob, window=Window())}, assignments={}
    )
    planned = site.plan(left)
    assert summary(planned) == [
        f"delete aws/assignment/{PAY}/Admin/user:cyd git",
        "update aws/user/cyd git",
    ]
    assert "name-taken" in codes(planned)
    site.apply(left)
    assert site.world.reach() == set()
    assert site.world.users[cyd].attributes["given_name"] == "Cyd"


def test_so_it_is_for_a_group() -> None:
    """A group that left git under another name than git gave it is deleted, and its name is free then."""
    site = Site()
    site.apply(identities([person("ada")], [group("old", ["ada"])]))
    old = site.world.group_id("old")
    live = site.world.groups[old]
    site.world.groups[old] = replace(live, attributes={**live.attributes, "display_name": "new"})
    declared = identities([person("ada")], [group("new", [])])
    site.apply(declared)
    assert old not in site.world.groups
    site.apply(declared)
    assert site.world.members_of("new") == set()
    assert site.shows(declared) == []


def test_a_name_that_git_gave_itself_still_tells_whose_it_is() -> None:
    """A key that changes without a word keeps its object by the name that git gave it."""
    site = Site()
    site.apply(identities([person("ada")], [group("old", ["ada"])]))
    old = site.world.group_id("old")
    declared = identities(
        [person("ada")], [replace(group("new", ["ada"]), attributes={"display_name": "old"})]
    )
    assert site.shows(declared) == []
    site.apply(declared)
    assert site.world.group_id("old") == old


def test_a_name_that_was_declared_and_never_written_is_not_the_one_that_git_gave() -> None:
    """Groups are only observed while git renames one; it is renamed back, and its key changes silently."""
    site = Site()
    site.apply(identities([person("ada")], [group("old", ["ada"])]))
    kept = site.world.group_id("old")
    site.policy = replace(POLICY, scope=replace(POLICY.scope, groups=Mode.OBSERVE))
    site.apply(
        identities([person("ada")], [replace(group("old", ["ada"]), attributes={"display_name": "x"})])
    )
    site.policy = POLICY
    declared = identities(
        [person("ada")], [replace(group("new", ["ada"]), attributes={"display_name": "old"})]
    )
    assert site.shows(declared) == []
    site.apply(declared)
    assert site.world.groups.keys() == {kept}


def test_who_left_and_comes_back_under_another_key_and_name_is_who_previously_says() -> None:
    """Nothing but that word tells it: the user is enabled again, and neither deleted nor made anew."""
    site = Site(policy=replace(POLICY, on_removal=OnRemoval.DEACTIVATE))
    site.apply(git([ADMIN], people=("ada", "cyd")))
    cyd = site.world.user_id("cyd@example.com")
    site.apply(git())
    assert site.world.users[cyd].active is False
    back = git([entry("e", "user:cyd2", "Admin", PAY)], people=("ada", "bob"))
    again = replace(person("cyd2", user_name="married@example.com"), previously=("cyd",))
    back = replace(back, users={**back.users, "cyd2": again})
    site.apply(back)
    assert site.world.user_id("married@example.com") == cyd
    assert site.world.reach() == {("married@example.com", PAY, "Admin")}
    assert site.shows(back) == []


def test_a_key_used_anew_without_that_word_is_somebody_else() -> None:
    """Whoever left keeps nothing, and is not who has the key by now."""
    site = Site(policy=replace(POLICY, on_removal=OnRemoval.DEACTIVATE))
    site.apply(git([ADMIN], people=("ada", "cyd")))
    cyd = site.world.user_id("cyd@example.com")
    site.apply(git())
    other = replace(git(), users={**git().users, "cyd": person("cyd", user_name="another@example.com")})
    site.apply(other)
    assert site.world.user_id("another@example.com") != cyd
    assert site.world.users[cyd].active is False


def test_a_key_that_lost_its_own_object_is_not_what_another_key_left_behind() -> None:
    """Git gives the name of `sec` to `dev`, whose group is gone, and removes `sec`: that one goes."""
    site = Site()
    site.apply(identities([person("ada")], [group("dev", []), group("sec", ["ada"])]))
    gone = site.world.group_id("sec")
    dev = site.world.group_id("dev")
    del site.world.groups[dev], site.world.members[dev]
    declared = identities([person("ada")], [replace(group("dev", []), attributes={"display_name": "sec"})])
    assert [each for each in site.shows(declared) if "/group/" in each] == [
        "create aws/group/dev drift",
        "delete aws/group/sec git",
    ]
    site.apply(declared)
    assert gone not in site.world.groups
    assert site.world.members_of("sec") == set()
    assert site.shows(declared) == []


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_namesake_with_another_external_id_is_somebody_else(*, at_once: bool, keeps: bool) -> None:
    """Bob left and lost everything; another Bob of the same user name comes, under another key.

    So it is where the channel keeps external ids and where it does not, and whether the first one leaves in
    the same change or in one before.
    """
    site = Site()
    if keeps:
        site.can = replace(CAN_ALL, user_attributes=CAN_ALL.user_attributes | {"external_id"})
    first = person("bob", external_id="first")
    site.apply(identities([person("ada"), first], [group("ops", ["ada", "bob"])]))
    theirs = site.world.user_id("bob@example.com")
    if not at_once:
        site.apply(identities([person("ada")], [group("ops", ["ada"])]))
    second = replace(person("bob", external_id="second"), key="bob-2")
    declared = identities([person("ada"), second], [group("ops", ["ada", "bob-2"])])

    assert "match-blocked" in codes(site.plan(declared))
    site.apply(declared)

    assert site.world.members_of("ops") == {"ada@example.com"}
    assert site.world.user_id("bob@example.com") == theirs
    del site.world.users[theirs]
    site.apply(declared)
    assert site.world.members_of("ops") == {"ada@example.com", "bob@example.com"}
    assert site.shows(declared) == []

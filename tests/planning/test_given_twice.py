"""Two objects that git gave under one key: the one with the present name stays, and the other one goes."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.state import Declared, Identities
from tests.planning.entitled import PAY, entry, git
from tests.planning.remembering import Site
from tests.planning.world import CAN_DISABLE, codes, group, identities, person, plan


def _group(name: str) -> Identities:
    """A group with one member that goes by a name."""
    return identities([person("ada")], [replace(group("dev", ["ada"]), attributes={"display_name": name})])


def _made_twice(one: Identities, two: Identities) -> Site:
    """Two runs that knew nothing of each other have made something, and died."""
    site = Site(can=CAN_DISABLE)
    site.apply(identities([person("ada")]))
    plans = [site.plan(one), site.plan(two)]
    for planned in plans:
        site.marks.append(planned.intends({each.address for each in planned.plan.changes}))
        site.world.carry_out(planned)
    return site


def test_of_two_groups_that_were_made_for_one_key_the_present_name_stays() -> None:
    """Git made both, and needs one: the other goes, as it does when groups are merged."""
    site = _made_twice(_group("old"), _group("new"))
    made = site.world.group_id("old")
    assert site.shows(_group("new")) == [
        f"delete aws/group/~{made} leftover",
        f"delete aws/membership/~{made}/ada leftover",
    ]
    site.apply(_group("new"))
    assert {one.attributes["display_name"] for one in site.world.groups.values()} == {"new"}
    assert site.world.members_of("new") == {"ada@example.com"}
    assert site.shows(_group("new")) == []


def test_so_it_is_once_receipts_know_both_by_id() -> None:
    """A run that ended with another commit knows both ids; a commit that names one of them ends the doubt."""
    site = _made_twice(_group("old"), _group("new"))
    site.apply(_group("third"), whole=False)
    assert {"match-blocked", "owed"} <= set(site.says(_group("third")))
    assert len(site.world.groups) == 2
    site.apply(_group("old"))
    assert {one.attributes["display_name"] for one in site.world.groups.values()} == {"old"}
    assert site.shows(_group("old")) == []


def test_of_two_users_the_other_one_loses_everything() -> None:
    """So it is for people, and for what such a user was assigned."""
    admin = entry("admins", "user:dan", "Admin", PAY)
    declared = [
        replace(git([admin]), users={"dan": person("dan", user_name=f"{name}@example.com")}, groups={})
        for name in ("old", "new")
    ]
    site = Site()
    site.apply(git(people=(), teams={"none": []}))
    plans = [site.plan(each) for each in declared]
    for planned in plans:
        site.marks.append(planned.intends({each.address for each in planned.plan.changes}))
    for name in ("old", "new"):
        site.world.add_user(f"{name}@example.com", given_name="Dan", family_name="Test")
        site.world.assign(PAY, "Admin", site.world.user_principal(f"{name}@example.com"))
    site.apply(declared[1])
    assert site.world.reach() == {("new@example.com", PAY, "Admin")}
    assert site.world.users[site.world.user_id("old@example.com")].active is False
    assert site.shows(declared[1]) == []


def test_a_merged_group_whose_key_changes_again_before_any_apply_is_the_nearest_one() -> None:
    """`sec.new` takes `dev` in, and is `sec` again in the next commit: `dev` is not what it was before."""
    people = [person("ada"), person("bob")]
    apart = identities(people, [group("dev", ["ada"]), group("sec.new", ["bob"])])
    merged = identities(people, [replace(group("sec.new", ["ada", "bob"]), previously=("sec", "dev"))])
    again = identities(people, [replace(group("sec", ["ada", "bob"]), previously=("sec.new",))])
    site = Site(can=CAN_DISABLE)
    site.apply(apart)
    kept, gone = site.world.group_id("sec.new"), site.world.group_id("dev")
    memory = replace(site.memory, since=(Declared("merged", merged, site.policy),))
    planned = plan(again, site.world, memory, can=CAN_DISABLE)
    assert "match-blocked" not in codes(planned)
    site.remember(planned, site.world.carry_out(planned))
    assert site.world.group_id("sec") == kept
    assert gone not in site.world.groups
    assert site.world.members_of("sec") == {"ada@example.com", "bob@example.com"}
    assert site.shows(again) == []


def test_the_present_name_wins_over_a_former_key_also_where_the_key_changed_without_a_word() -> None:
    """`sec.new` is `sec` now, by its name alone, and takes `ops` in: it does not become what `ops` was."""
    people = [person("ada"), person("bob")]
    named = {"display_name": "security"}
    apart = identities(people, [group("ops", ["ada"]), replace(group("sec.new", ["bob"]), attributes=named)])
    declared = identities(
        people, [replace(group("sec", ["ada", "bob"]), attributes=named, previously=("ops",))]
    )
    site = Site(can=CAN_DISABLE)
    site.apply(apart)
    kept = site.world.group_id("security")
    assert [each for each in site.shows(declared) if "/group/" in each] == ["delete aws/group/ops git"]
    site.apply(declared)
    assert site.world.groups.keys() == {kept}
    assert site.world.members_of("security") == {"ada@example.com", "bob@example.com"}
    assert site.shows(declared) == []

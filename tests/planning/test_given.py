"""What git gave, git takes back: by live ids, over renames, broken commits, time and interruptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.model.policy import Ignore, Mode, Scope
from reconciler.model.resources import Grant, Group, Include, Window
from reconciler.model.state import Gap, Identities
from tests.planning.entitled import DEV, HOME, PAY, entry, git, organization, pset, realm
from tests.planning.remembering import Site
from tests.planning.world import NOW, ORIGIN, POLICY, change, group, identities, person

DAY = timedelta(days=1)
ADMIN = entry("admins", "user:ada", "Admin", PAY)


OBSERVING = replace(POLICY, scope=replace(POLICY.scope, assignments=Mode.OBSERVE))


def empty_again(site: Site, declared: Identities, now: datetime = NOW) -> None:
    """Apply, and expect nothing more."""
    site.apply(declared, now)
    assert site.shows(declared, now) == []


# 1. Time.


def test_what_began_after_the_whole_apply_and_was_given_since_is_taken_back() -> None:
    """An entry that begins tomorrow is given by an apply that is not whole, and deleted the day after."""
    later = replace(ADMIN, window=Window(start=NOW + DAY))
    site = Site()
    site.apply(git([later]))
    site.apply(git([later]), NOW + 2 * DAY, whole=False)
    assert site.world.assigned() == {f"{PAY} Admin ada@example.com"}
    assert site.shows(git(), NOW + 3 * DAY) == [f"delete aws/assignment/{PAY}/Admin/user:ada leftover"]
    empty_again(site, git(), NOW + 3 * DAY)
    assert site.world.assigned() == set()


@pytest.mark.parametrize("way", ["member", "include", "user"])
def test_so_it_is_for_everything_that_begins(way: str) -> None:
    """A member, an include and a user with `from`, given later, and deleted then."""
    window = Window(start=NOW + DAY)
    people = [person("ada"), replace(person("bob"), window=window if way == "user" else Window())]
    ops = Group("ops", {}, ORIGIN, members={"ada": 1})
    if way == "member":
        ops = replace(ops, members={"ada": 1, "bob": Grant(2, window)})
    if way == "user":
        ops = replace(ops, members={"ada": 1, "bob": 2})
    if way == "include":
        ops = replace(ops, include=(Include("sub", 3, window),))
    sub = Group("sub", {}, ORIGIN, members={"bob": 1})
    declared = identities(people, [ops, sub])
    site = Site()
    site.apply(declared)
    site.apply(declared, NOW + 2 * DAY, whole=False)
    assert site.world.members_of("ops") == {"ada@example.com", "bob@example.com"}
    after = identities(people, [Group("ops", {}, ORIGIN, members={"ada": 1}), sub])
    empty_again(site, after, NOW + 3 * DAY)
    assert site.world.members_of("ops") == {"ada@example.com"}


def test_an_entry_that_ended_since_a_first_apply_without_a_whole_one_is_taken_back() -> None:
    """Nothing was applied whole yet, and the time of what was given is over."""
    declared = git([replace(ADMIN, window=Window(end=NOW + DAY))])
    site = Site()
    site.apply(declared, whole=False)
    empty_again(site, git(), NOW + 2 * DAY)
    assert site.world.assigned() == set()


def test_somebody_whom_git_disabled_is_enabled_when_git_says_so() -> None:
    """By time, by word, and by leaving the files: whoever git disabled comes back."""
    ada = person("ada")
    for away in (
        [replace(ada, active=False)],
        [replace(ada, window=Window(end=NOW))],
        [],
    ):
        site = Site()
        site.apply(identities([ada, person("bob")]))
        site.apply(identities([*away, person("bob")]))
        site.apply(identities([*away, person("bob")]), NOW + DAY)
        assert site.world.users[site.world.user_id("ada@example.com")].active is False
        assert site.says(identities([ada, person("bob")]), NOW + DAY) == []
        empty_again(site, identities([ada, person("bob")]), NOW + DAY)
        assert site.world.users[site.world.user_id("ada@example.com")].active is True


def test_somebody_whom_others_disabled_stays_so() -> None:
    """No apply of git's ended with them disabled by git."""
    declared = identities([person("ada"), person("bob")])
    site = Site()
    site.apply(declared)
    ada = site.world.user_id("ada@example.com")
    site.world.users[ada] = replace(site.world.users[ada], active=False)
    assert "disabled-elsewhere" in site.says(declared)
    site.apply(declared)
    assert site.world.users[ada].active is False


# 3. Keys.


def test_a_key_renamed_without_previously_sheds_no_grant() -> None:
    """The name stays, so the object does, and what is not desired any more goes by id."""
    site = Site()
    site.apply(git([ADMIN]))
    declared = git(people=("bob",), teams={"ops": ["ada.l"]})
    declared = replace(
        declared, users={**declared.users, "ada.l": person("ada.l", user_name="ada@example.com")}
    )
    assert f"delete aws/assignment/{PAY}/Admin/user:ada.l git" in site.shows(declared)
    empty_again(site, declared)
    assert site.world.assigned() == set()
    assert site.world.members_of("ops") == {"ada@example.com"}


def test_so_it_is_for_a_group() -> None:
    """Its members and its assignments are known by id."""
    site = Site()
    site.apply(git([entry("e", "group:ops", "Admin", PAY)]))
    declared = git(teams={})
    declared = replace(
        declared, groups={"operations": group("operations", ["bob"], attributes={"display_name": "ops"})}
    )
    empty_again(site, declared)
    assert site.world.assigned() == set()
    assert site.world.members_of("ops") == {"bob@example.com"}


# 4. Groups that merge.


def test_a_merged_group_goes_and_nobody_is_left_in_the_other() -> None:
    """Both were applied: the present name wins, the old one goes, and who is deleted later is out."""
    everybody = ("ada", "bob", "cyd")
    admin = entry("e", "group:new", "Admin", PAY)
    site = Site()
    site.apply(git([admin], people=everybody, teams={"old": ["ada", "bob"], "new": ["cyd", "ada"]}))
    merged = group("new", ["ada", "bob", "cyd"], previously=("old",))
    declared = replace(git([admin], people=everybody, teams={}), groups={"new": merged})
    assert "match-blocked" not in site.says(declared)
    empty_again(site, declared)
    assert {one.attributes["display_name"] for one in site.world.groups.values()} == {"new"}
    assert site.world.members_of("new") == {f"{each}@example.com" for each in everybody}
    after = replace(declared, users={key: declared.users[key] for key in ("bob", "cyd")})
    after = replace(after, groups={"new": replace(merged, members={"bob": 1, "cyd": 2})})
    empty_again(site, after)
    assert site.world.members_of("new") == {"bob@example.com", "cyd@example.com"}


def test_inactive_people_lose_what_is_contested_too() -> None:
    """Two live groups bear the name of a key: whose they are is not known, but nobody inactive stays in."""
    world = realm()
    ada = world.add_user("ada@example.com")
    world.add_group("ops", ada)
    world.add_group("OPS", ada)
    declared = identities([replace(person("ada"), active=False), person("bob")], [group("ops", ["bob"])])
    site = Site(world)
    site.apply(declared, whole=False)
    assert "match-blocked" in site.says(declared)
    assert all(ada not in members for members in world.members.values())


# 5. Names outside git.


def renamed_by_hand(site: Site, old: str, new: str) -> str:
    """Somebody renames a user or a group in the console."""
    world = site.world
    for user in world.users.values():
        if user.attributes["user_name"] == old:
            world.users[user.id] = replace(user, attributes={**user.attributes, "user_name": new})
            return user.id
    found = world.groups[world.group_id(old)]
    world.groups[found.id] = replace(found, attributes={**found.attributes, "display_name": new})
    return found.id


def test_a_user_renamed_outside_git_keeps_their_access_and_is_renamed_back() -> None:
    """By id it is still the one; the name is drift."""
    declared = git([ADMIN])
    site = Site()
    site.apply(declared)
    renamed_by_hand(site, "ada@example.com", "lovelace@example.com")
    assert site.shows(declared) == ["update aws/user/ada drift"]
    empty_again(site, declared)
    assert site.world.reach() == {("ada@example.com", PAY, "Admin")}


def test_a_group_renamed_outside_git_is_renamed_back_and_not_made_again() -> None:
    """No `recreate`."""
    declared = git([entry("e", "group:ops", "Admin", PAY)])
    site = Site()
    site.apply(declared)
    renamed_by_hand(site, "ops", "operators")
    assert site.shows(declared) == ["update aws/group/ops drift"]
    empty_again(site, declared)


def test_a_new_name_that_git_takes_over_is_no_change() -> None:
    """Git says the name that somebody gave in the console."""
    site = Site()
    site.apply(identities([person("ada")]))
    renamed_by_hand(site, "ada@example.com", "lovelace@example.com")
    assert site.shows(identities([person("ada", user_name="lovelace@example.com")])) == []


def test_who_was_renamed_outside_git_and_is_removed_from_git_goes_by_id() -> None:
    """With their direct grants, and groups with theirs."""
    site = Site()
    site.apply(git([ADMIN, entry("e", "group:ops", "Read", PAY)]))
    ada = renamed_by_hand(site, "ada@example.com", "lovelace@example.com")
    renamed_by_hand(site, "ops", "operators")
    empty_again(site, replace(git(people=("bob",)), groups={}))
    assert site.world.assigned() == set()
    assert site.world.users[ada].active is False
    assert site.world.groups == {}


def test_another_object_under_the_name_of_one_that_is_gone_needs_a_review() -> None:
    """The id is gone, the name is alive: whose it is, a person must say."""
    declared = git([ADMIN])
    site = Site()
    site.apply(declared)
    old = site.world.user_id("ada@example.com")
    site.world.users.pop(old)
    site.world.members[site.world.group_id("ops")].pop(old)
    new = site.world.add_user("ada@example.com", given_name="Ada", family_name="Test")
    planned = site.plan(declared)
    found = change(planned, "aws/user/ada")
    assert [(each.name, each.before, each.after) for each in found.fields] == [("remote_id", old, new)]
    assert (found.effect, found.cause) == ("mixed", "drift")
    # Left out, it is not git's: what is there of it is not claimed.
    site.apply(declared, go=set())
    assert new not in (site.ledger.users if site.ledger else {})
    empty_again(site, declared)
    assert site.ledger is not None
    assert new in site.ledger.users
    assert old not in site.ledger.users


def test_an_id_here_and_the_name_elsewhere_is_blocked_and_said() -> None:
    """Somebody renamed ours, and somebody else bears the name."""
    declared = git()
    site = Site()
    site.apply(declared)
    renamed_by_hand(site, "ada@example.com", "lovelace@example.com")
    site.world.add_user("ada@example.com")
    assert "match-blocked" in site.says(declared)
    assert not any("aws/user/ada " in each for each in site.shows(declared))
    # And what git gave is never called unmanaged.
    assert "owed" in site.says(declared)


def test_a_name_declared_for_somebody_who_never_came_is_nobodys() -> None:
    """It was given to another key before anything was applied with it."""
    site = Site()
    site.apply(identities([person("bob")]))
    declared = identities([person("bob"), person("zoe", user_name="ada@example.com")])
    site.base = (
        replace(site.base, identities=identities([person("bob"), person("ada")])) if site.base else None
    )
    assert "match-blocked" not in site.says(declared)
    empty_again(site, declared)


def test_names_that_are_swapped_follow_their_keys() -> None:
    """Each key keeps its object, so that no access goes to somebody else."""
    site = Site()
    site.apply(identities([person("ada"), person("bob")], [group("ops", ["ada"])]))
    ids = {name: site.world.user_id(f"{name}@example.com") for name in ("ada", "bob")}
    declared = identities(
        [person("ada", user_name="bob@example.com"), person("bob", user_name="ada@example.com")],
        [group("ops", ["ada"])],
    )
    assert "rename-cycle" in site.says(declared)
    half = identities([person("ada"), person("bob", user_name="robert@example.com")], [group("ops", ["ada"])])
    empty_again(site, half)
    then = identities(
        [person("ada", user_name="bob@example.com"), person("bob", user_name="robert@example.com")],
        [group("ops", ["ada"])],
    )
    empty_again(site, then)
    assert site.world.user_id("bob@example.com") == ids["ada"]
    assert site.world.members_of("ops") == {"bob@example.com"}


# 6. What cannot be taken back now.


def test_what_was_removed_while_its_kind_was_observed_is_owed_and_goes_later() -> None:
    """`observe` releases nothing."""
    site = Site()
    site.apply(git([ADMIN]))
    site.policy = OBSERVING
    site.apply(git())
    assert "owed" in site.says(git())
    site.policy = POLICY
    assert site.shows(git()) == [f"delete aws/assignment/{PAY}/Admin/user:ada leftover"]
    empty_again(site, git())


def test_what_was_removed_while_its_account_was_suspended_goes_when_that_is_back() -> None:
    """Whether the service lists the account or not."""
    for gap in ((), (Gap(Kind.ASSIGNMENT, PAY, "suspended"),)):
        site = Site()
        site.apply(git([ADMIN]))
        site.world.organization = organization(**{f"a{PAY}": "SUSPENDED"})
        site.world.gaps = gap
        site.apply(git())
        (found,) = [each for each in site.plan(git()).plan.findings if each.code == "owed"]
        assert "suspended" in found.details[0]
        assert not site.plan(git()).uncovered
        site.world.organization, site.world.gaps = organization(), ()
        empty_again(site, git())
        assert site.world.assigned() == set()


def test_what_a_delegated_administrator_may_not_take_back_is_owed() -> None:
    """On the management account, until somebody applies from there; and the tag moves on."""
    site = Site()
    site.apply(git([entry("e", "user:ada", "Admin", HOME)]))
    site.world.delegated = True
    planned = site.apply(git())
    assert planned.waiting == 0
    (found,) = [each for each in site.plan(git()).plan.findings if each.code == "owed"]
    assert "only the management account" in found.details[0]
    site.world.delegated = False
    empty_again(site, git())
    assert site.world.assigned() == set()


# 7. Selectors.


def test_only_what_a_selector_gave_is_claimed() -> None:
    """The management account is not found by `all`; what somebody gave there stays theirs."""
    site = Site()
    site.apply(git([entry("e", "user:ada", "Admin", PAY)]))
    site.world.assign(HOME, "Admin", site.world.user_principal("ada@example.com"))
    declared = git([entry("e", "user:ada", "Admin", "all")])
    empty_again(site, declared)
    assert f"{HOME} Admin ada@example.com" in site.world.assigned()
    empty_again(site, git())
    assert site.world.assigned() == {f"{HOME} Admin ada@example.com"}


def test_an_account_that_leaves_its_unit_loses_what_a_selector_gave() -> None:
    """The entry is as it was: the account moved."""
    declared = git([entry("e", "user:ada", "Admin", "Prod")])
    site = Site()
    site.apply(declared)
    site.world.organization = organization(**{f"a{PAY}": "Lab"})
    assert site.shows(declared) == [f"delete aws/assignment/{PAY}/Admin/user:ada selector"]
    site.apply(declared, go=set())
    empty_again(site, git())
    assert site.world.assigned() == set()


# 8. `members` that disappear.


def test_members_that_are_not_declared_any_more_are_taken_back() -> None:
    """Absence releases nothing; who joined by hand stays."""
    site = Site()
    site.apply(git(teams={"ops": ["ada"]}))
    world = site.world
    world.members[world.group_id("ops")][world.user_id("bob@example.com")] = "by hand"
    declared = replace(git(), groups={"ops": group("ops", None)})
    assert site.shows(declared) == ["delete aws/membership/ops/ada git"]
    (found,) = [each for each in site.plan(declared).plan.findings if each.code == "members-undeclared"]
    assert "members: unmanaged" in str(found.fix)
    empty_again(site, declared)
    assert world.members_of("ops") == {"bob@example.com"}


def test_members_unmanaged_lets_go_by_a_change_that_a_review_sees() -> None:
    """Until that is applied, nothing is forgotten."""
    site = Site()
    site.apply(git([entry("e", "group:ops", "Admin", PAY)]))
    declared = replace(
        git([entry("e", "group:ops", "Admin", PAY)]),
        groups={"ops": replace(group("ops", None), unmanaged=True)},
    )
    assert site.shows(declared) == ["release aws/membership/ops/ada git"]
    assert "released" in site.says(declared)
    site.apply(declared, go=set())
    assert site.shows(git([entry("e", "group:ops", "Admin", PAY)], teams={"ops": []})) == [
        "delete aws/membership/ops/ada git"
    ]
    empty_again(site, declared)
    assert site.world.members_of("ops") == {"ada@example.com"}
    assert site.shows(replace(declared, groups={"ops": group("ops", None)})) == []


@pytest.mark.parametrize("word", ["external", "ignore"])
def test_external_and_ignored_groups_are_let_go_with_what_hangs_on_them(word: str) -> None:
    """The group and its memberships are somebody else's from the apply on."""
    site = Site()
    site.apply(git(teams={"ops": ["ada"]}))
    declared = replace(git(), groups={})
    if word == "external":
        declared = replace(declared, groups={"ops": Group("ops", {}, ORIGIN, external=True)})
    else:
        site.policy = replace(POLICY, scope=Scope(ignore=Ignore(groups=("ops",))))
    assert site.shows(declared) == ["release aws/group/ops git", "release aws/membership/ops/ada git"]
    empty_again(site, declared)
    site.policy = POLICY
    assert site.shows(replace(git(), groups={})) == []
    assert site.world.members_of("ops") == {"ada@example.com"}


def test_privileged_access_is_named_first_where_git_lets_go() -> None:
    """A reviewer sees it before the rest."""
    teams = {"all": ["ada"], "ops": ["ada"]}
    site = Site()
    guards = replace(POLICY.guards, privileged=replace(POLICY.guards.privileged, permission_sets=("Admin",)))
    site.policy = replace(POLICY, guards=guards)
    entries = [entry("a", "group:all", "Read", PAY), entry("e", "group:ops", "Admin", PAY)]
    site.apply(git(entries, teams=teams))
    loose = {key: replace(group(key, None), unmanaged=True) for key in teams}
    (found,) = [
        each
        for each in site.plan(replace(git(entries), groups=loose)).plan.findings
        if each.code == "released"
    ]
    assert "1 of them privileged" in found.message
    assert found.details[0] == "aws/membership/ops/ada: members: unmanaged (privileged)"


# 9. Who left and can still sign in.


def test_who_left_and_can_still_sign_in_stays_named_and_counts_once() -> None:
    """The channel disables nobody."""
    site = Site(can=replace(Site().can, status=False))
    everybody = identities([person(each) for each in ("ada", "bob", "cyd")])
    site.apply(everybody)
    limited = replace(POLICY.guards.max_removals, users=replace(POLICY.guards.max_removals.users, count=1))
    site.policy = replace(POLICY, guards=replace(POLICY.guards, max_removals=limited))
    declared = identities([person("cyd")])
    assert "max-removals" in site.says(declared)
    site.policy = POLICY
    site.apply(declared)
    for _ in range(2):
        (found,) = [each for each in site.plan(declared).plan.findings if each.code == "status-not-written"]
        assert found.details == ("ada", "bob")
        site.apply(declared)
    site.policy = replace(POLICY, guards=replace(POLICY.guards, max_removals=limited))
    assert "max-removals" not in site.says(declared)


# Runs that end badly.


def test_a_run_that_was_killed_is_remembered_by_its_mark() -> None:
    """Whatever it wrote is taken back, though no receipt tells and the objects were new."""
    site = Site()
    site.apply(git())
    more = git(
        [entry("e", "user:cyd", "Admin", PAY)], people=("ada", "bob", "cyd"), teams={"ops": ["ada", "cyd"]}
    )
    for writes in range(1, 6):
        run = Site(world=site.world, ledger=site.ledger, base=site.base)
        run.apply(more, killed_after=writes)
        after = git()
        empty_again(run, after)
        assert run.world.assigned() == set()
        assert run.world.members_of("ops") == {"ada@example.com"}
        active = {one.attributes["user_name"] for one in run.world.users.values() if one.active}
        assert active == {"ada@example.com", "bob@example.com"}


def test_an_old_commit_that_wakes_up_late_is_taken_back() -> None:
    """Clone B stops before its first write, A applies the revert whole, and B wakes and writes."""
    dan = git([entry("e", "user:bob", "Admin", PAY)])
    site = Site()
    site.apply(git())
    late = site.plan(dan)
    site.marks.append(late.intends({each.address for each in late.plan.changes}))
    site.apply(git())
    site.world.carry_out(late)
    assert site.shows(git()) == [f"delete aws/assignment/{PAY}/Admin/user:bob leftover"]
    empty_again(site, git())


def test_a_membership_that_a_mark_names_and_nobody_made_is_not_drift() -> None:
    """Nobody saw it there, so that its absence restores nothing."""
    declared = git(teams={"ops": ["ada", "bob"]})
    site = Site()
    site.apply(git())
    site.apply(declared, killed_after=0)
    assert site.shows(declared) == ["create aws/membership/ops/bob git"]


# What git never gave.


def test_what_git_never_gave_is_never_taken() -> None:
    """Declared and never applied is not given; hands keep what they gave where others are tolerated."""
    world = realm()
    ada, ops = world.add_user("ada@example.com"), None
    site = Site(world)
    declared = identities(
        [person("bob")],
        [replace(group("ops", ["bob"]), shared=True)],
        permission_sets={"Admin": pset("Admin")},
    )
    site.apply(declared)
    ops = world.group_id("ops")
    world.members[ops][ada] = "by hand"
    world.assign(PAY, "Admin", Principal(Kind.GROUP, ops))
    world.assign(DEV, "Admin", Principal(Kind.USER, ada))
    assert site.shows(declared) == []
    assert site.shows(
        identities(
            [person("bob")],
            [replace(group("ops", []), shared=True)],
            permission_sets={"Admin": pset("Admin")},
        )
    ) == ["delete aws/membership/ops/bob git"]


def test_what_was_found_as_declared_is_gits() -> None:
    """Adopted by declaration: an apply ran with it, and it was there."""
    world = realm()
    ada = world.add_user("ada@example.com", given_name="Ada", family_name="Test")
    bob = world.add_user("bob@example.com", given_name="Bob", family_name="Test")
    world.add_group("ops", ada)
    world.add_set("Admin")
    world.add_set("Read")
    world.assign(PAY, "Admin", Principal(Kind.USER, ada))
    site = Site(world)
    site.apply(git([ADMIN]))
    assert site.shows(git([ADMIN])) == []
    empty_again(site, git())
    assert world.assigned() == set()
    assert world.users[bob].active is True


def test_an_apply_of_the_earlier_version_is_taken_over() -> None:
    """Its receipt holds no ledger: the files of the tag answer once, and the next receipt has one."""
    site = Site()
    site.apply(git([ADMIN]))
    site = Site(site.world, None, site.base, policy=OBSERVING)
    site.apply(git())
    site.policy = POLICY
    empty_again(site, git())
    assert site.world.assigned() == set()


def test_attributes_that_git_gave_are_cleared_and_others_are_not() -> None:
    """By what the receipt says, not by what some commit said."""
    site = Site()
    site.apply(identities([person("ada", title="Lead")]))
    ada = site.world.user_id("ada@example.com")
    found = site.world.users[ada]
    site.world.users[ada] = replace(found, attributes={**found.attributes, "nick_name": "by hand"})
    empty_again(site, identities([person("ada")]))
    assert site.world.users[ada].attributes.get("title") is None
    assert site.world.users[ada].attributes["nick_name"] == "by hand"


def test_a_leaver_who_is_enabled_by_hand_is_disabled_again_and_keeps_nothing() -> None:
    """Everything of a removed person goes, for as long as the object is there."""
    site = Site()
    site.apply(git([ADMIN]))
    site.apply(git(people=("bob",), teams={"ops": ["bob"]}))
    world = site.world
    ada = world.user_id("ada@example.com")
    world.users[ada] = replace(world.users[ada], active=True)
    world.assign(PAY, "Admin", Principal(Kind.USER, ada))
    declared = git(people=("bob",), teams={"ops": ["bob"]})
    empty_again(site, declared)
    assert world.users[ada].active is False
    assert world.assigned() == set()

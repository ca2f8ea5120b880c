"""Several runs that died, over the same keys: the mark of none hides what another one made."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.model.state import Identities
from tests.planning.entitled import PAY, entry, git
from tests.planning.remembering import Site
from tests.planning.world import group, identities, person


def _named(name: str) -> Identities:
    """A group and a person who go by a name."""
    one = person("ada", user_name=f"{name}@example.com")
    return identities([one], [replace(group("dev", ["ada"]), attributes={"display_name": name})])


def test_two_dead_runs_that_knew_one_key_by_two_names_hide_nothing_of_each_other() -> None:
    """The first one made nothing, the second one everything; git deletes it all before any run ends."""
    site = Site()
    site.apply(identities())
    site.apply(_named("one"), killed_after=0)
    site.apply(_named("two"), killed_after=10)
    assert site.world.members_of("two") == {"two@example.com"}
    site.apply(identities())
    assert not site.world.groups
    assert [one.active for one in site.world.users.values()] == [False]


def test_both_of_them_may_have_made_something() -> None:
    """What either of them made goes, and so does what hangs on it."""
    site = Site()
    site.apply(identities())
    asleep = site.plan(_named("two"))
    site.apply(_named("one"), killed_after=10)
    site.marks.append(asleep.intends({each.address for each in asleep.plan.changes}))
    site.world.carry_out(asleep)
    assert len(site.world.groups) == len(site.world.users) == 2
    site.apply(identities())
    assert not site.world.groups
    assert [one.active for one in site.world.users.values()] == [False, False]


def test_what_a_dead_run_assigned_to_whom_it_made_goes_by_either_name() -> None:
    """A set and a holder that no run has told the ids of."""
    site = Site()
    site.apply(git())
    dan = person("dan", user_name="dan@example.com")
    other = person("dan", user_name="daniel@example.com")
    for who, writes in ((dan, 0), (other, 10)):
        declared = git([entry("e", "user:dan", "Bill", PAY)], people=("ada", "bob"))
        declared = replace(
            declared,
            users={**declared.users, "dan": who},
            permission_sets={
                **declared.permission_sets,
                "Bill": replace(declared.permission_sets["Admin"], key="Bill"),
            },
        )
        site.apply(declared, killed_after=writes)
    assert site.world.assigned() == {f"{PAY} Bill daniel@example.com"}
    site.apply(git())
    assert site.world.assigned() == set()
    assert "Bill" not in {one.name for one in site.world.sets.values()}


def test_what_a_late_run_makes_again_is_known_by_its_mark() -> None:
    """It was about to restore drift; then git dropped all of that, and a whole apply forgot it."""
    site = Site()
    admin = entry("e", "group:ops", "Admin", PAY)
    people = {"ada": person("ada", title="Lead")}
    declared = replace(git([admin], people=("ada",), teams={"ops": ["ada"]}), users=people)
    less = replace(git([], people=("ada",), teams={"ops": []}), users={"ada": person("ada")})
    site.apply(declared)
    world = site.world
    user, team = world.user_id("ada@example.com"), world.group_id("ops")
    del world.members[team][user]
    world.unassign(PAY, "Admin", Principal(Kind.GROUP, team))
    world.users[user] = replace(world.users[user], attributes={**world.users[user].attributes, "title": None})
    asleep = site.plan(declared)
    site.marks.append(asleep.intends({each.address for each in asleep.plan.changes}))
    site.apply(less)
    assert site.ledger is not None
    assert not site.ledger.members
    assert not site.ledger.assignments
    world.carry_out(asleep)
    assert site.shows(less) == [
        "delete aws/assignment/100000000002/Admin/group:ops leftover",
        "delete aws/membership/ops/ada leftover",
        "update aws/user/ada leftover",
    ]
    site.apply(less)
    assert not world.members[team]
    assert site.shows(less) == []


def test_the_mark_of_an_update_alone_makes_nothing_of_whoever_left() -> None:
    """A late run was about to restore a title; then she left, and another one has her key."""
    site = Site()
    declared = identities([person("ada", title="Lead")])
    site.apply(declared)
    user = site.world.user_id("ada@example.com")
    one = site.world.users[user]
    site.world.users[user] = replace(one, attributes={**one.attributes, "title": "Console"})
    asleep = site.plan(declared)
    site.marks.append(asleep.intends({each.address for each in asleep.plan.changes}))
    site.apply(identities())
    other = identities([person("ada", user_name="ada.lovelace@example.com")])
    assert site.shows(other) == ["create aws/user/ada git"]


def test_what_was_let_go_of_is_not_let_go_of_again_for_the_mark_of_an_update() -> None:
    """A late run was about to restore a title and a description; then both became somebody else's."""
    site = Site()
    ops = replace(group("ops"), attributes={"description": "Operations"})
    declared = identities([person("ada", title="Lead")], [ops])
    site.apply(declared)
    world = site.world
    user, team = world.user_id("ada@example.com"), world.group_id("ops")
    one, two = world.users[user], world.groups[team]
    world.users[user] = replace(one, attributes={**one.attributes, "title": "Console"})
    world.groups[team] = replace(two, attributes={**two.attributes, "description": "Console"})
    asleep = site.plan(declared)
    site.marks.append(asleep.intends({each.address for each in asleep.plan.changes}))
    external = identities(
        [replace(person("ada"), external=True)], [replace(group("ops"), members=None, external=True)]
    )
    assert site.shows(external) == ["release aws/group/ops git", "release aws/user/ada git"]
    site.apply(external)
    assert site.shows(external) == []

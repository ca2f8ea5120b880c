"""The same changes may do more to people than when they were reviewed: then they are stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.model.access import Direction
from reconciler.model.change import Cause
from reconciler.model.plan import Severity
from reconciler.model.policy import Limit, Privileged, TargetPolicy
from reconciler.model.resources import Value
from reconciler.model.rules import Deny, MaxHolders, Restrict, RuledAccess
from reconciler.model.state import Identities
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Review, review
from tests.planning.entitled import DEV, PAY, entry, git, pset
from tests.planning.remembering import Site
from tests.planning.world import POLICY, UNLIMITED, group, identities, person

ADMIN = entry("admins", "group:ops", "Admin", PAY)
EVERYBODY = ("ada", "bob", "cyd")
AUTO = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
PRIVILEGED = replace(POLICY, guards=replace(UNLIMITED, privileged=Privileged(permission_sets=("Admin",))))


def judge(fresh: PreparedPlan, *reviewed: PreparedPlan, digests: Sequence[str] = ()) -> Review:
    """The verdict on a fresh plan."""
    return review(fresh, [one.plan for one in reviewed], auto_apply=AUTO, digests=digests)


def whys(verdict: Review) -> list[str]:
    """Why it is stale."""
    return [each.why for each in verdict.stale]


def test_a_membership_that_gives_more_by_now_is_stale_with_the_difference() -> None:
    """The group got another account between review and apply."""
    site = Site()
    site.apply(git([ADMIN], people=EVERYBODY))
    joined = git([ADMIN], people=EVERYBODY, teams={"ops": ["ada", "bob"]})
    reviewed = site.plan(joined)
    assert not judge(site.plan(joined), reviewed).stale
    more = entry("more", "group:ops", "Admin", DEV)
    site.apply(git([ADMIN, more], people=EVERYBODY))
    fresh = site.plan(git([ADMIN, more], people=EVERYBODY, teams={"ops": ["ada", "bob"]}))
    assert {each.address for each in fresh.plan.changes} == {each.address for each in reviewed.plan.changes}
    (why,) = whys(judge(fresh, reviewed))
    assert "bob" in why
    assert "name-3" in why
    # A digest covers changes; beside a reviewed plan it approves no more than that.
    assert judge(fresh, reviewed, digests=[fresh.plan.digest]).stale
    assert not judge(fresh, digests=[fresh.plan.digest]).stale
    assert not judge(fresh, fresh).stale


def test_two_reviewed_plans_that_give_more_together_are_stale() -> None:
    """One puts bob into the group, the other gives the group an account."""
    site = Site()
    base = git(people=EVERYBODY)
    site.apply(base)
    joined = replace(base, groups={"ops": group("ops", ["ada", "bob"])})
    assigned = git([ADMIN], people=EVERYBODY)
    one, two = site.plan(joined), site.plan(assigned)
    both = site.plan(replace(assigned, groups=joined.groups))
    verdict = judge(both, one, two)
    assert ["bob" in each for each in whys(verdict)] == [True]
    assert not judge(both, one, both).stale


def test_two_that_take_more_together_are_stale_too() -> None:
    own = entry("own", "user:ada", "Admin", PAY)
    site = Site()
    site.apply(git([ADMIN, own], people=EVERYBODY, teams={"ops": ["ada", "bob"]}))
    left = git([ADMIN, own], people=EVERYBODY, teams={"ops": ["bob"]})
    gone = git([ADMIN], people=EVERYBODY, teams={"ops": ["ada", "bob"]})
    one, two = site.plan(left), site.plan(gone)
    both = site.plan(git([ADMIN], people=EVERYBODY, teams={"ops": ["bob"]}))
    assert [each.endswith("was not reviewed") for each in whys(judge(both, one, two))] == [True]


def test_less_is_fine() -> None:
    """Whoever was to gain something has left the group since."""
    site = Site()
    site.apply(git(people=EVERYBODY, teams={"ops": ["ada", "bob"]}))
    declared = git([ADMIN], people=EVERYBODY, teams={"ops": ["ada", "bob"]})
    reviewed = site.plan(declared)
    site.apply(git(people=EVERYBODY, teams={"ops": ["ada"]}))
    fresh = site.plan(replace(declared, groups={"ops": group("ops", ["ada"])}))
    assert not judge(fresh, reviewed).stale


@pytest.mark.parametrize("privileged", [True, False])
def test_growth_of_an_external_group_is_named_and_stale_where_privileged(*, privileged: bool) -> None:
    site = Site()
    site.policy = PRIVILEGED if privileged else POLICY
    ada, bob = (site.world.add_user(f"{each}@example.com") for each in ("ada", "bob"))
    crew = site.world.add_group("crew", ada)
    theirs = group("crew", None, external=True)
    declared = git([entry("e", "group:crew", "Admin", PAY)], people=("ada", "bob"))
    declared = replace(declared, groups={**declared.groups, "crew": theirs})
    reviewed = site.plan(declared)
    site.world.members[crew][bob] = "by hand"
    verdict = judge(site.plan(declared), reviewed)
    assert bool(verdict.stale) is privileged
    assert bool(verdict.notes) is not privileged
    assert any("bob" in each for each in (*whys(verdict), *verdict.notes))


@pytest.mark.parametrize(
    ("foreign", "fits"),
    [
        ({}, True),
        ({"email": "evil@example.org"}, False),
        ({"display_name": "Somebody Else"}, False),
        ({"title": "Boss"}, True),
        ({"phone_number": "+41 1"}, False),
        ({"address": "elsewhere"}, False),
        ({"family_name": "Other"}, False),
    ],
)
def test_a_namesake_made_since_the_review_is_no_fulfilled_create(
    foreign: dict[str, Value],
    fits: bool,  # noqa: FBT001  # a case, by position
) -> None:
    declared = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"])])
    site = Site()
    reviewed = site.plan(declared)
    made: dict[str, Value] = {
        "given_name": "Ada",
        "family_name": "Test",
        "display_name": "Ada Test",
        "email": "ada@example.com",
        **foreign,
    }
    site.world.add_user("ada@example.com", active=True, **made)
    verdict = judge(site.plan(declared), reviewed)
    assert (not verdict.stale) is fits
    assert all("made by somebody else" in each for each in whys(verdict))


def test_a_namesake_of_a_group_or_a_set_is_none_either() -> None:
    declared = git([ADMIN], sets=(pset("Admin"),))
    site = Site()
    reviewed = site.plan(declared)
    site.world.add_set("Admin", session_duration="PT12H")
    assert judge(site.plan(declared), reviewed).stale
    other = Site()
    other.world.add_group("ops", description="of others")
    assert judge(other.plan(declared), other.plan(declared), reviewed).stale


def renamed(declared: Identities) -> Identities:
    """Ada signs in by another name: that of somebody else."""
    ada = person("ada", user_name="mallory@example.com")
    return replace(declared, users={**declared.users, "ada": ada})


def test_a_changed_user_name_is_one_who_loses_and_one_who_gains_everything() -> None:
    declared = git([ADMIN, entry("own", "user:ada", "Read", DEV)])
    site = Site()
    site.apply(declared)
    rows = site.plan(renamed(declared)).plan.access
    expected = {(way, name) for way in (Direction.GAIN, Direction.LOSE) for name in ("Admin", "Read")}
    assert {(each.direction, each.permission_set) for each in rows} == expected
    assert {each.people for each in rows} == {("ada",)}
    same = replace(declared, users={**declared.users, "ada": person("ada", user_name="ADA@example.com")})
    assert site.plan(same).plan.access == ()


@pytest.mark.parametrize(
    "policy",
    [
        replace(POLICY, guards=replace(UNLIMITED, max_grants={"total": Limit(0, None)})),
        replace(PRIVILEGED, guards=replace(PRIVILEGED.guards, max_grants={"privileged": Limit(0, None)})),
        replace(POLICY, rules=(Deny("none", access=RuledAccess(permission_sets=("Admin",))),)),
        replace(POLICY, rules=(MaxHolders("few", count=0, access=RuledAccess(permission_sets=("Admin",))),)),
        replace(
            POLICY,
            rules=(
                Restrict(
                    "files", access=RuledAccess(permission_sets=("Admin",)), only_from=("people.yaml", "x")
                ),
            ),
        ),
    ],
)
def test_a_changed_user_name_is_judged_like_a_grant(policy: TargetPolicy) -> None:
    site = Site()
    declared = git([ADMIN])
    site.apply(declared)
    site.policy = policy
    moved = renamed(declared)
    if site.policy.rules and isinstance(site.policy.rules[0], Restrict):
        ada = replace(moved.users["ada"], origin=replace(moved.users["ada"].origin, path="hr.yaml"))
        moved = replace(moved, users={**moved.users, "ada": ada})
    assert any(each.severity is Severity.REFUSAL for each in site.plan(moved).plan.findings)
    assert not any(each.severity is Severity.REFUSAL for each in site.plan(declared).plan.findings)

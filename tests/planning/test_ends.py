"""Ends of memberships and assignments: changes of their own, and what was reviewed last holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reconciler.model.access import Direction
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.ledger import Ledger
from reconciler.model.plan import Severity
from reconciler.model.policy import Guards, Limit, TargetPolicy
from reconciler.model.resources import Grant, Group, Include, Window
from reconciler.model.rules import Deny, MaxHolders, Restrict, RuledAccess
from reconciler.model.state import Identities
from reconciler.planning.given.unreviewed import unreviewed
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from tests.planning.entitled import PAY, entry, git
from tests.planning.remembering import Site
from tests.planning.world import CAN_ALL, NOW, ORIGIN, POLICY, UNLIMITED, person

DAY = timedelta(days=1)
SOON, LATE = NOW + 10 * DAY, NOW + 3000 * DAY
ADMIN = entry("admins", "group:ops", "Admin", PAY)
PRIVILEGED = RuledAccess(permission_sets=("Admin",))


def until(end: datetime | None, start: datetime | None = None) -> Window:
    """A window that ends."""
    return Window(start, end)


def team(key: str, **members: datetime | None) -> Group:
    """A group whose members end."""
    grants = {user: Grant(number, until(end)) for number, (user, end) in enumerate(members.items(), 1)}
    return Group(key, {}, ORIGIN, members=grants)


def by_member(end: datetime | None) -> Identities:
    """Ada is an administrator by a membership."""
    declared = git([ADMIN])
    return replace(declared, groups={"ops": team("ops", ada=end)})


def by_include(end: datetime | None) -> Identities:
    """The same by a group that is included."""
    ops = Group("ops", {}, ORIGIN, members={}, include=(Include("sub", 7, until(end)),))
    return replace(git([ADMIN]), groups={"ops": ops, "sub": Group("sub", {}, ORIGIN, members={"ada": 1})})


def by_user(end: datetime | None) -> Identities:
    """The same by her own time."""
    declared = git([ADMIN])
    return replace(declared, users={**declared.users, "ada": replace(person("ada"), window=until(end))})


def by_entry(end: datetime | None) -> Identities:
    """The same by an entry of `assignments`."""
    return git([replace(ADMIN, window=until(end))])


def by_direct_entry(end: datetime | None) -> Identities:
    """The same by an entry for herself."""
    return git([entry("own", "user:ada", "Admin", PAY, window=until(end))])


WAYS = [by_member, by_include, by_user, by_entry, by_direct_entry]
Way = Callable[[datetime | None], Identities]


def by_rule(site: Site, declared: Identities, now: datetime) -> PreparedPlan:
    """The plan that `reconcile` carries out."""
    policy = replace(site.policy, auto_apply=frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.DRIFT}))
    return plan_target(declared, site.memory, site.world.live(), policy, CAN_ALL, now, by_rule=True)


def retimed(planned: PreparedPlan) -> list[Change]:
    """The changes of ends."""
    return [change for change in planned.plan.changes if change.retimes]


def applied(way: Way, end: datetime | None) -> Site:
    """A target with that applied."""
    site = Site()
    site.apply(way(end))
    return site


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "effect"),
    [
        (SOON, LATE, Effect.GRANT),
        (SOON, None, Effect.GRANT),
        (LATE, SOON, Effect.REVOKE),
        (None, SOON, Effect.REVOKE),
    ],
)
def test_a_changed_end_is_a_change_and_the_next_plan_is_empty(
    way: Way, first: datetime | None, second: datetime | None, effect: Effect, *, whole: bool
) -> None:
    site = applied(way, first)
    assert site.shows(way(first)) == []
    planned = site.plan(way(second))
    assert planned.plan.changes
    assert {(each.action, each.effect) for each in planned.plan.changes} == {(Action.UPDATE, effect)}
    held = {pair: set(holders) for pair, holders in site.world.assignments.items()}
    members = {group: dict(found) for group, found in site.world.members.items()}
    site.apply(way(second), whole=whole)
    assert (site.world.assignments, site.world.members) == (held, members)
    assert site.shows(way(second)) == []
    assert site.shows(way(first)) != []


@pytest.mark.parametrize("way", WAYS)
def test_both_dates_are_in_the_change_and_in_the_access(way: Way) -> None:
    site = applied(way, SOON)
    planned = site.plan(way(LATE))
    assert {(each.name, each.before, each.after) for one in planned.plan.changes for each in one.fields} == {
        ("until", "2026-12-03T12:00:00Z", "2035-02-09T12:00:00Z")
    }
    (row,) = planned.plan.access
    assert (row.direction, row.people, row.permission_set) == (Direction.LONGER, ("ada",), "Admin")
    assert (row.was_until, row.until) == ("2026-12-03T12:00:00Z", "2035-02-09T12:00:00Z")
    (back,) = site.plan(way(NOW + DAY)).plan.access
    assert back.direction is Direction.SHORTER


@pytest.mark.parametrize("way", WAYS)
def test_the_digest_covers_the_end(way: Way) -> None:
    site = applied(way, SOON)
    digests = {site.plan(way(end)).plan.digest for end in (SOON, LATE, LATE + DAY, None)}
    assert len(digests) == 4


@pytest.mark.parametrize("way", WAYS)
def test_a_new_grant_shows_its_end_and_its_digest_covers_it(way: Way) -> None:
    shown = {each.until for each in Site().plan(way(SOON)).plan.changes}
    assert "2026-12-03T12:00:00Z" in shown
    assert Site().plan(way(SOON)).plan.digest != Site().plan(way(LATE)).plan.digest


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("second", [LATE, None])
def test_the_earlier_end_holds_until_the_later_one_is_applied(way: Way, second: datetime | None) -> None:
    site = applied(way, SOON)
    early = by_rule(site, way(second), NOW + DAY)
    assert early.plan.changes == ()
    assert "end-not-reviewed" in {each.code for each in early.plan.findings}
    planned = by_rule(site, way(second), SOON)
    assert {(each.action, each.cause) for each in planned.plan.changes} == {(Action.DELETE, Cause.EXPIRY)}
    assert "end-not-reviewed" in {each.code for each in planned.plan.findings}
    site.remember(planned, site.world.carry_out(planned))
    assert ("ada@example.com", PAY, "Admin") not in site.world.reach()
    again = by_rule(site, way(second), SOON + DAY)
    assert again.plan.changes == ()
    assert {each.cause for each in again.left_out} == {Cause.GIT}


@pytest.mark.parametrize("way", WAYS)
def test_a_reviewed_extension_permits_making_the_grant_again_until_the_same_end(way: Way) -> None:
    site = applied(way, SOON)
    reviewed = site.plan(way(LATE)).plan
    expired = by_rule(site, way(LATE), SOON)
    site.remember(expired, site.world.carry_out(expired))
    fresh = site.plan(way(LATE), SOON)
    assert {each.action for each in fresh.plan.changes} == {Action.CREATE}
    verdict = review(fresh, [reviewed], auto_apply=())
    assert verdict.stale == ()
    assert verdict.go == {each.address for each in fresh.plan.changes}
    longer = site.plan(way(LATE + DAY), SOON)
    assert review(longer, [reviewed], auto_apply=()).stale
    assert review(site.plan(way(None), SOON), [reviewed], auto_apply=()).stale


@pytest.mark.parametrize("way", WAYS)
def test_what_others_took_away_comes_back_by_rule_for_no_longer_than_reviewed(way: Way) -> None:
    site = applied(way, SOON)
    if way in (by_entry, by_direct_entry):
        site.world.assignments.clear()
    else:
        # Of the group that has the access: all memberships at once are no hand's work (live-shrank).
        (ops,) = (one.id for one in site.world.groups.values() if one.attributes["display_name"] == "ops")
        site.world.members[ops].clear()
    for end, back in ((LATE, False), (None, False), (NOW + DAY, True), (SOON, True)):
        planned = by_rule(site, way(end), NOW)
        gained = [each for each in planned.plan.access if each.direction is Direction.GAIN]
        assert bool(gained) is back


@pytest.mark.parametrize("way", WAYS)
def test_a_reviewed_end_is_stale_where_git_says_another_by_now(way: Way) -> None:
    site = applied(way, SOON)
    reviewed = site.plan(way(LATE)).plan
    assert not review(site.plan(way(LATE)), [reviewed], auto_apply=()).stale
    assert review(site.plan(way(LATE + DAY)), [reviewed], auto_apply=()).stale
    assert review(site.plan(way(LATE)), [], auto_apply=()).stale
    grant = Site().plan(way(SOON)).plan
    assert review(Site().plan(way(LATE)), [grant], auto_apply=()).stale


def test_the_longest_way_counts() -> None:
    """By an include that lasts longer, neither adding nor ending a shorter way makes a difference."""
    sub = team("sub", ada=LATE)
    ops = team("ops", ada=SOON)
    declared = replace(git([ADMIN]), groups={"ops": replace(ops, include=(Include("sub", 9),)), "sub": sub})
    site = Site()
    site.apply(declared)
    alone = replace(ops, members={}, include=(Include("sub", 9),))
    assert site.shows(replace(declared, groups={**declared.groups, "ops": alone})) == []
    shorter = replace(declared, groups={**declared.groups, "ops": ops})
    assert [each.fields[0].after for each in retimed(site.plan(shorter))] == ["2026-12-03T12:00:00Z"]
    ending = replace(ops, include=(Include("sub", 9, until(SOON + DAY)),))
    limited = replace(declared, groups={**declared.groups, "ops": ending})
    assert [each.fields[0].after for each in retimed(site.plan(limited))] == ["2026-12-04T12:00:00Z"]


def test_the_longest_entry_counts() -> None:
    site = Site()
    two = [replace(ADMIN, window=until(SOON)), replace(ADMIN, key="more", window=until(LATE))]
    site.apply(git(two))
    assert site.shows(git(two[1:])) == []
    assert [each.fields[0].after for each in retimed(site.plan(git(two[:1])))] == ["2026-12-03T12:00:00Z"]


def test_a_new_way_without_an_end_keeps_access_longer() -> None:
    """Nobody gains anything by it, and still it is access that was to end."""
    declared = git([replace(ADMIN, window=until(SOON))])
    site = Site()
    site.apply(declared)
    more = git([replace(ADMIN, window=until(SOON)), entry("own", "user:ada", "Admin", PAY)])
    (row,) = [each for each in site.plan(more).plan.access if each.people == ("ada",)]
    assert (row.direction, row.was_until, row.until) == (Direction.LONGER, "2026-12-03T12:00:00Z", None)


def test_whoever_keeps_the_same_for_ever_by_another_way_keeps_nothing_longer() -> None:
    declared = [ADMIN, entry("own", "user:ada", "Admin", PAY, window=until(SOON))]
    site = Site()
    site.apply(git(declared))
    planned = site.plan(git([ADMIN, replace(declared[1], window=until(LATE))]))
    assert len(retimed(planned)) == 1
    assert planned.plan.access == ()


@pytest.mark.parametrize("way", WAYS)
def test_guards_count_what_is_given_for_longer(way: Way) -> None:
    limits = replace(UNLIMITED, max_grants={"total": Limit(0, None)})
    site = applied(way, SOON)
    site.policy = replace(POLICY, guards=limits)
    assert "max-grants" in site.says(way(LATE))
    assert "max-grants" not in site.says(way(NOW + DAY))
    privileged = replace(limits.privileged, permission_sets=("Admin",))
    site.policy = replace(
        POLICY, guards=replace(limits, max_grants={"privileged": Limit(0, None)}, privileged=privileged)
    )
    assert "max-privileged-grants" in site.says(way(LATE))
    assert "max-privileged-grants" not in site.says(way(NOW + DAY))


@pytest.mark.parametrize("way", WAYS)
def test_less_time_is_no_removal_of_what_is_there(way: Way) -> None:
    """Limits on removals count what goes by this plan."""
    site = applied(way, LATE)
    site.policy = TargetPolicy("aws", guards=Guards())
    assert [each for each in site.plan(way(SOON)).plan.findings if each.severity is Severity.REFUSAL] == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "rule",
    [
        Deny("none", access=PRIVILEGED),
        MaxHolders("few", count=0, access=PRIVILEGED),
        Restrict("files", access=PRIVILEGED, only_from=("secure.yaml",)),
    ],
)
def test_rules_refuse_more_time_as_they_refuse_a_grant(way: Way, rule: Deny | MaxHolders | Restrict) -> None:
    site = applied(way, SOON)
    site.policy = replace(POLICY, rules=(rule,))

    def refused(declared: Identities) -> bool:
        return any(each.severity is Severity.REFUSAL for each in site.plan(declared).plan.findings)

    assert refused(way(LATE))
    assert not refused(way(SOON))
    assert not refused(way(NOW + DAY))


def test_windows_are_taken_as_git_says_where_nobody_remembers() -> None:
    """What is there already when git first declares it, and receipts of earlier versions."""
    site = applied(by_member, SOON)
    site.ledger = None
    assert site.shows(by_member(LATE)) == []
    site.apply(by_member(LATE))
    assert site.shows(by_member(LATE)) == []
    assert retimed(site.plan(by_member(SOON)))


def test_nothing_is_stored_for_what_never_ends() -> None:
    site = Site()
    site.apply(git([ADMIN]))
    assert site.ledger is not None
    assert site.ledger.ends == {}


def test_another_apply_does_not_record_an_end_that_it_did_not_carry_out() -> None:
    """Of two reviewed changes only the other is let through."""
    site = applied(by_member, SOON)
    declared = by_member(LATE)
    declared = replace(declared, users={**declared.users, "bob": person("bob", title="Lead")})
    (title,) = [each for each in site.plan(declared).plan.changes if not each.retimes]
    site.apply(declared, go=[str(title.address)])
    assert [each.fields[0].before for each in retimed(site.plan(declared))] == ["2026-12-03T12:00:00Z"]


def test_a_mark_of_a_killed_run_extends_nothing() -> None:
    site = applied(by_member, SOON)
    site.apply(by_member(LATE), killed_after=0)
    assert retimed(site.plan(by_member(LATE)))


@pytest.mark.parametrize("way", WAYS)
def test_a_new_entry_whose_end_is_past_is_a_finding(way: Way) -> None:
    past = NOW - DAY
    assert "until-past" in Site().says(way(past))
    site = applied(way, SOON)
    assert "until-past" in site.says(way(past))
    assert "until-past" not in site.says(way(SOON), SOON + DAY)
    site.apply(way(past))
    assert "until-past" not in site.says(way(past))


def test_no_end_is_put_off_where_nothing_is_left_out() -> None:
    assert list(unreviewed([], [])) == []


def test_a_renamed_key_keeps_its_end() -> None:
    site = applied(by_member, SOON)
    declared = by_member(SOON)
    ops = replace(declared.groups["ops"], key="crew", previously=("ops",), attributes={"display_name": "ops"})
    renamed = replace(
        declared, groups={"crew": ops}, assignments={"a": entry("a", "group:crew", "Admin", PAY)}
    )
    assert site.shows(renamed) == []


def test_a_plan_of_one_address_leaves_other_ends_alone() -> None:
    declared = replace(git(), groups={"ops": team("ops", ada=SOON, bob=SOON)})
    site = Site()
    site.apply(declared)
    later = replace(declared, groups={"ops": team("ops", ada=LATE, bob=LATE)})
    assert len(retimed(site.plan(later))) == 2
    only = site.plan(later).plan.changes[0].address
    site.apply(later, go=[str(only)])
    assert len(retimed(site.plan(later))) == 1


def test_ledgers_without_ends_stay_false() -> None:
    assert not Ledger()

"""Whoever must have no access has none, by the right cause, and comes back when git says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import AT_ONCE, Cause, Effect
from reconciler.model.policy import Ignore, Mode, OnRemoval, Scope
from reconciler.model.resources import Block, Grant, Include, Override, Window
from reconciler.model.state import Gap, Live
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import (
    CAN_DISABLE,
    NOW,
    ORIGIN,
    POLICY,
    World,
    change,
    codes,
    group,
    identities,
    person,
    plan,
    remembered,
    summary,
)

BLOCK = Block("eve", ORIGIN, None, "SEC-88")
SOON = NOW + timedelta(days=2)


def test_somebody_whose_time_comes_is_created_because_of_git() -> None:
    git = identities(
        [person("ada"), replace(person("bob"), window=Window(start=NOW + timedelta(days=1)))],
        [group("ops", ["ada", "bob"])],
    )
    world = World()
    world.carry_out(plan(git, world))

    assert summary(plan(git, world, remembered(git), now=SOON)) == [
        "create aws/membership/ops/bob git",
        "create aws/user/bob git",
    ]


def test_whoever_git_postponed_is_enabled_when_the_time_comes() -> None:
    before = identities([person("ada")])
    world = World()
    world.carry_out(plan(before, world))
    git = identities([replace(person("ada"), window=Window(start=NOW + timedelta(days=1)))])
    world.carry_out(plan(git, world, remembered(before), can=CAN_DISABLE))
    assert world.users[world.user_id("ada@example.com")].active is False

    assert summary(plan(git, world, remembered(git), can=CAN_DISABLE, now=SOON)) == [
        "update aws/user/ada git"
    ]


def test_whoever_was_removed_and_put_back_between_two_applies_is_enabled_again() -> None:
    base = identities([person("ada")])
    between = identities()
    world = World()
    world.carry_out(plan(base, world))
    world.carry_out(plan(between, world, remembered(base), can=CAN_DISABLE))
    assert world.users[world.user_id("ada@example.com")].active is False

    assert summary(plan(base, world, remembered(base, between), can=CAN_DISABLE)) == [
        "update aws/user/ada git"
    ]


def test_a_blocked_leaver_is_disabled_by_the_block() -> None:
    before = identities([person("ada"), person("eve")], [group("ops", ["ada", "eve"])])
    world = World()
    world.carry_out(plan(before, world))
    after = identities([person("ada")], [group("ops", ["ada"])], blocked={"eve": BLOCK})

    planned = plan(after, world, remembered(before), can=CAN_DISABLE)

    assert summary(planned) == ["delete aws/membership/ops/eve block", "update aws/user/eve block"]


def test_a_blocked_person_leaves_a_group_that_goes_for_other_reasons_at_once() -> None:
    git = identities([person("ada"), person("eve")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(git, world))
    world.add_group("console", world.user_id("eve@example.com"), world.user_id("ada@example.com"))
    policy = replace(POLICY, scope=Scope(groups=Mode.AUTHORITATIVE))
    after = replace(git, blocked={"eve": BLOCK})

    planned = plan(after, world, remembered(git, policy=policy), policy=policy)

    assert [line for line in summary(planned) if "membership" in line] == [
        "delete aws/membership/~g00000005/ada drift",
        "delete aws/membership/~g00000005/eve block",
    ]


@pytest.mark.parametrize("known", [True, False], ids=["with memory", "without memory"])
def test_a_blocked_external_user_loses_what_git_itself_gave(*, known: bool) -> None:
    world = World()
    world.add_user("eve@partner.example")
    eve = replace(person("eve", user_name="eve@partner.example"), external=True)
    git = identities([person("ada"), eve], [group("ops", ["ada", "eve"])])
    world.carry_out(plan(git, world))
    assert world.members_of("ops") == {"ada@example.com", "eve@partner.example"}
    memory = remembered(git) if known else replace(remembered(None), unknown="outside git")

    planned = plan(replace(git, blocked={"eve": BLOCK}), world, memory)

    assert summary(planned) == ["delete aws/membership/ops/eve block"]


def test_an_external_user_before_their_time_is_spared_like_any_other() -> None:
    world = World()
    eve = world.add_user("eve@partner.example")
    world.add_group("console", eve)
    window = Window(start=SOON)
    git = identities([replace(person("eve", user_name="eve@partner.example"), external=True, window=window)])

    planned = plan(git, world)

    assert summary(planned) == []
    assert codes(planned) == ["spared"]


@pytest.mark.parametrize("shared", [True, False])
def test_a_block_takes_memberships_where_users_are_only_observed(*, shared: bool) -> None:
    git = identities([person("ada"), person("eve")], [group("ops", ["ada", "eve"], shared=shared)])
    world = World()
    world.carry_out(plan(git, world))
    world.add_group("console", world.user_id("eve@example.com"))
    policy = replace(POLICY, scope=Scope(users=Mode.OBSERVE))

    planned = plan(
        replace(git, blocked={"eve": BLOCK}),
        world,
        remembered(git, policy=policy),
        policy=policy,
        can=CAN_DISABLE,
    )

    assert summary(planned) == ["delete aws/membership/ops/eve block"]
    assert codes(planned) == ["spared", "observed"]


def test_a_difference_of_an_observed_user_holds_up_no_membership() -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(before, world))
    policy = replace(POLICY, scope=Scope(users=Mode.OBSERVE))
    after = identities([person("ada", title="Lead"), person("bob", title="Lead")], [group("ops", ["bob"])])

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)

    assert summary(planned) == ["delete aws/membership/ops/ada git", "create aws/membership/ops/bob git"]


def test_a_group_that_is_only_observed_keeps_its_members_when_git_forgets_it() -> None:
    before = identities([person("ada"), person("eve")], [group("ops", ["ada", "eve"])])
    world = World()
    world.carry_out(plan(before, world))
    policy = replace(POLICY, scope=Scope(groups=Mode.OBSERVE))
    after = identities([person("ada"), person("eve")], blocked={"eve": BLOCK})

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)

    assert summary(planned) == ["delete aws/membership/ops/eve block"]


def test_where_memberships_are_only_observed_nothing_goes_that_has_some() -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada"]), group("dev", [])])
    world = World()
    world.carry_out(plan(before, world))
    policy = replace(POLICY, scope=Scope(memberships=Mode.OBSERVE), on_removal=OnRemoval.DELETE)

    planned = plan(identities(), world, remembered(before, policy=policy), policy=policy, can=CAN_DISABLE)

    assert summary(planned) == ["delete aws/group/dev git", "delete aws/user/bob git"]


def test_a_membership_that_ran_out_two_includes_away_ends_by_expiry() -> None:
    lapsing = Grant(7, Window(end=NOW + timedelta(days=1)))
    git = identities(
        [person("ada"), person("bob")],
        [
            group("all", ["ada"], include=(Include("eng", 3),)),
            group("eng", ["ada"], include=(Include("sre", 4),)),
            group("sre", members={"ada": 1, "bob": lapsing}),
        ],
    )
    world = World()
    world.carry_out(plan(git, world))

    assert summary(plan(git, world, remembered(git), now=SOON)) == [
        "delete aws/membership/all/bob expiry",
        "delete aws/membership/eng/bob expiry",
        "delete aws/membership/sre/bob expiry",
    ]


def test_a_manager_who_is_deleted_or_cannot_be_created_is_referred_to_by_nobody() -> None:
    before = identities([person("ada"), person("boss")])
    world = World()
    world.carry_out(plan(before, world))
    nameless = replace(person("cyd"), attributes={**person("cyd").attributes, "given_name": None})
    after = identities(
        [person("ada", manager="boss"), person("bob", manager="cyd"), nameless, person("boss")]
    )
    policy = replace(POLICY, on_removal=OnRemoval.DELETE, paths=("people.yaml",))
    elsewhere = replace(after.users["boss"], origin=replace(ORIGIN, path="other.yaml"))
    after = replace(after, users={**after.users, "boss": elsewhere})

    planned = plan(after, world, remembered(before, policy=POLICY), policy=policy)

    assert summary(planned) == ["create aws/user/bob git", "delete aws/user/boss git"]
    assert codes(planned) == ["incomplete-user", "manager-unknown", "manager-unknown"]
    world.carry_out(planned)
    assert summary(plan(after, world, remembered(before, policy=POLICY), policy=policy)) == []


@pytest.mark.parametrize(
    ("window", "title", "expected"),
    [
        (None, "Engineer", ("leaver", {"active"})),
        (None, "Lead", ("git", {"title", "department", "active"})),
        (Window(end=NOW), "Engineer", ("expiry", {"active"})),
        (Window(end=NOW), "Lead", ("git", {"title", "department", "active"})),
    ],
    ids=[
        "a leaver and a console edit",
        "a leaver and an edit in git",
        "expiry and a console edit",
        "expiry and an edit in git",
    ],
)
def test_a_cause_that_is_applied_by_rule_carries_nothing_else_with_it(
    window: Window | None, title: str, expected: tuple[str, set[str]]
) -> None:
    before = identities([person("ada", title="Engineer", department="Platform")])
    world = World()
    world.carry_out(plan(before, world))
    ada = world.user_id("ada@example.com")
    world.users[ada] = replace(
        world.users[ada],
        attributes={**world.users[ada].attributes, "title": "Console", "department": "Console"},
    )
    now = person("ada", title=title, department="Platform")
    after = identities([replace(now, window=window) if window else replace(now, active=False)])

    found = change(plan(after, world, remembered(before), can=CAN_DISABLE), "aws/user/ada")

    assert (found.cause, {each.name for each in found.fields}) == expected


@pytest.mark.parametrize("how", ["leaver", "expiry", "block"])
@pytest.mark.parametrize(
    ("edit", "effect"),
    [({"title": "Lead"}, Effect.NEUTRAL), ({"user_name": "ada.king@example.com"}, Effect.MIXED)],
    ids=["title", "user name"],
)
def test_an_edit_that_waits_for_a_review_keeps_nobody_signing_in(
    how: str, edit: dict[str, str], effect: Effect
) -> None:
    """By rule the status alone is set, and the rest of the same change waits."""
    before = identities([person("ada", title="Engineer"), person("bob")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(before, world))
    ada = person("ada", **{"title": "Engineer", **edit})
    ada = replace(ada, active=False if how == "leaver" else None)
    ada = replace(ada, window=Window(end=NOW)) if how == "expiry" else ada
    blocked = {"ada": Block("ada", ORIGIN)} if how == "block" else {}
    after = identities([ada, person("bob")], [group("ops", ["ada"])], blocked=blocked)
    policy = replace(POLICY, auto_apply=AT_ONCE)
    memory = remembered(before, policy=policy)

    planned = plan_target(after, memory, world.live(), policy, CAN_DISABLE, NOW, by_rule=True)

    assert summary(planned) == [f"delete aws/membership/ops/ada {how}", f"update aws/user/ada {how}"]
    status = change(planned, "aws/user/ada")
    assert ({each.name for each in status.fields}, status.effect) == ({"active"}, Effect.REVOKE)
    (waiting,) = planned.left_out
    assert (waiting.cause, {each.name for each in waiting.fields}) == (Cause.GIT, set(edit))
    assert waiting.effect is effect
    world.carry_out(planned)
    assert world.users[world.user_id("ada@example.com")].active is False
    rest = change(plan(after, world, memory, policy=policy, can=CAN_DISABLE), "aws/user/ada")
    assert (rest.cause, {each.name for each in rest.fields}) == (Cause.GIT, set(edit))


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        pytest.param("override", Cause.LEAVER, id="by an override"),
        pytest.param("blocked", Cause.BLOCK, id="and blocked"),
        pytest.param("over", Cause.EXPIRY, id="and past an end"),
        pytest.param("later", Cause.LEAVER, id="and yet to come"),
        pytest.param("postponed", Cause.GIT, id="who only comes later is not a leaver"),
        pytest.param("gone", Cause.GIT, id="who is gone from the files is not a leaver"),
    ],
)
def test_a_leaver_is_who_is_declared_inactive(said: str, cause: Cause) -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"])])
    world = World()
    world.carry_out(plan(before, world))
    windows = {"over": Window(end=NOW), "later": Window(start=SOON), "postponed": Window(start=SOON)}
    active = None if said in ("override", "postponed") else False
    bob = replace(person("bob"), active=active, window=windows.get(said, Window()))
    after = identities(
        [person("ada"), *([] if said == "gone" else [bob])],
        [group("ops", ["ada"] if said == "gone" else ["ada", "bob"])],
        overrides={"bob": Override("bob", ORIGIN, active=False)} if said == "override" else {},
        blocked={"bob": Block("bob", ORIGIN)} if said == "blocked" else {},
    )

    planned = plan(after, world, remembered(before), can=CAN_DISABLE)

    assert summary(planned) == [f"delete aws/membership/ops/bob {cause}", f"update aws/user/bob {cause}"]


def test_a_leaver_who_comes_back_is_git_and_waits_for_a_review() -> None:
    here = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"])])
    left = identities([person("ada"), replace(person("bob"), active=False)], [*here.groups.values()])
    world = World()
    world.carry_out(plan(here, world))
    world.carry_out(plan(left, world, remembered(here), can=CAN_DISABLE))
    policy = replace(POLICY, auto_apply=AT_ONCE)

    planned = plan(here, world, remembered(left), can=CAN_DISABLE)
    by_rule = plan_target(here, remembered(left), world.live(), policy, CAN_DISABLE, NOW, by_rule=True)

    assert summary(planned) == ["create aws/membership/ops/bob git", "update aws/user/bob git"]
    assert summary(by_rule) == []
    assert len(by_rule.left_out) == 2


def test_what_somebody_gives_a_leaver_again_is_taken_at_once() -> None:
    left = identities([person("ada"), replace(person("bob"), active=False)], [group("ops", ["ada", "bob"])])
    world = World()
    world.add_user("bob@example.com", given_name="Bob", family_name="Test")
    world.carry_out(plan(left, world, can=CAN_DISABLE))
    assert world.members_of("ops") == {"ada@example.com"}
    world.members[world.group_id("ops")][world.user_id("bob@example.com")] = "m-by-hand"

    assert summary(plan(left, world, remembered(left), can=CAN_DISABLE)) == [
        "delete aws/membership/ops/bob leaver"
    ]


def test_what_is_ignored_stays_ignored_when_its_owner_leaves() -> None:
    world = World()
    robot = world.add_user("robot")
    world.add_group("console", robot)
    policy = replace(POLICY, scope=Scope(ignore=Ignore(users=("robot",))))
    git = identities(blocked={"robot": Block("robot", ORIGIN)})

    planned = plan(git, world, policy=policy, can=CAN_DISABLE)

    assert summary(planned) == []
    assert codes(planned) == ["spared"]


def test_nothing_is_removed_inside_of_what_was_not_read() -> None:
    before = identities(
        [person("ada"), person("bob"), person("eve")],
        [group("ops", ["ada"]), group("dev", []), group("rest", [])],
    )
    world = World()
    world.carry_out(plan(before, world))
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    live = world.live()
    gap = Gap(Kind.MEMBERSHIP, world.group_id("ops"), "not asked for")
    partial = replace(live, members={world.group_id("dev"): {}, world.group_id("rest"): {}}, gaps=(gap,))
    everything = replace(live, members={}, gaps=(replace(gap, scope="*"),))

    def part(seen: Live) -> PreparedPlan:
        return plan_target(
            identities([person("ada")], [group("rest", [])]),
            remembered(before),
            seen,
            policy,
            CAN_DISABLE,
            NOW,
        )

    assert summary(part(partial)) == ["delete aws/group/dev git"]
    assert codes(part(partial)) == ["not-read"]
    assert part(partial).plan.partial
    assert summary(part(everything)) == []


def test_a_long_chain_of_includes_is_no_obstacle() -> None:
    chain = [group(f"g{n}", [], include=(Include(f"g{n + 1}", 1),)) for n in range(3000)]
    git = identities([person("ada")], [*chain, group("g3000", ["ada"])])

    planned = plan(git, World())

    assert "create aws/membership/g0/ada git" in summary(planned)

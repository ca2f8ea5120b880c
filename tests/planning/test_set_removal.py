"""Which permission sets are whose, and which of them go: forgotten, undeclared, replaced; and which stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.pairs import Principal
from reconciler.model.policy import Ignore, Mode, Scope
from reconciler.model.resources import PermissionSet
from reconciler.model.state import Remembered
from reconciler.planning import hashes
from reconciler.planning.comparing.set_removal import delete_sets
from reconciler.planning.comparing.sets import compare_sets
from reconciler.planning.context import Diff, PlanContext
from tests.planning.scenes import ONE, TWO, access, arn_of, brief, context, live, live_set, permission_set
from tests.planning.world import CAN, NOTHING, POLICY, remembered
from tests.support.pairs import pair_of

OPS, EVE = Principal(Kind.GROUP, "g-ops"), Principal(Kind.USER, "u-eve")
SAME = permission_set("Admin", managed_policies=("A",))


def removed(around: PlanContext, *assignments: tuple[str, str, Principal]) -> Diff:
    """What is deleted, when the assignments (account, set, principal) go."""
    diff = Diff()
    for account, name, principal in assignments:
        address = around.assignment_address(account, name, around.holder(principal))
        diff.changes.append(Change(address, Action.DELETE, Effect.REVOKE, Cause.GIT, "", ""))
    delete_sets(around, diff)
    diff.changes = [one for one in diff.changes if one.address.kind is Kind.PERMISSION_SET]
    return diff


AUTHORITATIVE = Scope(permission_sets=Mode.AUTHORITATIVE)
IGNORING = Scope(permission_sets=Mode.AUTHORITATIVE, ignore=Ignore(permission_sets=("AWS*",)))


@pytest.mark.parametrize(
    ("now", "memory", "scope", "expected"),
    [
        pytest.param([], NOTHING, Scope(), set(), id="never ours"),
        pytest.param(
            [], remembered(access([SAME])), Scope(), {(Action.DELETE, "Admin", "git")}, id="gone from git"
        ),
        pytest.param(
            [],
            remembered(access(), access([SAME])),
            Scope(),
            {(Action.DELETE, "Admin", "leftover")},
            id="declared in between only",
        ),
        pytest.param(
            [],
            replace(remembered(access([SAME])), base=None, unknown="shallow"),
            Scope(),
            set(),
            id="nothing for having been forgotten, where that is not known",
        ),
        pytest.param([], NOTHING, AUTHORITATIVE, {(Action.DELETE, "Admin", "git")}, id="a stray"),
        pytest.param(
            [], remembered(access()), AUTHORITATIVE, {(Action.DELETE, "Admin", "drift")}, id="a new stray"
        ),
        pytest.param([SAME], NOTHING, AUTHORITATIVE, set(), id="declared"),
        pytest.param(
            [permission_set("New", previously=("Admin",))],
            remembered(access([SAME])),
            Scope(),
            {(Action.DELETE, "Admin", "git")},
            id="replaced",
        ),
        pytest.param(
            [permission_set("New", previously=("Admin",))],
            NOTHING,
            Scope(),
            {(Action.DELETE, "Admin", "git")},
            id="replaced, and never declared under the old name",
        ),
    ],
)
def test_which_sets_go(
    now: list[PermissionSet], memory: Remembered, scope: Scope, expected: set[tuple[Action, str, str]]
) -> None:
    around = context(access(now), live([live_set("Admin")]), memory, replace(POLICY, scope=scope))
    assert brief(removed(around).changes) == expected


def test_what_is_ignored_stays_and_says_so_where_it_is_declared() -> None:
    there = live([live_set("AWSAdmin"), live_set("AWSOther")])
    around = context(
        access([permission_set("AWSAdmin", description="x")]), there, policy=replace(POLICY, scope=IGNORING)
    )
    assert around.sets.ignored == {arn_of("AWSAdmin"), arn_of("AWSOther")}
    assert removed(around).changes == []
    diff = Diff()
    compare_sets(around, diff)
    assert diff.changes == []
    assert [finding.code for finding in diff.findings] == ["permission-set-ignored"]


def test_every_live_set_is_in_one_place() -> None:
    there = live([live_set(name) for name in ("Admin", "Old", "Gone", "Stray", "AWSFoo")])
    now = access([SAME, permission_set("New", previously=("Old",))])
    memory = remembered(access([SAME, permission_set("Old"), permission_set("Gone")]))
    for scope, undeclared in (
        (IGNORING, {arn_of("Stray")}),
        (replace(IGNORING, permission_sets=Mode.MANAGED), set()),
    ):
        sets = context(now, there, memory, replace(POLICY, scope=scope)).sets
        assert sets.declared == {arn_of("Admin")}
        assert sets.replaced == {arn_of("Old"): "New"}
        assert sets.gone == {arn_of("Gone")}
        assert sets.undeclared == undeclared
        assert sets.unmanaged == {arn_of("Stray")} - undeclared
        assert sets.ignored == {arn_of("AWSFoo")}
        assert sets.previous_keys("New") == ("New", "Old")


def test_a_set_stays_as_long_as_an_assignment_of_it_does() -> None:
    there = live([live_set("Admin")], {pair_of(ONE, "Admin"): (OPS, EVE), pair_of(TWO, "Admin"): (OPS,)})
    around = context(access(), there, remembered(access([SAME])))
    every = [(ONE, "Admin", OPS), (ONE, "Admin", EVE), (TWO, "Admin", OPS)]
    assert brief(removed(around, *every).changes) == {(Action.DELETE, "Admin", "git")}
    diff = removed(around, *every[:1])
    assert diff.changes == []
    (finding,) = diff.findings
    assert (finding.code, finding.count) == ("permission-set-kept", 2)
    assert finding.details == ("one: user u-eve", "two: group g-ops")


def test_a_deleted_set_is_hashed_whole() -> None:
    there = live_set("Admin", description="x", tags={"a": "1"})
    diff = removed(context(access(), live([there]), remembered(access([SAME]))))
    (change,) = diff.changes
    assert set(diff.owned[change.address]) == set(there.attributes)
    assert change.before_hash == hashes.object_state(there.id, there.attributes, there.attributes)
    assert change.after_hash == hashes.gone(there.id)
    assert diff.ids[change.address] == there.id
    assert change.effect is Effect.REVOKE


def test_a_target_without_permission_sets_deletes_none() -> None:
    around = context(access(), live([live_set("Admin")]), remembered(access([SAME])), capabilities=CAN)
    assert removed(around).changes == []

"""What was reviewed is what happens: assignments, permission sets, and the roles that are renewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import Value
from reconciler.planning import hashes
from reconciler.planning.ordering.order import Dependencies, order
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Review, review

PROD, DEV = "111111111111", "222222222222"
ARN = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
ADMIN = Address.of("aws", Kind.PERMISSION_SET, "Admin")
OPS = Address.of("aws", Kind.GROUP, "ops")
IDS = {ADMIN: ARN, OPS: "g-1"}


def part(*changes: Change) -> TargetPlan:
    return TargetPlan("aws", {}, "", changes, (), {}, "sha256:x")


def planned(
    *changes: Change, ids: Mapping[Address, str] = IDS, provisioned: Sequence[str] = ()
) -> PreparedPlan:
    dependencies = Dependencies(provisioned={ADMIN: frozenset(provisioned)})
    return PreparedPlan(part(*changes), order(changes, dependencies)[0], ids, {}, {}, {}, 0)


def judge(fresh: PreparedPlan, *reviewed: TargetPlan) -> Review:
    return review(fresh, reviewed, auto_apply=frozenset())


def stale(verdict: Review) -> list[str]:
    return [str(one.address) for one in verdict.stale]


def assignment(
    action: Action = Action.CREATE,
    *,
    arn: str | None = ARN,
    principal: str | None = "g-1",
    account: str = PROD,
    cause: Cause = Cause.GIT,
) -> Change:
    before, after = (
        hashes.assignment_state(account, arn, principal, present=present)
        for present in ((False, True) if action is Action.CREATE else (True, False))
    )
    address = Address.of("aws", Kind.ASSIGNMENT, account, "Admin", "group:ops")
    effect = Effect.GRANT if action is Action.CREATE else Effect.REVOKE
    return Change(address, action, effect, cause, before, after)


def role(account: str = PROD, *, cause: Cause = Cause.DRIFT) -> Change:
    before, after = (hashes.provisioning_state(ARN, account, outdated=outdated) for outdated in (True, False))
    address = Address.of("aws", Kind.PROVISIONING, "Admin", account)
    return Change(address, Action.UPDATE, Effect.MIXED, cause, before, after)


def made(**values: Value) -> Change:
    fields = tuple(FieldChange(name, None, value) for name, value in values.items())
    before = hashes.absent(Kind.PERMISSION_SET, "Admin")
    after = hashes.object_state(None, values, values)
    return Change(ADMIN, Action.CREATE, Effect.NEUTRAL, Cause.GIT, before, after, fields)


def edited(
    found: Mapping[str, Value],
    wished: Mapping[str, Value],
    *,
    cause: Cause = Cause.GIT,
    names: Sequence[str] | None = None,
) -> Change:
    fields = tuple(
        FieldChange(name, found.get(name), wished.get(name))
        for name in sorted({*found, *wished})
        if found.get(name) != wished.get(name)
    )
    owned = names or sorted({*found, *wished})
    before, after = (hashes.object_state(ARN, values, owned) for values in (found, wished))
    return Change(ADMIN, Action.UPDATE, Effect.MIXED, cause, before, after, fields)


@pytest.mark.parametrize(
    ("arn", "principal", "goes"),
    [(ARN, "g-1", True), (None, "g-1", True), (ARN, None, True), (None, None, True), (ARN, "g-0", False)],
)
def test_an_assignment_may_find_its_ends_made_since(
    arn: str | None, principal: str | None, *, goes: bool
) -> None:
    group = Change(OPS, Action.CREATE, Effect.NEUTRAL, Cause.GIT, "", "")
    reviewed = part(made(), group, assignment(arn=arn, principal=principal))

    verdict = judge(planned(assignment()), reviewed)

    assert (verdict.stale == ()) is goes
    assert verdict.go == ({assignment().address} if goes else frozenset())


def test_an_end_that_nobody_was_to_make_must_be_the_one_of_the_review() -> None:
    """The set was deleted and made anew by somebody: its name is the same, and it is another one."""
    assert stale(judge(planned(assignment()), part(assignment(arn=None)))) == [str(assignment().address)]


def test_the_same_removal_of_another_assignment_is_stale() -> None:
    reviewed, fresh = (assignment(Action.DELETE, principal=who) for who in ("g-1", "g-2"))

    assert judge(planned(reviewed), part(reviewed)).go == {reviewed.address}
    moved = planned(fresh, ids={**IDS, OPS: "g-2"})
    assert stale(judge(moved, part(reviewed))) == [str(fresh.address)]


def test_a_set_that_was_half_made_may_be_finished_and_nothing_else_be_done_to_it() -> None:
    reviewed = part(made(description="x", inline_policy="{}", managed_policies=("a", "b")))
    rest = edited({"description": "x"}, {"description": "x", "managed_policies": ("a", "b")})
    other = edited({"description": "x"}, {"description": "x", "managed_policies": ("a", "c")})

    assert judge(planned(rest), reviewed).stale == ()
    assert stale(judge(planned(other), reviewed)) == [str(ADMIN)]


@pytest.mark.parametrize(
    ("found", "goes"),
    [
        (("a", "b"), True),  # nothing was done yet
        (("b",), True),  # detached, not yet attached
        (("b", "c"), True),  # one of two attached
        (("a", "b", "e"), False),  # somebody attached another
        ((), False),  # somebody detached what was to stay
    ],
)
def test_policies_that_were_half_attached_may_be_finished(found: tuple[str, ...], *, goes: bool) -> None:
    wished: dict[str, Value] = {"managed_policies": ("b", "c", "d")}
    reviewed = edited({"managed_policies": ("a", "b")}, wished)

    verdict = judge(planned(edited({"managed_policies": found}, wished)), part(reviewed))

    assert (verdict.stale == ()) is goes


def test_a_reviewed_edit_reaches_every_role_and_no_other_edit_does() -> None:
    edit = edited({}, {"inline_policy": "{}"})

    after_edit = judge(planned(role(cause=Cause.GIT), role(DEV)), part(edit))
    unreviewed = judge(planned(role(cause=Cause.GIT), role(DEV)))

    assert after_edit.go == {role().address, role(DEV).address}
    assert stale(unreviewed) == [str(role().address)]
    assert [one.address for one in unreviewed.left_out] == [role(DEV).address]


def test_a_role_is_not_renewed_with_an_edit_that_nobody_reviewed() -> None:
    drifted = edited({"inline_policy": "[]"}, {"inline_policy": "{}"}, cause=Cause.DRIFT)

    verdict = judge(planned(drifted, role(), provisioned=[PROD]), part(role()))

    assert stale(verdict) == [str(role().address)]
    assert [one.address for one in verdict.left_out] == [ADMIN]


def test_an_assignment_of_a_set_that_drifted_is_stale_and_an_entry_into_a_group_is_not() -> None:
    drifted = edited({"inline_policy": "[]"}, {"inline_policy": "{}"}, cause=Cause.DRIFT)
    stranger = assignment(Action.DELETE, account=DEV, cause=Cause.DRIFT)
    joins = Change(
        Address.of("aws", Kind.MEMBERSHIP, "ops", "ada"), Action.CREATE, Effect.GRANT, Cause.GIT, "", ""
    )

    verdict = judge(planned(drifted, assignment(), stranger, joins), part(assignment(), joins))

    assert stale(verdict) == [str(assignment().address)]
    assert verdict.go == {assignment().address, joins.address}


def test_only_a_leftover_of_a_reviewed_plan_may_go() -> None:
    leftover = assignment(Action.DELETE, cause=Cause.LEFTOVER)
    back = edited({"inline_policy": "{}"}, {}, cause=Cause.LEFTOVER)

    assert judge(planned(leftover), part(assignment())).go == {leftover.address}
    assert stale(judge(planned(leftover))) == [str(leftover.address)]
    assert judge(planned(back), part(edited({}, {"inline_policy": "{}"}))).go == {ADMIN}
    assert stale(judge(planned(back), part(edited({}, {"description": "x"})))) == [str(ADMIN)]

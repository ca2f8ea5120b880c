"""The order of assignments, permission sets and roles: who has what at every moment in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Step
from reconciler.model.resources import Value
from reconciler.planning.ordering.order import Dependencies, needs, order, restricted
from reconciler.planning.ordering.schedule import Schedule
from tests.planning.test_schedule import run

EFFECTS = {Action.CREATE: Effect.GRANT, Action.UPDATE: Effect.MIXED, Action.DELETE: Effect.REVOKE}
PROD, DEV = "111111111111", "222222222222"


def at(text: str) -> Address:
    return Address.parse(f"aws/{text}")


def change(
    action: Action, text: str, *, cause: Cause = Cause.GIT, fields: Mapping[str, Value] | None = None
) -> Change:
    effect = EFFECTS[action]
    if text.startswith("permission-set") and action is Action.CREATE:
        effect = Effect.NEUTRAL
    changed = tuple(FieldChange(name, None, value) for name, value in (fields or {}).items())
    return Change(at(text), action, effect, cause, "", "", changed, name=text.rsplit("/", 1)[-1])


def create(text: str) -> Change:
    return change(Action.CREATE, text)


def delete(text: str, cause: Cause = Cause.GIT) -> Change:
    return change(Action.DELETE, text, cause=cause)


def edit(text: str, **fields: Value) -> Change:
    return change(Action.UPDATE, text, fields=fields or {"inline_policy": "{}"})


def ordered(changes: Sequence[Change], dependencies: Dependencies | None = None) -> dict[str, Step]:
    """Steps by id without the target's name, in their order; every one after what it waits for."""
    steps, findings = order(changes, dependencies or Dependencies())
    assert findings == ()
    seen: set[str] = set()
    for step in steps:
        assert {*step.after, *step.held_by} <= seen
        seen.add(step.id)
    return {step.id.removeprefix("aws/"): step for step in steps}


def after(step: Step) -> set[str]:
    return {each.removeprefix("aws/") for each in step.after}


def held_by(step: Step) -> set[str]:
    return {each.removeprefix("aws/") for each in step.held_by}


@pytest.mark.parametrize(
    ("address", "principal"),
    [
        (Address.of("aws", Kind.ASSIGNMENT, PROD, "Admin", "group:ops/eu"), ("group", ("ops/eu",))),
        (Address.of("aws", Kind.ASSIGNMENT, PROD, "Admin", "user:~abc-1"), ("user", ("~abc-1",))),
        (
            Address.of("aws", Kind.ASSIGNMENT, PROD, "a=b,c", "user:ada@x.example"),
            ("user", ("ada@x.example",)),
        ),
    ],
)
def test_the_ends_of_an_assignment_are_its_principal_and_its_set(
    address: Address, principal: tuple[str, tuple[str, ...]]
) -> None:
    who, what = address.ends

    assert (who.kind, who.parts) == principal
    assert what == Address.of("aws", Kind.PERMISSION_SET, address.parts[1])


def test_an_assignment_waits_for_its_principal_and_its_set_and_has_the_lane_of_its_account() -> None:
    steps = ordered(
        [
            create(f"assignment/{PROD}/Admin/group:ops"),
            create("group/ops"),
            create("permission-set/Admin"),
            edit("permission-set/Reader"),
            create(f"assignment/{DEV}/Reader/user:ada"),
        ]
    )

    step = steps[f"assignment/{PROD}/Admin/group:ops"]
    assert after(step) == {"group/ops", "permission-set/Admin"}
    assert step.refs == {"permission_set": at("permission-set/Admin"), "principal": at("group/ops")}
    assert step.lane == PROD
    assert after(steps[f"assignment/{DEV}/Reader/user:ada"]) == {"permission-set/Reader"}


def test_containers_go_after_the_assignments_that_hang_on_them() -> None:
    taken = [f"assignment/{PROD}/Admin/group:ops", f"assignment/{DEV}/Admin/user:ada"]
    steps = ordered(
        [*map(delete, taken), delete("group/ops"), delete("user/ada"), delete("permission-set/Admin")]
    )

    assert after(steps["group/ops"]) == {taken[0]}
    assert after(steps["user/ada"]) == {taken[1]}
    assert after(steps["permission-set/Admin"]) == set(taken)


def test_nobody_enters_a_group_before_it_lost_what_it_shall_lose() -> None:
    steps = ordered(
        [create("membership/ops/ada"), delete(f"assignment/{PROD}/Admin/group:ops")],
    )

    joining = steps["membership/ops/ada"]
    assert after(joining) == {f"assignment/{PROD}/Admin/group:ops"}
    assert list(needs(joining)) == []


def test_a_group_is_given_more_only_when_those_who_leave_it_have_left() -> None:
    steps = ordered([create(f"assignment/{PROD}/Admin/group:ops"), delete("membership/ops/ada")])

    assert after(steps[f"assignment/{PROD}/Admin/group:ops"]) == {"membership/ops/ada"}


def test_whoever_enters_a_group_gets_what_it_holds_as_it_was_edited() -> None:
    admin = at("permission-set/Admin")
    steps = ordered(
        [create("membership/ops/ada"), create("membership/dev/ada"), edit("permission-set/Admin")],
        Dependencies(holding={at("group/ops"): (admin,)}, provisioned={admin: frozenset({PROD})}),
    )

    assert after(steps["membership/ops/ada"]) == {"permission-set/Admin", "provisioning/Admin"}
    assert after(steps["membership/dev/ada"]) == set()


@pytest.mark.parametrize(
    ("fields", "provisioned", "renewed"),
    [
        ({"inline_policy": "{}"}, {PROD}, True),
        ({"description": "more"}, {PROD}, True),
        ({"tags.owner": "platform"}, {PROD}, False),
        ({"tags.owner": "platform", "session_duration": "PT2H"}, {PROD}, True),
        ({"inline_policy": "{}"}, set(), False),
    ],
)
def test_an_edit_ends_in_one_provisioning_where_roles_show_it(
    fields: Mapping[str, Value], provisioned: set[str], *, renewed: bool
) -> None:
    admin = at("permission-set/Admin")
    steps = ordered(
        [edit("permission-set/Admin", **fields)], Dependencies(provisioned={admin: frozenset(provisioned)})
    )

    assert ("provisioning/Admin" in steps) is renewed
    if renewed:
        step = steps["provisioning/Admin"]
        assert step.changes == (admin,)
        assert step.refs == {"permission_set": admin}
        assert after(step) == {"permission-set/Admin"}


def test_roles_that_lag_behind_go_with_the_edit_of_their_set() -> None:
    admin, role = at("permission-set/Admin"), at(f"provisioning/Admin/{PROD}")
    steps = ordered(
        [edit("permission-set/Admin"), edit(f"provisioning/Admin/{PROD}")],
        Dependencies(provisioned={admin: frozenset({PROD, DEV})}),
    )

    assert set(steps) == {"permission-set/Admin", "provisioning/Admin"}
    assert steps["provisioning/Admin"].changes == (admin, role)


@pytest.mark.parametrize(("lagging", "made"), [(1, 1), (3, 3), (4, 1), (30, 1)])
def test_roles_of_an_unedited_set_are_renewed_one_by_one_while_they_are_few(lagging: int, made: int) -> None:
    accounts = [f"{number:012}" for number in range(lagging)]
    steps = ordered([edit(f"provisioning/Admin/{account}") for account in accounts])

    assert len(steps) == made
    carried = [address for step in steps.values() for address in step.changes]
    assert carried == [at(f"provisioning/Admin/{account}") for account in accounts]


def test_more_roles_than_one_request_takes_are_renewed_one_by_one() -> None:
    admin = at("permission-set/Admin")
    accounts = frozenset(f"{number:012}" for number in range(3_501))

    steps = ordered([edit("permission-set/Admin")], Dependencies(provisioned={admin: accounts}))

    assert {step.lane for step in steps.values() if step.lane} == accounts
    assert all(step.changes == (admin,) for step in steps.values())


def test_a_revocation_waits_for_the_grant_that_takes_its_place_and_what_hangs_on_it_with_it() -> None:
    old, new = f"assignment/{PROD}/Old/group:ops", f"assignment/{PROD}/New/group:ops"
    steps = ordered(
        [delete(old), delete("permission-set/Old"), create("permission-set/New"), create(new)],
        Dependencies(replaced={at(old): (at(new),)}),
    )

    assert list(steps) == ["permission-set/New", new, old, "permission-set/Old"]
    assert held_by(steps[old]) == {new}
    ranks = [step.rank for step in steps.values()]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("cause", [Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER])
def test_what_must_end_now_waits_for_nothing(cause: Cause) -> None:
    old, new = f"assignment/{PROD}/Old/group:ops", f"assignment/{PROD}/New/group:ops"

    steps = ordered([delete(old, cause), create(new)], Dependencies(replaced={at(old): (at(new),)}))

    assert list(steps) == [old, new]
    assert held_by(steps[old]) == set()


def test_a_grant_that_waits_for_the_revocation_cannot_hold_it() -> None:
    """Ada moves from one group to another that loses what would come before."""
    leaves, enters = "membership/ops/ada", "membership/dev/ada"
    taken, given = f"assignment/{PROD}/Admin/group:dev", f"assignment/{PROD}/Reader/group:ops"
    steps = ordered(
        [delete(leaves), create(enters), delete(taken), create(given)],
        # dev loses Admin only when ops has Reader; ops gets Reader only when ada has left; and she leaves
        # only when she entered dev, which waits for dev to have lost Admin.
        Dependencies(replaced={at(leaves): (at(enters),), at(taken): (at(given),)}),
    )

    held = {name: held_by(step) for name, step in steps.items() if step.held_by}
    assert held in ({leaves: {enters}}, {taken: {given}})


def test_only_the_grant_that_closes_a_circle_does_not_hold() -> None:
    leaves, enters, other = "membership/ops/ada", "membership/dev/ada", f"assignment/{PROD}/Reader/user:ada"
    given = f"assignment/{PROD}/Reader/group:ops"
    steps = ordered(
        [delete(leaves), create(enters), create(other), create(given)],
        Dependencies(replaced={at(leaves): tuple(map(at, (enters, other, given)))}),
    )

    assert held_by(steps[leaves]) == {enters, other}


def test_what_is_replaced_by_something_that_is_not_in_the_plan_goes_at_once() -> None:
    old = f"assignment/{PROD}/Old/group:ops"

    steps = ordered(
        [delete(old)], Dependencies(replaced={at(old): (at(f"assignment/{PROD}/New/group:ops"),)})
    )

    assert held_by(steps[old]) == set()


def test_two_circles_of_names_are_both_said() -> None:
    def renamed(key: str, before: str, after: str) -> Change:
        fields = (FieldChange("user_name", before, after),)
        return Change(at(f"user/{key}"), Action.UPDATE, Effect.MIXED, Cause.GIT, "", "", fields)

    _, findings = order(
        [
            renamed("a", "x", "y"),
            renamed("b", "y", "x"),
            renamed("c", "v", "w"),
            renamed("d", "w", "v"),
            create("membership/ops/a"),
        ]
    )

    assert [finding.details for finding in findings] == [
        ("aws/user/a", "aws/user/b"),
        ("aws/user/c", "aws/user/d"),
    ]


def test_a_renewal_everywhere_is_cut_down_to_what_may_be_done() -> None:
    roles = [at(f"provisioning/Admin/{number:012}") for number in range(5)]
    steps, _ = order([edit(f"provisioning/Admin/{number:012}") for number in range(5)])

    cut = restricted(steps, set(roles[:2]))

    assert [step.address for step in cut] == roles[:2]
    assert [step.changes for step in cut] == [(roles[0],), (roles[1],)]
    assert [step.lane for step in cut] == [role.parts[1] for role in roles[:2]]
    assert restricted(steps, set(roles)) == list(steps)


def test_an_edit_that_may_be_done_renews_every_role() -> None:
    admin = at("permission-set/Admin")
    steps, _ = order(
        [edit("permission-set/Admin"), edit(f"provisioning/Admin/{PROD}")],
        Dependencies(provisioned={admin: frozenset({PROD, DEV})}),
    )

    cut = restricted(steps, {admin})

    assert [str(step.address) for step in cut] == ["aws/permission-set/Admin", "aws/provisioning/Admin"]
    assert all(step.changes == (admin,) for step in cut)


@pytest.mark.slow  # for its size
def test_a_whole_organisation_is_ordered_and_handed_out() -> None:
    """30,000 assignments are replaced: it must not take anything like the square of that."""
    changes, replaced = [create("permission-set/New"), delete("permission-set/Old")], {}
    for number in range(15_000):
        account, group = f"{number % 1000:012}", f"group:g{number // 1000}"
        old, new = f"assignment/{account}/Old/{group}", f"assignment/{account}/New/{group}"
        changes += [delete(old), create(new)]
        replaced[at(old)] = (at(new),)

    steps, _ = order(changes, Dependencies(replaced=replaced))
    submitted = run(Schedule(steps, in_flight=12))

    assert submitted[0] == "aws/permission-set/New"
    assert submitted[-1] == "aws/permission-set/Old"
    position = {identifier: place for place, identifier in enumerate(submitted)}
    assert all(position[str(new)] < position[str(old)] for old, (new,) in replaced.items())

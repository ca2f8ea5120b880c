"""Assignments, permission sets and roles, applied: the world is as git says, or it is said why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.policy import OnRemoval, TargetPolicy
from reconciler.model.report import Status, TargetReport
from reconciler.model.resources import Assignment, Block, PermissionSet, Selector
from reconciler.model.state import Identities
from reconciler.planning.review import review
from reconciler.sandbox import FaultKind
from tests.planning.world import ORIGIN, UNLIMITED, group, identities, person
from tests.support.site import Site, site

ONE, TWO, THREE = "222222222222", "333333333333", "444444444444"
PEOPLE = identities([person("ada"), person("bob")], [group("ops", ["ada"]), group("dev", ["bob"])])
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = '{"Statement":[],"Version":"2012-10-17"}'
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"


@pytest.fixture
def here() -> Iterator[Site]:
    with site(TargetPolicy("aws", guards=UNLIMITED)) as made:
        for account in (ONE, TWO, THREE):
            made.sandbox.store.create_account(account, f"a{account[0]}")
        yield made


def permission_set(key: str, **fields: object) -> PermissionSet:
    made = PermissionSet(key, ORIGIN, declared=frozenset(fields) - {"previously", "assignments"})
    return replace(made, **fields)  # type: ignore[arg-type]  # any field by name


def gives(
    key: str,
    sets: Sequence[str],
    *accounts: str,
    groups: Sequence[str] = (),
    users: Sequence[str] = (),
) -> Assignment:
    made = Assignment(key, ORIGIN, accounts=tuple(Selector(0, account=each) for each in accounts))
    return replace(made, groups=tuple(groups), users=tuple(users), permission_sets=tuple(sets))


def git(sets: Sequence[PermissionSet], *assignments: Assignment, people: Identities = PEOPLE) -> Identities:
    return replace(
        people,
        permission_sets={one.key: one for one in sets},
        assignments={one.key: one for one in assignments},
    )


def statuses(report: TargetReport) -> dict[str, Status]:
    return {str(result.address).removeprefix("aws/"): result.status for result in report.results}


def assigned(here: Site) -> set[tuple[str, str, str]]:
    return {(account, name, who) for account, name, _, who in here.sandbox.store.assignments()}


def roles(here: Site, name: str) -> Mapping[str, bool]:
    """Whether each account that has the set has its latest version."""
    found: Mapping[str, bool] = here.sandbox.store.permission_sets()[name]["Accounts"]
    return found


def not_done(report: TargetReport) -> dict[str, Status]:
    return {name: status for name, status in statuses(report).items() if status is not Status.DONE}


def message(report: TargetReport, address: str) -> str:
    return next(result.message for result in report.results if str(result.address) == f"aws/{address}")


def test_everything_is_made_and_the_second_plan_is_empty(here: Site) -> None:
    sets = [
        permission_set("Admin", managed_policies=("ReadOnlyAccess", "Billing"), inline_policy=POLICY),
        permission_set("Reader", session_duration="PT4H", tags={"owner": "platform"}),
    ]

    report = here.converge(
        git(
            sets,
            gives("ops", ["Admin", "Reader"], ONE, TWO, groups=["ops"], users=["bob"]),
            gives("dev", ["Reader"], THREE, groups=["dev"]),
        )
    )

    assert report.whole
    assert assigned(here) == {
        *((account, name, who) for account in (ONE, TWO) for name in ("Admin", "Reader")
          for who in ("ops", "bob@example.com")),
        (THREE, "Reader", "dev"),
    }  # fmt: skip
    assert roles(here, "Admin") == {ONE: True, TWO: True}


def test_more_assignments_than_may_be_outstanding_all_arrive(here: Site) -> None:
    accounts = [f"{number:012}" for number in range(500, 540)]
    for account in accounts:
        here.sandbox.store.create_account(account, f"x{account}")

    here.converge(git([permission_set("Admin")], gives("ops", ["Admin"], *accounts, groups=["ops"])))

    assert assigned(here) == {(account, "Admin", "ops") for account in accounts}


def test_an_edit_reaches_every_role(here: Site) -> None:
    grants = gives("ops", ["Admin"], ONE, TWO, groups=["ops"])
    here.converge(git([permission_set("Admin", managed_policies=("ReadOnlyAccess",))], grants))

    here.converge(git([permission_set("Admin", managed_policies=("Billing",))], grants))

    assert roles(here, "Admin") == {ONE: True, TWO: True}
    assert here.sandbox.store.permission_sets()["Admin"]["ManagedPolicies"] == [BILLING]


def test_roles_that_lag_behind_are_renewed_one_by_one_or_all_at_once(here: Site) -> None:
    accounts = [ONE, TWO, THREE, "555555555555"]
    here.sandbox.store.create_account(accounts[3], "a5")
    wished = [permission_set("Few", description="x"), permission_set("Many", description="x")]
    state = git(
        wished,
        gives("few", ["Few"], ONE, groups=["ops"]),
        gives("many", ["Many"], *accounts, groups=["ops"]),
    )
    here.converge(state)
    for name in ("Few", "Many"):
        here.sandbox.store.attach_policy(name, READ_ONLY, provision=False)
        here.sandbox.store.detach_policy(name, READ_ONLY, provision=False)

    report = here.plan(state)
    assert len(report.plan.changes) == 5
    assert len(report.steps) == 2
    here.converge(state)

    assert set(roles(here, "Many").values()) == {True}


def test_a_set_is_replaced_without_anybody_being_without_it(here: Site) -> None:
    here.converge(git([permission_set("Old")], gives("ops", ["Old"], ONE, TWO, groups=["ops"])))
    after = git([permission_set("New", previously=("Old",))], gives("ops", ["New"], ONE, TWO, groups=["ops"]))
    here.sandbox.faults.add(
        FaultKind.FAIL, "sso-admin.CreateAccountAssignment", reason="Not supported policy x"
    )

    report = here.apply(after)

    lost = {account for account, name, _ in assigned(here) if name == "New"}
    (missing,) = {ONE, TWO} - lost
    assert not report.whole
    assert (missing, "Old", "ops") in assigned(here)
    assert not_done(report) == {
        f"assignment/{missing}/New/group:ops": Status.FAILED,
        f"assignment/{missing}/Old/group:ops": Status.HELD,
        "permission-set/Old": Status.SKIPPED,
    }
    assert "stays until the next plan" in message(report, f"assignment/{missing}/Old/group:ops")
    failed = next(one for one in report.results if one.status is Status.FAILED)
    assert "Not supported policy" in failed.message
    assert failed.request_id

    here.converge(after)
    assert assigned(here) == {(ONE, "New", "ops"), (TWO, "New", "ops")}
    assert set(here.sandbox.store.permission_sets()) == {"New"}


def test_what_goes_goes_before_what_it_hangs_on() -> None:
    with site(TargetPolicy("aws", guards=UNLIMITED, on_removal=OnRemoval.DELETE)) as here:
        here.sandbox.store.create_account(ONE, "one")
        stays = gives("dev", ["Reader"], ONE, groups=["dev"])
        admins = gives("ops", ["Admin"], ONE, groups=["ops"], users=["cyd"])
        everybody = identities(
            [*PEOPLE.users.values(), person("cyd")], [group("ops", ["ada", "cyd"]), group("dev", ["bob"])]
        )
        fewer = identities([*PEOPLE.users.values()], [group("dev", ["bob"])])
        here.converge(
            git([permission_set("Admin"), permission_set("Reader")], admins, stays, people=everybody)
        )

        here.converge(git([permission_set("Reader")], stays, people=fewer))

        assert assigned(here) == {(ONE, "Reader", "dev")}
        assert set(here.sandbox.store.permission_sets()) == {"Reader"}
        assert set(here.sandbox.store.groups()) == {"dev"}
        assert set(here.sandbox.store.users()) == {"ada@example.com", "bob@example.com"}


def test_an_account_that_cannot_be_reached_is_named_and_the_others_are_done(here: Site) -> None:
    grants = gives("ops", ["Admin"], ONE, TWO, groups=["ops"])
    here.converge(git([permission_set("Admin")], grants))
    here.sandbox.store.break_account(TWO, "Received a 403 status error: Access denied by IAM.")
    edited = git([permission_set("Admin", description="more")], grants)

    report = here.apply(edited)

    assert not report.whole
    assert not_done(report) == {"permission-set/Admin": Status.PARTLY}
    text = message(report, "permission-set/Admin")
    assert f"1 of 2 accounts still have what it was before: {TWO}" in text
    assert "Access denied" in text
    assert roles(here, "Admin") == {ONE: True, TWO: False}

    here.sandbox.store.break_account(TWO, None)
    here.converge(edited)
    assert roles(here, "Admin") == {ONE: True, TWO: True}


def test_a_half_done_edit_is_partly_done_and_says_what_was_done(here: Site) -> None:
    grants = gives("ops", ["Admin"], ONE, groups=["ops"])
    here.converge(git([permission_set("Admin", managed_policies=("ReadOnlyAccess",))], grants))
    here.sandbox.faults.add(FaultKind.DENY, "sso-admin.AttachManaged*", count=None)

    report = here.apply(git([permission_set("Admin", managed_policies=("Billing",))], grants))

    assert not_done(report) == {"permission-set/Admin": Status.PARTLY}
    assert report.writes == 1
    text = message(report, "permission-set/Admin")
    assert "done: detach arn:aws:iam::aws:policy/ReadOnlyAccess; not done: attach" in text


def test_an_edit_whose_roles_are_never_asked_for_is_partly_done(here: Site) -> None:
    grants = gives("ops", ["Admin"], ONE, groups=["ops"])
    here.converge(git([permission_set("Admin")], grants))
    here.sandbox.faults.add(FaultKind.DENY, "sso-admin.ProvisionPermissionSet", count=None)

    report = here.apply(git([permission_set("Admin", description="more")], grants))

    assert not_done(report) == {"permission-set/Admin": Status.PARTLY}
    assert "; done: description" in message(report, "permission-set/Admin")
    assert report.writes == 1


def test_of_many_roles_those_that_were_renewed_are_done(here: Site) -> None:
    accounts = [ONE, TWO, THREE, "555555555555"]
    here.sandbox.store.create_account(accounts[3], "a5")
    state = git([permission_set("Admin")], gives("ops", ["Admin"], *accounts, groups=["ops"]))
    here.converge(state)
    here.sandbox.store.attach_policy("Admin", READ_ONLY, provision=False)
    here.sandbox.store.detach_policy("Admin", READ_ONLY, provision=False)
    here.sandbox.store.break_account(TWO, "Received a 403 status error: Access denied by IAM.")

    report = here.apply(state)

    assert not_done(report) == {f"provisioning/Admin/{TWO}": Status.FAILED}
    assert len(report.results) == 4


def test_a_set_that_somebody_edits_between_plan_and_write_is_not_overwritten(here: Site) -> None:
    grants = gives("ops", ["Admin"], ONE, groups=["ops"])
    here.converge(git([permission_set("Admin", managed_policies=("ReadOnlyAccess",))], grants))
    changed = git([permission_set("Admin", managed_policies=("Billing",))], grants)
    fresh = here.plan(changed)
    here.sandbox.store.attach_policy("Admin", "arn:aws:iam::aws:policy/PowerUserAccess")

    report = here.carry_out(changed, fresh, review(fresh, [fresh.plan], auto_apply=()))

    assert not_done(report) == {"permission-set/Admin": Status.FAILED}
    assert "changed by somebody else" in message(report, "permission-set/Admin")
    assert BILLING not in here.sandbox.store.permission_sets()["Admin"]["ManagedPolicies"]


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.ERROR_AFTER, FaultKind.DROP_BEFORE])
@pytest.mark.parametrize(
    "operation", ["CreateAccountAssignment", "DeleteAccountAssignment", "CreatePermissionSet"]
)
def test_a_lost_answer_leaves_exactly_what_git_says(here: Site, operation: str, kind: FaultKind) -> None:
    here.converge(git([permission_set("Admin")], gives("ops", ["Admin"], ONE, groups=["ops"])))
    here.sandbox.faults.add(kind, f"sso-admin.{operation}", count=1)

    here.converge(
        git(
            [permission_set("Admin"), permission_set("Reader")],
            gives("ops", ["Admin"], TWO, groups=["ops"]),
            gives("dev", ["Reader"], ONE, groups=["dev"]),
        )
    )

    assert assigned(here) == {(TWO, "Admin", "ops"), (ONE, "Reader", "dev")}


def test_what_was_half_applied_is_finished_by_the_same_review(here: Site) -> None:
    state = git(
        [permission_set("Admin", managed_policies=("ReadOnlyAccess", "Billing"), inline_policy=POLICY)],
        gives("ops", ["Admin"], ONE, TWO, groups=["ops"]),
    )
    reviewed = here.plan(state)
    here.sandbox.faults.add(FaultKind.ERROR, "sso-admin.PutInlinePolicyToPermissionSet", count=50)
    first = here.apply(state, [reviewed.plan])
    here.sandbox.faults.clear()

    assert not first.whole
    assert assigned(here) == set()
    second = here.apply(state, [reviewed.plan])

    assert second.whole
    assert here.plan(state).plan.changes == ()
    assert assigned(here) == {(ONE, "Admin", "ops"), (TWO, "Admin", "ops")}


def test_somebody_who_is_blocked_loses_a_direct_assignment_without_a_review(here: Site) -> None:
    sets = [permission_set("Admin")]
    grants = gives("both", ["Admin"], ONE, users=["ada", "cyd"])
    people = identities([*PEOPLE.users.values(), person("cyd")], list(PEOPLE.groups.values()))
    here.converge(git(sets, grants, people=people))
    blocked = replace(people, blocked={"cyd": Block("cyd", ORIGIN)})

    report = here.apply(git(sets, grants, people=blocked), [])

    assert report.whole
    assert statuses(report) == {f"assignment/{ONE}/Admin/user:cyd": Status.DONE}
    assert assigned(here) == {(ONE, "Admin", "ada@example.com")}

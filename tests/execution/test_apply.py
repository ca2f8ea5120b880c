"""Applying on the sandbox: what was reviewed happens, once, and what fails is said and left for later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.model.policy import OnRemoval, TargetPolicy
from reconciler.model.report import Status, TargetReport
from reconciler.model.state import Identities
from reconciler.planning.review import review
from reconciler.sandbox import FaultKind
from tests.planning.world import UNLIMITED, group, identities, person
from tests.support.site import Site, site

TEAM = identities(
    [person("ada", title="Engineer", department="Platform"), person("bob", manager="ada"), person("cyd")],
    [group("ops", ["ada", "bob"]), group("dev", ["cyd"])],
)


@pytest.fixture
def here() -> Iterator[Site]:
    with site(TargetPolicy("aws", guards=UNLIMITED)) as made:
        yield made


def statuses(report: TargetReport) -> dict[str, Status]:
    return {str(result.address): result.status for result in report.results}


def state(here: Site) -> dict[str, frozenset[str]]:
    return dict(here.sandbox.store.memberships())


def test_everything_is_created_and_the_second_plan_is_empty(here: Site) -> None:
    report = here.converge(TEAM)

    assert report.whole
    assert report.writes == 9
    assert state(here) == {
        "ops": frozenset({"ada@example.com", "bob@example.com"}),
        "dev": frozenset({"cyd@example.com"}),
    }


def test_every_attribute_changes_and_clears(here: Site) -> None:
    here.converge(TEAM)
    full = person(
        "ada",
        user_name="ada.lovelace@example.com",
        given_name="Augusta",
        middle_name="Ada",
        family_name="Lovelace",
        formatted_name="Augusta Ada King",
        honorific_prefix="Lady",
        honorific_suffix="FRS",
        display_name="Ada Lovelace",
        nick_name="Ada",
        email="ada.lovelace@example.com",
        phone_number="+41 44 000 00 00",
        address={"street_address": "Main 1", "locality": "Zürich", "country": "CH"},
        user_type="employee",
        title="Principal",
        role="engineer",
        preferred_language="en",
        locale="de-CH",
        timezone="Europe/Zurich",
        profile_url="https://people.example.com/ada",
        website="https://ada.example.com",
        birthdate="1815-12-10",
        employee_number="0012",
        cost_center="CC1",
        organization="Example",
        division="Engines",
        department="Analytics",
        manager="cyd",
    )
    changed = replace(TEAM, users={**TEAM.users, "ada": full})
    here.converge(changed)
    here.converge(TEAM)

    assert here.sandbox.store.users()["ada@example.com"]["Title"] == "Engineer"


def test_members_come_and_go(here: Site) -> None:
    here.converge(TEAM)
    here.converge(replace(TEAM, groups={**TEAM.groups, "ops": group("ops", ["bob", "cyd"])}))

    assert state(here)["ops"] == {"bob@example.com", "cyd@example.com"}


def test_removed_users_and_groups_go_after_their_memberships() -> None:
    with site(TargetPolicy("aws", guards=UNLIMITED, on_removal=OnRemoval.DELETE)) as here:
        here.converge(TEAM)
        here.sandbox.requests.clear()
        smaller = identities([TEAM.users["ada"], TEAM.users["cyd"]], [group("dev", ["cyd"])])
        here.converge(smaller)

        assert set(here.sandbox.store.users()) == {"ada@example.com", "cyd@example.com"}
        assert set(here.sandbox.store.groups()) == {"dev"}


@pytest.mark.parametrize(
    "kind",
    [FaultKind.DROP_AFTER, FaultKind.ERROR_AFTER, FaultKind.ERROR, FaultKind.DROP_BEFORE, FaultKind.THROTTLE],
)
@pytest.mark.parametrize(
    "operation",
    [
        "CreateUser",
        "CreateGroup",
        "CreateGroupMembership",
        "DeleteGroupMembership",
        "UpdateUser",
        "UpdateGroup",
    ],
)
def test_a_lost_or_refused_answer_ends_with_exactly_one_object(
    here: Site, operation: str, kind: FaultKind
) -> None:
    here.converge(identities([person("ada")], [group("ops", ["ada"], attributes={"description": "old"})]))
    after = identities(
        [person("ada", title="Lead"), person("bob")],
        [group("ops", ["bob"], attributes={"description": "new"}), group("dev", ["ada"])],
    )
    here.sandbox.faults.add(kind, f"identitystore.{operation}", count=1)

    here.converge(after)

    assert state(here) == {"ops": frozenset({"bob@example.com"}), "dev": frozenset({"ada@example.com"})}


def test_a_failure_is_reported_what_needs_it_is_skipped_and_the_next_run_finishes(here: Site) -> None:
    here.sandbox.faults.add(FaultKind.ERROR, "identitystore.CreateGroup", count=50)

    report = here.apply(TEAM)

    assert not report.whole
    assert {address: status for address, status in statuses(report).items() if status is not Status.DONE} == {
        "aws/group/dev": Status.UNKNOWN,
        "aws/group/ops": Status.UNKNOWN,
        "aws/membership/dev/cyd": Status.SKIPPED,
        "aws/membership/ops/ada": Status.SKIPPED,
        "aws/membership/ops/bob": Status.SKIPPED,
    }
    here.sandbox.faults.clear()
    here.converge(TEAM)
    assert here.memory.base is not None


def test_a_denied_write_stops_all_writes_to_the_target(here: Site) -> None:
    here.sandbox.faults.add(FaultKind.DENY, "identitystore.CreateUser", count=99)

    report = here.apply(identities([person(f"user{number}") for number in range(30)]))

    assert Status.STOPPED in statuses(report).values()
    assert "identitystore:CreateUser" in next(
        result.message for result in report.results if result.status is Status.FAILED
    )


def test_an_unreviewed_edit_between_plan_and_write_is_not_overwritten(here: Site) -> None:
    here.converge(TEAM)
    changed = replace(TEAM, users={**TEAM.users, "ada": person("ada", title="Lead", department="Platform")})
    fresh = here.plan(changed)
    here.sandbox.store.set_user("ada@example.com", "title", "Chief")
    report = here.carry_out(changed, fresh, review(fresh, [fresh.plan], auto_apply=()))

    (result,) = report.results
    assert result.status is Status.FAILED
    assert "changed by somebody else" in result.message
    assert here.sandbox.store.users()["ada@example.com"]["Title"] == "Chief"


def test_an_edit_of_what_git_does_not_own_is_no_obstacle(here: Site) -> None:
    here.converge(TEAM)
    changed = replace(TEAM, users={**TEAM.users, "ada": person("ada", title="Lead", department="Platform")})
    fresh = here.plan(changed)
    here.sandbox.store.set_user("ada@example.com", "nickName", "The Countess")
    report = here.carry_out(changed, fresh, review(fresh, [fresh.plan], auto_apply=()))

    assert statuses(report) == {"aws/user/ada": Status.DONE}
    assert here.sandbox.store.users()["ada@example.com"]["NickName"] == "The Countess"


def test_memory_of_a_partial_apply_finds_what_it_made(here: Site) -> None:
    base = identities([person("ada")], [group("ops", ["ada"])])
    here.converge(base)
    here.sandbox.faults.add(FaultKind.ERROR, "identitystore.CreateGroup", count=50)
    here.apply(TEAM)
    here.sandbox.faults.clear()

    here.converge(base)

    assert state(here) == {"ops": frozenset({"ada@example.com"})}
    assert here.memory.since == ()


def test_applying_nothing_is_whole(here: Site) -> None:
    report = here.apply(Identities())

    assert report.whole
    assert report.writes == 0

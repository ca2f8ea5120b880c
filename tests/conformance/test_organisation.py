"""A small organisation with every case in it: applied, changed, held to its files, with faults on the way.

The real one goes through its day in test_whole_organisations.py. What the world should be is read from the
YAML by plain code, and what it is by plain boto3, so that nothing of ours can be wrong on both sides.
"""

from __future__ import annotations

import json

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause
from reconciler.model.plan import Severity
from reconciler.model.report import Status
from reconciler.sandbox import FaultKind
from tests.conformance.conftest import Applied
from tests.conformance.worlds import codes, in_the_directory, in_the_files
from tests.support.organisation import (
    Organisation,
    remove_group,
    remove_user,
    rename_group,
    set_members,
)

# What becomes of access is told in test_access.py.
DIRECTORY = True


def ordinary_user(organisation: Organisation) -> str:
    """Somebody in several groups and assigned nothing, who can leave without a guard minding it."""
    assigned = {user for entry in organisation.assignments.values() for user in entry.get("users", ())}
    fitting = {
        user: len(groups)
        for user in organisation.users.keys() - assigned
        if 4 <= len(groups := organisation.groups_of(user)) <= 20
        and all(len(organisation.members[group]) > 1 for group in groups)
    }
    return max(sorted(fitting), key=fitting.__getitem__)


def test_the_directory_is_as_the_files_say_and_the_next_plan_is_empty(applied: Applied) -> None:
    assert in_the_directory(applied.here.sandbox) == in_the_files(applied.organisation)

    part = applied.here.plan().plan

    assert part.changes == ()
    assert part.applyable
    assert part.counts[Kind.MEMBERSHIP].unchanged == applied.organisation.memberships


def test_a_second_apply_writes_nothing(applied: Applied) -> None:
    before = applied.memberships()

    report = applied.here.apply()

    assert (report.whole, report.writes, report.results) == (True, 0, ())
    assert applied.memberships() == before


def test_a_renamed_team_keeps_its_id_and_its_members(applied: Applied) -> None:
    team = applied.organisation.largest_group
    before = applied.here.sandbox.store.groups()[team]["GroupId"]
    members = applied.memberships()[team]
    rename_group(applied.folder, team, "the-new-name")

    report = applied.here.converge()

    assert [str(result.address) for result in report.results] == ["aws/group/the-new-name"]
    assert applied.here.sandbox.store.groups()["the-new-name"]["GroupId"] == before
    assert applied.memberships()["the-new-name"] == members
    assert team not in applied.memberships()


def test_a_renamed_team_is_still_known_by_its_old_name_after_a_failed_rename(applied: Applied) -> None:
    team = applied.organisation.largest_group
    before = applied.here.sandbox.store.groups()[team]["GroupId"]
    rename_group(applied.folder, team, "the-new-name")
    applied.here.sandbox.faults.add(FaultKind.ERROR, "identitystore.UpdateGroup", count=None)
    assert not applied.here.apply().whole
    applied.here.sandbox.faults.clear()
    rename_group(applied.folder, "the-new-name", "a-better-name")

    applied.here.converge()

    assert applied.here.sandbox.store.groups()["a-better-name"]["GroupId"] == before


def test_a_user_gone_from_the_files_loses_every_membership(applied: Applied) -> None:
    user = ordinary_user(applied.organisation)
    remove_user(applied.folder, user)

    report = applied.here.converge()

    assert {result.address.parts for result in report.results} == {
        (group, user) for group in applied.organisation.groups_of(user)
    }
    assert in_the_directory(applied.here.sandbox)[2] == in_the_files(applied.edited())[2]


def test_a_user_gone_from_the_files_is_still_remembered_after_an_apply_in_part(applied: Applied) -> None:
    user = ordinary_user(applied.organisation)
    name = applied.organisation.users[user]["user_name"]
    remove_user(applied.folder, user)
    applied.here.sandbox.faults.add(FaultKind.ERROR, "identitystore.DeleteGroupMembership", nth=3, count=None)
    report = applied.here.apply()
    assert not report.whole
    assert [result.status for result in report.results].count(Status.DONE) == 2
    left = {group for group, members in applied.memberships().items() if name in members}
    assert left
    applied.here.sandbox.faults.clear()
    # Git goes on meanwhile: somebody else is removed, too.
    other = ordinary_user(applied.edited())
    remove_user(applied.folder, other)

    part = applied.here.plan().plan
    applied.here.converge([part])

    assert {change.address.parts[1]: change.cause for change in part.changes} == {
        user: Cause.GIT,
        other: Cause.GIT,
    }
    assert in_the_directory(applied.here.sandbox)[2] == in_the_files(applied.edited())[2]


def test_what_only_an_apply_in_part_ever_declared_is_removed_as_a_leftover(applied: Applied) -> None:
    before = applied.memberships()
    team = applied.organisation.largest_group
    (applied.folder / "reconciler.yaml").write_text(
        "format: 1\nguards: {max_removals: {groups: {percent: null}}}\n",  # two are many among so few
        encoding="utf-8",
    )
    newcomer = applied.folder / "newcomer.yaml"
    text = {
        "users": {"newcomer": {"user_name": "newcomer@x.example", "given_name": "N", "family_name": "C"}},
        "groups": {"new-team": {"members": ["newcomer"]}, "newer-team": {"members": ["newcomer"]}},
    }
    newcomer.write_text(json.dumps(text), encoding="utf-8")
    old_members = applied.organisation.groups[team]["members"]
    set_members(applied.folder, team, [*old_members, "newcomer"])
    applied.here.sandbox.faults.add(FaultKind.ERROR, "identitystore.CreateGroupMembership", nth=3, count=None)
    assert not applied.here.apply().whole
    applied.here.sandbox.faults.clear()
    newcomer.unlink()
    set_members(applied.folder, team, old_members)

    part = applied.here.plan().plan
    applied.here.converge([part])

    assert {change.cause for change in part.changes} == {Cause.LEFTOVER}
    assert applied.memberships() == before


def test_a_member_added_behind_its_back_is_found_and_removed(applied: Applied) -> None:
    user, team = applied.organisation.idle_user, applied.organisation.largest_group
    applied.here.sandbox.store.add_member(team, applied.organisation.users[user]["user_name"])

    found = applied.here.plan().plan
    applied.here.converge([found])

    (change,) = found.changes
    assert (change.action, change.cause, change.address.parts) == (Action.DELETE, Cause.DRIFT, (team, user))
    assert in_the_directory(applied.here.sandbox) == in_the_files(applied.organisation)


def test_a_stranger_added_behind_its_back_loses_the_membership_and_nothing_else(applied: Applied) -> None:
    team = applied.organisation.largest_group
    stranger = applied.here.sandbox.store.add_user("stranger@elsewhere.example")
    applied.here.sandbox.store.add_member(team, "stranger@elsewhere.example")

    found = applied.here.plan().plan
    applied.here.converge([found])

    (change,) = found.changes
    assert (change.action, change.cause) == (Action.DELETE, Cause.DRIFT)
    assert change.address.parts == (team, f"~{stranger}")
    assert "stranger@elsewhere.example" in applied.here.sandbox.store.users()
    assert found.counts[Kind.USER].unmanaged == 1


def test_a_membership_taken_away_behind_its_back_is_restored_and_that_is_said_aloud(applied: Applied) -> None:
    user = applied.organisation.busiest_user
    team = min(applied.organisation.groups_of(user))
    applied.here.sandbox.store.remove_member(team, applied.organisation.users[user]["user_name"])

    found = applied.here.plan().plan
    applied.here.converge([found])

    (change,) = found.changes
    assert (change.action, change.cause, change.restores) == (Action.CREATE, Cause.DRIFT, True)
    assert "restores" in codes(found, Severity.WARNING)
    assert in_the_directory(applied.here.sandbox) == in_the_files(applied.organisation)


def test_a_group_gone_from_the_files_goes_after_its_members(applied: Applied) -> None:
    group = min(
        key for key in applied.organisation.groups if 2 <= len(applied.organisation.members[key]) <= 10
    )
    remove_group(applied.folder, group)

    report = applied.here.converge()

    removed = {str(result.address) for result in report.results}
    assert any(address.startswith("aws/group/") for address in removed)
    assert group not in applied.memberships()
    assert in_the_directory(applied.here.sandbox) == in_the_files(applied.edited())

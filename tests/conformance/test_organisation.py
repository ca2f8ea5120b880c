"""A whole organisation, the real one and a generated one of its shape: applied, changed, held to its files.

What the world should be is read from the YAML by plain code, and what it is by plain boto3, so that nothing
of ours can be wrong on both sides.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from reconciler.errors import InputError
from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause
from reconciler.model.plan import Severity, TargetPlan
from reconciler.model.report import Status
from reconciler.sandbox import FaultKind, Sandbox
from tests.conformance.conftest import Applied
from tests.support.organisation import (
    ROOT,
    Organisation,
    Place,
    remove_group,
    remove_user,
    rename_group,
    set_members,
)
from tests.support.site import files_site

World = tuple[dict[str, Any], dict[str, Any], dict[str, set[str]]]


def in_the_files(organisation: Organisation) -> World:
    """Users and groups by name, with what was written of them, and the user names in each group."""
    names = {key: user["user_name"] for key, user in organisation.users.items()}
    users = {
        names[key]: (
            user["given_name"],
            user["family_name"],
            user.get("display_name", f"{user['given_name']} {user['family_name']}"),
            user.get("email", user["user_name"]),
        )
        for key, user in organisation.users.items()
    }
    titles = {key: group.get("display_name", key) for key, group in organisation.groups.items()}
    groups = {titles[key]: group.get("description") for key, group in organisation.groups.items()}
    members = {titles[key]: {names[user] for user in who} for key, who in organisation.members.items()}
    return users, groups, members


def in_the_directory(sandbox: Sandbox) -> World:
    """The same, as anybody's boto3 sees it."""
    client = boto3.client(
        "identitystore",
        region_name=sandbox.region,
        endpoint_url=sandbox.url,
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",
    )
    store = {"IdentityStoreId": sandbox.identity_store_id}

    def everything(operation: str, key: str, **more: str) -> list[dict[str, Any]]:
        # The name of the operation is not known to the type checker, so that no overload fits.
        paginator: Any = client.get_paginator(operation)  # type: ignore[call-overload]  # see above
        return [item for page in paginator.paginate(**store, **more) for item in page[key]]

    listed = everything("list_users", "Users")
    names = {user["UserId"]: user["UserName"] for user in listed}
    users = {
        user["UserName"]: (
            user["Name"]["GivenName"],
            user["Name"]["FamilyName"],
            user["DisplayName"],
            user["Emails"][0]["Value"],
        )
        for user in listed
    }
    groups, members = {}, {}
    for group in everything("list_groups", "Groups"):
        title = group["DisplayName"]
        groups[title] = group.get("Description")
        rows = everything("list_group_memberships", "GroupMemberships", GroupId=group["GroupId"])
        members[title] = {names[row["MemberId"]["UserId"]] for row in rows}
    client.close()
    return users, groups, members


def codes(part: TargetPlan, severity: Severity) -> set[str]:
    return {finding.code for finding in part.findings if finding.severity is severity}


def lines(part: TargetPlan) -> list[tuple[str, str, str]]:
    """What a plan does: action, cause and address."""
    return [(str(each.action), str(each.cause), str(each.address)) for each in part.changes]


def ordinary_user(organisation: Organisation) -> str:
    """Somebody in several groups, who can leave all of them without a guard minding it."""
    fitting = {
        user: len(groups)
        for user in organisation.users
        if 4 <= len(groups := organisation.groups_of(user)) <= 20
        and all(len(organisation.members[group]) > 1 for group in groups)
    }
    return max(sorted(fitting), key=fitting.__getitem__)


def plain(file: Path) -> dict[str, dict[str, Any]]:
    """A file as YAML has it, every scalar the text that was written."""
    found: dict[str, dict[str, Any]] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return found


def drop_members(folder: Path, users: set[str]) -> None:
    """Take people out of every group, as a person with an editor would."""
    for file in (folder / "groups").glob("*.yaml"):
        content = plain(file)
        content["groups"] = {key: group or {} for key, group in content["groups"].items()}
        for group in content["groups"].values():
            if "members" in group:
                group["members"] = [user for user in group["members"] if user not in users]
        file.write_text(json.dumps(content), encoding="utf-8")


def test_the_directory_is_as_the_files_say_and_the_next_plan_is_empty(applied: Applied) -> None:
    assert in_the_directory(applied.here.sandbox) == in_the_files(applied.organisation)

    part = applied.here.plan().part

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

    part = applied.here.plan().part
    applied.here.converge([part])

    assert {change.address.parts[1]: change.cause for change in part.changes} == {
        user: Cause.GIT,
        other: Cause.GIT,
    }
    assert in_the_directory(applied.here.sandbox)[2] == in_the_files(applied.edited())[2]


def test_what_only_an_apply_in_part_ever_declared_is_removed_as_a_leftover(applied: Applied) -> None:
    before = applied.memberships()
    team = applied.organisation.largest_group
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

    part = applied.here.plan().part
    applied.here.converge([part])

    assert {change.cause for change in part.changes} == {Cause.LEFTOVER}
    assert applied.memberships() == before


def test_a_member_added_behind_its_back_is_found_and_removed(applied: Applied) -> None:
    user, team = applied.organisation.idle_user, applied.organisation.largest_group
    applied.here.sandbox.store.add_member(team, applied.organisation.users[user]["user_name"])

    found = applied.here.plan().part
    applied.here.converge([found])

    (change,) = found.changes
    assert (change.action, change.cause, change.address.parts) == (Action.DELETE, Cause.DRIFT, (team, user))
    assert in_the_directory(applied.here.sandbox) == in_the_files(applied.organisation)


def test_a_stranger_added_behind_its_back_loses_the_membership_and_nothing_else(applied: Applied) -> None:
    team = applied.organisation.largest_group
    stranger = applied.here.sandbox.store.add_user("stranger@elsewhere.example")
    applied.here.sandbox.store.add_member(team, "stranger@elsewhere.example")

    found = applied.here.plan().part
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

    found = applied.here.plan().part
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


def test_the_order_of_files_and_lines_and_a_split_change_no_digest(place: Place, tmp_path: Path) -> None:
    first = place(tmp_path / "one")
    other = tmp_path / "two"
    paths = sorted(first.folder.rglob("*.yaml"))
    for number, path in enumerate(reversed(paths)):
        for section, entries in plain(path).items():
            keys = sorted(entries, reverse=True)
            for half, chosen in enumerate((keys[::2], keys[1::2])):
                file = other / f"{number % 5}" / f"{number:03d}-{section}-{half}.yaml"
                file.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps({section: {key: entries[key] or {} for key in chosen}})
                file.write_text(text, encoding="utf-8")

    with files_site(first.folder, tmp_path / "home") as here:
        before = here.plan().part
        here.folder = other
        after = here.plan().part

    assert len(list(other.rglob("*.yaml"))) > len(paths)
    assert len(before.changes) == len(first.users) + len(first.groups) + first.memberships
    assert lines(after) == lines(before)
    assert after.digest == before.digest


def test_a_dropped_file_of_users_is_refused_at_every_reference_to_them(applied: Applied) -> None:
    file = max((applied.folder / "users").glob("*.yaml"), key=lambda path: path.stat().st_size)
    gone = set(plain(file)["users"])
    file.unlink()

    with pytest.raises(InputError) as caught:
        applied.here.plan()

    written = [user for group in applied.organisation.groups.values() for user in group.get("members", ())]
    assert len(caught.value.problems) == sum(user in gone for user in written)


def test_dropping_a_file_of_users_and_all_their_places_is_refused_until_it_is_approved(
    applied: Applied,
) -> None:
    file = max((applied.folder / "users").glob("*.yaml"), key=lambda path: path.stat().st_size)
    drop_members(applied.folder, set(plain(file)["users"]))
    file.unlink()
    before = applied.memberships()

    refused = applied.here.plan().part

    assert not refused.applyable
    assert codes(refused, Severity.REFUSAL) >= {"max-removals", "set-emptied"}
    findings = [finding for finding in refused.findings if finding.severity is Severity.REFUSAL]
    approvals = {
        code: {
            "guard": code,
            "count": max(finding.count for finding in findings if finding.code == code),
            "until": "2026-12-01",
            "reason": "an office closes",
        }
        for code in {finding.code for finding in findings}
    }
    approved = applied.folder / "approvals" / "2026-11.yaml"
    approved.parent.mkdir()
    approved.write_text(json.dumps({"approvals": approvals}), encoding="utf-8")
    assert applied.memberships() == before

    applied.here.converge()

    assert in_the_directory(applied.here.sandbox)[2] == in_the_files(applied.edited())[2]


def test_the_command_line_plans_applies_and_plans_again_with_nothing_left(
    place: Place, tmp_path: Path
) -> None:
    place(tmp_path / "identities")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"RECONCILER_SANDBOX_SPEED": "1000", "PYTHONPATH": str(ROOT)}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    planned = run("plan", "--sandbox", "--out", "plan.json")
    mode = stat.S_IMODE((tmp_path / "plan.json").stat().st_mode)
    run("apply", "--sandbox", "plan.json")
    again = run("plan", "--sandbox", "--detailed-exitcode")

    assert mode == 0o600
    assert len(planned.splitlines()) <= 200
    assert "No changes" in again

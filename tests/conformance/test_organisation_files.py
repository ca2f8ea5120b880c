"""A whole organisation in other files: split, reordered, with a part dropped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.model.plan import Severity, TargetPlan
from tests.conformance.access import written
from tests.conformance.conftest import Applied
from tests.conformance.worlds import codes, in_the_directory, in_the_files, plain
from tests.support.organisation import Place, typed
from tests.support.site import files_site


def lines(part: TargetPlan) -> list[tuple[str, str, str]]:
    """What a plan does: action, cause and address."""
    return [(str(each.action), str(each.cause), str(each.address)) for each in part.changes]


def drop_members(folder: Path, users: set[str]) -> None:
    """Take people out of every group and assignment, as a person with an editor would."""
    for file in (folder / "groups").glob("*.yaml"):
        content = plain(file)
        content["groups"] = {key: group or {} for key, group in content["groups"].items()}
        for group in content["groups"].values():
            if "members" in group:
                group["members"] = [user for user in group["members"] if user not in users]
        file.write_text(json.dumps(content), encoding="utf-8")
    for file in (folder / "assignments").glob("*.yaml"):
        entries = plain(file)["assignments"]
        for entry in entries.values():
            if "users" in entry:
                entry["users"] = [user for user in entry["users"] if user not in users]
        left = {key: entry for key, entry in entries.items() if entry.get("groups") or entry.get("users")}
        file.write_text(json.dumps(typed({"assignments": left})), encoding="utf-8")


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
                text = json.dumps(typed({section: {key: entries[key] or {} for key in chosen}}))
                file.write_text(text, encoding="utf-8")

    with files_site(first.folder, tmp_path / "home") as here:
        before = here.plan().plan
        assigned = written(first, here.sandbox.store.accounts(), here.sandbox.management_account)
        here.folder = other
        after = here.plan().plan

    assert len(list(other.rglob("*.yaml"))) > len(paths)
    assert len(before.changes) == len(first.users) + len(first.groups) + first.memberships + len(
        first.permission_sets
    ) + len(assigned)
    assert lines(after) == lines(before)
    assert after.digest == before.digest


def test_a_dropped_file_of_users_is_refused_at_every_reference_to_them(place: Place, tmp_path: Path) -> None:
    found = place(tmp_path / "identities")
    file = max((found.folder / "users").glob("*.yaml"), key=lambda path: path.stat().st_size)
    gone = set(plain(file)["users"])
    file.unlink()

    with pytest.raises(InputError) as caught:
        load(FolderTree(found.folder, "identities"))

    named = [user for group in found.groups.values() for user in group.get("members", ())]
    named += [user for entry in found.assignments.values() for user in entry.get("users", ())]
    assert len(caught.value.problems) == sum(user in gone for user in named)


def test_dropping_a_file_of_users_and_all_their_places_is_refused_until_it_is_approved(
    applied: Applied,
) -> None:
    teams = applied.organisation.members.values()
    files = {path: plain(path)["users"].keys() for path in sorted((applied.folder / "users").glob("*.yaml"))}
    # Some teams lose everybody.
    file = max(files, key=lambda path: sum(bool(team) and team <= files[path] for team in teams))
    drop_members(applied.folder, set(plain(file)["users"]))
    file.unlink()
    before = applied.memberships()

    refused = applied.here.plan().plan

    assert not refused.applyable
    assert codes(refused, Severity.REFUSAL) >= {"max-removals", "set-emptied"}
    approved = applied.folder / "approvals" / "2026-11.yaml"
    approved.parent.mkdir()
    approved.write_text("\n".join([*refused.approvals, ""]), encoding="utf-8")
    assert applied.memberships() == before

    applied.here.converge()

    assert in_the_directory(applied.here.sandbox)[2] == in_the_files(applied.edited())[2]

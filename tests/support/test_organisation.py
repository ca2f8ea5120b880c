"""What the tests rest on: the generated organisation has the shape of the real one, and edits are edits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.conformance.access import written
from tests.support.generator import AWKWARD_LOGINS
from tests.support.organisation import (
    Organisation,
    Place,
    describe,
    home_of,
    organisations,
    remove_group,
    remove_user,
    rename_group,
    set_members,
    write_accounts,
    write_organisation,
)


@pytest.fixture
def small(tmp_path: Path) -> Organisation:
    return write_organisation(tmp_path / "small", scale=0.05)


@pytest.mark.parametrize("place", organisations())
def test_both_organisations_have_the_documented_shape(place: Place, tmp_path: Path) -> None:
    found = place(tmp_path / "identities")
    assert (len(found.users), len(found.groups)) == (1509, 766)
    assert abs(found.memberships - 3700) < 40
    assert (len(found.permission_sets), len(found.accounts), len(found.assignments)) == (5, 328, 631)
    assert len(found.renamed_groups) == 40
    assert found.depth(found.deepest_group) == 3
    assert found.unmanaged_groups
    assert len(found.members[found.largest_group]) > 100
    assert len(found.groups_of(found.busiest_user)) > 50
    assert not found.groups_of(found.idle_user)
    assert found.numeric_user in found.users


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("two", 1), ("other", 2)):
        write_organisation(tmp_path / name, scale=0.05, seed=seed)

    def content(name: str) -> dict[str, bytes]:
        folder = tmp_path / name
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}

    assert content("one") == content("two")
    assert content("one") != content("other")


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.1, 2.0])
def test_every_scale_holds_every_awkward_thing(scale: float, tmp_path: Path) -> None:
    found = write_organisation(tmp_path, scale=scale)
    assert found.users.keys() >= set(AWKWARD_LOGINS)
    assert found.renamed_groups
    assert found.unmanaged_groups
    assert found.depth(found.deepest_group) == 3
    assert any(identifier.startswith("0") for identifier in found.accounts.values())
    assert found.idle_user


def test_every_reference_of_a_generated_organisation_holds(small: Organisation) -> None:
    for group in small.groups.values():
        assert small.users.keys() >= set(group.get("members", ()))
        assert small.groups.keys() >= set(group.get("include", ()))
    for entry in small.assignments.values():
        assert small.groups.keys() >= set(entry.get("groups", ()))
        assert small.users.keys() >= set(entry.get("users", ()))
        named = [each for each in (*entry["accounts"], *entry.get("except", ())) if isinstance(each, str)]
        assert small.accounts.keys() >= set(named)
        assert small.permission_sets.keys() >= set(entry["permission_sets"])


def test_a_renamed_group_keeps_its_members_and_is_included_under_its_new_key(small: Organisation) -> None:
    including = small.deepest_group
    key = small.groups[including]["include"][0]
    rename_group(small.folder, key, "renamed")
    after = describe(small.folder)
    assert key not in after.groups
    assert after.members["renamed"] == small.members[key]
    assert after.groups["renamed"]["previously"][0] == key
    assert after.members[including] == small.members[including]
    assert len(after.assignments) == len(small.assignments)


def test_a_removed_user_is_gone_from_every_group(small: Organisation) -> None:
    key = small.busiest_user
    remove_user(small.folder, key)
    after = describe(small.folder)
    assert after.users.keys() == small.users.keys() - {key}
    assert not after.groups_of(key)
    assert after.memberships == small.memberships - len(small.groups_of(key))


def test_a_removed_group_is_included_and_assigned_nowhere(small: Organisation) -> None:
    key = small.groups[small.deepest_group]["include"][0]
    remove_group(small.folder, key)
    after = describe(small.folder)
    assert after.groups.keys() == small.groups.keys() - {key}
    assert all(key not in group.get("include", ()) for group in after.groups.values())
    assert all(entry.get("groups") or entry.get("users") for entry in after.assignments.values())


def test_an_edit_leaves_every_other_file_as_it_was(small: Organisation) -> None:
    before = {path: path.read_bytes() for path in small.folder.rglob("*.yaml")}
    key = next(key for key, group in sorted(small.groups.items()) if "include" not in group)
    set_members(small.folder, key, ["007"])
    changed = [path for path, content in before.items() if path.read_bytes() != content]
    assert len(changed) == 1
    assert describe(small.folder).members[key] == {"007"}


def test_every_entry_that_is_not_over_finds_accounts_in_their_units(tmp_path: Path) -> None:
    found = write_organisation(tmp_path / "identities", scale=0.3)
    with Sandbox(seed=write_accounts(found, tmp_path / "accounts.json")) as sandbox:
        accounts = sandbox.store.accounts()
        rows = {
            key: written(replace(found, assignments={key: entry}), accounts, sandbox.management_account)
            for key, entry in found.assignments.items()
        }
    assert {accounts[each]["unit"] for each in found.accounts.values()} == {
        home_of(name) for name in found.accounts
    }
    assert {key for key, each in rows.items() if not each} == {"over"}
    assert len(rows["everywhere-but-one"]) == len(found.accounts) - 1
    assert sum(map(len, rows.values())) > len(found.assignments) + len(found.accounts)

"""Seeds: organisation files and identities directories, right and wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InputError
from reconciler.sandbox import Sandbox
from tests.sandbox.aws import connected


def accounts(path: Path, *, store: Path | None = None) -> dict[str, str]:
    with Sandbox(store, throttling=False, latency=0, seed=path) as sandbox, connected(sandbox) as aws:
        pages = aws.organizations.get_paginator("list_accounts").paginate()
        return {account["Name"]: account["Id"] for page in pages for account in page["Accounts"]}


def test_an_identities_directory_gives_its_accounts(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "accounts.yaml").write_text(
        'accounts:\n  payments-prod: "123456789012"\n  zero: "012345678901"\n', encoding="utf-8"
    )
    (tmp_path / "people" / "more.yaml").write_text(
        'users:\n  ada: {user_name: ada}\naccounts: {dev: "210987654321"}\n', encoding="utf-8"
    )
    (tmp_path / "people" / "empty.yaml").write_text("", encoding="utf-8")
    assert accounts(tmp_path) == {
        "management": "111111111111",
        "payments-prod": "123456789012",
        "zero": "012345678901",
        "dev": "210987654321",
    }


def test_an_identities_directory_may_name_the_management_account(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text('accounts: {payer: "111111111111"}', encoding="utf-8")
    assert accounts(tmp_path) == {"payer": "111111111111"}


def test_an_account_called_management_is_the_management_account(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        'accounts: {management: "210000000001", dev: "210000000002"}', encoding="utf-8"
    )
    assert accounts(tmp_path) == {"management": "210000000001", "dev": "210000000002"}
    with Sandbox(latency=0, seed=tmp_path) as sandbox:
        assert sandbox.management_account == "210000000001"


def test_a_seed_adds_and_renames_and_removes_nothing(tmp_path: Path) -> None:
    store, seed = tmp_path / "sandbox.sqlite", tmp_path / "organisation.yaml"
    seed.write_text('units: {One: {accounts: {a: "000000000001", b: "000000000002"}}}', encoding="utf-8")
    accounts(seed, store=store)
    seed.write_text(
        'units: {One: {accounts: {c: "000000000003"}}}\naccounts: {renamed: "000000000001"}', encoding="utf-8"
    )
    assert accounts(seed, store=store) == {
        "management": "111111111111",
        "renamed": "000000000001",
        "b": "000000000002",
        "c": "000000000003",
    }


def test_seeding_twice_changes_nothing(tmp_path: Path) -> None:
    store, seed = tmp_path / "sandbox.sqlite", tmp_path / "organisation.yaml"
    seed.write_text(
        'management: "999999999999"\nunits: {One: {tags: {a: b}, accounts: {a: "000000000001"}}}',
        encoding="utf-8",
    )
    ids: list[Any] = []
    for _ in range(2):
        with Sandbox(store, throttling=False, latency=0, seed=seed) as sandbox, connected(sandbox) as aws:
            root = aws.organizations.list_roots()["Roots"][0]["Id"]
            units = aws.organizations.list_organizational_units_for_parent(ParentId=root)
            found = aws.organizations.list_accounts()["Accounts"]
            ids.append(
                (units["OrganizationalUnits"], [(account["Id"], account["Paths"]) for account in found])
            )
    assert ids[0] == ids[1]
    assert [account for account, _ in ids[0][1]] == ["999999999999", "000000000001"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "accounts: {a: 12345678901}", "account a has no id of twelve digits", id="eleven digits"
        ),
        pytest.param("accounts: {a: {tags: {}}}", "account a has no id", id="no id"),
        pytest.param('accounts: {a: {id: "000000000001", state: GONE}}', "state GONE", id="unknown state"),
        pytest.param('accounts: {a: {id: "000000000001", ou: x}}', "unknown key ou", id="unknown key"),
        pytest.param("accounts: [a]", "accounts of the file must be a map", id="accounts as a list"),
        pytest.param("units: {A: [b]}", "A must be a map", id="unit as a list"),
        pytest.param("units: {A: {account: {}}}", "A has an unknown key account", id="typing error"),
        pytest.param("tags: [a]", "tags of the root", id="tags as a list"),
        pytest.param("management: {name: x}", "management has no id", id="management without id"),
        pytest.param("- a", "an organisation file is a map", id="a list"),
        pytest.param("a: [", "this is not YAML", id="no YAML"),
        pytest.param("a: \xff", "not UTF-8", id="no UTF-8"),
        pytest.param("a: \x07", "this is not YAML", id="control character"),
    ],
)
def test_a_seed_that_is_wrong_is_an_input_error_and_leaves_nothing(
    tmp_path: Path, text: str, expected: str
) -> None:
    seed, store = tmp_path / "organisation.yaml", tmp_path / "sandbox.sqlite"
    seed.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=expected):
        Sandbox(store, seed=seed).start()
    with Sandbox(store, latency=0, throttling=False) as sandbox, connected(sandbox) as aws:
        assert len(aws.organizations.list_accounts()["Accounts"]) == 1


def test_all_problems_of_a_seed_come_at_once(tmp_path: Path) -> None:
    seed = tmp_path / "organisation.yaml"
    seed.write_text("accounts: {a: 1, b: 2}\nunits: {U: {x: y}}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Sandbox(seed=seed).start()
    assert len(caught.value.problems) == 3


def test_a_seed_that_does_not_exist_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Sandbox(seed=tmp_path / "nothing.yaml").start()


SELECTORS = """
accounts: {dev: "222222222222", prod: "333333333333"}
assignments:
  one:
    accounts: [{ou: Workloads/Prod}, dev, {ou: [Data, ou-ab12-1234abcd]}]
    except: [{ou: Workloads/Prod/PCI}]
  two: {accounts: [{ou: Workloads}, {all: true}], reason: "ou: Nothing"}
"""
RULES = """
guards: {privileged: {accounts: [{ou: Security}]}}
rules: {deny: {accounts: [{ou: Workloads/Test, tag: {ou: NoUnit}}]}}
"""


def units(sandbox: Sandbox) -> set[str]:
    """Paths of all units, read by plain boto3."""
    found: set[str] = set()
    with connected(sandbox) as aws:
        client = aws.organizations
        pending = [("", client.list_roots()["Roots"][0]["Id"])]
        for path, parent in pending:
            below = client.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]
            for unit in below:
                found.add(f"{path}{unit['Name']}")
                pending.append((f"{path}{unit['Name']}/", unit["Id"]))
    return found


def test_an_identities_directory_gives_the_units_that_its_selectors_name(tmp_path: Path) -> None:
    (tmp_path / "access.yaml").write_text(SELECTORS, encoding="utf-8")
    (tmp_path / "reconciler.yaml").write_text(RULES, encoding="utf-8")
    with Sandbox(throttling=False, latency=0, seed=tmp_path) as sandbox:
        assert units(sandbox) == {
            "Workloads", "Workloads/Prod", "Workloads/Prod/PCI", "Workloads/Test", "Data", "Security"
        }  # fmt: skip
        assert sandbox.store.accounts()["333333333333"]["unit"] == ""


def test_seeding_identities_again_leaves_accounts_where_somebody_put_them(tmp_path: Path) -> None:
    store, identities = tmp_path / "sandbox.sqlite", tmp_path / "identities"
    identities.mkdir()
    (identities / "access.yaml").write_text(SELECTORS, encoding="utf-8")
    with Sandbox(store, throttling=False, latency=0, seed=identities) as sandbox:
        sandbox.store.move_account("333333333333", "Workloads/Prod")
        sandbox.store.set_account_state("222222222222", "SUSPENDED")
    renamed = SELECTORS.replace("prod:", "production:")
    (identities / "access.yaml").write_text(renamed, encoding="utf-8")
    with Sandbox(store, throttling=False, latency=0, seed=identities) as sandbox:
        found = sandbox.store.accounts()
        assert (found["333333333333"]["name"], found["333333333333"]["unit"]) == (
            "production", "Workloads/Prod"
        )  # fmt: skip
        assert found["222222222222"]["state"] == "SUSPENDED"
        assert "Workloads/Prod" in units(sandbox)

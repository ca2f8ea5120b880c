"""`reconciler access --rules`: what the files give, with accounts as they are selected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.stage import GROUPS, Played, Real
from tests.cli.test_access import ACCESS, PROD

RULES = f"""\
accounts: {{prod: "{PROD}"}}
permission_sets:
  Read: {{managed_policies: [ReadOnlyAccess]}}
  Admin: {{managed_policies: [AdministratorAccess]}}
assignments:
  ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}
  all-read:
    groups: [dev]
    permission_sets: [Read]
    accounts: [{{ou: [Workloads/Prod, Workloads/Test], tag: {{env: [prod, stage]}}}}]
    except: [prod]
  emergency: {{users: [ada], permission_sets: [Admin], accounts: [{{all: true}}], until: 2126-12-01}}
  over: {{users: [bob], permission_sets: [Admin], accounts: [prod], until: 2020-12-01}}
"""


@pytest.fixture
def ruled(played: Played) -> Played:
    played.write({"access.yaml": RULES})
    return played


def rules(stage: Played | Real, *options: str) -> list[Mapping[str, Any]]:
    ended = stage.run("access", "--rules", "--format", "json", *options)
    assert ended.code == 0, ended.output
    (target,) = json.loads(ended.out)["targets"]
    found: list[Mapping[str, Any]] = target["rules"]
    return found


def entries(stage: Played | Real, *options: str) -> set[str]:
    return {one["entry"] for one in rules(stage, *options)}


def test_rules_are_told_in_words_privileged_ones_first(ruled: Played) -> None:
    output = ruled.run("access", "--rules").out

    assert output.startswith(
        "Admin (privileged)\n"
        "  ada on every active account except the management account "
        "(directly; until 2126-12-02T00:00:00Z; by emergency)\n"
        "Read\n"
        "  cyd on accounts in Workloads/Prod or Workloads/Test with env=prod or stage, "
        f"except prod ({PROD}) (through dev; by all-read)\n"
        f"  ada, bob on prod ({PROD}) (through ops; by ops-read)\n"
        "3 people, 3 rules.\n"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--person", "ada"), {"emergency", "ops-read"}),
        (("--group", "dev"), {"all-read"}),
        (("--set", "Admin"), {"emergency"}),
        # What selects accounts may mean this one, too.
        (("--account", "prod"), {"ops-read", "emergency"}),
        (("--account", "210000000099"), {"all-read", "emergency"}),
        (("--account", "prod", "--set", "Read"), {"ops-read"}),
        (("--privileged",), {"emergency"}),
        (("--ends-within", "1d"), set()),
        (("--ends-within", "40000d"), {"emergency"}),
    ],
)
def test_options_narrow_the_rules(ruled: Played, options: tuple[str, ...], expected: set[str]) -> None:
    assert entries(ruled, *options) == expected


def test_who_is_blocked_or_inactive_has_no_rule(ruled: Played) -> None:
    ruled.write({"blocked.yaml": "blocked: {ada: {reason: left}}\n"})

    assert entries(ruled, "--person", "ada") == set()
    assert [one["people"] for one in rules(ruled, "--group", "ops")] == [["bob"]]


def test_a_group_whose_members_git_does_not_declare_stands_with_its_rule(ruled: Played) -> None:
    ruled.write({"groups.yaml": GROUPS.replace("dev: {members: [cyd]}", "dev: {members: unmanaged}")})

    (found,) = rules(ruled, "--group", "dev")

    assert (found["people"], found["members_unknown"]) == ([], True)
    assert "members that git does not declare on accounts in" in ruled.run("access", "--rules").output


def test_no_service_is_asked_also_between_two_commits(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    before = real.commit({"access.yaml": ACCESS})
    after = real.commit({"access.yaml": ACCESS.replace("groups: [ops]", "groups: [dev]")})
    moved = real.commit({"access.yaml": ACCESS.replace("ops-read", "renamed")})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    real.forget()

    found = rules(real, "--between", before, after)

    assert {(one["change"], one["permission_set"], tuple(one["people"])) for one in found} == {
        ("gain", "Read", ("cyd",)),
        ("lose", "Read", ("ada", "bob")),
    }
    assert rules(real, "--between", before, moved) == []
    assert list(real.sandbox.requests) == []


@pytest.mark.parametrize("options", [("--state", "desired"), ("--csv",), ("--live", "reconciler/snapshot")])
def test_what_needs_accounts_is_refused(ruled: Played, options: tuple[str, ...]) -> None:
    ended = ruled.run("access", "--rules", *options)

    assert (ended.code, "has no meaning with --rules" in ended.output) == (64, True), ended.output

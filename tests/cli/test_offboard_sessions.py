"""Offboarding ends sessions of `aws login`: what is surely the person's, where the caller may, and last."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.clones import first_clone, push
from tests.cli.stage import CONFIG, FILES, Real

MANAGEMENT, PROD, DEV = "111111111111", "210000000020", "210000000021"
ROLE = "team/end-sessions"
ACCESS = f"""\
accounts: {{prod: "{PROD}", dev: "{DEV}", top: "{MANAGEMENT}"}}
permission_sets:
  Read: {{session_duration: 8h, managed_policies: [ReadOnlyAccess]}}
  Own: {{managed_policies: [ReadOnlyAccess]}}
assignments:
  ops: {{groups: [ops], permission_sets: [Read], accounts: [prod, dev, top]}}
  bob: {{users: [bob], permission_sets: [Own], accounts: [prod, dev, top]}}
"""
WIDE = "guards: {max_removals: {memberships: {percent: 100, per_group: {percent: 100}}}}\n"
WITH_ROLE = CONFIG.replace("region: us-east-1}", f"region: us-east-1, session_role: {ROLE}}}")
BOB, ADA = "bob@example.com", "ada@example.com"


@pytest.fixture
def laptop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> Real:
    """A clone, applied, whose sandbox has people signed in to three accounts as two roles each."""
    aws.store.create_account(PROD, "prod")
    aws.store.create_account(DEV, "dev")
    aws.circumstances.account_role = ROLE
    stage = first_clone(tmp_path, monkeypatch, capsys, aws)
    stage.commit({**FILES, "access.yaml": ACCESS, "reconciler.yaml": WITH_ROLE + WIDE})
    push(stage)
    stage.converge("--first-apply")
    for account in (MANAGEMENT, PROD, DEV):
        for person in (BOB, ADA):
            aws.store.sign_in(account, person, "Read")
        aws.store.sign_in(account, BOB, "Own")
    # More than one call takes, and more than a page has.
    for _ in range(7):
        aws.store.sign_in(PROD, BOB, "Own", client="MCP")
    aws.store.sign_in(MANAGEMENT, BOB, principal=f"arn:aws:iam::{MANAGEMENT}:user/{BOB}")
    aws.store.sign_in(MANAGEMENT, "robot", principal=f"arn:aws:iam::{MANAGEMENT}:user/bob")
    aws.store.sign_in(MANAGEMENT, "root", principal=f"arn:aws:iam::{MANAGEMENT}:root")
    aws.store.sign_in(
        PROD, "eve", principal=f"arn:aws:iam::{PROD}:role/AWSReservedSSO_Owner_0123456789abcdef"
    )
    stage.forget()
    return stage


SHARED = [(account, who) for account in (MANAGEMENT, PROD, DEV) for who in (ADA, BOB)]
OTHERS = [(MANAGEMENT, "robot"), (MANAGEMENT, "root"), (PROD, "eve")]


def calls(stage: Real) -> list[str]:
    return [f"{one.service}.{one.operation}" for one in stage.sandbox.requests]


def test_what_is_surely_theirs_ends_in_every_account_after_all_writes(laptop: Real, aws: Sandbox) -> None:
    # What is not on the trusted branch names no role.
    laptop.write({"reconciler.yaml": WITH_ROLE.replace(ROLE, "somebody/elses") + WIDE})
    ended = laptop.run("offboard", "bob", "--yes", "--revoke-only")
    laptop.write({"reconciler.yaml": WITH_ROLE + WIDE})
    assert ended.code == 0, ended.output
    assert aws.store.signed_in() == sorted(SHARED + OTHERS)
    assert "11 sessions ended on 3 accounts" in ended.out
    assert "NOT ENDED: 6 sessions of Read on 3 accounts" in ended.out
    assert ended.out.count("aws signin list-sessions") == 1
    assert "AWSReservedSSO_Own_" in ended.out
    made = calls(laptop)
    last_write = max(i for i, one in enumerate(made) if one.endswith(("DeleteAccountAssignment",)))
    assert made.index("signin.ListSessions") > last_write
    assert made.count("signin.BatchRevokeSessions") == 5
    # Own on three accounts is one line, with its end; so is Read.
    assert "Own on 3 accounts (" in ended.out
    assert ended.out.count("no new session; an open one lives until") == 2
    # Nothing else is changed: git still declares what bob had, and that is all that a plan is about.
    plan = laptop.run("plan")
    assert "Plan: 4 to create; 1 person gains something." in plan.out, plan.out
    assert aws.store.memberships() == {"ops": {ADA}, "dev": {"cyd@example.com"}}


def test_without_a_role_or_a_yes_or_rights_it_says_so_and_takes_everything_else_away(
    laptop: Real, aws: Sandbox
) -> None:
    laptop.write({"reconciler.yaml": CONFIG + WIDE})
    laptop.work.commit(message="no role")
    push(laptop)
    before = aws.store.signed_in()
    assert laptop.run("offboard", "bob").code == 64
    assert laptop.run("offboard", "bob", "--undo", "--yes").code == 0
    aws.faults.add("deny", "signin.ListSessions")
    ended = laptop.run("offboard", "bob", "--yes", "--revoke-only")
    assert (ended.code, aws.store.signed_in()) == (0, before), ended.output
    assert calls(laptop).count("signin.ListSessions") == 1
    assert "sts.AssumeRole" not in calls(laptop)
    assert "aws: 4 of 4 taken away" in ended.out
    assert "NOT LOOKED AT: signin.ListSessions: not allowed: the caller needs the IAM action" in ended.out
    assert (
        "no `session_role` is configured: 2 accounts (prod (210000000020) and dev (210000000021))"
        in ended.out
    )
    # Who is back is signed in still; once more, with the right to.
    laptop.converge()
    ended = laptop.run("offboard", "bob", "--yes", "--revoke-only", "--end-sessions-of-their-roles")
    assert "ALSO THE SESSIONS OF OTHERS who have Read end: they must sign in again" in ended.out
    assert "4 sessions ended on management (111111111111)" in ended.out
    assert aws.store.signed_in(MANAGEMENT) == OTHERS[:2]
    assert aws.store.signed_in(PROD) == [one for one in before if one[0] == PROD]

"""Applies of access that fail midway, are killed, or come from an account that may do less."""

from __future__ import annotations

import subprocess
import threading  # noqa: TID251  # counts the connections of the sandbox
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.report import Status
from reconciler.sandbox import Caller, Console, FaultKind, Sandbox
from reconciler.sandbox.access.grants import Grant, Grants
from tests.cli.stage import CONFIG, SPEED, Real
from tests.conformance.narrative import APPROVED, UNLIMITED
from tests.conformance.stories_access import BASE, DEV, LAB, PROD, accounts
from tests.conformance.stories_sets import ASSIGNED, RENAMED, written
from tests.support.patience import end, until
from tests.support.site import FilesSite, client, files_site

MANAGEMENT = "111111111111"
READ_ONLY = "managed_policies: [ReadOnlyAccess]"
THERE = {(PROD, "Admin", "ops"), (DEV, "Admin", "ops")}
REPLACED = {(PROD, "Boss", "ops"), (DEV, "Boss", "ops")}


@contextmanager
def site(root: Path, text: str) -> Iterator[FilesSite]:
    """A site with some accounts, on which these files were applied."""
    with files_site(root / "identities", root / "home") as here:
        accounts(here.sandbox.store)
        write(here, text)
        here.converge()
        yield here


def write(here: FilesSite, text: str) -> None:
    here.folder.mkdir(parents=True, exist_ok=True)
    files = {"reconciler.yaml": f"format: 1\n{UNLIMITED}", "approvals/all.yaml": APPROVED, "all.yaml": text}
    for name, content in files.items():
        file = here.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")


def assigned(store: Console) -> set[tuple[str, str, str]]:
    return {(account, name, who) for account, name, _, who in store.assignments()}


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sandbox], list[set[str]]]:
    """From now on, after each assignment that is made or ended: the accounts where somebody has one."""
    found: list[set[str]] = []

    def watched(name: str) -> None:
        before = getattr(Grants, name)

        def also(self: Grants, grant: Grant) -> object:
            answer = before(self, grant)
            found.append({each.account for each in self.all()})
            return answer

        monkeypatch.setattr(Grants, name, also)

    def watch(_: Sandbox) -> list[set[str]]:
        watched("add")
        watched("remove")
        return found

    return watch


def test_a_replaced_set_never_leaves_anybody_without(
    tmp_path: Path, moments: Callable[[Sandbox], list[set[str]]]
) -> None:
    with site(tmp_path, written(READ_ONLY)) as here:
        write(here, RENAMED)
        seen = moments(here.sandbox)

        planned = here.plan().plan
        here.converge([planned])

        assert len(seen) == 4  # two are made, and two are ended
        assert all(each == {PROD, DEV} for each in seen)
        assert assigned(here.sandbox.store) == REPLACED
        assert here.sandbox.store.permission_sets().keys() == {"Boss"}
        assert any("suffix" in f"{each.message} {each.fix}" for each in planned.findings)


def test_what_is_to_be_replaced_is_held_while_its_replacement_fails(tmp_path: Path) -> None:
    with site(tmp_path, written(READ_ONLY)) as here:
        write(here, RENAMED)
        here.sandbox.store.break_account(PROD, "Received a 409 status error: role quota")

        report = here.apply()

        ended = {
            (result.address.kind, result.address.parts[:2]): result.status
            for result in report.results
            if result.status is not Status.DONE
        }
        assert ended.pop((Kind.ASSIGNMENT, (PROD, "Boss"))) is Status.FAILED
        assert ended.pop((Kind.ASSIGNMENT, (PROD, "Admin"))) is Status.HELD
        assert ended.pop((Kind.PERMISSION_SET, ("Admin",))) in (Status.SKIPPED, Status.HELD)
        assert ended == {}
        assert assigned(here.sandbox.store) == {(PROD, "Admin", "ops"), (DEV, "Boss", "ops")}

        here.sandbox.store.break_account(PROD, None)
        here.converge()
        assert assigned(here.sandbox.store) == REPLACED
        assert here.sandbox.store.permission_sets().keys() == {"Boss"}


@pytest.mark.parametrize(
    "operation",
    [
        "sso-admin.CreateAccountAssignment",
        "sso-admin.DeleteAccountAssignment",
        "sso-admin.ProvisionPermissionSet",
        "sso-admin.CreatePermissionSet",
        "sso-admin.DeletePermissionSet",
        "sso-admin.AttachManagedPolicyToPermissionSet",
        "sso-admin.Describe*Status",
    ],
)
@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.ERROR_AFTER, FaultKind.CONFLICT, FaultKind.FAIL])
def test_whatever_fails_once_or_for_good_the_next_run_finishes(
    tmp_path: Path, operation: str, kind: FaultKind
) -> None:
    with site(tmp_path, written(READ_ONLY)) as here:
        # It edits a set, makes one, removes one, and makes and ends assignments.
        write(
            here,
            written("managed_policies: [AdministratorAccess]")
            .replace("}}\nassignments", "}, Other: {managed_policies: [Billing]}}\nassignments")
            .replace(ASSIGNED, ASSIGNED.replace("[prod, dev]", f'[prod, "{LAB}"]')),
        )
        here.sandbox.faults.add(kind, operation, count=None)
        here.apply()
        here.sandbox.faults.clear()

        here.converge()

        assert assigned(here.sandbox.store) == {(PROD, "Admin", "ops"), (LAB, "Admin", "ops")}
        sets = here.sandbox.store.permission_sets()
        assert sets["Admin"]["ManagedPolicies"] == ["arn:aws:iam::aws:policy/AdministratorAccess"]
        assert sets["Other"]["ManagedPolicies"] == ["arn:aws:iam::aws:policy/job-function/Billing"]


def test_a_policy_that_an_account_lacks_is_named_with_the_account(tmp_path: Path) -> None:
    with site(tmp_path, written(READ_ONLY)) as here:
        here.sandbox.store.declare_policies(PROD, [])
        write(here, written(f"{READ_ONLY}, customer_managed_policies: [{{name: deploy, path: /ci/}}]"))

        report = here.apply()

        trouble = (Status.FAILED, Status.PARTLY)
        failed = next(result for result in report.results if result.status in trouble)
        assert "/ci/deploy" in failed.message
        assert failed.request_id
        here.sandbox.store.declare_policies(PROD, ["/ci/deploy"])
        here.converge()


def called_by(here: FilesSite, caller: Caller) -> None:
    """Let another account call from now on: a client asks once as whom it comes."""
    here.sandbox.circumstances.caller = caller
    here.target = client(here.sandbox)


class TestDelegated:
    """What a delegated administrator cannot do is said at plan time, and nothing of it is tried."""

    def test_the_management_account_is_left_alone_and_said(self, tmp_path: Path) -> None:
        with site(tmp_path, BASE) as here:
            called_by(here, Caller.DELEGATED)
            write(
                here,
                f"{BASE}assignments: {{a: {{groups: [ops], permission_sets: [Admin], "
                f'accounts: [prod, "{MANAGEMENT}"]}}}}\n',
            )

            found = here.plan().plan
            report = here.apply([found])

            assert [change.address.parts[0] for change in found.changes] == [PROD]
            assert "delegated-administrator" in {finding.code for finding in found.findings}
            assert {result.status for result in report.results} == {Status.DONE}
            assert here.plan().plan.changes == ()
            assert assigned(here.sandbox.store) == {(PROD, "Admin", "ops")}

    def test_a_set_in_use_in_the_management_account_is_left_alone_and_said(self, tmp_path: Path) -> None:
        with site(tmp_path, written(READ_ONLY)) as here:
            here.sandbox.store.put_assignment(MANAGEMENT, "Admin", group="ops")
            called_by(here, Caller.DELEGATED)
            write(here, written("managed_policies: [AdministratorAccess]"))

            found = here.plan().plan

            assert found.changes == ()
            assert "delegated-administrator" in {finding.code for finding in found.findings}
            called_by(here, Caller.MANAGEMENT)
            (change,) = here.plan().plan.changes
            assert (change.address.kind, change.action) == (Kind.PERMISSION_SET, Action.UPDATE)
            here.converge()


@pytest.mark.parametrize("nth", [1, 8, 20])
def test_an_apply_that_is_killed_leaves_nothing_to_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], nth: int
) -> None:
    ids = [f"{number:012d}" for number in range(1, 21)]
    text = (
        "users: {ada: {user_name: ada, given_name: Ada, family_name: Lovelace}}\n"
        "groups: {ops: {members: [ada]}}\n"
        "permission_sets: {Admin: {managed_policies: [AdministratorAccess]}, Read: }\n"
        "assignments: {a: {groups: [ops], permission_sets: [Admin], accounts: [{all: true}]}}\n"
    )
    with Sandbox(None, speed=SPEED, latency=0.0) as sandbox:
        for account in ids:
            sandbox.store.create_account(account, f"a{account}")
        stage = Real(tmp_path / "access", monkeypatch, capsys, sandbox)
        stage.commit({"reconciler.yaml": CONFIG, "all.yaml": text})
        assert stage.plan().code == 0
        # From the nth on, nothing ends while anybody watches.
        operation = "sso-admin.CreateAccountAssignment"
        sandbox.faults.add(FaultKind.STALL, operation, nth=nth, count=None, seconds=3e6)
        before = threading.active_count()
        process = subprocess.Popen(
            stage.command("apply", stage.file, "--first-apply"),
            cwd=stage.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def asked() -> bool:
            assert process.poll() is None, "it ended before it was killed"
            return sandbox.requests.counts().get(operation, 0) >= nth

        try:
            until(asked, f"{nth} calls of {operation}")
        finally:
            end(process)
        # What it had sent is still carried out: until its connections have ended, and every call with them.
        until(
            lambda: (
                threading.active_count() <= before and sandbox.requests._number <= sandbox.requests.total()
            ),
            "the end of the calls of the killed process",
        )
        sandbox.faults.clear()
        there = {account for account, *_ in sandbox.store.assignments()}
        assert there < set(ids)
        sandbox.store.settle()
        # What a killed run leaves is its lock, which people break.
        assert stage.run("unlock", "--yes").code == 0

        done = stage.plan()
        assert done.code == 0, done.output
        done = stage.run("apply", stage.file, "--first-apply")

        assert done.code == 0, done.output
        assert {account for account, *_ in sandbox.store.assignments()} == set(ids)
        assert stage.run("plan", "--detailed-exitcode").code == 0

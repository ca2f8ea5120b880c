"""Somebody is denied, and leaves what can be read, though a service does not show everything."""

from __future__ import annotations

import pytest

from reconciler.execution import denying
from reconciler.model.denials import EMPTY
from tests.cli.stage import CONFIG, Real
from tests.cli.test_out_at_once import BOB, BOTH, DATA, POLICY, PROD

ACCESS = f"""\
accounts: {{prod: "{PROD}", data: "{DATA}"}}
permission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}
assignments:
  ops: {{groups: [ops], permission_sets: [Read], accounts: [{{ou: Workloads}}, prod]}}
  bob: {{users: [bob], permission_sets: [Read], accounts: [prod]}}
"""
GUARDS = "guards: {max_removals: {memberships: {percent: 100, per_group: {percent: 100}}}}\n"


@pytest.fixture
def cut(real: Real, monkeypatch: pytest.MonkeyPatch) -> Real:
    """A repository that was applied, with a policy of denials at the root."""
    monkeypatch.setattr(denying, "_SETTLED", 0.0)
    console = real.sandbox.store
    console.found_scp(POLICY, EMPTY)
    console.create_ou("Workloads")
    for account, name in ((PROD, "prod"), (DATA, "data")):
        console.create_account(account, name)
    config = CONFIG.replace("us-east-1}", f"us-east-1, deny_policy: {POLICY}}}")
    real.commit({"reconciler.yaml": config + GUARDS, "access.yaml": ACCESS})
    real.converge("--first-apply")
    real.forget()
    return real


@pytest.mark.parametrize(
    ("operation", "unread", "leaves"),
    [
        ("sso-admin.ListTagsForResource", "assignments", True),
        ("organizations.ListAccounts", "assignments", True),
        ("identitystore.ListGroups", "memberships and assignments", False),
    ],
)
def test_a_person_is_denied_though_not_everything_can_be_read(
    cut: Real, operation: str, unread: str, *, leaves: bool
) -> None:
    cut.sandbox.faults.add("deny", operation, count=None)
    ended = cut.run("offboard", "bob", "--yes", "--revoke-only")

    assert ended.code == 6, ended.output
    assert cut.sandbox.store.denied(BOB) == BOTH
    assert (BOB not in cut.memberships()["ops"]) == leaves
    assert f"aws: NOT LOOKED AT: {unread}, which stay: " in ended.out
    assert operation.partition(".")[2] in ended.out
    assert "what they reach was not read" in ended.out

    # It is also undone without everything.
    assert cut.run("offboard", "bob", "--undo", "--yes").code == 0
    assert cut.sandbox.store.denied(BOB) == frozenset()

    # Once everything can be read again, the rest goes.
    cut.sandbox.faults.clear()
    assert cut.run("offboard", "bob", "--yes", "--revoke-only").code == 0
    assert BOB not in cut.memberships()["ops"]
    assert [name for *_, name in cut.sandbox.store.assignments() if name == BOB] == []


@pytest.mark.parametrize("operation", ["organizations.DescribeOrganization", "identitystore.ListUsers"])
def test_nobody_is_cut_off_while_it_is_not_known_who_they_are_or_who_runs_this(
    cut: Real, operation: str
) -> None:
    cut.sandbox.faults.add("deny", operation, count=None)

    ended = cut.run("offboard", "bob", "--yes", "--revoke-only")

    assert (ended.code, cut.written()) == (1, []), ended.output
    assert f"{operation.partition('.')[2]}: not allowed" in ended.output

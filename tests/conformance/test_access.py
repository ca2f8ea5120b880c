"""Accounts, permission sets and assignments of a small organisation with every case in it.

What should be is expanded from the YAML by plain code, and what is, is read by plain boto3, account by
account.
"""

from __future__ import annotations

from contextlib import closing

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Change
from reconciler.model.report import Status
from tests.conformance.access import Reader, Row, written, written_sets
from tests.conformance.conftest import Applied
from tests.support.organisation import assign, describe, home_of

BILLING = "arn:aws:iam::aws:policy/job-function/Billing"


def as_written(applied: Applied) -> set[Row]:
    """What the files assign now, over the accounts that are there now."""
    sandbox = applied.here.sandbox
    return written(describe(applied.folder), sandbox.store.accounts(), sandbox.management_account)


def rows_of(changes: tuple[Change, ...]) -> set[tuple[Action, Row]]:
    """Changes of assignments, in the words of `served`; in these organisations groups are named by key."""
    found = set()
    for change in changes:
        account, name, holder = change.address.parts
        kind, _, key = holder.partition(":")
        found.add((change.action, (account, name, kind.upper(), key)))
    return found


def of_kind(changes: tuple[Change, ...], kind: Kind) -> tuple[Change, ...]:
    return tuple(change for change in changes if change.address.kind is kind)


def some_group(applied: Applied) -> str:
    """A group with members, which is named by its key."""
    found = applied.organisation
    return min(key for key in found.groups if found.members[key] and "display_name" not in found.groups[key])


def test_every_account_is_as_the_files_say_and_the_next_plan_is_empty(applied: Applied) -> None:
    expected = as_written(applied)
    assert len(expected) >= len(applied.organisation.assignments) - 1  # one of the generated ones is over

    with closing(Reader(applied.here.sandbox)) as reader:
        assert reader.assignments() == expected
        assert reader.sets() == written_sets(applied.organisation)
        assert reader.provisioned(latest=True) == {(account, name) for account, name, _, _ in expected}
        assert reader.provisioned(latest=False) == set()

    part = applied.here.plan().plan
    assert part.changes == ()
    assert part.counts[Kind.ASSIGNMENT].unchanged == len(expected)
    assert part.counts[Kind.PERMISSION_SET].unchanged == len(applied.organisation.permission_sets)


def test_what_hands_do_is_found_and_what_is_ours_is_put_right(applied: Applied) -> None:
    """An assignment is added, two sets are edited, and one of them and a third are not provisioned."""
    group, store = some_group(applied), applied.here.sandbox.store
    sets = applied.organisation.permission_sets
    before, added = as_written(applied), set()
    for name in sets:
        taken = {account for account, each, _, who in before if (each, who) == (name, group)}
        account = min(set(applied.organisation.accounts.values()) - taken)
        store.put_assignment(account, name, group=group)
        added.add((account, name, "GROUP", group))
    strict = {row for row in added if sets[row[1]].get("assignments") == "exclusive"}
    store.attach_policy("repo-read", BILLING)
    store.attach_policy("repo-write", BILLING, provision=False)
    store.attach_policy("repo-triage", BILLING, provision=False)
    store.detach_policy("repo-triage", BILLING, provision=False)

    found = applied.here.plan().plan
    with closing(Reader(applied.here.sandbox)) as reader:
        lagging = {row for row in reader.provisioned(latest=False) if row[1] == "repo-triage"}
        applied.here.converge([found])

        assert {each.cause for each in found.changes} == {Cause.DRIFT}
        assert rows_of(of_kind(found.changes, Kind.ASSIGNMENT)) == {(Action.DELETE, row) for row in strict}
        declared = "".join(
            "".join((finding.message, *finding.details))
            for finding in found.findings
            if finding.code == "unmanaged-assignments"
        )
        assert all(row[0] in declared for row in added - strict)
        assert {each.address.key for each in of_kind(found.changes, Kind.PERMISSION_SET)} == {
            "repo-read",
            "repo-write",
        }
        roles = {each.address.parts for each in of_kind(found.changes, Kind.PROVISIONING)}
        assert {(account, name) for name, account in roles} >= lagging
        assert len(lagging) > 1
        assert reader.sets() == written_sets(applied.organisation)
        assert reader.provisioned(latest=False) == set()
        assert reader.assignments() == before | (added - strict)


def test_accounts_that_move_join_and_are_tagged_change_the_plan_because_of_selectors(
    applied: Applied,
) -> None:
    organisation, store = applied.organisation, applied.here.sandbox.store
    group = some_group(applied)
    names = sorted(organisation.accounts)
    home = max(map(home_of, names), key=[home_of(name) for name in names].count)
    inside = [name for name in names if home_of(name) == home]
    outside = [name for name in names if home_of(name) != home]
    chosen = {"groups": [group], "permission_sets": ["repo-triage"]}
    assign(applied.folder, "place", **chosen, accounts=[{"ou": home}])
    assign(applied.folder, "tag", **chosen, accounts=[{"tag": {"project": ["apollo", "gemini"]}}])
    assert applied.here.apply().whole
    before = as_written(applied)
    assert store.assignments() == before

    ids = organisation.accounts
    store.move_account(ids[outside[0]], f"{home}/Below")
    store.move_account(ids[inside[0]], "Elsewhere")
    store.tag_account(ids[outside[1]], {"project": "gemini"})
    store.create_account("999999999999", "joined", unit=home)
    store.set_account_state(ids[inside[1]], "SUSPENDED")
    found = applied.here.plan().plan
    after = as_written(applied)

    left_alone = {row for row in before if row[0] == ids[inside[1]]}
    assert {(change.cause, change.address.kind) for change in found.changes} == {
        (Cause.SELECTOR, Kind.ASSIGNMENT)
    }
    assert rows_of(found.changes) == {(Action.CREATE, row) for row in after - before} | {
        (Action.DELETE, row) for row in before - after - left_alone
    }
    gains = {(Action.CREATE, (ids[name], "repo-triage", "GROUP", group)) for name in outside[:2]}
    assert rows_of(found.changes) >= gains
    applied.here.converge([found])
    assert store.assignments() == after | left_alone


def test_a_failing_account_is_reported_the_rest_is_done_and_the_next_run_finishes(applied: Applied) -> None:
    group, sandbox = some_group(applied), applied.here.sandbox
    broken = sorted(applied.organisation.accounts.values())[len(applied.organisation.accounts) // 2]
    reason = "Received a 409 status error: the quota of roles is exhausted"
    sandbox.store.break_account(broken, reason)
    before = as_written(applied)
    assign(applied.folder, "all", groups=[group], permission_sets=["repo-maintain"], accounts=[{"all": True}])
    missing = {row for row in as_written(applied) - before if row[0] == broken}
    assert len(missing) == 1

    report = applied.here.apply()

    assert not report.whole
    (failed,) = [result for result in report.results if result.status is not Status.DONE]
    assert (failed.status, failed.address.parts[0]) == (Status.FAILED, broken)
    assert "the quota of roles is exhausted" in failed.message
    assert failed.request_id
    assert sandbox.store.assignments() == as_written(applied) - missing

    sandbox.store.break_account(broken, None)
    finished = applied.here.plan().plan
    assert rows_of(finished.changes) == {(Action.CREATE, row) for row in missing}
    applied.here.converge([finished])
    assert sandbox.store.assignments() == as_written(applied)

"""The workflows that `init` writes, run for real: from checkout to comment, and from merge to tag."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import FaultKind
from tests.ci.story import GROUPS, PEOPLE, Story, story

pytestmark = [pytest.mark.slow, pytest.mark.socket]

DEV = GROUPS + "  dev: {members: [cyd]}\n"
BLOCK = "blocked:\n  bob: {since: 2026-11-20, reason: SEC-88}\n"
MARK = "<!-- identity-reconciler: plan -->"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    with story(tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.long
def test_from_the_first_pull_request_to_an_empty_plan(told: Story) -> None:
    """Two pull requests from one base, a partial apply, a squash merge, a console edit in between."""
    begins(told)
    one, other = two_are_reviewed(told)
    goes_half_way_and_on(told, one, other)
    drifts_and_is_taken_back(told)
    ends_with_nothing_to_do(told)
    assert told.runner.steps > 150


def begins(told: Story) -> None:
    # Nothing is known, and a snapshot says what is there.
    told.snapshot()
    assert told.origin.git("for-each-ref", "refs/tags/reconciler/snapshot")
    first = told.propose({"identities/people.yaml": PEOPLE, "identities/groups.yaml": GROUPS})

    # A shallow checkout has no memory: nothing is planned by it, and nothing is shown as if it were a plan.
    run, shallow = told.plan(first, depth=1)
    assert not shallow.ok
    assert told.show(run).ok
    assert "No plan" in told.hub.bodies(first)[0]
    assert told.hub.statuses == []

    # With the whole history there is a plan, and it takes the place of what the comment said.
    run, planned = told.plan(first)
    assert planned.ok, planned.output
    assert "ada" in planned.summary
    assert told.show(run).ok
    (body,) = told.hub.bodies(first)
    assert body.startswith(MARK)
    assert "No plan" not in body
    assert "ada" in body
    assert [commit for commit, _ in told.hub.statuses] == [told.hub.pulls[first]["head"]["sha"]]
    # The snapshot's; no pull request had any.
    assert told.runner.roles == ["identity-reconciler-plan"]

    # Shown again it is the same comment; nobody is told twice.
    assert "unchanged" in told.show(run).output

    told.hub.approve(first)
    tip = told.merge(first)
    # A first apply says so. Until then nothing is written.
    refused = told.apply()
    assert not refused.ok
    assert "--first-apply" in refused.output
    assert told.written() == []
    applied = told.apply(digest="", **{"first-apply": True})
    assert applied.ok, applied.output
    assert told.tag("applied/aws") == tip
    assert told.members()["ops"] == {"ada", "bob"}
    told.snapshot()


def two_are_reviewed(told: Story) -> tuple[int, int]:
    """Two pull requests from one base; between their reviews and merges somebody edits the console."""
    base = told.tip()
    one = told.propose({"identities/groups.yaml": DEV}, since=base)
    other = told.propose({"identities/people.yaml": PEOPLE.replace("Lind", "Lund")}, since=base)
    told.review(one)
    told.review(other)
    told.aws.store.add_member("ops", "cyd@example.com")
    return one, other


def goes_half_way_and_on(told: Story, one: int, other: int) -> None:
    before = told.tag("applied/aws")
    told.merge(one, "squash")
    told.aws.faults.add(FaultKind.DENY, "identitystore.CreateGroupMembership", count=None)
    partial = told.apply()
    assert not partial.ok
    assert partial.codes[-1] == 6
    assert told.tag("applied/aws") == before
    told.aws.faults.clear()

    # The next merge brings the rest along: its run has both plans.
    second = told.merge(other, "merge")
    applied = told.apply()
    assert applied.ok, applied.output
    assert f"pull request {one}, pull request {other}" in applied.output
    assert told.tag("applied/aws") == second
    assert told.members()["dev"] == {"cyd"}
    # What nobody reviewed was left alone, and said.
    assert told.members()["ops"] == {"ada", "bob", "cyd"}


def drifts_and_is_taken_back(told: Story) -> None:
    # The schedule applies what needs no review; here that is nothing.
    assert told.scheduled("reconcile.yml", "reconcile").ok

    # What is left is drift, and has one issue.
    looked, issued = told.drift()
    assert looked.ok, looked.output
    assert issued.ok, issued.output
    (issue,) = told.hub.issues.values()
    assert issue["state"] == "open"
    assert "cyd" in issue["body"]
    assert told.drift()[1].ok
    assert len(told.hub.issues) == 1

    # A run that fails says nothing of drift: the issue stays as it is.
    before = dict(issue)
    told.aws.faults.add(FaultKind.DENY, "identitystore.ListGroups", count=None)
    assert not told.drift()[0].ok
    told.aws.faults.clear()
    assert issue == before

    # A pull request that only says so takes it back.
    told.snapshot()
    third = told.propose({"identities/groups.yaml": DEV + "\n# Reviewed the drift.\n"})
    told.review(third)
    last = told.merge(third, "rebase")
    applied = told.apply()
    assert applied.ok, applied.output
    assert told.members()["ops"] == {"ada", "bob"}
    assert told.tag("applied/aws") == last
    assert told.drift()[1].ok
    assert issue["state"] == "closed"


def ends_with_nothing_to_do(told: Story) -> None:
    told.snapshot()
    empty = told.propose({"README.md": "Nothing that is applied.\n"})
    run, planned = told.plan(empty)
    assert planned.ok, planned.output
    saved = json.loads(told.hub.artifact(run, "plan")["plan.json"])
    assert [part["changes"] for part in saved["targets"]] == [[]]
    assert told.show(run).ok
    told.hub.approve(empty)
    told.merge(empty)
    told.forget()
    nothing = told.apply()
    assert nothing.ok
    assert "Nothing was merged that changes the identities" in nothing.output
    assert told.written() == []
    # Every lock and mark is gone.
    assert told.origin.git("for-each-ref", "refs/tags/reconciler/locks", "refs/tags/reconciler/marks") == ""


@pytest.mark.long
def test_a_fork_a_queue_an_emergency_and_what_an_attacker_brings(told: Story) -> None:
    told.start()
    from_a_fork(told)
    through_the_queue(told)
    an_attacker_changes_how_plans_are_made(told)
    somebody_is_blocked_at_once(told)


def from_a_fork(told: Story) -> None:
    """It is planned as every other, and without credentials of any service."""
    roles = list(told.runner.roles)
    number = told.propose({"identities/groups.yaml": DEV}, fork=True, author="mallory")
    told.review(number)
    assert told.runner.roles == roles
    assert len(told.hub.bodies(number)) == 1
    told.merge(number)
    assert told.apply().ok
    assert told.members()["dev"] == {"cyd"}
    told.snapshot()


def through_the_queue(told: Story) -> None:
    """The queue plans what it would merge, and what is applied is what was reviewed at the pull request."""
    number = told.propose({"identities/groups.yaml": DEV.replace("[cyd]", "[cyd, bob]")})
    told.review(number)
    at = told.origin.git("rev-parse", f"refs/pull/{number}/merge")
    run = told.hub.start_run("plan.yml", "merge_group", at, f"gh-readonly-queue/main/pr-{number}")
    planned = told.runner.job("plan.yml", "plan", "merge_group", run=run, at=at, pull=number)
    assert planned.ok, planned.output
    told.hub.runs[run]["conclusion"] = "success"
    assert told.show(run).ok
    # The rule waits for this status at the commit of the queue, too.
    assert told.hub.statuses[-1][0] == at
    assert len(told.hub.bodies(number)) == 1
    told.merge(number, "merge")
    assert told.apply().ok
    assert told.members()["dev"] == {"cyd", "bob"}
    told.snapshot()


def an_attacker_changes_how_plans_are_made(told: Story) -> None:
    """The workflow, the guards and the artifact are the pull request's; the apply is not."""
    workflow = told.people.root / ".github" / "workflows" / "plan.yml"
    told.people.git("checkout", "-q", "-B", "main", told.tip())
    poisoned = workflow.read_text("utf-8").replace(
        "          reconciler plan --live",
        "          echo '$' > evil; cp evil plan.json; exit 0\n          reconciler plan --live",
    )
    configured = (told.people.root / "identities" / "reconciler.yaml").read_text("utf-8")
    evil = {
        ".github/workflows/plan.yml": poisoned,
        "identities/reconciler.yaml": configured.replace(
            "memberships: {count: 20}", "memberships: {count: 900}"
        ),
        "identities/groups.yaml": DEV.replace("[ada, bob]", "[ada, bob, cyd]"),
    }
    number = told.propose(evil, author="mallory")
    run, _ = told.plan(number)
    assert told.hub.artifact(run, "plan") == {"plan.json": b"$\n"}
    assert told.show(run).ok
    assert "No plan" in told.hub.bodies(number)[0]

    # An artifact by the very name that the apply looks for, from a workflow of a branch.
    told.people.git("checkout", "-q", told.hub.pulls[number]["head"]["ref"])
    head = told.hub.pulls[number]["head"]["sha"]
    lie = told.hub.start_run("plan-comment.yml", "push", head, "topic")
    told.hub.upload(lie, f"shown-plan-{number}-{head}", {"plan.json": b"{}"})
    told.hub.approve(number)
    told.merge(number)
    told.forget()
    refused = told.apply()
    assert not refused.ok
    assert refused.codes[-1] == 4
    assert told.written() == []
    assert told.members()["ops"] == {"ada", "bob"}

    # Put back by a pull request of its own.
    told.people.git("checkout", "-q", "-B", "main", told.tip())
    told.people.git("revert", "--no-edit", "HEAD")
    told.people.git("push", "-q", "origin", "main")


def somebody_is_blocked_at_once(told: Story) -> None:
    """A merged block is applied by the role that only takes away; nothing else is."""
    number = told.propose({"identities/people.yaml": PEOPLE + BLOCK})
    told.review(number)
    tip = told.merge(number)
    told.forget()
    ended = told.scheduled("emergency.yml", "emergency", "workflow_dispatch", reason="SEC-88 `x` $(id)")
    assert ended.ok, ended.output
    assert "SEC-88" in ended.summary
    assert told.members() == {"ops": {"ada"}, "dev": {"cyd"}}
    assert set(told.written()) == {"identitystore.DeleteGroupMembership"}
    assert told.runner.roles[-1] == "identity-reconciler-revoke"
    # The apply after it has nothing left to do, and says that all of it is applied.
    applied = told.apply()
    assert told.tip() == tip
    assert told.written().count("identitystore.DeleteGroupMembership") == 2
    assert applied.codes[-1] in (0, 4), applied.output


def test_a_role_plans_the_pull_requests_of_this_repository_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with story(tmp_path, monkeypatch, plan_with="role") as told:
        number = told.propose({"identities/people.yaml": PEOPLE, "identities/groups.yaml": GROUPS})
        run, planned = told.plan(number)
        assert planned.ok, planned.output
        assert told.runner.roles == ["identity-reconciler-plan"]
        assert told.written() == []
        assert told.show(run).ok
        assert "ada" in told.hub.bodies(number)[0]

        fork = told.propose({"identities/people.yaml": PEOPLE}, fork=True, author="mallory")
        run, skipped = told.plan(fork)
        assert skipped.skipped
        told.hub.runs[run]["conclusion"] = "skipped"
        assert told.show(run).skipped
        assert told.hub.bodies(fork) == []
        assert told.runner.roles == ["identity-reconciler-plan"]

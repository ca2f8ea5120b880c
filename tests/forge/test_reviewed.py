"""Which plans count as reviewed: what was shown by the trusted workflow, and approved, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.files.git import Repository
from reconciler.forge.github import connect
from reconciler.forge.reviewed import Wanted, find
from reconciler.render.json import plan_json
from tests.cli.stage import FILES
from tests.forge.conftest import Job
from tests.render.plans import PLANS
from tests.repositories import Work
from tests.support import github_git  # noqa: F401  # its routes
from tests.support.github import OURS, Hub

pytestmark = pytest.mark.slow

PLAN, OTHER = plan_json(PLANS["everyday"]).encode(), plan_json(PLANS["leaving"]).encode()


@dataclass
class Desk:
    """A repository with a pull request that is merged as one commit, and what the command says of it."""

    hub: Hub
    work: Work
    job: Job
    out: Path
    capsys: pytest.CaptureFixture[str]

    def pull(self, *, author: str = "ada", path: str = "identities/groups.yaml") -> int:
        text = f"groups:\n  ops: {{members: [ada]}}\n  g{self.hub.number()}: {{members: []}}\n"
        head = self.work.commit({path: text})
        number = self.hub.open_pull(head, f"topic-{head[:8]}", author=author)
        self.hub.files[number] = [path]
        return number

    def head(self, number: int) -> str:
        return str(self.hub.pulls[number]["head"]["sha"])

    def show(
        self,
        number: int,
        plan: bytes = PLAN,
        *,
        workflow: str = "plan-comment.yml",
        event: str = "workflow_run",
        branch: str = "main",
        fork: bool = False,
        head: str | None = None,
    ) -> int:
        """The plan was shown, by a run of the trusted workflow unless told otherwise."""
        run = self.hub.start_run(workflow, event, "0" * 40, branch, fork=fork)
        name = f"shown-plan-{number}-{head or self.head(number)}"
        return self.hub.upload(run, name, {"plan.json": plan})

    def merge(self, number: int) -> None:
        self.hub.merged(number, [self.head(number)])

    def found(self, *words: str) -> dict[str, bytes]:
        outputs = self.job({})
        self.capsys.readouterr()
        self.code = run(["ci", "reviewed", "--out-dir", str(self.out), *words])
        said = self.capsys.readouterr()
        self.said = " ".join((said.out + said.err).split())
        assert "Traceback" not in self.said
        found = {path.name: path.read_bytes() for path in sorted(self.out.glob("*"))}
        if self.code == 0:
            assert outputs.read_text("utf-8") == f"plans={len(found)}\n"
        return found


@pytest.fixture
def desk(
    github: Hub, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    work = Work(tmp_path / "access", monkeypatch)
    first = work.commit({f"identities/{name}": text for name, text in FILES.items()})
    work.git("tag", "-a", "-m", "applied", "reconciler/applied/aws", first)
    monkeypatch.chdir(work.root)
    return Desk(github, work, job, tmp_path / "out", capsys)


def test_what_was_shown_approved_and_merged(desk: Desk) -> None:
    number = desk.pull()
    desk.show(number)
    desk.hub.approve(number)
    desk.merge(number)
    assert desk.found() == {f"pull-{number}.json": PLAN}


def test_every_merge_since_the_last_whole_apply(desk: Desk) -> None:
    numbers = []
    for plan in (PLAN, OTHER):
        number = desk.pull()
        desk.show(number, plan)
        desk.hub.approve(number)
        desk.merge(number)
        numbers.append(number)
    assert desk.found() == {f"pull-{numbers[0]}.json": PLAN, f"pull-{numbers[1]}.json": OTHER}


def test_of_very_many_merges_the_newest_are_looked_up(desk: Desk) -> None:
    numbers = []
    for plan in (PLAN, OTHER):
        number = desk.pull()
        desk.show(number, plan)
        desk.hub.approve(number)
        desk.merge(number)
        numbers.append(number)
    desk.job({})
    repository = Repository.of(desk.work.folder)
    assert repository is not None
    wanted = Wanted("main", ".github/workflows/plan-comment.yml", 1, most=1)
    commits = [desk.head(number) for number in numbers]
    found = find(connect(os.environ), repository, commits, wanted)
    assert found.plans == {numbers[1]: OTHER}
    assert found.without == ["1 older commits were not looked up"]


def test_nothing_is_asked_where_nothing_was_merged_that_is_applied(desk: Desk) -> None:
    desk.work.commit({"README.md": "words\n"})
    assert desk.found() == {}
    assert desk.code == 0
    assert desk.hub.asked == []


def test_a_rebase_brings_several_commits_of_one_pull_request(desk: Desk) -> None:
    one = desk.pull()
    two = desk.work.commit({"identities/groups.yaml": "groups: {}\n"})
    desk.hub.pulls[one]["head"]["sha"] = two
    desk.show(one)
    desk.hub.approve(one)
    desk.hub.merged(one, [desk.work.git("rev-parse", "HEAD~1"), two])
    assert desk.found() == {f"pull-{one}.json": PLAN}


Doing = Callable[[Desk, int], object]


def _dismissed(desk: Desk, number: int) -> None:
    desk.hub.approve(number)
    desk.hub.approve(number, state="DISMISSED")


def _by_an_older_commit(desk: Desk, number: int) -> None:
    desk.hub.approve(number)
    desk.hub.reviews[number][0]["commit_id"] = "0" * 40


def _by_a_bot(desk: Desk, number: int) -> None:
    desk.hub.approve(number)
    desk.hub.reviews[number][0]["user"]["type"] = "Bot"


@pytest.mark.parametrize(
    "approving",
    [
        lambda desk, number: None,
        lambda desk, number: desk.hub.approve(number, "ada"),
        lambda desk, number: desk.hub.approve(number, by="NONE"),
        lambda desk, number: desk.hub.approve(number, by="FIRST_TIME_CONTRIBUTOR"),
        lambda desk, number: desk.hub.approve(number, state="COMMENTED"),
        lambda desk, number: desk.hub.approve(number, state="CHANGES_REQUESTED"),
        _dismissed,
        _by_an_older_commit,
        _by_a_bot,
    ],
    ids=["nobody", "author", "outsider", "newcomer", "comment", "refusal", "dismissed", "older", "bot"],
)
def test_an_approval_that_does_not_count(desk: Desk, approving: Doing) -> None:
    number = desk.pull()
    desk.show(number)
    approving(desk, number)
    desk.merge(number)
    assert desk.found() == {}
    assert desk.code == 4
    assert "approvals of its last commit" in desk.said
    # Where one person works alone, rules do without approvals.
    assert set(desk.found("--approvals", "0")) == {f"pull-{number}.json"}


@pytest.mark.parametrize(
    ("author", "issue", "counts"),
    [
        ("ada", "bob", False),
        ("github-actions[bot]", "bob", False),
        ("github-actions[bot]", "cyd", True),
        ("github-actions[bot]", None, False),
        ("ada", None, True),
    ],
)
def test_who_asked_by_an_issue_cannot_approve_what_became_of_it(
    desk: Desk, author: str, issue: str | None, counts: object
) -> None:
    number = desk.pull(author=author)
    desk.hub.pulls[number]["head"]["ref"] = "request/issue-7"
    if issue is not None:
        desk.hub.issues[7] = {"number": 7, "user": {"login": issue, "type": "User"}}
    desk.show(number)
    desk.hub.approve(number, "bob")
    desk.merge(number)
    assert bool(desk.found()) == bool(counts), desk.said


def test_as_many_people_as_are_asked_for(desk: Desk) -> None:
    number = desk.pull()
    desk.show(number)
    desk.hub.approve(number, "bob")
    desk.hub.approve(number, "bob")
    desk.merge(number)
    assert desk.found("--approvals", "2") == {}
    desk.hub.approve(number, "cyd")
    assert set(desk.found("--approvals", "2")) == {f"pull-{number}.json"}


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ({"workflow": "evil.yml"}, "another workflow"),
        ({"event": "pull_request"}, "a file that a pull request brings"),
        ({"event": "push", "branch": "topic"}, "a branch"),
        ({"event": "workflow_dispatch", "branch": "topic"}, "a branch, by hand"),
        ({"branch": "topic"}, "another branch"),
        ({"fork": True}, "another repository"),
        ({"head": "0" * 40}, "another commit"),
    ],
)
def test_an_artifact_of_anything_but_the_trusted_workflow_is_not_looked_into(
    desk: Desk, by: dict[str, object], why: str
) -> None:
    number = desk.pull()
    real = desk.show(number)
    desk.show(number, OTHER, **by)  # type: ignore[arg-type]  # by name
    desk.hub.approve(number)
    desk.merge(number)
    assert desk.found() == {f"pull-{number}.json": PLAN}, why
    assert [path for _, path in desk.hub.asked if path.startswith("/storage/")] == [f"/storage/{real}"]


def test_a_plan_that_was_shown_after_the_approval_is_not_what_was_approved(desk: Desk) -> None:
    """A second run for the same commit, from a branch whose workflow lies."""
    number = desk.pull()
    desk.show(number, PLAN)
    desk.hub.approve(number)
    desk.show(number, OTHER)
    desk.merge(number)
    assert desk.found() == {f"pull-{number}.json": PLAN}


@pytest.mark.parametrize("plans", [[PLAN], [PLAN, OTHER]])
def test_who_approves_before_a_plan_is_shown_has_approved_none(desk: Desk, plans: list[bytes]) -> None:
    """Whether it is the only one cannot be known: artifacts can be deleted."""
    number = desk.pull()
    desk.hub.approve(number)
    for plan in plans:
        desk.show(number, plan)
    desk.merge(number)
    assert desk.found() == {}
    assert "was approved before its plan was shown" in desk.said


def test_a_plan_that_was_shown_after_the_merge_is_nobodys(desk: Desk) -> None:
    number = desk.pull()
    desk.hub.approve(number)
    desk.merge(number)
    desk.show(number)
    assert desk.found() == {}
    assert desk.code == 4
    assert "merged before its plan was shown" in desk.said


@pytest.mark.parametrize("name", [".github/workflows/plan.yml", ".github/reconciler/requirements.txt"])
def test_a_pull_request_that_changes_how_plans_are_made_has_none(desk: Desk, name: str) -> None:
    number = desk.pull()
    desk.hub.files[number] += [f"identities/x{n}.yaml" for n in range(250)] + [name]
    desk.show(number)
    desk.hub.approve(number)
    desk.merge(number)
    assert desk.found() == {}
    assert "changes .github/ as well" in desk.said


def test_a_pull_request_of_which_github_does_not_list_all_files_has_none(desk: Desk) -> None:
    number = desk.pull()
    desk.hub.files[number] = [f"identities/x{n}.yaml" for n in range(3_000)]
    desk.show(number)
    desk.hub.approve(number)
    desk.merge(number)
    assert desk.found() == {}


def test_a_commit_without_a_pull_request_was_reviewed_by_nobody(desk: Desk) -> None:
    number = desk.pull()
    desk.show(number)
    desk.hub.approve(number)
    desk.merge(number)
    direct = desk.work.commit({"identities/groups.yaml": "groups: {}\n"})
    assert desk.found() == {f"pull-{number}.json": PLAN}
    assert f"{direct[:10]} came without a pull request" in desk.said


@pytest.mark.parametrize("change", ["base", "repository", "open"])
def test_a_pull_request_to_another_branch_is_none_of_this_one(desk: Desk, change: str) -> None:
    number = desk.pull()
    desk.show(number)
    desk.hub.approve(number)
    desk.merge(number)
    if change == "base":
        desk.hub.pulls[number]["base"]["ref"] = "evil"
    elif change == "repository":
        desk.hub.pulls[number]["base"]["repo"]["id"] = OURS + 1
    else:
        desk.hub.pulls[number]["merged_at"] = None
    assert desk.found() == {}
    assert "came without a pull request" in desk.said


@pytest.mark.parametrize(
    "content", [b"{}", b"\xff", b"", b"[" * 100_000, PLAN.replace(b"Site Reliability", b"Site Admins")]
)
def test_what_is_not_a_plan_is_named_and_the_others_go(desk: Desk, content: bytes) -> None:
    first, second = desk.pull(), None
    desk.show(first, content)
    desk.hub.approve(first)
    desk.merge(first)
    assert desk.found() == {}
    assert desk.code == 4
    second = desk.pull()
    desk.show(second)
    desk.hub.approve(second)
    desk.merge(second)
    assert desk.found() == {f"pull-{second}.json": PLAN}
    assert f"pull request {first}" in desk.said


def test_what_is_wrong_with_a_plan_commands_nothing_in_the_log(desk: Desk) -> None:
    forged = json.loads(PLAN)
    forged["targets"][0]["target"] = "aws\n::set-output name=plans::9\r::error::evil"
    for content in (PLAN, json.dumps(forged).encode()):
        number = desk.pull()
        desk.show(number, content)
        desk.hub.approve(number)
        desk.merge(number)
    desk.job({})
    desk.capsys.readouterr()
    assert run(["ci", "reviewed", "--out-dir", str(desk.out)]) == 0
    said = desk.capsys.readouterr()
    lines = (said.out + said.err).splitlines()
    assert any("was changed" in line for line in lines)
    assert [line for line in lines if line.lstrip().startswith("::")] == []


def test_a_plan_that_is_not_kept_any_longer(desk: Desk) -> None:
    number = desk.pull()
    artifact = desk.show(number)
    desk.hub.approve(number)
    desk.merge(number)
    desk.hub.artifacts[artifact][0]["expired"] = True
    assert desk.found() == {}
    assert "not kept any longer" in desk.said


def test_a_first_apply_is_of_the_newest_merge(desk: Desk) -> None:
    desk.work.git("tag", "-d", "reconciler/applied/aws")
    for plan in (OTHER, PLAN):
        number = desk.pull()
        desk.show(number, plan)
        desk.hub.approve(number)
        desk.merge(number)
    desk.work.commit({"README.md": "words\n"})
    assert desk.found() == {f"pull-{number}.json": PLAN}
    # It stopped half way, and another merge came.
    desk.work.git("tag", "-a", "-m", "begun", "reconciler/begun/aws", "HEAD")
    again = desk.pull()
    desk.show(again, OTHER)
    desk.hub.approve(again)
    desk.merge(again)
    assert desk.found() == {f"pull-{number}.json": PLAN, f"pull-{again}.json": OTHER}

"""A repository of `reconciler init` at work: people propose, approve and merge, and its workflows run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from reconciler.scaffold.choices import Choices
from reconciler.scaffold.files import files
from reconciler.scaffold.write import write
from tests.ci.actions import Ended, Runner
from tests.cli.stage import SPEED
from tests.repositories import Work
from tests.support.github import FORK, OURS, Hub, hub

PEOPLE = """\
users:
  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor}
  bob: {user_name: bob@example.com, given_name: Bob, family_name: Keller}
  cyd: {user_name: cyd@example.com, given_name: Cyd, family_name: Lind}
"""
GROUPS = "groups:\n  ops: {members: [ada, bob]}\n"
# The rule on tags: with the deploy key of a protected environment, and in no other way.
_UPDATE = """#!/bin/sh
case "$1" in
  refs/tags/reconciler/*)
    case "$GIT_SSH_COMMAND" in *deploy-key*) ;; *) echo "protected tag" >&2; exit 1 ;; esac ;;
esac
"""


class Story:
    """The repository at GitHub (`origin`), a clone where people work, AWS, and the runner of workflows."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch, aws: Sandbox, made: Hub, **chosen: Any) -> None:
        self.hub, self.aws = made, aws
        origin = Work(root / "origin.git", patch, start=False)
        origin.root.mkdir()
        origin.git("init", "-q", "--bare", "-b", "main")
        (origin.root / "hooks" / "update").write_text(_UPDATE, "utf-8")
        (origin.root / "hooks" / "update").chmod(0o755)
        self.people = Work(root / "people", patch)
        choices = Choices(repository=made.name, region="us-east-1", **chosen)
        write(self.people.root, files(choices))
        # Nothing of the example: what it gives comes by a pull request.
        self.people.write({f"identities/{name}.yaml": None for name in ("groups", "access")})
        self.people.write({"identities/people.yaml": "users: {}\n"})
        self.people.commit(message="Begin")
        self.people.git("remote", "add", "origin", str(origin.root))
        self.people.git("push", "-q", "origin", "main")
        environment = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_REGION": "us-east-1",
        }
        self.origin = origin
        self.runner = Runner(root / "runner", origin.root, made, environment)

    def tip(self) -> str:
        """The commit that the trusted branch is at."""
        return self.origin.git("rev-parse", "refs/heads/main")

    def tag(self, name: str) -> str:
        """The commit that a tag at the origin stands on; empty where there is none."""
        return self.origin.git("for-each-ref", "--format=%(*objectname)", f"refs/tags/reconciler/{name}")

    def propose(
        self,
        change: Mapping[str, str | None],
        *,
        since: str | None = None,
        fork: bool = False,
        author: str = "ada",
    ) -> int:
        """A pull request of these files, begun at `since`; its number."""
        branch = f"topic-{self.hub.number()}"
        self.people.git("checkout", "-q", "-B", branch, since or self.tip())
        head = self.people.commit(change, f"Propose {branch}")
        number = self.hub.open_pull(head, branch, author=author, fork=fork)
        self._push(number, head, change)
        return number

    def push_again(self, number: int, change: Mapping[str, str | None]) -> None:
        """Another commit of a pull request."""
        self.people.git("checkout", "-q", self.hub.pulls[number]["head"]["ref"])
        head = self.people.commit(change, "And more")
        self.hub.pulls[number]["head"]["sha"] = head
        self._push(number, head, change)

    def _push(self, number: int, head: str, change: Mapping[str, str | None]) -> None:
        self.hub.files.setdefault(number, []).extend(change)
        self.people.git("checkout", "-q", "--detach", self.tip())
        merge = self.people.merge(head)
        self.people.git("push", "-q", "-f", "origin", f"{head}:refs/pull/{number}/head")
        self.people.git("push", "-q", "-f", "origin", f"{merge}:refs/pull/{number}/merge")

    def plan(self, number: int, *, depth: int | None = None) -> tuple[int, Ended]:
        """Run the plan workflow for a pull request; the run, and how it ended."""
        pull = self.hub.pulls[number]
        fork = pull["head"]["repo"]["id"] == FORK
        # GitHub makes the merge anew when the base has moved.
        self._push(number, pull["head"]["sha"], {})
        at = self.origin.git("rev-parse", f"refs/pull/{number}/merge")
        run = self.hub.start_run(
            "plan.yml", "pull_request", pull["head"]["sha"], pull["head"]["ref"], fork=fork
        )
        payload = {"pull_request": {"number": number, "head": {"repo": {"id": FORK if fork else OURS}}}}
        ended = self.runner.job(
            "plan.yml", "plan", "pull_request", run=run, at=at, payload=payload, pull=number, depth=depth
        )
        self.hub.runs[run]["conclusion"] = "success" if ended.ok else "failure"
        return run, ended

    def show(self, run: int) -> Ended:
        """Run the workflow that shows the plan of a finished run."""
        own = self.hub.start_run("plan-comment.yml", "workflow_run", self.tip(), "main")
        payload = {"action": "completed", "workflow_run": dict(self.hub.runs[run])}
        ended = self.runner.job(
            "plan-comment.yml", "comment", "workflow_run", run=own, at=self.tip(), payload=payload
        )
        self.hub.runs[own]["conclusion"] = "success" if ended.ok else "failure"
        return ended

    def review(self, number: int, login: str = "bob") -> Ended:
        """Plan, show, and approve."""
        run, planned = self.plan(number)
        assert planned.ok, planned.output
        shown = self.show(run)
        assert shown.ok, shown.output
        self.hub.approve(number, login)
        return planned

    def merge(self, number: int, how: str = "squash") -> str:
        """Merge a pull request as GitHub does it; the new tip."""
        head = self.hub.pulls[number]["head"]["sha"]
        before = self.tip()
        self.people.git("checkout", "-q", "-B", "main", before)
        if how == "squash":
            self.people.git("merge", "-q", "--squash", head)
            self.people.git("commit", "-q", "-m", f"Change (#{number})")
        elif how == "merge":
            self.people.merge(head)
        else:
            base = self.people.git("merge-base", before, head)
            self.people.git("cherry-pick", f"{base}..{head}")
        self.people.git("push", "-q", "origin", "main")
        commits = self.people.git("rev-list", "--reverse", "--first-parent", f"{before}..main").split()
        self.hub.merged(number, commits)
        return self.tip()

    def scheduled(self, workflow: str, job: str, event: str = "schedule", **inputs: Any) -> Ended:
        """Run a job of a workflow of the trusted branch."""
        run = self.hub.start_run(workflow, event, self.tip(), "main")
        ended = self.runner.job(workflow, job, event, run=run, at=self.tip(), inputs=inputs)
        self.hub.runs[run]["conclusion"] = "success" if ended.ok else "failure"
        return ended

    def apply(self, **inputs: Any) -> Ended:
        """Run both jobs of the apply, after a push or (with inputs) by hand; how the last that ran ended."""
        event = "workflow_dispatch" if inputs else "push"
        run = self.hub.start_run("apply.yml", event, self.tip(), "main")
        looked = self.runner.job("apply.yml", "look", event, run=run, at=self.tip(), inputs=inputs)
        ended = self.runner.job(
            "apply.yml", "apply", event, run=run, at=self.tip(), inputs=inputs, needs={"look": looked}
        )
        self.hub.runs[run]["conclusion"] = "success" if looked.ok and ended.ok else "failure"
        return looked if ended.skipped else ended

    def drift(self) -> tuple[Ended, Ended]:
        """Look for drift, and let the issues say so."""
        run = self.hub.start_run("drift.yml", "schedule", self.tip(), "main")
        looked = self.runner.job("drift.yml", "drift", "schedule", run=run, at=self.tip())
        told = self.runner.job("drift.yml", "issue", "schedule", run=run, at=self.tip())
        return looked, told

    def snapshot(self) -> None:
        """Keep what is live."""
        ended = self.scheduled("snapshot.yml", "snapshot")
        assert ended.ok, ended.output

    def members(self) -> Mapping[str, frozenset[str]]:
        """Who is in which group, by the names without the domain."""
        return {
            group: frozenset(name.partition("@")[0] for name in names)
            for group, names in self.aws.store.memberships().items()
        }

    def written(self) -> list[str]:
        """The writes that AWS was asked for since the last `forget`."""
        reads = ("List", "Describe", "Get", "Is")
        return [entry.label for entry in self.aws.requests if not entry.operation.startswith(reads)]

    def forget(self) -> None:
        self.aws.requests.clear()

    def start(self) -> None:
        """A first pull request, reviewed, merged and applied."""
        self.snapshot()
        number = self.propose({"identities/people.yaml": PEOPLE, "identities/groups.yaml": GROUPS})
        self.review(number)
        self.merge(number)
        applied = self.apply(digest="", **{"first-apply": True})
        assert applied.ok, applied.output
        self.snapshot()
        self.forget()


@contextmanager
def story(root: Path, patch: pytest.MonkeyPatch, **chosen: Any) -> Iterator[Story]:
    """Everything, started."""
    with Sandbox(None, speed=SPEED, latency=0.0) as aws, hub() as made:
        for name in ("apply", "reconcile", "drift", "snapshot"):
            made.workflows[f"{name}.yml"] = "active"
        yield Story(root, patch, aws, made, **chosen)

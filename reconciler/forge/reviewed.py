"""The plans that people saw before they merged: by commit, pull request, review, and run that showed them.

Nothing is believed of an artifact but its bytes. Whose it is follows from what GitHub says of the run that
left it: a run of the event `workflow_run` always has the workflow file of the default branch (GitHub,
"Events that trigger workflows"), so no branch and no fork can bring such a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.errors import NotFound, PlanFileError
from reconciler.files.git import Repository, short
from reconciler.forge.archive import members
from reconciler.forge.github import BOT, GitHub, Pull, moment, number_of
from reconciler.forge.requests import asker
from reconciler.forge.shown import PLAN, shown_name

# Whose approval counts. GitHub lets everybody who can read a public repository approve; whether an approval
# suffices to merge is the business of its rules, which demand the right to write.
_MAY_APPROVE = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_STANDING = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})
# What decides about runs and installs for them: who changes it makes plans by rules of their own.
MACHINERY = ".github"
# GitHub lists no more files of a pull request ("List pull requests files").
_MOST_FILES = 3_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What counts: `shown_by` is the path of the workflow that shows plans, `branch` the trusted branch.

    Of more than `most` commits only the newest are looked up: each takes calls, and plans do not stay.
    """

    branch: str
    shown_by: str
    approvals: int
    most: int = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """One plan that was shown at a pull request: since when, and the archive that holds it."""

    since: datetime
    artifact: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the commits since the last whole apply bring: plans by pull request, and what is without one."""

    plans: Mapping[int, bytes]
    without: Sequence[str]


def changed_commits(
    repository: Repository, head: str, applied: Sequence[str], begun: Sequence[str]
) -> Sequence[str]:
    """The commits of the branch, oldest first, that changed the identities and are not applied whole.

    `applied` are the commits of the last whole apply of each target, `begun` those at which a first apply
    began that has not ended. A first apply is of what one pull request brought: the newest such commit.
    """
    lists = [_changed(repository, head, since) for since in applied]
    lists += [[*_changed(repository, head, since), *_changed(repository, since, None)[:1]] for since in begun]
    if not lists:
        return _changed(repository, head, None)[:1]
    # The target that is furthest behind; what another one has by now is skipped by the apply.
    return list(reversed(max(lists, key=len)))


def _changed(repository: Repository, head: str, since: str | None) -> list[str]:
    commits = repository.first_parents(head, since)
    known = [one.id for one in commits] + [one.parent for one in commits if one.parent]
    trees = repository.trees(known) if known else {}
    return [one.id for one in commits if trees[one.id] != (trees[one.parent] if one.parent else None)]


def find(github: GitHub, repository: Repository, commits: Sequence[str], wanted: Wanted) -> Found:
    """The reviewed plan of each pull request that brought `commits`. Raises ServiceError, PlanFileError.

    A commit without a reviewed plan is named with the reason. What it changes is then in no plan, and the
    apply stops at it.
    """
    ours = github.repository_id()
    plans: dict[int, bytes] = {}
    without: list[str] = []
    seen: set[int] = set()
    if older := len(commits[: -wanted.most]):
        without.append(f"{older} older commits were not looked up")
    for commit in commits[-wanted.most :]:
        pulls = [
            pull
            for pull in github.pulls_of_commit(commit)
            if pull.merged_at is not None
            and (pull.base_ref, pull.base_repository) == (wanted.branch, ours)
            # A rebase brings several commits, of which the last one is named.
            and _is_on(repository, commit, pull.merge_commit)
        ]
        exact = [pull for pull in pulls if pull.merge_commit == commit]
        if not pulls:
            without.append(f"{short(commit)} came without a pull request")
        for pull in exact or pulls:
            if pull.number in seen:
                continue
            seen.add(pull.number)
            plan, why = _plan(github, pull, wanted, ours)
            if plan is None:
                without.append(f"pull request {pull.number} ({short(commit)}) {why}")
            else:
                plans[pull.number] = plan
    return Found(plans, without)


def _is_on(repository: Repository, commit: str, merge: str) -> bool:
    return commit == merge or (
        bool(merge) and repository.resolve(merge) is not None and repository.is_ancestor(commit, merge)
    )


def _plan(github: GitHub, pull: Pull, wanted: Wanted, ours: int) -> tuple[bytes | None, str]:
    """The reviewed plan, or why there is none."""
    if _changes_machinery(github, pull):
        return None, (
            f"changes {MACHINERY}/ as well, so that its plan was made by rules of its own; bring both in "
            "pull requests of their own"
        )
    shown = sorted(_shown(github, pull, wanted, ours), key=lambda one: (one.since, one.artifact))
    if not shown:
        return None, "was merged before its plan was shown, or its plan is not kept any longer"
    approvals = list(_approvals(github, pull))
    if wanted.approvals == 0:
        return _download(github, pull, shown[-1]), ""
    if len(approvals) < wanted.approvals:
        return None, f"has {len(approvals)} approvals of its last commit; {wanted.approvals} are needed"
    # The newest one that enough people approved after they could see it.
    for one in reversed(shown):
        if sum(approved >= one.since for approved in approvals) >= wanted.approvals:
            return _download(github, pull, one), ""
    # Artifacts can be deleted, so that a plan that nobody saw could be the only one that is left.
    return None, "was approved before its plan was shown; who approves must see the plan"


def _changes_machinery(github: GitHub, pull: Pull) -> bool:
    """Whether a pull request touches the workflows and what they install, or so much that GitHub cuts it."""
    count = 0
    for file in github.rest.pages(github.at("pulls", pull.number, "files"), "ListFilesOfPullRequest"):
        count += 1
        names = (file.get("filename"), file.get("previous_filename"))
        if any(isinstance(name, str) and name.startswith(f"{MACHINERY}/") for name in names):
            return True
    return count >= _MOST_FILES


def _shown(github: GitHub, pull: Pull, wanted: Wanted, ours: int) -> Iterator[Shown]:
    """The plans of the last commit that the workflow of the trusted branch showed before the merge."""
    for artifact in github.artifacts(shown_name(pull.number, pull.head_sha)):
        since = moment(artifact, "created_at")
        if artifact.get("expired") or since is None or pull.merged_at is None or since > pull.merged_at:
            continue
        of_run = artifact.get("workflow_run")
        if not isinstance(of_run, dict):
            continue
        run = github.run(number_of(of_run, "id"))
        if (
            run.event == "workflow_run"
            and run.workflow == wanted.shown_by
            and run.head_branch == wanted.branch
            and (run.repository, run.head_repository) == (ours, ours)
        ):
            yield Shown(since, number_of(artifact, "id"))


def _download(github: GitHub, pull: Pull, shown: Shown) -> bytes:
    label = f"the plan that was shown at pull request {pull.number}"
    found = members(github.download(shown.artifact), (PLAN,), label)
    if PLAN not in found:
        raise PlanFileError(f"{label} is not there; nothing of it is used")
    return found[PLAN]


def _approvals(github: GitHub, pull: Pull) -> Iterator[datetime]:
    """When each person approved the last commit of the pull request, and still does."""
    # Who asked by an issue did not review what a workflow made of it, although they are not its author.
    try:
        asked = asker(github, pull.head_ref)
    except NotFound:
        if pull.author == BOT:
            return  # nobody knows any more whose it is
        asked = None  # a person called a branch so
    last: dict[str, dict[str, Any]] = {}
    for review in github.rest.pages(github.at("pulls", pull.number, "reviews"), "ListReviews"):
        user = review.get("user")
        # GitHub lists reviews in the order in which they were given.
        if isinstance(user, dict) and user.get("type") == "User" and review.get("state") in _STANDING:
            last[str(user.get("login"))] = review
    for login, review in last.items():
        at = moment(review, "submitted_at")
        if (
            review.get("state") == "APPROVED"
            and login not in (pull.author, asked)
            and review.get("commit_id") == pull.head_sha
            and review.get("author_association") in _MAY_APPROVE
            and at is not None
        ):
            yield at

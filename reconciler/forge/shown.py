"""Which pull request a finished run of the plan workflow is about, and the plan that it left.

The pull request is found by what GitHub says of the run. The plan in its artifact is data that the pull
request may have written: it is shown for what it is, by the workflow of the trusted branch, and that
workflow hands on the very plan that it showed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.errors import PlanFileError
from reconciler.forge.archive import members
from reconciler.forge.github import GitHub, Pull, Run, number_of

# What the plan workflow leaves, and what the workflow that shows it hands on for the apply.
PLANNED = "plan"
PLAN = "plan.json"
# So much later than what began it a run may be made.
_LAG = timedelta(minutes=10)


def shown_name(number: int, head: str) -> str:
    """The name of the artifact with the plan that was shown at a pull request for its commit `head`."""
    return f"shown-plan-{number}-{head}"


def pull_of_run(github: GitHub, run: Run, workflow: str, base: str) -> Pull | None:
    """The open pull request that `run` planned; None where there is nothing to show.

    That is a run of another workflow, of another event, of a commit that is not the newest of its pull
    request any more, and one of a pull request to another branch than `base`.
    """
    if run.event != "pull_request" or run.workflow != workflow or not run.head_owner:
        return None
    for pull in github.pulls_from(run.head_owner, run.head_branch):
        if not pull.is_open:
            continue
        ours = (pull.base_ref, pull.base_repository) == (base, run.repository)
        if ours and (pull.head_sha, pull.head_repository) == (run.head_sha, run.head_repository):
            return pull
    return None


def check_base(github: GitHub, run: Run, base: str) -> None:
    """Raises PlanFileError where `run` may have had the workflow file of another branch than `base`.

    A run has the workflow file of its pull request merged into its base, and GitHub does not say of a run
    which pull request it was of. Who may push a branch could bring a file of their own there: by a second
    pull request of the same commit, or by one whose base is another branch for a while.
    """
    for pull in github.pulls_from(run.head_owner, run.head_branch):
        if pull.head_repository not in (0, run.head_repository):
            continue
        if (pull.base_ref, pull.base_repository) == (base, run.repository):
            until = github.base_changed_at(pull.number)
            if until is None:
                continue
        else:
            until = None if pull.is_open else pull.closed_at
        if until is None or run.created is None or run.created < until + _LAG:
            raise PlanFileError(
                f"the run may have planned by a workflow file of another branch than {base}, because pull "
                f"request {pull.number} of the same branch has or had another base: use a branch of another "
                f"name, or push again {_LAG.seconds // 60} minutes after the base was changed"
            )


def planned(github: GitHub, run: Run) -> Mapping[str, bytes]:
    """The files that the run left, by name; none where it left none. Raises PlanFileError."""
    return newest(github, github.artifacts_of_run(run.id, PLANNED), f"the artifact {PLANNED!r}")


def newest(github: GitHub, artifacts: Sequence[Mapping[str, Any]], label: str) -> Mapping[str, bytes]:
    """The files of the newest artifact that is still kept, by name. Raises PlanFileError."""
    if not artifacts:
        return {}
    last = max(artifacts, key=lambda one: number_of(one, "id"))
    if last.get("expired"):
        raise PlanFileError(f"{label} is not kept any longer; run the plan workflow again")
    return members(github.download(number_of(last, "id")), (PLAN,), label)

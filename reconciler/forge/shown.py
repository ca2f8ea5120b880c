"""Which pull request a finished run of the plan workflow is about, and the plan that it left.

The pull request is found by what GitHub says of the run. The plan in its artifact is data that the pull
request may have written: it is shown for what it is, by the workflow of the trusted branch, and that
workflow hands on the very plan that it showed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.errors import PlanFileError
from reconciler.forge.archive import members
from reconciler.forge.github import GitHub, Pull, Run, number_of

# What the plan workflow leaves, and what the workflow that shows it hands on for the apply.
PLANNED = "plan"
PLAN = "plan.json"


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
    for pull in github.pulls_from(run.head_owner, run.head_branch, base):
        ours = (pull.base_ref, pull.base_repository) == (base, run.repository)
        if ours and (pull.head_sha, pull.head_repository) == (run.head_sha, run.head_repository):
            return pull
    return None


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

"""Whether the schedules still run: one that stopped says nothing of its own accord.

GitHub drops runs of busy times, and switches off schedules of public repositories that nobody touched for 60
days (docs.github.com, "Events that trigger workflows", schedule).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from reconciler.forge.github import GitHub, Run, moment


def silent(github: GitHub, workflows: Sequence[str], branch: str, max_age: timedelta) -> Iterator[str]:
    """What is wrong with each workflow (a file name) that did not succeed on `branch` within `max_age`.

    One that is younger than that has its time. Raises ServiceError.
    """
    for name in workflows:
        path = github.at("actions", "workflows", name)
        workflow = github.rest.ask("GET", path, "GetWorkflow")
        state = workflow.get("state")
        if state != "active":
            yield f"{name} is switched off ({state}); enable it on the Actions tab"
            continue
        query = {"branch": branch, "status": "success"}
        runs = github.rest.ask(
            "GET", f"{path}/runs", "ListWorkflowRuns", query={**query, "per_page": "10", "page": "1"}
        )
        now = github.rest.now()
        found = [Run.of(one) for one in runs.get("workflow_runs", [])]
        times = [one.started for one in found if one.started is not None and one.event != "pull_request"]
        if not times:
            made = moment(workflow, "created_at")
            if made is None or now - made > max_age:
                yield f"{name} has not succeeded yet"
        elif (age := now - max(times)) > max_age:
            hours = age / timedelta(hours=1)
            yield f"{name} succeeded last {hours:,.0f} hours ago"

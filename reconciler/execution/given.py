"""What planning says that git gives by a run: before its first write, and after its last."""

from __future__ import annotations

from datetime import datetime

from reconciler.execution.apply import Job
from reconciler.model.ledger import Ledger
from reconciler.model.removed import Removed, counted
from reconciler.model.report import Status, TargetReport


def intended(job: Job) -> Ledger:
    """What a run that is about to begin may add."""
    return job.planned.intends(job.review.go)


def given_after(job: Job, part: TargetReport) -> Ledger:
    """The next ledger, by how every change ended."""
    return job.planned.given_after({one.address: one.status for one in part.results}, part.ids)


def removed_without_review(job: Job, part: TargetReport, now: datetime) -> tuple[Removed, ...]:
    """What a run took away, or may have, that nobody reviewed: what limits count for a day from `now` on."""
    taken = [
        job.planned.tallies[one.address]
        for one in part.results
        if one.status in (Status.DONE, Status.PARTLY, Status.UNKNOWN)
        and one.address in job.review.by_rule
        and one.address in job.planned.tallies
    ]
    counts = counted(taken)
    return (Removed(now, counts),) if counts else ()

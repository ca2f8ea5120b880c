"""What planning says that git gives by a run: before its first write, and after its last."""

from __future__ import annotations

from reconciler.execution.apply import Job
from reconciler.model.ledger import Ledger
from reconciler.model.report import TargetReport


def intended(job: Job) -> Ledger:
    """What a run that is about to begin may add."""
    return job.planned.intends(job.review.go)


def given_after(job: Job, part: TargetReport) -> Ledger:
    """The next ledger, by how every change ended."""
    return job.planned.given_after({one.address: one.status for one in part.results}, part.ids)

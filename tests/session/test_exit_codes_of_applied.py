"""How an apply ends as an exit code, by what it did and did not do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.plan import Plan
from reconciler.model.report import Report, Result, Status, TargetReport
from reconciler.session.applying import Applied

DENIAL = Address.of("aws", Kind.DENIAL, "bob")
USER = Address.of("aws", Kind.USER, "bob")


@pytest.mark.parametrize(
    ("interrupted", "status", "writes", "code"),
    [
        # A denial that fails alone is told as what is left, and so is one that nobody knows of.
        (False, Status.FAILED, 0, 6),
        (True, Status.UNKNOWN, 0, 6),
        (True, Status.PARTLY, 0, 6),
        # Nothing was written, and the run was ended by hand.
        (True, Status.FAILED, 0, 130),
        (True, Status.STOPPED, 0, 130),
        (True, Status.FAILED, 1, 6),
        (True, Status.DONE, 1, 6),
    ],
)
def test_a_run_that_was_interrupted_and_wrote_nothing_ends_as_such(
    interrupted: bool,  # noqa: FBT001  # a column of the table
    status: Status,
    writes: int,
    code: int,
) -> None:
    plan = Plan(now=datetime(2026, 11, 21, tzinfo=UTC), targets=(), tool_version="1", tree="")
    results = (Result(DENIAL, status), Result(USER, Status.STOPPED if interrupted else Status.DONE))
    part = TargetReport(target="aws", digest="", results=results, whole=False, writes=writes)

    assert Applied(plan, {}, Report((part,), interrupted=interrupted)).exit_code == code

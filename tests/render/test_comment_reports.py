"""Reports and validations as comments: their size, and that no data is more than text in them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import Place, Problem
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.report import Report, Result, Status, TargetReport
from reconciler.render.comment.report import problems_markdown, report_markdown, valid_markdown
from tests.render import pieces
from tests.render.markup import MARKUP, check_harmless, check_narrow, listed

_LIMITS = st.sampled_from([None, 65_536, 4096, 2048])


def report(message: str, count: int = 3) -> Report:
    """A report in which everything says `message`."""
    results = tuple(
        Result(Address.of("aws", Kind.USER, f"u{n}"), status, f"{message} {n}", message)
        for n in range(count)
        for status in (Status.DONE, Status.SKIPPED, Status.FAILED)
    )
    refusal = Finding("max-removals", Severity.REFUSAL, message, fix=message, details=(message,))
    part = TargetReport(
        message, "sha256:0", results, whole=False, writes=1, calls={message: 1}, notes=(message,),
        refusals=(refusal,), approvals=("approvals:", f"  x: {{reason: {message}}}"),
    )  # fmt: skip
    return Report((part, part), interrupted=True)


@given(evil=MARKUP, limit=_LIMITS, verbose=st.booleans())
@settings(deadline=None, max_examples=40)
def test_no_data_of_a_report_is_more_than_text(
    evil: str,
    limit: int | None,
    verbose: bool,  # noqa: FBT001  # hypothesis passes by name
) -> None:
    shown = report_markdown(report(evil), pieces.of(), max_bytes=limit, verbose=verbose)
    assert limit is None or len(shown.encode()) <= limit
    check_harmless(shown)
    check_narrow(shown)


@given(evil=MARKUP, limit=_LIMITS)
@settings(deadline=None, max_examples=40)
def test_no_data_of_files_is_more_than_text(evil: str, limit: int | None) -> None:
    place = Place(evil, 3, 7)
    problems = [Problem(evil, evil, place), Problem(evil)] * 20
    found = [Finding(evil, each, evil, origin=pieces.PEOPLE, fix=evil, details=(evil,)) for each in Severity]
    for shown in (
        problems_markdown(problems, max_bytes=limit),
        valid_markdown(evil, found * 20, {pieces.PEOPLE: place}, max_bytes=limit),
    ):
        assert limit is None or len(shown.encode()) <= limit
        check_harmless(shown)


def test_what_went_wrong_stays_where_a_report_is_cut() -> None:
    shown = report_markdown(report("it broke", 400), pieces.of(), max_bytes=8_000)
    first, *_ = shown.splitlines()
    assert first.startswith("**Not everything is shown here.**")
    assert "### Interrupted: applied 800 of 2,400 changes; 800 failed, 800 skipped." in shown
    assert len([line for line in listed(shown) if "it broke" in line]) > 40
    assert "Skipped" not in shown.partition("```")[2]


@pytest.mark.parametrize("limit", [0, 2047])
def test_a_limit_too_small_for_a_verdict_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="2048"):
        report_markdown(report("x"), pieces.of(), max_bytes=limit)
    with pytest.raises(ValueError, match="2048"):
        problems_markdown([], max_bytes=limit)

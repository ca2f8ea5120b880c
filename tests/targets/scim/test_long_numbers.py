"""Numbers of more digits than Python reads, which a service may answer."""

from __future__ import annotations

from reconciler.targets.scim.bulk import _answers, _status
from reconciler.targets.scim.terms import total_of

LONG = "9" * 5000


def test_a_total_stays_more_than_any_page_has() -> None:
    total = total_of({"totalResults": LONG})
    assert total is not None
    assert total > 10**9


def test_a_status_and_a_number_of_an_operation_are_none_of_ours() -> None:
    assert _status({"status": LONG}) == 0
    assert _answers({"Operations": [{"bulkId": LONG}, {"bulkId": "0"}]}, 1) == {0: {"bulkId": "0"}}

"""A removal that is answered with success and not carried out is tried in other forms; what works is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.plan import Plan, Severity
from reconciler.model.report import Report, Status
from reconciler.render.report import report_text
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd, Refusal

THREE = tuple(user(each) for each in ("ada", "bob", "eve"))


def removals(odd: Odd) -> list[tuple[str, Any]]:
    """The writes on groups: method, and the path of the first operation."""
    return [
        (method, body["Operations"][0]["path"].partition("[")[0] if method == "PATCH" else "")
        for method, path, body in odd.writes()
        if path.startswith("Groups/") and method in ("PATCH", "PUT")
    ]


@pytest.mark.parametrize(
    ("forms", "method", "habit"),
    [
        ({"path", "many"}, "PATCH", ()),
        ({"path"}, "PATCH", ("service.members-removal:one",)),
        (set[str](), "PUT", ("service.members-removal:put",)),
        ({"value"}, "", ("service.members-removal:value",)),
        ({"value", "many"}, "PUT", ("service.members-removal:put",)),
    ],
)
def test_what_works_is_found_and_remembered(forms: set[str], method: str, habit: tuple[str, ...]) -> None:
    odd = Odd(removal=frozenset(forms), put=bool(method))
    with facing(odd) as here:
        here.converge(git(THREE, crew=["ada", "bob", "eve"], other=["ada", "bob", "eve"]))
        report = here.apply(git(THREE, crew=["ada"], other=["ada", "bob", "eve"]))
        assert [one.status for one in report.results] == [Status.DONE, Status.DONE]
        assert report.unkept == habit
        assert odd.crews()["crew"] == {"ada"}
    # Another run, by the receipt.
    odd.asked.clear()
    with facing(odd) as again:
        again.site.memory = here.site.memory
        again.converge(git(THREE, crew=["ada"], other=["bob"]))
        assert odd.crews() == {"crew": {"ada"}, "other": {"bob"}}
    assert {each for each, _ in removals(odd)} == {method or "PATCH"}


def test_where_nothing_works_it_stays_pending_and_one_finding_says_so() -> None:
    odd = Odd(removal=frozenset(), put=False)
    with facing(odd) as here:
        here.converge(git(THREE, crew=["ada", "bob", "eve"]))
        wish = git(THREE, crew=["ada"])
        first = None
        for _ in range(3):
            report = here.apply(wish)
            first = first or report
            assert {one.status for one in report.results} == {Status.FAILED}
            assert [one.message for one in report.results if "is still in the group" not in one.message] == []
            # Sent, answered as done, and nothing came of it: not "nothing was done", and it ends with 6.
            assert (report.whole, report.writes) == (False, 1)
            text = " ".join(report_text(Report((report,)), Plan(here.site.now, ())).split())
            assert "1 write was answered with success at aws, and no effect was seen" in text
            assert "Nothing was done" not in text
            assert here.changes(wish) == ["delete aws/membership/crew/bob", "delete aws/membership/crew/eve"]
            # As the receipt of every apply has it.
            assert here.site.memory.receipt is not None
            receipt = replace(here.site.memory.receipt, unkept=report.unkept)
            here.site.memory = replace(here.site.memory, receipt=receipt)
            (found,) = [one for one in here.plan(wish).plan.findings if one.code == "members-stay"]
            assert (found.severity, found.details) == (Severity.WARNING, ("crew/bob", "crew/eve"))
        assert report.unkept[-1] == "service.members-removal:none"
        # Nobody is warned where nobody is to leave, or where the whole group goes.
        deleted = git(THREE)
        for quiet in (git(THREE, crew=["ada", "bob", "eve"]), deleted):
            assert "members-stay" not in [one.code for one in here.plan(quiet).plan.findings]
        assert first is not None
        # The apply that found it out said so; the others leave it to their plan.
        (expected,) = first.notes
        assert "no form in which aws was asked to let members leave a group did anything" in expected
        assert report.notes == ()
    assert odd.crews() == {"crew": {"ada", "bob", "eve"}}


def test_who_takes_a_list_of_values_for_everybody_is_given_back_the_others() -> None:
    odd = Odd(removal=frozenset(("wipes",)), put=False)
    with facing(odd) as here:
        here.converge(git(THREE, crew=["ada", "bob", "eve"], other=["ada", "bob"]))
        report = here.apply(git(THREE, crew=["ada", "bob"], other=["ada", "bob"]))
        assert odd.crews() == {"crew": {"ada", "bob"}, "other": {"ada", "bob"}}
        assert report.unkept == ("service.members-values:everybody",)
        assert "put back at once" in report.notes[0]
        # Never again: it stays pending.
        odd.asked.clear()
        here.apply(git(THREE, crew=["ada"], other=["ada", "bob"]))
        assert odd.crews() == {"crew": {"ada", "bob"}, "other": {"ada", "bob"}}
        sent = [each for method, _, body in odd.writes() if method == "PATCH" for each in body["Operations"]]
        assert [each for each in sent if each["path"] == "members"] == []


def test_a_failure_that_was_answered_is_told_in_the_words_of_the_service() -> None:
    odd = Odd(fail=lambda method, path: Refusal(500, "disk full") if method == "POST" else None)
    with facing(odd) as here:
        (report,) = here.apply(git(THREE[:1])).results
        assert report.status is Status.FAILED
        assert "HTTP 500): disk full" in report.message
        assert "lost" not in report.message


def test_a_success_that_says_nothing_and_does_nothing_is_told_as_that() -> None:
    page = "<html>Signed in</html>"
    odd = Odd(fail=lambda method, path: Refusal(200, body=page) if method == "POST" else None)
    with facing(odd) as here:
        (report,) = here.apply(git(THREE[:1])).results
        assert report.status is Status.FAILED
        assert "answered with success" in report.message
        assert "lost" not in report.message

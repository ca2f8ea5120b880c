"""Each sentence of a report holds against what was sent and answered: the report beside the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.model.plan import Plan
from reconciler.model.report import Report, Status
from reconciler.render.report import report_text
from tests.targets.scim.fields import Field, facing, git, user
from tests.targets.scim.odd import Odd, Refusal

PEOPLE = tuple(user(f"p{number}", title="Lead", phone_number="+1 (2)") for number in range(30))
_PAGE = "<html>Signed in</html>"


def failing(status: int, body: str | None = None) -> Any:
    def fail(method: str, path: str) -> Refusal | None:
        return Refusal(status, "disk full", body=body) if method == "POST" else None

    return fail


WORLDS: Mapping[str, dict[str, Any]] = {
    "nothing odd": {},
    "drops": {"drops": frozenset(("title",))},
    "drops members": {"drops": frozenset(("members",))},
    "hides members": {"members": "hidden"},
    "refuses": {"refuses": frozenset(("title",))},
    "refuses type": {"refuses": frozenset(("type",))},
    "failed": {"fail": failing(500)},
    "refused": {"fail": failing(400)},
    "a page": {"fail": failing(200, _PAGE)},
    "lost": {"lost_writes": frozenset(range(1, 1000)), "lost_after": False},
}


def output(here: Field) -> tuple[str, Any]:
    wish = git(PEOPLE, crew=[one.key for one in PEOPLE])
    report = here.apply(wish)
    return " ".join(report_text(Report((report,)), Plan(here.site.now, ())).split()), report


@pytest.mark.parametrize("world", WORLDS)
def test_what_a_report_says_is_what_was_on_the_wire(world: str) -> None:
    odd = Odd(**WORLDS[world])
    statuses: list[int] = []
    answer = odd.answer

    def noting(method: str, target: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        try:
            expected = answer(method, target, body, headers)
        except Refusal as refusal:
            statuses.extend([refusal.status] if method != "GET" else [])
            raise
        statuses.extend([expected[0]] if method != "GET" else [])
        return expected

    odd.answer = noting  # type: ignore[method-assign]  # the wire, listened to
    with facing(odd) as here:
        text, report = output(here)
        answered = any(status < 300 for status in statuses)
        sent = bool(odd.writes())
        # An answer was lost where a write had none, and is said nowhere else.
        lost = world == "lost"
        assert ("the answer was lost" in text) == lost
        assert ("Nothing was done" in text) == (not answered or world == "a page")
        if "does not show what it was sent" in text:
            assert any("title" in str(body) for _, _, body in odd.writes())
            assert all("title" not in one for one in odd.users.values())
        if "refuses" in text:
            assert 400 in statuses
        if "HTTP 500" in text:
            assert 500 in statuses
            assert "disk full" in text
        assert sent
        # "Later plans do not write it again" is said where the next one does not.
        if "later plans do not write it again" in text:
            wish = git(PEOPLE, crew=[one.key for one in PEOPLE])
            assert here.changes(wish) == []
        # Each change that is done is there, and each sentence on many is said once.
        done = sum(one.status is Status.DONE for one in report.results if one.address.kind == "user")
        assert done <= len(odd.users)
        for sentence in {one.message for one in report.results if one.message}:
            alike = [one for one in report.results if one.message == sentence]
            assert len(alike) <= 20 or text.count(" ".join(sentence.split())) <= 1


def test_the_first_apply_to_a_service_that_takes_less_is_whole_with_one_list() -> None:
    odd = Odd(
        drops=frozenset(("title",)),
        refuses=frozenset(("nickName", "type")),
        needs_member=True,
        extensions="beside",
        past_end="null",
    )
    people = [
        user(f"p{number}", title="Lead", nick_name="N", email=f"p{number}@x.example") for number in range(4)
    ]
    wish = git(people, crew=[one.key for one in people])
    with facing(odd) as here:
        report = here.apply(wish)
        assert report.whole
        assert {one.status for one in report.results} <= {Status.DONE, Status.UNNECESSARY}
        assert here.changes(wish) == []
        notes = " ".join(report.notes)
        assert "does not keep user.title" in notes
        assert "refuses type in the entries of lists" in notes
        assert "refuses user.nick_name by name" in notes

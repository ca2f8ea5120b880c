"""Reports and problems as text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from reconciler.errors import Place, Problem
from reconciler.model.address import Address, Kind
from reconciler.model.report import Report, Result, Status, TargetReport
from reconciler.render.text import problems_text, report_text
from tests.render import plans
from tests.render.test_escape import HOSTILE

PLAN = plans.PLANS["everyday"]
CALLS = {"CreateUser": 2, "UpdateUser": 1, "CreateGroup": 1, "CreateGroupMembership": 3}


def report(
    *statuses: Status, message: str = "", interrupted: bool = False, notes: tuple[str, ...] = ()
) -> Report:
    """What became of the everyday plan; the last status stands for all further changes."""
    ended = [*statuses, *[statuses[-1]] * len(PLAN.changes)]
    results = tuple(
        Result(change.address, status, message if status is Status.FAILED else "")
        for change, status in zip(PLAN.changes, ended, strict=False)
    )
    part = TargetReport(
        target="aws",
        digest=PLAN.targets[0].digest,
        results=results,
        whole=False,
        writes=sum(status is Status.DONE for status in ended[: len(results)]),
        calls=CALLS,
        seconds=3.21,
        notes=notes,
    )
    return Report((part,), interrupted=interrupted)


WHOLE = report(Status.DONE, notes=("the tag reconciler/applied/aws is at 8c2a1f0e",))
MESSAGE = "aws CreateUser: the email address is taken [ConflictException UNIQUENESS_CONSTRAINT_VIOLATION]"
PART = report(
    Status.FAILED, Status.SKIPPED, Status.HELD, Status.LEFT_OUT, Status.UNKNOWN, Status.STOPPED,
    Status.UNNECESSARY, Status.DONE, message=MESSAGE, interrupted=True,
)  # fmt: skip


@pytest.mark.parametrize("verbose", [False, True], ids=["brief", "verbose"])
@pytest.mark.parametrize(("name", "what"), [("whole", WHOLE), ("part", PART)], ids=["whole", "part"])
def test_reports_are_as_they_were_last_read(
    name: str,
    what: Report,
    verbose: bool,  # noqa: FBT001  # a table's column
    golden: Callable[[str, str], None],
) -> None:
    golden(f"report-{name}{'.verbose' * verbose}.txt", report_text(what, PLAN, verbose=verbose))


def test_the_last_line_of_a_good_report_says_that_all_is_done() -> None:
    assert report_text(WHOLE, PLAN).splitlines()[-1] == "Applied 9 of 9 changes."


def test_the_last_line_of_a_bad_report_says_what_is_missing_and_what_to_do() -> None:
    last = report_text(PART, PLAN).splitlines()[-1]
    assert last.startswith("Interrupted: applied 2 of 9 changes; 1 failed, 1 unknown, ")
    assert last.endswith("Run `reconciler plan` to see what is left.")


def test_every_failure_is_listed_with_its_message_however_many_there_are() -> None:
    results = tuple(
        Result(Address.of("aws", Kind.USER, f"p.{n}"), Status.FAILED, f"reason {n}") for n in range(300)
    )
    text = report_text(Report((TargetReport("aws", "", results, whole=False, writes=0),)), PLAN)
    assert all(f"aws/user/p.{n}: reason {n}\n" in text for n in range(300))


def test_what_was_partly_done_is_told_and_nothing_says_that_nothing_was_done() -> None:
    change = PLAN.changes[0]
    expected = "refused; done: attach A, detach B; not done: attach C"
    part = TargetReport("aws", "", (Result(change.address, Status.PARTLY, expected),), whole=False, writes=1)
    text = report_text(Report((part,)), PLAN)
    assert "Partly done: 1 (what was done stays" in text
    assert expected in text
    assert "aws: 1 partly done, with 1 write.\n" in text
    assert "Nothing was done" not in text
    assert text.splitlines()[-1].startswith("Applied 0 of 1 change; 1 partly done.")


def test_what_was_merely_skipped_is_counted_after_twenty() -> None:
    results = tuple(Result(Address.of("aws", Kind.USER, f"p.{n}"), Status.SKIPPED) for n in range(300))
    brief = Report((TargetReport("aws", "", results, whole=False, writes=0),))
    assert report_text(brief, PLAN).count("aws/user/p.") == 20
    assert "… 280 more" in report_text(brief, PLAN)
    assert report_text(brief, PLAN, verbose=True).count("aws/user/p.") == 300


def test_problems_are_as_they_were_last_read(golden: Callable[[str, str], None]) -> None:
    problems = [
        Problem("unknown field `titel`", "did you mean `title`?", Place("identities/people.yaml", 12, 5)),
        Problem(
            "the account id 123456789012 must be quoted",
            'write "123456789012"',
            Place("identities/accounts.yaml", 3, 18),
        ),
        Problem("group `sre` includes itself", None, Place("identities/people.yaml", 40, 3)),
        Problem("there is no folder identities", "run where the folder is, or give --identities PATH"),
    ]
    golden("problems.txt", problems_text(problems))
    golden("problems.60-columns.txt", problems_text(problems, width=60))


ROLES = plans.PLANS["roles"]


def test_what_an_asynchronous_request_became_names_the_account_and_the_request() -> None:
    statuses = {"210000000010": Status.UNKNOWN, "210000000022": Status.HELD, "210000000011": Status.FAILED}
    results = tuple(
        Result(
            change.address,
            statuses.get(change.address.parts[0], Status.DONE),
            "the policy /payments/x is not in the account" if "011" in change.address.key else "",
            f"req-{change.address.parts[0][-2:]}",
        )
        for change in ROLES.changes
    )
    text = report_text(Report((TargetReport("aws", "", results, whole=False, writes=3),)), ROLES)
    assert (
        "+ aws/assignment/210000000010/PlatformAdmin/group:platform [platform-prod] [request req-10]" in text
    )
    assert "- aws/assignment/210000000022/PlatformAdmin/group:platform [card-vault] [request req-22]" in text
    assert "[platform-dev]: the policy /payments/x is not in the account [request req-11]" in text
    assert "req-20" not in text  # what is done needs no support


@given(evil=HOSTILE.filter(bool))
@settings(deadline=None)
def test_no_message_of_a_service_or_file_name_commands_anything(evil: str) -> None:
    part = report(Status.FAILED, message=evil, notes=(evil,))
    text = report_text(part, PLAN, verbose=True) + problems_text([Problem(evil, evil, Place(evil, 1, 1))])
    text += problems_text([Problem(evil, evil)], width=50)
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in text.split("\n"))

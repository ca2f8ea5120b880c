"""A read that goes wrong in the middle: it ends in an error, or nothing is removed on its word.

Two losses no list of the Identity Store shows, because it tells no totals: a page of groups or memberships
that another page covers up, and a page of users who are members of nothing. They look like absence, and so
they may plan creations, which find what exists; they never plan, and never do, a removal.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import IncompleteRead, ServiceError
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import TargetPlan
from reconciler.model.report import Status
from reconciler.planning.review import review
from reconciler.sandbox import FaultKind
from tests.conformance.conftest import PAGE, Applied, applied_once
from tests.support.organisation import remove_user, rename_group
from tests.support.patience import PATIENCE
from tests.support.site import FilesSite, files_site

PEOPLE, TEAMS, FEW = 48, 24, 20
LISTS = ("ListUsers", "ListGroups", "ListGroupMemberships")
# Of a list with more pages than this, only the first, the middle and the last are lost.
_FEW_PAGES = 6


def removals(part: TargetPlan) -> list[Change]:
    return [
        change
        for change in part.changes
        if change.action is Action.DELETE or change.effect in (Effect.REVOKE, Effect.MIXED)
    ]


def pages_of(applied: Applied, operation: str) -> list[int]:
    """The numbers of the pages that reading everything takes, or three of them."""
    applied.here.sandbox.requests.clear()
    applied.here.target.read()
    count = applied.here.sandbox.requests.counts()[f"identitystore.{operation}"]
    assert count > 1, f"there is one page of {operation}"
    return list(range(1, count + 1)) if count <= _FEW_PAGES else [1, count // 2, count]


def world(here: FilesSite) -> tuple[object, ...]:
    store = here.sandbox.store
    return store.users(), store.groups(), store.memberships()


def writes(here: FilesSite) -> list[str]:
    return [
        label
        for label in here.sandbox.requests.counts()
        if label.startswith(("identitystore.Create", "identitystore.Update", "identitystore.Delete"))
    ]


def write_small(folder: Path) -> None:
    """Three pages of users, of whom only the first four are members of anything, and two pages of groups.

    A page has `FEW` items.
    """
    folder.mkdir(parents=True)
    users = "".join(
        f"  u{number:03d}: {{user_name: u{number:03d}, given_name: U, family_name: U}}\n"
        for number in range(PEOPLE)
    )
    groups = "".join(f"  g{number:03d}: {{members: [u00{number % 4}]}}\n" for number in range(TEAMS))
    (folder / "all.yaml").write_text(f"users:\n{users}groups:\n{groups}", encoding="utf-8")


@pytest.fixture
def small(shelf: Path, tmp_path: Path) -> Iterator[FilesSite]:
    """The small organisation, applied."""
    applied_once(shelf, "few", write_small, tmp_path / "site")
    folder, home = tmp_path / "site" / "identities", tmp_path / "site" / "home"
    with files_site(folder, home, largest_page=FEW) as here:
        yield here


def test_a_lost_page_of_users_is_noticed_by_their_memberships_and_read_again(applied: Applied) -> None:
    for number in pages_of(applied, "ListUsers"):
        applied.here.sandbox.faults.clear()
        applied.here.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListUsers", nth=number)

        assert applied.here.plan().plan.changes == ()
        assert applied.here.sandbox.faults.pending() == ()


def test_a_page_of_users_that_is_lost_twice_ends_in_an_error(applied: Applied) -> None:
    pages = -(-len(applied.here.sandbox.store.users()) // PAGE)
    # The second page of the first list, which is a call shorter for it, and of the second.
    for number in (2, pages - 1 + 2):
        applied.here.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListUsers", nth=number)

    with pytest.raises(IncompleteRead, match="in no list of users"):
        applied.here.plan()


@pytest.mark.parametrize("operation", ["ListGroups", "ListGroupMemberships"])
def test_a_lost_page_that_nobody_can_notice_plans_no_removal(applied: Applied, operation: str) -> None:
    for number in pages_of(applied, operation):
        applied.here.sandbox.faults.clear()
        applied.here.sandbox.faults.add(FaultKind.LOSE_PAGE, f"identitystore.{operation}", nth=number)

        assert removals(applied.here.plan().plan) == []
        assert applied.here.sandbox.faults.pending() == ()


@pytest.mark.parametrize("operation", ["ListGroups", "ListGroupMemberships"])
def test_a_plan_from_a_lost_page_applies_to_nothing_where_the_page_is_back(
    applied: Applied, operation: str
) -> None:
    before = world(applied.here)
    # The only page of a group that says nothing of its members is no loss; there are two of these.
    count = 1 if operation == "ListGroups" else 3
    applied.here.sandbox.faults.add(FaultKind.LOSE_PAGE, f"identitystore.{operation}", nth=2, count=count)
    mistaken = applied.here.plan().plan

    report = applied.here.apply([mistaken])

    # Lost groups that hold assignments are noticed by these, and read again: then there is no mistake.
    assert mistaken.changes or operation == "ListGroups"
    assert {result.status for result in report.results} <= {Status.UNNECESSARY}
    assert world(applied.here) == before


def test_a_plan_from_lost_groups_finds_them_when_it_is_applied_with_the_page_still_lost(
    applied: Applied,
) -> None:
    before = world(applied.here)
    applied.here.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListGroups", nth=2, count=1)
    mistaken = applied.here.plan().plan
    applied.here.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListGroups", nth=2, count=1)

    applied.here.apply([mistaken])

    assert world(applied.here) == before


def test_a_plan_from_a_lost_page_never_makes_a_renamed_team_twice(applied: Applied) -> None:
    store = applied.here.sandbox.store
    for account, name, kind, who in store.assignments():  # by these, lost groups would be noticed
        store.remove_assignment(account, name, **{kind.lower(): who})
    for file in (applied.folder / "assignments").iterdir():
        file.unlink()
    team = list(store.groups())[-1]
    rename_group(applied.folder, team, "the-new-name")
    before = world(applied.here)
    last = pages_of(applied, "ListGroups")[-1]
    applied.here.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListGroups", nth=last)
    mistaken = applied.here.plan()

    fresh = applied.here.plan()

    made = [str(change.address) for change in mistaken.plan.changes if change.action is Action.CREATE]
    assert "aws/group/the-new-name" in made
    stale = [str(one.address) for one in review(fresh, [mistaken.plan], auto_apply=()).stale]
    assert stale == ["aws/group/the-new-name"]
    assert world(applied.here) == before


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.REPEAT_PAGE,
        FaultKind.LOOP,
        FaultKind.EMPTY_PAGE,
        FaultKind.TRUNCATED,
        FaultKind.CUT_OFF,
        FaultKind.EMPTY,
        FaultKind.HTML,
        FaultKind.GARBAGE,
        FaultKind.WRONG_TYPE,
        FaultKind.MISSING_KEY,
        FaultKind.ERROR,
        FaultKind.DENY,
        FaultKind.EXPIRED,
        FaultKind.THROTTLE,
        FaultKind.DROP_AFTER,
    ],
)
def test_answers_that_are_none_and_pages_that_never_end_are_errors_and_no_plan(
    small: FilesSite, operation: str, kind: FaultKind
) -> None:
    before = world(small)
    small.sandbox.requests.clear()
    small.sandbox.faults.add(kind, f"identitystore.{operation}", nth=2, count=None)

    with pytest.raises(ServiceError) as caught:
        small.plan()

    assert operation in str(caught.value)
    assert writes(small) == []
    assert world(small) == before


def test_lost_people_who_are_members_of_nothing_are_found_when_they_are_made_again(small: FilesSite) -> None:
    before = world(small)
    small.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListUsers", nth=3)
    mistaken = small.plan().plan
    small.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListUsers", nth=3)

    report = small.apply([mistaken])

    assert [change.action for change in mistaken.changes] == [Action.CREATE] * (PEOPLE - 2 * FEW)
    assert {result.status for result in report.results} == {Status.DONE}
    assert world(small) == before


def test_what_a_lost_page_hides_from_an_apply_is_found_by_the_next_plan(small: FilesSite) -> None:
    store = small.sandbox.store
    hidden = list(store.groups())[FEW]  # the first of the page that is going to be lost
    (leaver,) = store.members(hidden)
    remove_user(small.folder, leaver)
    (small.folder / "reconciler.yaml").write_text(
        "format: 1\nguards: {max_removals: {memberships: {percent: null, per_group: {percent: null}}}}\n",
        encoding="utf-8",
    )
    approvals = small.folder / "approvals" / "leaving.yaml"
    approvals.parent.mkdir()
    approvals.write_text(
        "approvals: {leaving: {guard: set-emptied, kind: memberships, count: 6, until: 2027-01-01, "
        "reason: leaves}}\n",
        encoding="utf-8",
    )
    reviewed = small.plan().plan
    small.sandbox.faults.add(FaultKind.LOSE_PAGE, "identitystore.ListGroups", nth=2)
    small.apply([reviewed])

    found = small.plan().plan

    left = [group for group, members in store.memberships().items() if leaver in members]
    assert hidden in left
    assert sorted(change.address.parts[0] for change in removals(found)) == sorted(left)
    small.converge([found])
    assert not any(leaver in members for members in store.memberships().values())


def test_the_command_line_ends_with_exit_code_1_and_writes_no_plan_file(
    small: FilesSite, tmp_path: Path
) -> None:
    small.sandbox.faults.add(FaultKind.HTML, "identitystore.ListGroups", nth=2, count=None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", "--identities", str(small.folder), "--out", "plan.json"],
        cwd=tmp_path,
        env={
            **environment,
            "AWS_ENDPOINT_URL": small.sandbox.url,
            "AWS_DEFAULT_REGION": small.sandbox.region,
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "ListGroups" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "plan.json").exists()

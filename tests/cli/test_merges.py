"""Plans reviewed in pull requests, applied after the merge: however it was merged, and of several at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import FaultKind
from tests.cli.conftest import Done
from tests.cli.stage import FILES, GROUPS, PEOPLE, TEAM, Ended, Real
from tests.cli.test_digests_used_once import digest
from tests.repositories import Work

PROD, DEV = "210000000020", "210000000030"
ACCESS = f"""\
accounts: {{prod: '{PROD}', dev: '{DEV}'}}
permission_sets:
  Read: {{managed_policies: [ReadOnlyAccess]}}
assignments:
  ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}
"""
OPS = (PROD, "Read", "GROUP", "ops")
WIDER = ACCESS.replace("[prod]", "[prod, dev]")
LOOK = """\
permission_sets:
  Look: {managed_policies: [job-function/ViewOnlyAccess]}
assignments:
  ops-look: {groups: [ops], permission_sets: [Look], accounts: [prod, dev]}
"""
JOINED = GROUPS.replace("[cyd]", "[cyd, ada]")
PROMOTED = PEOPLE.replace("Engineer", "Lead")
Merge = Callable[[Work, str], object]


@pytest.fixture
def stage(done: Done) -> Real:
    """A repository whose main branch was applied."""

    def settle(stage: Real) -> None:
        stage.sandbox.store.create_account(PROD, "prod")
        stage.sandbox.store.create_account(DEV, "dev")
        stage.commit({**FILES, "access.yaml": ACCESS})
        stage.converge("--first-apply")

    return done("merges", settle)


def propose(stage: Real, branch: str, *commits: Mapping[str, str | None]) -> str:
    """A pull request from main, planned as one: the file with its plan. Back on main afterwards."""
    stage.work.git("checkout", "-q", "-b", branch, "main")
    for files in commits:
        stage.commit(files)
    file = str(stage.root.parent / f"{branch}.json")
    assert stage.run("plan", "--out", file, "--trusted-ref", "main").code == 0
    stage.work.git("checkout", "-q", "main")
    return file


def squashed(work: Work, branch: str) -> None:
    work.git("merge", "-q", "--squash", branch)
    work.commit(message=f"{branch} (#7)")


def rebased(work: Work, branch: str) -> None:
    work.commit({"README.md": "something else was merged meanwhile\n"})
    work.git("cherry-pick", f"main..{branch}")


def fresh(stage: Real) -> str:
    return digest(stage.run("plan", "--format", "json"))


def saved(file: str) -> Mapping[str, Any]:
    """The only target of a saved plan."""
    (part,) = json.loads(Path(file).read_text(encoding="utf-8"))["targets"]
    return dict(part)


def added(ended: Ended) -> int:
    assert ended.code == 0, ended.output
    return int(ended.out.partition("Applied ")[2].split()[0])


@pytest.mark.parametrize(
    "merge", [pytest.param(Work.merge, id="merge"), pytest.param(squashed, id="squash"), rebased]
)
def test_however_it_is_merged_the_plan_is_the_one_that_was_reviewed(stage: Real, merge: Merge) -> None:
    file = propose(stage, "wider", {"groups.yaml": JOINED}, {"access.yaml": WIDER, "people.yaml": PROMOTED})

    merge(stage.work, "wider")

    assert fresh(stage) == saved(file)["digest"]
    assert added(stage.run("apply", file)) == 3
    assert stage.sandbox.store.assignments() == {OPS, (DEV, "Read", "GROUP", "ops")}
    assert stage.run("plan", "--detailed-exitcode").code == 0
    assert stage.tag() == stage.work.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(
            {"access.yaml": None, "teams/ops/access.yaml": f"# of the team\n\n{WIDER}"}, id="another-folder"
        ),
        pytest.param(
            {
                "access.yaml": WIDER.partition("permission_sets")[0],
                "more.yaml": "permission_sets" + WIDER.partition("permission_sets")[2],
            },
            id="split",
        ),
        pytest.param(
            {"access.yaml": None, "people.yaml": PEOPLE + WIDER, "groups.yaml": None, "all.yaml": GROUPS},
            id="joined-and-renamed",
        ),
    ],
)
def test_files_that_move_after_the_review_change_nothing(
    stage: Real, moved: Mapping[str, str | None]
) -> None:
    file = propose(stage, "wider", {"access.yaml": WIDER})
    squashed(stage.work, "wider")
    stage.commit(moved)

    assert fresh(stage) == saved(file)["digest"]
    assert added(stage.run("apply", "--expect-digest", saved(file)["digest"])) == 1
    assert stage.sandbox.store.assignments() == {OPS, (DEV, "Read", "GROUP", "ops")}
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_several_pull_requests_are_applied_with_all_of_their_plans_and_with_no_fewer(stage: Real) -> None:
    files = [
        propose(stage, "people", {"people.yaml": PROMOTED}),
        propose(stage, "groups", {"groups.yaml": JOINED}),
        propose(stage, "access", {"access.yaml": WIDER}),
    ]
    squashed(stage.work, "people")
    stage.work.merge("groups")
    squashed(stage.work, "access")
    stage.forget()

    for missing, unreviewed in zip(
        files, ("user/ada", "membership/dev/ada", f"assignment/{DEV}/Read/group:ops"), strict=True
    ):
        stale = stage.run("apply", *(file for file in files if file != missing))
        assert stale.code == 4
        assert "STALE: 1 change not as reviewed; nothing was written." in stale.output
        assert f"aws/{unreviewed} was not reviewed" in stale.output
    assert stage.written() == []

    assert added(stage.run("apply", *reversed(files))) == 3
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_pull_requests_that_meet_in_one_object_need_a_plan_of_both(stage: Real) -> None:
    """Each was reviewed alone; together they make what neither review saw."""
    one = propose(stage, "title", {"people.yaml": PROMOTED})
    two = propose(stage, "name", {"people.yaml": PEOPLE.replace("Okafor", "Obi")})
    stage.commit({"people.yaml": PROMOTED.replace("Okafor", "Obi")})
    stage.forget()

    ended = stage.run("apply", one, two)

    assert ended.code == 4, ended.output
    assert "update aws/user/ada is not as it was when it was reviewed" in ended.output
    assert stage.written() == []
    stage.converge()
    assert stage.sandbox.store.users()["ada@example.com"]["Name"]["FamilyName"] == "Obi"


def test_a_plan_of_a_pull_request_that_was_undone_again_does_nothing(stage: Real) -> None:
    file = propose(stage, "wider", {"access.yaml": WIDER})
    squashed(stage.work, "wider")
    stage.work.git("revert", "--no-edit", "HEAD")
    stage.forget()

    ended = stage.run("apply", file)

    assert added(ended) == 0
    assert "Unnecessary: 1" in ended.output
    assert stage.written() == []
    assert stage.sandbox.store.assignments() == {OPS}


def test_what_an_unfinished_apply_assigned_goes_with_the_same_review_once_git_takes_it_back(
    stage: Real,
) -> None:
    """The assignment in one account was made, and the one in the other failed; the revert leaves neither."""
    file = propose(stage, "grant", {"look.yaml": LOOK})
    squashed(stage.work, "grant")
    base = stage.tag()
    stage.sandbox.faults.add(FaultKind.FAIL, "sso-admin.CreateAccountAssignment", nth=2, count=None)
    assert stage.run("apply", file).code == 6
    stage.sandbox.faults.clear()
    assert len(stage.sandbox.store.assignments()) == 2
    assert stage.tag() == base
    stage.work.git("revert", "--no-edit", "HEAD")

    planned = stage.run("plan", "--format", "json")
    ended = stage.run("apply", file)

    changes = json.loads(planned.out)["targets"][0]["changes"]
    assert {(one["action"], one["cause"]) for one in changes} == {("delete", "leftover")}
    assert ended.code == 0, ended.output
    assert stage.sandbox.store.assignments() == {OPS}
    assert set(stage.sandbox.store.permission_sets()) == {"Read"}
    assert stage.run("plan", "--detailed-exitcode").code == 0
    assert stage.tag() == stage.work.git("rev-parse", "HEAD")


def test_leftovers_that_no_review_ever_covered_are_stale(stage: Real) -> None:
    stage.commit({"access.yaml": WIDER})
    # An apply of a part gave what the commit said, and the commit was taken back.
    assert stage.plan("--only", f"aws/assignment/{DEV}/Read/group:ops").code == 0
    assert stage.run("apply", stage.file).code == 0
    stage.work.git("revert", "--no-edit", "HEAD")
    file = propose(stage, "people", {"people.yaml": PROMOTED})
    other = propose(stage, "groups", {"groups.yaml": JOINED})
    assert sorted(one["cause"] for one in saved(file)["changes"]) == ["git", "leftover"]
    squashed(stage.work, "people")
    stage.forget()

    assert stage.run("apply", other).code == 4
    assert stage.written() == []
    assert added(stage.run("apply", file)) == 2
    assert stage.sandbox.store.assignments() == {OPS}


def test_what_somebody_took_away_is_restored_only_by_a_plan_that_says_so(stage: Real) -> None:
    before = propose(stage, "people", {"people.yaml": PROMOTED})
    stage.sandbox.store.remove_member("ops", "bob@example.com")
    stage.sandbox.store.remove_assignment(PROD, "Read", group="ops")
    squashed(stage.work, "people")

    ended = stage.run("apply", before)
    assert added(ended) == 1
    assert "Left out: 2" in ended.out
    assert stage.sandbox.store.assignments() == frozenset()

    planned = stage.plan("--detailed-exitcode")
    assert planned.code == 2
    assert planned.out.startswith("RESTORES 2 grants that somebody took away outside git\n")
    assert "+ bob (drift; RESTORES)" in planned.output
    shown = stage.run("show", stage.file, "--format", "json")
    (finding,) = (one for one in json.loads(shown.out)["targets"][0]["findings"] if one["code"] == "restores")
    assert (finding["severity"], finding["count"]) == ("warning", 2)

    assert added(stage.run("apply", stage.file)) == 2
    assert stage.memberships() == TEAM
    assert stage.sandbox.store.assignments() == {OPS}


@pytest.mark.parametrize(
    ("edit", "output"),
    [
        pytest.param(
            lambda stage: stage.sandbox.store.set_permission_set("Read", session_duration="PT8H"),
            'session_duration: reviewed "PT1H" -> "PT4H", now "PT8H" -> "PT4H"',
            id="a-permission-set-by-hand",
        ),
        pytest.param(
            lambda stage: stage.commit({"access.yaml": WIDER.replace("[ops]", "[ops, dev]")}),
            f"create aws/assignment/{PROD}/Read/group:dev was not reviewed",
            id="a-grant-in-git",
        ),
        pytest.param(
            lambda stage: stage.commit({"groups.yaml": GROUPS.replace("[ada, bob]", "[bob]")}),
            "delete aws/membership/ops/ada was not reviewed",
            id="a-removal-in-git",
        ),
    ],
)
def test_a_stale_apply_tells_the_difference_and_writes_nothing(
    stage: Real, edit: Callable[[Real], object], output: str
) -> None:
    longer = WIDER.replace("{managed", "{session_duration: 4h, managed")
    file = propose(
        stage, "all", {"access.yaml": longer, "groups.yaml": GROUPS.replace("[ada, bob]", "[ada]")}
    )
    squashed(stage.work, "all")
    base = stage.tag()
    edit(stage)
    before = stage.memberships(), stage.sandbox.store.assignments(), stage.sandbox.store.permission_sets()
    stage.forget()

    ended = stage.run("apply", file)

    assert ended.code == 4, ended.output
    assert "STALE: " in ended.output
    assert output in ended.output
    assert ended.out == ""
    assert stage.written() == []
    assert before == (
        stage.memberships(), stage.sandbox.store.assignments(), stage.sandbox.store.permission_sets()
    )  # fmt: skip
    assert stage.tag() == base

"""The plan as a comment on a pull request, by the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import PEOPLE, Played, Real
from tests.render.markup import check_harmless, check_narrow

ADA = next(line for line in PEOPLE.splitlines(keepends=True) if "ada" in line)
# Ada is in no group that leads anywhere; `all` contains `ops`, and `reach` gives it access.
SETS = """\
permission_sets:
  Admin: {managed_policies: [AdministratorAccess]}
  Read: {managed_policies: [ReadOnlyAccess]}
accounts:
  prod: "210000000010"
  pay: "210000000020"
assignments:
  admins: {permission_sets: [Admin], accounts: [prod], groups: [admins]}
  readers: {permission_sets: [Read], accounts: [prod], groups: [dev]}
"""
GROUPS = "groups:\n  ops: {members: [ada, bob]}\n  dev: {members: [cyd]}\n  admins: {members: [bob]}\n"


@pytest.fixture
def branch(cloned_once: Done) -> Real:
    """A clone on a branch, where everything is applied that was merged."""

    def merge(stage: Real) -> None:
        stage.sandbox.store.create_account("210000000010", "platform-prod")
        stage.sandbox.store.create_account("210000000020", "payments-prod")
        stage.commit({"access.yaml": SETS, "groups.yaml": GROUPS})
        stage.work.git("push", "-q", "origin", "main")
        stage.converge("--first-apply")
        stage.work.git("checkout", "-q", "-b", "change")

    return cloned_once("branch", merge)


@pytest.mark.parametrize(
    ("files", "mark"),
    [
        pytest.param(
            {"groups.yaml": GROUPS.replace("admins: {members: [bob]}", "admins: {members: [bob, ada]}")},
            "gains `Admin` (privileged)",
            id="a membership",
        ),
        pytest.param(
            {
                "groups.yaml": GROUPS.replace(
                    "admins: {members: [bob]}", "admins: {include: [ops], members: [bob]}"
                )
            },
            "gains `Admin` (privileged)",
            id="a group in a group",
        ),
        pytest.param(
            {"access.yaml": SETS.replace("groups: [dev]", "groups: [ops]")},
            "gains `Read`",
            id="an assignment to a group",
        ),
        pytest.param(
            {
                "access.yaml": SETS.replace(
                    "accounts: [prod], groups: [dev]", "accounts: [{all: true}], groups: [ops]"
                )
            },
            "gains `Read`",
            id="a selector",
        ),
        pytest.param(
            {"groups.yaml": GROUPS + "  lunch: {members: [ada]}\n"},
            "joins a group by it",
            id="a group that leads nowhere",
        ),
    ],
)
def test_what_the_author_of_the_commits_gains_is_marked(
    branch: Real, files: dict[str, str | None], mark: str
) -> None:
    branch.commit(files)
    comment = branch.run("plan", "--format", "markdown")
    text = branch.run("plan")
    data = json.loads(branch.run("plan", "--format", "json").out)
    assert f"- **Self-grant**: `ada`, an author of this change, {mark}" in comment.out
    assert text.out.startswith(f"SELF-GRANT: ada, an author of this change, {mark.replace('`', '')}")
    assert data["targets"][0]["authors"] == data["targets"][0]["self_grants"] == ["ada"]
    assert "**Self-grant**" not in branch.run("plan", "--format", "markdown", "--author", "cyd").out


def test_a_committer_counts_as_an_author_in_any_case(branch: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "somebody@else.example")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "12345+CYD@users.noreply.github.com")
    branch.commit({"groups.yaml": GROUPS.replace("[bob]", "[bob, ada, cyd]")})
    shown = branch.run("plan", "--format", "markdown").out
    assert "**Self-grant**: `cyd`, an author of this change, gains `Admin` (privileged)" in shown
    assert "`ada`, an author" not in shown


@pytest.mark.parametrize("name", ["cyd", "CYD@example.com", "cyd@example.com"])
def test_authors_can_be_named_by_key_user_name_and_address(branch: Real, name: str) -> None:
    branch.commit({"groups.yaml": GROUPS.replace("[bob]", "[bob, ada, cyd]")})
    shown = branch.run("plan", "--format", "markdown", "--author", name, "--author", "nobody").out
    assert "**Self-grant**: `cyd`, an author of this change, gains `Admin` (privileged)" in shown
    assert "`ada`, an author" not in shown


@pytest.mark.parametrize("address", ["cyd+git@example.com", "CYD+a+b@Example.com", "old.cyd"])
def test_an_address_with_a_detail_and_a_former_key_are_the_same_person(branch: Real, address: str) -> None:
    people = PEOPLE.replace("  cyd: {", "  cyd: {previously: [old.cyd], ")
    assert people != PEOPLE
    branch.commit({"groups.yaml": GROUPS.replace("[bob]", "[bob, cyd]"), "people.yaml": people})
    shown = branch.run("plan", "--format", "markdown", "--author", address).out
    assert "**Self-grant**: `cyd`, an author of this change, gains `Admin` (privileged)" in shown


def test_edits_of_what_the_author_holds_are_marked(branch: Real) -> None:
    branch.commit({"access.yaml": SETS.replace("[ReadOnlyAccess]", "[PowerUserAccess]")})
    shown = branch.run("plan", "--format", "markdown", "--author", "cyd").out
    assert "**Self-grant**: `cyd`, an author of this change, holds `Read`" in shown


def test_a_marked_plan_is_applied_like_any_other(branch: Real) -> None:
    branch.commit({"groups.yaml": GROUPS.replace("[bob]", "[bob, ada]")})
    assert branch.plan().code == 0
    branch.work.git("push", "-q", "origin", "change:main")
    branch.work.git("fetch", "-q", "origin")
    assert branch.run("apply", branch.file).code == 0


def test_that_a_branch_is_not_merged_is_no_news_on_a_pull_request(branch: Real) -> None:
    branch.commit({"groups.yaml": GROUPS.replace("[bob]", "[bob, cyd]")})
    assert "is not on origin/main" in branch.run("plan").out
    data = json.loads(branch.run("plan", "--format", "json").out)
    assert "not-merged" in [one["code"] for one in data["targets"][0]["findings"]]
    comment = branch.run("plan", "--format", "markdown").out
    assert "not-merged" not in comment
    assert "origin/main" not in comment


def test_the_place_of_what_is_gone_is_not_that_of_somebody_else(branch: Real) -> None:
    branch.commit(
        {
            "people.yaml": PEOPLE.replace(ADA, ""),
            "groups.yaml": "groups:\n  dev: {members: [cyd]}\n  admins: {members: [bob]}\n",
        }
    )
    data = json.loads(branch.run("plan", "--format", "json").out)
    gone = {
        one["address"]: one["origin"]
        for one in data["targets"][0]["changes"]
        if one["address"] in ("aws/user/ada", "aws/group/ops")
    }
    assert gone
    assert set(gone.values()) == {None}


def test_a_comment_fits_its_limit_and_says_where_the_plan_is(played: Played) -> None:
    named = "user_name: p{0}@example.com, given_name: A, family_name: B"
    people = "".join(f"  p{n}: {{{named.format(n)}}}\n" for n in range(200))
    played.write({"more.yaml": f"users:\n{people}"})
    url = "https://ci.example.com/runs/7"
    ended = played.run("plan", "--format", "markdown", "--max-bytes", "4096", "--whole-plan", url)
    assert ended.code == 0
    assert len(ended.out.encode()) <= 4096
    assert f"[the whole plan](<{url}>)" in ended.out
    check_harmless(ended.out, links=(url,))
    check_narrow(ended.out)


@pytest.mark.parametrize(
    "options",
    [
        ("--max-bytes", "2047"),
        ("--max-bytes", "many"),
        ("--whole-plan", "http://ci.example.com/"),
        ("--whole-plan", "https://ci.example.com/ [x](y)"),
        ("--whole-plan", "plan.json"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "validate"])
def test_wrong_options_of_comments_are_wrong_usage(
    played: Played, command: str, options: tuple[str, ...]
) -> None:
    ended = played.run(command, "--format", "markdown", *options)
    assert ended.code == 64
    assert options[0] in ended.err


def test_a_report_is_a_comment_of_the_same_limit(played: Played) -> None:
    played.run("plan", "--out", "plan.json")
    ended = played.run("apply", "plan.json", "--format", "markdown", "--max-bytes", "2048")
    assert ended.code == 0
    assert ended.out.startswith("### Applied ")
    assert len(ended.out.encode()) <= 2048
    check_harmless(ended.out)
    check_narrow(ended.out)


def test_files_that_are_wrong_are_a_comment_that_fits(played: Played) -> None:
    evil = "see https://evil.example @octocat"
    wrong = "".join(f"  p{n}: {{user_name: '{evil}', nonsense{n}: 1}}\n" for n in range(90))
    played.write({"people.yaml": f"users:\n{wrong}"})
    for command in ("plan", "validate"):
        ended = played.run(command, "--format", "markdown", "--max-bytes", "4096")
        assert ended.code == 1
        assert ended.out.startswith("**Not everything is shown here:**")
        assert "### The files are not valid" in ended.out
        assert len(ended.out.encode()) <= 4096
        check_harmless(ended.out)


def test_a_saved_plan_says_what_applying_it_takes(played: Played) -> None:
    planned = played.run("plan", "--out", "plan.json", "--format", "markdown")
    (line,) = [each for each in planned.out.splitlines() if each.startswith("Applying takes about ")]

    shown = played.run("show", "plan.json", "--format", "markdown").out.splitlines()

    assert line in shown
    assert line in played.run("show", "plan.json").out.splitlines()
    assert json.loads((played.root / "plan.json").read_text())["targets"][0]["takes"]["calls"] > 0

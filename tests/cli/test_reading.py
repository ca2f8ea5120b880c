"""Commands that write to no service: validate, plan, show, schema."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.render.schemas import OUTPUTS
from tests.cli.stage import CONFIG, GROUPS, PEOPLE, Played, Real
from tests.support.patience import PATIENCE

ESCAPE = "\x1b"


def test_validate_ends_with_one_line_and_asks_nobody(played: Played) -> None:
    ended = played.run("validate")

    assert ended.code == 0
    assert ended.out == "3 users, 2 groups in 3 files: all fine\n"
    assert ended.err == ""
    assert not (played.root / ".reconciler").exists()


def test_validate_says_everything_that_is_wrong_at_once(played: Played) -> None:
    played.write(
        {"people.yaml": PEOPLE + "  bob: {}\n", "groups.yaml": "groups:\n  ops: {members: [adda]}\n"}
    )

    ended = played.run("validate")

    assert ended.code == 1
    assert ended.out == ""
    assert "people.yaml:5:3: " in ended.err
    assert "groups.yaml:2:" in ended.err
    assert "2 problems in 2 files." in ended.err


def test_validate_annotates_the_lines_for_github(played: Played) -> None:
    played.write({"groups.yaml": "groups:\n  ops: {members: [adda]}\n"})

    ended = played.run("validate", "--format", "github")

    assert ended.code == 1
    assert "::error title=" in ended.out
    assert "file=identities/groups.yaml,line=2," in ended.out


@pytest.mark.parametrize("command", ["validate", "plan"])
@pytest.mark.parametrize("format_", ["json", "markdown", "github"])
def test_files_that_are_wrong_are_answered_in_the_format_that_was_asked_for(
    played: Played, command: str, format_: str
) -> None:
    played.write({"groups.yaml": "groups:\n  ops: {members: [adda]}\n"})

    ended = played.run(command, "--format", format_)

    assert ended.code == 1
    assert "identities/groups.yaml" in ended.out
    if format_ == "json":
        output = json.loads(ended.out)
        assert output["valid"] is False
        (problem,) = output["problems"]
        assert (problem["path"], problem["line"]) == ("identities/groups.yaml", 2)
        assert "ada" in problem["fix"]
    if format_ == "markdown":
        assert ended.out.startswith("### The files are not valid: 1 problem\n\n- `identities/groups.yaml:2:")


def test_valid_files_are_answered_in_the_format_that_was_asked_for(played: Played) -> None:
    played.write({"blocked.yaml": "blocked:\n  nobody: {since: 2026-11-20, reason: SEC-88}\n"})

    output = json.loads(played.run("validate", "--format", "json").out)
    assert (output["valid"], output["problems"]) == (True, [])
    (finding,) = output["findings"]
    assert (finding["path"], finding["line"], finding["severity"]) == (
        "identities/blocked.yaml",
        2,
        "warning",
    )
    assert "valid, with 1 warning" in output["summary"]
    annotated = played.run("validate", "--format", "github").out
    assert "::warning title=" in annotated
    assert "file=identities/blocked.yaml,line=2," in annotated
    assert "::stop-commands::" in annotated
    comment = played.run("validate", "--format", "markdown").out
    assert comment.startswith("### The files are valid")
    assert "nobody" in comment


def test_the_folder_is_found_from_a_subfolder_of_the_repository(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    (played.root / ".git").mkdir(exist_ok=True)
    below = played.root / "modules" / "vpc"
    below.mkdir(parents=True)
    for here in (below, played.root / "identities"):
        monkeypatch.chdir(here)
        assert "all fine" in validated()[1]
    monkeypatch.chdir(below)
    assert validated("--identities", "identities")[0] == 1
    (below / ".git").mkdir()
    assert validated()[0] == 1


def validated(*options: str) -> tuple[int, str]:
    """The exit code and stdout of `validate` in the current folder."""
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "validate", *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_plan_is_saved_to_stdout(played: Played) -> None:
    ended = played.run("plan", "--out", "-")

    assert ended.code == 0
    assert json.loads(ended.out)["applyable"] is True
    assert "Plan: " in ended.err
    (played.root / "plan.json").write_text(ended.out)
    assert played.run("apply", "plan.json").code == 0
    assert played.run("plan", "--detailed-exitcode").code == 0


def test_findings_of_loading_stand_beside_the_answer(played: Played) -> None:
    played.write({"blocked.yaml": "blocked:\n  nobody: {since: 2026-11-20, reason: SEC-88}\n"})

    ended = played.run("validate")

    assert ended.code == 0
    assert "valid, with 1 warning" in ended.out
    assert "identities/blocked.yaml:2:3: " in ended.err
    assert "is blocked, and no user in git has that key" in ended.output


@pytest.mark.parametrize("command", ["validate", "plan"])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("nowhere", "nowhere does not exist", id="a-folder-that-is-missing"),
        pytest.param("identities/people.yaml", "is a file name the folder that it lies in", id="a-file"),
        pytest.param("empty", "empty", id="an-empty-folder"),
        pytest.param("bytes", "is not UTF-8", id="a-file-of-bytes"),
    ],
)
def test_what_cannot_be_read_is_named(played: Played, command: str, path: str, expected: str) -> None:
    (played.root / "empty").mkdir()
    (played.root / "bytes").mkdir()
    (played.root / "bytes" / "people.yaml").write_bytes(b"users: {\xff: {}}\n")

    ended = played.run(command, "--identities", path)

    assert ended.code == 1
    assert ended.out == ""
    assert expected in ended.output


def test_a_plan_tells_changes_and_how_to_have_them_done(played: Played) -> None:
    ended = played.run("plan", "--out", "plan.json")

    assert ended.code == 0
    assert "Users: 3 to create" in ended.out
    assert "Plan: 8 to create; 3 people gain something." in ended.out
    assert "To apply this plan: reconciler apply --sandbox plan.json" in ended.output
    assert "On the embedded sandbox" in ended.err
    assert "On the embedded sandbox" not in ended.out


def test_a_saved_plan_is_for_its_owner_alone_and_the_same_each_time(played: Played) -> None:
    played.run("plan", "--out", "one.json", "--now", "2026-11-23T12:00:00Z")
    played.run("plan", "--out", "other.json", "--now", "2026-11-23T12:00:00Z")

    one = played.root / "one.json"
    assert one.stat().st_mode & 0o777 == 0o600
    assert one.read_bytes() == (played.root / "other.json").read_bytes()


def test_pending_changes_are_exit_code_2_if_one_asks_for_it(played: Played) -> None:
    assert played.run("plan").code == 0
    assert played.run("plan", "--detailed-exitcode").code == 2
    played.converge()
    assert played.run("plan", "--detailed-exitcode").code == 0


def test_a_plan_that_a_guard_refuses_is_exit_code_3_and_is_saved_for_reviewers(played: Played) -> None:
    played.converge()
    played.write({"groups.yaml": "groups:\n  ops: {members: []}\n  dev: {members: [cyd]}\n"})

    ended = played.run("plan", "--out", "plan.json", "--detailed-exitcode")

    assert ended.code == 3
    assert "REFUSED by" in ended.output
    assert "set-emptied" in ended.output
    assert played.run("show", "plan.json").out.startswith(ended.out[:200])


@pytest.mark.parametrize(
    ("format_", "begins"),
    [("text", "Users: 3 to create"), ("json", '{"'), ("markdown", "#"), ("github", "::")],
)
def test_show_prints_a_saved_plan_as_plan_printed_it(played: Played, format_: str, begins: str) -> None:
    planned = played.run("plan", "--out", "plan.json", "--format", format_)
    shown = played.run("show", "plan.json", "--format", format_)

    assert shown.code == 0
    assert shown.err == ""
    assert begins in shown.out
    if format_ == "json":
        assert shown.out == planned.out == (played.root / "plan.json").read_text(encoding="utf-8")
        assert json.loads(shown.out)["targets"][0]["target"] == "aws"


def test_github_is_told_to_obey_nothing_in_the_plan(played: Played) -> None:
    played.write({"people.yaml": PEOPLE.replace("title: Engineer", 'title: "::error::owned"')})

    ended = played.run("plan", "--format", "github")

    stop, *body, resume = ended.out.strip().splitlines()
    assert stop.startswith("::stop-commands::")
    assert resume == f"::{stop.removeprefix('::stop-commands::')}::"
    assert not [line for line in body if line.lstrip().startswith("::")]


def test_show_needs_neither_files_nor_sandbox(played: Played, tmp_path: Path) -> None:
    played.run("plan", "--out", str(tmp_path / "plan.json"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    played.root = elsewhere

    assert played.run("show", "../plan.json").code == 0
    assert list(elsewhere.iterdir()) == []


def test_show_takes_a_target_that_the_plan_has(played: Played) -> None:
    played.run("plan", "--out", "plan.json")

    assert played.run("show", "plan.json", "--target", "aws").code == 0
    other = played.run("show", "plan.json", "--target", "chat")
    assert other.code == 64
    assert "plan.json holds no such target; it holds: aws" in other.err


@pytest.mark.parametrize("command", ["show", "apply"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "does not exist; write it with `reconciler plan --out ", id="missing"),
        pytest.param("/", "is not a regular file", id="a-folder"),
        pytest.param(b"\xff\xfe", "is not a plan: it is not UTF-8", id="bytes"),
        pytest.param(b"", "this is not a saved plan", id="empty"),
        pytest.param(b"[1, 2", "this is not a saved plan", id="half-of-json"),
        pytest.param(b"[" * 100_000, "this is not a saved plan", id="json-without-bottom"),
        pytest.param(b"{}", "it has no format_version", id="other-json"),
        pytest.param(b'{"format_version": "1.0"}', "this is not a saved plan: semantics_version", id="cut"),
        pytest.param(
            b'{"format_version": "2.0"}',
            "this plan has format 2, and this version of the reconciler reads format 1",
            id="of-the-future",
        ),
    ],
)
def test_a_plan_file_that_is_none_is_named(
    played: Played, command: str, content: bytes | str | None, expected: str
) -> None:
    file = played.root / "plan.json"
    if content == "/":
        file.mkdir()
    elif isinstance(content, bytes):
        file.write_bytes(content)

    ended = played.run(command, "plan.json")

    assert ended.code == 1
    assert expected in ended.output
    assert "plan.json" in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("command", ["show", "apply"])
def test_an_altered_plan_is_refused(played: Played, command: str) -> None:
    played.run("plan", "--out", "plan.json")
    file = played.root / "plan.json"
    file.write_text(file.read_text(encoding="utf-8").replace("Engineer", "Chief Engineer"), encoding="utf-8")

    ended = played.run(command, "plan.json")

    assert ended.code == 1
    assert "this plan was changed: the changes of aws do not match their digest; plan again" in ended.output


@pytest.mark.parametrize("out", [".", "people.yaml/plan.json"])
def test_a_plan_that_cannot_be_saved_is_an_error_and_not_half_a_file(played: Played, out: str) -> None:
    (played.root / "people.yaml").write_text("", encoding="utf-8")

    ended = played.run("plan", "--out", out)

    assert ended.code == 1
    assert "cannot be written" in ended.err
    assert sorted(path.name for path in played.root.iterdir()) == [".reconciler", "identities", "people.yaml"]


def test_only_plans_an_address_and_what_it_needs(played: Played) -> None:
    ended = played.run("plan", "--only", "aws/membership/dev/cyd", "--format", "json")

    (part,) = json.loads(ended.out)["targets"]
    assert part["partial"]
    assert [change["address"] for change in part["changes"]] == [
        "aws/group/dev",
        "aws/membership/dev/cyd",
        "aws/user/cyd",
    ]


def test_now_plans_as_if_it_were_then(played: Played) -> None:
    played.write({"people.yaml": PEOPLE.replace("title: Engineer", "until: 2026-12-31")})
    played.write({"groups.yaml": GROUPS})

    before = played.run("plan", "--now", "2026-12-31T23:59:59Z")
    after = played.run("plan", "--now", "2027-01-01T00:00:00Z")

    assert "Users: 3 to create" in before.out
    assert "Users: 2 to create" in after.out


def test_several_targets_are_planned_and_one_can_be_chosen(played: Played) -> None:
    second = "  other: {type: identity-center, region: us-east-1, paths: [groups.yaml]}\n"
    played.write({"reconciler.yaml": CONFIG + second})

    both = json.loads(played.run("plan", "--format", "json").out)
    one = json.loads(played.run("plan", "--format", "json", "--target", "other").out)

    assert [part["target"] for part in both["targets"]] == ["aws", "other"]
    assert [part["target"] for part in one["targets"]] == ["other"]


def test_only_leaves_other_targets_alone(played: Played) -> None:
    second = "  other: {type: identity-center, region: us-east-1, paths: [groups.yaml]}\n"
    played.write({"reconciler.yaml": CONFIG + second})

    planned = json.loads(played.run("plan", "--format", "json", "--only", "aws/user/ada").out)

    assert [part["target"] for part in planned["targets"]] == ["aws"]


def test_without_a_configuration_aws_is_never_asked(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    played.write({"reconciler.yaml": None})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1")

    ended = played.shell("plan", "--identities", "identities")
    assert ended.code == 0, "the sandbox needs none"
    played._options = ()
    ended = played.run("plan")
    assert ended.code == 1
    assert "identities/reconciler.yaml does not exist, so no target is configured" in ended.output


def test_a_read_that_fails_leaves_no_plan_behind(real: Real) -> None:
    real.sandbox.faults.add("deny", "identitystore.ListUsers", count=None)

    ended = real.plan()

    assert ended.code == 1
    assert "identitystore:ListUsers" in ended.output
    assert ended.out == ""
    assert not Path(real.file).exists()


def test_nobody_behind_the_endpoint_is_an_error_that_says_so(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.sandbox.stop()

    ended = real.plan()

    assert ended.code == 1
    assert "aws sso-admin.ListInstances" in ended.output


def test_schemas_are_written_where_they_are_wanted(played: Played) -> None:
    ended = played.run("schema", "--out", "editor/schemas")

    assert ended.code == 0
    for line in ended.out.splitlines():
        assert json.loads((played.root / line).read_text(encoding="utf-8"))["$schema"]
    assert len(ended.out.splitlines()) == 4 + len(OUTPUTS)


def test_schemas_that_cannot_be_written_are_an_error(played: Played) -> None:
    ended = played.run("schema", "--out", "identities/people.yaml")

    assert ended.code == 1
    assert "name another folder with --out" in ended.err

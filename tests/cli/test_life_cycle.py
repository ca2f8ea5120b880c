"""A repository and AWS, from the first apply on: what git remembers, who may apply, what travels by tag."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.loading.receipt import parse_receipt
from reconciler.sandbox import FaultKind, Sandbox
from tests.cli.clones import another, first_clone, push
from tests.cli.stage import CONFIG, FILES, GROUPS, PEOPLE, TEAM, Real
from tests.repositories import Work

TAG = "reconciler/applied/aws"
LAB, LABS = "210000000030", "210000000031"
BY_TAG = """\
permission_sets: {Read: {}, Late: {managed_policies: [ReadOnlyAccess]}}
assignments: {lab: {groups: [ops], permission_sets: [Read], accounts: [{tag: {env: lab}}]}}
"""
GUARDED = CONFIG + "guards: {protected: {groups: [ops]}}\n"


@pytest.fixture
def cloned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> Real:
    """A clone of a bare repository, as people have it."""
    return first_clone(tmp_path, monkeypatch, capsys, aws)


def test_the_first_apply_must_be_said_to_be_the_first(real: Real) -> None:
    planned = real.plan()
    assert "apply the first time with --first-apply" in planned.output
    assert "so nothing is removed for being absent from git" in planned.output
    assert "reconciler apply --first-apply " in planned.out.splitlines()[-1]
    real.forget()

    refused = real.run("apply", real.file)

    assert refused.code == 1
    assert f"the tag {TAG} does not exist here" in refused.output
    assert (
        "run `git fetch origin --tags --force`; if this is the first apply, use --first-apply"
        in refused.output
    )
    assert real.written() == []

    assert real.run("apply", real.file, "--first-apply").code == 0
    assert real.memberships() == TEAM


def test_the_note_on_a_first_apply_does_not_deny_the_removal_below_it(real: Real) -> None:
    real.sandbox.store.add_user("ada@example.com", email="ada@example.com")
    real.sandbox.store.add_group("ops")
    real.sandbox.store.add_member("ops", "ada@example.com")
    real.commit({"blocked.yaml": "blocked:\n  ada: {since: 2020-01-01, reason: SEC-1}\n"})

    planned = real.plan()

    assert "1 to delete" in planned.output
    assert "nothing is removed" not in planned.output
    assert "what is removed below goes by what git says now" in planned.output


def test_a_whole_apply_moves_the_tag_and_leaves_a_receipt_on_it(settled: Real) -> None:
    assert settled.tag() == settled.work.git("rev-parse", "HEAD")
    message = settled.work.git("for-each-ref", "--format=%(contents)", f"refs/tags/{TAG}")
    receipt = parse_receipt(message, settled.tag() or "")
    assert receipt.target == "aws"
    assert receipt.identity["instance_arn"] == settled.sandbox.instance_arn
    assert receipt.digest in settled.run("show", settled.file, "--format", "json").out

    head = settled.commit({"people.yaml": PEOPLE.replace("Engineer", "Lead")})
    settled.converge()
    assert settled.tag() == head


def test_an_account_that_moves_after_half_a_first_apply_keeps_nothing_although_the_files_are_the_same(
    real: Real,
) -> None:
    for account in (LAB, LABS):
        real.sandbox.store.create_account(account, f"lab-{account}", tags={"env": "lab"})
    real.commit({"access.yaml": BY_TAG})
    real.plan()
    # Nothing but this one set fails; whoever is denied would stop all the rest.
    real.sandbox.faults.add(FaultKind.NOT_FOUND, "sso-admin.AttachManaged*", count=None)
    assert real.run("apply", real.file, "--first-apply").code == 6
    given = {(account, "Read", "GROUP", "ops") for account in (LAB, LABS)}
    assert real.sandbox.store.assignments() == given
    real.sandbox.faults.clear()
    real.sandbox.store.tag_account(LAB, {"env": None})

    planned = real.plan()

    assert "apply the first time with --first-apply" in planned.output
    assert "nothing is removed" not in planned.output
    assert "is taken back where git does not have it any more" in planned.output
    assert real.run("apply", real.file, "--first-apply").code == 0
    assert real.sandbox.store.assignments() == given - {(LAB, "Read", "GROUP", "ops")}
    assert real.memberships() == TEAM


def test_what_is_not_committed_is_planned_with_a_note_and_never_applied(settled: Real) -> None:
    settled.write({"people.yaml": PEOPLE.replace("Engineer", "Lead")})

    planned = settled.plan()
    assert planned.code == 0
    assert "identities differs from HEAD: people.yaml" in planned.output
    assert "apply refuses until then" in planned.output
    settled.forget()
    applied = settled.run("apply", settled.file)

    assert applied.code == 1
    assert "identities differs from HEAD: people.yaml" in applied.output
    assert "commit it, or put it back" in applied.output
    assert settled.written() == []


def test_files_that_git_was_told_to_ignore_count_as_not_committed(real: Real) -> None:
    (real.root / ".gitignore").write_text("identities/extra.yaml\n", encoding="utf-8")
    real.commit()
    real.write({"extra.yaml": "users:\n  eve: {user_name: eve@example.com}\n"})
    real.plan()

    applied = real.run("apply", real.file, "--first-apply")

    assert applied.code == 1
    assert "identities differs from HEAD: extra.yaml" in applied.output


def test_a_folder_without_git_can_be_planned_and_not_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> None:
    nowhere = Work(tmp_path / "access", monkeypatch, start=False)
    stage = Real(nowhere.root, monkeypatch, capsys, aws, nowhere)
    stage.write(FILES)

    planned = stage.plan()
    applied = stage.run("apply", stage.file, "--first-apply")

    assert planned.code == 0
    assert applied.code == 1
    assert "apply works from git" in applied.output
    assert stage.memberships() == {}


def test_a_branch_that_is_not_merged_is_planned_and_not_applied(cloned: Real) -> None:
    cloned.converge("--first-apply")
    cloned.work.git("checkout", "-q", "-b", "proposal")
    cloned.commit({"people.yaml": PEOPLE.replace("Engineer", "Lead")})

    planned = cloned.plan()
    cloned.forget()
    applied = cloned.run("apply", cloned.file)

    assert planned.code == 0
    assert "is not on origin/main" in planned.output
    assert applied.code == 1
    assert "is not on origin/main merge it first" in applied.output.replace("(", "").replace(")", "")
    assert cloned.written() == []

    cloned.work.git("checkout", "-q", "main")
    cloned.work.merge("proposal")
    push(cloned)
    assert cloned.run("apply", cloned.file).code == 0
    assert cloned.sandbox.store.users()["ada@example.com"]["Title"] == "Lead"


def test_another_branch_can_be_named_as_the_one_people_agreed_on(cloned: Real) -> None:
    cloned.work.git("checkout", "-q", "-b", "release")
    cloned.commit({"people.yaml": PEOPLE.replace("Engineer", "Lead")})
    cloned.work.git("push", "-q", "origin", "release")
    cloned.plan("--trusted-ref", "release")

    assert cloned.run("apply", cloned.file, "--first-apply").code == 1
    assert cloned.run("apply", cloned.file, "--first-apply", "--trusted-ref", "release").code == 0
    unknown = cloned.run("plan", "--trusted-ref", "nowhere")
    assert unknown.code == 1
    assert "the trusted ref 'nowhere' names no commit in this clone" in unknown.output


def test_a_guard_that_a_branch_drops_is_shown_and_used_all_the_same(cloned: Real) -> None:
    cloned.commit({"reconciler.yaml": GUARDED})
    push(cloned)
    cloned.converge("--first-apply")
    cloned.work.git("checkout", "-q", "-b", "proposal")
    renamed = GROUPS.replace("{members: [ada", "{display_name: Operations, members: [ada")
    cloned.commit({"reconciler.yaml": CONFIG, "groups.yaml": renamed})

    planned = cloned.plan()

    assert planned.code == 3
    assert "protected" in planned.out
    assert "reconciler.yaml differs from origin/main in what is only taken from there" in planned.output
    assert "guards of aws are used as they are on the trusted branch" in planned.output


def test_what_was_declared_and_is_gone_is_removed_because_git_remembers(settled: Real) -> None:
    settled.sandbox.store.add_user("eve@example.com")
    settled.commit(
        {
            "people.yaml": PEOPLE.replace(
                "  bob: {user_name: bob@example.com, given_name: Bob, family_name: Keller}\n", ""
            ),
            "groups.yaml": GROUPS.replace("[ada, bob]", "[ada]"),
        }
    )

    settled.converge()

    assert settled.memberships()["ops"] == {"ada@example.com"}
    assert "eve@example.com" in settled.sandbox.store.users(), "never declared, so left alone"


def test_what_a_reverted_commit_left_behind_is_removed(settled: Real) -> None:
    base = settled.tag()
    eve = "  eve: {user_name: eve@example.com, given_name: Eve, family_name: Mallory}\n"
    joined = GROUPS.replace("[cyd]", "[cyd, eve]") + "  new: {members: [eve]}\n"
    settled.commit({"people.yaml": PEOPLE + eve, "groups.yaml": joined})
    settled.plan()
    settled.sandbox.faults.add(FaultKind.ERROR, "identitystore.CreateGroup", count=None)
    assert settled.run("apply", settled.file).code == 6
    assert settled.tag() == base
    assert "eve@example.com" in settled.memberships()["dev"]
    settled.sandbox.faults.clear()

    settled.commit({"people.yaml": PEOPLE, "groups.yaml": GROUPS}, "revert")
    settled.converge()

    assert settled.memberships() == TEAM
    assert settled.tag() == settled.work.git("rev-parse", "HEAD")


def test_a_second_clone_needs_the_tag_and_then_applies(
    cloned: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloned.converge("--first-apply", "--push")
    cloned.commit({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob]")})
    push(cloned)
    second = another(cloned, monkeypatch, capsys)
    second.work.git("tag", "-d", TAG)
    incomplete = second.plan()
    assert (incomplete.code, Path(second.file).exists()) == (1, False)

    refused = second.run("apply", "--expect-digest", "sha256:" + 64 * "0")
    assert refused.code == 1
    assert "git fetch origin --tags --force" in refused.output
    second.work.git("fetch", "-q", "origin", "--tags", "--force")
    second.converge("--push")

    assert second.memberships()["dev"] == {"bob@example.com", "cyd@example.com"}
    remote = second.work.git("ls-remote", "origin", f"refs/tags/{TAG}^{{}}").split()[0]
    assert remote == second.tag() == second.work.git("rev-parse", "HEAD")


def test_a_clone_that_is_behind_undoes_nothing(
    cloned: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloned.converge("--first-apply", "--push")
    behind = another(cloned, monkeypatch, capsys, "behind")
    cloned.commit({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob]")})
    push(cloned)
    cloned.converge("--push")
    behind.work.git("fetch", "-q", "origin", "--tags", "--force")
    behind.plan()

    refused = behind.run("apply", behind.file)

    assert refused.code == 1
    assert "was applied last, and HEAD does not contain it" in refused.output
    assert cloned.memberships()["dev"] == {"bob@example.com", "cyd@example.com"}


def test_a_tag_that_cannot_be_pushed_is_exit_code_6_with_what_to_run(cloned: Real) -> None:
    cloned.converge("--first-apply", "--push")
    cloned.commit({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob]")})
    push(cloned)
    cloned.plan()
    refuses = cloned.root.parent / "origin.git" / "hooks" / "update"
    refuses.write_text("#!/bin/sh\ncase $1 in refs/tags/reconciler/applied/*) exit 1;; esac\n")
    refuses.chmod(0o755)

    ended = cloned.run("apply", cloned.file)

    assert ended.code == 6
    assert "Applied 1 of 1 change." in ended.out
    assert "it could not be pushed to origin" in ended.output
    assert "apply again: nothing is left to write" in ended.output
    assert cloned.tag() == cloned.work.git("rev-parse", "HEAD")
    refuses.unlink()
    assert cloned.run("apply", cloned.file).code == 0


def test_a_shallow_clone_applies_nothing(
    cloned: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloned.converge("--first-apply", "--push")
    cloned.commit({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob]")})
    push(cloned)
    root = cloned.root.parent / "shallow"
    Work(cloned.root.parent / "origin.git", monkeypatch, start=False).clone(root, monkeypatch, ["--depth=1"])
    shallow = Real(root, monkeypatch, capsys, cloned.sandbox, Work(root, monkeypatch, start=False))

    planned = shallow.plan()
    refused = shallow.run("apply", cloned.file, "--first-apply")

    assert planned.code == 1
    assert not Path(shallow.file).exists()
    assert "this clone is shallow" in planned.output
    assert refused.code == 1
    assert "git fetch --unshallow origin" in refused.output


def test_git_is_not_needed_to_look_and_its_absence_is_said(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert real.run("validate").code == 0
    ended = real.run("plan")

    assert ended.code == 1
    assert "git is not installed" in ended.output


def test_the_embedded_sandbox_never_touches_the_tags_of_a_repository(real: Real) -> None:
    ended = real.run("plan", "--sandbox", "--out", real.file)
    assert ended.code == 0
    assert real.run("apply", real.file, "--sandbox").code == 0

    assert real.tag() is None
    assert real.memberships() == {}

"""`reconciler adopt`: what is live becomes files that plan empty, and nothing is lost on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.holding import Gate
from tests.cli.stage import CONFIG, SPEED, Real
from tests.support import messy

Start = Callable[[Sandbox], Real]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Start:
    """Makes an empty repository in front of a sandbox."""

    def begun(sandbox: Sandbox) -> Real:
        stage = Real(tmp_path / f"access-{len(list(tmp_path.iterdir()))}", monkeypatch, capsys, sandbox)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        stage.work.commit({"README": "ours"}, message="begin")
        stage.forget()
        return stage

    return begun


@pytest.fixture
def small(begin: Start, aws: Sandbox) -> Real:
    """An empty repository in front of three people, two groups and one grant."""
    store = aws.store
    for name in ("ada", "bob", "cyd"):
        store.add_user(f"{name}@example.com", email=f"{name}@example.com")
    store.add_group("ops")
    store.add_group("dev")
    store.add_member("ops", "ada@example.com")
    store.create_account("210000000001", "prod", unit="Workloads")
    store.create_account("210000000002", "dev", unit="Workloads")
    store.create_permission_set("Read", managed_policies=["arn:aws:iam::aws:policy/ReadOnlyAccess"])
    store.put_assignment("210000000001", "Read", group="ops")
    return begin(aws)


def texts(stage: Real) -> Mapping[str, str]:
    folder = stage.root / "identities"
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def applied_first(stage: Real) -> None:
    """Commit what was adopted, and expect that neither plan nor first apply have anything to write."""
    stage.commit(message="adopt")
    planned = stage.run("plan", "--out", stage.file, "--detailed-exitcode")
    assert planned.code == 0, planned.output
    applied = stage.run("apply", stage.file, "--first-apply")
    assert applied.code == 0, applied.output
    assert stage.tag() is not None
    assert stage.run("plan", "--detailed-exitcode").code == 0
    assert stage.written() == []


@contextmanager
def kept(path: Path) -> Any:
    gate = Gate(SPEED)
    with Sandbox(path, clock=gate, latency=0.0) as sandbox:
        yield sandbox
        gate.open()


def test_a_messy_organization_plans_empty_and_comes_back_the_same(begin: Start, tmp_path: Path) -> None:
    original, copy = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    with kept(original) as sandbox:
        messy.organization(sandbox.store)
    shutil.copy(original, copy)
    with kept(original) as sandbox:
        messy.others(sandbox.store)
        messy.ours(sandbox.store)
        before = sandbox.store.assignments(), sandbox.store.memberships()
        stage = begin(sandbox)
        ended = stage.run("adopt", "--region", "us-east-1")
        assert ended.code == 0, ended.output
        written = texts(stage)
        applied_first(stage)
        assert (sandbox.store.assignments(), sandbox.store.memberships()) == before

    for said in (
        "AWSReadOnlyAccess: AWS Control Tower makes and changes it",
        "Lagging: 1 role of it lags behind its definition",
        f"assignment ReadOnly on {messy.account(4)}: the account is not active",
        f"Admin on {messy.account(2)}: the user",
        "apply plan.json --first-apply",
    ):
        assert said in ended.output
    assert "accounts: [{all: true}]" in written["assignments.yaml"]
    assert "except: [app-0-300000000007]" in written["assignments.yaml"]
    assert "entra-everyone: {external: true}" in written["groups.yaml"]

    with kept(copy) as sandbox:
        messy.others(sandbox.store)
        again = begin(sandbox)
        again.write(written)
        again.commit()
        planned = again.plan()
        assert again.run("apply", again.file, "--first-apply").code == 0, planned.output
        # That channel disables nobody.
        sandbox.store.set_status("idle@example.com", "DISABLED")
        other = begin(sandbox)
        assert other.run("adopt").code == 0
        assert texts(other) == written


def test_it_needs_no_repository_and_no_folder(small: Real) -> None:
    ended = small.run("adopt", "--identities", "new/folder", "--format", "json")

    assert ended.code == 0, ended.output
    told = json.loads(ended.out)
    assert (told["users"], told["groups"], told["assignments"], told["entries"]) == (3, 2, 1, 1)
    assert (small.root / "new/folder/reconciler.yaml").is_file()
    assert small.run("validate", "--identities", "new/folder").code == 0
    assert small.written() == []


def test_a_reconciler_yaml_that_is_there_says_where_to_look_and_stays(small: Real) -> None:
    small.sandbox.store.create_permission_set("AWSReadOnlyAccess")
    small.write({"reconciler.yaml": CONFIG.replace("aws:", "here:")})
    small.commit()

    ended = small.run("adopt")

    assert ended.code == 0, ended.output
    assert "here: 3 users" in ended.output
    assert texts(small)["reconciler.yaml"] == CONFIG.replace("aws:", "here:")
    assert "Add this to reconciler.yaml" in ended.output
    assert small.run("adopt", "--region", "us-east-1").code == 64


def test_nothing_is_written_where_the_plan_would_not_be_empty(small: Real) -> None:
    small.write({"reconciler.yaml": CONFIG + "scope: {assignments: authoritative}\n"})
    small.commit()
    small.sandbox.store.put_assignment("210000000002", "Read", user="bob@example.com")
    before = texts(small)

    ended = small.run("adopt", "--users", "none")

    assert ended.code == 1, ended.output
    assert "nothing was written" in ended.output
    assert "the plan would delete aws/assignment/210000000002/Read/user:~" in ended.output
    assert texts(small) == before


def test_files_that_feed_no_target_are_not_written(small: Real) -> None:
    small.write({"reconciler.yaml": CONFIG.replace("us-east-1", 'us-east-1, paths: ["teams/**"]')})
    small.commit()

    ended = small.run("adopt")

    assert ended.code == 1, ended.output
    assert set(texts(small)) == {"reconciler.yaml"}


def test_what_was_applied_before_is_not_adopted_as_if_it_never_had_been(small: Real) -> None:
    assert small.run("adopt").code == 0
    applied_first(small)
    shutil.rmtree(small.root / "identities")

    ended = small.run("adopt")

    assert ended.code == 1, ended.output
    assert "restore the files" in ended.output


@pytest.mark.parametrize(
    ("users", "declared"), [("all", {"ada", "bob", "cyd"}), ("referenced", {"ada"}), ("none", set())]
)
def test_users_are_declared_as_asked(small: Real, users: str, declared: set[str]) -> None:
    ended = small.run("adopt", "--users", users)

    assert ended.code == 0, ended.output
    found = texts(small)
    lines = found.get("users.yaml", "").splitlines()
    assert {line.split(":")[0].strip() for line in lines if line.startswith("  ")} == declared
    assert ("members:" in found["groups.yaml"]) == (users != "none")
    applied_first(small)


def test_by_name_writes_no_selector(small: Real) -> None:
    small.sandbox.store.put_assignment("210000000002", "Read", group="ops")

    assert small.run("adopt", "--by-name").code == 0
    assert "accounts: [dev, prod]" in texts(small)["assignments.yaml"]


def test_another_file_in_the_way_keeps_all_of_them_from_being_written(small: Real) -> None:
    small.sandbox.store.set_inline_policy(
        "Read", {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    )
    small.write({"policies/Read.json": "mine"})

    ended = small.run("adopt")

    assert ended.code == 64, ended.output
    assert "move it away, or name another folder with --identities" in ended.output
    assert texts(small) == {"policies/Read.json": "mine"}


@pytest.mark.parametrize("text", ["# to do\n", "users: {}\n", "users:\n", "", "---\n{}\n"])
def test_files_that_declare_nothing_are_no_hindrance(small: Real, text: str) -> None:
    small.write({"notes.yaml": text})

    ended = small.run("adopt")

    assert ended.code == 0, ended.output
    assert "reconciler.yaml" in texts(small)
    assert texts(small)["notes.yaml"] == text
    assert small.run("plan", "--detailed-exitcode").code == 0


def test_the_embedded_sandbox_can_be_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.cli.stage import Played

    played = Played(tmp_path / "played", monkeypatch, capsys)
    played.converge()
    before = played.memberships()

    ended = played.run("adopt", "--sandbox", "--identities", "fresh")

    assert ended.code == 1, ended.output  # what was applied there is remembered
    (played.root / ".reconciler/sandbox-record.json").unlink()
    ended = played.run("adopt", "--sandbox", "--identities", "fresh")
    assert ended.code == 0, ended.output
    assert played.run("plan", "--identities", "fresh", "--detailed-exitcode").code == 0
    assert played.memberships() == before


def test_what_is_written_locally_stays_out_of_git(small: Real) -> None:
    said = small.run("adopt")
    assert "Written to .gitignore" in said.output
    assert "git add identities .gitignore" in said.output
    applied_first(small)
    for name in (".reconciler/sandbox.sqlite", "plan.json", "access.html"):
        (small.root / name).parent.mkdir(exist_ok=True)
        (small.root / name).write_text("x", encoding="utf-8")
    assert small.work.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ("*.tmp\n", [".reconciler/", "plan.json", "access.html"]),
        ("plan.json\n/.reconciler\n", ["access.html"]),
        ("*.json\n*.html\n.reconciler/\n", []),
    ],
)
def test_a_gitignore_that_is_there_stays_and_what_it_lacks_is_said(
    small: Real, there: str, missing: list[str]
) -> None:
    small.work.commit({".gitignore": there})

    said = small.run("adopt")

    assert (small.root / ".gitignore").read_text("utf-8") == there
    assert ("Add this to .gitignore" in said.output) is bool(missing)
    assert [line.strip() for line in said.out.splitlines() if line.strip() in
            (".reconciler/", "plan.json", "access.html")] == missing  # fmt: skip
    assert "git add identities &&" in said.output


def test_outside_git_no_gitignore_is_written(small: Real) -> None:
    (small.root / ".git").rename(small.root / "elsewhere")
    said = small.run("adopt", "--sandbox")
    assert said.code == 0
    assert not (small.root / ".gitignore").exists()
    assert "git init -b main" in said.output


def test_comments_name_commands_that_exist_and_no_page_of_this_repository(begin: Start, aws: Sandbox) -> None:
    messy.seed(aws.store)
    stage = begin(aws)
    assert stage.run("adopt").code == 0
    everything = "".join(texts(stage).values())
    assert "docs/" not in everything
    assert "`reconciler explain max-removals`" in everything
    assert stage.run("explain", "max-removals").code == 0


def test_the_first_apply_says_what_it_did(small: Real) -> None:
    small.run("adopt")
    small.commit()
    small.plan()
    first = small.run("apply", small.file, "--first-apply")
    assert "From now on git remembers what it declares at aws" in first.output
    assert (
        first.out.splitlines()[-1] == "No change was to be applied, and nothing was written to any service."
    )
    small.plan()
    again = small.run("apply", small.file)
    assert "remembered from now on" not in again.output
    assert "Nothing had to be done at aws." in again.output


def test_next_steps_repeat_the_options_that_were_given(small: Real) -> None:
    said = small.run("adopt", "--sandbox", "--identities", "our files").output
    assert "git add 'our files' .gitignore" in said
    assert "plan --sandbox --identities 'our files' --out plan.json && reconciler apply --sandbox" in said
    assert "--first-apply" not in said

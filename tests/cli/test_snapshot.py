"""A plan by a snapshot: what a pull request sees where no service may be asked."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, TEAM, Real
from tests.support.patience import PATIENCE

TAG = "reconciler/snapshot"
MORE = "groups:\n  ops: {members: [ada, bob, cyd]}\n  dev: {members: [cyd]}\n"


@pytest.fixture
def shared(cloned_once: Done) -> Real:
    """A clone with a remote, applied whole, and a snapshot of it."""

    def record(stage: Real) -> None:
        stage.converge("--first-apply")
        assert stage.run("snapshot").code == 0

    return cloned_once("recorded", record)


def without_services(stage: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, and an address where nobody listens."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    stage.forget()


def test_a_plan_by_a_snapshot_asks_no_service_and_its_apply_does_it(
    shared: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = shared.sandbox.url
    shared.commit({"groups.yaml": MORE})
    shared.work.git("push", "-q", "origin", "main")
    with monkeypatch.context() as alone:
        without_services(shared, alone)
        planned = shared.run("plan", "--live", TAG, "--out", shared.file, "--detailed-exitcode")
        assert planned.code == 2, planned.output
        assert list(shared.sandbox.requests) == []
    assert "+ cyd" in planned.out
    assert "what is live comes from a snapshot that is " in planned.out

    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert shared.run("apply", shared.file).code == 0
    assert shared.memberships()["ops"] == {"ada@example.com", "bob@example.com", "cyd@example.com"}
    assert shared.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(("minutes", "said"), [(3, "3 minutes old"), (90, "1 hour old")])
def test_a_plan_says_how_old_the_snapshot_is(shared: Real, minutes: int, said: str) -> None:
    """By a time that is given: how long the tests before this one took must not matter."""
    recorded = json.loads(shared.work.git("show", f"{TAG}:aws.json"))
    taken = datetime.fromisoformat(recorded["taken_at"])

    planned = shared.run("plan", "--live", TAG, "--now", (taken + timedelta(minutes=minutes)).isoformat())

    assert f"what is live comes from a snapshot that is {said}" in planned.out


def test_it_plans_what_a_plan_of_the_services_plans(shared: Real) -> None:
    shared.commit({"groups.yaml": MORE})

    by_snapshot, by_services = (
        json.loads(shared.run("plan", "--format", "json", *options).out) for options in (("--live", TAG), ())
    )

    assert by_snapshot["targets"][0]["changes"] == by_services["targets"][0]["changes"]
    assert by_snapshot["targets"][0]["digest"] == by_services["targets"][0]["digest"]


def test_a_fresh_clone_finds_the_snapshot_at_the_remote(shared: Real, tmp_path: Path) -> None:
    origin = shared.work.git("remote", "get-url", "origin")
    clone = tmp_path / "fresh"
    subprocess.run(
        ["git", "clone", "-q", origin, str(clone)], timeout=PATIENCE, check=True, capture_output=True
    )

    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", TAG],
        cwd=clone,
        timeout=PATIENCE,
        check=True,
        capture_output=True,
        text=True,
    )

    assert listed.stdout.split() == ["aws.json"]


@pytest.mark.parametrize(
    "name", ["main", "refs/heads/main", "snapshot.json", "HEAD", "reconciler/", "../reconciler/x"]
)
def test_only_a_tag_below_reconciler_is_taken(shared: Real, name: str) -> None:
    """A branch, a file, a commit could be part of what the pull request brings."""
    shared.commit({"groups.yaml": MORE})

    ended = shared.run("plan", "--live", name)

    assert ended.code == 1
    assert "is not the name of a snapshot: it is a tag below reconciler/" in ended.output


def test_a_branch_of_the_name_is_not_taken_for_the_tag(shared: Real) -> None:
    shared.work.git("branch", TAG, "HEAD")

    assert shared.run("plan", "--live", TAG, "--detailed-exitcode").code == 0


def test_an_old_snapshot_is_refused(shared: Real) -> None:
    later = "2126-01-01T00:00:00Z"

    old = shared.run("plan", "--live", TAG, "--now", later)
    early = shared.run("plan", "--live", TAG, "--now", "2020-01-01T00:00:00Z")

    assert old.code == 1
    assert f"the snapshot {TAG} of aws is" in old.output
    assert "days old, and at most 24 hours are allowed: take it anew, or raise --max-age" in old.output
    assert early.code == 1
    assert "was taken in the future" in early.output
    assert shared.run("plan", "--live", TAG, "--now", later, "--max-age", "99999d").code == 0


def test_without_a_snapshot_the_error_says_how_to_get_one(shared: Real) -> None:
    shared.work.git("tag", "-d", TAG)

    ended = shared.run("plan", "--live", TAG)

    assert ended.code == 1
    assert (
        "the tag reconciler/snapshot does not exist here: run `git fetch origin --tags --force`"
        in ended.output
    )


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text[: len(text) // 2], "it is not JSON"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "it is a snapshot of format 2"),
        (lambda text: text.replace('"members"', '"member"'), "it is not a valid snapshot"),
        (lambda text: text.replace('"target": "aws"', '"target": "other"'), "is a snapshot of other"),
        (lambda text: text.replace("group:", "team:"), "is not a principal"),
        (lambda text: "[]", "it is not a valid snapshot"),
    ],
    ids=["cut off", "newer", "a field", "another target", "a principal", "no object"],
)
def test_a_damaged_snapshot_is_refused(shared: Real, damage: object, reason: str) -> None:
    assert callable(damage)
    text = shared.work.git("show", f"{TAG}:aws.json")
    if "principal" in reason and "group:" not in text:
        text = text.replace('"assignments": {}', '"assignments": {"1": {"arn": ["group:x"]}}')
    folder = shared.root.parent / "made"
    folder.mkdir()
    (folder / "aws.json").write_text(damage(text), encoding="utf-8")
    blob = shared.work.git("hash-object", "-w", str(folder / "aws.json"))
    made = subprocess.run(
        ["git", "mktree"],
        cwd=shared.root,
        input=f"100644 blob {blob}\taws.json\n",
        timeout=PATIENCE,
        check=True,
        capture_output=True,
        text=True,
    )
    commit = shared.work.git("commit-tree", made.stdout.strip(), "-m", "damaged")
    shared.work.git("update-ref", f"refs/tags/{TAG}", commit)

    ended = shared.run("plan", "--live", TAG)

    assert ended.code == 1
    assert f"aws.json at the tag {TAG}" in ended.output
    assert reason in ended.output


def test_a_redacted_snapshot_tells_nothing_that_git_does_not_and_plans_the_same(shared: Real) -> None:
    """Somebody else's people are there without their names; what git holds stays as it is."""
    shared.sandbox.store.add_user("eve.secret@example.com")
    shared.sandbox.store.add_member("ops", "eve.secret@example.com")

    assert shared.run("snapshot", "--redact").code == 0
    text = shared.work.git("show", f"{TAG}:aws.json")
    planned = shared.run("plan", "--live", TAG, "--detailed-exitcode")

    assert "eve.secret" not in text
    assert "ada@example.com" in text
    assert "(redacted)" in text
    assert "it does not tell what git does not say" in planned.out
    assert planned.code == shared.run("plan", "--detailed-exitcode").code


def test_a_public_repository_takes_only_a_redacted_one(
    shared: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"private": False}}), encoding="utf-8")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))

    refused = shared.run("snapshot")

    assert refused.code == 64
    assert "this repository is public" in refused.output
    assert shared.run("snapshot", "--redact").code == 0


@pytest.mark.parametrize(
    ("event", "variables", "code"),
    [
        ('{"repository": {"private": true}}', {"GITHUB_ACTIONS": "true"}, 0),
        ('{"schedule": "* * * * *"}', {"GITHUB_ACTIONS": "true"}, 64),
        ("null", {"GITHUB_ACTIONS": "true"}, 64),
        ("", {"GITHUB_ACTIONS": "true"}, 64),
        ("", {"CI_PROJECT_VISIBILITY": "public"}, 64),
        ("", {"CI_PROJECT_VISIBILITY": "private"}, 0),
        ("", {}, 0),
    ],
)
def test_who_may_read_the_repository_is_what_the_forge_says(
    shared: Real,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
    variables: dict[str, str],
    code: int,
) -> None:
    file = tmp_path / "event.json"
    file.write_text(event, encoding="utf-8")
    for name in ("GITHUB_ACTIONS", "CI_PROJECT_VISIBILITY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**variables, "GITHUB_EVENT_PATH": str(file)}.items():
        monkeypatch.setenv(name, value)

    assert shared.run("snapshot").code == code


def test_a_snapshot_of_one_target_keeps_those_of_the_others(shared: Real) -> None:
    config = f"{CONFIG}  more: {{type: identity-center, region: us-east-1}}\n"
    shared.commit({"reconciler.yaml": config})
    shared.work.git("push", "-q", "origin", "main")
    assert shared.run("snapshot", "--target", "aws").code == 0

    assert shared.run("snapshot", "--target", "more").code == 0

    listed = shared.work.git("ls-tree", "--name-only", TAG).split()
    assert listed == ["aws.json", "more.json"]
    assert shared.run("snapshot", "--target", "more", "--redact").code == 0
    # What tells names does not stay beside what must tell none.
    assert shared.work.git("ls-tree", "--name-only", TAG).split() == ["more.json"]
    shared.commit({"reconciler.yaml": CONFIG})
    shared.work.git("push", "-q", "origin", "main")
    assert shared.run("snapshot").code == 0
    assert shared.work.git("ls-tree", "--name-only", TAG).split() == ["aws.json"]


def test_nothing_is_written_by_a_snapshot(shared: Real) -> None:
    shared.forget()

    assert shared.run("snapshot").code == 0

    assert shared.written() == []
    assert shared.memberships() == TEAM


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("plan", "--live", TAG, "--sandbox"), "--live and --sandbox exclude each other"),
        (("plan", "--live", TAG, "--max-age", "soon"), "'soon' is not a length of time; write it like 90m"),
        (("snapshot", "--sandbox"), "a snapshot is kept in git"),
        (("snapshot", "--now", "2026-01-01T00:00:00Z"), "a snapshot is of now"),
    ],
)
def test_what_makes_no_sense_is_refused(shared: Real, arguments: tuple[str, ...], reason: str) -> None:
    ended = shared.run(*arguments)

    assert ended.code == 64
    assert reason in ended.output

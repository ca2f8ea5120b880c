"""What only a process of its own shows: streams, signals, a sandbox that others serve."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.holding import gate, hold, signalled_at_the_gate, taken
from tests.cli.stage import PATIENCE, PEOPLE, SPEED, TEAM, Ended, Played, Real, no_traceback
from tests.support.patience import end, noted, watched


@contextmanager
def serving(stage: Played | Real, *options: str) -> Iterator[str]:
    """`reconciler sandbox` in a process of its own; the address that it says, and Ctrl-C at the end."""
    process = subprocess.Popen(
        stage.command("sandbox", *options),
        cwd=stage.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        with watched(process):
            match = re.match(r"export AWS_ENDPOINT_URL=(\S+)", process.stdout.readline())
            assert match is not None, process.communicate()
        yield match[1]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        end(process)
    assert process.returncode == 0
    assert "Stopped; the data is kept." in err
    assert "Traceback" not in err


def control(url: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Ask a sandbox of another process, or tell it something."""
    request = urllib.request.Request(
        f"{url}/_sandbox/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def start(stage: Played | Real, *arguments: str) -> subprocess.Popen[str]:
    return noted(
        subprocess.Popen(
            stage.command(*arguments),
            cwd=stage.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        end(process)  # one that hangs must not outlive the test
    return no_traceback(Ended(process.returncode, out, err))


def test_an_answer_and_what_stands_beside_it_are_in_order_in_one_file(played: Played) -> None:
    done = subprocess.run(
        played.command("plan"),
        cwd=played.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=False,
    )

    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("On the embedded sandbox")
    assert lines[1] == "aws: reading"
    assert lines[2] == "Users: 3 to create"


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_ends_nobody(played: Played, closed: str) -> None:
    command = " ".join(played.command("plan", "--detailed-exitcode"))
    done = subprocess.run(
        f"exec {command} {closed}>&-",
        shell=True,
        cwd=played.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr


def test_a_reader_that_leaves_gets_no_complaint(played: Played) -> None:
    process = start(played, "plan")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None

    left = ended(process)

    assert left.code == 1
    assert "BrokenPipe" not in left.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_disk_that_is_full_is_said(played: Played) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            played.command("plan"),
            cwd=played.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert done.returncode == 1
    assert "the answer cannot be written to stdout: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said(played: Played) -> None:
    with serving(played) as url:
        ended = played.shell("sandbox", "--port", url.rpartition(":")[2], "--file", "other.sqlite")

    assert ended.code == 1
    assert "cannot be served: Address already in use; name another with --port" in ended.output


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        pytest.param(
            lambda folder: folder.write_text("", encoding="utf-8"),
            "the folder .reconciler of the sandbox cannot be made: File exists",
            id="a-file-where-its-folder-belongs",
        ),
        pytest.param(
            lambda folder: (folder / "sandbox.sqlite").mkdir(parents=True),
            "cannot open .reconciler/sandbox.sqlite: Is a directory",
            id="a-folder-where-its-file-belongs",
        ),
        pytest.param(
            lambda folder: (folder.mkdir(), (folder / "sandbox.sqlite").write_bytes(b"no database" * 1000)),
            "is not a file of the sandbox: file is not a database; delete it",
            id="a-file-that-is-none",
        ),
        pytest.param(
            lambda folder: (folder.mkdir(), (folder / "sandbox-record.json").mkdir()),
            "sandbox-record.json cannot be read: Is a directory",
            id="a-folder-where-the-record-belongs",
        ),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_sandbox_that_cannot_be_opened_is_named(
    played: Played, tmp_path: Path, command: str, spoil: Callable[[Path], object], expected: str
) -> None:
    file = str(tmp_path / "plan.json")
    assert played.run("plan", "--out", file).code == 0
    for left in (played.root / ".reconciler").iterdir():
        left.unlink()
    (played.root / ".reconciler").rmdir()
    spoil(played.root / ".reconciler")

    ended = played.run(command, *([file] if command == "apply" else []))

    assert ended.code == 1
    assert expected in ended.output


def test_the_sandbox_serves_any_tool_and_counts_what_was_asked(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(real, "--speed", f"{SPEED:g}", "--file", "../aws.sqlite") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        real.plan()
        control(url, "faults", {"kind": "error", "operation": "identitystore.CreateGroup", "count": None})
        failed = real.run("apply", real.file, "--first-apply")
        assert failed.code == 6
        assert control(url, "counts")["identitystore.CreateUser"] == 3


def test_somebody_at_the_console_is_found_out(played: Played) -> None:
    played.converge()

    added = played.run("sandbox", "console", "add-member", "ops", "eve@example.com")
    assert added.out == "eve@example.com is a member of ops now, and git does not declare it.\n"
    removed = played.run("sandbox", "console", "remove-member", "dev", "cyd@example.com")
    assert removed.code == 0
    planned = played.run("plan", "--detailed-exitcode")

    assert planned.code == 2
    assert "eve@example.com" in planned.out
    assert "+ cyd" in planned.out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("add-member nobody ada@example.com", "group with the display name nobody does not exist"),
        ("remove-member dev ada@example.com", "ada@example.com is not a member of dev"),
        ("remove-member nobody ada@example.com", "group with the display name nobody does not exist"),
        ("add-member ops ada@example.com", "the sandbox refuses: "),
        ("add-member ops a\tb", "the sandbox refuses: "),
    ],
)
def test_what_the_console_cannot_do_is_said(played: Played, line: str, expected: str) -> None:
    played.converge()

    ended = played.run("sandbox", "console", *line.split(" "))

    assert ended.code == 1
    assert expected in ended.output
    assert played.memberships() == TEAM


def test_the_console_needs_a_sandbox_that_was_used(played: Played) -> None:
    ended = played.run("sandbox", "console", "add-member", "ops", "ada@example.com")

    assert ended.code == 1
    assert ".reconciler/sandbox.sqlite does not exist; run `reconciler plan --sandbox` first" in ended.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_reports_what_was_done_and_the_next_finishes(real: Real, number: int) -> None:
    people = "".join(
        f"  p{n}: {{user_name: p{n}@example.com, given_name: P, family_name: N}}\n" for n in range(60)
    )
    real.commit({"people.yaml": f"{PEOPLE}{people}"})
    real.plan()
    real.forget()
    hold(real, "identitystore.CreateUser", nth=3)
    process = start(real, "apply", real.file, "--first-apply")
    signalled_at_the_gate(real, process, number)

    stopped = ended(process)

    assert stopped.code == 6
    assert "Interrupted: applied " in stopped.out
    assert "Run `reconciler plan` to see what is left." in stopped.output
    done = len(real.sandbox.store.users())
    assert 0 < done < 63
    made = done + len(real.memberships()) + sum(map(len, real.memberships().values()))
    assert f"{made} created" in stopped.out
    assert real.tag() is None
    real.sandbox.faults.clear()
    assert real.run("apply", real.file, "--first-apply").code == 0
    assert len(real.sandbox.store.users()) == 63
    assert real.run("plan", "--detailed-exitcode").code == 0


def test_ctrl_c_twice_ends_without_a_traceback_and_is_no_success(real: Real) -> None:
    real.plan()
    hold(real, "identitystore.Create*", nth=2)
    process = start(real, "apply", real.file, "--first-apply")
    gate(real).has_held(process)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        taken(process)
    gate(real).open()

    stopped = ended(process)

    assert stopped.code == 6
    assert "Interrupted" in stopped.output
    real.sandbox.faults.clear()
    assert real.run("apply", real.file, "--first-apply").code == 0
    assert real.memberships() == TEAM


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_while_reading_writes_nothing(real: Real, number: int, code: int) -> None:
    real.plan()
    real.forget()
    hold(real, "identitystore.List*")
    process = start(real, "apply", real.file, "--first-apply")
    signalled_at_the_gate(real, process, number)

    stopped = ended(process)

    assert stopped.code == code
    assert "Interrupted; nothing was written to any service." in stopped.err
    assert real.written() == []


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_stream_that_cannot_spell_a_name_spells_it_out(played: Played, encoding: str) -> None:
    played.write({"people.yaml": PEOPLE.replace("Okafor", "Łukasiewicz")})

    ended = played.shell("plan", env={"PYTHONIOENCODING": encoding})

    assert ended.code == 0
    assert "\\u0141ukasiewicz" in ended.out

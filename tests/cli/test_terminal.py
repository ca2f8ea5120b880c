"""What a person at a terminal sees, and what they must type."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
from collections.abc import Mapping

import pytest

from tests.cli.stage import GROUPS, PATIENCE, TEAM, Ended, Played, no_traceback
from tests.support.forked import Forked

CTRL_C = "\x03"
# Seconds of silence after which Ctrl-C is pressed again: more than a busy machine needs to say that it ends.
AGAIN = 60


def on_a_terminal(stage: Played, typed: str, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command on a terminal of its own, and type when it asks; all that it shows is `out`."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **(env or {})}
    streams = (follower, follower, follower)
    process: subprocess.Popen[bytes] | Forked
    if typed == CTRL_C:
        # Who meets a signal depends on how the process began.
        process = subprocess.Popen(
            stage.command(*arguments),
            cwd=stage.root,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=environment,
        )
    else:
        process = Forked(stage.full(*arguments), stage.root, environment, streams)
    os.close(follower)
    shown, asked, silent = b"", False, 0
    try:
        while True:
            # A question in other words must not be waited for without end.
            if not select.select([leader], [], [], AGAIN if asked and typed == CTRL_C else PATIENCE)[0]:
                silent += 1
                if asked and typed == CTRL_C and silent * AGAIN < PATIENCE:
                    # Between its question and its reading Python takes note of a signal and reads on, for
                    # some microseconds. A person presses again.
                    process.send_signal(signal.SIGINT)
                    continue
                process.kill()
                raise AssertionError(shown.decode())
            try:
                piece = os.read(leader, 65536)
            except OSError:  # Linux says EIO when the last process has closed the other end
                break
            if not piece:
                break
            shown += piece
            if not asked and b"Type `yes` to continue" in shown:
                asked = True
                if typed == CTRL_C:  # a terminal that controls nobody makes no signal of it
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(leader, typed.encode())
    finally:
        os.close(leader)
    code = process.wait() if isinstance(process, Forked) else process.wait(PATIENCE)
    return no_traceback(Ended(code, shown.decode(), ""))


def test_on_a_terminal_yes_applies_what_was_just_shown(played: Played) -> None:
    ended = on_a_terminal(played, "yes\n", "apply")

    assert ended.code == 0
    assert "Apply this plan?" in ended.out
    assert "Applied 8 of 8 changes." in ended.out
    assert played.memberships() == TEAM


@pytest.mark.parametrize("typed", ["no\n", "y\n", "YES\n", "\n", "yes please\n", "\x04"])
def test_on_a_terminal_anything_but_yes_is_no(played: Played, typed: str) -> None:
    ended = on_a_terminal(played, typed, "apply")

    assert ended.code == 1
    assert "Not confirmed; nothing was written." in ended.output
    assert played.memberships() == {}


def test_ctrl_c_at_the_question_is_no(played: Played) -> None:
    ended = on_a_terminal(played, CTRL_C, "apply")

    assert ended.code == 130
    assert "Interrupted; nothing was written to any service." in ended.output
    assert played.memberships() == {}


def test_nothing_is_asked_where_nothing_is_to_be_done(played: Played) -> None:
    played.converge()

    ended = on_a_terminal(played, "no\n", "apply")

    assert ended.code == 0
    assert "Apply this plan?" not in ended.out


def test_a_plan_that_is_refused_is_not_asked_about(played: Played) -> None:
    played.converge()
    played.write({"groups.yaml": GROUPS.replace("[ada, bob]", "[]")})

    ended = on_a_terminal(played, "yes\n", "apply")

    assert ended.code == 3
    assert "Apply this plan?" not in ended.out
    assert played.memberships() == TEAM


def test_colour_is_for_terminals_and_for_those_who_want_it(played: Played) -> None:
    coloured = on_a_terminal(played, "", "plan")
    plain = on_a_terminal(played, "", "plan", env={"NO_COLOR": "1"})
    piped = played.shell("plan")

    assert "\x1b[1" in coloured.out or "\x1b[3" in coloured.out
    assert not re.search(r"\x1b\[[0-9;]*m", plain.out)
    assert "\x1b" not in piped.out + piped.err


def test_the_line_of_progress_is_gone_before_the_plan_is_shown(played: Played) -> None:
    shown = on_a_terminal(played, "no\n", "apply", env={"NO_COLOR": "1"}).out

    before, _, _ = shown.partition("Users: 3 to create")
    assert before.endswith("\r\x1b[2K")

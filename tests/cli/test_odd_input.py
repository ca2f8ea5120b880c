"""What nobody means to type: each ends with a sentence, never with an error of the program itself."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.cli.stage import TEAM, Played
from tests.support.forked import Forked

LONG = "x" * 5000
LAST = "9989-12-31T23:59:59-23:59"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("validate", "--identities", LONG), 1, "does not exist"),
        (("validate", "--identities", f"identities/people.yaml/{LONG}"), 1, "does not exist"),
        (("validate", "--identities", "identities/people.yaml"), 1, "is a file"),
        (("adopt", "--from-pipeline", LONG, "--identities", "new", "--sandbox"), 1, "does not exist"),
        (("adopt", "--from-sso-util", LONG, "--identities", "new", "--sandbox"), 1, "too long"),
        (("access", "--rules", "--ends-within", "99999d", "--now", LAST), 0, "No"),
        (("access", "--sandbox", "--ends-within", "99999d", "--now", LAST), 0, "No access."),
        (
            ("doctor", "saml", "--metadata", "https://127.0.0.1:9/x", "--ca-file", "nowhere"),
            1,
            "`ca_file` nowhere cannot be used: no such file or directory;",
        ),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_what_cannot_be_meant_is_told(played: Played, words: tuple[str, ...], code: int, says: str) -> None:
    ended = played.run(*words)

    assert (ended.code, says in ended.output) == (code, True), ended.output
    assert "[Errno" not in ended.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
@pytest.mark.parametrize(
    "words", [("--help",), ("plan", "--help"), ("--version",), ("explain", "self-lockout")]
)
def test_a_full_disk_is_told(played: Played, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full, tempfile.TemporaryFile() as err:
        code = Forked(
            words, played.root, dict(os.environ), (full.fileno(), full.fileno(), err.fileno())
        ).wait()
        err.seek(0)
        said = err.read().decode()

    assert (code, said.count("No space left on device")) == (1, 1), said
    assert "Internal error" not in said
    assert "Traceback" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_an_apply_that_cannot_say_what_it_wrote_does_not_end_as_if_it_wrote_nothing(played: Played) -> None:
    assert played.run("plan", "--out", "plan.json").code == 0
    with Path("/dev/full").open("wb") as full, tempfile.TemporaryFile() as err:
        streams = (full.fileno(), full.fileno(), err.fileno())
        words = played.full("apply", "plan.json")
        code = Forked(words, played.root, dict(os.environ), streams).wait()
        err.seek(0)
        said = err.read().decode()

    assert (code, "`reconciler plan`" in said) == (6, True), said
    assert played.memberships() == TEAM

"""A run judges everything by one moment, so that no end, day or year passes in the middle of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.wire.clock import SystemClock
from tests.cli.stage import FILES, Played, Real

# Of an approval that has ended at the second look at the clock, and not at the first.
APPROVAL = """\
approvals:
  old: {guard: self-lockout, kind: users, count: 1, until: 2027-12-31T23:59:59Z, reason: HR-1}
"""
START = datetime(2027, 12, 31, 23, 59, 58, tzinfo=UTC)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """When commands looked at the clock of the machine, which is an hour later each time."""
    found: list[datetime] = []

    def now(_: SystemClock) -> datetime:
        found.append(START + timedelta(hours=len(found)))
        return found[-1]

    monkeypatch.setattr(SystemClock, "now", now)
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("access", "--rules", "--ends-within", "1d"),
        ("validate",),
        ("edit", "grant", "cyd", "ops", "--for", "8h", "--reason", "INC-1"),
    ],
    ids=" ".join,
)
def test_a_command_of_files_looks_at_the_clock_once(
    played: Played, looks: list[datetime], words: tuple[str, ...]
) -> None:
    ended = played.run(*words)

    assert ended.code == 0, ended.output
    assert looks == [START]


@pytest.mark.parametrize("words", [("plan",), ("drift",)], ids=" ".join)
def test_what_is_read_is_judged_by_the_moment_of_the_run(
    played: Played, looks: list[datetime], words: tuple[str, ...]
) -> None:
    """The clock is looked at again for what time it is at the service, and for nothing else."""
    played.write({"approvals/old.yaml": APPROVAL})

    ended = played.run(*words, "--format", "json")

    assert ended.code in (0, 2), ended.output
    assert f'"{START:%Y-%m-%dT%H:%M:%S}' in ended.out
    assert ("approval-lifts-nothing" in ended.out) == (words == ("plan",))
    assert f"{looks[1]:%Y-%m-%dT%H}" not in ended.out


def test_targets_that_are_asked_in_turn_are_told_of_one_moment(real: Real, looks: list[datetime]) -> None:
    two = FILES["reconciler.yaml"] + "  chat: {type: scim, url: 'http://127.0.0.1:1/', token: {env: NONE}}\n"
    real.commit({"reconciler.yaml": two})

    ended = real.run("drift", "--format", "json")

    assert ended.code in (1, 2), ended.output
    assert f'"{START:%Y-%m-%dT%H:%M:%S}' in ended.out


@pytest.mark.parametrize(("second", "warned"), [("58", True), ("59", False)])
def test_the_files_are_checked_by_a_given_time(played: Played, second: str, *, warned: bool) -> None:
    played.write({"approvals/old.yaml": APPROVAL})

    ended = played.run("validate", "--now", f"2027-12-31T23:59:{second}Z")

    assert (ended.code, "the approval old lifts nothing" in ended.output) == (0, warned)

"""Every exit code, as a shell sees it; 5 has its tests where the locks have theirs."""

from __future__ import annotations

import json

import click
import pytest

from reconciler.cli.main import cli
from reconciler.sandbox import FaultKind
from tests.cli.stage import GROUPS, PEOPLE, TEAM, Ended, Played, Real

CODES = {
    0: "done, or nothing to do",
    1: "error",
    2: "changes pending",
    3: "refused by a guard or rule",
    4: "stale plan",
    6: "applied in part",
    64: "wrong usage",
}


def ends(stage: Real | Played, line: str, code: int, *, report: bool = False, shell: bool = True) -> Ended:
    """Run a command line, which must end so; errors without report are on stderr.

    `shell` runs it in a process of its own.
    """
    found = (stage.shell if shell else stage.run)(*line.split())
    assert found.code == code, found.output
    if code in (1, 64) and not report:
        assert found.out == ""
        assert found.err
    return found


def test_a_whole_story_of_exit_codes(real: Real) -> None:
    """Each code in a process of its own where it comes first."""
    seen: set[int] = set()

    def ended(stage: Real, line: str, code: int, *, report: bool = False) -> None:
        ends(stage, line, code, report=report, shell=code not in seen)
        seen.add(code)

    real.run("plan", "--out", real.file)
    ended(real, "plan", 0)
    ended(real, "plan --detailed-exitcode", 2)
    ended(real, f"apply {real.file}", 1)  # nobody said that it is the first
    real.sandbox.faults.add(FaultKind.DENY, "identitystore.CreateGroup", count=None)
    ended(real, f"apply {real.file} --first-apply", 6)
    ended(real, f"apply {real.file} --first-apply", 1, report=True)  # nothing could be written at all
    real.sandbox.faults.clear()
    ended(real, f"apply {real.file} --first-apply", 0)
    ended(real, f"apply {real.file}", 0)
    ended(real, "plan --detailed-exitcode", 0)

    real.commit({"people.yaml": PEOPLE.replace("Engineer", "Lead")})
    ended(real, f"apply {real.file}", 4)
    ended(real, "apply --expect-digest sha256:" + 64 * "0", 4)
    ended(real, "apply", 64)
    ended(real, "reconcile", 0)

    real.commit({"groups.yaml": GROUPS.replace("[ada, bob]", "[]")})
    ended(real, f"plan --out {real.file}", 3)
    ended(real, "plan --detailed-exitcode", 3)  # 3 comes before 2
    ended(real, f"apply {real.file}", 3)
    real.write({"groups.yaml": "groups: ["})
    for line in ("validate", "plan --detailed-exitcode", f"apply {real.file}", "reconcile"):
        ended(real, line, 1)  # and 1 before both
    assert real.memberships() == TEAM
    assert seen == CODES.keys()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("validate", 0),
        ("validate --identities nowhere", 1),
        ("show plan.json", 0),
        ("show nothing.json", 1),
        ("plan --target azure", 64),
        ("reconcile", 0),
        ("frobnicate", 64),
        ("--version", 0),
        ("", 64),
    ],
)
def test_each_command_ends_as_its_outcome_is(played: Played, line: str, code: int) -> None:
    played.run("plan", "--out", "plan.json")

    ends(played, line, code)


def test_the_help_tells_every_code() -> None:
    help_ = " ".join((cli.get_help(click.Context(cli))).split())

    for code, meaning in {**CODES, 5: "locked"}.items():
        assert f"{code} {meaning}" in help_


def test_an_answer_in_json_ends_with_the_same_code(settled: Real) -> None:
    settled.commit({"groups.yaml": GROUPS.replace("[ada, bob]", "[]")})

    refused = ends(settled, "plan --detailed-exitcode --format json", 3, shell=False)

    assert json.loads(refused.out)["applyable"] is False

"""An approval lifts exactly what it names, and a refusal proposes the narrowest that suffice."""

from __future__ import annotations

import json

import pytest

from tests.cli.stage import CONFIG, Played
from tests.cli.test_reconcile_by_change import CROWD, NOV_20, people

TEAMS = {f"team{number}": CROWD[number * 4 : number * 4 + 4] for number in range(4)}
LOOSE = "guards: {max_removals: {memberships: {count: 100, percent: null, per_group: {count: 1}}}}\n"


def teams(less: int = 0) -> str:
    lines = [f"  {key}: {{members: [{', '.join(members[less:])}]}}" for key, members in TEAMS.items()]
    return "\n".join(["groups:", *lines, ""])


def approvals(*entries: str) -> dict[str, str]:
    lines = [
        f"  number-{number}: {{guard: max-removals, {entry}, until: 2026-12-31, reason: reorganisation}}"
        for number, entry in enumerate(entries)
    ]
    return {"approvals/dec.yaml": "\n".join(["approvals:", *lines, ""])}


@pytest.fixture
def refused(played: Played) -> Played:
    """Two of four leave each of four teams, where one may."""
    played.write({"reconciler.yaml": CONFIG + LOOSE, "people.yaml": people(), "groups.yaml": teams()})
    played.converge("--now", NOV_20)
    played.write({"groups.yaml": teams(2)})
    return played


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ((), 4),
        (("kind: memberships, count: 2",), 4),
        (("kind: memberships, count: 8",), 4),
        (("count: 8",), 4),
        (("kind: memberships, group: team1, count: 2",), 3),
        (("kind: memberships, group: team1, count: 1",), 4),
        (tuple(f"kind: memberships, group: {key}, count: 2" for key in TEAMS), 0),
    ],
)
def test_an_approval_lifts_the_group_that_it_names(
    refused: Played, entries: tuple[str, ...], left: int
) -> None:
    if entries:
        refused.write(approvals(*entries))

    ended = refused.run("plan", "--now", NOV_20, "--format", "json")

    (part,) = json.loads(ended.out)["targets"]
    found = [each for each in part["findings"] if each["severity"] == "refusal"]
    assert (ended.code, len(found)) == (3 if left else 0, left)


def test_the_proposal_is_pasted_and_lifts_all_of_it(refused: Played) -> None:
    output = refused.run("plan", "--now", NOV_20)
    lines = output.out.splitlines()
    start = lines.index("approvals:")
    block = [lines[start], *(line for line in lines[start + 1 :][:4])]
    assert all("group: team" in line and "count: 2" in line for line in block[1:])
    refused.write({"approvals/pasted.yaml": "\n".join([*block, ""])})

    after = refused.run("plan", "--now", NOV_20, "--out", "plan.json")

    assert after.code == 0, after.output
    assert refused.run("apply", "plan.json", "--now", NOV_20).code == 0


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("guard: set-emptied, count: 1", "names no kind"),
        ("guard: self-lockout, kind: users, count: 1", "does not speak of the kind"),
        ("guard: max-removals, kind: users, group: ops, count: 1", "one group"),
        ("guard: set-emptied, kind: assignments, account: prod, count: 1", "one account"),
        ("guard: protected, kind: blocked, count: 1", "count blocks"),
    ],
)
def test_what_lifts_nothing_still_loads_with_a_warning(played: Played, entry: str, why: str) -> None:
    for until, warned in (("2026-11-01", False), ("2100-12-31", True)):
        expected = f"approvals: {{old: {{{entry}, until: {until}, reason: HR-1}}}}\n"
        played.write({"approvals/old.yaml": expected})

        ended = played.run("plan", "--now", NOV_20)

        assert ended.code == 0
        assert warned == ("approval-lifts-nothing" in ended.output) == (why in ended.output)
    checked = played.run("validate")
    assert (checked.code, "the approval old lifts nothing" in checked.output) == (0, True)

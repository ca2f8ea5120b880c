"""Approvals: what is written to let a refusal pass, which one does, and why another does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval
from reconciler.model.resources import Origin
from reconciler.planning.guards.approving import approval, lifted
from tests.planning.world import NOW, ORIGIN

DAY = timedelta(days=1)


def refused(code: str = "max-removals", count: int = 2, kind: Kind | None = Kind.USER) -> Finding:
    fix = f"look first; {approval(code, count, kind)}"
    return Finding(code, Severity.REFUSAL, "too much", origin=ORIGIN, fix=fix, count=count, kind=kind)


def approved(
    key: str,
    days: int = 1,
    count: int = 2,
    guard: str = "max-removals",
    kind: Kind | None = Kind.USER,
    target: str | None = None,
) -> Approval:
    """In force for so many days more; 0: until now, and no longer."""
    return Approval(key, Origin(f"{key}.yaml", 1), guard, count, NOW + days * DAY, "meant", kind, target)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (None, "guard: recreate, count: 7,"),
        (Kind.USER, "guard: recreate, kind: users, count: 7,"),
        (Kind.PERMISSION_SET, "guard: recreate, kind: permission_sets, count: 7,"),
    ],
)
def test_what_is_written_to_approve(kind: Kind | None, written: str) -> None:
    assert approval("recreate", 7, kind) == (
        "if it is meant, add under `approvals:` in identities/approvals/: "
        f"<name>: {{{written} until: <date>, reason: <why>}}"
    )


@pytest.mark.parametrize(
    "one",
    [
        approved("a"),
        approved("a", count=3),
        approved("a", target="aws"),
    ],
)
def test_what_is_approved_is_a_note_with_the_place_of_the_approval(one: Approval) -> None:
    (note,) = lifted([refused()], [approved("other", guard="recreate"), one], "aws", NOW)

    assert (note.severity, note.message) == (Severity.NOTE, "too much: approved by a (meant)")
    assert (note.origin, note.fix, note.count) == (one.origin, None, 2)


@pytest.mark.parametrize(
    ("approvals", "declared"),
    [
        pytest.param([], "", id="none"),
        pytest.param([approved("a", guard="recreate")], "", id="of another guard"),
        pytest.param([approved("a", kind=Kind.GROUP)], "", id="of another kind"),
        pytest.param([approved("a", kind=None)], "", id="of no kind"),
        pytest.param([replace(approved("a"), group="ops")], "", id="of one group"),
        pytest.param([replace(approved("a"), account="1")], "", id="of one account"),
        pytest.param([replace(approved("a"), blocked=True)], "", id="of blocks"),
        pytest.param([approved("a", target="gcp")], "", id="for another target"),
        pytest.param([approved("a", days=-1)], "the approval a has expired; ", id="expired"),
        pytest.param([approved("a", days=0)], "the approval a has expired; ", id="expired this moment"),
        pytest.param([approved("a", count=1)], "the approval a allows only 1; ", id="too small"),
        pytest.param(
            [approved("a", days=-1, count=9), approved("b", count=1)],
            "the approval b allows only 1; ",
            id="one in force before one that is large",
        ),
        pytest.param(
            [approved("a", days=0, count=9), approved("b", count=1)],
            "the approval b allows only 1; ",
            id="one in force before one that was until now",
        ),
        pytest.param(
            [approved("a", count=0), approved("b", count=1)],
            "the approval b allows only 1; ",
            id="the larger",
        ),
        pytest.param(
            [approved("b", count=1), approved("a", count=0)],
            "the approval b allows only 1; ",
            id="in any order",
        ),
    ],
)
def test_what_is_not_approved_is_refused_as_before_with_why(
    approvals: Sequence[Approval], declared: str
) -> None:
    (found,) = lifted([refused()], approvals, "aws", NOW)

    assert found.severity is Severity.REFUSAL
    assert (found.origin, found.fix) == (
        ORIGIN,
        f"{declared}look first; {approval('max-removals', 2, Kind.USER)}",
    )


@pytest.mark.parametrize(
    ("code", "counts"), [("protected", [2, 2]), ("min-members", [2, 2]), ("recreate", [1, 1])]
)
def test_critical_things_are_approved_together(code: str, counts: Sequence[int]) -> None:
    both = [refused(code, 1, Kind.GROUP), refused(code, 1, Kind.GROUP), refused(code, 1, Kind.USER)]

    found = lifted(both, [], "aws", NOW)

    one = f"look first; {approval(code, 1, Kind.GROUP)}"
    assert [each.fix for each in found[:2]] == [
        one if count == 1 else approval(code, count, Kind.GROUP) for count in counts
    ]
    assert found[2].fix == f"look first; {approval(code, 1, Kind.USER)}"
    for allowed, lifts in ((2, True), (1, counts == [1, 1])):
        notes = lifted(both[:2], [approved("a", guard=code, count=allowed, kind=Kind.GROUP)], "aws", NOW)
        assert {each.severity is Severity.NOTE for each in notes} == {lifts}

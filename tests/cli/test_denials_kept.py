"""Who was offboarded stays out: whatever becomes of their user, and of the policy that git names."""

from __future__ import annotations

import pytest

from reconciler.execution import denying
from tests.cli.stage import GROUPS, PEOPLE, Ended, Played
from tests.cli.test_out_at_once import BOB, CONFIG, POLICY, begun, entries

GONE = {
    "people.yaml": "".join(line for line in PEOPLE.splitlines(keepends=True) if "bob" not in line),
    "groups.yaml": GROUPS.replace("ada, bob", "ada"),
}
BACK = {"people.yaml": PEOPLE, "groups.yaml": GROUPS}
DELETING = CONFIG.replace(f"{POLICY}}}", f"{POLICY}, on_removal: delete}}")


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy of denials settles in the time of the sandbox."""
    monkeypatch.setattr(denying, "_SETTLED", 0.0)


def offboard(played: Played, who: str = "bob", *options: str) -> Ended:
    return played.run("offboard", who, "--yes", "--revoke-only", "--sandbox", *options)


def applied(played: Played, now: str) -> Ended:
    """Plan and apply what the files say at a moment; the plan."""
    planned = played.run("plan", "--now", now, "--out", "plan.json")
    assert planned.code == 0, planned.output
    ended = played.run("apply", "plan.json", "--now", now)
    assert ended.code == 0, ended.output
    return planned


def test_a_user_who_was_offboarded_is_deleted_only_after_an_undo(played: Played) -> None:
    begun(played)
    played.write({"reconciler.yaml": DELETING})
    assert offboard(played).code == 0
    played.write(GONE)

    planned = applied(played, "2026-11-21T09:00:00Z")

    assert "deletion-held: 1 user gone from git stay" in planned.output
    played.write(BACK)
    assert "denied-not-blocked" in applied(played, "2026-11-23T09:00:00Z").output
    assert BOB not in played.memberships()["ops"]
    played.write(GONE)
    applied(played, "2026-11-24T09:00:00Z")
    assert offboard(played, "bob", "--undo").code == 0
    applied(played, "2026-11-24T10:00:00Z")
    with played.console() as console:
        assert BOB not in console.users()


@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.parametrize("back", [False, True])
def test_an_undo_finds_who_was_deleted_by_hand(played: Played, *, by_id: bool, back: bool) -> None:
    begun(played)
    assert offboard(played).code == 0
    with played.console() as console:
        his = console.user_id(BOB)
        console.remove_user(BOB)
    played.write(GONE)
    applied(played, "2026-11-22T09:00:00Z")
    applied(played, "2026-11-23T09:00:00Z")
    if back:
        played.write(BACK)
        applied(played, "2026-11-24T09:00:00Z")
        assert BOB not in played.memberships()["ops"]
    assert entries(played) == {his: "offboarded open"}

    ended = offboard(played, his if by_id else "bob", "--undo")

    assert ended.code == 0, ended.output
    assert entries(played) == {}
    if back:
        applied(played, "2026-11-25T09:00:00Z")
        assert BOB in played.memberships()["ops"]

"""Who was offboarded stays out: whatever becomes of their user, and of the policy that git names."""

from __future__ import annotations

import pytest

from reconciler.execution import denying
from reconciler.model.denials import parse
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.call import Call
from tests.cli.stage import GROUPS, PEOPLE, Ended, Played
from tests.cli.test_out_at_once import BOB, CONFIG, OUT, POLICY, begun, entries, refused, watch

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


OTHER = "p-another1"
NO_POLICY = CONFIG.replace(f", deny_policy: {POLICY}", "")


@pytest.mark.parametrize("config", [NO_POLICY, CONFIG.replace(POLICY, OTHER)])
@pytest.mark.parametrize("applies", [1, 3])
def test_a_policy_that_git_gives_up_keeps_out_who_was_offboarded(
    played: Played, config: str, applies: int
) -> None:
    begun(played)
    assert offboard(played).code == 0
    played.write({"reconciler.yaml": config})

    for day in range(applies):
        planned = applied(played, f"2026-11-2{2 + day}T09:00:00Z")
        assert "deny-policy-changed" in planned.output, planned.output
        assert "p-cutsoff1 is still used while anybody is in it by `offboard` alone" in planned.output
        assert "bob: open, by offboard" in planned.output
        assert BOB not in played.memberships()["ops"]
    assert entries(played) == {BOB: "offboarded open"}

    # An undo finds them there, and then the files' choice counts.
    assert offboard(played, "bob", "--undo").code == 0
    assert entries(played) == {}
    planned = applied(played, "2026-11-26T09:00:00Z")
    assert "from this apply on nobody is entered in p-cutsoff1" in planned.output
    assert BOB in played.memberships()["ops"]
    assert "deny-policy-changed" not in applied(played, "2026-11-26T10:00:00Z").output


def test_a_policy_that_git_gives_up_is_gone_at_once_with_only_gits_own_entries(played: Played) -> None:
    begun(played)
    played.write(OUT)
    assert played.run("reconcile", "--now", "2026-11-21T09:00:00Z").code == 0
    played.write({"reconciler.yaml": CONFIG.replace(POLICY, OTHER)})

    planned = applied(played, "2026-11-21T09:10:00Z")

    assert "bob: open" in planned.output
    assert "stays denied where it is attached" in planned.output
    # The new one has whose denial has not run out.
    with played.console() as console:
        assert len(parse(OTHER, console.scp_document(OTHER)).entries) == 1
    assert entries(played) == {BOB: "open"}


def test_a_policy_that_git_gives_up_and_nobody_can_read_holds_what_is_given(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(played)
    played.write({"reconciler.yaml": NO_POLICY, "groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob]")})

    with monkeypatch.context() as patch:
        watch(patch, "DescribePolicy", refused)
        planned = played.run("plan", "--now", "2026-11-21T09:00:00Z", "--out", "plan.json")
        assert "deny-policy-changed" in planned.output
        played.run("apply", "plan.json", "--now", "2026-11-21T09:00:00Z")
    assert BOB not in played.memberships()["dev"]
    # One that is not there any more denies nobody.
    with monkeypatch.context() as patch:
        watch(patch, "DescribePolicy", missing)
        applied(played, "2026-11-21T10:00:00Z")
        assert BOB in played.memberships()["dev"]


def missing(_call: Call) -> None:
    raise ApiError("PolicyNotFoundException", "not there")

"""`reconciler reconcile`, change by change: blocks and ends get through, and accidents do not."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from tests.cli.stage import CONFIG, Played, Real

NOV_20, DEC_2 = "2026-11-20T12:00:00Z", "2026-12-02T12:00:00Z"
DEC_2_LATER, DEC_3 = "2026-12-02T20:00:00Z", "2026-12-03T20:00:01Z"
CROWD = [f"user{number:02d}" for number in range(30)]


def people(keys: Sequence[str] = CROWD) -> str:
    lines = [f"  {key}: {{user_name: {key}@example.com, given_name: {key}, family_name: X}}" for key in keys]
    return "\n".join(["users:", *lines, ""])


def crowd(ending: Sequence[str] = (), until: str = "") -> str:
    members = [f"{{user: {key}, until: {until}}}" if key in ending else key for key in CROWD]
    return f"groups:\n  crowd: {{members: [{', '.join(members)}]}}\n"


def blocked(keys: Sequence[str]) -> str:
    return f"blocked: {{{', '.join(f'{key}: {{reason: lost laptop}}' for key in keys)}}}\n"


def staffed(played: Played, more: str = "") -> Played:
    played.write({"reconciler.yaml": CONFIG + more, "people.yaml": people(), "groups.yaml": crowd()})
    played.converge("--now", NOV_20)
    return played


def members(played: Played, group: str = "crowd") -> set[str]:
    return {name.partition("@")[0] for name in played.memberships().get(group, ())}


def test_the_block_of_the_only_member_of_a_group_gets_through(played: Played) -> None:
    played.converge("--now", NOV_20)
    played.write({"blocked.yaml": blocked(["cyd"])})

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == 0, ended.output
    assert members(played, "dev") == set()


def test_a_reviewed_plan_may_block_the_only_member_of_a_group_too(played: Played) -> None:
    played.converge("--now", NOV_20)
    played.write({"blocked.yaml": blocked(["ada", "bob", "cyd"])})

    assert played.run("plan", "--out", "plan.json", "--now", DEC_2).code == 0
    assert played.run("apply", "plan.json", "--now", DEC_2).code == 0

    assert members(played, "dev") == members(played, "ops") == set()


def test_a_group_whose_only_member_has_ended_keeps_nobody(played: Played) -> None:
    played.write({"groups.yaml": "groups: {dev: {members: [{user: cyd, until: 2026-12-01}]}}\n"})
    played.converge("--now", NOV_20)

    assert played.run("reconcile", "--now", DEC_2).code == 0

    assert members(played, "dev") == set()


def test_who_is_taken_out_beside_a_block_still_empties_the_group(played: Played) -> None:
    played.converge("--now", NOV_20)
    played.write({"groups.yaml": "groups: {ops: {members: [bob]}, dev: {members: [cyd]}}\n"})
    played.write({"blocked.yaml": blocked(["bob"])})

    ended = played.run("plan", "--now", DEC_2)

    assert ended.code == 3
    assert "set-emptied" in ended.output


@pytest.mark.parametrize("guard", ["min_members: {dev: 1}", "protected: {users: [cyd]}"])
def test_what_is_refused_is_left_out_and_the_rest_is_done(played: Played, guard: str) -> None:
    played.write(
        {
            "reconciler.yaml": CONFIG + f"guards: {{{guard}}}\n",
            "groups.yaml": "groups:\n  ops: {members: [ada, {user: bob, until: 2026-12-01}]}\n"
            "  dev: {members: [{user: cyd, until: 2026-12-01}]}\n",
        }
    )
    played.converge("--now", NOV_20)

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == 3
    assert guard.partition(":")[0].replace("_", "-") in ended.output
    assert "1 refused" in ended.output
    assert members(played, "ops") == {"ada"}
    assert members(played, "dev") == {"cyd"}
    output = json.loads(played.run("reconcile", "--now", DEC_2, "--format", "json").out)
    assert [each["status"] for each in output["targets"][0]["results"]] == ["refused"]
    assert len(output["targets"][0]["refusals"]) == 1


def test_blocks_and_ends_wait_for_nothing_else_that_is_refused(played: Played) -> None:
    """A limit refuses all that it counts, and what files say in so many words is not of that."""
    more = "auto_apply: [expiry, block, drift]\nguards: {max_removals: {memberships: {count: 2}}}\n"
    staffed(played, more)
    with played.console() as console:
        for number in range(3):
            console.add_user(f"stranger{number}@example.com")
            console.add_member("crowd", f"stranger{number}@example.com")
    played.write({"blocked.yaml": blocked(["user03"])})

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == 3
    assert "3 of 33 memberships would be removed; at most 2 may be" in ended.output
    assert members(played) == {*CROWD, "stranger0", "stranger1", "stranger2"} - {"user03"}


def test_what_waits_for_a_review_counts_for_no_limit(played: Played) -> None:
    """A directory that came back half empty is for a plan to refuse; who is blocked is blocked."""
    staffed(played)
    kept = f"groups: {{crowd: {{members: [{', '.join(CROWD[:12])}]}}}}\n"
    played.write(
        {"people.yaml": people(CROWD[:12]), "groups.yaml": kept, "blocked.yaml": blocked(["user03"])}
    )

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == 0, ended.output
    assert members(played) == set(CROWD) - {"user03"}


@pytest.mark.parametrize(("count", "code"), [(10, 0), (11, 3)])
def test_blocks_are_counted_in_people_all_or_none(played: Played, count: int, code: int) -> None:
    staffed(played)
    played.write({"blocked.yaml": blocked(CROWD[:count])})

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == code, ended.output
    assert members(played) == set(CROWD[0 if code else count :])
    if code:
        assert "11 people would be blocked" in ended.output


@pytest.mark.parametrize(("until", "code"), [("2026-11-25", 0), ("2026-11-01", 3)])
def test_only_an_end_that_nobody_foresaw_is_counted(played: Played, until: str, code: int) -> None:
    """Eleven people: by an end that was applied while it lay ahead, or by one past from the first."""
    staffed(played)
    played.write({"groups.yaml": crowd(CROWD[:11], until)})
    if not code:
        played.converge("--now", NOV_20)

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == code, ended.output
    assert members(played) == set(CROWD[0 if code else 11 :])


def test_an_end_that_was_brought_forward_into_the_past_is_counted(played: Played) -> None:
    staffed(played)
    played.write({"groups.yaml": crowd(CROWD[:11], "2027-11-25")})
    played.converge("--now", NOV_20)
    played.write({"groups.yaml": crowd(CROWD[:11], "2026-11-25")})

    assert played.run("reconcile", "--now", DEC_2).code == 3

    assert members(played) == set(CROWD)


def test_a_mass_mistake_does_not_drip_through(played: Played) -> None:
    staffed(played)
    played.write({"blocked.yaml": blocked(CROWD[:6])})
    assert played.run("reconcile", "--now", DEC_2).code == 0
    played.write({"blocked.yaml": blocked(CROWD[:12])})

    soon = played.run("reconcile", "--now", DEC_2_LATER)
    left = members(played)
    later = played.run("reconcile", "--now", DEC_3)

    assert soon.code == 3
    assert "12 people would be blocked" in soon.output
    assert "6 of them in the last 24 hours" in soon.output
    assert left == set(CROWD[6:])
    assert (later.code, members(played)) == (0, set(CROWD[12:]))


def test_receipts_in_git_tell_what_went_in_the_last_24_hours(real: Real) -> None:
    real.commit({"reconciler.yaml": CONFIG + "guards: {max_removals: {blocked: {count: 1}}}\n"})
    real.converge("--first-apply")
    real.commit({"blocked.yaml": blocked(["bob"])})
    assert real.run("reconcile").code == 0
    real.commit({"blocked.yaml": blocked(["bob", "cyd"])})

    ended = real.run("reconcile")

    assert ended.code == 3
    assert "2 people would be blocked" in ended.output


def test_an_approval_lets_so_many_be_blocked(played: Played) -> None:
    staffed(played)
    approval = "{guard: max-removals, kind: blocked, count: 11, until: 2026-12-31, reason: HR-1}"
    played.write(
        {"blocked.yaml": blocked(CROWD[:11]), "approvals/dec.yaml": f"approvals: {{many: {approval}}}\n"}
    )

    assert played.run("reconcile", "--now", DEC_2).code == 0

    assert members(played) == set(CROWD[11:])

"""Blocks by key: a former key follows its user, and one that nobody has is an error."""

from __future__ import annotations

from tests.cli.stage import PEOPLE, TEAM, Played
from tests.cli.test_reconcile_by_change import DEC_2, NOV_20, blocked, members


def test_a_block_of_a_former_key_follows_the_user(played: Played) -> None:
    played.converge("--now", NOV_20)
    renamed = PEOPLE.replace("  cyd: {", "  cyd.lind: {previously: [cyd], ")
    groups = "groups:\n  ops: {members: [ada, bob]}\n  dev: {members: [cyd.lind]}\n"
    played.write({"people.yaml": renamed, "groups.yaml": groups, "blocked.yaml": blocked(["cyd"])})

    assert played.run("validate").code == 0
    assert "is blocked" not in played.run("validate").output
    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == 0, ended.output
    assert members(played, "dev") == set()


def test_a_block_of_nobody_is_refused_with_who_was_meant(played: Played) -> None:
    played.converge("--now", NOV_20)
    played.write({"blocked.yaml": blocked(["bbo"])})

    ended = played.run("plan", "--now", DEC_2)

    assert ended.code == 3
    assert 'blocked-unknown: "bbo" is blocked, and nobody has that key' in ended.output
    assert "did you mean" in ended.output
    checked = played.run("validate")
    assert checked.code == 0
    assert "a plan also looks for a live one" in checked.output
    assert played.memberships() == TEAM


def test_a_block_of_nobody_holds_up_no_other_block(played: Played) -> None:
    played.converge("--now", NOV_20)
    played.write({"blocked.yaml": blocked(["bbo", "cyd"])})

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == 3
    assert "blocked-unknown" in ended.output
    assert members(played, "dev") == set()


def test_a_block_of_somebody_who_is_only_live_is_done(played: Played) -> None:
    played.converge("--now", NOV_20)
    with played.console() as console:
        console.add_user("guest@example.com")
        console.add_group("console")
        console.add_member("console", "guest@example.com")
    played.write({"blocked.yaml": "blocked: {guest@example.com: {reason: left}}\n"})

    ended = played.run("reconcile", "--now", DEC_2)

    assert ended.code == 0, ended.output
    assert members(played, "console") == set()

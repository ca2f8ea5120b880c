"""A denial that cannot be written, and nothing else is to be done: each command that tries it ends with 6."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.execution import denying
from reconciler.model.denials import EMPTY, Entry, render
from reconciler.sandbox import scp
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.call import Call
from reconciler.targets.identity_center.organization import deny_policy
from tests.cli.stage import Played
from tests.cli.test_out_at_once import (
    ACCESS,
    BOB,
    BOTH,
    CONFIG,
    NOV_20,
    NOV_21,
    OUT,
    POLICY,
    begun,
    denied,
    entries,
    ids,
    watch,
)


def lost(call: Call) -> None:
    """What is written is not what is asked for."""
    assert isinstance(call.params, dict)
    call.params["Content"] = EMPTY


HOWS = (
    "AccessDeniedException",
    "ConcurrentModificationException",
    "PolicyChangesInProgressException",
    "MalformedPolicyDocumentException",
    "unreadable",
    "gone",
    "foreign",
    "full",
    "does not stay",
)


def broken(played: Played, patch: pytest.MonkeyPatch, how: str) -> None:
    """Let no denial be written, for one reason."""

    def refuse(code: str) -> Callable[[Call], None]:
        def refused(_call: Call) -> None:
            raise ApiError(code, "not now")

        return refused

    with played.console() as console:
        if how.endswith("Exception"):
            watch(patch, "UpdatePolicy", refuse(how))
        elif how == "unreadable":
            watch(patch, "DescribePolicy", refuse("AccessDeniedException"))
        elif how == "gone":
            watch(patch, "DescribePolicy", refuse("PolicyNotFoundException"))
        elif how == "foreign":
            console.update_scp(POLICY, EMPTY.replace('"nobody"', '"somebody"'))
        elif how == "full":
            full = {one: Entry(offboarded=True) for one in ids(260)}
            while len(render(full).encode()) > scp.LARGEST - 30:
                full.popitem()
            console.update_scp(POLICY, render(full))
        else:
            watch(patch, "UpdatePolicy", lost)


@pytest.mark.parametrize("how", HOWS)
def test_a_denial_that_fails_alone_ends_with_6(
    played: Played, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(denying, "_SETTLED", 0.0)
    monkeypatch.setattr(deny_policy, "_PATIENCE", 0.0)
    begun(played)
    with played.console() as console:
        console.remove_member("ops", BOB)
    played.write(OUT)
    assert played.run("plan", "--now", NOV_21, "--out", "plan.json").code == 0

    with monkeypatch.context() as patch:
        broken(played, patch, how)
        ruled = played.run("reconcile", "--now", NOV_21)
        reviewed = played.run("apply", "plan.json", "--now", NOV_21)
        cut = played.run("offboard", "bob", "--yes", "--revoke-only", "--sandbox")

    assert (ruled.code, reviewed.code, cut.code) == (6, 6, 6), (ruled, reviewed, cut)
    for ended in (ruled, reviewed):
        assert ended.output.count("aws/denial/bob") == 1, ended.output
        assert "no longer needed" not in ended.output
    assert "NOT DENIED" in cut.output.upper()
    assert denied(played) == frozenset()


def test_a_denial_past_its_count_and_alone_ends_with_6(played: Played) -> None:
    guards = "guards: {max_removals: {blocked: {count: 0}}}\n"
    played.write({"reconciler.yaml": CONFIG + guards, "access.yaml": ACCESS})
    played.converge("--now", NOV_20)
    with played.console() as console:
        console.remove_member("ops", BOB)
    played.write(OUT)
    assert played.run("plan", "--now", NOV_21, "--out", "plan.json").code == 0

    assert played.run("reconcile", "--now", NOV_21).code == 6
    assert played.run("apply", "plan.json", "--now", NOV_21).code == 6
    assert denied(played) == frozenset()


@pytest.mark.parametrize("command", ["reconcile", "apply"])
def test_an_end_that_cannot_be_written_ends_with_6(
    played: Played, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    begun(played)
    played.write(OUT)
    assert played.run("reconcile", "--now", NOV_21).code == 0
    later = "2026-11-21T09:20:30Z"
    assert played.run("plan", "--now", later, "--out", "plan.json").code == 0

    with monkeypatch.context() as patch:
        broken(played, patch, "AccessDeniedException")
        arguments = ("plan.json",) if command == "apply" else ()
        assert played.run(command, *arguments, "--now", later).code == 6

    assert entries(played) == {BOB: "open"}


def test_a_policy_whose_reads_are_throttled_at_first_is_written(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(played)
    played.write(OUT)
    left = [2]

    def throttled(_call: Call) -> None:
        if left[0]:
            left[0] -= 1
            raise ApiError("TooManyRequestsException", "slow down")

    watch(monkeypatch, "DescribePolicy", throttled)

    assert played.run("reconcile", "--now", NOV_21).code == 0
    assert denied(played) == BOTH

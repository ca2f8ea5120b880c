"""Output for a GitHub Actions log, read back as the runner reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import Place, Problem
from reconciler.model.plan import Finding, Severity
from reconciler.render.github import plan_github, problems_github
from tests.render import pieces, plans
from tests.render.test_escape import HOSTILE
from tests.render.test_text import poisoned

TOKEN = "0f3b9c5e7a1d4f6288aa10b2c3d4e5f6"


def commands(text: str) -> list[tuple[str, str]]:
    """The commands that a runner obeys, as name and the rest (actions/runner, ActionCommandManager)."""
    obeyed: list[tuple[str, str]] = []
    stopped: str | None = None
    for line in text.splitlines():
        found = re.match(r"\s*::(\S+?)(?: (.*?))?::(.*)$", line)
        if not found:
            continue
        if stopped is None:
            obeyed.append((found[1], f"{found[2] or ''}|{found[3]}"))
            if found[1] == "stop-commands":
                stopped = found[3]
        elif found[1] == stopped:
            stopped = None
            obeyed.append(("resume", ""))
    return obeyed


@pytest.mark.parametrize("name", ["refused", "ruled", "findings", "hostile", "nothing", "self-grant"])
def test_the_log_is_as_it_was_last_read(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.github.txt", plan_github(plans.PLANS[name], token=TOKEN))


def test_a_refusal_points_at_its_line_and_comes_first() -> None:
    name, output = commands(plan_github(plans.PLANS["refused"], token=TOKEN))[1]
    assert name == "error"
    assert output.startswith("title=aws%3A set-emptied,file=identities/teams.yaml,line=31,col=5|")
    assert "%0Aif it is meant" in output


def test_notes_without_a_place_annotate_nothing() -> None:
    text = plan_github(plans.PLANS["findings"], token=TOKEN)
    names = [name for name, _ in commands(text)]
    assert names == ["warning"] * 9 + ["notice"] * names.count("notice") + ["stop-commands", "resume"]
    assert "title=aws%3A first-apply" not in text


@pytest.mark.parametrize("count", [9, 10, 11, 400])
def test_github_keeps_ten_of_a_level_and_the_last_says_what_is_left_out(count: int) -> None:
    found = [
        replace(Finding("x", severity, f"{severity} {n}"), origin=pieces.PEOPLE)
        for severity in (Severity.REFUSAL, Severity.WARNING, Severity.NOTE)
        for n in range(count)
    ]
    plan = pieces.of(findings=found)
    told = commands(plan_github(plan, token=TOKEN))
    for level, severity in (("error", "refusal"), ("warning", "warning"), ("notice", "note")):
        shown = [text for name, text in told if name == level]
        assert len(shown) == min(count, 10)
        assert f"|{severity} 0" in shown[0]
        last = f"|{severity} {count - 1}" if count <= 10 else f"|{count - 9:,} more, which GitHub"
        assert last in shown[-1]


def test_many_problems_are_cut_to_ten_as_well() -> None:
    problems = [Problem(f"problem {n}", None, Place("identities/a.yaml", n + 1, 1)) for n in range(30)]
    told = [text for name, text in commands(problems_github(problems, token=TOKEN)) if name == "error"]
    assert len(told) == 10
    assert "21 more" in told[-1]


def test_who_gains_what_is_privileged_is_said_at_the_line_that_gives_it() -> None:
    told = commands(plan_github(plans.PLANS["self-grant"], token=TOKEN))
    self_grants = [text for name, text in told if name == "warning"]
    assert [text.partition("|")[2].partition(",")[0] for text in self_grants] == [
        "ada.lovelace",
        "edsger.dijkstra",
    ]
    assert all("file=identities/teams.yaml,line=31,col=5" in text for text in self_grants)
    notices = [text for name, text in told if name == "notice"]
    assert (
        "title=aws%3A privileged-grant,file=identities/teams.yaml,line=31,col=5|2 people gain" in notices[0]
    )
    assert "title=aws%3A removal,file=identities/teams.yaml,line=31,col=5|1 assignment is" in notices[1]


@given(evil=HOSTILE.filter(bool))
@settings(deadline=None)
def test_a_runner_obeys_nothing_that_data_says(evil: str) -> None:
    harmless = [name for name, _ in commands(plan_github(poisoned("x"), token=TOKEN))]
    assert [name for name, _ in commands(plan_github(poisoned(evil), token=TOKEN))] == harmless


@given(message=HOSTILE, path=HOSTILE.filter(bool), fix=st.none() | HOSTILE)
@settings(deadline=None)
def test_problems_are_errors_on_their_lines(message: str, path: str, fix: str | None) -> None:
    text = problems_github([Problem(message, fix, Place(path, 3, 7))], token=TOKEN)
    (name, output), *rest = commands(text)
    assert name == "error"
    assert ",line=3,col=7|" in output
    assert [each for each, _ in rest] == ["stop-commands", "resume"]


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "a" * 16 + "\n", "a b" * 10, "::" + "a" * 20])
def test_a_token_that_can_be_guessed_or_breaks_the_line_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="random"):
        plan_github(plans.PLANS["nothing"], token=token)


def test_a_token_that_stands_in_the_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="occurs"):
        plan_github(pieces.of(pieces.member("g", TOKEN)), token=TOKEN)

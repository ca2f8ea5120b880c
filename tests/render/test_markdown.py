"""Plans as Markdown: its size, what it never leaves out, and a structure that no data changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import NOT_MERGED, Finding, Plan, Severity
from reconciler.planning.ordering.estimate import Estimate
from reconciler.render import escape
from reconciler.render.comment.blocks import joined
from reconciler.render.comment.document import MAX_BYTES, blocks, plan_markdown
from reconciler.render.comment.levels import Level
from reconciler.render.comment.sheet import Sheet, Where
from tests.render import pieces, plans
from tests.render.markup import MARKUP, check_harmless, check_narrow, listed, outline, tokens
from tests.render.test_text import poisoned

URL = "https://ci.example.com/runs/7?check=plan#summary"


def at(plan: Plan, level: Level) -> str:
    """The document of one level."""
    estimates = {part.target: Estimate(12, {"create user": 3}) for part in plan.targets}
    return joined(blocks(Sheet(plan, Where(URL), estimates), level))


@pytest.mark.parametrize(
    "name",
    [
        "everyday",
        "refused",
        "ruled",
        "findings",
        "several-targets",
        "hostile",
        "nothing",
        "roles",
        "partial",
        "new-account",
        "self-grant",
    ],
)
def test_markdown_is_as_it_was_last_read(name: str, golden: Callable[[str, str], None]) -> None:
    plan = plans.PLANS[name]
    golden(f"{name}.md", plan_markdown(plan, estimates={"aws": Estimate(12, {"create user": 48})}))


@pytest.mark.parametrize("limit", [6000, 2500])
def test_folded_markdown_is_as_it_was_last_read(limit: int, golden: Callable[[str, str], None]) -> None:
    golden(f"many.{limit}-bytes.md", plan_markdown(plans.PLANS["many"], max_bytes=limit, whole_plan=URL))


# 48 letters that are spelled out, with 10 bytes each: as long as what is drawn can become.
RARE = "\U000e0000" * 48


@pytest.mark.parametrize("level", Level)
@given(evil=MARKUP.filter(bool))
@example(evil=RARE)
@example(evil="@octocat see https://evil.example and #1 <b> | x")
@settings(deadline=None, max_examples=15)
def test_no_data_is_more_than_text_or_wider_than_a_comment(level: Level, evil: str) -> None:
    document = at(poisoned(evil), level)
    check_harmless(document, links=(URL,))
    check_narrow(document)
    assert outline(document) == outline(at(poisoned("x"), level))


@given(evil=MARKUP.filter(bool), limit=st.sampled_from([20_000, 2048]))
@example(evil=RARE, limit=20_000)
@example(evil=RARE, limit=2048)
@settings(deadline=None, max_examples=20)
def test_data_too_long_for_a_limit_is_no_more_than_text_either(evil: str, limit: int) -> None:
    document = plan_markdown(poisoned(evil), max_bytes=limit, whole_plan=URL)
    assert len(document.encode()) <= limit
    check_harmless(document, links=(URL,))
    check_narrow(document)


@given(value=MARKUP)
@settings(max_examples=300)
def test_prose_and_code_are_text_and_code_alone(value: str) -> None:
    check_harmless(f"- **Note** x: {escape.prose(value)}\n")
    check_harmless(f"a {escape.code(value)} b\n")
    check_harmless(f"| a |\n|---|\n| {escape.cell(escape.text(value))} |\n")
    shown = [token for token in tokens(f"a {escape.code(value)} b") if token.type == "code_inline"]
    assert len(shown) == 1


@given(value=MARKUP.filter(lambda value: "|" not in value and "\\u{7c}" not in value))
def test_a_cell_says_what_the_text_says(value: str) -> None:
    shown = escape.text(value)
    spans = [each.content for each in tokens(f"a {escape.cell(shown)}") if each.type == "code_inline"]
    assert "".join(spans).strip(" ") == shown.strip(" ")


@pytest.mark.parametrize("limit", [2048, 4096, 16_000, MAX_BYTES, 1_048_576])
@pytest.mark.parametrize("name", plans.PLANS)
def test_markdown_fits_its_limit_and_scrolls_nowhere(name: str, limit: int) -> None:
    document = plan_markdown(plans.PLANS[name], max_bytes=limit)
    assert len(document.encode()) <= limit
    check_harmless(document)
    check_narrow(document)
    for part in plans.PLANS[name].targets:
        assert not part.changes or part.digest in document


@given(evil=MARKUP.filter(bool), limit=st.integers(2048, 6000))
@settings(deadline=None, max_examples=10)  # each lays out a whole plan, several times
def test_markdown_fits_its_limit_whatever_is_in_it(evil: str, limit: int) -> None:
    assert len(plan_markdown(poisoned(evil * 20), max_bytes=limit).encode()) <= limit


def _mixed(leaving: int, joining: int) -> Plan:
    leave = [pieces.member(f"g-{n % 40:02}", f"out.{n:04}", Action.DELETE) for n in range(leaving)]
    join = [pieces.member(f"g-{n % 40:02}", f"in.{n:05}") for n in range(joining)]
    refusal = Finding("max-removals", Severity.REFUSAL, "too many", kind=Kind.MEMBERSHIP)
    return pieces.of(*leave, *join, pieces.user("gone", Action.DELETE), findings=[refusal])


@pytest.mark.parametrize("limit", [None, MAX_BYTES, 40_000, 20_000, 16_000])
def test_every_removal_and_refusal_is_named_at_every_level(limit: int | None) -> None:
    document = plan_markdown(_mixed(1000, 4000), max_bytes=limit)
    found = set(re.findall(r"out\.\d{4}", "\n".join(listed(document))))
    assert len(found) == 1000
    assert "- gone" in listed(document)
    assert "max-removals" in document
    assert "Not everything" not in document


@cache
def _granting(people: int, others: int) -> Plan:
    """So many get what is privileged, and so many more what is not."""
    admins = [f"admin.{n:04}" for n in range(people)]
    rest = [f"reader.{n:05}" for n in range(others)]
    access = [
        AccessChange(Direction.GAIN, "Admin", tuple(admins), ("210000000010",), ("ops",), privileged=True),
        *(
            AccessChange(Direction.GAIN, f"Read{n % 400}", (key,), (f"{210_000_000_000 + n}",), ("all",))
            for n, key in enumerate(rest)
        ),
    ]
    joins = [pieces.member("ops", key) for key in admins] + [pieces.member("all", key) for key in rest]
    return pieces.plan(pieces.part(joins, access=access))


@pytest.mark.parametrize("limit", [None, MAX_BYTES, 20_000, 9_000])
def test_everybody_who_gains_what_is_privileged_is_named_at_every_level(limit: int | None) -> None:
    document = plan_markdown(_granting(500, 3000), max_bytes=limit)
    assert len(set(re.findall(r"admin\.\d{4}", document))) == 500
    assert "Not everything" not in document
    assert document.startswith("### Can be applied. 3,500 people affected: 500 gain `Admin` on ")


def test_what_is_not_named_is_counted_and_said_to_stand_elsewhere() -> None:
    document = plan_markdown(_mixed(1000, 4000), whole_plan=URL)
    expected = (
        r"[\d,]+ of 5,001 changes are named here, and all that take something away .* in \[the whole plan\]"
    )
    assert re.search(expected, document)
    assert f"[the whole plan](<{URL}>)" in document
    assert "changes are named" not in plan_markdown(_mixed(1000, 4000), max_bytes=None)


def test_removals_that_do_not_fit_are_said_to_be_missing_in_the_first_line() -> None:
    gone = [pieces.user(f"gone.{n:04}", Action.DELETE) for n in range(2000)]
    document = plan_markdown(pieces.of(*gone), max_bytes=8_000, saved="plan.json")
    first, *_ = document.splitlines()
    assert first.startswith("**Not everything is shown here. Do not approve by this text:**")
    assert "`plan.json`" in first
    assert "### Can be applied." in document
    output = re.search(r"([\d,]+) of 2,000 removals are listed here", document)
    assert output
    assert sum(line.startswith("-") for line in listed(document)) == int(output[1].replace(",", "")) > 100


def test_removals_that_do_not_fit_by_name_are_counted_by_group() -> None:
    document = plan_markdown(_mixed(2000, 0), max_bytes=8_000)
    assert document.startswith("**Not everything is shown here.")
    assert "### Refused." in document
    assert "2,001 of 2,001 removals are listed here" in document
    assert [line for line in listed(document) if "leave" in line] == [
        f"  g-{n:02}: 50 leave" for n in range(40)
    ]


def test_privileged_grants_that_do_not_fit_come_before_removals() -> None:
    part = _granting(3000, 0).targets[0]
    leave = [pieces.member("all", f"out.{n:04}", Action.DELETE) for n in range(3000)]
    document = plan_markdown(pieces.plan(replace(part, changes=(*part.changes, *leave))), max_bytes=8_000)
    assert "1 of 1 privileged grant is listed here" in document
    assert "+ Admin (gain) on 1 account: 3,000 people through ops" in listed(document)
    assert document.index("privileged grant is") < document.index("removals are listed here")
    assert part.digest in document


def test_a_section_that_takes_something_away_is_open_and_others_are_folded() -> None:
    assert "<details>\n<summary>Memberships: 50 to create</summary>" in plan_markdown(_gains(50, 0))
    assert "<details open>\n<summary>Memberships: 5 to create, 1 to delete" in plan_markdown(_gains(5, 1))


def _gains(joining: int, leaving: int) -> Plan:
    leave = [pieces.member("g", f"out.{n}", Action.DELETE) for n in range(leaving)]
    return pieces.of(*leave, *(pieces.member("g", f"in.{n}") for n in range(joining)))


def test_access_stands_before_the_changes_and_what_is_privileged_first() -> None:
    document = plan_markdown(plans.PLANS["roles"])
    rows = [line for line in document.splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| **gains**")
    assert "**privileged**" in rows[1]
    assert document.index(rows[1]) < document.index("```mermaid") < document.index("<summary>Memberships")


def test_one_row_stands_for_a_set_and_a_group_of_accounts() -> None:
    access = [
        AccessChange(Direction.GAIN, "Read", (f"p{n}",), ("210000000010",), (f"g{n % 3}",)) for n in range(9)
    ]
    document = plan_markdown(pieces.plan(pieces.part([pieces.member("g0", "p0")], access=access)))
    rows = [line for line in document.splitlines() if line.startswith("| gains")]
    assert len(rows) == 1
    assert "<summary>9 people</summary>" in rows[0]
    assert "through `g0`, `g1`, `g2`" in rows[0]


def test_what_stands_in_every_pull_request_is_left_out_of_a_comment_alone() -> None:
    noise = Finding(NOT_MERGED, Severity.NOTE, "HEAD, which is 0123abc, is not on origin/main", fix="merge")
    plan = pieces.of(pieces.member("g", "p"), findings=[noise])
    assert NOT_MERGED not in plan_markdown(plan)
    assert plan_markdown(plan) == plan_markdown(pieces.of(pieces.member("g", "p")))


@pytest.mark.parametrize("limit", [0, 100, 2047])
def test_a_limit_too_small_for_anything_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="2048"):
        plan_markdown(plans.PLANS["nothing"], max_bytes=limit)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://x.example",
        "javascript:alert(1)",
        "https://x.example/a b",
        "https://x.example/>)",
        "x",
        "https://",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        plan_markdown(plans.PLANS["nothing"], whole_plan=address)

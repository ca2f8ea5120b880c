"""Plans as text: what is always there, what folds, and what no data can do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Kind, remote
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Counts, Finding, Plan, Severity
from reconciler.planning.ordering.estimate import Estimate
from reconciler.render.text import MAX_LINES, plan_text
from tests.render import pieces, plans, plans_access, plans_people
from tests.render.test_escape import HOSTILE


def shown(plan: Plan, *, verbose: bool = False, width: int | None = None) -> str:
    return plan_text(plan, color=False, verbose=verbose, width=width)


@pytest.mark.parametrize("name", plans.PLANS)
def test_text_is_as_it_was_last_read(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.txt", shown(plans.PLANS[name]))


@pytest.mark.parametrize("name", ["everyday", "leaving", "findings", "roles"])
def test_verbose_text_is_as_it_was_last_read(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.verbose.txt", shown(plans.PLANS[name], verbose=True))


@pytest.mark.parametrize("name", ["everyday", "refused", "ruled", "findings", "roles"])
def test_wrapped_text_is_as_it_was_last_read(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.100-columns.txt", shown(plans.PLANS[name], width=100))


def test_coloured_text_is_as_it_was_last_read(golden: Callable[[str, str], None]) -> None:
    golden("leaving.color.txt", plan_text(plans.PLANS["leaving"], color=True, verbose=False))


@pytest.mark.parametrize("name", plans.PLANS)
@pytest.mark.parametrize("verbose", [False, True], ids=["brief", "verbose"])
def test_colour_changes_nothing_but_colour(name: str, verbose: bool) -> None:  # noqa: FBT001  # a table's column
    coloured = plan_text(plans.PLANS[name], color=True, verbose=verbose)
    assert "\x1b" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown(plans.PLANS[name], verbose=verbose)


@pytest.mark.parametrize("groups", [1, 7, 100, 180, 600, 1200, 5000])
def test_5000_grants_fit_200_lines_and_are_all_counted(groups: int) -> None:
    text = shown(plans_people.grants(5000, groups))
    assert len(text.splitlines()) <= MAX_LINES
    assert "5,000 to create" in text
    assert re.search(r"[\d,]+ changes are folded into counts; -v names every one", text)


@pytest.mark.parametrize("kind", ["users", "groups", "updates", "restores", "on a narrow terminal"])
def test_5000_changes_of_any_giving_kind_fit_200_lines(kind: str) -> None:
    made = {
        "users": lambda n: pieces.hire(f"p.{n:05}"),
        "groups": lambda n: pieces.group(f"g-{n:05}"),
        "updates": lambda n: pieces.user(f"p.{n:05}", Action.UPDATE, {f"f{n % 300}": ("a", "b")}),
        "restores": lambda n: pieces.member(f"g-{n}", "ada", cause=Cause.DRIFT, restores=True),
        "on a narrow terminal": lambda n: pieces.member(f"g-{n % 700:03}", f"p.{n:05}"),
    }[kind]
    text = shown(pieces.of(*map(made, range(5000))), width=60 if "narrow" in kind else None)
    assert len(text.splitlines()) <= MAX_LINES


def test_verbose_lists_each_of_5000_grants() -> None:
    lines = shown(plans_people.grants(), verbose=True).splitlines()
    assert sum(line.strip().startswith("+ person.") for line in lines) == 5000


def test_what_folds_and_what_is_named_add_up() -> None:
    lines = shown(plans.PLANS["many"]).splitlines()
    folded = next(line for line in lines if "folded" in line)
    more = [int(number.replace(",", "")) for line in lines for number in re.findall(r"… ([\d,]+) more", line)]
    assert folded.startswith(f"{sum(more):,} changes")


def test_no_removal_folds_however_many_there_are() -> None:
    leaving = [pieces.member(f"g-{n % 50:02}", f"p.{n:04}", Action.DELETE) for n in range(3000)]
    gone = [pieces.user(f"u.{n:03}", Action.DELETE) for n in range(300)]
    off = [
        pieces.user(f"v.{n:03}", Action.UPDATE, {"active": (True, False)}, effect=Effect.REVOKE)
        for n in range(300)
    ]
    renamed = [
        pieces.user(f"w.{n:03}", Action.UPDATE, {"user_name": ("a", "b")}, effect=Effect.MIXED)
        for n in range(300)
    ]
    joining = [pieces.member(f"g-{n % 50:02}", f"q.{n:04}") for n in range(5000)]
    lines = shown(pieces.of(*leaving, *gone, *off, *renamed, *joining)).splitlines()
    for start, count in (("- p.", 3000), ("- u.", 300), ("~ v.", 300), ("~ w.", 300)):
        assert sum(line.strip().startswith(start) for line in lines) == count
    assert len(lines) - 3900 <= MAX_LINES


def test_every_refusal_is_shown_however_many_there_are_and_again_at_the_end() -> None:
    refusals = [
        Finding("protected", Severity.REFUSAL, f"thing {n} is protected", fix="ask") for n in range(400)
    ]
    text = shown(pieces.of(pieces.member("g", "p", Action.DELETE), findings=refusals))
    assert text.startswith("REFUSED for 400 reasons")
    assert all(f"protected: thing {n} is protected" in text for n in range(400))
    assert text.splitlines()[-1].startswith("REFUSED by protected")
    assert "reconciler apply" not in text


def test_alike_warnings_are_counted_after_a_few() -> None:
    text = shown(plans.PLANS["findings"])
    assert text.count("cannot be created") == 3
    assert "incomplete-user: 4 more like these" in text
    assert shown(plans.PLANS["findings"], verbose=True).count("cannot be created") == 7


def test_restored_access_stands_above_warnings_and_changes() -> None:
    text = shown(plans.PLANS["findings"])
    assert text.startswith("RESTORES 2 grants")
    assert text.index("RESTORES") < text.index("Warnings") < text.index("Memberships") < text.index("Notes")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(
            pieces.user("ada", Action.UPDATE, {"title": ("A", "B")}), '  ~ ada  title "A" -> "B"', id="update"
        ),
        pytest.param(
            pieces.user("ada", Action.UPDATE, {"title": ("A", None)}),
            '  ~ ada  title "A" -> (none)',
            id="clear",
        ),
        pytest.param(
            pieces.user("ada", Action.UPDATE, {"title": (None, "B")}, cause=Cause.LEFTOVER),
            '  ~ ada  title (none) -> "B"  (leftover)',
            id="a cause other than git is said",
        ),
        pytest.param(
            pieces.user(
                "ada", Action.UPDATE, {"active": (True, False)}, effect=Effect.REVOKE, cause=Cause.EXPIRY
            ),
            "  ~ ada  active true -> false  (revokes; expiry)",
            id="an update that revokes says so",
        ),
        pytest.param(
            pieces.user("ada", Action.UPDATE, {"active": (False, True)}, effect=Effect.GRANT),
            "  ~ ada  active false -> true  (grants)",
            id="an update that grants says so",
        ),
        pytest.param(pieces.user("ada", Action.DELETE), "  - ada", id="a deletion revokes, of course"),
        pytest.param(
            pieces.user(remote("9067-1"), Action.DELETE, name="sam@partner.example"),
            "  - sam@partner.example [~9067-1]",
            id="what has no key goes by its name",
        ),
        pytest.param(
            pieces.user("ada", fields={"photos": (None, ("a", "b")), "address": (None, {"country": "CH"})}),
            '  + ada  address {country: "CH"}, photos ["a", "b"]',
            id="lists and maps are written as in YAML",
        ),
        pytest.param(
            pieces.user("a/b c", Action.DELETE), '  - "a/b c"', id="a key that is no plain word is quoted"
        ),
    ],
)
def test_a_change_is_one_line(change: Change, line: str) -> None:
    assert line in shown(pieces.of(change)).splitlines()


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        pytest.param(
            [pieces.member("g", "a")], "Plan: 1 to create; 1 person gains something.", id="one gains"
        ),
        pytest.param(
            [pieces.member("g", "a"), pieces.member("h", "a"), pieces.member("g", "b", Action.DELETE)],
            "Plan: 2 to create, 1 to delete; 1 person gains and 1 loses something.",
            id="people are counted once each",
        ),
        pytest.param([pieces.hire("a.b")], "Plan: 1 to create.", id="to be there is no access"),
        pytest.param(
            [pieces.user("a", Action.UPDATE, {"user_name": ("a", "b")}, effect=Effect.MIXED)],
            "Plan: 1 to update.",
            id="another name to sign in by gives and takes nothing",
        ),
    ],
)
def test_the_summary_says_who_gains_and_loses(changes: list[Change], summary: str) -> None:
    assert summary in shown(pieces.of(*changes)).splitlines()


def test_what_every_create_gets_by_default_is_left_to_the_verbose_plan() -> None:
    same = pieces.of(pieces.hire("ada.lovelace"))
    assert "display_name" not in shown(same)
    assert "email" not in shown(same)
    assert 'display_name "Ada Lovelace"' in shown(same, verbose=True)
    assert 'email "ada.lovelace@example.com"' in shown(same, verbose=True)


def test_what_differs_from_the_default_of_a_create_is_always_shown() -> None:
    fields = {
        "user_name": (None, "ada@example.com"),
        "given_name": (None, "Ada"),
        "family_name": (None, "Lovelace"),
        "display_name": (None, "Lady Lovelace"),
        "email": (None, "ada@private.example"),
    }
    text = shown(pieces.of(pieces.user("ada", fields=fields)))
    assert 'display_name "Lady Lovelace"' in text
    assert 'email "ada@private.example"' in text


def test_an_empty_plan_is_one_line() -> None:
    assert shown(plans.PLANS["nothing"]) == "No changes. aws matches 15 users, 6 groups, 41 memberships.\n"


def test_an_empty_plan_of_nothing_says_so() -> None:
    empty = pieces.plan(pieces.part(counts={Kind.USER: Counts()}))
    assert shown(empty) == "No changes. Nothing at aws is declared in git.\n"


def test_a_partial_plan_never_claims_that_everything_matches() -> None:
    text = shown(pieces.plan(pieces.part(partial=True)))
    assert "matches" not in text
    assert "PARTIAL" in text


def test_a_saved_plan_and_estimates_are_told() -> None:
    text = plan_text(
        plans.PLANS["everyday"],
        color=False,
        verbose=False,
        saved="out/plan.json",
        estimates={"aws": Estimate(75.2, {"create membership": 40, "create user": 8})},
    )
    assert "Applying takes about 1 min 15 s and 48 calls." in text
    assert text.endswith("To apply this plan: reconciler apply out/plan.json\n")


def test_no_line_is_wider_than_the_terminal_where_it_can_be_broken() -> None:
    lines = shown(plans.PLANS["everyday"], width=100).splitlines()
    assert max(map(len, lines)) <= 100


def test_a_plan_of_thousands_of_assignments_fits_200_lines_and_lists_each_removal() -> None:
    text = shown(plans_access.roll_out())
    assert len(text.splitlines()) <= MAX_LINES + 10
    assert sum(line.strip().startswith("- account-") for line in text.splitlines()) == 4
    assert "3,000 to create" in text


def test_what_has_no_row_of_its_own_is_counted_by_permission_set() -> None:
    sets = ("Admin", "Read", "Write")
    made = [
        pieces.assigned(f"4{n:011}", sets[n % 3], f"group:team-{n:04}", cause=Cause.SELECTOR)
        for n in range(600)
    ]
    text = shown(pieces.of(*made))
    assert len(text.splitlines()) <= MAX_LINES
    assert [f"+ {name}: {count} more granted: {name} to group team-" in text for name, count in
            (("Admin", 160), ("Read", 200), ("Write", 200))] == [True] * 3  # fmt: skip


def test_access_is_said_in_numbers_however_much_there_is_and_privileged_first() -> None:
    lines = shown(plans_access.roll_out()).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("Access: "))
    assert lines[start] == "Access: 40 people gain and 1 person loses; 40 gain privileged access"
    assert "PRIVILEGED 40 people gain Set00 on 300 accounts  (through team-00)" in lines[start + 1]
    assert any(line.startswith("  - ada loses Set03 on 4 accounts") for line in lines[start:])


def test_verbose_access_names_everybody_and_every_account() -> None:
    text = shown(plans.PLANS["roles"], verbose=True)
    assert all(f"person.{number:02}" in text for number in range(25))
    assert text.count("card-vault (210000000022)") >= 2


def test_people_who_gain_through_a_group_are_counted_once() -> None:
    gain = [
        AccessChange(Direction.GAIN, name, ("ada", "bob"), ("210000000010",), ("g",)) for name in ("A", "B")
    ]
    both = pieces.plan(
        pieces.part([pieces.member("g", "ada"), pieces.member("g", "cyd", Action.DELETE)], access=gain)
    )
    assert "Plan: 1 to create, 1 to delete; 2 people gain and 1 loses something." in shown(both).splitlines()


def test_a_group_in_place_of_an_equal_one_gives_and_takes_nothing_where_access_is_known() -> None:
    moved = [pieces.member("new", "ada"), pieces.member("old", "ada", Action.DELETE)]
    known = {**pieces.COUNTS, Kind.ASSIGNMENT: Counts(live=1, desired=1, unchanged=1)}
    assert (
        "Plan: 1 to create, 1 to delete." in shown(pieces.plan(pieces.part(moved, counts=known))).splitlines()
    )
    # Where nobody knows what groups lead to, both are said.
    both = "Plan: 1 to create, 1 to delete; 1 person gains and 1 loses something."
    assert both in shown(pieces.plan(pieces.part(moved))).splitlines()


def test_a_group_without_a_key_goes_by_its_name_in_memberships_and_access() -> None:
    access = [AccessChange(Direction.LOSE, "A", ("~u-1",), ("210000000010",), ("~g-1",))]
    part = pieces.part([pieces.member("~g-1", "~u-1", Action.DELETE, name="sam@x.org")], access=access)
    text = shown(pieces.plan(replace(part, accounts={"~g-1": "Ops", "~u-1": "sam@x.org"})))
    assert "  Ops [~g-1]: 1 leaves" in text
    assert "sam@x.org [~u-1] loses A on 210000000010  (through Ops [~g-1])" in text


def test_the_summary_agrees_with_the_access_section() -> None:
    access = [
        AccessChange(Direction.GAIN, "A", ("ada",), ("210000000010",), ("new",)),
        AccessChange(Direction.ALTER, "B", ("ada", "bob", "cyd"), ("210000000010",), ("new",)),
    ]
    changes = [pieces.member("new", "ada"), pieces.member("old", "ada", Action.DELETE)]
    lines = shown(pieces.plan(pieces.part(changes, access=access))).splitlines()
    assert "Access: 1 person gains and a permission set changes for 3 people" in lines
    assert (
        "Plan: 1 to create, 1 to delete; 1 person gains something; a permission set changes for 3 people."
        in lines
    )


def poisoned(evil: str) -> Plan:
    """A plan in which every string that can come from somebody else is `evil`."""
    # An address is UTF-8 by construction; everything else may be any string that JSON can carry.
    key = remote(evil.encode(errors="replace").decode())
    finding = Finding(evil, Severity.WARNING, evil, fix=evil, details=(evil, evil), origin=pieces.PEOPLE)
    changes = [
        pieces.user(key, Action.UPDATE, {evil: (evil, {evil: (evil,)})}, reason=evil, name=evil),
        pieces.group(key, Action.DELETE, name=evil, reason=evil),
        pieces.member(key, key, Action.DELETE, name=evil, reason=evil),
        pieces.member("g", key, cause=Cause.DRIFT, restores=True, name=evil, reason=evil),
        pieces.permission_set(key, Action.UPDATE, {f"tags.{evil}": (evil, None)}, reason=evil),
        pieces.permission_set("p", Action.UPDATE, {"inline_policy": (None, evil), "description": (evil, "")}),
        pieces.outdated(key, key),
        pieces.assigned(key, key, f"user:{key}", Action.DELETE, called=evil, reason=evil),
    ]
    ends = (FieldChange("until", evil, evil),)
    changes.append(replace(pieces.member("g", f"{key}x"), action=Action.UPDATE, fields=ends, name=evil))
    changes.append(replace(pieces.member("h", key, name=evil), fields=ends))
    people, ways = (key, evil), (evil, "")
    access = [AccessChange(each, evil, people, (evil,), ways, False, evil, evil) for each in Direction]
    part = replace(
        pieces.part(
            changes,
            [finding, replace(finding, severity=Severity.REFUSAL)],
            partial=True,
            access=access,
            accounts={evil: evil, key: evil},
        ),
        authors=(key,),
        approvals=("approvals:", f"  x: {{guard: {evil}, reason: {evil}}}"),
        target=evil,
        digest=evil,
        identity={evil: evil},
        gaps=((evil, evil, evil),),
    )
    place = replace(pieces.PLACES[pieces.PEOPLE], path=evil)
    return replace(pieces.plan(part, part), places={pieces.PEOPLE: place})


@given(evil=HOSTILE.filter(bool), verbose=st.booleans(), width=st.sampled_from([None, 60]))
@settings(deadline=None)
def test_nothing_that_data_says_commands_a_terminal_or_a_runner(
    evil: str,
    verbose: bool,  # noqa: FBT001  # hypothesis passes by name
    width: int | None,
) -> None:
    harmless = shown(poisoned("x"), verbose=verbose)
    text = plan_text(poisoned(evil), color=False, verbose=verbose, width=width)
    assert all(line.isprintable() for line in text.split("\n"))
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    assert "##[" not in text
    if width is None:
        assert text.count("\n") == harmless.count("\n")

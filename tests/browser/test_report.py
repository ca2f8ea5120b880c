"""The report of access in a real Chromium: accessible, by keyboard, inert, with the rows of the command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from reconciler.access.asking import Question, TargetAccess, answered
from reconciler.access.page import AccessPage, Source, TargetPage
from reconciler.cli.report import read_assets
from reconciler.model.access import AccessChange, Direction
from reconciler.model.resources import Assignment, Group, Origin, Selector
from reconciler.planning.declared_rules import declared_rules
from reconciler.planning.facts import facts_of_files
from reconciler.render import escape
from reconciler.render.access_report import access_csv
from reconciler.render.html.page import page_html
from tests.browser.conftest import Seen
from tests.browser.pages import HOSTILE, hostile, sample, small, standing
from tests.planning.world import NOW, ORIGIN
from tests.support.access_pages import POLICY, as_applied, large, lines, page_of

pytestmark = pytest.mark.slow
Show = Callable[..., Seen]
# The rules of axe that colours decide.
_COLOURS = ("color-contrast", "link-in-text-block")
VIEWS = (
    "#/overview",
    "#/matrix",
    "#/matrix?down=group&across=set",
    "#/access",
    "#/access?q=nothing+fits",
    "#/people",
    "#/groups",
    "#/accounts",
    "#/sets",
    "#/drift",
    "#/changes",
    "#/person/ada",
    "#/person/oda",
    "#/group/dev",
    "#/group/empty",
    "#/account/210000000000",
    "#/set/Admin",
    "#/person/not-there",
    "#/nonsense",
)


def _judged(seen: Seen, view: str, *rules: str) -> list[str]:
    seen.go(view)
    return seen.violations(*rules)


def test_every_view_is_accessible(show: Show) -> None:
    seen = show(small())
    found = {view: _judged(seen, view) for view in VIEWS}
    assert {view: wrong for view, wrong in found.items() if wrong} == {}


def test_a_long_name_takes_the_room_of_few_lines_in_lists_and_is_whole_on_its_page(show: Show) -> None:
    git = sample()
    name = "a name " * 80 + "x" * 464
    ada = replace(git.users["ada"], attributes={"user_name": "ada@example.com", "display_name": name})
    git = replace(git, users={**git.users, "ada": ada})
    seen = show(page_of(git, as_applied(git)))
    for view in ("#/people", "#/access"):
        page = seen.go(view)
        assert (
            page.evaluate("Math.max(...[...document.querySelectorAll('tbody tr')].map(r => r.offsetHeight))")
            < 130
        )
        assert name in page.evaluate("document.querySelector('tbody').textContent")
    page = seen.go("#/person/ada")
    assert name in page.evaluate("document.querySelector('main').textContent")


def test_colours_are_as_legible_in_the_dark(show: Show) -> None:
    seen = show(small(), "dark")
    found = {view: _judged(seen, view, *_COLOURS) for view in VIEWS[::3]}
    assert {view: wrong for view, wrong in found.items() if wrong} == {}


def test_a_large_page_is_accessible_and_makes_only_the_rows_in_view(show: Show) -> None:
    git = large(2_000, 300)
    shown = page_of(git, as_applied(git))
    seen = show(shown)
    for view in ("#/access", "#/matrix"):
        page = seen.go(view)
        assert seen.violations() == []
        assert 10 < page.locator("main tbody tr").count() < 80
    page = seen.go("#/access")
    total = int(page.locator("main table").get_attribute("aria-rowcount") or 0) - 1
    assert total == lines(shown.targets[0])
    page.locator("main tbody a").first.focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.closest('tr').ariaRowIndex") == str(total + 1)
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.closest('tr').ariaRowIndex") == str(total)
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.closest('tr').ariaRowIndex") == "2"


QUESTIONS = {
    "": Question(),
    "?q=person:ada": Question(people=frozenset({"ada"})),
    "?q=person:ada@example.com": Question(people=frozenset({"ada"})),
    "?q=group:ops": Question(groups=frozenset({"ops"})),
    "?q=account:prod": Question(accounts=frozenset({"210000000000"})),
    "?q=account:210000000003+set:Read": Question(
        accounts=frozenset({"210000000003"}), permission_sets=frozenset({"Read"})
    ),
    "?q=set:Deploy&marks=privileged": Question(permission_sets=frozenset({"Deploy"}), privileged=True),
    "?marks=privileged": Question(privileged=True),
    "?ends=14": Question(ends_by=NOW + timedelta(days=14)),
    "?ends=365": Question(ends_by=NOW + timedelta(days=365)),
    "?q=mallory": Question(people=frozenset({"~9067-x"})),
}


def test_the_page_has_the_rows_of_the_command(show: Show) -> None:
    page = small()
    access = page.targets[0].access
    assert access is not None
    for asked, question in QUESTIONS.items():
        expected = access_csv([answered(access, question)])
        # Each in a page of its own: Chromium asks a person before one page saves its eleventh file.
        seen = show(page)
        seen.go(f"#/access{asked}")
        assert (asked, seen.csv()) == (asked, expected)
        assert len(seen.rows()) == expected.count("\r\n") - 1 > 0


def test_what_is_typed_narrows_the_list_and_is_said_and_kept_in_the_address(show: Show) -> None:
    seen = show(small())
    page = seen.go("#/access")
    whole = len(seen.rows())
    page.fill("#search", "person:ada admin")
    seen.until("document.getElementById('said').textContent.startsWith('2 grants')")
    assert [row[:3] for row in seen.rows()] == [
        ["ada Ada Lind", "Admin", "prod 210000000000"],
        ["ada Ada Lind", "Admin", "data 210000000002"],
    ]
    assert "q=person%3Aada+admin" in page.url
    page.fill("#search", "")
    seen.until("document.getElementById('said').textContent.includes('people')")
    assert len(seen.rows()) == whole
    page.get_by_label("Direct").check()
    seen.until("document.getElementById('said').textContent.startsWith('3 grants')")
    assert {row[0].split()[0] for row in seen.rows()} == {"max", "eve", "mallory@example.com"}


def test_the_why_of_a_grant_is_beside_it(show: Show) -> None:
    seen = show(small())
    page = seen.go("#/person/ada")
    assert ["Admin", "prod 210000000000", "ops", "ops-admin assignments.yaml", "Privileged"] in seen.rows()
    groups = page.locator("section:has(#groups) tbody tr").all_inner_texts()
    assert [" ".join(row.split()) for row in groups] == ["dev takes in ops groups.yaml", "ops groups.yaml"]
    page = seen.go("#/person/fay")
    joined = page.locator("section:has(#groups) tbody tr").all_inner_texts()
    assert [" ".join(row.split()) for row in joined if "ops" in row] == ["ops not in git"]
    page = seen.go("#/group/empty")
    assert "Read" in page.locator("section:has(#idle)").inner_text()


def test_everything_is_reached_by_keyboard(show: Show) -> None:
    seen = show(small())
    page = seen.go()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_role("link", name="People", exact=True).first.focus()
    page.keyboard.press("Enter")
    seen.until("document.activeElement.tagName === 'H1'")
    assert page.title().startswith("People")
    assert page.locator("#said").inner_text() == "People"
    _tab_to(page, "main tbody")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "cyd"
    page.keyboard.press("Enter")
    seen.until("document.activeElement.tagName === 'H1'")
    assert page.evaluate("location.hash") == "#/person/cyd"
    _tab_to(page, "main tbody")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent").startswith("dev")
    page.go_back()
    seen.until("location.hash === '#/people'")
    page.evaluate("location.hash = '#/matrix'")
    seen.until("document.activeElement.tagName === 'H1'")
    _tab_to(page, "main tbody")
    label = page.evaluate("document.activeElement.textContent")
    assert label.startswith("1P ada, data: Admin (privileged)")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent").startswith("2P ada, dev: Deploy, Read")
    page.keyboard.press("Enter")
    seen.until("location.hash.startsWith('#/access?q=person')")


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is in what the selector finds: some part of it is in the order."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("where => document.activeElement.closest(where) !== null", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


def test_what_nobody_looked_at_is_told_as_not_known(show: Show) -> None:
    git = sample()
    git = replace(git, groups={**git.groups, "guests": Group("guests", {}, Origin("groups.yaml", 140))})
    entry = Assignment("guests", ORIGIN, ("guests",), (), ("Read",), (Selector(1, tag={"env": ("prod",)}),))
    git = replace(git, assignments={**git.assignments, "guests": entry})
    made = replace(small().made, source=Source.FILES)
    part = TargetPage("aws", facts_of_files(git, POLICY, NOW), rules=declared_rules(git, POLICY, NOW))
    seen = show(AccessPage(made, (part, replace(part, target="other"))))
    told = {}
    for view in ("overview", "access", "matrix", "drift", "changes", "group/guests", "person/fay"):
        told[view] = seen.go(f"#/{view}").locator("main").inner_text()
    assert seen.violations() == []
    assert "No service was asked" in told["overview"]
    assert "Not in git" not in told["overview"]
    assert "members of guests, whom git does not name" in told["access"]
    assert "accounts with env=prod" in told["access"]
    assert "That does not mean that nothing differs" in told["drift"]
    assert "That does not mean that nothing would change" in told["changes"]
    assert "It may have members" in told["group/guests"]
    assert "Members of 1 group are not known" in told["person/fay"]
    seen.page.select_option("#target", "other")
    seen.until("location.hash === '#/overview?target=other'")
    assert "target=other" in str(seen.page.locator("nav a").nth(1).get_attribute("href"))


def test_who_is_blocked_over_or_denied_is_shown_as_that(show: Show) -> None:
    seen = show(page_of(*standing()))
    told = {
        key: seen.go(f"#/{key}").locator("main").inner_text()
        for key in ("overview", "person/ada", "person/bob", "person/cyd", "person/dee", "person/ned")
    }
    assert seen.violations() == []
    assert "The policy of denials has 2 people" in told["overview"]
    assert "1 person cannot sign in" in told["overview"]
    for person, text in (("ada", "blocked: left"), ("bob", "Left, says git")):
        assert "To lose all access" in told[f"person/{person}"]
        assert text in told[f"person/{person}"]
    assert "with no end yet" in told["person/cyd"]
    assert "Denied until 2026-12-01" in told["person/dee"]
    assert "Cannot sign in" in told["person/ned"]
    files = TargetPage("aws", facts_of_files(standing()[0], POLICY, NOW), rules=())
    seen = show(AccessPage(replace(small().made, source=Source.FILES), (files,)))
    assert "Git gives 4 people nothing at this moment." in seen.go("#/overview").locator("main").inner_text()
    shown = seen.go("#/person/ada").locator("main").inner_text()
    assert "No access now" in shown
    assert "sign in" not in shown


def test_what_was_to_end_and_is_still_there_is_told_apart_from_what_ends(show: Show) -> None:
    page = small()
    (part,) = page.targets
    assert part.access is not None
    ends = {"2026-12-01T00:00:00Z": "2026-11-01T00:00:00Z"}
    rows = tuple(replace(one, until=ends.get(one.until or "", one.until)) for one in part.access.holdings)
    seen = show(replace(page, targets=(replace(part, access=replace(part.access, holdings=rows)),)))
    told = {key: seen.go(f"#/person/{key}").locator("main").inner_text() for key in ("max", "kim")}
    assert "1 direct, 1 over and still there" in told["max"]
    assert "Over since 2026-11-01" in told["max"]
    assert "with an end" not in told["max"]
    assert "Ends 2027-06-01" in told["kim"]
    assert "1 with an end" in told["kim"]


def test_a_plan_tells_only_what_it_changes(show: Show) -> None:
    part = small().targets[0]
    changes = tuple(
        AccessChange(each, "Admin", ("ada",), ("210000000000",), ("ops",), True, "2026-12-24T00:00:00Z", None)
        for each in Direction
    )
    access = TargetAccess("aws", (), changes, {"210000000000": "prod"})
    made = replace(small().made, source=Source.PLAN, origin="plan.json")
    seen = show(AccessPage(made, (TargetPage("aws", access=access, changes=changes, read_at=part.read_at),)))
    page = seen.go("#/access")
    moved = "2026-12-24 00:00 UTC \N{RIGHTWARDS ARROW} never"
    told = ("gains", "loses", "has altered", f"keeps longer: {moved}", f"keeps less long: {moved}")
    assert seen.rows() == [[each, "ada", "Admin", "prod 210000000000", "ops", "Privileged"] for each in told]
    assert seen.csv() == access_csv([access])
    assert seen.violations() == []
    seen.go("#/person/ada")
    assert "5 changes" in page.locator("main").inner_text()
    seen.go("#/overview")
    assert "not the access that stays as it is" in page.locator("main").inner_text()


# Elements and attributes that could do something, or lead out of the page.
_ACTIVE = """
() => [...document.querySelectorAll("main *, header *")]
  .filter((one) => /^(script|img|iframe|object|embed|base|style|link|meta)$/i.test(one.localName)
    || [...one.attributes].some((each) => /^on/i.test(each.name)
      || (/^(href|src|action|xlink:href)$/i.test(each.name) && !each.value.startsWith("#/"))))
  .map((one) => one.outerHTML)
"""
_UNSEEN = set("\u202e\u2066\u200b\u2028\u2029\x7f\x00")


def _views_of(keys: Sequence[str]) -> Iterator[str]:
    yield from (view for view in VIEWS if view.count("/") == 1)
    for number, key in enumerate(keys):
        yield f"#/{('group', 'set', 'person')[number % 3]}/{quote(key, safe='')}"
    yield from (f"#/person/~9067-{number}" for number in range(0, len(keys), 4))
    yield from (f"#/account/{number:012}" for number in range(0, len(keys), 4))
    yield "#/access?marks=toString,__proto__,constructor&ends=-1e99&q=%22"
    for text in HOSTILE[::2]:
        yield f"#/access?q={quote(text, safe='')}"
        yield f"#/{text}"


def test_every_text_is_inert(show: Show) -> None:
    seen = show(hostile())
    keys = [escape.text(text) for text in HOSTILE]
    for view in _views_of(keys):
        page = seen.go(view)
        assert page.locator("h1").count() == 1
        assert page.evaluate(_ACTIVE) == []
        assert not set(page.evaluate("document.body.textContent")) & _UNSEEN
    for key in keys:
        page = seen.go(f"#/person/{quote(key, safe='')}")
        assert key in page.locator("h1").inner_text()
    assert page.evaluate("Object.keys(Object.prototype).length") == 0
    seen.go("#/access")
    assert re.search(r"(^|,)\"?[=+@-]", seen.csv(), re.MULTILINE) is None


_INJECTED = """
<script>document.title = "taken"</script>
<img src="https://evil.example/x.png" onerror="document.title = 'taken'">
<style>h1 { display: none }</style>
<iframe src="https://evil.example"></iframe>
"""
_MARKUP = "() => { try { document.body.innerHTML = '<b>x</b>' } catch (error) { return error.name } }"


def test_the_policy_of_the_page_stops_what_is_put_into_it(show: Show, tmp_path: Path) -> None:
    text = page_html(small(), read_assets())
    file = tmp_path / "injected.html"
    file.write_text(text.replace('<footer id="end">', f'{_INJECTED}<footer id="end">'), "utf-8")
    seen = show(file)
    page = seen.go("#/people")
    assert page.title().startswith("People")
    assert page.locator("h1").is_visible()
    assert page.evaluate(_MARKUP) == "TypeError"
    told = [each for each in seen.troubles if "Content Security Policy" in each or "TrustedHTML" in each]
    assert len(told) == len(seen.troubles) >= 4
    outside = [url for url in seen.requests if "evil" in url]
    assert {f"csp {url}" for url in outside} <= set(seen.refused)
    seen.troubles.clear()
    seen.requests.clear()

"""The page of a report: its data, its policy, and its scripts, without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reconciler.access.asking import TargetAccess
from reconciler.access.page import AccessPage, Source, TargetPage
from reconciler.cli.report import SCRIPTS, read_assets
from reconciler.model.access import AccessRule
from reconciler.model.address import Kind
from reconciler.model.state import Gap
from reconciler.planning.holdings import Side
from reconciler.render import escape
from reconciler.render.html.data import INACTIVE, page_data
from reconciler.render.html.page import inert_json, page_html
from tests.browser.pages import HOSTILE, hostile, sample, small, standing
from tests.support.access_pages import as_applied, large, page_of, page_of_folder
from tests.support.browser import ROOT, missing
from tests.support.organisation import Place, organisations
from tests.support.patience import PATIENCE

# Some of it asks Node.js, which is a process.
pytestmark = pytest.mark.slow
FOLDER = ROOT / "reconciler" / "render" / "html" / "js"


# Person, permission set, account, groups, entries, whether it is privileged, and until when.
Grant = tuple[str, str, str, tuple[str, ...], tuple[str, ...], bool, str]


class _Elements(HTMLParser):
    """The elements of a page: name, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))
        self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1][2].append(data)


def elements(page: AccessPage) -> list[tuple[str, dict[str, str | None], str]]:
    parser = _Elements()
    parser.feed(page_html(page, read_assets()))
    return [(tag, attributes, "".join(text)) for tag, attributes, text in parser.found]


def rows_of(target: dict[str, Any]) -> set[Grant]:
    """Each grant of the data, decoded as the scripts decode it."""
    lists = target["lists"]

    def keys(kind: str, numbers: list[int], own: str) -> tuple[str, ...]:
        return tuple(own if n < 0 else target[kind][n][0] for n in numbers)

    return {
        (
            target["people"][person][0],
            target["sets"][row[0]][0],
            target["accounts"][account][0],
            keys("groups", lists[row[3]], ""),
            keys("entries", lists[row[4]], ""),
            bool(row[5] & 1),
            row[6] or "",
        )
        for row in target["rows"]
        for person in lists[row[1]]
        for account in lists[row[2]]
    }


def rows_told(access: TargetAccess) -> set[Grant]:
    return {
        (
            escape.text(person),
            escape.text(row.permission_set),
            escape.text(account),
            tuple(map(escape.text, row.groups)),
            tuple(map(escape.text, row.entries)),
            row.privileged,
            row.until or "",
        )
        for row in access.holdings
        for person in row.people
        for account in row.accounts
    }


@pytest.mark.parametrize("page", [small(), hostile()], ids=["small", "hostile"])
def test_the_data_have_every_grant_that_the_command_tells_and_no_other(page: AccessPage) -> None:
    access = page.targets[0].access
    assert access is not None
    data = json.loads(inert_json(page_data(page)))
    told = rows_told(access)
    assert rows_of(data["targets"][0]) == told
    assert len(told) > 15


def test_the_same_report_is_the_same_bytes() -> None:
    assert page_html(small(), read_assets()) == page_html(small(), read_assets())


def test_no_text_is_markup_and_the_block_of_data_does_not_end_early() -> None:
    found = elements(hostile())
    assert [tag for tag, _, _ in found] == [tag for tag, _, _ in elements(small())]
    (data,) = [text for tag, attributes, text in found if attributes.get("id") == "data"]
    assert data.isascii()
    assert data.isprintable()
    assert not set(data) & set("<>&")
    kept = json.loads(data)["targets"][0]["people"]
    assert {escape.text(text) for text in HOSTILE} <= {one[0] for one in kept}


def test_the_policy_names_the_script_and_the_styles_that_are_there_and_nothing_else() -> None:
    found = elements(hostile())
    (policy,) = [
        str(attributes["content"])
        for _, attributes, _ in found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    def hashed(tag: str, kind: str | None) -> str:
        (text,) = [text for name, attributes, text in found if name == tag and attributes.get("type") == kind]
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert said == {
        "default-src": "'none'",
        "script-src": hashed("script", "module"),
        "style-src": hashed("style", None),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_the_page_leads_nowhere() -> None:
    text = page_html(small(), read_assets())
    assert set(re.findall(r"https?://[^\s\"'`]+", text)) == {"http://www.w3.org/2000/svg"}
    outward = ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "fetch(", "import(", "eval(")
    assert [word for word in outward if word in text] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_a_module_of_its_own_that_takes_from_earlier_ones(name: str) -> None:
    text = (FOLDER / f"{name}.js").read_text("utf-8")
    imports = re.findall(r'^import \{[^}]*\} from "\./(\w+)\.js";$', text, re.MULTILINE)
    assert len(imports) == text.count("\nimport ") + text.startswith("import ")
    assert set(imports) <= set(SCRIPTS[: SCRIPTS.index(name)])
    assert len(text.splitlines()) < 350
    assert "</script" not in text
    assert "<!--" not in text


def test_every_script_is_used() -> None:
    assert sorted(f"{name}.js" for name in SCRIPTS) == sorted(path.name for path in FOLDER.glob("*.js"))


def test_the_scripts_are_what_node_takes() -> None:
    node = shutil.which("node")
    if node is None:
        missing("Node.js is not installed")
    assert node is not None
    command = [node, "--check", "--input-type=module", "-"]
    done = subprocess.run(
        command, input=read_assets().script.encode(), capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.stderr.decode() == ""


def test_what_was_not_read_is_told_as_not_known() -> None:
    git = sample()
    live = as_applied(git)
    members = {group: found for group, found in live.members.items() if group != "a0b1-ops"}
    gap = Gap(Kind.MEMBERSHIP, "a0b1-ops", "another directory decides")
    page = page_of(git, replace(live, members=members, gaps=(gap,)))
    (target,) = json.loads(inert_json(page_data(page)))["targets"]
    assert {one[0]: one[5] for one in target["groups"]}["ops"] == -1
    assert target["gaps"] == [["membership", "a0b1-ops", "another directory decides"]]


@pytest.mark.parametrize(
    ("side", "without"), [(Side.LIVE, {"ned"}), (Side.DESIRED, {"ada", "bob", "gus", "ned"})]
)
def test_who_gets_nothing_and_who_is_denied_is_told_apart_from_who_cannot_sign_in(
    side: Side, without: set[str]
) -> None:
    git, live = standing()
    (target,) = json.loads(inert_json(page_data(page_of(git, live, side=side))))["targets"]
    people = {one[0]: one for one in target["people"]}
    assert {key for key, one in people.items() if one[3] & INACTIVE} == without
    assert {key: one[6] for key, one in people.items() if one[6]} == {
        "ada": "blocked: left",
        "bob": "until 2026-11-01 00:00 UTC",
        "gus": "from 2027-06-01 00:00 UTC",
        "ned": "active: false",
    }
    if side is Side.LIVE:
        denied = {key: one[7] for key, one in people.items() if one[7] is not None}
        assert denied == {"cyd": "", "dee": "2026-12-01T00:00:00Z"}


def test_rules_name_members_whom_git_does_not_say() -> None:
    rule = AccessRule(
        "entry",
        "Read",
        "ops",
        (),
        ("every account with env=prod",),
        ("dev",),
        members_unknown=True,
        selects=True,
    )
    made = replace(small().made, source=Source.FILES)
    page = AccessPage(made, (TargetPage("aws", rules=(rule,)),))
    (target,) = json.loads(inert_json(page_data(page)))["targets"]
    ((person, set_, account, groups, *_),) = rows_of(target)
    assert person.startswith("members of ops")
    assert (set_, account, groups) == ("Read", "every account with env=prod", ("ops",))
    assert target["changes"] is None
    assert target["drift"] is None


def test_a_large_page_is_small() -> None:
    git = large(20_000, 1_500)
    text = page_html(page_of(git, as_applied(git)), read_assets())
    assert len(text) < 1_000_000


@pytest.mark.parametrize("place", organisations())
def test_a_whole_organisation_is_on_the_page_grant_by_grant(place: Place, tmp_path: Path) -> None:
    page = page_of_folder(place(tmp_path / "identities").folder)
    access = page.targets[0].access
    assert access is not None
    data = json.loads(inert_json(page_data(page)))
    assert rows_of(data["targets"][0]) == rows_told(access)
    lines = [each[1] for each in data["targets"][0]["entries"]]
    assert lines
    assert all(line for _, line in lines)

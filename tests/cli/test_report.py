"""`reconciler report` on the command line: what it is made of, where it goes, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
import stat
from typing import Any

import pytest

from tests.cli.stage import ROOT, Played, Real
from tests.cli.test_access import ACCESS
from tests.cli.test_redact import personal


def data_of(played: Played | Real, name: str = "page.html") -> dict[str, Any]:
    """The data of the page that was written."""
    text = (played.root / name).read_text("utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert found is not None
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


@pytest.fixture
def applied(played: Played) -> Played:
    played.write({"access.yaml": ACCESS})
    played.converge()
    return played


def test_the_page_of_what_is_live(applied: Played) -> None:
    ended = applied.run("report", "--sandbox", "--html", "page.html")
    assert (ended.code, ended.out) == (0, "")
    assert "Written to page.html" in ended.err
    assert stat.S_IMODE((applied.root / "page.html").stat().st_mode) == 0o600
    data = data_of(applied)
    assert (data["source"], data["desired"], data["redacted"]) == ("sandbox", False, False)
    (target,) = data["targets"]
    assert target["read"] == data["now"]
    assert target["drift"]["verdict"] == "as git says."
    assert target["changes"] == []
    lines = {one[0]: data["files"][one[1][0]] + f":{one[1][1]}" for one in target["entries"]}
    assert lines == {
        "ops-read": "identities/access.yaml:6",
        "dev-admin": "identities/access.yaml:7",
    }


def test_what_hands_did_is_drift_and_not_in_git(applied: Played) -> None:
    assert applied.run("sandbox", "console", "assign", "Admin", "prod", "cyd@example.com").code == 0
    assert applied.run("report", "--sandbox", "--html", "page.html").code == 0
    (target,) = data_of(applied)["targets"]
    titles = {entry[0] for entry in target["drift"]["entries"]}
    assert titles == {"Not in git"}
    admin = [row for row in target["rows"] if target["sets"][row[0]][0] == "Admin"]
    assert [(target["lists"][row[3]], target["lists"][row[4]], row[5] & 1) for row in admin] == [
        ([-1], [-1], 1)
    ]


def test_the_page_of_what_will_be(applied: Played) -> None:
    applied.write({"access.yaml": ACCESS.replace("groups: [ops]", "groups: [ops, dev]")})
    assert applied.run("report", "--sandbox", "--html", "page.html", "--state", "desired").code == 0
    data = data_of(applied)
    assert data["desired"] is True
    (target,) = data["targets"]
    people = {target["people"][i][0] for row in target["rows"] for i in target["lists"][row[1]]}
    assert people == {"ada", "bob", "cyd"}
    assert len(target["changes"]) == 1


def test_the_page_of_the_files_alone_asks_nobody(played: Played) -> None:
    played.write({"access.yaml": ACCESS})
    assert played.run("report", "--html", "page.html", "--rules").code == 0
    assert not (played.root / ".reconciler").exists()
    data = data_of(played)
    assert data["source"] == "files"
    (target,) = data["targets"]
    assert (target["read"], target["drift"], target["changes"]) == (None, None, None)
    assert {one[0] for one in target["accounts"]} == {"210000000020", "accounts with env=dev"}


def test_the_page_of_a_plan_knows_what_changes(applied: Played) -> None:
    applied.write({"access.yaml": ACCESS.replace("groups: [ops]", "groups: [ops, dev]")})
    assert applied.run("plan", "--out", "plan.json").code == 0
    assert applied.run("report", "--html", "page.html", "--plan", "plan.json").code == 0
    data = data_of(applied)
    assert (data["source"], data["origin"]) == ("plan", "plan.json")
    (target,) = data["targets"]
    assert [target["people"][i][0] for row in target["rows"] for i in target["lists"][row[1]]] == ["cyd"]
    assert applied.run("report", "--html", "p.html", "--plan", "plan.json", "--target", "chat").code == 64


def test_the_same_moment_is_the_same_page(played: Played) -> None:
    played.write({"access.yaml": ACCESS})
    moment = ("--now", "2026-11-23T12:00:00Z")
    pages = [played.run("report", "--html", "-", "--rules", *moment).out for _ in range(2)]
    assert pages[0] == pages[1]
    assert pages[0].startswith("<!doctype html>")


@pytest.mark.parametrize("how", [("--sandbox",), ("--rules",)])
def test_no_value_of_a_person_is_in_a_redacted_page(played: Played, how: tuple[str, ...]) -> None:
    shutil.rmtree(played.root / "identities")
    shutil.copytree(ROOT / "identities", played.root / "identities")
    if how == ("--sandbox",):
        played.converge()
    words = {"Break", "Engineer", "Platform", "Payments", "Security", "Finance", "Management", "Executive"}
    values = [one for one in personal(played.root / "identities") if len(one) > 3 and one not in words]
    assert played.run("report", "--html", "page.html", *how).code == 0
    whole = json.dumps(data_of(played), ensure_ascii=False)
    assert sum(value in whole for value in values) > 30
    assert played.run("report", "--html", "page.html", "--redact", "pii", *how).code == 0
    redacted = data_of(played)
    shown = json.dumps(redacted, ensure_ascii=False)
    assert [value for value in values if value in shown] == []
    assert redacted["redacted"] is True
    assert "person-1" in shown
    assert "payments-operators" in shown


def test_keys_of_entries_that_name_people_are_redacted_too(applied: Played) -> None:
    """`adopt` makes such keys for what people have directly."""
    entry = "direct-cyd-Look: {users: [cyd], permission_sets: [Admin], accounts: [prod]}"
    applied.write({"more.yaml": f"assignments:\n  {entry}\n"})
    for how in (("--sandbox", "--state", "desired"), ("--rules",)):
        assert applied.run("report", "--html", "page.html", *how).code == 0
        assert "direct-cyd-Look" in json.dumps(data_of(applied))
        assert applied.run("report", "--html", "page.html", "--redact", "pii", *how).code == 0
        shown = json.dumps(data_of(applied))
        assert "cyd" not in shown
        assert "direct-person-3-Look" in shown


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--html", "x", "--rules", "--plan", "plan.json"),
        ("--html", "x", "--plan", "plan.json", "--live", "reconciler/snapshot"),
        ("--html", "x", "--rules", "--state", "desired"),
        ("--html", "x", "--plan", "plan.json", "--redact", "pii"),
        ("--html", "x", "--format", "json"),
    ],
)
def test_what_makes_no_sense_is_refused(played: Played, options: tuple[str, ...]) -> None:
    ended = played.run("report", *options)
    assert ended.code == 64
    assert not (played.root / "x").exists()


def test_a_page_that_cannot_be_made_is_not_written(played: Played) -> None:
    assert played.run("report", "--html", "x", "--plan", "nothing.json").code == 1
    played.write({"people.yaml": "users: {ada: {nonsense: 1}}\n"})
    assert played.run("report", "--html", "x", "--rules").code == 1
    assert not (played.root / "x").exists()


def test_the_page_of_a_snapshot_says_when_it_was_taken(real: Real) -> None:
    real.commit({"access.yaml": ACCESS})
    real.converge("--first-apply")
    assert real.run("snapshot").code == 0
    assert real.run("report", "--html", "page.html", "--live", "reconciler/snapshot").code == 0
    data = data_of(real)
    assert (data["source"], data["origin"]) == ("snapshot", "reconciler/snapshot")
    assert data["commit"] == real.work.git("rev-parse", "HEAD")
    assert data["targets"][0]["read"] <= data["now"]
    assert real.run("report", "--html", "y.html", "--live", "reconciler/other").code == 1
    # What plays AWS on this machine is not taken for AWS.
    assert real.run("report", "--html", "page.html").code == 0
    assert data_of(real)["source"] == "sandbox"


@pytest.mark.parametrize("how", [("--sandbox",), ("--sandbox", "--rules")])
def test_on_the_sandbox_the_commit_of_the_files_is_said_too(real: Real, how: tuple[str, ...]) -> None:
    assert real.run("report", *how, "--html", "page.html").code == 0
    assert data_of(real)["commit"] == real.work.git("rev-parse", "HEAD")
    assert data_of(real)["changed"] == []
    people = real.root / "identities" / "people.yaml"
    people.write_text(people.read_text("utf-8") + "# new\n", encoding="utf-8")
    assert real.run("report", *how, "--html", "page.html").code == 0
    assert data_of(real)["changed"] == ["people.yaml"]


def test_outside_git_no_commit_is_said(real: Real) -> None:
    (real.root / ".git").rename(real.root / "elsewhere")
    assert real.run("report", "--sandbox", "--html", "page.html").code == 0
    assert data_of(real)["commit"] == ""

"""The note on a merge request at GitLab: one, ours, written anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.render.json import plan_json
from tests.render.plans import PLANS
from tests.wire.web import Heard, Say, Web, serve

pytestmark = pytest.mark.slow

MARK = "<!-- identity-reconciler: plan -->"
TOKEN = "glpat-0123456789abcdefghij"
BOT, EVE = {"id": 7, "username": "bot"}, {"id": 8, "username": "eve"}
NOTES = "/api/v4/projects/12/merge_requests/3/notes"


class Lab:
    """What GitLab knows of one merge request (docs.gitlab.com, "Notes API"), in pages of two."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.writes: list[str] = []

    def answer(self, heard: Heard) -> Say:
        assert heard.headers["authorization"] == f"Bearer {TOKEN}"
        path, _, query = heard.target.partition("?")
        if heard.method != "GET":
            self.writes.append(f"{heard.method} {path}")
            body = json.loads(heard.body)["body"]
            if heard.method == "POST":
                self.notes.append({"id": len(self.notes) + 100, "author": BOT, "body": body})
                return Say(201, self.notes[-1])
            (note,) = (one for one in self.notes if path == f"{NOTES}/{one['id']}")
            note["body"] = body
            return Say(200, note)
        if path == "/api/v4/user":
            return Say(200, BOT)
        assert path == NOTES
        page = int(query.rpartition("page=")[2])
        more = {"X-Next-Page": str(page + 1)} if len(self.notes) > page * 2 else {}
        return Say(200, self.notes[(page - 1) * 2 : page * 2], more)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Lab, Web]]:
    made = Lab()
    with serve(answer=made.answer) as web:
        for name, value in {
            "CI_API_V4_URL": f"http://127.0.0.1:{web.port}/api/v4",
            "CI_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_PIPELINE_URL": "https://gitlab.example/pipelines/5",
            "RECONCILER_NOTE_TOKEN": TOKEN,
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield made, web


def note(name: str) -> int:
    Path("plan.json").write_text(plan_json(PLANS[name]), "utf-8")
    return run(["ci", "note", "plan.json"])


def test_there_is_one_note_and_it_is_written_anew(lab: tuple[Lab, Web]) -> None:
    theirs = [{"id": n, "author": EVE, "body": f"{MARK}\nlies"} for n in range(5)]
    lab[0].notes = [dict(one) for one in theirs]
    assert note("everyday") == 0
    assert note("everyday") == 0
    assert note("leaving") == 0
    assert lab[0].notes[:5] == theirs
    assert len(lab[0].notes) == 6
    assert lab[0].writes == [f"POST {NOTES}", f"PUT {NOTES}/105"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("CI_MERGE_REQUEST_IID", ""), ("CI_PROJECT_ID", "a/b"), ("CI_MERGE_REQUEST_IID", "3/../4")],
)
def test_outside_a_merge_request_nothing_is_asked(
    lab: tuple[Lab, Web], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert note("everyday") == 64
    assert lab[1].heard == []


def test_without_a_token_nothing_is_asked(lab: tuple[Lab, Web], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECONCILER_NOTE_TOKEN")
    assert note("everyday") == 1
    assert lab[1].heard == []

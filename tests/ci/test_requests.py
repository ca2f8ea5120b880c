"""An issue form becomes a pull request by its workflow's own steps; what is not a request is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import UsageError
from reconciler.forge.requests import NotUsable, parse
from tests.ci.actions import Ended
from tests.ci.story import Story, story
from tests.support import github_git  # noqa: F401  # its routes

ANSWERS = {
    "Action": "Grant a group for a time",
    "Person": "cyd",
    "Group": "ops",
    "Hours": "8",
    "Reason": "INC-7: on call",
}
REMOVAL = {**ANSWERS, "Action": "Remove a person", "Person": "bob", "Group": "_No response_"}


def body(answers: dict[str, str]) -> str:
    return "".join(f"### {name}\n\n{value}\n\n" for name, value in answers.items())


def event(text: str | None, login: str = "ada", number: int = 7) -> dict[str, Any]:
    user = {"login": login, "type": "User"}
    issue = {"number": number, "title": "Access request: x", "user": user, "body": text}
    return {"action": "opened", "issue": issue}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    with story(tmp_path, monkeypatch) as made:
        made.hub.settings["origin"] = str(made.origin.root)
        made.hub.settings["permissions"] = {"ada": "write", "bob": "admin", "mallory": "read"}
        yield made


def ask(told: Story, answers: dict[str, str] | str, login: str = "ada") -> tuple[int, Ended]:
    number = told.hub.number()
    text = answers if isinstance(answers, str) else body(answers)
    told.hub.issues[number] = {"number": number, "user": {"login": login, "type": "User"}}
    run = told.hub.start_run("request.yml", "issues", told.tip(), "main")
    ended = told.runner.job(
        "request.yml", "request", "issues", run=run, at=told.tip(), payload=event(text, login, number)
    )
    return number, ended


@pytest.mark.slow
def test_an_issue_becomes_a_change_that_others_review(told: Story) -> None:
    told.start()
    told.hub.settings["workflows_open_pulls"] = True
    roles = list(told.runner.roles)
    number, ended = ask(told, ANSWERS)
    assert ended.ok, ended.output
    assert told.runner.roles == roles
    (pull,) = [one for one in told.hub.pulls.values() if one["head"]["ref"] == f"request/issue-{number}"]
    assert pull["title"] == f"Grant ops to cyd for 8h (asked for in #{number})"
    assert f"#{pull['number']} is the pull request" in told.hub.comments[number][0]["body"]
    changed = told.origin.git("diff", "--stat", f"main...request/issue-{number}")
    assert "identities/groups.yaml" in changed
    assert "1 file changed" in changed
    text = told.origin.git("show", f"request/issue-{number}:identities/groups.yaml")
    assert text.startswith("groups:\n  ops: {members: [ada, bob, {user: cyd, until: 2")
    assert text.endswith(f'reason: "INC-7: on call (#{number}, ada)"}}]}}')

    # The person who asked is not its author, and cannot approve it all the same.
    told.people.git("fetch", "-q", "origin")
    told.hub.files[pull["number"]] = ["identities/groups.yaml"]
    told.review(pull["number"], "ada")
    told.merge(pull["number"])
    ended = told.apply()
    assert "has 0 approvals of its last commit" in ended.output
    assert told.members()["ops"] == {"ada", "bob"}


@pytest.mark.slow
def test_where_workflows_open_no_pull_requests_the_answer_has_a_link(told: Story) -> None:
    told.start()
    number, ended = ask(told, REMOVAL, "bob")
    assert ended.ok, ended.output
    said = told.hub.comments[number][0]["body"]
    assert f"(https://github.com/octo-org/access/compare/main...request/issue-{number}?expand=1)" in said
    text = told.origin.git("show", f"request/issue-{number}:identities/groups.yaml")
    assert text == "groups:\n  ops: {members: [ada]}"
    assert "bob:" not in told.origin.git("show", f"request/issue-{number}:identities/people.yaml")
    # Run again, it changes nothing.
    tip = told.origin.git("rev-parse", f"request/issue-{number}")
    run = told.hub.start_run("request.yml", "issues", told.tip(), "main")
    again = event(body(REMOVAL), "bob", number)
    assert told.runner.job("request.yml", "request", "issues", run=run, at=told.tip(), payload=again).ok
    assert told.origin.git("rev-parse", f"request/issue-{number}") == tip


@pytest.mark.slow
def test_what_is_refused_is_answered_and_makes_no_branch(told: Story) -> None:
    told.start()
    before = told.origin.git("for-each-ref", "refs/heads")
    evil = "@octo-org/all `$(touch owned)` ${{ github.token }} <img src=x>"
    cases: list[tuple[dict[str, str] | str, str, str]] = [
        (ANSWERS, "mallory", "only who may write"),
        ({**ANSWERS, "Person": evil}, "ada", "Person: write the key"),
        ({**ANSWERS, "Person": "nobody"}, "ada", "user nobody is not in the files"),
        ({**ANSWERS, "Person": "ada"}, "ada", "a member of ops already"),
        ("### Person\n\ncyd\n", "ada", "does not have the fields of the form"),
    ]
    for answers, login, says in cases:
        number, ended = ask(told, answers, login)
        assert ended.ok, ended.output
        (comment,) = told.hub.comments[number]
        assert says in comment["body"]
        assert "octo-org/all" not in comment["body"] + ended.output
    assert told.origin.git("for-each-ref", "refs/heads") == before
    # Another issue is not looked at.
    run = told.hub.start_run("request.yml", "issues", told.tip(), "main")
    other = event(body(ANSWERS))
    other["issue"]["title"] = "Something else"
    assert told.runner.job("request.yml", "request", "issues", run=run, at=told.tip(), payload=other).skipped


FAULTS: list[tuple[str | None, str]] = [
    (None, "no answers"),
    ("", "fields of the form"),
    (body(ANSWERS) + "x" * 4_096, "too long"),
    (body({**ANSWERS, "Reason": "x\n\n### Person\n\nroot"}), "each once"),
    (body(dict(reversed(ANSWERS.items()))), "fields of the form"),
    ("before\n" + body(ANSWERS), "fields of the form"),
    (body({**ANSWERS, "Extra": "x"}), "fields of the form"),
    (body({**ANSWERS, "Action": "grant"}), "Action"),
    (body({**ANSWERS, "Hours": "9999"}), "Hours"),
    (body({**ANSWERS, "Hours": "८"}), "Hours"),
    (body({**ANSWERS, "Group": "_No response_"}), "Group"),
    (body({**ANSWERS, "Reason": "_No response_"}), "Reason"),
    (body({**ANSWERS, "Group": ""}), "Group"),
    (body({**ANSWERS, "Group": "../x y"}), "Group"),
    (body({**ANSWERS, "Person": "--help"}), "Person"),
    (body({**ANSWERS, "Person": "cyd\nx"}), "Person: write one line"),
    (body({**ANSWERS, "Person": "cyd\u200b"}), "Person"),
    (body({**ANSWERS, "Reason": ""}), "Reason"),
    (body({**ANSWERS, "Reason": "\u00a0\u3000"}), "Reason"),
    (body({**ANSWERS, "Reason": "a\u202eb"}), "Reason"),
    (body({**ANSWERS, "Reason": "x" * 201}), "Reason"),
    (body({**REMOVAL, "Group": "ops"}), "Group: leave it empty"),
]


@pytest.mark.parametrize(("text", "says"), FAULTS)
def test_an_issue_that_is_not_exactly_a_request_is_refused(text: str | None, says: str) -> None:
    with pytest.raises(NotUsable) as refused:
        parse(event(text))
    assert says in str(refused.value)


def test_line_ends_of_browsers_make_no_difference() -> None:
    assert parse(event(body(ANSWERS).replace("\n", "\r\n"))) == parse(event(body(ANSWERS)))


@pytest.mark.parametrize(
    "changed",
    [
        {"action": "edited"},
        {"issue": {"number": 7, "user": {"login": "x[bot]", "type": "Bot"}, "body": body(ANSWERS)}},
        {"issue": {"number": 7, "user": {"login": "a/../b", "type": "User"}, "body": body(ANSWERS)}},
        {"issue": None},
    ],
)
def test_an_event_of_another_kind_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        parse({**event(body(ANSWERS)), **changed})

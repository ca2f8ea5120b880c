"""One issue for each target that drifted: opened, written anew, closed and opened again, never twice.

A target that could not be read has not drifted, and has not ceased to: its issue stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.errors import PlanFileError
from reconciler.forge.comments import MAX_CHARACTERS
from reconciler.forge.github import GitHub, number_of
from reconciler.forge.marker import is_ours, marker
from reconciler.render.escape import text

STATES = ("none", "drift", "unknown")
SUMMARY = "drift.json"
_MAX_BYTES = 2**20
_FILE = re.compile(r"[A-Za-z0-9_%][A-Za-z0-9._%-]{0,254}\.md", re.ASCII)


@dataclass(frozen=True, slots=True)
class Drifted:
    """What a run of `reconciler drift` says of one target; `text` is Markdown, for `drift` alone."""

    target: str
    state: str
    text: str = ""


def read_drift(folder: Path) -> Sequence[Drifted]:
    """What `reconciler drift --out-dir` left in a folder. Raises PlanFileError for anything else."""

    def refuse(message: str) -> PlanFileError:
        return PlanFileError(f"{folder / SUMMARY} {message}; no issue is changed")

    try:
        body = json.loads(_read(folder / SUMMARY))
    except (OSError, ValueError, RecursionError) as error:
        raise refuse("cannot be read: the run that looks for drift failed") from error
    targets = body.get("targets") if isinstance(body, dict) else None
    if not isinstance(targets, list):
        raise refuse("has no targets")
    found = []
    for one in targets:
        name, state = (one.get("target"), one.get("state")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or state not in STATES:
            raise refuse("names a target without its state")
        file = one.get("file")
        text = ""
        if state == "drift":
            if not isinstance(file, str) or not _FILE.fullmatch(file):
                raise refuse(f"names no file for the target {name}")
            try:
                text = _read(folder / file)
            except (OSError, ValueError) as error:
                raise refuse(f"says that {name} drifted, and {file} cannot be read") from error
        found.append(Drifted(name, str(state), text))
    return found


def _read(file: Path) -> str:
    with file.open("rb") as opened:
        content = opened.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("too large")
    return content.decode("utf-8")


def put_issues(github: GitHub, drifted: Sequence[Drifted], author: str, run_url: str = "") -> Iterator[str]:
    """Let the issue of each target say what is so; yields what was done, in lines. Raises ServiceError."""
    query = {"state": "all", "creator": author}
    ours = [
        one
        for one in github.rest.pages(github.at("issues"), "ListIssues", query=query)
        if "pull_request" not in one
    ]
    for one in drifted:
        mark = marker("drift", one.target)
        mine = [issue for issue in ours if is_ours(issue, mark, author)]
        if one.state == "unknown":
            yield f"{one.target}: unknown, so that its issue stays as it is"
        elif one.state == "drift":
            yield f"{one.target}: {_open(github, one, mark, mine, run_url)}"
        else:
            yield f"{one.target}: {_close(github, mine, run_url)}"


def _open(github: GitHub, one: Drifted, mark: str, mine: Sequence[Mapping[str, Any]], run_url: str) -> str:
    body = f"{mark}\n{one.text.strip()}\n"
    if len(body) > MAX_CHARACTERS:
        note = f"\n\nThe rest does not fit into an issue: {run_url or 'the log of the run has it'}\n"
        body = _cut(body, MAX_CHARACTERS - len(note)) + note
    if not mine:
        title = f"Drift: {text(one.target)} differs from git"
        github.rest.ask("POST", github.at("issues"), "CreateIssue", body={"title": title, "body": body})
        return "issue opened"
    # One that is open goes before one that is closed, and the oldest before the others.
    issue = min(mine, key=lambda each: (each.get("state") != "open", number_of(each, "number")))
    number = number_of(issue, "number")
    closed = issue.get("state") != "open"
    same = str(issue.get("body", "")).replace("\r\n", "\n").rstrip() == body.rstrip()
    if same and not closed:
        return f"issue {number} says so already"
    change = {"body": body, "state": "open"}
    github.rest.ask("PATCH", github.at("issues", number), "UpdateIssue", body=change)
    told = "The drift is back." if closed else "The drift has changed; the text above is of now."
    _say(github, number, told, run_url)
    return f"issue {number} {'opened again' if closed else 'written anew'}"


def _close(github: GitHub, mine: Sequence[Mapping[str, Any]], run_url: str) -> str:
    numbers = [number_of(issue, "number") for issue in mine if issue.get("state") == "open"]
    for number in numbers:
        _say(github, number, "The drift is gone.", run_url)
        change = {"state": "closed", "state_reason": "completed"}
        github.rest.ask("PATCH", github.at("issues", number), "UpdateIssue", body=change)
    closed = ", ".join(f"issue {number} closed" for number in numbers)
    return closed or "no drift"


def _say(github: GitHub, number: int, text: str, run_url: str) -> None:
    body = f"{text} {run_url}".strip()
    github.rest.ask("POST", github.at("issues", number, "comments"), "CreateComment", body={"body": body})


def _cut(body: str, most: int) -> str:
    """The first lines of a text, at most `most` characters, with an open fence closed."""
    kept: list[str] = []
    fence, size = "", 0
    for line in body.splitlines():
        size += len(line) + 1
        # Room for the fence that closes, which is no longer than a line that opens.
        if size + len(fence) + 8 > most:
            break
        kept.append(line)
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if not fence and len(ticks) >= 3:
            fence = ticks
        elif fence and line.rstrip() == fence:
            fence = ""
    return "\n".join([*kept, *([fence] if fence else [])])

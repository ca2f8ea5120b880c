"""Requests that people write into an issue form: read strictly, checked for who asks, and made a branch.

Everything in an issue is somebody else's text. A request has known fields and nothing else, each with a form
of its own; what does not fit is refused, and not repeated. Sources: docs.github.com, "Syntax for issue forms"
(how answers are written into the body), "Get repository permissions for a user", "Git database".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.errors import Conflict, Denied, IncompleteRead, Rejected, UsageError
from reconciler.files.characters import FORBIDDEN
from reconciler.forge.github import GitHub, number_of

TITLE = "Access request:"
_MAX_BODY = 4_096
# A form asks for each of them once; the body has a heading for each.
_FIELDS = {"Action": "action", "Person": "user", "Group": "group", "Hours": "hours", "Reason": "reason"}
_GRANT, _REMOVE = "Grant a group for a time", "Remove a person"
_NOTHING = "_No response_"
# As the loader has keys (reconciler/files/fields.py); one that begins with - would be an option somewhere.
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+/-]{0,255}", re.ASCII)
_HOURS = ("1", "2", "4", "8", "24", "72")
_MAX_REASON = 200
# Who could propose the same by a pull request of their own.
_MAY_ASK = frozenset(("admin", "write"))
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", re.ASCII)
BRANCH = re.compile(r"request/issue-([1-9]\d{0,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: `hours` is None for a removal. `login` is who asks, by GitHub's word."""

    number: int
    login: str
    user: str
    group: str | None
    hours: int | None
    reason: str

    @property
    def branch(self) -> str:
        """The branch that holds the change."""
        return f"request/issue-{self.number}"

    @property
    def title(self) -> str:
        """One line that says what is asked for; nothing in it is free text."""
        what = (
            f"Remove {self.user}"
            if self.group is None
            else f"Grant {self.group} to {self.user} for {self.hours}h"
        )
        return f"{what} (asked for in #{self.number})"


class NotUsable(UsageError):
    """An issue is not a request; the message says which field is at fault, and repeats nothing of it."""


def asked(event: Mapping[str, Any]) -> tuple[int, str]:
    """The number of the issue that an event `issues` is about, and who opened it. Raises UsageError."""
    issue = event.get("issue")
    if event.get("action") != "opened" or not isinstance(issue, dict):
        raise UsageError("this runs in a workflow that begins `on: issues` with `types: [opened]`")
    user = issue.get("user")
    login = user.get("login") if isinstance(user, dict) and user.get("type") == "User" else None
    if not isinstance(login, str) or not _LOGIN.fullmatch(login):
        raise UsageError("the issue was not opened by a person")
    return number_of(issue, "number"), login


def may_ask(github: GitHub, login: str) -> bool:
    """Whether GitHub lets a person write to the repository. Raises ServiceError; never taken for yes."""
    found = github.rest.ask("GET", github.at("collaborators", login, "permission"), "GetPermission")
    return isinstance(found, dict) and found.get("permission") in _MAY_ASK


def parse(event: Mapping[str, Any]) -> Request:
    """The request in an issue. Raises NotUsable for everything that is not exactly one, and UsageError."""
    number, login = asked(event)
    body = event["issue"].get("body")
    if not isinstance(body, str) or len(body) > _MAX_BODY:
        raise NotUsable("The issue has no answers of the form, or too long ones.")
    found = _answers(body.replace("\r\n", "\n"))
    user = _key(found["user"], "Person")
    reason = found["reason"]
    written = reason != _NOTHING and reason.strip() and len(reason) <= _MAX_REASON
    if not written or FORBIDDEN.search(reason) or "\t" in reason:
        raise NotUsable(f"Reason: write one line of at most {_MAX_REASON} ordinary characters.")
    if found["action"] == _REMOVE:
        if found["group"] != _NOTHING:
            raise NotUsable("Group: leave it empty where a person is to be removed.")
        return Request(number, login, user, None, None, reason)
    if found["action"] != _GRANT:
        raise NotUsable("Action: choose one of the list.")
    if found["hours"] not in _HOURS:
        raise NotUsable("Hours: choose one of the list.")
    return Request(number, login, user, _key(found["group"], "Group"), int(found["hours"]), reason)


def _answers(body: str) -> dict[str, str]:
    """The answer below each heading, each heading once and in the order of the form."""
    parts = re.split(r"^### (.*)$", body, flags=re.MULTILINE)
    headings, answers = parts[1::2], parts[2::2]
    if parts[0].strip() or headings != list(_FIELDS):
        raise NotUsable("The issue does not have the fields of the form, each once; open it by the form.")
    found = {_FIELDS[name]: answer.strip(" \n") for name, answer in zip(headings, answers, strict=True)}
    for name, field in _FIELDS.items():
        if "\n" in found[field] or "\r" in found[field]:
            raise NotUsable(f"{name}: write one line.")
    return found


def _key(text: str, field: str) -> str:
    if not _KEY.fullmatch(text):
        raise NotUsable(f"{field}: write the key as the files have it: letters, digits and . _ @ + / -")
    return text


def put_branch(github: GitHub, request: Request, base: str, files: Mapping[str, str]) -> bool:
    """Make the branch of a request: one commit on `base` with these files.

    False where the branch is there already, from an earlier run. Raises ServiceError.
    """
    tree = _sha(github.rest.ask("GET", github.at("git", "commits", base), "GetCommit").get("tree"))
    entries: Sequence[Mapping[str, Any]] = [
        {"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()
    ]
    made = github.rest.ask(
        "POST", github.at("git", "trees"), "CreateTree", body={"base_tree": tree, "tree": entries}
    )
    body = {
        "message": f"{request.title}\n\nAsked for by @{request.login}.",
        "tree": _sha(made),
        "parents": [base],
    }
    commit = _sha(github.rest.ask("POST", github.at("git", "commits"), "CreateCommit", body=body))
    try:
        ref = {"ref": f"refs/heads/{request.branch}", "sha": commit}
        github.rest.ask("POST", github.at("git", "refs"), "CreateRef", body=ref)
    except (Conflict, Rejected):
        # GitHub answers 422 "Reference already exists"; whether that is it, the next look says.
        github.rest.ask("GET", github.at("git", "ref", "heads", *request.branch.split("/")), "GetRef")
        return False
    return True


def open_pull(github: GitHub, request: Request, branch: str) -> int | None:
    """Open the pull request of the branch; its number, None where GitHub does not let workflows do that.

    That is a setting of the repository, which also lets workflows approve; it is better off. Then a person
    opens it, by a link. Raises ServiceError.
    """
    body = {
        "title": request.title,
        "head": request.branch,
        "base": branch,
        "body": f"Closes #{request.number}.",
    }
    try:
        made = github.rest.ask("POST", github.at("pulls"), "CreatePullRequest", body=body)
    except Denied:
        return None
    return number_of(made, "number")


def asker(github: GitHub, branch: str) -> str | None:
    """Who asked for what is on a branch of a request; None for another branch. Raises ServiceError."""
    match = BRANCH.fullmatch(branch)
    if match is None:
        return None
    issue = github.rest.ask("GET", github.at("issues", int(match[1])), "GetIssue")
    user = issue.get("user") if isinstance(issue, dict) else None
    login = user.get("login") if isinstance(user, dict) else None
    if not isinstance(login, str):
        raise IncompleteRead("the answer does not say who opened the issue", target="github")
    return login


def reply(github: GitHub, number: int, text: str) -> None:
    """Answer at the issue. Raises ServiceError."""
    github.rest.ask("POST", github.at("issues", number, "comments"), "CreateComment", body={"body": text})


def _sha(body: Any) -> str:
    value = body.get("sha") if isinstance(body, dict) else None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value):
        raise IncompleteRead("the answer has no id of an object", target="github")
    return value

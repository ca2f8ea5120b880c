"""A stand-in for GitHub: pull requests, reviews, runs, artifacts, issues, by its REST API.

Written from docs.github.com/en/rest. A token has the permissions of the job that it was made for and no
others; lists come in pages with a Link header; an artifact is downloaded from another address, which must
not be shown the token. `origin` is the repository itself, with the rules on its tags as a hook.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.wire.web import Heard, Say, Web, serve

BOT = {"login": "github-actions[bot]", "type": "Bot"}
START = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
# Repositories by their ids.
OURS, FORK = 1001, 2002
_PAGE = 100


@dataclass
class Hub:
    """What GitHub knows. `tick` moves its time on; every object carries the moment that it was made."""

    name: str = "octo-org/access"
    branch: str = "main"
    now: datetime = START
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    reviews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[int, list[str]] = field(default_factory=dict)
    commits: dict[str, list[int]] = field(default_factory=dict)
    events: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    artifacts: dict[int, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    statuses: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    workflows: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Mapping[str, str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    # What `tests/support/github_settings.py` answers from.
    settings: dict[str, Any] = field(default_factory=dict)
    # The commit that a branch is at, and what merging a pull request does to the branch.
    tip_of: Callable[[str], str] = lambda _: ""
    merge: Callable[[int], str] = lambda _: ""
    parents: Callable[[str], list[str]] = lambda _: []
    tree: Callable[[str], str] = lambda commit: commit
    # Says of a request what to answer in place of the usual; None for the usual.
    trouble: Callable[[Heard], Say | None] = lambda _: None
    url: str = ""
    web: Web | None = None
    _numbers: int = 0

    def number(self) -> int:
        """A new id."""
        self._numbers += 1
        return self._numbers

    def tick(self, minutes: float = 1) -> str:
        """Let time pass; what time it is then, as the API writes it."""
        self.now += timedelta(minutes=minutes)
        return self.time()

    def time(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def token(self, permissions: Mapping[str, str]) -> str:
        """A token of a job with these permissions."""
        made = f"ghs_{len(self.tokens):036d}"
        self.tokens[made] = dict(permissions)
        return made

    def open_pull(
        self, head: str, branch: str, *, author: str = "ada", fork: bool = False, base: str | None = None
    ) -> int:
        """A pull request of a commit; its number."""
        number = self.number()
        repository = {"id": FORK if fork else OURS}
        self.pulls[number] = {
            "number": number,
            "state": "open",
            "user": {"login": author, "type": "User"},
            "head": {"sha": head, "ref": branch, "repo": repository},
            "base": {"ref": base or self.branch, "repo": {"id": OURS}},
            "merge_commit_sha": None,
            "merged_at": None,
            "closed_at": None,
        }
        return number

    def change_base(self, number: int, base: str) -> None:
        """A pull request gets another base branch."""
        self.pulls[number]["base"]["ref"] = base
        event = {"event": "base_ref_changed", "created_at": self.tick()}
        self.events.setdefault(number, []).append(event)

    def close(self, number: int) -> None:
        """A pull request is closed without a merge."""
        self.pulls[number] |= {"state": "closed", "closed_at": self.tick()}

    def approve(
        self, number: int, login: str = "bob", *, state: str = "APPROVED", by: str = "MEMBER"
    ) -> None:
        """A review of the newest commit of a pull request."""
        review = {
            "user": {"login": login, "type": "User"},
            "state": state,
            "commit_id": self.pulls[number]["head"]["sha"],
            "submitted_at": self.tick(),
            "author_association": by,
        }
        self.reviews.setdefault(number, []).append(review)

    def merged(self, number: int, commits: list[str]) -> None:
        """A pull request was merged as these commits of the branch, the last of which names it."""
        self.pulls[number] |= {
            "state": "closed",
            "merged_at": self.tick(),
            "closed_at": self.time(),
            "merge_commit_sha": commits[-1],
        }
        for commit in commits:
            self.commits.setdefault(commit, []).append(number)

    def start_run(self, workflow: str, event: str, sha: str, branch: str, *, fork: bool = False) -> int:
        """A run of a workflow file; its id."""
        number = self.number()
        owner = "mallory" if fork else self.name.partition("/")[0]
        self.runs[number] = {
            "id": number,
            "event": event,
            "path": f".github/workflows/{workflow}",
            "head_sha": sha,
            "head_branch": branch,
            "head_repository": {"id": FORK if fork else OURS, "owner": {"login": owner}},
            "repository": {"id": OURS},
            "conclusion": None,
            "status": "in_progress",
            "created_at": self.time(),
            "run_started_at": self.time(),
            "pull_requests": [],
        }
        return number

    def upload(self, run: int, name: str, files: Mapping[str, bytes]) -> int:
        """An artifact of a run; its id."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            for path, content in files.items():
                opened.writestr(path, content)
        return self.upload_raw(run, name, archive.getvalue())

    def upload_raw(self, run: int, name: str, archive: bytes) -> int:
        """The same of an archive as it is."""
        number = self.number()
        of_run = {"id": run, "head_sha": self.runs[run]["head_sha"]}
        body = {
            "id": number,
            "name": name,
            "expired": False,
            "created_at": self.tick(),
            "workflow_run": of_run,
        }
        self.artifacts[number] = (body, archive)
        return number

    def artifact(self, run: int, name: str) -> dict[str, bytes]:
        """The files of the newest artifact of that name of a run."""
        found = [
            archive
            for body, archive in self.artifacts.values()
            if (body["workflow_run"]["id"], body["name"]) == (run, name)
        ]
        with zipfile.ZipFile(io.BytesIO(found[-1])) as opened:
            return {each: opened.read(each) for each in opened.namelist()}

    def bodies(self, number: int) -> list[str]:
        """What the comments of a pull request or an issue say."""
        return [str(one["body"]) for one in self.comments.get(number, [])]

    def environment(self, token: str) -> dict[str, str]:
        """What a runner tells its steps of where the API is."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": self.name,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_TOKEN": token,
        }


@contextmanager
def hub(**given: Any) -> Iterator[Hub]:
    """The stand-in, served on loopback."""
    made = Hub(**given)

    def answer(heard: Heard) -> Say:
        say = _answer(made, heard)
        return replace(say, headers={"Date": format_datetime(made.now, usegmt=True), **say.headers})

    with serve(answer=answer) as web:
        made.web, made.url = web, f"http://127.0.0.1:{web.port}"
        yield made


# Which permission a route needs, to read and to write.
_ROUTES: list[tuple[str, str, str, Callable[..., Any]]] = []


def _route(method: str, pattern: str, scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        _ROUTES.append((method, f"/repos/[^/]+/[^/]+{pattern}", scope, function))
        return function

    return decorate


class _Problem(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


# For files of routes beside this one.
route, Problem, ROUTES = _route, _Problem, _ROUTES


def _answer(made: Hub, heard: Heard) -> Say:
    parts = urlsplit(heard.target)
    made.asked.append((heard.method, parts.path))
    if (usual := made.trouble(heard)) is not None:
        return usual
    if parts.path.startswith("/storage/"):
        assert "authorization" not in heard.headers, "storage is another party"
        return Say(
            200, made.artifacts[int(parts.path.rpartition("/")[2])][1], {"Content-Type": "application/zip"}
        )
    token = heard.headers.get("authorization", "").removeprefix("Bearer ")
    if token not in made.tokens:
        return Say(401, {"message": "Bad credentials"})
    for method, pattern, scope, function in _ROUTES:
        match = re.fullmatch(pattern, parts.path)
        if method != heard.method or match is None:
            continue
        rights = {made.tokens[token].get(one, "none") for one in scope.split("|")}
        if "write" not in rights and (method != "GET" or "read" not in rights):
            return Say(403, {"message": "Resource not accessible by integration"})
        try:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = json.loads(heard.body) if heard.body else None
            found = function(made, *map(unquote, match.groups()), query=query, body=body)
        except _Problem as problem:
            return Say(problem.status, {"message": str(problem)})
        except KeyError:
            return Say(404, {"message": "Not Found"})
        if isinstance(found, Say):
            return found
        return _paged(made, parts.path, query, found)
    return Say(404, {"message": "Not Found"})


def _paged(made: Hub, path: str, query: Mapping[str, str], found: Any) -> Say:
    key = None
    if isinstance(found, tuple):
        key, found = found
    if not isinstance(found, list):
        return Say(200, found)
    size, page = min(int(query.get("per_page", "30")), _PAGE), int(query.get("page", "1"))
    part = found[(page - 1) * size : page * size]
    more = len(found) > page * size
    headers = {"Link": f'<{made.url}{path}?page={page + 1}>; rel="next"'} if more else {}
    return Say(200, {"total_count": len(found), key: part} if key else part, headers)


@_route("GET", "", "contents")
def _repository(made: Hub, **_: Any) -> Any:
    return {"id": OURS, "full_name": made.name, **made.settings.get("repository", {})}


@_route("GET", "/pulls", "pull-requests")
def _pulls(made: Hub, *, query: Mapping[str, str], **_: Any) -> Any:
    owner, branch = query["head"].split(":", 1)
    wanted = FORK if owner == "mallory" else OURS
    return [
        one
        for one in made.pulls.values()
        if query["state"] in ("all", one["state"])
        and (one["head"]["ref"], one["head"]["repo"]["id"]) == (branch, wanted)
        and one["base"]["ref"] == query.get("base", one["base"]["ref"])
    ]


@_route("POST", "/pulls", "pull-requests")
def _open_pull(made: Hub, *, body: Mapping[str, Any], **_: Any) -> Any:
    head = body["head"]
    ours = [one for one in made.pulls.values() if one["head"]["repo"]["id"] == OURS]
    if any(one["state"] == "open" and one["head"]["ref"] == head for one in ours):
        raise _Problem(422, f"A pull request already exists for {head}.")
    number = made.open_pull(made.tip_of(head), head, author="octo-import[bot]", base=body["base"])
    made.pulls[number] |= {"title": body["title"], "body": body["body"]}
    return made.pulls[number]


@_route("PATCH", r"/pulls/(\d+)", "pull-requests")
def _change_pull(made: Hub, number: str, *, body: Mapping[str, Any], **_: Any) -> Any:
    if body.get("state") == "closed":
        made.close(int(number))
    return made.pulls[int(number)]


@_route("PUT", r"/pulls/(\d+)/merge", "contents")
def _merge_pull(made: Hub, number: str, *, body: Mapping[str, Any], **_: Any) -> Any:
    if body["sha"] != made.pulls[int(number)]["head"]["sha"]:
        raise _Problem(409, "Head branch was modified. Review and try the merge again.")
    return {"sha": made.merge(int(number)), "merged": True}


@_route("GET", r"/branches/([^/]+)", "contents")
def _branch(made: Hub, name: str, **_: Any) -> Any:
    return {"name": name, "commit": {"sha": made.tip_of(name)}}


@_route("GET", r"/git/commits/([0-9a-f]{40})", "contents")
def _commit(made: Hub, commit: str, **_: Any) -> Any:
    parents = [{"sha": one} for one in made.parents(commit)]
    return {"sha": commit, "tree": {"sha": made.tree(commit)}, "parents": parents}


@_route("GET", r"/commits/([0-9a-f]{40})/pulls", "pull-requests")
def _pulls_of_commit(made: Hub, commit: str, **_: Any) -> Any:
    return [made.pulls[number] for number in made.commits.get(commit, [])]


@_route("GET", r"/pulls/(\d+)/reviews", "pull-requests")
def _reviews(made: Hub, number: str, **_: Any) -> Any:
    return made.reviews.get(int(number), [])


@_route("GET", r"/pulls/(\d+)/files", "pull-requests")
def _files(made: Hub, number: str, **_: Any) -> Any:
    return [{"filename": name} for name in made.files.get(int(number), [])]


@_route("GET", r"/actions/runs/(\d+)", "actions")
def _run(made: Hub, number: str, **_: Any) -> Any:
    return made.runs[int(number)]


@_route("GET", r"/actions/runs/(\d+)/artifacts", "actions")
def _artifacts_of_run(made: Hub, number: str, *, query: Mapping[str, str], **_: Any) -> Any:
    found = [body for body, _ in made.artifacts.values() if body["workflow_run"]["id"] == int(number)]
    return "artifacts", [one for one in found if one["name"] == query.get("name", one["name"])]


@_route("GET", "/actions/artifacts", "actions")
def _artifacts(made: Hub, *, query: Mapping[str, str], **_: Any) -> Any:
    found = [body for body, _ in made.artifacts.values() if body["name"] == query.get("name", body["name"])]
    return "artifacts", list(reversed(found))


@_route("GET", r"/actions/artifacts/(\d+)/zip", "actions")
def _download(made: Hub, number: str, **_: Any) -> Any:
    body, _archive = made.artifacts[int(number)]
    if body["expired"]:
        raise _Problem(410, "Artifact has expired")
    return Say(302, "", {"Location": f"{made.url}/storage/{number}"})


@_route("GET", r"/actions/workflows/([^/]+)", "actions")
def _workflow(made: Hub, name: str, **_: Any) -> Any:
    began = START.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"path": f".github/workflows/{name}", "state": made.workflows[name], "created_at": began}


@_route("GET", r"/actions/workflows/([^/]+)/runs", "actions")
def _workflow_runs(made: Hub, name: str, *, query: Mapping[str, str], **_: Any) -> Any:
    found = [
        one
        for one in made.runs.values()
        if one["path"].endswith(f"/{name}")
        and one["head_branch"] == query["branch"]
        and one["conclusion"] == query["status"]
    ]
    return "workflow_runs", list(reversed(found))


@_route("GET", r"/issues/(\d+)/events", "issues")
def _events(made: Hub, number: str, **_: Any) -> Any:
    return made.events.get(int(number), [])


@_route("GET", r"/issues/(\d+)/comments", "pull-requests|issues")
def _comments(made: Hub, number: str, **_: Any) -> Any:
    return made.comments.get(int(number), [])


@_route("POST", r"/issues/(\d+)/comments", "pull-requests|issues")
def _comment(made: Hub, number: str, *, body: Mapping[str, Any], **_: Any) -> Any:
    if len(body["body"]) > 65_536:
        raise _Problem(422, "body is too long (maximum is 65536 characters)")
    one = {"id": made.number(), "user": BOT, "body": body["body"], "created_at": made.tick()}
    made.comments.setdefault(int(number), []).append(one)
    return one


@_route("PATCH", r"/issues/comments/(\d+)", "pull-requests")
def _edit_comment(made: Hub, number: str, *, body: Mapping[str, Any], **_: Any) -> Any:
    for one in (each for several in made.comments.values() for each in several):
        if one["id"] == int(number):
            one["body"] = body["body"]
            return one
    raise KeyError(number)


@_route("DELETE", r"/issues/comments/(\d+)", "pull-requests")
def _delete_comment(made: Hub, number: str, **_: Any) -> Any:
    for left in made.comments.values():
        left[:] = [one for one in left if one["id"] != int(number)]
    return Say(204, "")


@_route("POST", r"/statuses/([0-9a-f]{40})", "statuses")
def _status(made: Hub, commit: str, *, body: Mapping[str, Any], **_: Any) -> Any:
    made.statuses.append((commit, dict(body)))
    return dict(body)


@_route("GET", "/issues", "issues")
def _issues(made: Hub, *, query: Mapping[str, str], **_: Any) -> Any:
    found = [one for one in made.issues.values() if one["user"]["login"] == query.get("creator")]
    return [one for one in found if query.get("state") == "all" or one["state"] == "open"]


@_route("POST", "/issues", "issues")
def _open_issue(made: Hub, *, body: Mapping[str, Any], **_: Any) -> Any:
    number = made.number()
    made.issues[number] = {"number": number, "state": "open", "user": BOT, **body}
    return made.issues[number]


@_route("PATCH", r"/issues/(\d+)", "issues")
def _edit_issue(made: Hub, number: str, *, body: Mapping[str, Any], **_: Any) -> Any:
    made.issues[int(number)] |= body
    return made.issues[int(number)]

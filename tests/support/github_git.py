"""What the stand-in for GitHub does in the repository itself: trees, commits, branches, pull requests."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.repositories import IDENTITY
from tests.support.github import BOT, ROUTES, Hub, Problem, route
from tests.support.patience import PATIENCE


def _git(made: Hub, *words: str, given: str | None = None, **environment: str) -> str:
    done = subprocess.run(
        ["git", "-C", made.settings["origin"], *words],
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **IDENTITY, **environment},
    )
    if done.returncode:
        raise Problem(422, done.stderr)
    return done.stdout.strip()


def _instead(method: str, pattern: str, scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A route in the place of another one, where the stand-in has a repository (`settings["origin"]`)."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        path = f"/repos/[^/]+/[^/]+{pattern}"
        usual = next((one[3] for one in ROUTES if one[:2] == (method, path)), None)

        def answer(made: Hub, *words: str, **given: Any) -> Any:
            chosen = function if "origin" in made.settings or usual is None else usual
            return chosen(made, *words, **given)

        ROUTES.insert(0, (method, path, scope, answer))
        return function

    return decorate


@_instead("GET", r"/git/commits/([0-9a-f]{40})", "contents")
def _commit(made: Hub, commit: str, **_: Any) -> Any:
    return {"sha": commit, "tree": {"sha": _git(made, "rev-parse", f"{commit}^{{tree}}")}}


@route("POST", "/git/trees", "contents")
def _tree(made: Hub, *, body: Mapping[str, Any], **_: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(made, "read-tree", body["base_tree"], **index)
        for one in body["tree"]:
            blob = _git(made, "hash-object", "-w", "--stdin", given=one["content"])
            _git(made, "update-index", "--add", "--cacheinfo", f"{one['mode']},{blob},{one['path']}", **index)
        return {"sha": _git(made, "write-tree", **index)}


@route("POST", "/git/commits", "contents")
def _make_commit(made: Hub, *, body: Mapping[str, Any], **_: Any) -> Any:
    parents = [word for one in body["parents"] for word in ("-p", one)]
    return {"sha": _git(made, "commit-tree", body["tree"], *parents, "-m", body["message"])}


@route("POST", "/git/refs", "contents")
def _make_ref(made: Hub, *, body: Mapping[str, Any], **_: Any) -> Any:
    if _git(made, "for-each-ref", body["ref"]):
        raise Problem(422, "Reference already exists")
    _git(made, "update-ref", body["ref"], body["sha"])
    return {"ref": body["ref"], "object": {"sha": body["sha"]}}


@_instead("GET", r"/git/ref/heads/(.+)", "contents")
def _ref(made: Hub, name: str, **_: Any) -> Any:
    return {"ref": f"refs/heads/{name}", "object": {"sha": _git(made, "rev-parse", f"refs/heads/{name}")}}


@_instead("POST", "/pulls", "pull-requests")
def _open(made: Hub, *, body: Mapping[str, Any], **_: Any) -> Any:
    if not made.settings.get("workflows_open_pulls"):
        raise Problem(403, "GitHub Actions is not permitted to create or approve pull requests.")
    head = _git(made, "rev-parse", f"refs/heads/{body['head']}")
    number = made.open_pull(head, body["head"], author=BOT["login"])
    made.pulls[number]["title"] = body["title"]
    return made.pulls[number]


@route("GET", r"/collaborators/([^/]+)/permission", "contents")
def _permission(made: Hub, login: str, **_: Any) -> Any:
    return {"permission": made.settings.get("permissions", {}).get(login, "none")}


@route("GET", r"/issues/(\d+)", "issues")
def _issue(made: Hub, number: str, **_: Any) -> Any:
    return made.issues[int(number)]

"""The two pull requests of an import: opened, closed when there is nothing to propose, and one is merged.

Sources: docs.github.com, "REST API endpoints for pull requests" and "for Git references".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.errors import ReconcilerError
from reconciler.forge.github import GitHub, Pull


def open_pull(github: GitHub, head: str, base: str) -> Pull | None:
    """The open pull request of a branch of the repository itself into `base`. Raises ServiceError."""
    ours, owner = github.repository_id(), github.repository.partition("/")[0]
    for pull in github.pulls_from(owner, head):
        if pull.is_open and (pull.head_repository, pull.base_repository, pull.base_ref) == (ours, ours, base):
            return pull
    return None


def propose(github: GitHub, head: str, base: str, title: str, text: str) -> tuple[int, str]:
    """Have one open pull request of the branch; its number and what was done. What people wrote stays."""
    if (pull := open_pull(github, head, base)) is not None:
        return pull.number, "is open already"
    body = {"title": title, "body": text, "head": head, "base": base, "maintainer_can_modify": False}
    made = github.rest.ask("POST", github.at("pulls"), "CreatePullRequest", body=body)
    return Pull.of(made).number, "is opened"


def withdraw(github: GitHub, head: str, base: str) -> int | None:
    """Close the open pull request of a branch, where there is nothing to propose any more; its number."""
    pull = open_pull(github, head, base)
    if pull is not None:
        path = github.at("pulls", pull.number)
        github.rest.ask("PATCH", path, "UpdatePullRequest", body={"state": "closed"})
    return None if pull is None else pull.number


def merge(github: GitHub, pull: Pull, head: str, base: str, branch: str, tree: str) -> str:
    """Merge the commit `head` of a pull request into `branch` at the commit `base`; the id of the merge.

    GitHub merges no other commit than `head`, and the branch is looked at right before. Raises
    ReconcilerError where either is another by now, and where the merge turns out to have another parent,
    or other files than those of the `tree` that was judged: GitHub merges by itself, and may do it in
    another way than git did here.
    """
    tip = github.rest.ask("GET", github.at("branches", branch), "GetBranch")
    if _id(tip, "commit") != base:
        raise ReconcilerError(f"{branch} has moved on since it was judged; the next run judges it anew")
    body = {"sha": head, "merge_method": "merge"}
    done = github.rest.ask("PUT", github.at("pulls", pull.number, "merge"), "MergePullRequest", body=body)
    commit = _id(done, "")
    made = github.rest.ask("GET", github.at("git", "commits", commit), "GetCommit")
    parents = [_id(one, "") for one in (made or {}).get("parents", [])]
    if parents != [base, head]:
        raise ReconcilerError(
            f"pull request {pull.number} was merged as {commit[:10]}, and not onto the commit that was "
            "judged; look at what both bring together"
        )
    if _id(made, "tree") != tree:
        raise ReconcilerError(
            f"pull request {pull.number} was merged as {commit[:10]} with other files than those that were "
            "judged; look at what it brought"
        )
    return commit


def _id(body: Any, key: str) -> str:
    found = body.get(key) if key and isinstance(body, Mapping) else body
    value = found.get("sha") if isinstance(found, Mapping) else None
    if not isinstance(value, str) or not value:
        raise ReconcilerError("GitHub's answer names no commit")
    return value

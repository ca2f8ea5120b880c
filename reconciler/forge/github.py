"""GitHub's REST API, as far as the workflows need it, and what a runner says of the event it runs for.

Sources: docs.github.com/en/rest (version 2022-11-28) and "Events that trigger workflows".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.errors import IncompleteRead, UsageError
from reconciler.files.characters import show
from reconciler.forge.rest import Rest, segment
from reconciler.wire.clock import Clock
from reconciler.wire.tokens import TokenSource

VERSION = "2022-11-28"
# Who writes with the token of a workflow.
BOT = "github-actions[bot]"
_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH_OF_EVENT = "workflow_run"
# What GitHub says where a pull request gets another base branch ("Issue event types").
_OTHER_BASE = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a workflow, as GitHub describes it: no word in it is that of an artifact.

    `workflow` is the path of its file, `head_repository` the id of the repository that `head_sha` is from.
    """

    id: int
    event: str
    workflow: str
    head_sha: str
    head_branch: str
    head_repository: int
    head_owner: str
    repository: int
    conclusion: str
    started: datetime | None
    created: datetime | None

    @classmethod
    def of(cls, body: Any) -> Run:
        """The run that an answer, or the event of a run, describes. Raises IncompleteRead."""
        head = _object(body, "head_repository")
        return cls(
            id=_number(body, "id"),
            event=_word(body, "event"),
            # Some answers name the ref behind the path.
            workflow=_word(body, "path").partition("@")[0],
            head_sha=_commit(body, "head_sha"),
            head_branch=_text(body, "head_branch"),
            head_repository=_number(head, "id") if head else 0,
            head_owner=_text(_object(head, "owner"), "login") if head else "",
            repository=_number(_object(body, "repository"), "id"),
            conclusion=_text(body, "conclusion"),
            started=moment(body, "run_started_at") or moment(body, "created_at"),
            created=moment(body, "created_at"),
        )


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull request: `author` is a login, `merged_at` None while it is not merged."""

    number: int
    is_open: bool
    closed_at: datetime | None
    author: str
    head_ref: str
    head_sha: str
    head_repository: int
    base_ref: str
    base_repository: int
    merge_commit: str
    merged_at: datetime | None

    @classmethod
    def of(cls, body: Any) -> Pull:
        """The pull request that an answer describes. Raises IncompleteRead."""
        head, base = _object(body, "head"), _object(body, "base")
        repository = _object(head, "repo")
        return cls(
            number=_number(body, "number"),
            is_open=body.get("state") == "open",
            closed_at=moment(body, "closed_at"),
            author=_text(_object(body, "user"), "login"),
            head_ref=_text(head, "ref"),
            head_sha=_commit(head, "sha"),
            # A fork can be deleted meanwhile.
            head_repository=_number(repository, "id") if repository else 0,
            base_ref=_word(base, "ref"),
            base_repository=_number(_object(base, "repo"), "id"),
            merge_commit=_commit(body, "merge_commit_sha") if body.get("merge_commit_sha") else "",
            merged_at=moment(body, "merged_at"),
        )


class GitHub:
    """The API of the repository that a workflow runs for."""

    def __init__(self, rest: Rest, repository: str) -> None:
        owner, _, name = repository.partition("/")
        self.rest, self.repository = rest, repository
        self._path = f"repos/{segment(owner)}/{segment(name)}"

    def at(self, *segments: str | int) -> str:
        """The path of something in the repository."""
        return "/".join((self._path, *(segment(str(one)) for one in segments)))

    def repository_id(self) -> int:
        """The id of the repository, which a renamed one keeps."""
        return _number(self.rest.ask("GET", self._path, "GetRepository"), "id")

    def pull(self, number: int) -> Pull:
        """One pull request."""
        return Pull.of(self.rest.ask("GET", self.at("pulls", number), "GetPullRequest"))

    def pulls_of_commit(self, commit: str) -> Sequence[Pull]:
        """The pull requests that brought a commit of the default branch."""
        path = self.at("commits", commit, "pulls")
        return [Pull.of(one) for one in self.rest.pages(path, "ListPullRequestsOfCommit")]

    def pulls_from(self, owner: str, branch: str) -> Sequence[Pull]:
        """The pull requests from a branch of a repository of `owner` to any branch, closed ones too."""
        query = {"state": "all", "head": f"{owner}:{branch}"}
        found = self.rest.pages(self.at("pulls"), "ListPullRequests", query=query)
        return [Pull.of(one) for one in found]

    def base_changed_at(self, number: int) -> datetime | None:
        """When a pull request last got another base branch; None where it always had the one it has."""
        events = self.rest.pages(self.at("issues", number, "events"), "ListEventsOfIssue")
        found = [moment(one, "created_at") for one in events if one.get("event") in _OTHER_BASE]
        return max(filter(None, found), default=None)

    def run(self, number: int) -> Run:
        """One run of a workflow."""
        return Run.of(self.rest.ask("GET", self.at("actions", "runs", number), "GetWorkflowRun"))

    def artifacts_of_run(self, number: int, name: str) -> Sequence[Mapping[str, Any]]:
        """The artifacts of that name of one run."""
        path = self.at("actions", "runs", number, "artifacts")
        found = self.rest.pages(path, "ListArtifactsOfRun", key="artifacts", query={"name": name})
        return [one for one in found if one.get("name") == name]

    def artifacts(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The artifacts of that name of any run, of any branch and any workflow."""
        path = self.at("actions", "artifacts")
        found = self.rest.pages(path, "ListArtifacts", key="artifacts", query={"name": name})
        return [one for one in found if one.get("name") == name]

    def download(self, artifact: int) -> bytes:
        """The archive of one artifact."""
        return self.rest.download(self.at("actions", "artifacts", artifact, "zip"), "DownloadArtifact")


def connect(environment: Mapping[str, str], clock: Clock | None = None) -> GitHub:
    """The API that a runner names. Raises UsageError outside a workflow, and Rejected for its address.

    GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN are what "Variables reference" of GitHub's
    documentation says; the token is read from the environment and from nowhere else.
    """
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError("GITHUB_REPOSITORY is not OWNER/NAME; run this in a workflow of GitHub, or set it")
    return connect_to(repository, environment, clock)


def connect_to(repository: str, environment: Mapping[str, str], clock: Clock | None = None) -> GitHub:
    """The same for a repository by its name. Raises UsageError for what is not OWNER/NAME, and Rejected."""
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"{show(repository)} is not the name of a repository; write OWNER/NAME")
    rest = Rest(
        "github",
        environment.get("GITHUB_API_URL") or "https://api.github.com",
        TokenSource(env="GITHUB_TOKEN"),
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION},
        clock=clock,
    )
    return GitHub(rest, repository)


def read_event(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The event that the workflow runs for, from GITHUB_EVENT_PATH. Raises UsageError."""
    try:
        event = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("GITHUB_EVENT_PATH names no event; run this in a workflow of GitHub") from error
    if not isinstance(event, dict):
        raise UsageError("GITHUB_EVENT_PATH names no event; run this in a workflow of GitHub")
    return event


def run_of_event(event: Mapping[str, Any]) -> Run:
    """The run that ended, of an event `workflow_run`. Raises UsageError for another event."""
    if not isinstance(event.get(_BRANCH_OF_EVENT), dict):
        raise UsageError("this runs in a workflow that begins `on: workflow_run`")
    return Run.of(event[_BRANCH_OF_EVENT])


def moment(body: Any, key: str) -> datetime | None:
    """The time at a key, None where there is none. Raises IncompleteRead."""
    value = body.get(key) if isinstance(body, dict) else None
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise _lacking(key)
    return found


def number_of(body: Any, key: str) -> int:
    """The number at a key. Raises IncompleteRead."""
    return _number(body, key)


def _lacking(key: str) -> IncompleteRead:
    return IncompleteRead(f"the answer has no {key}", target="github")


def _object(body: Any, key: str) -> Mapping[str, Any]:
    """The object at a key; an empty one where it is null."""
    value = body.get(key) if isinstance(body, Mapping) else None
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _lacking(key)
    return value


def _number(body: Any, key: str) -> int:
    value = body.get(key) if isinstance(body, Mapping) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _lacking(key)
    return value


def _text(body: Any, key: str) -> str:
    value = body.get(key) if isinstance(body, Mapping) else None
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _lacking(key)
    return value


def _word(body: Any, key: str) -> str:
    value = _text(body, key)
    if not value:
        raise _lacking(key)
    return value


def _commit(body: Any, key: str) -> str:
    value = _text(body, key)
    if not _COMMIT.fullmatch(value):
        raise _lacking(key)
    return value

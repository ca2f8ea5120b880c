"""Looks at the settings of a repository at GitHub, for `reconciler doctor github`. Only asks.

What the token may not see is 403 or 404, and no sign of absence: it becomes Unseen, with the reason.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from posixpath import normpath
from typing import Any, TypeVar

from reconciler.doctor.check import Unseen
from reconciler.doctor.github.facts import (
    ActionsSettings,
    Environment,
    GitHubFacts,
    Owners,
    Subject,
    Workflow,
)
from reconciler.errors import Denied, IncompleteRead, NotFound, ServiceError
from reconciler.forge.github import GitHub, moment, number_of
from reconciler.forge.inspecting_rules import branch_rules, protection, rulesets

# Where GitHub looks for the file, in this order (docs.github.com, "About code owners").
_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_SNAPSHOT = "reconciler/snapshot"
Seen = TypeVar("Seen")


def inspect(github: GitHub, identities: str, apply_environment: str) -> GitHubFacts:
    """Everything that can be seen. Raises ServiceError where the repository itself cannot be."""
    body = github.rest.ask("GET", github.at(), "GetRepository")
    number_of(body, "id")
    branch = str(body.get("default_branch") or "main")
    owner = body.get("owner")
    personal = isinstance(owner, Mapping) and owner.get("type") == "User"
    public = not body.get("private", False) and body.get("visibility", "public") == "public"
    files = seen(lambda: _files(github, branch))
    return GitHubFacts(
        repository=github.repository,
        branch=branch,
        public=public,
        created=moment(body, "created_at"),
        apply_environment=apply_environment,
        identities=normpath(identities).strip("/").removeprefix("."),
        branch_rules=seen(lambda: branch_rules(github, branch)),
        rulesets=seen(lambda: rulesets(github)),
        protection=seen(lambda: protection(github, branch)),
        files=files,
        owners=files if isinstance(files, Unseen) else seen(lambda: _owners(github, branch, files)),
        environments=seen(lambda: _environments(github)),
        secrets=seen(lambda: _secrets(github, personal=personal)),
        write_keys=seen(lambda: _write_keys(github)),
        actions=_actions(github),
        subject=seen(lambda: _subject(github)),
        workflows=seen(lambda: _workflows(github)),
        snapshot_redacted=seen(lambda: _snapshot(github)) if public else None,
    )


def seen(look: Callable[[], Seen]) -> Seen | Unseen:
    """What is seen, or why it is not."""
    try:
        return look()
    except NotFound as error:
        return Unseen(f"not seen, because it is not there or the token may not see it: {error}")
    except Denied as error:
        return Unseen(f"the token may not see it: {error}")
    except ServiceError as error:
        return Unseen(str(error))


def _files(github: GitHub, branch: str) -> tuple[str, ...]:
    head = github.rest.ask("GET", github.at("branches", branch), "GetBranch")
    commit = head.get("commit") if isinstance(head, Mapping) else None
    sha = str(commit.get("sha")) if isinstance(commit, Mapping) else ""
    path = github.at("git", "trees", sha or branch)
    body = github.rest.ask("GET", path, "GetTree", query={"recursive": "1"})
    if not isinstance(body, Mapping) or not isinstance(body.get("tree"), list):
        raise IncompleteRead("the answer has no tree", target="github", request="GetTree")
    if body.get("truncated"):
        raise IncompleteRead("the repository has more files than one answer holds", target="github")
    return tuple(
        str(one["path"])
        for one in body["tree"]
        if isinstance(one, Mapping) and one.get("type") == "blob" and "path" in one
    )


def _owners(github: GitHub, branch: str, files: Sequence[str]) -> Owners:
    path = next((one for one in _OWNERS if one in files), "")
    if not path:
        return Owners("")
    text = _content(github, path, branch).decode("utf-8", "replace")
    return Owners(path, text, seen(lambda: _owner_errors(github, branch)))


def _owner_errors(github: GitHub, branch: str) -> tuple[str, ...]:
    body = github.rest.ask(
        "GET", github.at("codeowners", "errors"), "ListCodeownersErrors", query={"ref": branch}
    )
    found = body.get("errors") if isinstance(body, Mapping) else None
    if not isinstance(found, list):
        raise IncompleteRead("the answer has no errors", target="github", request="ListCodeownersErrors")
    return tuple(
        f"{one.get('path')}:{one.get('line')}: {one.get('kind')}: {str(one.get('source', '')).strip()}"
        for one in found
        if isinstance(one, Mapping)
    )


def _content(github: GitHub, path: str, ref: str) -> bytes:
    body = github.rest.ask("GET", github.at("contents", *path.split("/")), "GetContent", query={"ref": ref})
    coded = body.get("content") if isinstance(body, Mapping) else None
    if not isinstance(coded, str) or body.get("encoding") != "base64":
        raise IncompleteRead(f"{path} is too large to be looked at", target="github", request="GetContent")
    try:
        return base64.b64decode(coded)
    except ValueError as error:
        raise IncompleteRead(f"{path} is not base64", target="github", request="GetContent") from error


def _environments(github: GitHub) -> tuple[Environment, ...]:
    path = github.at("environments")
    found = list(github.rest.pages(path, "ListEnvironments", key="environments"))
    return tuple(_environment(github, one) for one in found)


def _environment(github: GitHub, body: Mapping[str, Any]) -> Environment:
    name = str(body.get("name"))
    policy = body.get("deployment_branch_policy")
    branches: tuple[str, ...] | Unseen | None = None
    if isinstance(policy, Mapping) and policy.get("custom_branch_policies"):
        branches = seen(lambda: _branch_policies(github, name))
    rules = body.get("protection_rules")
    reviewers = [
        reviewer
        for rule in (rules if isinstance(rules, list) else ())
        if isinstance(rule, Mapping) and rule.get("type") == "required_reviewers"
        for reviewer in (rule.get("reviewers") or ())
    ]
    return Environment(
        name=name,
        branches=branches,
        protected_only=isinstance(policy, Mapping) and policy.get("protected_branches") is True,
        reviewers=len(reviewers),
        admins_bypass=body.get("can_admins_bypass") is True,
        secrets=seen(lambda: _names(github, "secrets", "environments", name, "secrets")),
    )


def _branch_policies(github: GitHub, name: str) -> tuple[str, ...]:
    path = github.at("environments", name, "deployment-branch-policies")
    found = github.rest.pages(path, "ListDeploymentBranchPolicies", key="branch_policies")
    return tuple(
        f"tag {one.get('name')}" if one.get("type") == "tag" else str(one.get("name")) for one in found
    )


def _names(github: GitHub, key: str, *path: str) -> tuple[str, ...]:
    """The names in a list; of secrets, GitHub tells nothing else."""
    found = github.rest.pages(github.at(*path), f"List {'/'.join(path)}", key=key)
    return tuple(_text(one, "name") for one in found)


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise IncompleteRead(f"the answer has no {key}", target="github")
    return value


def _secrets(github: GitHub, *, personal: bool) -> tuple[str, ...]:
    """What workflows of every branch have: secrets of the repository, and those of the organization."""
    own = _names(github, "secrets", "actions", "secrets")
    return own if personal else (*own, *_names(github, "secrets", "actions", "organization-secrets"))


def _write_keys(github: GitHub) -> tuple[str, ...]:
    found = github.rest.pages(github.at("keys"), "ListDeployKeys")
    return tuple(_text(one, "title") for one in found if one.get("read_only") is not True)


def _actions(github: GitHub) -> ActionsSettings:
    def ask(*path: str) -> Mapping[str, Any] | Unseen:
        return seen(lambda: _mapping(github, "actions", "permissions", *path))

    general, workflow, forks = ask(), ask("workflow"), ask("fork-pr-contributor-approval")
    pinning = general if isinstance(general, Unseen) else general.get("sha_pinning_required")
    return ActionsSettings(
        sha_pinning=pinning if isinstance(pinning, bool | Unseen) else None,
        default_permissions=_word(workflow, "default_workflow_permissions"),
        approves_pulls=workflow
        if isinstance(workflow, Unseen)
        else workflow.get("can_approve_pull_request_reviews") is not False,
        fork_approval=_word(forks, "approval_policy"),
    )


def _mapping(github: GitHub, *path: str) -> Mapping[str, Any]:
    label = f"Get {'/'.join(path)}"
    body = github.rest.ask("GET", github.at(*path), label)
    if not isinstance(body, Mapping):
        raise IncompleteRead("the answer is not an object", target="github", request=label)
    return body


def _word(body: Mapping[str, Any] | Unseen, key: str) -> str | Unseen:
    if isinstance(body, Unseen):
        return body
    value = body.get(key)
    return value if isinstance(value, str) else Unseen(f"the answer of GitHub has no {key}")


def _subject(github: GitHub) -> Subject:
    body = _mapping(github, "actions", "oidc", "customization", "sub")
    keys = body.get("include_claim_keys")
    return Subject(
        body.get("use_default") is not False, tuple(map(str, keys if isinstance(keys, list) else ()))
    )


def _workflows(github: GitHub) -> tuple[Workflow, ...]:
    found = github.rest.pages(github.at("actions", "workflows"), "ListWorkflows", key="workflows")
    return tuple(
        Workflow(str(one.get("path")), str(one.get("state")))
        for one in found
        if one.get("state") != "deleted"
    )


def _snapshot(github: GitHub) -> bool | None:
    """Whether every snapshot at the tag is redacted; None where there is no such tag."""
    query = {"ref": f"refs/tags/{_SNAPSHOT}"}
    try:
        github.rest.ask("GET", github.at("git", "ref", "tags", *_SNAPSHOT.split("/")), "GetRef")
    except NotFound:
        # Who reads the branches of a public repository reads its tags.
        return None
    listed = github.rest.ask("GET", github.at("contents"), "ListContents", query=query)
    if not isinstance(listed, list):
        raise IncompleteRead("the answer is not a list", target="github", request="ListContents")
    return all(_is_redacted(github, str(one.get("path")), query["ref"]) for one in listed)


def _is_redacted(github: GitHub, path: str, ref: str) -> bool:
    try:
        body = json.loads(_content(github, path, ref))
    except (ValueError, RecursionError) as error:
        raise IncompleteRead(f"{path} is not a snapshot", target="github") from error
    return isinstance(body, Mapping) and body.get("redacted") is True

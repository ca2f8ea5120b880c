"""The settings of the repository of the stand-in for GitHub, as `doctor github` asks for them.

The state is plain JSON, as the REST API answers; a test changes what it is about. `settings` begins as
`reconciler init` and its README leave a repository.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from reconciler.scaffold.choices import Choices
from reconciler.scaffold.files import files
from tests.support.github import Hub, Problem, route

_ENVIRONMENTS = (
    "identity-apply",
    "identity-reconcile",
    "identity-snapshot",
    "identity-offboard",
    "identity-read",
)
_ALL = "administration"


def settled(hub: Hub) -> dict[str, Any]:
    """Give the repository the settings of the README, and give them out to be changed."""
    written = {
        path: content.decode("utf-8")
        for path, content in files(Choices(repository=hub.name, owners="@octo-org/identity")).items()
    }
    rulesets = []
    for number, name in enumerate(("default-branch", "memory", "no-look-alikes"), start=31):
        rulesets.append({"id": number, **json.loads(written[f".github/reconciler/rulesets/{name}.json"])})
    hub.settings = {
        "repository": {
            "private": True,
            "visibility": "private",
            "default_branch": hub.branch,
            "created_at": "2025-01-01T00:00:00Z",
            "owner": {"login": "octo-org", "type": "Organization"},
        },
        "files": written,
        "rulesets": rulesets,
        "protection": None,
        "owner_errors": [],
        "environments": {
            name: {
                "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
                "protection_rules": [
                    {"type": "branch_policy"},
                    {"type": "required_reviewers", "reviewers": [{"type": "Team", "reviewer": {"id": 1}}]},
                ],
                "can_admins_bypass": False,
                "branches": [{"name": hub.branch, "type": "branch"}],
                "secrets": []
                if name in ("identity-read", "identity-offboard")
                else ["RECONCILER_DEPLOY_KEY"],
            }
            for name in _ENVIRONMENTS
        },
        "secrets": [],
        "organization_secrets": [],
        "keys": [{"id": 1, "title": "reconciler", "read_only": False}],
        "permissions": {"enabled": True, "allowed_actions": "all", "sha_pinning_required": True},
        "workflow": {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False},
        "forks": {"approval_policy": "all_external_contributors"},
        "subject": {
            "use_default": False,
            "include_claim_keys": ["repository_owner_id", "repository_id", "context"],
        },
        "workflows": [
            {"path": path, "state": "active"} for path in written if path.startswith(".github/workflows/")
        ],
        "snapshots": None,
        "bypass_seen": True,
    }
    return hub.settings


@route("GET", r"/branches/([^/]+)", "contents")
def _branch(made: Hub, name: str, **_: Any) -> Any:
    return {"name": name, "protected": True, "commit": {"sha": "1" * 40}}


@route("GET", r"/git/trees/([^/]+)", "contents")
def _tree(made: Hub, _sha: str, *, query: Mapping[str, str], **_: Any) -> Any:
    assert query["recursive"] == "1"
    found = [{"path": path, "type": "blob"} for path in made.settings["files"]]
    return {"sha": "1" * 40, "truncated": False, "tree": [*found, {"path": "identities", "type": "tree"}]}


@route("GET", r"/contents", "contents")
def _listing(made: Hub, *, query: Mapping[str, str], **_: Any) -> Any:
    assert query["ref"] == "refs/tags/reconciler/snapshot"
    return [{"path": path, "type": "file"} for path in made.settings["snapshots"]]


@route("GET", r"/contents/(.+)", "contents")
def _content(made: Hub, path: str, *, query: Mapping[str, str], **_: Any) -> Any:
    tag = query.get("ref") == "refs/tags/reconciler/snapshot"
    text = (made.settings["snapshots"] if tag else made.settings["files"])[path]
    return {"path": path, "encoding": "base64", "content": base64.encodebytes(text.encode()).decode()}


@route("GET", r"/git/ref/(.+)", "contents")
def _ref(made: Hub, name: str, **_: Any) -> Any:
    if name != "tags/reconciler/snapshot" or made.settings["snapshots"] is None:
        raise KeyError(name)
    return {"ref": f"refs/{name}"}


@route("GET", r"/codeowners/errors", "contents")
def _owner_errors(made: Hub, **_: Any) -> Any:
    return {"errors": made.settings["owner_errors"]}


@route("GET", r"/rules/branches/([^/]+)", "contents")
def _branch_rules(made: Hub, name: str, **_: Any) -> Any:
    """Only the pattern of the default branch is understood here."""
    return [
        {**rule, "ruleset_id": one["id"], "ruleset_source_type": "Repository"}
        for one in made.settings["rulesets"]
        if one["target"] == "branch" and one["enforcement"] == "active" and name == made.branch
        for rule in one["rules"]
        if {"~DEFAULT_BRANCH", "~ALL"} & set(one["conditions"]["ref_name"]["include"])
    ]


@route("GET", r"/rulesets", "contents")
def _rulesets(made: Hub, **_: Any) -> Any:
    return [
        {name: one[name] for name in ("id", "name", "target", "enforcement")}
        for one in made.settings["rulesets"]
    ]


@route("GET", r"/rulesets/(\d+)", "contents")
def _ruleset(made: Hub, number: str, **_: Any) -> Any:
    (found,) = [one for one in made.settings["rulesets"] if one["id"] == int(number)]
    seen = made.settings["bypass_seen"]
    return {name: value for name, value in found.items() if seen or name != "bypass_actors"}


@route("GET", r"/branches/([^/]+)/protection", _ALL)
def _protection(made: Hub, _name: str, **_: Any) -> Any:
    if made.settings["protection"] is None:
        raise Problem(404, "Branch not protected")
    return made.settings["protection"]


@route("GET", r"/environments", "actions")
def _environments(made: Hub, **_: Any) -> Any:
    return "environments", [
        {"name": name, **{key: one[key] for key in one if key not in ("branches", "secrets")}}
        for name, one in made.settings["environments"].items()
    ]


@route("GET", r"/environments/([^/]+)/deployment-branch-policies", "actions")
def _policies(made: Hub, name: str, **_: Any) -> Any:
    return "branch_policies", made.settings["environments"][name]["branches"]


@route("GET", r"/environments/([^/]+)/secrets", "environments")
def _environment_secrets(made: Hub, name: str, **_: Any) -> Any:
    return "secrets", [{"name": one} for one in made.settings["environments"][name]["secrets"]]


@route("GET", r"/actions/secrets", "secrets")
def _secrets(made: Hub, **_: Any) -> Any:
    return "secrets", [{"name": one} for one in made.settings["secrets"]]


@route("GET", r"/actions/organization-secrets", "secrets")
def _organization_secrets(made: Hub, **_: Any) -> Any:
    return "secrets", [{"name": one} for one in made.settings["organization_secrets"]]


@route("GET", r"/keys", _ALL)
def _keys(made: Hub, **_: Any) -> Any:
    return list(made.settings["keys"])


@route("GET", r"/actions/permissions", _ALL)
def _permissions(made: Hub, **_: Any) -> Any:
    return made.settings["permissions"]


@route("GET", r"/actions/permissions/workflow", _ALL)
def _workflow(made: Hub, **_: Any) -> Any:
    return made.settings["workflow"]


@route("GET", r"/actions/permissions/fork-pr-contributor-approval", _ALL)
def _forks(made: Hub, **_: Any) -> Any:
    return made.settings["forks"]


@route("GET", r"/actions/oidc/customization/sub", "actions")
def _subject(made: Hub, **_: Any) -> Any:
    return made.settings["subject"]


@route("GET", r"/actions/workflows", "actions")
def _workflows(made: Hub, **_: Any) -> Any:
    return "workflows", list(made.settings["workflows"])

"""`reconciler doctor github`: each check with settings in which it is ok, and with some in which not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from tests.support.github import Hub
from tests.support.github_settings import settled
from tests.support.json_output import check_json
from tests.support.patience import PATIENCE
from tests.wire.web import Say

SCOPES = ("contents", "actions", "administration", "environments", "secrets")
WORDS = ("found", "fix", "details")


@dataclass
class Ward:
    """A repository, and a person with a token."""

    hub: Hub
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    scopes: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SCOPES, "read"))

    @property
    def settings(self) -> dict[str, Any]:
        return self.hub.settings

    def run(self, *arguments: str) -> tuple[int, str, str]:
        self.patch.setenv("GITHUB_API_URL", self.hub.url)
        self.patch.setenv("GITHUB_TOKEN", self.hub.token(self.scopes))
        self.capsys.readouterr()
        code = run(["doctor", "github", *arguments])
        out, err = self.capsys.readouterr()
        assert "Traceback" not in out + err
        assert "Internal error" not in err, err
        return code, out, err

    def checks(self, *, code: int = 0) -> dict[str, dict[str, Any]]:
        """By name; it ended with this code, and only asked."""
        self.hub.asked.clear()
        ended, out, err = self.run("--repository", self.hub.name, "--format", "json")
        assert ended == code, out + err
        assert {method for method, _ in self.hub.asked} == {"GET"}
        check_json(out)
        body = json.loads(out)
        assert (body["about"], body["healthy"]) == ("github", code == 0)
        (examination,) = body["examinations"]
        assert examination["subject"] == self.hub.name
        return {one["name"]: one for one in examination["checks"]}

    def outcome(self, name: str, *, code: int = 0) -> tuple[str, str]:
        one = self.checks(code=code)[name]
        return one["outcome"], " ".join([one["found"], one["fix"] or "", *one["details"]])

    def ruleset(self, name: str) -> dict[str, Any]:
        (found,) = [one for one in self.settings["rulesets"] if one["name"] == name]
        assert isinstance(found, dict)
        return found

    def rule(self, kind: str) -> dict[str, Any]:
        (found,) = [one for one in self.ruleset("trusted branch")["rules"] if one["type"] == kind]
        assert isinstance(found, dict)
        return found

    def own(self, text: str) -> None:
        self.settings["files"][".github/CODEOWNERS"] = text


@pytest.fixture
def ward(github: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ward:
    for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    settled(github)
    return Ward(github, monkeypatch, capsys)


def test_what_init_and_its_readme_leave_is_well(ward: Ward) -> None:
    found = ward.checks()
    assert {name: one["outcome"] for name, one in found.items() if one["outcome"] != "ok"} == {}
    assert {
        "branch-pull-request", "branch-code-owners", "branch-checks", "branch-force-push", "branch-deletion",
        "branch-bypass", "memory-tags", "memory-bypass", "deploy-keys", "code-owners-syntax", "code-owners",
        "code-owners-new-files", "code-owners-order", "environments", "environment-branches:identity-apply",
        "environment-secrets:identity-apply", "environment-reviewers:identity-apply", "actions-pinning",
        "actions-permissions", "actions-approve", "actions-forks", "oidc-subject", "workflows", "visibility",
    } <= found.keys()  # fmt: skip
    code, out, _ = ward.run("--repository", ward.hub.name)
    assert code == 0
    assert "octo-org/access:" in out
    assert "ok: memory-tags:" in out


def test_a_token_that_sees_nothing_more_than_files(ward: Ward) -> None:
    ward.scopes = {"contents": "read"}
    ward.settings["bypass_seen"] = False
    found = ward.checks()
    for name in (
        "branch-bypass", "memory-bypass", "environments", "actions-pinning", "actions-permissions",
        "actions-approve", "oidc-subject", "workflows",
    ):  # fmt: skip
        assert found[name]["outcome"] == "not checked", found[name]
    assert "problem" not in {one["outcome"] for one in found.values()}


@pytest.mark.parametrize("scope", SCOPES[1:])
def test_what_a_token_may_not_see_is_nowhere_ok_or_wrong(ward: Ward, scope: str) -> None:
    before = ward.checks()
    ward.scopes[scope] = "none"
    after = ward.checks()
    hidden = {name for name, one in after.items() if one["outcome"] == "not checked"}
    assert hidden
    assert all(one["outcome"] == "ok" for name, one in after.items() if name not in hidden)
    assert before.keys() >= after.keys() - {"deploy-keys"}


Change = Callable[[Ward], object]


def _without(kind: str) -> Change:
    def change(ward: Ward) -> None:
        rules = ward.ruleset("trusted branch")["rules"]
        rules[:] = [one for one in rules if one["type"] != kind]

    return change


def _parameter(kind: str, **values: Any) -> Change:
    return lambda ward: ward.rule(kind)["parameters"].update(values)


def _bypass(name: str, *actors: Mapping[str, Any]) -> Change:
    return lambda ward: ward.ruleset(name).update(bypass_actors=list(actors))


def _setting(*path: str, **values: Any) -> Change:
    def change(ward: Ward) -> None:
        place = ward.settings
        for name in path:
            place = place[name]
        place.update(values)

    return change


def _include(*patterns: str) -> Change:
    return lambda ward: ward.ruleset("memory of the reconciler")["conditions"].update(
        ref_name={"include": list(patterns), "exclude": []}
    )


ADMIN = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
TEAM = {"actor_id": 7, "actor_type": "Team", "bypass_mode": "pull_request"}
ACTIONS = {"actor_id": 15368, "actor_type": "Integration", "bypass_mode": "always"}
APP = {"actor_id": 99, "actor_type": "Integration", "bypass_mode": "always"}
KEY = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
MEMORY = "memory of the reconciler"
APPLY = ("environments", "identity-apply")


@pytest.mark.parametrize(
    ("name", "change", "outcome", "words"),
    [
        ("branch-pull-request", _without("pull_request"), "problem", "without a pull request"),
        (
            "branch-pull-request",
            _parameter("pull_request", required_approving_review_count=0),
            "warning",
            "no approval",
        ),
        (
            "branch-pull-request",
            _parameter("pull_request", dismiss_stale_reviews_on_push=False, require_last_push_approval=False),
            "problem",
            "not reviewed",
        ),
        (
            "branch-code-owners",
            _parameter("pull_request", require_code_owner_review=False),
            "problem",
            "need not approve",
        ),
        ("branch-checks", _without("required_status_checks"), "problem", "validate and plan"),
        (
            "branch-checks",
            _parameter("required_status_checks", required_status_checks=[{"context": "validate"}]),
            "problem",
            "the checks plan",
        ),
        (
            "branch-checks",
            _parameter(
                "required_status_checks",
                required_status_checks=[{"context": "validate"}, {"context": "plan"}],
            ),
            "warning",
            "15368",
        ),
        ("branch-force-push", _without("non_fast_forward"), "problem", "rewritten"),
        ("branch-deletion", _without("deletion"), "problem", "deleted"),
        ("branch-bypass", _bypass("trusted branch", ADMIN), "problem", "RepositoryRole 5"),
        ("branch-bypass", _bypass("trusted branch", TEAM), "warning", "Team 7"),
        (
            "branch-pull-request",
            lambda ward: ward.ruleset("trusted branch").update(enforcement="evaluate"),
            "problem",
            "without",
        ),
        ("memory-tags", _include("refs/tags/reconciler/**"), "problem", "refs/tags/reconciler/applied/aws"),
        ("memory-tags", _include("refs/tags/reconciler/*"), "problem", "refs/tags/reconciler/marks/aws/run"),
        ("memory-tags", _include("refs/tags/Reconciler/**/*"), "problem", "refs/tags/reconciler/snapshot"),
        (
            "memory-tags",
            lambda ward: ward.ruleset(MEMORY)["conditions"]["ref_name"].update(
                exclude=["refs/tags/reconciler/receipts/*"]
            ),
            "problem",
            "receipts/aws: update",
        ),
        (
            "memory-tags",
            lambda ward: ward.ruleset(MEMORY).update(rules=[{"type": "deletion"}, {"type": "update"}]),
            "problem",
            "creation",
        ),
        ("memory-bypass", _bypass(MEMORY, KEY, ADMIN), "problem", "RepositoryRole 5"),
        ("memory-bypass", _bypass(MEMORY, ACTIONS), "problem", "every workflow of every branch"),
        ("memory-bypass", _bypass(MEMORY), "problem", "nobody may move"),
        (
            "deploy-keys",
            lambda ward: ward.settings["keys"].append({"id": 2, "title": "old laptop", "read_only": False}),
            "problem",
            "old laptop",
        ),
        ("deploy-keys", lambda ward: ward.settings["keys"].clear(), "problem", "no deploy key"),
        (
            "code-owners",
            lambda ward: ward.settings["files"].pop(".github/CODEOWNERS"),
            "problem",
            "no CODEOWNERS",
        ),
        (
            "environments",
            lambda ward: ward.settings["environments"].pop("identity-apply"),
            "problem",
            "identity-apply",
        ),
        (
            "environments",
            lambda ward: ward.settings["environments"].pop("identity-snapshot"),
            "problem",
            "identity-snapshot",
        ),
        (
            "environment-branches:identity-apply",
            _setting(*APPLY, deployment_branch_policy=None),
            "problem",
            "every branch",
        ),
        (
            "environment-branches:identity-apply",
            _setting(
                *APPLY, deployment_branch_policy={"protected_branches": True, "custom_branch_policies": False}
            ),
            "warning",
            "protected branch",
        ),
        (
            "environment-branches:identity-apply",
            _setting(*APPLY, branches=[{"name": "main", "type": "branch"}, {"name": "release/*"}]),
            "problem",
            "release/*",
        ),
        (
            "environment-branches:identity-apply",
            _setting(*APPLY, branches=[{"name": "main", "type": "tag"}]),
            "problem",
            "tag main",
        ),
        ("environment-branches:identity-apply", _setting(*APPLY, branches=[]), "problem", "no branch"),
        (
            "environment-secrets:identity-apply",
            lambda ward: ward.settings["secrets"].append("RECONCILER_DEPLOY_KEY"),
            "problem",
            "RECONCILER_DEPLOY_KEY",
        ),
        (
            "environment-secrets:identity-read",
            lambda ward: ward.settings["organization_secrets"].append("RECONCILER_DEPLOY_KEY"),
            "problem",
            "RECONCILER_DEPLOY_KEY",
        ),
        ("environment-reviewers:identity-apply", _setting(*APPLY, protection_rules=[]), "warning", "nobody"),
        (
            "environment-reviewers:identity-apply",
            _setting(*APPLY, can_admins_bypass=True),
            "warning",
            "administrators",
        ),
        ("actions-pinning", _setting("permissions", sha_pinning_required=False), "warning", "pinned"),
        ("actions-pinning", lambda ward: ward.settings["permissions"].clear(), "not checked", "does not say"),
        (
            "actions-permissions",
            _setting("workflow", default_workflow_permissions="write"),
            "problem",
            "write",
        ),
        (
            "actions-approve",
            _setting("workflow", can_approve_pull_request_reviews=True),
            "problem",
            "approve",
        ),
        ("oidc-subject", _setting("subject", use_default=True), "problem", "somebody else can have later"),
        (
            "oidc-subject",
            _setting("subject", include_claim_keys=["repo", "context"]),
            "problem",
            "repository_id and repository_owner_id",
        ),
        (
            "workflows",
            lambda ward: ward.settings["workflows"][0].update(state="disabled_inactivity"),
            "problem",
            "disabled_inactivity",
        ),
        ("workflows", lambda ward: ward.settings["workflows"].clear(), "problem", "no workflows"),
        ("visibility", _setting("repository", visibility="public", private=False), "warning", "public"),
    ],
)
def test_what_is_not_as_it_must_be(ward: Ward, name: str, change: Change, outcome: str, words: str) -> None:
    change(ward)
    how, said = ward.outcome(name, code=1 if outcome == "problem" else 0)
    assert how == outcome, said
    assert words in said


def test_all_problems_at_once(ward: Ward) -> None:
    for change in (
        _without("pull_request"), _include("refs/tags/reconciler/**"), _setting("subject", use_default=True),
        _setting(*APPLY, deployment_branch_policy=None),
    ):  # fmt: skip
        change(ward)
    found = ward.checks(code=1)
    wrong = {name for name, one in found.items() if one["outcome"] == "problem"}
    assert wrong >= {
        "branch-pull-request", "memory-tags", "oidc-subject", "environment-branches:identity-apply",
    }  # fmt: skip


def test_an_app_of_ones_own_may_move_the_memory(ward: Ward) -> None:
    _bypass(MEMORY, APP)(ward)
    found = ward.checks()
    assert found["memory-bypass"]["outcome"] == "ok"
    assert "deploy-keys" not in found


def test_who_must_go_past_two_rulesets_goes_past_neither(ward: Ward) -> None:
    _bypass("trusted branch", ADMIN)(ward)
    other = {**ward.ruleset("trusted branch"), "id": 77, "name": "another", "bypass_actors": [TEAM]}
    ward.settings["rulesets"].append(other)
    assert ward.outcome("branch-bypass")[0] == "ok"


def test_the_older_protection_of_a_branch_counts_as_well(ward: Ward) -> None:
    ward.ruleset("trusted branch").update(enforcement="disabled")
    checks = [{"context": "validate", "app_id": 15368}, {"context": "plan", "app_id": 15368}]
    ward.settings["protection"] = {
        "required_pull_request_reviews": {
            "required_approving_review_count": 1,
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": True,
        },
        "required_status_checks": {"checks": checks},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
        "enforce_admins": {"enabled": True},
    }
    assert {one["outcome"] for name, one in ward.checks().items() if name.startswith("branch-")} == {"ok"}
    ward.settings["protection"]["enforce_admins"]["enabled"] = False
    how, said = ward.outcome("branch-bypass", code=1)
    assert (how, "administrators" in said) == ("problem", True)
    ward.settings["protection"]["enforce_admins"]["enabled"] = True
    allowances = {"users": [{"login": "eve"}], "teams": [], "apps": []}
    ward.settings["protection"]["required_pull_request_reviews"]["bypass_pull_request_allowances"] = (
        allowances
    )
    assert "user eve" in ward.outcome("branch-bypass", code=1)[1]
    ward.settings["protection"]["required_status_checks"]["checks"][0]["app_id"] = -1
    assert ward.checks(code=1)["branch-checks"]["outcome"] == "warning"


OWNED = "* @octo-org/identity\n"


@pytest.mark.parametrize(
    ("text", "name", "outcome", "words"),
    [
        ("/identities/ @a\n/.github/ @a\n", "code-owners", "ok", "have owners"),
        ("/identities/ @a\n", "code-owners", "problem", ".github/CODEOWNERS: no line fits"),
        (OWNED + "/identities/people.yaml\n", "code-owners", "problem", ":2 `/identities/people.yaml` takes"),
        (OWNED + "*.yaml\n", "code-owners", "problem", "identities/groups.yaml"),
        (OWNED + "/identities/*\n", "code-owners", "problem", "identities/people.yaml"),
        (OWNED + "/identities/*\n", "code-owners-new-files", "problem", "add"),
        ("identities/*.yaml @a\n.github/ @a\n", "code-owners-new-files", "problem", "would have no owners"),
        ("/identities/ @a\n/.github/ @b\n* @c\n", "code-owners-order", "problem", ":1 `/identities/`"),
        (OWNED + "/identities/ @b\n", "code-owners-order", "ok", "no line"),
        (
            "/README.md @a\n*.md @b\n" + "/identities/ @a\n/.github/ @a\n",
            "code-owners-order",
            "warning",
            "README",
        ),
        ("!/identities/ @a\n" + OWNED, "code-owners-syntax", "problem", "cannot be negated"),
        ("/identities/[a-z].yaml @a\n" + OWNED, "code-owners-syntax", "problem", "range"),
        (OWNED + "/identities/ octo\n", "code-owners-syntax", "problem", "octo is not"),
        (OWNED + "/identities/ @a # and their deputies\n", "code-owners-syntax", "ok", "valid"),
        ("# nobody\n", "code-owners", "problem", "no line fits"),
    ],
)
def test_code_owners(ward: Ward, text: str, name: str, outcome: str, words: str) -> None:
    ward.own(text)
    _, out, _ = ward.run("--repository", ward.hub.name, "--format", "json")
    found = {one["name"]: one for one in json.loads(out)["examinations"][0]["checks"]}[name]
    assert found["outcome"] == outcome, found
    assert words in " ".join([found["found"], *found["details"]])


def test_owners_whom_github_does_not_know(ward: Ward) -> None:
    ward.settings["owner_errors"] = [
        {"path": ".github/CODEOWNERS", "line": 2, "kind": "Unknown owner", "source": "* @gone"}
    ]
    how, said = ward.outcome("code-owners-syntax", code=1)
    assert (how, "Unknown owner" in said) == ("problem", True)


def test_only_the_first_of_several_files_counts(ward: Ward) -> None:
    ward.settings["files"]["CODEOWNERS"] = "# nobody\n"
    assert ward.outcome("code-owners")[0] == "ok"


def test_a_public_repository(ward: Ward) -> None:
    ward.settings["repository"].update(private=False, visibility="public")
    ward.settings["snapshots"] = {"aws.json": json.dumps({"redacted": True})}
    assert ward.outcome("visibility")[0] == "warning"
    ward.settings["snapshots"]["chat.json"] = json.dumps({"redacted": False})
    how, said = ward.outcome("visibility", code=1)
    assert (how, "--redact" in said) == ("problem", True)
    ward.settings["snapshots"] = None
    ward.settings["forks"]["approval_policy"] = "first_time_contributors"
    assert ward.outcome("actions-forks")[0] == "warning"


def test_a_repository_made_late_has_numbers_in_its_subjects(ward: Ward) -> None:
    ward.settings["subject"] = {"use_default": True}
    ward.settings["repository"]["created_at"] = "2026-07-15T00:00:00Z"
    assert ward.outcome("oidc-subject")[0] == "ok"
    ward.settings["repository"]["created_at"] = "2026-07-14T23:59:59Z"
    assert ward.outcome("oidc-subject", code=1)[0] == "problem"


def test_what_github_says_cannot_command_the_terminal_or_the_runner(ward: Ward) -> None:
    ward.settings["keys"].append({"id": 2, "title": "\x1b[2J\n::set-output name=x::y", "read_only": False})
    ward.own(OWNED + "/identities/\u202e.yaml bad\x07\n")
    code, out, _ = ward.run("--repository", ward.hub.name)
    assert code == 1
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())


def test_the_repository_is_that_of_origin(ward: Ward, tmp_path: Path) -> None:
    ward.patch.chdir(tmp_path)
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], timeout=PATIENCE, check=True)
    assert ward.run()[0] == 64
    subprocess.run(
        [*git, "remote", "add", "origin", f"git@github.com:{ward.hub.name}.git"], timeout=PATIENCE, check=True
    )
    assert ward.run()[0] == 0
    for url in (
        f"https://user:hunter2@github.com/{ward.hub.name}",
        f"ssh://git@github.com/{ward.hub.name}.git",
    ):
        subprocess.run([*git, "remote", "set-url", "origin", url], timeout=PATIENCE, check=True)
        code, out, err = ward.run()
        assert code == 0
        assert "hunter2" not in out + err
    subprocess.run(
        [*git, "remote", "set-url", "origin", "https://user:hunter2@elsewhere.example/a"],
        timeout=PATIENCE,
        check=True,
    )
    code, out, err = ward.run()
    assert (code, "hunter2" in out + err) == (64, False)


def test_it_cannot_run(ward: Ward) -> None:
    assert ward.run("--repository", "octo-org")[0] == 64
    assert ward.run("--repository", "octo-org/access", "--format", "markdown")[0] == 64
    ward.scopes = {}
    code, _, err = ward.run("--repository", ward.hub.name)
    assert (code, "GetRepository" in err) == (1, True)
    ward.patch.delenv("GITHUB_TOKEN")
    assert run(["doctor", "github", "--repository", ward.hub.name]) == 1


def test_a_service_that_fails_on_one_question(ward: Ward) -> None:
    ward.hub.trouble = lambda heard: Say(422, {"message": "no"}) if heard.target.endswith("/sub") else None
    assert ward.outcome("oidc-subject")[0] == "not checked"
    ward.hub.trouble = lambda heard: Say(200, "<html>") if "/environments" in heard.target else None
    assert ward.outcome("environments")[0] == "not checked"


ODD: list[Any] = [
    None,
    [],
    {},
    "text",
    7,
    [7],
    [None],
    {"total_count": 1},
    [{}],
    {"tree": [7]},
    {"errors": [7]},
    True,
]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("/git/trees/", ["code-owners"]),
        ("/contents/", ["code-owners"]),
        ("/codeowners/errors", ["code-owners-known"]),
        ("/rules/branches/", ["branch-pull-request"]),
        ("/rulesets", ["memory-tags"]),
        ("/rulesets/31", ["branch-bypass", "memory-tags"]),
        ("/protection", []),
        ("/environments", ["environments"]),
        ("/deployment-branch-policies", ["environment-branches:identity-apply"]),
        ("/identity-apply/secrets", ["environment-secrets:identity-apply"]),
        ("/actions/secrets", ["environment-secrets:identity-apply"]),
        ("/keys", ["deploy-keys"]),
        ("/permissions", ["actions-pinning"]),
        ("/permissions/workflow", ["actions-permissions"]),
        ("/customization/sub", ["oidc-subject"]),
        ("/actions/workflows", ["workflows"]),
        ("/branches/main", []),
    ],
)
def test_answers_that_are_none_are_no_finding_of_health(ward: Ward, asked: str, names: list[str]) -> None:
    for odd in ODD:
        place = asked if asked.endswith("/") else f"{asked}?"
        ward.hub.trouble = lambda heard, place=place, odd=odd: (  # type: ignore[misc]  # bound for this turn
            Say(200, json.dumps(odd)) if place in f"{heard.target}?" else None
        )
        code, out, err = ward.run("--repository", ward.hub.name, "--format", "json")
        assert code in (0, 1), err
        found = {one["name"]: one["outcome"] for one in json.loads(out)["examinations"][0]["checks"]}
        # An empty list is an answer: there is nothing.
        assert odd == [] or all(found.get(name) != "ok" for name in names), (odd, found)

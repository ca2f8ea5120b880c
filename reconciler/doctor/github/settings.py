"""Environments, Actions, the subject of tokens, schedules, and what a public repository shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from reconciler.doctor.check import Check, Unseen, not_checked, ok, problem, warning
from reconciler.doctor.github.facts import ActionsSettings, Environment, GitHubFacts

# Which environment each workflow of `reconciler init` uses, beside that of the apply.
_ENVIRONMENTS = {
    "reconcile.yml": "identity-reconcile",
    "emergency.yml": "identity-reconcile",
    "offboard.yml": "identity-offboard",
    "snapshot.yml": "identity-snapshot",
    "drift.yml": "identity-read",
}
_STEP = "README of the repository, step {}"
# Repositories that are made from then on have subjects with numbers that nobody else can ever have
# (docs.github.com, "OpenID Connect reference").
_IMMUTABLE_SINCE = datetime(2026, 7, 15, tzinfo=UTC)
_NUMBERS = frozenset({"repository_id", "repository_owner_id"})


def environments(facts: GitHubFacts) -> Iterator[Check]:
    """Whether the environments that hold credentials are for the trusted branch alone."""
    found = facts.environments
    if isinstance(found, Unseen):
        yield not_checked("environments", found)
        return
    there = {one.name: one for one in found}
    files = () if isinstance(facts.files, Unseen) else facts.files
    wanted = [facts.apply_environment]
    wanted += [name for file, name in _ENVIRONMENTS.items() if f".github/workflows/{file}" in files]
    missing = [name for name in dict.fromkeys(wanted) if name not in there]
    if missing:
        fix = f"make them, each limited to the branch {facts.branch} ({_STEP.format(4)})"
        yield problem("environments", f"missing: {', '.join(missing)}", fix)
    else:
        yield ok("environments", f"there are {', '.join(dict.fromkeys(wanted))}")
    for name in dict.fromkeys([*wanted, *(one for one in there if one.startswith("identity-"))]):
        if name in there:
            yield _branches(there[name], facts.branch)
            yield _secrets(there[name], facts)
    if facts.apply_environment in there:
        yield _reviewers(there[facts.apply_environment])


def _branches(one: Environment, branch: str) -> Check:
    name = f"environment-branches:{one.name}"
    fix = f"under Deployment branches, select the branch {branch} and nothing else"
    if isinstance(one.branches, Unseen):
        return not_checked(name, one.branches, fix)
    if one.protected_only:
        return warning(name, "every protected branch may use it", fix)
    if one.branches is None:
        return problem(name, "every branch may use it, and with it its credentials", fix)
    others = [pattern for pattern in one.branches if pattern != branch]
    if others:
        return problem(name, "other branches or tags may use it, too", fix, others)
    if not one.branches:
        return problem(name, "no branch may use it, so that the job cannot run", fix)
    return ok(name, f"only {branch} may use it")


def _secrets(one: Environment, facts: GitHubFacts) -> Check:
    name = f"environment-secrets:{one.name}"
    fix = "keep them in the environments alone: workflows of every branch have the secrets of the repository"
    if isinstance(one.secrets, Unseen):
        return not_checked(name, one.secrets, fix)
    if isinstance(facts.secrets, Unseen):
        return not_checked(name, f"the secrets of the repository: {facts.secrets.why}", fix)
    both = sorted({*one.secrets, "RECONCILER_DEPLOY_KEY"} & set(facts.secrets))
    if both:
        return problem(name, "its secrets are secrets of the repository or organization as well", fix, both)
    return ok(name, f"its secrets ({len(one.secrets)}) are nowhere else")


def _reviewers(one: Environment) -> Check:
    name = f"environment-reviewers:{one.name}"
    if not one.reviewers:
        return warning(
            name,
            "nobody must approve a run that applies; the review of the pull request alone holds",
            "add reviewers, where the plan of the repository has them (private: GitHub Enterprise)",
        )
    if one.admins_bypass:
        fix = "do not let administrators go past the rules of the environment"
        return warning(name, f"{one.reviewers} reviewers, and administrators may go past them", fix)
    return ok(name, f"{one.reviewers} reviewers must approve a run that applies")


def actions(facts: GitHubFacts) -> Iterator[Check]:
    """What a workflow may by itself."""
    yield _pinning(facts.actions)
    yield from _permissions(facts.actions)
    yield _forks(facts)


def _pinning(seen: ActionsSettings) -> Check:
    name = "actions-pinning"
    if isinstance(seen.sha_pinning, Unseen):
        return not_checked(name, seen.sha_pinning)
    if seen.sha_pinning is None:
        return not_checked(name, "GitHub does not say whether actions must be pinned to commits")
    if seen.sha_pinning:
        return ok(name, "actions must be pinned to commits")
    fix = "Settings, Actions: require actions to be pinned to a full-length commit SHA"
    return warning(name, "actions need not be pinned to commits: a tag that moves changes what runs", fix)


def _permissions(seen: ActionsSettings) -> Iterator[Check]:
    name = "actions-permissions"
    if isinstance(seen.default_permissions, Unseen):
        yield not_checked(name, seen.default_permissions)
    elif seen.default_permissions != "read":
        fix = "Settings, Actions: read repository contents and packages permissions"
        found = f"the token of a workflow that asks for nothing may {seen.default_permissions}"
        yield problem(name, found, fix)
    else:
        yield ok(name, "the token of a workflow that asks for nothing only reads")
    name = "actions-approve"
    if isinstance(seen.approves_pulls, Unseen):
        yield not_checked(name, seen.approves_pulls)
    elif seen.approves_pulls:
        fix = "Settings, Actions: do not allow GitHub Actions to create and approve pull requests"
        yield problem(name, "a workflow may approve pull requests", fix)
    else:
        yield ok(name, "no workflow may approve pull requests")


def _forks(facts: GitHubFacts) -> Check:
    name, policy = "actions-forks", facts.actions.fork_approval
    if not facts.public:
        return ok(name, "the repository is not public")
    if isinstance(policy, Unseen):
        return not_checked(name, policy)
    if policy != "all_external_contributors":
        fix = "Settings, Actions: require approval for all external contributors"
        found = f"workflows of forks run without approval after a first contribution ({policy})"
        return warning(name, found, fix)
    return ok(name, "workflows of forks need an approval")


def subject(facts: GitHubFacts) -> Check:
    """Whether the subject of OIDC tokens holds numbers, and no name that somebody else can have later."""
    name = "oidc-subject"
    fix = (
        f"gh api --method PUT repos/{facts.repository}/actions/oidc/customization/sub "
        "--input .github/reconciler/oidc-subject.json"
    )
    one = facts.subject
    if isinstance(one, Unseen):
        return not_checked(name, one, fix)
    if not one.use_default and one.keys:
        lacking = sorted(_NUMBERS - set(one.keys))
        if not lacking:
            return ok(name, f"the subject of tokens is made of {', '.join(one.keys)}")
        return problem(name, f"the subject of tokens lacks {' and '.join(lacking)}", fix)
    if facts.created is None:
        return not_checked(name, "GitHub does not say when the repository was made", fix)
    if facts.created >= _IMMUTABLE_SINCE:
        return ok(name, "the repository is new enough that subjects hold its numbers by default")
    found = "the subject of tokens names the repository by a name that somebody else can have later"
    return problem(name, found, fix)


def schedules(facts: GitHubFacts) -> Check:
    """Whether workflows are switched off: a schedule that stopped says nothing."""
    name = "workflows"
    if isinstance(facts.workflows, Unseen):
        return not_checked(name, facts.workflows)
    off = [f"{one.path}: {one.state}" for one in facts.workflows if one.state != "active"]
    if off:
        fix = (
            "enable them on the Actions tab; in public repositories schedules end after 60 days of inactivity"
        )
        return problem(name, f"{len(off)} workflows are switched off", fix, off)
    if not facts.workflows:
        return problem(name, "the repository has no workflows", "write them with `reconciler init`")
    return ok(name, f"all {len(facts.workflows)} workflows are switched on")


def visibility(facts: GitHubFacts) -> Check:
    """Whether a public repository shows who is in the directory."""
    name = "visibility"
    if not facts.public:
        return ok(name, "the repository is not public")
    found = "the repository is public: everybody sees who has which access"
    if isinstance(facts.snapshot_redacted, Unseen):
        return not_checked(name, f"{found}; the snapshot: {facts.snapshot_redacted.why}")
    if facts.snapshot_redacted is False:
        fix = "make it private, or take the snapshot again with --redact and delete the old tag at GitHub"
        return problem(name, f"{found}, and the snapshot shows people whom git does not name", fix)
    return warning(name, found, "make it private, unless that is what you want")

"""What was seen of a repository at GitHub (docs.github.com/en/rest, version 2022-11-28)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.doctor.check import Unseen

# The id of the app "GitHub Actions", which every workflow of every branch acts as.
ACTIONS_APP = 15368
# In place of the id of a ruleset: the older protection of the branch.
OF_PROTECTION = 0


@dataclass(frozen=True, slots=True)
class Actor:
    """Who may go past the rules of a ruleset; `mode` is always, pull_request or exempt."""

    kind: str
    id: int | None
    mode: str

    def __str__(self) -> str:
        if self.kind == "Integration" and self.id == ACTIONS_APP:
            return "GitHub Actions (every workflow of every branch)"
        number = "" if self.id is None else f" {self.id}"
        return f"{self.kind}{number}"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A ruleset that is in force. `rules` are its parameters by type, `bypass` None where it is not seen."""

    id: int
    name: str
    target: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    rules: Mapping[str, Mapping[str, object]]
    bypass: tuple[Actor, ...] | None


@dataclass(frozen=True, slots=True)
class BranchRule:
    """A rule that is in force for a branch, by the ruleset that it stands in."""

    kind: str
    ruleset: int
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Protection:
    """The older protection of a branch, by the same words as rules; `exempt` is who it does not hold."""

    rules: tuple[BranchRule, ...]
    exempt: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment. `branches` are the patterns that may deploy there; None: any branch.

    `secrets` are names. `protected_only` says that every protected branch may deploy.
    """

    name: str
    branches: tuple[str, ...] | Unseen | None
    protected_only: bool
    reviewers: int
    admins_bypass: bool
    secrets: tuple[str, ...] | Unseen


@dataclass(frozen=True, slots=True)
class Owners:
    """The CODEOWNERS that counts, and what GitHub says is wrong in it; `path` is "" where there is none."""

    path: str
    text: str = ""
    errors: tuple[str, ...] | Unseen = ()


@dataclass(frozen=True, slots=True)
class ActionsSettings:
    """The settings of Actions; None where GitHub does not say."""

    sha_pinning: bool | Unseen | None
    default_permissions: str | Unseen
    approves_pulls: bool | Unseen
    fork_approval: str | Unseen


@dataclass(frozen=True, slots=True)
class Subject:
    """How the subject of OIDC tokens is made."""

    use_default: bool
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow by the path of its file, and whether it is switched on."""

    path: str
    state: str


@dataclass(frozen=True, slots=True)
class GitHubFacts:
    """Everything that was seen. `files` are all paths of the default branch.

    `apply_environment` is the name that is wanted. `identities` is the path of their folder, "" for the root
    of the repository. `snapshot_redacted` is None where there is no snapshot.
    """

    repository: str
    branch: str
    public: bool
    created: datetime | None
    apply_environment: str
    identities: str
    branch_rules: tuple[BranchRule, ...] | Unseen
    rulesets: tuple[RuleSet, ...] | Unseen
    protection: Protection | Unseen | None
    files: tuple[str, ...] | Unseen
    owners: Owners | Unseen
    environments: tuple[Environment, ...] | Unseen
    secrets: tuple[str, ...] | Unseen
    write_keys: tuple[str, ...] | Unseen
    actions: ActionsSettings
    subject: Subject | Unseen
    workflows: tuple[Workflow, ...] | Unseen
    snapshot_redacted: bool | Unseen | None

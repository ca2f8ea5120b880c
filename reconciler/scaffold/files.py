"""The files of a new repository, by name: templates with their placeholders filled in. Deterministic."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from reconciler import __version__
from reconciler.errors import UsageError
from reconciler.scaffold.choices import Choices

TEMPLATES = Path(__file__).parents[1] / "templates"
_PLACEHOLDER = re.compile(r"@@([a-z_]+)@@")
_LOCK = "requirements.txt"
_MAX_WHEEL = 64 * 2**20
_WHEEL = re.compile(r"identity_reconciler-[0-9A-Za-z.+]+-py3-none-any\.whl")
_HEAD = "# What the workflows install: the reconciler and its dependencies, with hashes.\n"

# What every repository gets: the name in the repository, the template.
_COMMON = {
    ".gitignore": "gitignore",
    "BREAK-GLASS.md": "docs/BREAK-GLASS.md",
    "identities/reconciler.yaml": "identities/reconciler.yaml",
    "identities/people.yaml": "identities/people.yaml",
    "identities/groups.yaml": "identities/groups.yaml",
    "identities/access.yaml": "identities/access.yaml",
    "identities/approvals/approvals.yaml": "identities/approvals.yaml",
}
_WORKFLOWS = (
    "validate",
    "plan-comment",
    "apply",
    "reconcile",
    "emergency",
    "snapshot",
    "drift",
    "request",
    "offboard",
)
_POLICIES = tuple(
    f"policy-{name}"
    for name in ("plan", "apply", "apply-management-account", "revoke", "revoke-management-account")
)


def files(choices: Choices) -> Mapping[str, bytes]:
    """Every file of the new repository, by its path, sorted. Raises UsageError for an unusable wheel."""
    names = dict(_COMMON)
    names |= _github(choices) if choices.forge == "github" else _gitlab(choices)
    words = choices.words()
    found = {path: _filled(template, words).encode() for path, template in names.items()}
    folder = words["folder"]
    found |= {f"{folder}/{name}": content for name, content in _locked(choices, folder).items()}
    return dict(sorted(found.items()))


def ignored_text() -> str:
    """The `.gitignore` of a repository: what the reconciler writes there, and git shall not have."""
    return (TEMPLATES / "gitignore").read_text(encoding="utf-8")


def _github(choices: Choices) -> Mapping[str, str]:
    names = {f".github/workflows/{name}.yml": f"github/workflows/{name}.yml" for name in _WORKFLOWS}
    names[".github/workflows/plan.yml"] = f"github/workflows/plan.{choices.plan_with}.yml"
    names["README.md"] = "docs/README.github.md"
    if choices.source == "ad":
        names[".github/workflows/import.yml"] = "github/workflows/import.yml"
        names[".github/reconciler/ad.yaml"] = "github/ad.yaml"
        names["IMPORT-GUIDE.md"] = "docs/IMPORT-GUIDE.md"
    for name in ("CODEOWNERS", "dependabot.yml"):
        names[f".github/{name}"] = f"github/{name}"
    names[".github/ISSUE_TEMPLATE/access.yml"] = "github/ISSUE_TEMPLATE/access.yml"
    for name in ("known_hosts", "oidc-subject.json"):
        names[f".github/reconciler/{name}"] = f"github/{name}"
    for name in ("default-branch", "memory", "no-look-alikes"):
        names[f".github/reconciler/rulesets/{name}.json"] = f"github/rulesets/{name}.json"
    trust = choices.words()["trust_plan"].removesuffix(".json")
    for name in (*_POLICIES, trust, "trust-apply", "trust-revoke"):
        names[f".github/reconciler/iam/{name}.json"] = f"github/iam/{name}.json"
    return names


def _gitlab(choices: Choices) -> Mapping[str, str]:
    trust = choices.words()["trust_plan"].removesuffix(".json")
    return {
        ".gitlab-ci.yml": "gitlab/gitlab-ci.yml",
        "templates/identity-reconciler/template.yml": "gitlab/template.yml",
        "README.md": "docs/README.gitlab.md",
        "CODEOWNERS": "github/CODEOWNERS",
        **{f".gitlab/reconciler/iam/{name}.json": f"github/iam/{name}.json" for name in _POLICIES},
        **{
            f".gitlab/reconciler/iam/{name}.json": f"gitlab/iam/{name}.json"
            for name in (trust, "trust-apply", "trust-revoke")
        },
    }


def _filled(template: str, words: Mapping[str, str]) -> str:
    """A template with its placeholders filled in; nothing that comes in is looked at again."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda match: words[match[1]], text)


def _locked(choices: Choices, folder: str) -> Mapping[str, bytes]:
    """The lock of what is installed: the dependencies as this package was tested with, and the package."""
    dependencies = _dependencies()
    if choices.wheel is None:
        wanted = f"identity-reconciler=={__version__}\n"
        unlocked = f"# The first has no hash yet: see README.md, step 1.\n{wanted}"
        return {
            "requirements.in": wanted.encode(),
            _LOCK: f"{_HEAD}{unlocked}{dependencies}".encode(),
        }
    try:
        with choices.wheel.open("rb") as file:
            content = file.read(_MAX_WHEEL + 1)
    except OSError as error:
        raise UsageError(f"--wheel {choices.wheel} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_WHEEL or not _WHEEL.fullmatch(choices.wheel.name):
        raise UsageError(f"--wheel {choices.wheel} is not a wheel of the reconciler")
    digest = hashlib.sha256(content).hexdigest()
    line = f"./{folder}/{choices.wheel.name} --hash=sha256:{digest}\n"
    return {_LOCK: f"{_HEAD}{line}{dependencies}".encode(), choices.wheel.name: content}


def _dependencies() -> str:
    """The lock of the dependencies: part of the wheel, and beside the package in a clone of it."""
    for folder in (TEMPLATES, TEMPLATES.parents[1]):
        if (folder / _LOCK).is_file():
            lines = (folder / _LOCK).read_text(encoding="utf-8").splitlines(keepends=True)
            return "".join(line for line in lines if not line.startswith("#"))
    raise UsageError("this installation of the reconciler has no lock of its dependencies; install its wheel")

"""What a person chooses for a new repository, each value checked before it is written anywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import UsageError

# What each value may be: it is written into YAML, JSON and shell between quotes, and cannot end them.
_FORMS: Mapping[str, tuple[str, str]] = {
    "repository": (
        r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9])?(?:/[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,99}))+",
        "OWNER/NAME",
    ),
    # Of what git allows as the name of a branch, what needs no thought in any of the places.
    "branch": (r"[A-Za-z0-9_](?:[A-Za-z0-9_-]|[./](?=[A-Za-z0-9_-])){0,99}", "a name such as main"),
    "region": (r"[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}", "a region such as eu-central-1"),
    "account": (r"\d{12}", "an account id of 12 digits"),
    "owners": (
        r"@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9._-]+)?(?: @[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9._-]+)?)*",
        "people and teams such as @octo-org/identity",
    ),
    "repository_id": (r"[1-9]\d{0,18}|REPOSITORY_ID", "the number that GitHub gave the repository"),
    "runner": (
        r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?",
        "a label of a runner such as identity-directory",
    ),
    "deny_policy": (r"(?:p-[0-9a-zA-Z_]{8,128})?", "the id of a policy such as p-1a2b3c4d5e"),
    "session_role": (
        r"(?:(?:[A-Za-z0-9_+=,.@-]{1,128}/){0,16}[A-Za-z0-9_+=,.@-]{1,64})?",
        "the name of a role such as identity-reconciler-sessions",
    ),
    "owner_id": (r"[1-9]\d{0,18}|OWNER_ID", "the number that GitHub gave the owner"),
}
_README_IMPORT = (
    "\n| import | every hour: the directory, as two pull requests ([IMPORT-GUIDE.md](IMPORT-GUIDE.md)) "
    "| none of AWS; the password of the directory, and the key of an app |"
)
_SETTING = "    deny_policy: {}   # blocked means now: docs/out-at-once.md of the reconciler\n"
_SESSION_SETTING = "    session_role: {}   # in other accounts, ends sessions of `aws login`\n"
_DENY_READS = ("organizations:DescribePolicy", "organizations:ListTargetsForPolicy")
_ENDS = (".lock", ".git")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The options of `reconciler init`. Raises UsageError for a value that is not what it must be.

    `forge` is github or gitlab, `plan_with` snapshot or role, `approvals` how many people approve a pull
    request. `deny_policy` is the service control policy that denies people at once, `session_role` the role
    in other accounts by which `offboard` ends sessions of `aws login` ("": none). `wheel`
    is a wheel to ship along, by its file. `source` is "" or ad, a directory that is imported, and `runner`
    the label of the runner that reaches it.
    """

    forge: str = "github"
    repository: str = "OWNER/NAME"
    branch: str = "main"
    region: str = "eu-central-1"
    account: str = "111111111111"
    owners: str = ""
    repository_id: str = "REPOSITORY_ID"
    owner_id: str = "OWNER_ID"
    plan_with: str = "snapshot"
    approvals: int = 1
    redact: bool = False
    deny_policy: str = ""
    session_role: str = ""
    wheel: Path | None = None
    source: str = ""
    runner: str = "identity-directory"

    def __post_init__(self) -> None:
        for name, (form, says) in _FORMS.items():
            value = getattr(self, name)
            if name == "owners" and not value:
                continue
            if not re.fullmatch(form, value, re.ASCII):
                option = "--" + name.replace("_", "-")
                raise UsageError(f"{option} {value!r} is not {says}")
        if self.branch.endswith(_ENDS) or self.branch.startswith("refs/"):
            raise UsageError(f"--branch {self.branch!r} is not a name such as main")
        if self.repository.endswith(".git") or self.repository.count("/") > (
            1 if self.forge == "github" else 20
        ):
            raise UsageError(f"--repository {self.repository!r} is not OWNER/NAME")
        if self.plan_with not in ("snapshot", "role") or self.forge not in ("github", "gitlab"):
            raise UsageError("--plan-with is snapshot or role, and --ci is github or gitlab")
        if self.source not in ("", "ad"):
            raise UsageError("--source is ad")
        if self.source and self.forge != "github":
            raise UsageError(
                "--source ad writes a workflow for GitHub alone: `ci propose` and `ci merge-leavers` cannot "
                "open, close or merge a merge request yet. At GitLab, run `reconciler import ad` in a "
                "scheduled pipeline of your own (docs/running-in-ci.md#a-directory-at-gitlab)"
            )
        if not 0 <= self.approvals <= 10:
            raise UsageError("--approvals is a number from 0 to 10")

    def words(self) -> Mapping[str, str]:
        """What stands for each placeholder of a template."""
        owner, _, name = self.repository.rpartition("/")
        role = f"arn:{self.partition}:iam::{self.account}:role/identity-reconciler"
        return {
            "repository": self.repository,
            "owner": owner,
            "name": name,
            "branch": self.branch,
            "region": self.region,
            "account": self.account,
            "partition": self.partition,
            "owners": self.owners or f"@{owner.partition('/')[0]}/identity-admins",
            "repository_id": self.repository_id,
            "owner_id": self.owner_id,
            "runner": self.runner,
            "heartbeat_import": " import.yml" if self.source else "",
            "readme_import": _README_IMPORT if self.source else "",
            "approvals": str(self.approvals),
            "role_plan": f"{role}-plan",
            "role_apply": f"{role}-apply",
            "role_revoke": f"{role}-revoke",
            "redact": " --redact" if self.redact else "",
            "deny_policy": _SETTING.format(self.deny_policy) if self.deny_policy else "",
            "session_role": _SESSION_SETTING.format(self.session_role) if self.session_role else "",
            "session_assume": self._assuming(),
            "deny_read": self._statement("ReadDenials", _DENY_READS),
            "deny_write": self._statement("WriteDenials", (*_DENY_READS, "organizations:UpdatePolicy")),
            "trust_plan": "trust-plan-role.json" if self.plan_with == "role" else "trust-plan.json",
            "folder": f".{self.forge}/reconciler",
            "forge": "GitHub" if self.forge == "github" else "GitLab",
            "machinery": "/.github/" if self.forge == "github" else "/.gitlab*/",
            "gitlab_plan_extends": ".reconciler, .on-merge-request"
            + (", .reads" if self.plan_with == "role" else ""),
            "gitlab_plan_words": "" if self.plan_with == "role" else "--live reconciler/snapshot ",
            "plan_with": "the role that only reads; forks are validated only"
            if self.plan_with == "role"
            else "none: by the last snapshot",
        }

    def _statement(self, sid: str, actions: Sequence[str]) -> str:
        """One more statement of a policy of IAM, about the policy of denials; "" where there is none."""
        if not self.deny_policy:
            return ""
        resource = f"arn:{self.partition}:organizations::*:policy/*/service_control_policy/{self.deny_policy}"
        return _one_more(sid, resource, actions)

    def _assuming(self) -> str:
        """The statement that lets the role that only takes away assume the one in other accounts."""
        if not self.session_role:
            return ""
        resource = f"arn:{self.partition}:iam::*:role/{self.session_role}"
        return _one_more("EndSessionsInOtherAccounts", resource, ("sts:AssumeRole",))

    @property
    def partition(self) -> str:
        """The partition of AWS that the region belongs to."""
        if self.region.startswith("us-gov-"):
            return "aws-us-gov"
        return "aws-cn" if self.region.startswith("cn-") else "aws"


def _one_more(sid: str, resource: str, actions: Sequence[str]) -> str:
    """A further statement of a policy of IAM, as it stands in the templates."""
    one = {"Sid": sid, "Effect": "Allow", "Resource": resource, "Action": list(actions)}
    lines = json.dumps(one, indent=2).splitlines()
    return ",\n" + "\n".join(f"    {line}" for line in lines)

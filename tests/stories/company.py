"""A company with Active Directory, a repository with a remote, and AWS: what a story is told of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.model.denials import EMPTY
from reconciler.sandbox import Sandbox
from tests.cli.clones import push
from tests.cli.stage import Ended, Real
from tests.repositories import Work
from tests.servers.samba import PASSWORD, VARIABLE, Domain

ACCOUNTS = {
    "payments-dev": "210000000021",
    "payments-prod": "210000000020",
    "data-prod": "210000000030",
    "harbour-prod": "210000000040",
}
TOKEN = "AWS_SCIM_TOKEN"
CUTS = "p-cutsoff1"
ACCESS = """\
permission_sets:
  Developer: {managed_policies: [PowerUserAccess]}
  Analyst: {managed_policies: [ReadOnlyAccess]}
assignments:
  payments: {groups: [payments], permission_sets: [Developer], accounts: [payments-dev, payments-prod]}
  data: {groups: [data], permission_sets: [Analyst], accounts: [data-prod]}
"""
# Who reaches what: the name of a permission set, and that of an account.
Access = set[tuple[str, str]]


def configuration(aws: Sandbox) -> str:
    """A `reconciler.yaml` whose people go through the SCIM endpoint of the instance."""
    return (
        "format: 1\ntargets:\n  aws:\n    type: identity-center\n    region: us-east-1\n"
        f"    deny_policy: {CUTS}\n"
        f"    directory: {{scim: {{url: '{aws.scim_url}', token: {{env: {TOKEN}}}}}}}\n"
        # A few people are more than a quarter of a few.
        "guards: {max_removals: {memberships: {percent: 50}, users: {percent: 50}}}\n"
    )


@dataclass
class Company:
    """Its directory, its repository, and AWS behind both."""

    ad: Domain
    git: Real
    aws: Sandbox
    # Lines of the import's configuration: what of the directory is read.
    scope: tuple[str, ...] = ()

    def import_ad(self, *options: str, url: str | None = None) -> Ended:
        """Read the directory into the work tree, as the scheduled job does; at `url` it is another way."""
        config = self.git.root.parent / "ad.yaml"
        config.write_text(self.ad.config(*self.scope, url=url), encoding="utf-8")
        return self.git.run("import", "ad", "--config", str(config), *options)

    def merge(self, message: str) -> None:
        """Commit what stands in the work tree, and merge it."""
        self.git.commit(message=message)
        push(self.git)

    def arrives(self, message: str, *options: str) -> None:
        """Import, merge, plan and apply; afterwards neither the import nor the plan finds anything to do."""
        ended = self.import_ad(*options, "--detailed-exitcode")
        assert ended.code == 2, ended.output
        self.change(message)
        self.nothing_left()

    def leaves(self, message: str) -> None:
        """The same, where people only lose: the scheduled `reconcile` does it, and no plan is reviewed."""
        ended = self.import_ad("--detailed-exitcode")
        assert ended.code == 2, ended.output
        self.merge(message)
        self.reconcile()
        self.nothing_left()

    def reconcile(self) -> None:
        """Do what goes without a review, after which the next plan finds nothing."""
        ended = self.git.run("reconcile")
        assert ended.code == 0, ended.output
        assert self.git.run("plan", "--detailed-exitcode").code == 0

    def change(self, message: str) -> None:
        """Merge what stands in the work tree, plan and apply, and plan again, which finds nothing."""
        self.merge(message)
        self.git.converge()

    def nothing_left(self) -> Ended:
        """The next import finds nothing, and nothing is to be committed."""
        ended = self.import_ad("--detailed-exitcode")
        assert ended.code == 0, ended.output
        assert self.git.work.git("status", "--porcelain") == ""
        return ended

    def reaches(self, user_name: str) -> Access:
        """What a person can use, as AWS has it: who is not there or disabled can use nothing."""
        store = self.aws.store
        user = store.users().get(user_name)
        return self.holds(user_name) if user is not None and user["UserStatus"] == "ENABLED" else set()

    def holds(self, user_name: str) -> Access:
        """What is assigned to a person or a group of theirs, though they may be disabled."""
        store = self.aws.store
        groups = {group for group, members in store.memberships().items() if user_name in members}
        names = {account: name for name, account in ACCOUNTS.items()}
        return {
            (permission_set, names[account])
            for account, permission_set, kind, name in store.assignments()
            if name in groups or (kind == "USER" and name == user_name)
        }

    @contextmanager
    def without_remote(self) -> Iterator[None]:
        """The remote of the repository cannot be reached."""
        remote = self.git.root.parent / "origin.git"
        away = remote.rename(remote.with_name("away.git"))
        yield
        away.rename(remote)

    def user_id(self, user_name: str) -> str:
        return str(self.aws.store.users()[user_name]["UserId"])


def founded(
    root: Path, ad: Domain, aws: Sandbox, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Company:
    """The repository, with who gets what and nobody in it, and accounts of AWS."""
    patch.setenv(VARIABLE, PASSWORD)
    for name, number in ACCOUNTS.items():
        aws.store.create_account(number, name)
    aws.store.found_scp(CUTS, EMPTY)
    numbers = "".join(f'  {name}: "{number}"\n' for name, number in ACCOUNTS.items())
    origin = Work(root / "origin.git", patch, start=False)
    origin.root.mkdir()
    origin.git("init", "-q", "--bare", "-b", "main")
    seed = Work(root / "seed", patch)
    seed.commit(
        {
            "identities/reconciler.yaml": configuration(aws),
            "identities/accounts.yaml": f"accounts:\n{numbers}",
            "identities/access.yaml": ACCESS,
        }
    )
    seed.git("push", "-q", str(origin.root), "main")
    work = origin.clone(root / "access", patch)
    stage = Real(work.root, patch, capsys, aws, work)
    # Real takes away what the environment says of AWS.
    patch.setenv(TOKEN, aws.scim_token())
    return Company(ad, stage, aws)

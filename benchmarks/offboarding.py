"""Seconds from `offboard` confirmed to denied, to out of every group, and to everything gone.

The sandbox is as fast as AWS: its calls take a tenth of a second, and what it finishes on its own time takes
seconds. The organisation has 60 people in 12 groups; one of them has 4 assignments of their own as well.

python -m benchmarks.offboarding
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tempfile
from pathlib import Path
from unittest.mock import patch

from reconciler.cli import offboard
from reconciler.cli.main import run
from reconciler.model.denials import EMPTY
from reconciler.sandbox import Sandbox
from reconciler.wire.clock import SystemClock

Row = tuple[str, str]
PEOPLE, GROUPS = 60, 12
_ACCOUNTS = {f"account{number}": f"21000000002{number}" for number in range(4)}
_POLICY = "p-cutsoff1"


def _files(folder: Path) -> None:
    keys = [f"person{number:02d}" for number in range(PEOPLE)]
    users = "".join(
        f"  {key}: {{user_name: {key}@x.example, given_name: P, family_name: {key}}}\n" for key in keys
    )
    groups = "".join(f"  group{number}: {{members: [{', '.join(keys)}]}}\n" for number in range(GROUPS))
    accounts = ", ".join(f'{name}: "{identifier}"' for name, identifier in _ACCOUNTS.items())
    folder.mkdir()
    (folder / "reconciler.yaml").write_text(
        f"format: 1\ntargets:\n  aws: {{type: identity-center, region: us-east-1, deny_policy: {_POLICY}}}\n"
    )
    (folder / "people.yaml").write_text(f"users:\n{users}groups:\n{groups}")
    (folder / "access.yaml").write_text(
        f"accounts: {{{accounts}}}\npermission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}\n"
        "assignments:\n"
        f"  teams: {{groups: [group0], permission_sets: [Read], accounts: [{', '.join(_ACCOUNTS)}]}}\n"
        f"  own: {{users: [person00], permission_sets: [Read], accounts: [{', '.join(_ACCOUNTS)}]}}\n"
    )


def rows() -> list[Row]:
    """One row: the moments after the confirmation."""
    with tempfile.TemporaryDirectory() as name, Sandbox(speed=1.0, throttling=True) as sandbox:
        root = Path(name) / "access"
        root.mkdir()
        for account, identifier in _ACCOUNTS.items():
            sandbox.store.create_account(identifier, account)
        sandbox.store.found_scp(_POLICY, EMPTY)
        _files(root / "identities")
        environment = {
            "AWS_ENDPOINT_URL": sandbox.url,
            "AWS_ACCESS_KEY_ID": "reconciler-benchmark",
            "AWS_SECRET_ACCESS_KEY": "none",
        }
        git = ["git", "-c", "user.name=b", "-c", "user.email=b@example.com"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all of it"]):
            subprocess.run([*git, *words], cwd=root, check=True)
        with patch.dict(os.environ, environment), contextlib.chdir(root):
            return [_measured(sandbox, root)]


def _measured(sandbox: Sandbox, root: Path) -> Row:
    plan = str(root.parent / "plan.json")
    quiet = io.StringIO()
    confirmed: list[float] = []

    def yes(_question: str) -> bool:
        confirmed.append(SystemClock().now().timestamp())
        return True

    with (
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
        patch.object(offboard, "on_terminal", lambda: True),
        patch.object(offboard, "ask", yes),
    ):
        for words in (["plan", "--out", plan], ["apply", plan, "--first-apply"]):
            assert run(words) == 0, quiet.getvalue()
        sandbox.requests.clear()
        assert run(["offboard", "person00", "--revoke-only"]) == 0, quiet.getvalue()
    asked = list(sandbox.requests)
    # Sessions of `aws login` are ended when everything else is done and said.
    ended = max(one.at + one.seconds for one in asked if one.service not in ("signin", "sts"))

    def after(operation: str) -> float:
        last = max(one.at + one.seconds for one in asked if one.operation == operation)
        return last - confirmed[0]

    what = f"offboarding a person with {GROUPS} memberships and {len(_ACCOUNTS)} assignments, confirmed"
    return what, (
        f"denied after {after('UpdatePolicy'):.1f} s, out of every group after "
        f"{after('DeleteGroupMembership'):.1f} s, all gone and read back after {ended - confirmed[0]:.1f} s"
    )


if __name__ == "__main__":
    from benchmarks.__main__ import table

    print(table(rows()))

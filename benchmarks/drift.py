"""Calls and seconds of `drift` with 0, 1 and 50 differences, against a sandbox that is as fast as AWS.

The organisation has 60 people in 3 groups with 6 assignments; what differs are memberships that somebody took
away in the console, which only the event history explains.

python -m benchmarks.drift
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

from reconciler.sandbox import Sandbox
from tests.cli.stage import CONFIG

Row = tuple[str, str]
PEOPLE, DIFFERENCES = 60, (0, 1, 50)
_ACCOUNTS = {"dev": "210000000010", "prod": "210000000020"}


def _files(folder: Path) -> None:
    keys = [f"person{number:02d}" for number in range(PEOPLE)]
    users = "".join(
        f"  {key}: {{user_name: {key}@example.com, given_name: P, family_name: {key}}}\n" for key in keys
    )
    groups = "".join(f"  group{number}: {{members: [{', '.join(keys)}]}}\n" for number in range(3))
    access = "".join(
        f"  entry{number}: {{groups: [group{number}], permission_sets: [Read], accounts: [dev, prod]}}\n"
        for number in range(3)
    )
    accounts = ", ".join(f'{name}: "{identifier}"' for name, identifier in _ACCOUNTS.items())
    folder.mkdir()
    (folder / "reconciler.yaml").write_text(CONFIG)
    (folder / "people.yaml").write_text(f"users:\n{users}groups:\n{groups}")
    (folder / "access.yaml").write_text(
        f"accounts: {{{accounts}}}\npermission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}\n"
        f"assignments:\n{access}"
    )


def _run(root: Path, environment: Mapping[str, str], *words: str) -> tuple[int, str, float]:
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, perf_counter() - began


def rows() -> list[Row]:
    """One row for each number of differences."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name, Sandbox(speed=1.0, throttling=True) as sandbox:
        root = Path(name)
        for account, identifier in _ACCOUNTS.items():
            sandbox.store.create_account(identifier, account)
        _files(root / "identities")
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": sandbox.url,
            "AWS_ACCESS_KEY_ID": "reconciler-benchmark",
            "AWS_SECRET_ACCESS_KEY": "none",
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        }
        git = ["git", "-c", "user.name=b", "-c", "user.email=b@example.com"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all of it"]):
            subprocess.run([*git, *words], cwd=root, check=True)
        plan = str(root.parent / f"{root.name}.json")
        for words in (["plan", "--out", plan], ["apply", plan, "--first-apply"]):
            code, output, _ = _run(root, environment, *words)
            assert code == 0, output
        Path(plan).unlink()
        gone = 0
        for wanted in DIFFERENCES:
            for number in range(gone, wanted):
                sandbox.store.remove_member("group0", f"person{number:02d}@example.com")
            gone = wanted
            sandbox.requests.clear()
            code, output, seconds = _run(root, environment, "drift", "--format", "json")
            # So much missing at once is refused by a guard, which is told as well.
            assert code == {0: 0, 1: 2, 50: 3}[wanted], code
            (target,) = json.loads(output)["targets"]
            named = sum(one["author"] is not None for one in target["differences"])
            assert (len(target["differences"]), named) == (wanted, wanted)
            calls = sandbox.requests.counts()
            events = calls.get("cloudtrail.LookupEvents", 0)
            found.append(
                (
                    f"drift with {wanted} differences, each with a name",
                    f"{sum(calls.values())} calls, {events} of them for events; {seconds:.1f} s",
                )
            )
    return found


if __name__ == "__main__":
    for what, figures in rows():
        print(f"{what:<50}  {figures}")

"""What `reconciler adopt` writes: lines of YAML against the grants they stand for, seconds to an empty plan.

The Kubernetes organisation (or a generated one of its shape) is applied to a sandbox and adopted from there.
The seconds are those of a messy organization of 60 accounts in front of a served sandbox that answers at the
pace of AWS: from an empty folder to an empty plan, each command in a process of its own.

python -m benchmarks.adopting
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.kubernetes import LATENCY, organisation_in
from reconciler.sandbox import Sandbox
from tests.support import messy
from tests.support.site import SPEED, files_site

Row = tuple[str, str]


def rows() -> list[Row]:
    """What was measured, counts included, and the figures."""
    with tempfile.TemporaryDirectory() as name:
        return [*_large(Path(name) / "large"), *_small(Path(name) / "small")]


def _large(root: Path) -> list[Row]:
    label, organisation = organisation_in(root / "given")
    with files_site(organisation.folder, root / "home") as here:
        here.apply()
        began = perf_counter()
        _run(root, here.sandbox.url, "adopt", "--region", "us-east-1")
        seconds = perf_counter() - began
    lines = _lines(root / "identities")
    entries = lines.get("assignments.yaml", 0) + lines.get("assignments", 0)
    grants = len(organisation.assignments)
    return [
        (f"adopt {label}, lines", ", ".join(f"{count:,} {path}" for path, count in lines.items())),
        ("adopt it, lines of assignments for its grants", f"{entries:,} for {grants:,}"),
        (f"adopt it, sandbox at speed {SPEED:g}", f"{seconds:.1f} s, with reading and the proof"),
    ]


def _small(root: Path) -> list[Row]:
    with Sandbox(None, latency=LATENCY) as sandbox:
        messy.seed(sandbox.store)
        grants = len(sandbox.store.assignments())
        root.mkdir(parents=True)
        began = perf_counter()
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        _run(root, sandbox.url, "adopt", "--region", "us-east-1")
        adopted = perf_counter() - began
        subprocess.run(["git", "add", "identities"], cwd=root, check=True)
        author = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
        subprocess.run(["git", *author, "commit", "-qm", "Adopt"], cwd=root, check=True)
        _run(root, sandbox.url, "plan", "--detailed-exitcode")
        seconds = perf_counter() - began
    lines = _lines(root / "identities")
    return [
        (
            f"adopt 60 accounts, from an empty folder to an empty plan (at AWS's pace, {LATENCY:g} s a call)",
            f"{seconds:.0f} s, {adopted:.0f} s of them for adopt",
        ),
        ("adopt 60 accounts, lines of assignments", f"{lines['assignments.yaml']} for {grants} live"),
    ]


def _lines(folder: Path) -> Mapping[str, int]:
    """Lines of YAML by file, or by folder of files."""
    counted: dict[str, int] = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).parts[0]
        counted[name] = counted.get(name, 0) + path.read_text("utf-8").count("\n")
    return counted


def _run(root: Path, url: str, *arguments: str) -> None:
    """Run one command in a process of its own; raises CalledProcessError unless it ends with 0."""
    words: Sequence[str] = (sys.executable, "-m", "reconciler", *arguments)
    aws = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
    place = {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    subprocess.run(words, cwd=root, env={**os.environ, **aws, **place}, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print the table."""
    from benchmarks.__main__ import machine, table

    print(f"{machine()}\n\n{table(rows())}")


if __name__ == "__main__":
    main()

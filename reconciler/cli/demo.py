"""`reconciler demo`: the main job against the embedded sandbox, as a tour."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from reconciler.cli.common import answer, wants_color
from reconciler.errors import ReconcilerError

# What the tour runs, in order: a sentence, a command line, and the exit code that belongs to it.
_TOUR = (
    ("1. Are the files right? Nothing is asked of any service.", "reconciler validate", 0),
    ("2. What would happen to an empty Identity Center?", "reconciler plan --sandbox --out plan.json", 0),
    ("3. Do exactly that.", "reconciler apply --sandbox plan.json", 0),
    ("4. Is there anything left to do?", "reconciler plan --sandbox --detailed-exitcode", 0),
    (
        "5. Somebody adds a member in the console, past git and every review.",
        "reconciler sandbox console add-member platform-engineers sam@partner.example",
        0,
    ),
    (
        "6. The next plan shows it (and exits with 2: changes pending).",
        "reconciler plan --sandbox --detailed-exitcode",
        2,
    ),
)


@click.command("demo", short_help="a tour of the main job on the sandbox")
@click.argument(
    "identities", type=click.Path(path_type=Path, exists=True, file_okay=False), default="identities"
)
def command(identities: Path) -> None:
    """Validate, plan, apply, plan again, and find a change made behind git's back.

    Runs on a copy of IDENTITIES in a temporary folder, with a sandbox of its own; nothing else is touched.
    """
    bold, plain = ("\033[1m", "\033[0m") if wants_color() else ("", "")
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        shutil.copytree(identities, Path(folder) / "identities")
        for sentence, line, expected in _TOUR:
            answer(f"\n{bold}{sentence}{plain}\n$ {line}\n")
            sys.stdout.flush()
            code = subprocess.run(  # noqa: S603  # this very program, with words written above
                [sys.executable, "-m", "reconciler", *shlex.split(line)[1:]],
                cwd=folder,
                env=_environment(),
                check=False,
            ).returncode
            if code != expected:
                raise ReconcilerError(f"`{line}` ended with exit code {code}, not {expected}")
    answer(
        f'\n{bold}That is all.{plain} Your own organisation: README.md, "Ten minutes to a first real plan".'
    )


def _environment() -> dict[str, str]:
    """The environment of the tour: this installation, and no credential of anybody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

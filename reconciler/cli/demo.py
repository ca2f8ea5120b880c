"""`reconciler demo`: the main job against the embedded sandbox, as a tour."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from reconciler.cli.common import answer, wants_color
from reconciler.errors import ReconcilerError


@dataclass(frozen=True, slots=True)
class _Stop:
    """One stop of the tour: what it is about, the command line, and the exit code that belongs to it."""

    about: str
    line: str
    code: int = 0


_TOUR: Sequence[_Stop] = (
    _Stop(
        "Are the files right? Every file is checked, and nobody is asked: this works offline.",
        "reconciler validate",
    ),
    _Stop(
        "What would happen to an Identity Center with nobody in it? The plan is shown, and saved so that "
        "somebody can review it.",
        "reconciler plan --sandbox --out plan.json",
    ),
    _Stop(
        "Do what stands in that plan, and nothing else. Each object is read back after it was written.",
        "reconciler apply --sandbox plan.json",
    ),
    _Stop("Is there anything left to do?", "reconciler plan --sandbox --detailed-exitcode"),
    _Stop(
        "Somebody adds a member by hand, past git and past every review ...",
        "reconciler sandbox console add-member platform-engineers sam@partner.example",
    ),
    _Stop(
        "... somebody lets a permission set allow everything ...",
        "reconciler sandbox console attach-policy ReadOnly AdministratorAccess",
    ),
    _Stop(
        "... and an account gets a tag, which is fine: everyone may read what is tagged like that.",
        "reconciler sandbox console tag-account payments-dev env=dev",
    ),
    _Stop(
        "The next plan takes back the first two, gives what the third calls for, and says who gains and "
        "loses what by it. Its exit code is 2: there are changes.",
        "reconciler plan --sandbox --detailed-exitcode",
        2,
    ),
)


@click.command("demo", short_help="take a tour of the main job on the sandbox")
@click.argument(
    "identities", type=click.Path(path_type=Path, exists=True, file_okay=False), default="identities"
)
def command(identities: Path) -> None:
    """Validate, plan, apply, plan again, and find what was changed behind git's back.

    Runs on a copy of IDENTITIES (a folder; default: identities) in a temporary folder, with a sandbox of
    its own. Nothing else is touched, and nothing stays.
    """
    bold, plain = ("\033[1m", "\033[0m") if wants_color() else ("", "")
    answer(
        f"A tour in {len(_TOUR)} commands, on a copy of {identities}. An embedded sandbox stands in for AWS; "
        "both are gone afterwards."
    )
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        shutil.copytree(identities, Path(folder) / "identities")
        for number, stop in enumerate(_TOUR, start=1):
            answer(f"\n{bold}{number}. {stop.about}{plain}\n\n$ {stop.line}\n")
            code = _run(stop.line, folder)
            if code != stop.code:
                raise ReconcilerError(f"`{stop.line}` ended with exit code {code}, and not with {stop.code}")
    answer(
        f"\n{bold}That is all.{plain} Change {identities} and look again: `reconciler plan --sandbox`. "
        'With your own organisation: README.md, "Ten minutes to a first real plan".'
    )


def _run(line: str, folder: str) -> int:
    """Run one command line of the tour in `folder`, with this very installation; returns its exit code."""
    return subprocess.run(  # noqa: S603  # this very program, with words written above
        [sys.executable, "-m", "reconciler", *shlex.split(line)[1:]],
        cwd=folder,
        env=_environment(),
        check=False,
    ).returncode


def _environment() -> dict[str, str]:
    """The environment of the tour: this installation, installed or not, and no credential of anybody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    here = str(Path(__file__).resolve().parents[2])
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH"))))}

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
from datetime import timedelta
from pathlib import Path

import click

from reconciler.cli.common import answer, wants_color
from reconciler.errors import ReconcilerError
from reconciler.wire.clock import SystemClock


@dataclass(frozen=True, slots=True)
class _Stop:
    """One stop of the tour: what it is about, the command line, and the exit code that belongs to it.

    `edit` comes first: a file below the folder, what stands there now ("" for a new file), and what then.
    """

    about: str
    line: str
    code: int = 0
    edit: tuple[str, str, str] | None = None


_APPROVAL = """\
approvals:
  security-moves:
    guard: set-emptied
    kind: memberships
    count: 1
    until: {tomorrow}
    reason: the team moves to another group
"""
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
        "The last member of a group is taken out in the files. A guard refuses that, with exit code 3, and "
        "says what would let it past.",
        "reconciler plan --sandbox",
        3,
        ("groups/teams.yaml", "    members: [jonas.lind]\n", "    members: []\n"),
    ),
    _Stop(
        "An approval does: for this purpose, this number and this time, reviewed with the change itself.",
        "reconciler plan --sandbox --out plan.json",
        edit=("approvals/tour.yaml", "", _APPROVAL),
    ),
    _Stop("What was reviewed is applied.", "reconciler apply --sandbox plan.json"),
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
        "Who was it? What differs from git is told with since when, and by whose hand.",
        "reconciler drift --sandbox",
        2,
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
    """Validate, plan, apply, be refused and approved, and find what was changed behind git's back.

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
            answer(f"\n{bold}{number}. {stop.about}{plain}")
            if stop.edit:
                answer("\n" + _edit(Path(folder) / "identities", *stop.edit))
            answer(f"\n$ {stop.line}")
            code = _run(stop.line, folder)
            if code != stop.code:
                raise ReconcilerError(f"`{stop.line}` ended with exit code {code}, and not with {stop.code}")
    answer(
        f"\n{bold}That is all.{plain} Change {identities} and look again: `reconciler plan --sandbox`. "
        'With your own organisation: README.md, "Ten minutes to a first real plan".'
    )


def _edit(identities: Path, name: str, before: str, after: str) -> str:
    """Replace `before` by `after` in a file, and return that as a reviewer sees it."""
    path = identities / name
    after = after.format(tomorrow=SystemClock().now().date() + timedelta(days=1))
    text = path.read_text(encoding="utf-8") if before else ""
    if before not in text:
        raise ReconcilerError(
            f"the tour expects {before.strip()!r} in {name}; take it with the sample's files"
        )
    path.write_text(text.replace(before, after, 1) if before else after, encoding="utf-8")
    lines = (
        f"{mark} {line}"
        for mark, side in zip("-+", (before, after), strict=True)
        for line in side.splitlines()
    )
    return "\n".join((f"identities/{name}:", *lines))


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

"""`reconciler demo`: the main job against the embedded sandbox, as a tour, or the story of a directory."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import click

from reconciler.cli.common import answer, wants_color
from reconciler.cli.tours import ACTIVE_DIRECTORY, DIRECTORY, MAIN, Stop
from reconciler.errors import ReconcilerError
from reconciler.wire.clock import SystemClock

_DEFAULT = Path("identities")
# What of a recorded directory is shown where it changes, and how many lines of it.
_TOLD = ("dn", "department", "userPrincipalName", "objectGUID", "userAccountControl", "title", "member", "sn")
_SHOWN = 10


@click.command("demo", short_help="take a tour of the main job on the sandbox")
@click.argument("identities", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option(
    "--story",
    type=click.Choice(["ad"]),
    help="Tell another story: `ad` goes from Active Directory to every account, on a recorded directory.",
)
def command(identities: Path | None, story: str | None) -> None:
    """Validate, plan, apply, be refused and approved, and find what was changed behind git's back.

    Runs on a copy of IDENTITIES (a folder; default: identities) in a temporary folder, with a sandbox of
    its own. Nothing else is touched, and nothing stays.

    With --story ad, people join, move and leave in Active Directory, and their accounts follow. The
    directory is a recording of a real domain controller; the story brings its own files.
    """
    if story is not None and identities is not None:
        raise click.UsageError(f"--story {story} brings its own files; leave {identities} out")
    if story is None and identities is None and not _DEFAULT.is_dir():
        raise click.BadParameter(f"Directory '{_DEFAULT}' does not exist.", param_hint="'[IDENTITIES]'")
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        if story is None:
            _main_tour(Path(folder), identities or _DEFAULT)
        else:
            _story(Path(folder))


def _main_tour(folder: Path, identities: Path) -> None:
    bold, plain = _bold()
    answer(
        f"A tour in {len(MAIN)} commands, on a copy of {identities}. An embedded sandbox replaces AWS; "
        "both are gone afterwards."
    )
    shutil.copytree(identities, folder / "identities")
    for number, stop in enumerate(MAIN, start=1):
        _take(number, stop, folder)
    answer(
        f"\n{bold}That is all.{plain} Change {identities} and look again: `reconciler plan --sandbox`. "
        'With your own organisation: README.md, "Ten minutes to a first real plan".'
    )


def _story(folder: Path) -> None:
    bold, plain = _bold()
    answer(
        f"From Active Directory to every account, in {len(ACTIVE_DIRECTORY)} commands. The directory is a "
        "recording of a Samba domain controller, and an embedded sandbox replaces AWS; both are gone "
        "afterwards."
    )
    shutil.copytree(_recorded() / "identities", folder / "identities")
    before = ""
    for number, stop in enumerate(ACTIVE_DIRECTORY, start=1):
        if stop.state is not None:
            after = (_recorded() / "directory" / f"{stop.state}.ldif").read_text(encoding="utf-8")
            shown = _recall(folder / DIRECTORY, before, after, half=stop.half)
            answer(f"\n{bold}{number}. {stop.about}{plain}\n\n{shown}")
            before = after
        _take(number, stop, folder, told=stop.state is not None)
    answer(f"\n{bold}That is all.{plain} With your own directory: docs/active-directory.md.")


def _bold() -> tuple[str, str]:
    return ("\033[1m", "\033[0m") if wants_color() else ("", "")


def _take(number: int, stop: Stop, folder: Path, *, told: bool = False) -> None:
    """Say what a stop is about, edit what it edits, and run its command."""
    bold, plain = _bold()
    if not told:
        answer(f"\n{bold}{number}. {stop.about}{plain}")
    if stop.edit:
        answer("\n" + _edit(folder / "identities", *stop.edit))
    answer(f"\n$ {stop.line}")
    code = _run(stop.line, folder)
    if code != stop.code:
        raise ReconcilerError(f"`{stop.line}` ended with exit code {code}, and not with {stop.code}")


def _recorded() -> Path:
    return Path(str(files("reconciler"))) / "templates" / "story-ad"


def _recall(file: Path, before: str, after: str, *, half: bool) -> str:
    """Put a recording, or half of it, in the place of the directory; returns what differs."""
    if half:
        records = after.split("\n\n")
        file.write_text("\n\n".join(records[: len(records) // 2]) + "\n", encoding="utf-8")
        return f"{file.name}: {len(records) // 2} of {len(records) - 1} entries"
    file.write_text(after, encoding="utf-8")
    old, new = _entries(before), _entries(after)
    lines: list[str] = []
    for key in (*new, *(key for key in old if key not in new)):
        was, is_now = Counter(old.get(key, ())), Counter(new.get(key, ()))
        changed = [f"- {line}" for line in (was - is_now).elements()]
        changed += [f"+ {line}" for line in (is_now - was).elements()]
        # The name of an entry that keeps it says which entry the lines are of.
        if changed and key in old and key in new and old[key][0] == new[key][0]:
            lines.append(f"  {new[key][0]}")
        lines += changed
    more = [f"  … and {len(lines) - _SHOWN} more lines"] if len(lines) > _SHOWN else []
    return "\n".join((f"{file.name}:", *lines[:_SHOWN], *more))


def _entries(text: str) -> dict[str, list[str]]:
    """The shown lines of each entry, `dn` first, by `objectGUID`, which stays through a rename."""
    found: dict[str, list[str]] = {}
    for record in text.split("\n\n"):
        lines = [line for line in record.splitlines() if line.partition(":")[0] in _TOLD]
        if lines:
            found[next((line for line in lines if line.startswith("objectGUID")), lines[0])] = lines
    return found


def _edit(identities: Path, name: str, before: str, after: str) -> str:
    """Replace `before` by `after` in a file, and return that as a reviewer sees it."""
    path = identities / name
    after = after.replace("{tomorrow}", str(SystemClock().now().date() + timedelta(days=1)))
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


def _run(line: str, folder: Path) -> int:
    """Run one command line in `folder`; returns its exit code.

    In this process, because to start one takes longer than what most of these do.
    """
    from reconciler.cli.main import run

    kept = dict(os.environ)
    try:
        with contextlib.chdir(folder):
            os.environ.clear()
            os.environ.update(_environment())
            return run(shlex.split(line)[1:])
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _environment() -> dict[str, str]:
    """The environment of the tour: no credential of anybody."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

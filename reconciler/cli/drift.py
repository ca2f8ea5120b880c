"""`reconciler drift`: what differs from git, and since when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from reconciler.cli.common import Options, answer, common_options, wants_color, width
from reconciler.cli.observing import beside, observing
from reconciler.cli.plan import CHANGES_PENDING, live_options
from reconciler.cli.showing import size_option
from reconciler.errors import ReconcilerError, RecordError, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconciler.model.address import Address
    from reconciler.model.drift import Drift

_FORMATS = ("text", "json", "markdown")
# A name that every file system takes as it is.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*", re.ASCII)


@click.command("drift", short_help="say what differs from git, and since when")
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write drift.json there, and a Markdown file for each target that differs.",
)
@click.option(
    "--adopt",
    is_flag=True,
    help="Accept what was made outside git: edit the files so that they say it, or change none of them.",
)
@size_option
@live_options
@common_options()
def command(
    options: Options, out_dir: Path | None, live: str | None, max_age: timedelta, *, adopt: bool
) -> int:
    """Read every target, and say what is not as git says.

    What was changed outside git, what git says and is not applied, and every grant that git does not know;
    privileged access first. Exits with 0 where nothing differs, 2 where anything does, 3 where the plan that
    would set it right is refused, and 1 where a target cannot be compared. Nothing is written to any service.
    """
    from reconciler.render.drift import drift_markdown, drift_text
    from reconciler.render.drift_json import drift_json
    from reconciler.session.drift import read_drift

    if options.format not in _FORMATS:
        raise UsageError(f"--format {options.format}: drift is told as {', '.join(_FORMATS)}")
    options = replace(options, live=live, max_age=max_age)
    if adopt:
        if out_dir is not None or options.format != "text":
            raise UsageError("--adopt edits the files and says what it did as text: leave the others out")
        return _accept(options)
    with observing() as observer:
        drift = read_drift(beside(observer, options), observer)
    if out_dir is not None:
        _write(drift, out_dir, options.max_bytes)
    if options.format == "json":
        answer(drift_json(drift))
    elif options.format == "markdown":
        parts = [
            f"## {_heading(one.target)}\n\n{drift_markdown(one, options.max_bytes)}" for one in drift.targets
        ]
        answer("\n".join(parts))
    else:
        answer(drift_text(drift, color=wants_color(), width=width(), verbose=options.verbose))
    if drift.unknown:
        return ReconcilerError.exit_code
    if drift.refused:
        return Refused.exit_code
    return CHANGES_PENDING if drift.found else 0


def _accept(options: Options) -> int:
    """Accept drift into the files; 0 where nothing that was made outside git is left, else 2."""
    from reconciler.render import escape
    from reconciler.session.accepting import accept_drift

    with observing() as observer:
        found = accept_drift(beside(observer, options), observer)
    lines = [f"accepted: {_marked(address, found.privileged)}" for address in found.done]
    lines += [
        f"not accepted: {_marked(address, found.privileged)}: {escape.sentence(why)}"
        for address, why in found.left
    ]
    lines += [escape.sentence(one) for one in found.said]
    if found.written:
        lines += ["", f"Edited: {', '.join(map(escape.sentence, found.written))}."]
        lines.append(
            "Read the change (`git diff`), commit it, and apply it: it writes nothing to any service."
        )
        if marked := len(found.privileged.intersection(found.done)):
            lines.append(
                f"{marked:,} of {len(found.done):,} accepted {'is' if marked == 1 else 'are'} privileged. "
                "The plan is empty and does not show it: ask for a review of the files."
            )
    elif not lines:
        lines = ["Nothing was made outside git; no file was changed."]
    answer("\n".join(lines))
    return CHANGES_PENDING if found.left else 0


def _marked(address: Address, privileged: Collection[Address]) -> str:
    """An address, with the mark that a plan gives privileged access; hidden characters are escaped."""
    from reconciler.render import escape, naming

    shown = escape.text(str(address))
    return f"{shown} ({naming.PRIVILEGED})" if address in privileged else shown


def _heading(target: str) -> str:
    from reconciler.render.escape import code

    return code(target)


def _write(drift: Drift, folder: Path, limit: int) -> None:
    """Write what an issue for each target is made of. Raises RecordError where it cannot be written."""
    from reconciler.files.private import write_private
    from reconciler.render.drift import drift_markdown
    from reconciler.render.drift_json import drift_json

    files = {}
    try:
        for one in drift.targets:
            if one.state == "drift" or one.refused:
                name = one.target if _PLAIN.fullmatch(one.target) else quote(one.target, safe="")
                files[one.target] = f"{name}.md"
                write_private(folder / files[one.target], drift_markdown(one, limit))
        write_private(folder / "drift.json", drift_json(drift, files))
    except OSError as error:
        raise RecordError(f"{folder} cannot be written to: {error.strerror}") from error

"""`reconciler import`: people and groups of another directory, as YAML that the import owns."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import Options, answer, common_options
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.sources.entry import Entry
    from reconciler.sources.importing import Counts, Report
    from reconciler.sources.settings import Settings
    from reconciler.sources.shrinking import Limit

_SHOWN = 20
_WROTE = 2


@click.group("import", short_help="write people and groups of another directory as YAML")
def command() -> None:
    """Write the people and groups of another directory as YAML, in a folder that the import owns."""


def _limit(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Limit:
    from reconciler.sources.shrinking import Limit

    if value is None:
        return Limit()
    found = re.fullmatch(r"([0-9]{1,9})|([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%", value, re.ASCII)
    if found is None or (found[2] and float(found[2]) > 100):
        raise click.BadParameter(f"{value!r} is neither a number nor a percentage; write 20, or 5%")
    return Limit(percent=float(found[2])) if found[2] else Limit(count=int(found[1]))


@command.command("ad", short_help="from Active Directory")
@click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the directory is and what of it is read (docs/active-directory.md).",
)
@click.option(
    "--ldif",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read a recorded directory, of ldapsearch or ldbsearch, and no server.",
)
@click.option(
    "--into",
    default="imported",
    show_default=True,
    metavar="FOLDER",
    help="The folder below the identities that the import owns.",
)
@click.option(
    "--max-shrink",
    "limit",
    callback=_limit,
    metavar="N|N%",
    help="The most that may be lost of users, groups and memberships.  "
    "[default: 5% or 10, but less than half; one always]",
)
@click.option(
    "--only",
    type=click.Choice(["leavers", "others"]),
    help="Write one part: accounts that are disabled, gone or expired, or everything else.  [default: both]",
)
@click.option(
    "--leavers-to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the paths of the written files of leavers there, below the identities, each ended by NUL.",
)
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 where files were written, 0 where none was."
)
@common_options(hide=("--target", "--sandbox", "--now", "--trusted-ref"), formats=("text", "json"))
def ad(
    options: Options,
    config: Path | None,
    ldif: Path | None,
    into: str,
    limit: Limit,
    only: str | None,
    leavers_to: Path | None,
    *,
    detailed_exitcode: bool,
) -> int:
    """Read users and groups from a domain controller, whole, and write them as YAML.

    Nothing is written where the read fails, is not whole, or would take away more than --max-shrink; then
    the exit code is 1, or 3 for the limit. Where leavers are a part of their own, those whose own entries
    say that they left are written though others cannot be read; the exit code is 1. What is wrong with
    single entries is told, and the rest is imported.
    """
    from reconciler.sources.chosen import with_chosen
    from reconciler.sources.importing import import_entries
    from reconciler.sources.leavers import Part
    from reconciler.sources.settings import Settings, read_settings

    if config is None and ldif is None:
        raise UsageError("import ad needs --config FILE, which names the server, or --ldif FILE")
    settings = with_chosen(Settings() if config is None else read_settings(config), options.identities)
    part = None if only is None else Part(only)
    entries = _entries(settings, ldif)
    apart = leavers_to is not None
    report = import_entries(entries, settings, options.identities, into, limit, part, apart=apart)
    if leavers_to is not None:
        _list(leavers_to, report.leavers)
    answer(_json(report) if options.format == "json" else _text(report, verbose=options.verbose))
    if report.waits is not None:
        raise report.waits
    written = report.files.written or report.files.removed
    return _WROTE if written and detailed_exitcode else 0


def _list(file: Path, paths: Sequence[str]) -> None:
    try:
        file.write_bytes(b"".join(path.encode() + b"\0" for path in paths))
    except OSError as error:
        raise ReconcilerError(f"{file} cannot be written: {error.strerror}") from error


def _entries(settings: Settings, ldif: Path | None) -> list[Entry]:
    if ldif is None:
        from reconciler.sources.ldap import read_directory

        return read_directory(settings)
    if settings.users.narrowed or settings.groups.narrowed:
        raise UsageError(
            "--ldif is read as it was recorded: filter, member_of and names need a server; record only "
            "what is meant, and leave them out of the configuration"
        )
    from reconciler.sources.ldif import read_ldif

    return read_ldif(ldif)


def _counted(what: str, counts: Counts) -> str:
    return (
        f"{what}: {counts.total:,} in the directory; {counts.added:,} added, {counts.changed:,} changed, "
        f"{counts.left:,} gone, {counts.unchanged:,} unchanged."
    )


def _text(report: Report, *, verbose: bool) -> str:
    from reconciler.render import escape

    lines = [_counted("Users", report.users), _counted("Groups", report.groups)]
    shown = report.remarks if verbose else report.remarks[:_SHOWN]
    if report.remarks:
        lines += ["", f"{len(report.remarks):,} finding{'s' * (len(report.remarks) > 1)}:"]
    for one in shown:
        lines.append(f"  {one.code}: {escape.sentence(one.dn)}")
        lines.append(f"    {escape.sentence(one.message)} ({one.fix})")
    if len(shown) < len(report.remarks):
        lines.append(f"  … and {len(report.remarks) - len(shown):,} more: add -v.")
    written, removed = len(report.files.written), len(report.files.removed)
    if written or removed:
        lines += ["", f"Files: {written:,} written, {removed:,} removed."]
    else:
        lines += ["", "Nothing changed; nothing was written."]
    return "\n".join(lines)


def _json(report: Report) -> str:
    document = {
        "format": "reconciler import",
        "version": 1,
        "users": asdict(report.users),
        "groups": asdict(report.groups),
        "written": list(report.files.written),
        "removed": list(report.files.removed),
        "findings": [asdict(one) for one in report.remarks],
    }
    return json.dumps(document, indent=2, ensure_ascii=True)

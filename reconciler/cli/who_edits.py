"""`reconciler who-edits`: which line decides about a person, a group, an account or a permission set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import click

from reconciler.cli.common import Options, answer, common_options, wants_color, width
from reconciler.errors import UsageError


@click.command("who-edits", short_help="say which line decides about somebody or something")
@click.argument("name")
@common_options(hide=("--target", "--sandbox", "--now", "--trusted-ref", "-v"))
def command(options: Options, name: str) -> None:
    """Say which file and line decides about NAME, offline.

    NAME is a key, a user name, an email address, a display name, the name of a permission set, or the name or
    id of an account. Each line stands there with what it says, and who owns the
    file by CODEOWNERS: the declaration, memberships, blocks, and
    every assignment that leads there.
    """
    from reconciler.files.documents import suggest
    from reconciler.files.tree import FolderTree
    from reconciler.loading.load import load
    from reconciler.planning.deciding import decisions, meant, names
    from reconciler.render.deciding import deciding_json, deciding_text

    if options.format not in ("text", "json"):
        raise UsageError(f"--format {options.format}: the answer is text or json")
    loaded = load(FolderTree(options.identities))
    identities = loaded.identities
    found = [(one, decisions(identities, one)) for one in meant(identities, name)]
    if not found:
        near = suggest(name, list(names(identities)))
        raise UsageError(f"{name}: the files name nothing like that{f'; {near}' if near else ''}")
    places = loaded.locate([each.origin for _, lines in found for each in lines])
    owners = _owners({place.path for place in places.values()})
    if options.format == "json":
        answer(deciding_json(found, places, owners))
    else:
        answer(deciding_text(found, places, owners, color=wants_color(), width=width()))


def _owners(paths: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Who owns each file by the CODEOWNERS of the repository around the current folder; no file, nobody."""
    from reconciler.cli.reports import from_root
    from reconciler.doctor.github.codeowners import LARGEST, decider, read

    root = next((one for one in (Path.cwd(), *Path.cwd().parents) if (one / ".git").exists()), None)
    if root is None:
        return {}
    for name in (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"):
        try:
            text = _text(root / name, LARGEST)
        except (OSError, UnicodeDecodeError):
            continue
        if text is None:
            continue
        lines, _ = read(text)
        decided = {path: decider(lines, from_root(path)) for path in paths}
        return {path: line.owners for path, line in decided.items() if line is not None and line.owners}
    return {}


def _text(path: Path, most: int) -> str | None:
    """At most so many bytes of a file; None for what is not a regular one.

    A pull request may bring a link to a device that never ends, or to a pipe that nobody writes to.
    """
    from reconciler.files.regular import open_regular

    file = open_regular(path)
    if file is None:
        return None
    with file:
        return file.read(most).decode("utf-8")

"""`reconciler who-edits`: which line decides about a person, a group, an account or a permission set."""

from __future__ import annotations

import click

from reconciler.cli.common import Options, answer, common_options, wants_color, width
from reconciler.errors import UsageError


@click.command("who-edits", short_help="say which line decides about somebody or something")
@click.argument("name")
@common_options(hide=("--target", "--sandbox", "--now", "--trusted-ref", "-v"))
def command(options: Options, name: str) -> None:
    """Say which file and line decides about NAME, offline.

    NAME is a key, a user name, an email address, a display name, the name of a permission set, or the name or
    id of an account. Each line stands there with what it says: the declaration, memberships, blocks, and
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
    if options.format == "json":
        answer(deciding_json(found, places))
    else:
        answer(deciding_text(found, places, color=wants_color(), width=width()))

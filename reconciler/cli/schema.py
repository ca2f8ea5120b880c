"""`reconciler schema`: JSON Schemas of what people write, for editors and for CI."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import answer


@click.command("schema", short_help="write JSON Schemas for editors")
@click.option(
    "--out", default="schemas", show_default=True, metavar="FOLDER", help="Where to write the schemas."
)
def command(out: str) -> None:
    """Write the JSON Schemas of identities, reconciler.yaml and approvals."""
    from reconciler.loading.schema import write_schemas

    for path in write_schemas(Path(out)):
        answer(str(path))

"""`reconciler schema`: JSON Schemas of what people write, and of what commands print."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import answer
from reconciler.errors import ReconcilerError


@click.command("schema", short_help="write JSON Schemas for editors and programs")
@click.option(
    "--out", default="schemas", show_default=True, metavar="FOLDER", help="Where to write the schemas."
)
def command(out: str) -> None:
    """Write the JSON Schemas of identities, reconciler.yaml and approvals, and print where they are.

    Beside them those of an import's configuration, and of what commands print with --format json.
    """
    from reconciler.loading.schema import schemas, write_schemas
    from reconciler.render.schemas import output_schemas
    from reconciler.sources.schema import import_schemas

    try:
        written = write_schemas(Path(out), {**schemas(), **import_schemas(), **output_schemas()})
    except OSError as error:
        raise ReconcilerError(
            f"the schemas cannot be written into {out}: {error.strerror}; name another folder with --out"
        ) from error
    for path in written:
        answer(str(path))

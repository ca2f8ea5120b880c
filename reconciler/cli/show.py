"""`reconciler show`: a saved plan, stale or not."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import Options, answer, common_options, show_plan


@click.command("show", short_help="print a saved plan")
@click.argument("file", type=click.Path(path_type=Path))
@common_options
def command(options: Options, file: Path) -> None:
    """Print a saved plan. It need not be fresh, and nothing is asked of any service."""
    from reconciler.execution.plan_file import read_plan

    answer(show_plan(read_plan(file), options))

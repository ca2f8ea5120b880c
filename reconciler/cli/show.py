"""`reconciler show`: a saved plan, stale or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from reconciler.cli.common import PLAN_FORMATS, Options, answer, common_options
from reconciler.cli.showing import comment_options, show_plan
from reconciler.errors import UsageError


@click.command("show", short_help="print a saved plan")
@click.argument("file", type=click.Path(path_type=Path))
@comment_options
@common_options(hide=("--identities", "--sandbox", "--now", "--trusted-ref"), formats=PLAN_FORMATS)
def command(options: Options, file: Path) -> None:
    """Print the plan that `plan --out FILE` saved.

    It need not be fresh. Nothing is asked of any service.
    """
    from reconciler.execution.plan_file import read_plan

    plan = read_plan(file)
    known = [part.target for part in plan.targets]
    for name in options.targets:
        if name not in known:
            raise UsageError(f"--target {name}: {file} holds no such target; it holds: {', '.join(known)}")
    if options.targets:
        plan = replace(plan, targets=tuple(one for one in plan.targets if one.target in options.targets))
    answer(show_plan(plan, options))

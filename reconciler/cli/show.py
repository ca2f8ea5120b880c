"""`reconciler show`: a saved plan, stale or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import PLAN_FORMATS, Options, answer, common_options
from reconciler.cli.showing import comment_options, show_plan
from reconciler.errors import UsageError

if TYPE_CHECKING:  # `--help` takes none of it
    from reconciler.model.plan import Plan


@click.command("show", short_help="print a saved plan")
@click.argument("file", type=click.Path(path_type=Path))
@comment_options
@common_options(hide=("--identities", "--sandbox", "--now", "--trusted-ref"), formats=PLAN_FORMATS)
def command(options: Options, file: Path) -> None:
    """Print the plan that `plan --out FILE` saved.

    It need not be fresh. Nothing is asked of any service.
    """
    from reconciler.execution.plan_file import read_plan

    answer(show_plan(chosen_targets(read_plan(file), file, options), options))


def chosen_targets(plan: Plan, file: Path, options: Options) -> Plan:
    """The part of a saved plan that `--target` asks for. Raises UsageError for a target that it lacks."""
    known = [part.target for part in plan.targets]
    for name in options.targets:
        if name not in known:
            raise UsageError(f"--target {name}: {file} holds no such target; it holds: {', '.join(known)}")
    if not options.targets:
        return plan
    return replace(plan, targets=tuple(one for one in plan.targets if one.target in options.targets))

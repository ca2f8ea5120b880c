"""`reconciler plan`: what apply would do."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import Options, answer, common_options, show_plan
from reconciler.cli.observing import observing
from reconciler.errors import Refused, UsageError
from reconciler.model.address import Address

CHANGES_PENDING = 2


@click.command("plan", short_help="show what apply would do")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan for review and apply."
)
@click.option("--only", multiple=True, metavar="ADDRESS", help="Only this address; repeatable.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@common_options
def command(options: Options, out: Path | None, only: tuple[str, ...], *, detailed_exitcode: bool) -> int:
    """Read every target, and show what apply would do. Nothing is written to any service."""
    from reconciler.cli.workspace import workspace
    from reconciler.execution.plan_file import write_plan

    addresses = [_address(text) for text in only]
    with observing() as observer, workspace(options, observer) as space:
        plan, planned = space.plan(addresses)
        estimates = space.estimates(planned)
    if out is not None:
        write_plan(out, plan)
    answer(show_plan(plan, options, saved=str(out) if out else None, estimates=estimates))
    if not plan.applyable:
        return Refused.exit_code
    return CHANGES_PENDING if detailed_exitcode and plan.changes else 0


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise UsageError(f"--only: {error}") from error

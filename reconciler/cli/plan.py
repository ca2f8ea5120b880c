"""`reconciler plan`: what apply would do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import Options, answer, common_options, show_plan
from reconciler.cli.observing import observing
from reconciler.errors import Refused, UsageError
from reconciler.model.address import Address, Kind

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace

CHANGES_PENDING = 2
_PLANNED = (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)


@click.command("plan", short_help="show what apply would do")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan for review and apply."
)
@click.option(
    "--only",
    multiple=True,
    metavar="ADDRESS",
    help="Only this, such as aws/user/ada.lovelace, and what it needs; repeatable.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@common_options()
def command(options: Options, out: Path | None, only: tuple[str, ...], *, detailed_exitcode: bool) -> int:
    """Read every target, and show what apply would do.

    Nothing is written to any service.
    """
    from reconciler.cli.workspace import workspace
    from reconciler.execution.plan_file import write_plan

    chosen: dict[str, list[Address]] = {}
    for text in only:
        address = _address(text)
        chosen.setdefault(address.target, []).append(address)
    with observing() as observer, workspace(options, observer, _among(chosen)) as space:
        _check(chosen, space)
        plan, planned = space.plan(chosen)
        estimates = space.estimates(planned)
    if out is not None:
        write_plan(out, plan)
    answer(show_plan(plan, options, saved=str(out) if out else None, estimates=estimates))
    if not plan.applyable:
        return Refused.exit_code
    return CHANGES_PENDING if detailed_exitcode and plan.changes else 0


def _among(chosen: Mapping[str, Sequence[Address]]) -> Collection[str] | None:
    """The targets to plan: all of them, unless addresses name some."""
    return chosen.keys() if chosen else None


def _address(text: str) -> Address:
    try:
        address = Address.parse(text)
    except ValueError as error:
        raise UsageError(f"--only {text!r} is no address; one looks like aws/user/ada.lovelace") from error
    if address.kind not in _PLANNED:
        raise UsageError(f"--only {text}: there is nothing to plan of any {address.kind} yet")
    if len(address.parts) != (2 if address.kind is Kind.MEMBERSHIP else 1):
        raise UsageError(
            f"--only {text!r} has too many or too few parts; write `/` inside a key as %2F, "
            "and a membership as aws/membership/GROUP/USER"
        )
    return address


def _check(chosen: Mapping[str, Sequence[Address]], space: Workspace) -> None:
    """Raise UsageError for an address that nobody declares or ever declared: it would plan nothing."""
    for target, addresses in chosen.items():
        if target not in space.targets:
            raise UsageError(
                f"--only {addresses[0]}: {target} is no target of this run; "
                f"configured are: {', '.join(space.config.targets)}"
            )
        for address in addresses:
            kinds = (Kind.GROUP, Kind.USER) if address.kind is Kind.MEMBERSHIP else (address.kind,)
            for kind, key in zip(kinds, address.parts, strict=True):
                known = space.keys(target, kind)
                if key not in known and not key.startswith("~"):
                    close = get_close_matches(key, known, n=1)
                    meant = f"; did you mean {close[0]}?" if close else ""
                    raise UsageError(f"--only {address}: there is no {kind} with the key {key}{meant}")

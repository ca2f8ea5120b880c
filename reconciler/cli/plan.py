"""`reconciler plan`: what apply would do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import (
    PLAN_FORMATS,
    Command,
    Options,
    answer,
    by_group_option,
    common_options,
    remark,
)
from reconciler.cli.observing import beside, observing
from reconciler.cli.only import check, check_sets, parse
from reconciler.cli.showing import comment_options, redact_option, show_plan
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.model.address import Address

if TYPE_CHECKING:  # `--help` takes none of it
    from reconciler.model.plan import Plan
    from reconciler.planning.ordering.estimate import Estimate

CHANGES_PENDING = 2
_DURATION = re.compile(r"(\d{1,5})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_duration(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> timedelta | None:
    """A length of time as an option has it: 90m, 24h, 7d. Raises BadParameter for anything else."""
    if value is None:
        return None
    match = _DURATION.fullmatch(value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not a length of time; write it like 90m, 24h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def live_options(command: Command) -> Command:
    """The options of commands that can plan by a snapshot."""
    aged = click.option(
        "--max-age",
        callback=parse_duration,
        metavar="TIME",
        default="24h",
        show_default=True,
        help="How old the snapshot may be, such as 90m, 24h or 7d.",
    )(command)
    return click.option(
        "--live",
        metavar="TAG",
        help="Use the snapshot at this tag, such as reconciler/snapshot, and ask no service.",
    )(aged)


@click.command("plan", short_help="show what apply would do")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Save the plan for review and apply; - is stdout.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="ADDRESS",
    help="Only this, such as aws/user/ada.lovelace, and what it needs; repeatable.",
)
@by_group_option
@live_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@click.option(
    "--author",
    "named",
    multiple=True,
    metavar="NAME",
    help="Who wrote the change, by email, user name or key; what they gain is marked. Repeatable.  "
    "[default: those of the commits that are not on the trusted branch]",
)
@redact_option
@comment_options
@common_options(formats=PLAN_FORMATS)
def command(
    options: Options,
    out: Path | None,
    only: tuple[str, ...],
    live: str | None,
    max_age: timedelta,
    named: tuple[str, ...],
    *,
    by_group: bool,
    detailed_exitcode: bool,
) -> int:
    """Read every target, and show what apply would do.

    Nothing is written to any service.
    """
    from reconciler.execution.plan_file import write_plan
    from reconciler.render.json import plan_json
    from reconciler.render.redacting import redacted
    from reconciler.session.authors import with_authors
    from reconciler.session.opening import open_session
    from reconciler.session.people import people_of

    if options.redact and str(out) == "-":
        raise UsageError("--out - prints the plan whole, and --redact leaves values out: save it to a file")
    options = replace(options, live=live, max_age=max_age)
    chosen: dict[str, list[Address]] = {}
    for text in only:
        address = parse(text)
        chosen.setdefault(address.target, []).append(address)
    with (
        observing() as observer,
        open_session(beside(observer, options), observer, _among(chosen)) as session,
    ):
        check(chosen, session)
        plan, planned = session.plan(chosen, by_group=by_group)
        check_sets(chosen, session, plan)
        plan = with_authors(session.linted(plan), session, planned, named)
        estimates = session.estimates(planned)
        plan = _with_estimates(plan, estimates)
        shown = redacted(plan, people_of(session, planned)) if options.redact else plan
    # A plan without the removals must not pass for one that was reviewed.
    saved = None if plan.incomplete else out
    if saved is not None and str(saved) == "-":
        # The saved plan is the answer; what people read of it goes beside it.
        remark(show_plan(shown, options, estimates=estimates))
        answer(plan_json(plan))
    else:
        if saved is not None:
            write_plan(saved, plan)
        answer(show_plan(shown, options, saved=str(saved) if saved else None, estimates=estimates))
    if plan.incomplete:
        return ReconcilerError.exit_code
    if not plan.applyable:
        return Refused.exit_code
    if plan.blocked:
        return ReconcilerError.exit_code
    # An entry of the policy of denials that gets its end, or is over, is not what anybody wants changed.
    pending = any(not change.upkeep or change.takes_away for change in plan.changes)
    return CHANGES_PENDING if detailed_exitcode and pending else 0


def _with_estimates(plan: Plan, estimates: Mapping[str, Estimate]) -> Plan:
    """The plan with what applying takes, so that it can be told of the saved plan, too."""
    from reconciler.model.plan import Takes

    parts = (
        replace(part, takes=Takes(round(found.seconds, 1), sum(found.calls.values())))
        if part.changes and (found := estimates.get(part.target)) is not None
        else part
        for part in plan.targets
    )
    return replace(plan, targets=tuple(parts))


def _among(chosen: Mapping[str, Sequence[Address]]) -> Collection[str] | None:
    """The targets to plan: all of them, unless addresses name some."""
    return chosen.keys() if chosen else None

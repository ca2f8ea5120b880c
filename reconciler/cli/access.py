"""`reconciler access`: who has what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import Options, answer, common_options, wants_color, width
from reconciler.cli.observing import beside, observing
from reconciler.cli.plan import live_options, parse_duration
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.access.asking import Question, TargetAccess
    from reconciler.model.state import Identities

SIDES = ("live", "desired")
# Of commands that show one of the two sides.
state_option = click.option(
    "--state",
    type=click.Choice(SIDES),
    default="live",
    show_default=True,
    help="What is there now, or what will be when the plan is applied.",
)


@click.command("access", short_help="say who has what, and why")
@click.option("--person", multiple=True, metavar="KEY", help="What this person reaches; repeatable.")
@click.option("--group", multiple=True, metavar="KEY", help="What is reached through this group; repeatable.")
@click.option("--account", multiple=True, metavar="NAME", help="Who reaches this account; repeatable.")
@click.option("--set", "sets", multiple=True, metavar="NAME", help="Who holds this set; repeatable.")
@click.option("--privileged", is_flag=True, help="Only privileged access.")
@click.option(
    "--ends-within",
    callback=parse_duration,
    metavar="TIME",
    help="Only what ends within this time, such as 14d.",
)
@state_option
@click.option(
    "--between",
    nargs=2,
    metavar="REF REF",
    help="What git gives at the second commit and not at the first, and the other way round.",
)
@click.option(
    "--rules",
    is_flag=True,
    help="Ask no service: say what the files give, with accounts as they are selected.",
)
@click.option("--csv", "as_csv", is_flag=True, help="One line for each person, set and account.")
@live_options
@common_options()
def command(  # one for each option
    options: Options,
    person: tuple[str, ...],
    group: tuple[str, ...],
    account: tuple[str, ...],
    sets: tuple[str, ...],
    ends_within: timedelta | None,
    state: str,
    between: tuple[str, str] | None,
    live: str | None,
    max_age: timedelta,
    *,
    privileged: bool,
    rules: bool,
    as_csv: bool,
) -> None:
    """Read every target, and say who has which permission set on which account, and by what.

    Options narrow the answer; those of different kinds must all hold. Nothing is written.
    """
    from reconciler.access.asking import answered
    from reconciler.planning.holdings import Side
    from reconciler.render.access_report import access_csv, access_json, access_text
    from reconciler.session.access import access_between, read_access
    from reconciler.session.opening import open_session

    if options.format not in ("text", "json"):
        raise UsageError(f"--format {options.format}: the answer is text or json, or --csv")
    if as_csv and options.format != "text":
        raise UsageError(f"--csv and --format {options.format}: each says what to print, so use one of them")
    if ends_within is not None and between:
        raise UsageError(
            "--ends-within asks of what is there, and --between of what differs: use one of them"
        )
    if rules:
        _check_rules(state, live, as_csv=as_csv)
        with observing() as observer:
            asked = beside(observer, options)
            _answer_rules(asked, between, (person, group, account, sets), ends_within, privileged=privileged)
        return
    options = replace(options, live=live, max_age=max_age)
    # Applications know neither accounts nor permission sets.
    wide = not (account or sets or privileged or ends_within)
    with observing() as observer, open_session(beside(observer, options), observer) as session:
        found = (
            access_between(session, *between)
            if between
            else read_access(session, Side(state), applications=wide)
        )
        question = _question(session.loaded.identities, found, person, group, account, sets)
        ends_by = None if ends_within is None else session.now + ends_within
        question = replace(question, privileged=privileged, ends_by=ends_by)
    answers = [answered(one, question) for one in found]
    if as_csv:
        answer(access_csv(answers))
    elif options.format == "json":
        answer(access_json(answers))
    else:
        answer(access_text(answers, color=wants_color(), width=width()))


def _check_rules(state: str, live: str | None, *, as_csv: bool) -> None:
    for wrong, option in (
        (state != SIDES[0], f"--state {state}"),
        (live is not None, "--live"),
        (as_csv, "--csv"),
    ):
        if wrong:
            raise UsageError(
                f"{option} has no meaning with --rules, which asks for no accounts: leave one out"
            )


def _answer_rules(
    options: Options,
    between: tuple[str, str] | None,
    names: tuple[Iterable[str], Iterable[str], Iterable[str], Iterable[str]],
    ends_within: timedelta | None,
    *,
    privileged: bool,
) -> None:
    from reconciler.access.asking import TargetAccess, answered_rules
    from reconciler.config.selectors import ACCOUNT_ID
    from reconciler.model.access import Holding
    from reconciler.render.access_rules import rules_json, rules_text
    from reconciler.session.access_rules import read_rules
    from reconciler.wire.clock import SystemClock

    now = options.now or SystemClock().now()
    written, found = read_rules(replace(options, now=now), between)
    # Which accounts there are is not known, so that any id may be asked for.
    ids = tuple(each for each in names[2] if ACCOUNT_ID.fullmatch(each))
    # The names that may be asked for are those of the rules, too.
    known = [
        TargetAccess(
            one.target,
            tuple(
                Holding(rule.permission_set, rule.people, (*rule.named, *ids), (rule.group,))
                for rule in one.rules
            ),
        )
        for one in found
    ]
    question = _question(written, known, *names)
    ends_by = None if ends_within is None else now + ends_within
    question = replace(question, privileged=privileged, ends_by=ends_by)
    answers = [answered_rules(one, question) for one in found]
    if options.format == "json":
        answer(rules_json(answers))
    else:
        answer(rules_text(answers, color=wants_color(), width=width()))


def _question(
    written: Identities,
    found: Sequence[TargetAccess],
    people: Iterable[str],
    groups: Iterable[str],
    accounts: Iterable[str],
    sets: Iterable[str],
) -> Question:
    """What is asked for, by keys and ids. Raises UsageError for a name that nobody and nothing has."""
    from reconciler.access.asking import Question

    names = {key: name for one in found for key, name in one.names.items()}
    rows = [row for one in found for row in one.rows]
    by_name = {
        str(user.attributes.get("user_name", "")).casefold(): key for key, user in written.users.items()
    }
    let_in = [row for one in found for row in one.applications or ()]
    persons = {each: each for row in (*rows, *let_in) for each in row.people} | {
        each: each for each in written.users
    }
    known_groups = {each: each for row in rows for each in row.groups if each}
    known_groups |= {each: each for each in written.groups}
    known_groups |= {row.group: row.group for row in let_in if row.group}
    ids = {each: each for row in rows for each in row.accounts}
    ids |= {each.id: each.id for each in written.accounts.values()}
    keys = {key: one.id for key, one in written.accounts.items()}
    named = {name.casefold(): key for key, name in names.items()}
    known_sets = {row.permission_set: row.permission_set for row in rows}
    known_sets |= {each: each for each in written.permission_sets}
    return Question(
        people=_known("--person", people, {**named, **by_name, **persons}),
        groups=_known("--group", groups, {**named, **known_groups}),
        accounts=_known("--account", accounts, {**named, **keys, **ids}),
        permission_sets=_known("--set", sets, known_sets),
    )


def _known(option: str, wanted: Iterable[str], known: Mapping[str, str]) -> frozenset[str]:
    from reconciler.files.documents import suggest

    found = set()
    for each in wanted:
        key = known.get(each) or known.get(each.casefold())
        if key is None:
            near = suggest(each, list(known))
            hint = f"; {near}" if near else ""
            raise UsageError(
                f"{option} {each}: git names nothing like that, and nobody has access by it{hint}"
            )
        found.add(key)
    return frozenset(found)

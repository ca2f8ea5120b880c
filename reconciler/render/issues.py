"""What a reviewer must know, line by line of YAML, in one form for every format that annotates or reports.

GitHub's annotations, SARIF, JUnit and GitLab's Code Quality are made of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from reconciler.errors import Place, Problem
from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Kind
from reconciler.model.change import Change, Effect
from reconciler.model.plan import Finding, Plan, Severity, TargetPlan
from reconciler.model.resources import Origin
from reconciler.render import authors, escape, findings, words
from reconciler.render.naming import Names, takes_away

# The code of what is wrong with what people wrote, so that nothing can be planned.
INVALID = "invalid"
# What the codes of this module say; those of findings are in the catalogue.
ABOUT: Mapping[str, str] = {
    "invalid": "what people wrote is not valid",
    "self-grant": "an author of the change gains by it",
    "privileged-grant": "people gain privileged access, or keep it longer",
    "removal": "access or an object is taken away",
}
SELF_GRANT, PRIVILEGED_GRANT, REMOVAL = "self-grant", "privileged-grant", "removal"
# How many details one issue has, and how many names.
_DETAILS, _NAMED = 10, 12


class Level(StrEnum):
    """How loud an issue is, by GitHub's words."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


_LEVELS = {
    Severity.REFUSAL: Level.ERROR,
    Severity.WARNING: Level.WARNING,
    Severity.NOTE: Level.NOTICE,
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to tell. `code` is that of a finding, or one of this module; no text is escaped.

    `target` is "" where it concerns the files as such. `place` is the line that causes it, where one does.
    """

    level: Level
    code: str
    message: str
    fix: str | None = None
    details: tuple[str, ...] = ()
    place: Place | None = None
    target: str = ""
    head: str = ""

    @property
    def title(self) -> str:
        """What stands above the message: `aws: set-emptied`."""
        code = "identities" if self.code == INVALID else self.code
        return ": ".join(filter(None, (self.head, self.target, code)))

    @property
    def text(self) -> str:
        """The message, what to do, and some of whom it is about, in lines."""
        more = len(self.details) - _DETAILS
        rest = [f"… and {more:,} more"] if more > 0 else []
        return "\n".join((self.message, *([self.fix] if self.fix else ()), *self.details[:_DETAILS], *rest))

    @property
    def titled(self) -> str:
        """The message with the target in front, what to do, and some of whom it is about, in lines."""
        head = ": ".join(filter(None, (self.head, self.target)))
        return f"{head}: {self.text}" if head else self.text


def fingerprints(issues: Iterable[Issue]) -> list[str]:
    """For each issue what it is known by in the next run: it stays when lines above it come and go."""
    seen: Counter[str] = Counter()
    found = []
    for one in issues:
        path = one.place.path if one.place else ""
        said = f"{one.code}\0{one.target}\0{path}\0{one.message}"
        number = seen[said]
        seen[said] += 1
        text = f"{said}\0{number}" if number else said
        found.append(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    return found


def of_problems(problems: Sequence[Problem]) -> list[Issue]:
    """What is wrong with what people wrote."""
    return [Issue(Level.ERROR, INVALID, one.message, one.fix, place=one.place) for one in problems]


def of_findings(found: Iterable[Finding], places: Mapping[Origin, Place], target: str = "") -> list[Issue]:
    """Findings, in the order in which they are."""
    return [
        Issue(
            _LEVELS[one.severity],
            one.code,
            one.message,
            one.fix,
            one.details,
            findings.where(one, places),
            target,
        )
        for one in found
    ]


def of_plan(plan: Plan, *, changes: bool = True) -> list[Issue]:
    """All that a plan has to tell, the most important first.

    What heads it and what refuses it; access that is restored, self-grants, warnings; and with `changes`
    who gains what is privileged and what is taken away, each at the line that causes it, where there is one.
    Notes come last.
    """
    issues: list[Issue] = []
    for part in plan.targets:
        issues += _findings(part, plan.places)
        issues += _self_grants(part, plan.places)
        if changes:
            issues += _privileged(part, plan.places)
            issues += _removals(part, plan.places)
    return sorted(issues, key=_position)


# Among those of one level, these come first, in this order.
_FIRST = ("restores", SELF_GRANT, PRIVILEGED_GRANT, REMOVAL)


def _position(issue: Issue) -> tuple[int, bool, int]:
    first = _FIRST.index(issue.code) if issue.code in _FIRST else len(_FIRST)
    return list(Level).index(issue.level), not issue.head, first


def _findings(part: TargetPlan, places: Mapping[Origin, Place]) -> Iterable[Issue]:
    for finding, issue in zip(part.findings, of_findings(part.findings, places, part.target), strict=True):
        head = ""
        if finding in part.incomplete:
            head = findings.INCOMPLETE_PLAN
        elif finding in part.blocked:
            head = "Blocked"
        yield replace(
            issue,
            # Each of them ends with an exit code that is not 0.
            level=Level.ERROR if head else issue.level,
            place=issue.place or _covered(part, finding, places),
            head=head,
        )


def _covered(part: TargetPlan, finding: Finding, places: Mapping[Origin, Place]) -> Place | None:
    """The line of the first change that a finding is about, where it has none of its own."""
    about = {*(finding.covers or ()), *([finding.address] if finding.address else ())}
    found = (_place(change, places) for change in part.changes if change.address in about)
    return next(filter(None, found), None)


def _self_grants(part: TargetPlan, places: Mapping[Origin, Place]) -> Iterable[Issue]:
    names = Names.of(part, places, verbose=False)
    for person, rows in authors.self_grants(part).items():
        place = next(
            (found for one in rows if (found := _cause(part, one, places, {person}))),
            next((found for change in _joins(part, person) if (found := _place(change, places))), None),
        )
        message = f"{names.user(person)}, an author of this change, {authors.told(rows, str)}"
        yield Issue(Level.WARNING, SELF_GRANT, message, place=place, target=part.target)


def _joins(part: TargetPlan, person: str) -> Iterable[Change]:
    return (
        change for change in part.changes if change.effect is Effect.GRANT and words.person(change) == person
    )


def _privileged(part: TargetPlan, places: Mapping[Origin, Place]) -> Iterable[Issue]:
    names = Names.of(part, places, verbose=False)
    rows = [
        one
        for one in part.access
        if one.privileged and one.direction in (Direction.GAIN, Direction.LONGER, Direction.ALTER)
    ]
    for one in rows[:_MANY]:
        who = words.counted(len(one.people), words.PERSON)
        verb = {Direction.GAIN: "gain", Direction.LONGER: "keep"}.get(one.direction)
        name = escape.name(one.permission_set)
        where = (
            names.account(one.accounts[0])
            if len(one.accounts) == 1
            else words.counted(len(one.accounts), words.ACCOUNT)
        )
        ending = " longer" if one.direction is Direction.LONGER else ""
        said = f"{name}, which is privileged, changes for {who} on {where}"
        if verb:
            verb += "s" if len(one.people) == 1 else ""
            said = f"{who} {verb} {name}{ending}, which is privileged, on {where}"
        people = findings.capped([names.user(key) for key in one.people], _NAMED)
        place = _cause(part, one, places, set(one.people))
        yield Issue(Level.NOTICE, PRIVILEGED_GRANT, f"{said}: {people}", place=place, target=part.target)


# Formats that annotate show ten of a kind: more than this are not even put together.
_MANY = 1000


def _removals(part: TargetPlan, places: Mapping[Origin, Place]) -> Iterable[Issue]:
    """What is taken away, together for each line; what has no line any more has no issue."""
    names = Names.of(part, places, verbose=False)
    by_place: dict[tuple[Place, Kind], list[Change]] = {}
    for change in part.changes:
        if takes_away(change) and (place := _place(change, places)):
            by_place.setdefault((place, change.address.kind), []).append(change)
    for (place, kind), found in by_place.items():
        what = words.of_kind(kind, len(found))
        verb = "is" if len(found) == 1 else "are"
        labels = findings.capped([names.label(change) for change in found], _NAMED)
        deleted = all(change.action == "delete" for change in found)
        said = "removed" if deleted else "changed so that somebody may lose something"
        yield Issue(Level.NOTICE, REMOVAL, f"{what} {verb} {said}: {labels}", place=place, target=part.target)


def _place(change: Change, places: Mapping[Origin, Place]) -> Place | None:
    return places.get(change.origin) if change.origin else None


def _cause(
    part: TargetPlan, row: AccessChange, places: Mapping[Origin, Place], people: set[str]
) -> Place | None:
    """The line of the first change that gives what a row says: an assignment, a membership, an edit."""
    groups, accounts = set(row.groups), set(row.accounts)
    for change in part.changes:
        if change.effect not in (Effect.GRANT, Effect.MIXED):
            continue
        address = change.address
        if address.kind is Kind.ASSIGNMENT:
            gives = address.permission_set.own_key == row.permission_set and address.account in accounts
        elif address.kind is Kind.MEMBERSHIP:
            gives = address.group.own_key in groups and address.user.own_key in people
        else:
            gives = address.kind is Kind.PERMISSION_SET and address.own_key == row.permission_set
        if gives and (place := _place(change, places)):
            return place
    return None

"""Who has what, as an answer to a question: text, JSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from reconciler.access.asking import TargetAccess
from reconciler.model.access import AccessChange, ApplicationGrant, Direction, Holding
from reconciler.render import escape, words
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.style import Style, Tone

# What the answer has only where the service lets the caller list it, and a question can be about it.
_APPLICATIONS = "assignments of applications"
# What no reading shows, so that nobody takes the answer for more than it is.
NOT_READ = (
    "grants of Account Access Manager",
    "roles and users that accounts have of their own",
)
# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_VERBS = {
    Direction.GAIN: "gain",
    Direction.LOSE: "lose",
    Direction.ALTER: "have altered",
    Direction.LONGER: "keep longer",
    Direction.SHORTER: "keep shorter",
}
_PAIR = ("grant", "grants")
_DIRECTLY, _NOT_IN_GIT = "directly", "not in git"
_COLUMNS = (
    "target",
    "change",
    "person",
    "person_name",
    "permission_set",
    "account",
    "account_name",
    "through",
    "privileged",
    "until",
    "entries",
    "application",
)


def access_text(answers: Sequence[TargetAccess], *, color: bool = False, width: int | None = None) -> str:
    """The answer for people: by permission set, privileged ones first."""
    layout = Layout(Style(color), width)
    lines: list[Line] = []
    for one in answers:
        rows = one.rows
        if len(answers) > 1:
            lines += [layout.line(f"Target {escape.name(one.target)}", Tone.HEADING)]
        for (privileged, name), found in groupby(rows, key=lambda row: (row.privileged, row.permission_set)):
            mark = " (privileged)" if privileged else ""
            tone = Tone.ALARM if privileged else Tone.HEADING
            lines.append(layout.line(f"{escape.name(name)}{mark}", tone))
            for row in found:
                lines += layout.paragraph(_sentence(row, one.names), indent=2, hang=4)
        if one.applications:
            lines.append(layout.line("Applications (not managed in git)", Tone.HEADING))
            for each in one.applications:
                lines += layout.paragraph(_application(each, one.names), indent=2, hang=4)
        lines += layout.paragraph(_total(rows, one.applications or ()))
        lines += [
            line
            for gap in one.gaps
            for line in layout.paragraph(f"Not read: {escape.text(gap.scope)}: {escape.sentence(gap.reason)}")
        ]
        for unread in one.unread:
            lines += layout.paragraph(f"Not read: {escape.sentence(unread)}")
    lines += layout.paragraph(f"Not part of this answer: {words.listed(not_read(answers))}.", tone=Tone.FAINT)
    return joined(lines)


def access_json(answers: Sequence[TargetAccess]) -> str:
    """The answer for programs: rows of people and accounts, which belong together each with each."""
    return harmless(
        {
            "format": "reconciler access",
            "version": 1,
            "not_read": list(not_read(answers)),
            "targets": [
                {
                    "target": one.target,
                    "access": [_row(row) for row in one.rows],
                    "applications": None
                    if one.applications is None
                    else [
                        {
                            "application": each.application,
                            "arn": each.arn,
                            "people": list(each.people),
                            "through": each.group or None,
                        }
                        for each in one.applications
                    ],
                    "unread": list(one.unread),
                    "names": dict(sorted(one.names.items())),
                    "gaps": [
                        {"kind": str(gap.kind), "scope": gap.scope, "reason": gap.reason} for gap in one.gaps
                    ],
                }
                for one in answers
            ],
        }
    )


def harmless(document: Mapping[str, object]) -> str:
    """A document as JSON in plain ASCII, in which no value can be a command to a runner."""
    return escape.json_text(json.dumps(document, indent=1, sort_keys=True))


def access_csv(answers: Sequence[TargetAccess]) -> str:
    """One line for each person, permission set and account (RFC 4180); no cell is a formula."""
    out = _Lines()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for one in answers:
        for row in one.rows:
            for person in row.people:
                for account in row.accounts:
                    writer.writerow(map(_cell, _cells(one, row, person, account)))
        for each in one.applications or ():
            for person in each.people:
                name, way = one.names.get(person, ""), each.group or _DIRECTLY
                cells = (one.target, "", person, name, "", "", "", way, "", "", _NOT_IN_GIT, each.application)
                writer.writerow(map(_cell, cells))
    return "".join(out)


class _Lines(list[str]):
    """Takes what a csv.writer writes."""

    def write(self, line: str) -> None:
        """Keep one line."""
        self.append(line)


def _cells(one: TargetAccess, row: Holding | AccessChange, person: str, account: str) -> Iterable[str]:
    return (
        one.target,
        "" if isinstance(row, Holding) else str(row.direction),
        person,
        one.names.get(person, ""),
        row.permission_set,
        account,
        one.names.get(account, ""),
        "; ".join(group or _DIRECTLY for group in row.groups),
        "yes" if row.privileged else "no",
        row.until or "",
        "; ".join(each or _NOT_IN_GIT for each in row.entries) if isinstance(row, Holding) else "",
        "",
    )


def _cell(value: str) -> str:
    shown = escape.text(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _row(row: Holding | AccessChange) -> Mapping[str, object]:
    found: dict[str, object] = {
        "people": list(row.people),
        "accounts": list(row.accounts),
        "permission_set": row.permission_set,
        "through": [group or None for group in row.groups],
        "privileged": row.privileged,
        "unknown": row.unknown,
        "until": row.until,
    }
    if isinstance(row, Holding):
        return found | {"entries": [entry or None for entry in row.entries]}
    return found | {"change": str(row.direction)}


def _sentence(row: Holding | AccessChange, names: Mapping[str, str]) -> str:
    people = ", ".join(_name(each, names) for each in row.people)
    accounts = ", ".join(_name(each, names) for each in row.accounts)
    verb = "" if isinstance(row, Holding) else f" {_VERBS[row.direction]} it"
    return f"{people}{verb} on {accounts} ({'; '.join(_remarks(row))})"


def _remarks(row: Holding | AccessChange) -> Iterator[str]:
    groups = [escape.name(group) for group in row.groups if group]
    if groups:
        yield f"through {words.listed(groups)}"
    if "" in row.groups:
        yield _DIRECTLY
    if row.until:
        yield f"until {row.until}"
    if isinstance(row, Holding):
        entries = [escape.name(entry) for entry in row.entries if entry]
        if entries:
            yield f"by {words.listed(entries)}"
        if "" in row.entries:
            yield _NOT_IN_GIT
    if row.unknown:
        yield "what its policies allow is not known"


def not_read(answers: Sequence[TargetAccess]) -> tuple[str, ...]:
    """What is not part of the answer: of applications, where they were not read at every target."""
    read = answers and all(one.applications is not None for one in answers)
    return NOT_READ if read else (_APPLICATIONS, *NOT_READ)


def _application(one: ApplicationGrant, names: Mapping[str, str]) -> str:
    people = ", ".join(_name(each, names) for each in one.people) or "nobody"
    way = f"through {_name(one.group, names)}" if one.group else _DIRECTLY
    return f"{escape.name(one.application)}: {people} ({way})"


def _name(key: str, names: Mapping[str, str]) -> str:
    name = names.get(key)
    return escape.name(key) if name is None else f"{escape.name(name)} [{escape.name(key)}]"


def _total(rows: Sequence[Holding | AccessChange], applications: Sequence[ApplicationGrant]) -> str:
    if not rows:
        return "No access to any account." if applications else "No access."
    people = {person for row in rows for person in row.people}
    accounts = {account for row in rows for account in row.accounts}
    grants = sum(len(row.people) * len(row.accounts) for row in rows)
    return (
        f"{words.counted(len(people), words.PERSON)}, "
        f"{words.counted(len(accounts), ('account', 'accounts'))}, {words.counted(grants, _PAIR)}."
    )

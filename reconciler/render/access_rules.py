"""What the files give to whom, with accounts as rules: text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from reconciler.access.asking import TargetRules
from reconciler.model.access import AccessRule, Direction
from reconciler.render import escape, words
from reconciler.render.access_report import harmless
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.style import Style, Tone

_VERBS = {None: "", Direction.GAIN: " gain it", Direction.LOSE: " lose it"}
_ADVICE = (
    "Accounts are shown as the files select them, and no service was asked: leave --rules out to name them."
)


def rules_text(answers: Sequence[TargetRules], *, color: bool = False, width: int | None = None) -> str:
    """The answer for people: by permission set, privileged ones first."""
    layout = Layout(Style(color), width)
    lines: list[Line] = []
    for one in answers:
        if len(answers) > 1:
            lines.append(layout.line(f"Target {escape.name(one.target)}", Tone.HEADING))
        for (privileged, name), found in groupby(
            one.rules, key=lambda rule: (rule.privileged, rule.permission_set)
        ):
            mark = " (privileged)" if privileged else ""
            tone = Tone.ALARM if privileged else Tone.HEADING
            lines.append(layout.line(f"{escape.name(name)}{mark}", tone))
            for rule in found:
                lines += layout.paragraph(_sentence(rule), indent=2, hang=4)
        people = {person for rule in one.rules for person in rule.people}
        count = words.counted(len(one.rules), ("rule", "rules"))
        text = f"{words.counted(len(people), words.PERSON)}, {count}." if one.rules else "No access."
        lines += layout.paragraph(text)
    lines += layout.paragraph(_ADVICE, tone=Tone.FAINT)
    return joined(lines)


def rules_json(answers: Sequence[TargetRules]) -> str:
    """The answer for programs."""
    document = {
        "format": "reconciler access rules",
        "version": 1,
        "targets": [{"target": one.target, "rules": [_rule(rule) for rule in one.rules]} for one in answers],
    }
    return harmless(document)


def _rule(rule: AccessRule) -> Mapping[str, object]:
    return {
        "change": None if rule.direction is None else str(rule.direction),
        "entry": rule.entry,
        "permission_set": rule.permission_set,
        "through": rule.group or None,
        "people": list(rule.people),
        "members_unknown": rule.members_unknown,
        "accounts": list(rule.accounts),
        "except": list(rule.excepted),
        "named": list(rule.named),
        "never": list(rule.never),
        "selects": rule.selects,
        "privileged": rule.privileged,
        "from": rule.start,
        "until": rule.until,
    }


def _sentence(rule: AccessRule) -> str:
    unknown = "members that git does not declare"
    people = ", ".join(map(escape.name, rule.people)) or (unknown if rule.members_unknown else "nobody")
    accounts = words.listed([escape.text(each) for each in rule.accounts])
    text = f"{people}{_VERBS[rule.direction]} on {accounts}"
    if rule.excepted:
        text += f", except {words.listed([escape.text(each) for each in rule.excepted])}"
    return f"{text} ({'; '.join(_remarks(rule))})"


def _remarks(rule: AccessRule) -> Iterator[str]:
    yield f"through {escape.name(rule.group)}" if rule.group else "directly"
    if rule.start:
        yield f"from {rule.start}"
    if rule.until:
        yield f"until {rule.until}"
    yield f"by {escape.name(rule.entry)}"

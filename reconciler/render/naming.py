"""How one change is called in a line: its thing, its fields, and what is remarkable about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.errors import Place
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import BY_DEFAULT, Origin, Value, defaults
from reconciler.render import escape, nested
from reconciler.render.nested import Part

GLYPHS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.RELEASE: "="}
RESTORES = "RESTORES"
# More different ends than this are told as a span.
_ENDS = 3

# What stands before access that the guards call privileged.
PRIVILEGED = "PRIVILEGED"
_EFFECTS = {Effect.GRANT: "grants", Effect.REVOKE: "revokes", Effect.MIXED: "grants and revokes"}


# An AWS managed policy, in any partition: what stands behind `policy/` is what people write.
_AWS_POLICY = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/(.+)", re.ASCII)
_POLICIES = frozenset(("managed_policies", "permissions_boundary"))


def takes_away(change: Change) -> bool:
    """Whether somebody may lose something by it: such a change is never folded.

    A role that catches up with its permission set is not among them: what the set allows was decided when
    the set was, and `Fold` keeps a row for each set.
    """
    return not change.address.kind.facts.of and change.takes_away


@dataclass(frozen=True, slots=True)
class Names:
    """What the things of one target are called.

    `groups` and `users` have the names of those without a key, `accounts` those of accounts by id.
    """

    groups: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Origin, Place] = field(default_factory=dict)
    verbose: bool = False

    @classmethod
    def of(cls, part: TargetPlan, places: Mapping[Origin, Place], *, verbose: bool) -> Names:
        """The names that the changes of `part` tell."""
        remote = {key: name for key, name in part.accounts.items() if key.startswith("~")}
        groups: dict[str, str] = dict(remote)
        users: dict[str, str] = dict(remote)
        for change in part.changes:
            kind, address = change.address.kind, change.address
            if not change.name:
                continue
            if kind is Kind.GROUP:
                groups[address.own_key] = change.name
            elif kind in (Kind.USER, Kind.MEMBERSHIP):
                users[address.user.own_key] = change.name
            elif kind is Kind.ASSIGNMENT:
                principal = address.principal
                named = groups if principal.kind is Kind.GROUP else users
                named.setdefault(principal.own_key, change.name)
        return cls(groups, users, part.accounts, places, verbose)

    def label(self, change: Change) -> str:
        """The object, by its key; by its name where it has no key. A membership goes by its user."""
        address = change.address
        if address.has("account"):
            what = (
                self.couple(change)
                if address.kind.facts.pair
                else escape.name(address.permission_set.own_key)
            )
            return f"{what} on {self.account(address.account)}" if address.account else what
        return self._called(
            address.user.own_key if address.kind is Kind.MEMBERSHIP else address.own_key, change.name
        )

    def couple(self, change: Change) -> str:
        """The two ends of an assignment that are not the account: `ReadOnly to group sre`."""
        permission_set = escape.name(change.address.permission_set.own_key)
        return f"{permission_set} to {self.principal(change.address.principal)}"

    def principal(self, principal: Address) -> str:
        """Whom an assignment is for: `group sre`, `user ada`."""
        called = self.group if principal.kind is Kind.GROUP else self.user
        return f"{escape.text(principal.kind)} {called(principal.own_key)}"

    def account(self, identifier: str) -> str:
        """An account by name and id: `payments-prod (123456789012)`."""
        name = self.accounts.get(identifier)
        return f"{escape.name(name)} ({escape.text(identifier)})" if name else escape.name(identifier)

    def user(self, key: str) -> str:
        """A person, by key or, without one, by name."""
        return self._called(key, self.users.get(key, ""))

    def group(self, key: str) -> str:
        """A group, by its key or, without one, by its name."""
        return self._called(key, self.groups.get(key, ""))

    def remarks(self, change: Change) -> str:
        """Effect where the glyph does not say it, cause where it is not git, reason, place: `(drift)`."""
        notes = [] if _implied(change) else [_effect(change)]
        cause = "" if change.cause is Cause.GIT else str(change.cause)
        reason = escape.sentence(change.reason) if change.reason else ""
        notes.append(": ".join(filter(None, (cause, reason))))
        if change.restores:
            notes.append(RESTORES)
        if self.verbose and (place := self.place(change.origin)):
            notes.append(place)
        text = "; ".join(filter(None, notes))
        return f"({text})" if text else ""

    def place(self, origin: Origin | None) -> str:
        """Where something is declared, as file:line, or nothing where that is not known."""
        if origin is None:
            return ""
        place = self.places.get(origin)
        return f"{escape.text(place.path)}:{place.line}" if place else escape.text(origin.path)

    def _called(self, key: str, name: str) -> str:
        if key.startswith("~"):
            if name and name != key[1:]:
                return f"{escape.name(name)} [{escape.name(key)}]"
            return escape.name(key)
        described = (
            not name or name.casefold() == key.casefold() or name.casefold().startswith(key.casefold() + "@")
        )
        return (
            escape.name(key) if described or not self.verbose else f"{escape.name(key)} [{escape.name(name)}]"
        )


def _implied(change: Change) -> bool:
    """Whether glyph and kind say the effect already."""
    facts = change.address.kind.facts
    if facts.of or change.retimes:
        return True
    if facts.pair:
        expected = {Action.CREATE: Effect.GRANT, Action.DELETE: Effect.REVOKE}
        return expected.get(change.action) is change.effect
    if change.address.kind is Kind.DENIAL:
        return change.action is Action.CREATE
    return change.action is Action.DELETE and change.effect is Effect.REVOKE


def _effect(change: Change) -> str:
    """What a change does to somebody's access, where its glyph does not say so."""
    if change.address.kind is Kind.PERMISSION_SET and change.effect is Effect.MIXED:
        return "changes what it allows"
    if change.address.kind is Kind.ASSIGNMENT and change.effect is Effect.NEUTRAL:
        return "reaches nobody"
    return _EFFECTS.get(change.effect, "")


def fields(change: Change, *, everything: bool = True) -> tuple[str, ...]:
    """Each field on its own: `title "Engineer" -> "Lead"`; of a create, only what it will be.

    Unless `everything` is asked for, a new user's display name and email are left out where they are
    what every create gets by default (docs/identities.md, "People"): given and family name, the user name.
    Of a role that lags behind, what it would get: nobody knows what it has.
    """
    facts = change.address.kind.facts
    if facts.pair:
        return window(change)
    action = Action.CREATE if facts.of else change.action
    order = {name: position for position, name in enumerate(facts.attributes)}
    shown = sorted(change.fields, key=lambda each: order.get(each.name, 99))
    if not everything and change.action is Action.CREATE and change.address.kind is Kind.USER:
        values = {each.name: each.after for each in shown}
        default = defaults({name: value for name, value in values.items() if name not in BY_DEFAULT})
        shown = [each for each in shown if each.after != default.get(each.name, ())]
    return tuple(
        _field(_short(part, everything=everything), action) for each in shown for part in nested.parts(each)
    )


def window(change: Change) -> tuple[str, ...]:
    """When a membership or an assignment begins and ends: `until 2026-12-31T00:00:00Z -> never`."""
    shown = []
    for each in change.fields:
        after = escape.text(str(each.after)) if each.after is not None else "never"
        before = escape.text(str(each.before)) if each.before is not None else "never"
        shown.append(f"{each.name} {before} -> {after}" if change.retimes else f"{each.name} {after}")
    return tuple(shown)


def ends(changes: Sequence[Change]) -> list[str]:
    """When such of several grants end as do, with how many: `3 until 2026-12-31T00:00:00Z`."""
    found = Counter(str(change.until) for change in changes if change.until is not None)
    if len(found) > _ENDS:
        return [f"{sum(found.values()):,} until {escape.text(min(found))} to {escape.text(max(found))}"]
    return [
        f"until {escape.text(end)}" if count == len(changes) else f"{count:,} until {escape.text(end)}"
        for end, count in sorted(found.items())
    ]


def _short(part: Part, *, everything: bool) -> Part:
    """AWS's own policies by what people write for them; `everything` leaves the ARN."""
    if everything or part.name not in _POLICIES:
        return part

    def written(side: Value) -> Value:
        found = _AWS_POLICY.fullmatch(side) if isinstance(side, str) else None
        return found[1] if found else side

    return replace(part, before=written(part.before), after=written(part.after))


def _field(each: Part, action: Action) -> str:
    name = escape.name(each.name)
    if each.item:
        return f"{name} + {value(each.after)}" if each.before is None else f"{name} - {value(each.before)}"
    if action is Action.CREATE and each.before is None:
        return f"{name} {value(each.after)}"
    if action is Action.DELETE and each.after is None:
        return f"{name} {value(each.before)}"
    return f"{name} {value(each.before)} -> {value(each.after)}"


def value(shown: Value) -> str:
    """A value as people write it in YAML's flow style, text always quoted; `(none)` is not set."""
    if shown is None:
        return "(none)"
    if isinstance(shown, bool):
        return "true" if shown else "false"
    if isinstance(shown, str):
        return escape.quoted(shown)
    if isinstance(shown, (int, float)):
        return str(shown)
    if isinstance(shown, Mapping):
        return "{" + ", ".join(f"{escape.name(key)}: {value(shown[key])}" for key in sorted(shown)) + "}"
    return "[" + ", ".join(value(each) for each in shown) + "]"

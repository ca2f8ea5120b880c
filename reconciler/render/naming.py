"""How one change is called in a line: its thing, its fields, and what is remarkable about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.errors import Place
from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import GROUP_ATTRIBUTES, USER_ATTRIBUTES, Origin, Value
from reconciler.render import escape, nested

GLYPHS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}
RESTORES = "RESTORES"

_ORDERS = {
    Kind.USER: {name: position for position, name in enumerate(("active", *USER_ATTRIBUTES))},
    Kind.GROUP: {name: position for position, name in enumerate(GROUP_ATTRIBUTES)},
}
_EFFECTS = {Effect.GRANT: "grants", Effect.REVOKE: "revokes", Effect.MIXED: "grants and revokes"}


def takes_away(change: Change) -> bool:
    """Whether somebody may lose something by it: such a change is never folded."""
    return change.action is Action.DELETE or change.effect in (Effect.REVOKE, Effect.MIXED)


@dataclass(frozen=True, slots=True)
class Names:
    """What the things of one target are called; `groups` has the names of groups without a key."""

    groups: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Origin, Place] = field(default_factory=dict)
    verbose: bool = False

    @classmethod
    def of(cls, part: TargetPlan, places: Mapping[Origin, Place], *, verbose: bool) -> Names:
        """The names that the changes of `part` tell."""
        groups = {
            change.address.parts[0]: change.name
            for change in part.changes
            if change.address.kind is Kind.GROUP and change.name
        }
        return cls(groups, places, verbose)

    def label(self, change: Change) -> str:
        """The object, by its key; by its name where it has no key. A membership goes by its user."""
        return self._called(change.address.parts[-1], change.name)

    def group(self, key: str) -> str:
        """A group, by its key or, without one, by its name."""
        return self._called(key, self.groups.get(key, ""))

    def remarks(self, change: Change) -> str:
        """Effect where the glyph does not say it, cause where it is not git, reason, place: `(drift)`."""
        said = [_EFFECTS[change.effect]] if change.effect in _EFFECTS and not _implied(change) else []
        cause = "" if change.cause is Cause.GIT else str(change.cause)
        reason = escape.sentence(change.reason) if change.reason else ""
        said.append(": ".join(filter(None, (cause, reason))))
        if change.restores:
            said.append(RESTORES)
        if self.verbose and (place := self.place(change.origin)):
            said.append(place)
        text = "; ".join(filter(None, said))
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
        told = (
            not name or name.casefold() == key.casefold() or name.casefold().startswith(key.casefold() + "@")
        )
        return escape.name(key) if told or not self.verbose else f"{escape.name(key)} [{escape.name(name)}]"


def _implied(change: Change) -> bool:
    """Whether glyph and kind say the effect already."""
    if change.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
        expected = {Action.CREATE: Effect.GRANT, Action.DELETE: Effect.REVOKE}
        return expected.get(change.action) is change.effect
    return change.action is Action.DELETE and change.effect is Effect.REVOKE


def fields(change: Change, *, everything: bool = True) -> tuple[str, ...]:
    """Each field on its own: `title "Engineer" -> "Lead"`; of a create, only what it will be.

    Unless `everything` is asked for, a new user's display name and email are left out where they are
    what every create gets by default (section 4 of the design): given and family name, the user name.
    """
    shown = sorted(change.fields, key=lambda each: _ORDERS.get(change.address.kind, {}).get(each.name, 99))
    if not everything and change.action is Action.CREATE and change.address.kind is Kind.USER:
        values = {each.name: each.after for each in shown}
        defaults = {
            "display_name": f"{values.get('given_name')} {values.get('family_name')}",
            "email": values.get("user_name"),
        }
        shown = [each for each in shown if each.after != defaults.get(each.name, ())]
    return tuple(_field(part, change.action) for each in shown for part in nested.parts(each))


def _field(each: FieldChange, action: Action) -> str:
    name = escape.name(each.name)
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

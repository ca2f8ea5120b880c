"""Attributes of users that a target wants made from others: `{given_name} {family_name}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Formatter

from reconciler.model.resources import Attributes, User, Value, defaults

# The name by which a template speaks of the user's key.
_KEY = "key"

# Text before a placeholder, and the placeholder ("" where text ends the template).
_Parts = Sequence[tuple[str, str]]


class Templates:
    """The templates of one target's `map`, taken apart once; loading has checked them."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._templates: dict[str, _Parts] = {
            name: [(text, placeholder or "") for text, placeholder, _, _ in Formatter().parse(template)]
            for name, template in templates.items()
        }

    def lay_on(self, user: User) -> User:
        """The user with every attribute that has a template as the template says.

        Where one of its placeholders is not set, the attribute is absent, even where git declares it.
        Placeholders stand for what git says, or else for what a create would add, and never for what another
        template makes of it.
        """
        if not self._templates:
            return user
        made: dict[str, Value] = {
            name: value for name, value in user.attributes.items() if name not in self._templates
        }
        values = {**defaults(user.attributes), **user.attributes}
        for name, parts in self._templates.items():
            value = _filled(parts, user.key, values)
            if value is not None:
                made[name] = value
        return replace(user, attributes=made)


def _filled(parts: _Parts, key: str, attributes: Attributes) -> str | None:
    made = ""
    for text, placeholder in parts:
        made += text
        if placeholder:
            value = key if placeholder == _KEY else attributes.get(placeholder)
            if value is None:
                return None
            made += str(value)
    return made or None

"""What a create adds where git says nothing (docs/identities.md, "People")."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.resources import Attributes, Value


def defaults(attributes: Attributes) -> dict[str, Value]:
    """The display name from both names, the address from a user name that is one; null counts as said."""
    given, family = attributes.get("given_name"), attributes.get("family_name")
    name = attributes.get("user_name")
    found: dict[str, Value] = {}
    if given and family and "display_name" not in attributes:
        found["display_name"] = f"{given} {family}"
    if isinstance(name, str) and "@" in name.strip("@") and "email" not in attributes:
        found["email"] = name
    return found


def to_ask_for(missing: Sequence[str], attributes: Attributes) -> list[str]:
    """Those of the `missing` attributes that people must write: not what a default makes of the others."""
    names = ("given_name", "family_name")
    by_default = "display_name" not in attributes and all(
        name in missing or attributes.get(name) for name in names
    )
    return [name for name in missing if name != "display_name" or not by_default]

"""What a create adds where git says nothing (section 4 of the design: defaults act on create)."""

from __future__ import annotations

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

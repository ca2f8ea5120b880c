"""What objects are called, by id: so one that answers under another id is told by what it is."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.address import Kind
from reconciler.model.names import bare
from reconciler.model.resources import Attributes
from reconciler.model.state import LiveGroup, LiveUser
from reconciler.targets.scim import mapping
from reconciler.targets.scim.mapping import Raw
from reconciler.wire.pool import Guarded

_NAMES = {Kind.USER: "user_name", Kind.GROUP: "display_name"}


class KnownNames:
    """Names and external ids of the objects of one service, as lists showed them and writes gave them.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._listed: Guarded[dict[Kind, Mapping[str, LiveUser] | Mapping[str, LiveGroup]]] = Guarded({})
        self._written: Guarded[dict[tuple[Kind, str], list[Attributes]]] = Guarded({})

    def listed(self, kind: Kind, items: Mapping[str, LiveUser] | Mapping[str, LiveGroup]) -> None:
        """Take in a whole list, in place of the one before."""
        with self._listed as listed:
            listed[kind] = items

    def written(self, kind: Kind, identifier: str, attributes: Attributes) -> None:
        """Take in what an object is given, by our names."""
        if identifier:
            with self._written as written:
                written.setdefault((kind, identifier), []).append(attributes)

    def fits(self, kind: Kind, identifier: str, raw: Raw) -> bool:
        """Whether a resource has the name, or the external id, of the object that goes by `identifier`.

        Another external id makes it another object, whatever its name.
        """
        shown = mapping.user_attributes(raw) if kind is Kind.USER else mapping.group_attributes(raw)
        with self._written as written:
            known = list(written.get((kind, identifier), ()))
        with self._listed as listed:
            one = listed.get(kind, {}).get(identifier)
        known += [one.attributes] if one is not None else []
        external, name = shown.get("external_id"), str(shown.get(_NAMES[kind]) or "")
        externals = {each["external_id"] for each in known if each.get("external_id")}
        if external and externals:
            return external in externals
        names = {bare(str(each[_NAMES[kind]])) for each in known if each.get(_NAMES[kind])}
        return bool(name) and bare(name) in names

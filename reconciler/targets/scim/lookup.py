"""Finds the object of a name, whatever the service makes of filters: every hit is looked at."""

from __future__ import annotations

from reconciler.errors import NotFound, Rejected
from reconciler.model.address import Kind
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.mapping import Raw, identifier, path_of
from reconciler.targets.scim.wishes import Wish


class Lookup:
    """Looks for objects of one service by name and external id. Thread-safe."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def named(self, wish: Wish) -> list[Raw] | None:
        """The objects that bear the wished name, or its external id; None when there are none.

        By filters where they work, else by the whole list: a filter that finds nothing proves nothing, unless
        the profile says so.
        """
        profile, traits = self._service.profile, self._service.traits()
        works = profile.user_filters if wish.kind is Kind.USER else profile.group_filters
        names = ("user_name", "external_id") if wish.kind is Kind.USER else ("display_name", "external_id")
        asked = {path_of(name): str(wish.attributes[name]) for name in names if wish.attributes.get(name)}
        proven = profile.filters_trusted and traits.filters
        for path, value in asked.items():
            if path not in works or not traits.filters:
                continue
            try:
                found = [raw for raw in self._service.hits(wish.kind, path, value) if wish.names(raw)]
            except NotFound:
                continue
            except Rejected:
                # Some characters are no value of a filter to some services.
                proven = False
                continue
            if found:
                return found
        if proven:
            return None
        listed = self._service.listed(wish.kind, lambda raw: raw if wish.names(raw) else {})
        return [raw for raw in listed.items.values() if identifier(raw)] or None

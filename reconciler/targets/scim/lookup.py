"""Finds the object of a name, whatever the service makes of filters: every hit is looked at."""

from __future__ import annotations

from reconciler.errors import NotFound, Rejected
from reconciler.model.address import Kind
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.intents import WriteIntent
from reconciler.targets.scim.mapping import Raw, identifier, path_of
from reconciler.wire.pool import Guarded


class Lookup:
    """Looks for objects of one service by name and external id. Thread-safe."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # Every object of the last whole list, by kind: held while it is read, so that it is read once.
        self._listed: Guarded[dict[Kind, list[Raw]]] = Guarded({})

    def named(self, intent: WriteIntent, *, fresh: bool = True) -> list[Raw] | None:
        """The objects that bear the wished name, or its external id; None when there are none.

        By filters where they work, else by the whole list: a filter that finds nothing proves nothing, unless
        the profile says so. Without `fresh`, one list serves for all that is looked for: what was there when
        it was read, each looked at again by its id.
        """
        found, proven = self.filtered(intent)
        if found:
            return found
        if proven:
            return None
        if not fresh:
            return self._known(intent)
        listed = self._service.listed(intent.kind, lambda raw: raw if intent.names(raw) else {})
        return [raw for raw in listed.items.values() if identifier(raw)] or None

    def filtered(self, intent: WriteIntent) -> tuple[list[Raw], bool]:
        """What filters find of that name, or external id, and whether finding nothing proves something."""
        profile, traits = self._service.profile, self._service.traits()
        works = profile.user_filters if intent.kind is Kind.USER else profile.group_filters
        names = ("user_name", "external_id") if intent.kind is Kind.USER else ("display_name", "external_id")
        asked = {path_of(name): str(intent.attributes[name]) for name in names if intent.attributes.get(name)}
        proven = profile.filters_trusted and traits.filters
        for path, value in asked.items():
            if path not in works or not traits.filters:
                continue
            try:
                found = [raw for raw in self._service.hits(intent.kind, path, value) if intent.names(raw)]
            except NotFound:
                continue
            except Rejected:
                # Some characters are no value of a filter to some services.
                proven = False
                continue
            if found:
                return found, True
        return [], proven

    def _known(self, intent: WriteIntent) -> list[Raw] | None:
        with self._listed as listed:
            if intent.kind not in listed:
                listed[intent.kind] = list(self._service.listed(intent.kind, dict).items.values())
            found = [raw for raw in listed[intent.kind] if intent.names(raw)]
        now = (self._service.get(intent.kind, identifier(raw) or "") for raw in found)
        return [raw for raw in now if raw is not None and intent.names(raw)] or None

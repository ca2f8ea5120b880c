"""Finds the object of a name, also where the service ignores filters, and the id of a new one."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import NotFound, Rejected, ServiceError
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


class NewIds:
    """The ids of new objects of one service. Thread-safe.

    One look at the first new object of a kind tells whether the answers of creations are to be trusted.
    """

    def __init__(self, service: Service, lookup: Lookup) -> None:
        self._service, self._lookup = service, lookup
        # By kind whether a creation's answer has the id that counts. Held while that is found out.
        self._trusted: Guarded[dict[Kind, bool]] = Guarded({})

    def own(self, intent: WriteIntent, made: str) -> str:
        """The id of what was made by `intent`, which the creation called `made`. Raises nothing."""
        self._service.names.written(intent.kind, made, intent.attributes)
        with self._trusted as trusted:
            if trusted.get(intent.kind):
                return made
            own, trusted[intent.kind] = self._look(intent, made)
        self._service.names.written(intent.kind, own, intent.attributes)
        return own

    def _look(self, intent: WriteIntent, made: str) -> tuple[str, bool]:
        """The id that counts, and whether those of creations do."""
        try:
            # Plans rest on lists: the id there is the one that counts.
            found: Sequence[Raw] = self._lookup.filtered(intent)[0]
            if not found:
                raw = self._service.shown(intent.kind, made)
                if raw is not None and (identifier(raw) == made or not intent.names(raw)):
                    return made, True
                found = self._lookup.named(intent) or ()
        except ServiceError:
            return made, True
        own = identifier(found[0]) if len(found) == 1 else None
        return own or made, own in (None, made)

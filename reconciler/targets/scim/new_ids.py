"""The id of an object that was just made: some services answer a creation with another than they list."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import ServiceError
from reconciler.model.address import Kind
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.intents import WriteIntent
from reconciler.targets.scim.lookup import Lookup
from reconciler.targets.scim.mapping import Raw, identifier
from reconciler.wire.pool import Guarded


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

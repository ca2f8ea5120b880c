"""Whether a service keeps If-Match, found out by the first write that has a version. RFC 7644 section 3.14.

Services announce ETags and ignore them. So the first such write goes with a version that nothing has, right
after a look that the object is as it was: whoever refuses it keeps preconditions, and gets it again with the
true version; whoever carries it out does not, and what was carried out is what was reviewed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconciler.errors import Conflict, NotFound
from reconciler.model.address import Kind
from reconciler.targets.scim import mapping
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.intents import MOVED
from reconciler.wire.pool import Guarded

Result = TypeVar("Result")

_NEVER = 'W/"no-state-has-this-version"'


class Preconditions:
    """What is known of If-Match at one service. Thread-safe."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # Empty: not tried yet. Held while it is tried, so that it is tried once.
        self._kept: Guarded[list[bool]] = Guarded([])
        self._answer: bool | None = None

    @property
    def kept(self) -> bool:
        """Whether a write on an outdated version was seen to be refused."""
        return self._answer is True

    def send(
        self, kind: Kind, identifier: str, version: str | None, write: Callable[[str | None], Result]
    ) -> Result:
        """Do `write` with the version to send, None where there is none.

        Raises Conflict (MOVED) where the object has another version, and what `write` raises.
        """
        if version is None:
            return write(None)
        if self._answer is None:
            with self._kept as kept:
                if not kept:
                    return self._try(kind, identifier, version, write, kept)
        return write(version)

    def _try(
        self,
        kind: Kind,
        identifier: str,
        version: str,
        write: Callable[[str | None], Result],
        kept: list[bool],
    ) -> Result:
        raw = self._service.get(kind, identifier)
        if raw is None:
            raise NotFound("it is gone", target=self._service.target)
        if mapping.version(raw) != version:
            raise Conflict("it was changed since it was read", target=self._service.target, reason=MOVED)
        try:
            result = write(_NEVER)
        except Conflict as error:
            if error.reason != MOVED:
                raise
            kept.append(True)
            self._answer = True
        else:
            kept.append(False)
            self._answer = False
            return result
        return write(version)

"""The console's page on automatic provisioning: access tokens for SCIM."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.sandbox.console_base import ConsoleBase
from reconciler.sandbox.scim import bearer


class ScimConsole(ConsoleBase):
    """Tokens are made and deleted here and nowhere else: no API does it."""

    def create_scim_token(self) -> str:
        """Make a token, which is shown this once. Raises ApiError where there are two already."""
        with self._world.store.transaction() as db:
            return bearer.create(db, self._clock.now())

    def delete_scim_token(self, identifier: str) -> None:
        """Delete the token with this id, which works no more. Raises ApiError where there is none."""
        with self._world.store.transaction() as db:
            bearer.delete(db, identifier)

    def scim_tokens(self) -> Mapping[str, Mapping[str, float]]:
        """Every token by its id, the oldest first: created_at and expires_at, seconds since the epoch."""
        with self._world.store.transaction() as db:
            return {
                token.id: {"created_at": token.created_at, "expires_at": token.expires_at}
                for token in bearer.listed(db)
            }

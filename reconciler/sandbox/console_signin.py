"""People who sign in with `aws login`: their sessions, whose they are, and what became of them."""

from __future__ import annotations

from reconciler.sandbox.console_base import ConsoleBase
from reconciler.sandbox.signin import sessions


class SigninConsole(ConsoleBase):
    """Sessions go by their ARNs."""

    def sign_in(
        self, account: str, user: str, permission_set: str = "", *, principal: str = "", client: str = "CLI"
    ) -> str:
        """Open a session for `user`: as the role of a set, or as a `principal` (an ARN); its ARN."""
        whose = principal or sessions.role_arn(account, permission_set)
        with self._open() as (db, _):
            region = self._world.store.meta()["region"]
            now = self._clock.now()
            return sessions.open_one(db, account, whose, user, client=client, region=region, now=now)

    def signed_in(self, account: str = "") -> list[tuple[str, str]]:
        """Account and user of each session that can be refreshed, sorted; of one account, if it is named."""
        with self._open() as (db, _):
            rows = db.execute(
                "SELECT account, person FROM signin_sessions WHERE status = ? AND ? IN ('', account)",
                (sessions.ACTIVE, account),
            )
            return sorted((str(where), str(who)) for where, who in rows)

"""The console of Identity Center: applications, and who is assigned to them."""

from __future__ import annotations

import secrets

from reconciler.sandbox.answers import invalid
from reconciler.sandbox.console_base import ConsoleBase, group_named, user_named


class ApplicationConsole(ConsoleBase):
    """Applications go by name; principals by user or display name."""

    def create_application(self, name: str) -> str:
        """Create an application and return its ARN."""
        with self._open() as (db, _):
            row = db.execute("SELECT value FROM meta WHERE key = 'instance_arn'").fetchone()
            owner = db.execute("SELECT value FROM meta WHERE key = 'management_account'").fetchone()
            instance = str(row[0]).rpartition("/")[2]
            arn = f"arn:aws:sso::{owner[0]}:application/{instance}/apl-{secrets.token_hex(8)}"
            db.execute("INSERT INTO applications (id, name) VALUES (?, ?)", (arn, name))
            return arn

    def assign_application(self, name: str, *, user: str | None = None, group: str | None = None) -> None:
        """Assign an application to a user or to a group; a second time changes nothing."""
        if (user is None) == (group is None):
            raise invalid("name a user or a group")
        with self._open() as (db, _):
            found = db.execute("SELECT id FROM applications WHERE name = ?", (name,)).fetchone()
            if found is None:
                raise invalid(f"There is no application {name}.")
            directory = self._world.directory(db)
            if user is not None:
                principal = ("USER", user_named(directory, user).id)
            else:
                principal = ("GROUP", group_named(directory, str(group)).id)
            db.execute(
                "INSERT OR IGNORE INTO application_assignments (application, principal_type, principal_id)"
                " VALUES (?, ?, ?)",
                (found[0], *principal),
            )

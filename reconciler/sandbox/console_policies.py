"""The console of AWS Organizations: service control policies, and who is denied where by them."""

from __future__ import annotations

from reconciler.sandbox import scp
from reconciler.sandbox.console_base import ConsoleBase, user_named


class PolicyConsole(ConsoleBase):
    """Policies go by their ids; targets are the id of an account or a unit, "" is the root."""

    def create_scp(self, name: str, content: str, *, target: str | None = "") -> str:
        """Make a service control policy, attached to `target` (None: to nothing); its id."""
        return self._make(scp.new_id(), name, content, target)

    def found_scp(self, policy: str, content: str) -> None:
        """Make one of this very id at the root, if it is not there."""
        with self._open() as (db, _):
            there = db.execute("SELECT 1 FROM scps WHERE id = ?", (policy,)).fetchone()
        if there is None:
            self._make(policy, policy, content, "")

    def scp_document(self, policy: str) -> str:
        """The document of a policy."""
        with self._open() as (db, _):
            return scp.get(db, policy)[3]

    def update_scp(self, policy: str, content: str) -> None:
        """Replace the document of a policy, as somebody does in the console."""
        with self._open() as (db, _):
            scp.get(db, policy)
            scp.check(content)
            db.execute("UPDATE scps SET content = ? WHERE id = ?", (content, policy))

    def remove_scp(self, policy: str) -> None:
        """Delete a policy and its attachments."""
        with self._open() as (db, _):
            scp.get(db, policy)
            db.execute("DELETE FROM scp_targets WHERE policy = ?", (policy,))
            db.execute("DELETE FROM scps WHERE id = ?", (policy,))

    def attach_scp(self, policy: str, target: str = "") -> None:
        """Attach a policy."""
        with self._open() as (db, _):
            scp.attach(db, policy, target or self._world.store.meta()["root_id"])

    def detach_scp(self, policy: str, target: str = "") -> None:
        """Take a policy from where it is attached."""
        with self._open() as (db, _):
            scp.detach(db, policy, target or self._world.store.meta()["root_id"])

    def denied(self, user: str) -> frozenset[str]:
        """The accounts in which a user, by name or (also of one who is gone) by id, is denied everything."""
        with self._open() as (db, _):
            found = self._world.directory(db).users.by_name(user)
            meta = self._world.store.meta()
            identifier = found.id if found is not None else user
            return scp.denied(db, meta["root_id"], meta["management_account"], identifier)

    def user_id(self, user: str) -> str:
        """The id of a user, by name."""
        with self._open() as (db, _):
            return user_named(self._world.directory(db), user).id

    def _make(self, policy: str, name: str, content: str, target: str | None) -> str:
        with self._open() as (db, _):
            root = self._world.store.meta()["root_id"]
            scp.prepare(db, root)
            scp.put(db, policy, name, "made in the console", content)
            if target is not None:
                scp.attach(db, policy, target or root)
        return policy

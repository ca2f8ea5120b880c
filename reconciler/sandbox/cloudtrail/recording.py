"""What is written is recorded as events, by triggers, whichever way it was written.

An event has who acted and by which channel: `console`, `api` or `scim`. What nobody does, such as the end of
a request that the service carries out by itself, is not recorded.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: the channel, the ARN of the session ("" for SCIM), the key, and the client's own words."""

    channel: str = ""
    by: str = ""
    key: str = ""
    agent: str = ""


NOBODY = Actor()


def _trigger(name: str, event: str, table: str, values: str, when: str = "1") -> str:
    """Record one kind of event: its kind and action, up to three ids, and one more detail."""
    return f"""
CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {table} WHEN actor_channel() <> '' AND {when} BEGIN
  INSERT INTO events (id, at, channel, by, key, agent, kind, action, one, two, three, more)
  SELECT actor_event(), actor_at(), actor_channel(), actor_by(), actor_key(), actor_agent(), {values};
END;"""


_BOTH = (
    "EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id)"
    " AND EXISTS (SELECT 1 FROM groups WHERE id = OLD.group_id)"
)
_BY_CONSOLE = "actor_channel() = 'console'"
_SET = (
    "(NEW.description IS NOT OLD.description OR NEW.session_duration IS NOT OLD.session_duration"
    " OR NEW.relay_state IS NOT OLD.relay_state)"
)

_TABLE = """
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, at REAL NOT NULL, channel TEXT NOT NULL,
  by TEXT NOT NULL, key TEXT NOT NULL, agent TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL,
  one TEXT NOT NULL, two TEXT NOT NULL, three TEXT NOT NULL, more TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_name ON events (kind, action, seq);"""
SCHEMA = "\n".join(
    (
        _TABLE,
        _trigger("user_made", "INSERT", "users", "'user', 'create', NEW.id, '', '', ''"),
        _trigger(
            "user_changed",
            "UPDATE",
            "users",
            "'user', CASE WHEN NEW.status = OLD.status THEN 'update'"
            " WHEN NEW.status = 'ENABLED' THEN 'enable' ELSE 'disable' END, NEW.id, '', '', ''",
            "NEW.revision IS NOT OLD.revision",
        ),
        _trigger("user_gone", "DELETE", "users", "'user', 'delete', OLD.id, '', '', ''"),
        _trigger("group_made", "INSERT", "groups", "'group', 'create', NEW.id, '', '', ''"),
        _trigger(
            "group_changed",
            "UPDATE",
            "groups",
            "'group', 'update', NEW.id, '', '', ''",
            "NEW.revision IS NOT OLD.revision",
        ),
        _trigger("group_gone", "DELETE", "groups", "'group', 'delete', OLD.id, '', '', ''"),
        _trigger(
            "member_made",
            "INSERT",
            "memberships",
            "'membership', 'create', NEW.group_id, NEW.user_id, NEW.id, ''",
        ),
        _trigger(
            "member_gone",
            "DELETE",
            "memberships",
            "'membership', 'delete', OLD.group_id, OLD.user_id, OLD.id, ''",
            # What goes with its user or its group is not an event of its own.
            _BOTH,
        ),
        _trigger("set_made", "INSERT", "permission_sets", "'set', 'create', NEW.id, '', '', ''"),
        _trigger("set_gone", "DELETE", "permission_sets", "'set', 'delete', OLD.id, '', '', ''"),
        _trigger("set_changed", "UPDATE", "permission_sets", "'set', 'update', NEW.id, '', '', ''", _SET),
        _trigger(
            "set_policy",
            "UPDATE",
            "permission_sets",
            "'set', iif(NEW.inline_policy IS NULL, 'delete-inline', 'put-inline'), NEW.id, '', '', ''",
            "NEW.inline_policy IS NOT OLD.inline_policy",
        ),
        _trigger(
            "set_boundary",
            "UPDATE",
            "permission_sets",
            "'set', iif(NEW.boundary IS NULL, 'delete-boundary', 'put-boundary'), NEW.id, '', '', ''",
            "NEW.boundary IS NOT OLD.boundary",
        ),
        _trigger(
            "policy_attached",
            "INSERT",
            "set_policies",
            "'set', 'attach-' || NEW.kind, NEW.set_id, '', '', NEW.policy",
        ),
        _trigger(
            "policy_detached",
            "DELETE",
            "set_policies",
            "'set', 'detach-' || OLD.kind, OLD.set_id, '', '', OLD.policy",
            "EXISTS (SELECT 1 FROM permission_sets WHERE id = OLD.set_id)",
        ),
        _trigger(
            "assignment_asked",
            "INSERT",
            "requests",
            "'assignment', NEW.kind, NEW.account, NEW.set_id, NEW.principal_id, NEW.principal_type",
            "NEW.kind IN ('create', 'delete')",
        ),
        _trigger(
            "assignment_made",
            "INSERT",
            "assignments",
            "'assignment', 'create', NEW.account, NEW.set_id, NEW.principal_id, NEW.principal_type",
            _BY_CONSOLE,
        ),
        _trigger(
            "assignment_gone",
            "DELETE",
            "assignments",
            "'assignment', 'delete', OLD.account, OLD.set_id, OLD.principal_id, OLD.principal_type",
            _BY_CONSOLE,
        ),
    )
)


def prepare(db: sqlite3.Connection, actor: Callable[[], Actor], now: Callable[[], float]) -> None:
    """Let the triggers of `db` ask who acts; `now` is in seconds since the epoch."""
    for name, value in (
        ("actor_channel", lambda: actor().channel),
        ("actor_by", lambda: actor().by),
        ("actor_key", lambda: actor().key),
        ("actor_agent", lambda: actor().agent),
        ("actor_at", now),
        ("actor_event", lambda: str(uuid.uuid4())),
    ):
        db.create_function(name, 0, value)

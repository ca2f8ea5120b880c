"""A file that the version before permission sets left behind still opens, and keeps what it holds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.sandbox import Sandbox
from tests.sandbox.aws import connected

# The tables as that version made them, word for word.
BEFORE = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS users (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name_key TEXT NOT NULL UNIQUE,
  email_key TEXT UNIQUE, status TEXT NOT NULL, revision TEXT NOT NULL, body TEXT NOT NULL,
  external TEXT NOT NULL DEFAULT '[]', created_at REAL NOT NULL, created_by TEXT NOT NULL,
  updated_at REAL NOT NULL, updated_by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS groups (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name_key TEXT NOT NULL UNIQUE,
  revision TEXT NOT NULL, body TEXT NOT NULL, external TEXT NOT NULL DEFAULT '[]',
  created_at REAL NOT NULL, created_by TEXT NOT NULL, updated_at REAL NOT NULL, updated_by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS memberships (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at REAL NOT NULL, created_by TEXT NOT NULL, UNIQUE (group_id, user_id));
CREATE VIEW IF NOT EXISTS user_records AS SELECT
  seq, id, status, revision, body, external, created_at, created_by, updated_at, updated_by FROM users;
CREATE VIEW IF NOT EXISTS group_records AS SELECT
  seq, id, '' AS status, revision, body, external, created_at, created_by, updated_at, updated_by FROM groups;
CREATE INDEX IF NOT EXISTS memberships_of_group ON memberships (group_id, seq);
CREATE INDEX IF NOT EXISTS memberships_of_user ON memberships (user_id, seq);
CREATE TABLE IF NOT EXISTS external_ids (
  kind TEXT NOT NULL, issuer TEXT NOT NULL, external_id TEXT NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY (kind, issuer, external_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS external_ids_of ON external_ids (id);
CREATE TABLE IF NOT EXISTS units (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, parent TEXT NOT NULL,
  name TEXT NOT NULL, path TEXT NOT NULL, UNIQUE (parent, name));
CREATE TABLE IF NOT EXISTS accounts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, parent TEXT NOT NULL,
  name TEXT NOT NULL, email TEXT NOT NULL, state TEXT NOT NULL, joined_at REAL NOT NULL);
CREATE VIEW IF NOT EXISTS account_records AS SELECT
  a.seq, a.id, a.name, a.email, a.state, a.joined_at, u.path, a.parent
  FROM accounts a LEFT JOIN units u ON u.id = a.parent;
CREATE TABLE IF NOT EXISTS tags (
  resource TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (resource, key)) WITHOUT ROWID;
"""
META = {
    "format": "1",
    "created_at": "1700000000.0",
    "region": "eu-central-1",
    "management_account": "111111111111",
    "identity_store_id": "d-0123456789",
    "instance_arn": "arn:aws:sso:::instance/ssoins-0123456789abcdef",
    "organization_id": "o-abcdefghij",
    "root_id": "r-abcd",
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "sandbox.sqlite"
    db = sqlite3.connect(path)
    try:
        db.executescript(BEFORE)
        db.executemany("INSERT INTO meta VALUES (?, ?)", META.items())
        db.execute(
            "INSERT INTO accounts (id, parent, name, email, state, joined_at)"
            " VALUES ('111111111111', 'r-abcd', 'management', 'aws@example.com', 'ACTIVE', 0)"
        )
        db.execute(
            "INSERT INTO groups"
            " (id, name_key, revision, body, created_at, created_by, updated_at, updated_by)"
            " VALUES ('0123456789-00000000-0000-0000-0000-000000000001', 'platform', '1',"
            " '{\"DisplayName\": \"Platform\"}', 0, 'x', 0, 'x')"
        )
        db.commit()
    finally:
        db.close()
    return path


def test_it_opens_with_everything_in_it_and_takes_permission_sets(old: Path) -> None:
    for _ in range(2):
        with Sandbox(old, throttling=False, latency=0) as sandbox, connected(sandbox) as aws:
            assert sandbox.instance_arn == META["instance_arn"]
            assert set(sandbox.store.groups()) == {"Platform"}
            if not sandbox.store.permission_sets():
                aws.sso.create_permission_set(InstanceArn=sandbox.instance_arn, Name="Admin")
                sandbox.store.put_assignment("111111111111", "Admin", group="Platform")
            assert sandbox.store.assignments() == {("111111111111", "Admin", "GROUP", "Platform")}


def test_a_file_of_a_later_version_is_refused(old: Path) -> None:
    db = sqlite3.connect(old)
    try:
        db.execute("UPDATE meta SET value = '2' WHERE key = 'format'")
        db.commit()
    finally:
        db.close()
    with pytest.raises(ReconcilerError, match="format 2"):
        Sandbox(old).start()

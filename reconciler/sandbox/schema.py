"""The tables of the sandbox's file.

AUTOINCREMENT everywhere: the number of a deleted row is never given again, so that page tokens stay true.
Every statement adds what is not there, so that a file of an earlier version opens, and gains what is new.
"""

from __future__ import annotations

SCHEMA = """
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
CREATE TABLE IF NOT EXISTS scim_tokens (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE,
  created_at REAL NOT NULL, expires_at REAL NOT NULL);
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
CREATE TABLE IF NOT EXISTS departed (
  parent TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (parent, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS permission_sets (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
  description TEXT, session_duration TEXT NOT NULL, relay_state TEXT, inline_policy TEXT, boundary TEXT,
  version INTEGER NOT NULL DEFAULT 1, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS set_policies (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, policy TEXT NOT NULL,
  set_id TEXT NOT NULL REFERENCES permission_sets (id) ON DELETE CASCADE, UNIQUE (set_id, kind, policy));
CREATE TABLE IF NOT EXISTS assignments (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, set_id TEXT NOT NULL REFERENCES permission_sets (id),
  account TEXT NOT NULL, principal_type TEXT NOT NULL, principal_id TEXT NOT NULL,
  UNIQUE (account, set_id, principal_type, principal_id));
CREATE INDEX IF NOT EXISTS assignments_of_principal ON assignments (principal_id, seq);
CREATE INDEX IF NOT EXISTS assignments_of_set ON assignments (set_id, seq);
CREATE TABLE IF NOT EXISTS provisioned (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, version INTEGER NOT NULL,
  set_id TEXT NOT NULL REFERENCES permission_sets (id) ON DELETE CASCADE, UNIQUE (set_id, account));
CREATE INDEX IF NOT EXISTS provisioned_to_account ON provisioned (account, seq);
CREATE TABLE IF NOT EXISTS requests (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, set_id TEXT NOT NULL,
  account TEXT, principal_type TEXT, principal_id TEXT, version INTEGER NOT NULL, created_at REAL NOT NULL,
  doomed TEXT, status TEXT NOT NULL, reason TEXT);
CREATE INDEX IF NOT EXISTS requests_by_status ON requests (kind, status, seq);
CREATE TABLE IF NOT EXISTS role_changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT, set_id TEXT NOT NULL, account TEXT NOT NULL,
  ends_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS role_changes_due ON role_changes (ends_at, seq);
CREATE INDEX IF NOT EXISTS role_changes_of_account ON role_changes (account, ends_at);
CREATE INDEX IF NOT EXISTS role_changes_of_request ON role_changes (request_id);
CREATE INDEX IF NOT EXISTS role_changes_of_set ON role_changes (set_id);
CREATE TABLE IF NOT EXISTS applications (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS application_assignments (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, application TEXT NOT NULL, principal_type TEXT NOT NULL,
  principal_id TEXT NOT NULL, UNIQUE (application, principal_type, principal_id));
CREATE TABLE IF NOT EXISTS account_policies (
  account TEXT NOT NULL, policy TEXT NOT NULL, PRIMARY KEY (account, policy)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account_troubles (account TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scps (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS scp_targets (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, policy TEXT NOT NULL, target TEXT NOT NULL, UNIQUE (policy, target));
CREATE TABLE IF NOT EXISTS signin_sessions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
  principal TEXT NOT NULL, person TEXT NOT NULL, status TEXT NOT NULL, issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, client TEXT NOT NULL, region TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '');
"""

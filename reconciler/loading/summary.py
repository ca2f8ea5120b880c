"""What was loaded, in one line."""

from __future__ import annotations

from reconciler.loading.load import Loaded

_WORDS = (
    ("users", "user", "users"),
    ("groups", "group", "groups"),
    ("permission_sets", "permission set", "permission sets"),
    ("accounts", "account", "accounts"),
    ("assignments", "assignment", "assignments"),
    ("blocked", "blocked user", "blocked users"),
    ("overrides", "override", "overrides"),
    ("leavers", "leaver", "leavers"),
    ("approvals", "approval", "approvals"),
)


def summary(loaded: Loaded) -> str:
    """One line without its end: "15 users, 6 groups in 9 files: all fine"."""
    counts = [
        _counted(len(getattr(loaded.identities, name)), one, many)
        for name, one, many in _WORDS
        if name in ("users", "groups") or getattr(loaded.identities, name)
    ]
    warnings = len(loaded.findings)
    verdict = f"valid, with {_counted(warnings, 'warning', 'warnings')}" if warnings else "all fine"
    return f"{', '.join(counts)} in {_counted(loaded.files, 'file', 'files')}: {verdict}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"

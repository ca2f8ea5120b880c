"""What a doctor says: one check after the other, each with what was found and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended. What could not be looked at is never OK."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Unseen:
    """In place of a fact that is not known; `why` is a sentence without a full stop."""

    why: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check by its stable name: `found` says what was seen, `fix` what to do, `details` which."""

    name: str
    outcome: Outcome
    found: str
    fix: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """All checks of one subject: a target, or a repository."""

    subject: str
    checks: tuple[Check, ...]

    @property
    def healthy(self) -> bool:
        """Whether no check found a problem."""
        return all(one.outcome is not Outcome.PROBLEM for one in self.checks)


def ok(name: str, found: str, details: Iterable[str] = ()) -> Check:
    """Looked at, and as it must be."""
    return Check(name, Outcome.OK, found, details=tuple(details))


def warning(name: str, found: str, fix: str = "", details: Iterable[str] = ()) -> Check:
    """Something to know, which stops nothing."""
    return Check(name, Outcome.WARNING, found, fix, tuple(details))


def problem(name: str, found: str, fix: str, details: Iterable[str] = ()) -> Check:
    """Not as it must be."""
    return Check(name, Outcome.PROBLEM, found, fix, tuple(details))


def not_checked(name: str, why: str | Unseen, fix: str = "", details: Iterable[str] = ()) -> Check:
    """Could not be looked at."""
    text = why.why if isinstance(why, Unseen) else why
    return Check(name, Outcome.NOT_CHECKED, text, fix, tuple(details))

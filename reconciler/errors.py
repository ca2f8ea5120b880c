"""Everything that this package raises on purpose, and the exit code that each stands for.

ReconcilerError                     1
├── InputError                      1   what people wrote; carries every problem at once
├── RecordError                     1   the memory of the last apply is missing, shallow or foreign
├── PlanFileError                   1   a saved plan that cannot be read
├── ServiceError                    1   an answer, or the lack of one, from a service
│   ├── Denied                      1   401 or 403: never read as absence
│   ├── Throttled                   1   still throttled after every retry
│   ├── Conflict                    1   the object exists, or changed meanwhile (see .reason)
│   ├── NotFound                    1   the object does not exist
│   ├── Rejected                    1   the service refuses the request for good
│   ├── IncompleteRead              1   an answer that cannot be trusted to be whole
│   └── OutcomeUnknown              1   a write whose answer was lost
├── Refused                         3   by a guard or a rule
├── Stale                           4   the world or git moved since the review
├── Locked                          5   another apply holds the lock, or has taken it
├── AppliedInPart                   6   some writes were done, not all
└── UsageError                     64   the command line makes no sense

Exit code 0 is "done, or nothing to do" and 2 is "changes pending"; neither is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a file; line and column count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what people wrote.

    `message` says what is wrong, `fix` what to write instead; `place` is None only where no line of a
    file is to blame (a folder that does not exist).
    """

    message: str
    fix: str | None = None
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message}" + (f" ({self.fix})" if self.fix else "")


# Interrupted before anything was written: 128 and the number of the signal, as shells have it (POSIX, "Exit
# Status for Commands"). Which of both it was is known to the entry point alone.
INTERRUPTED, TERMINATED = 130, 143


class ReconcilerError(Exception):
    """The root; the command line prints it without a traceback and exits with `exit_code`."""

    exit_code = 1


class InputError(ReconcilerError):
    """What people wrote is wrong; `problems` holds every fault that was found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class RecordError(ReconcilerError):
    """The memory of the last whole apply cannot be used; the message says what to run."""


class PlanFileError(ReconcilerError):
    """A saved plan is unreadable, was altered, or has a format that this version does not know."""


class ServiceError(ReconcilerError):
    """A service answered with an error, or with something that is not an answer.

    `target` and `request` name whom was asked what; `code` and `reason` are the service's own words,
    `request_id` what its support asks for. `rests_on` says of a configuration that is used in place of the
    one in the files, where there is one.
    """

    rests_on = ""

    def __init__(
        self,
        message: str,
        *,
        target: str = "",
        request: str = "",
        code: str = "",
        reason: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.target, self.request, self.code = target, request, code
        self.reason, self.request_id = reason, request_id

    def __str__(self) -> str:
        asked = " ".join(part for part in (self.target, self.request) if part)
        coded = " ".join(part for part in (self.code, self.reason) if part)
        text = super().__str__()
        head = f"{asked}: " if asked else ""
        tail = f" [{coded}]" if coded else ""
        trace = f" (request id {self.request_id})" if self.request_id else ""
        rests = f"; {self.rests_on}" if self.rests_on else ""
        return f"{head}{text}{tail}{trace}{rests}"


class Denied(ServiceError):
    """The caller may not do this. Never absence."""


class Throttled(ServiceError):
    """The service still says 'too fast' after every retry."""


class Conflict(ServiceError):
    """The object exists already, or changed since it was read; `reason` tells which."""


class NotFound(ServiceError):
    """The object that the request names does not exist."""


class Rejected(ServiceError):
    """The service refuses the request itself; trying again changes nothing."""


class IncompleteRead(ServiceError):
    """A list that cannot be trusted to be whole; nothing may be removed on its word."""


class OutcomeUnknown(ServiceError):
    """The answer to a write was lost; whether it took effect must be looked up.

    `answered` says that an answer of success came which tells nothing of what was done; where `code` is a
    status, the service answered that it failed.
    """

    answered = False


class Refused(ReconcilerError):
    """A guard or a rule says no; the plan says which, why, and what would lift it."""

    exit_code = 3


class Stale(ReconcilerError):
    """What would be done is not what was reviewed; nothing was written."""

    exit_code = 4


class Locked(ReconcilerError):
    """Another apply holds the lock, or has taken it over; the message says who, where and since when."""

    exit_code = 5


class AppliedInPart(ReconcilerError):
    """At least one write was done and at least one was not."""

    exit_code = 6


class UsageError(ReconcilerError):
    """The command line makes no sense."""

    exit_code = 64

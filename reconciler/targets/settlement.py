"""How a write ends whose answer was lost, or that was refused for a reason that a look may explain.

The only place that decides it: look, then adopt what is there, send again, or say that nobody knows. A
request is sent again only after a look has shown that it did nothing. Each channel says how it sends, how it
looks and what it makes of what it sees (Write).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from reconciler.errors import Denied, OutcomeUnknown, ServiceError
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status

Found = TypeVar("Found")
End = TypeVar("End")
End_co = TypeVar("End_co", covariant=True)
Sleep = Callable[[float], None]

# How often one request is sent at most, where a look says each time that nothing was done.
TRIES = 3
# Seconds of the service's time before another look, or another try: reads may lag behind writes.
PATIENCE = (1.0, 3.0)


class EndedError(Exception):
    """The step ends here: FAILED, PARTLY, or UNKNOWN where an answer was lost and looking did not settle it.

    `error` is what the service said last; `remote_id` the object that is there all the same; `wrote` says
    that writes of the step were answered with success.
    """

    def __init__(
        self,
        message: str,
        *,
        status: Status = Status.FAILED,
        error: ServiceError | None = None,
        remote_id: str = "",
        wrote: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.error, self.remote_id, self.wrote = status, error, remote_id, wrote


@dataclass(frozen=True, slots=True)
class Tried:
    """How every request of one write ended so far, in order; none where it was not sent yet."""

    errors: tuple[ServiceError, ...] = ()

    @property
    def lost(self) -> OutcomeUnknown | None:
        """The last answer that was lost, of whichever request."""
        return next((one for one in reversed(self.errors) if isinstance(one, OutcomeUnknown)), None)

    @property
    def refusal(self) -> ServiceError | None:
        """What the last request was refused with; None where its answer was lost."""
        last = self.errors[-1] if self.errors else None
        return None if isinstance(last, OutcomeUnknown) else last

    @property
    def alike(self) -> int:
        """How many requests ended as the last one did."""
        return sum(type(one) is type(self.errors[-1]) for one in self.errors)


class Write(Protocol[Found, End_co]):
    """One write of one channel."""

    def send(self, tried: Tried) -> End_co:
        """Send it once; how it ended. Raises ServiceError, OutcomeUnknown where the answer was lost."""

    def is_open(self, refusal: ServiceError) -> bool:
        """Whether a look may show how it ended, although it was refused. Otherwise `refusal` is raised."""

    def look(self, tried: Tried) -> Found:
        """What is there now. Raises ServiceError."""

    def judge(self, found: Found, tried: Tried) -> End_co | None:
        """How it ended, by what is there; None where nothing was done, so that it may be sent again."""

    def again(self, tried: Tried) -> float | None:
        """Seconds of the service's time until it is sent again; None: it is not."""

    def give_up(self, tried: Tried) -> End_co:
        """How it ends that is not sent again, or an error that says so."""


def settle(write: Write[Found, End], sleep: Sleep, lost: OutcomeUnknown | None = None) -> End:
    """Carry out one write and say how it ended. `lost`: it was sent before, so that a look comes first.

    Raises EndedError (UNKNOWN) where an answer was lost and looking fails as well, ServiceError where it was
    refused, and what `write` raises.
    """
    tried, sends = (Tried(), True) if lost is None else (Tried((lost,)), False)
    while True:
        if sends:
            try:
                return write.send(tried)
            except OutcomeUnknown as error:
                tried = Tried((*tried.errors, error))
            except ServiceError as error:
                if not write.is_open(error):
                    raise
                tried = Tried((*tried.errors, error))
        sends = True
        end = write.judge(looked(partial(write.look, tried), tried.lost), tried)
        if end is not None:
            return end
        wait = write.again(tried)
        if wait is None:
            return write.give_up(tried)
        if wait:
            sleep(wait)


def looked(look: Callable[[], Found], lost: OutcomeUnknown | None) -> Found:
    """What `look` sees. Where it fails: EndedError (UNKNOWN) after a `lost` answer, else its error."""
    try:
        return look()
    except ServiceError as error:
        if lost is None:
            raise
        message = f"{lost}; looking did not settle it: {error}"
        raise EndedError(message, status=Status.UNKNOWN, error=error) from error


def patiently(look: Callable[[], Found | None], sleep: Sleep) -> Found | None:
    """Look, and look again where nothing is there that must be, because reads may lag behind writes."""
    found = look()
    for seconds in PATIENCE:
        if found is not None:
            break
        sleep(seconds)
        found = look()
    return found


def few(tried: Tried) -> float | None:
    """At once, TRIES times in all; what was sent before counts."""
    return 0.0 if len(tried.errors) < TRIES else None


def ended(step: Step, error: EndedError | ServiceError) -> Outcome:
    """How a step ends by an error; one that denies stops all further writes to the target."""
    cause = error if isinstance(error, ServiceError) else error.error
    status = Status.FAILED
    if isinstance(error, EndedError):
        status = error.status
    elif isinstance(error, OutcomeUnknown):
        status = Status.UNKNOWN
    request_id = cause.request_id if cause is not None else ""
    return Outcome(step.id, status, str(error), request_id=request_id, stop=isinstance(cause, Denied))

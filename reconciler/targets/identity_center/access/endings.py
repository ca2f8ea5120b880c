"""How a step of permission sets or assignments ends when it does not end well, as an exception."""

from __future__ import annotations

from reconciler.errors import ServiceError
from reconciler.model.report import Status


class EndedError(Exception):
    """The step ends here: FAILED, PARTLY, or UNKNOWN where an answer was lost and looking did not settle it.

    `error` is what the service said last; `remote_id` the set that is there all the same; `wrote` says that
    writes of the step were answered with success.
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


def unsettled(lost: ServiceError, error: ServiceError) -> EndedError:
    """An answer was lost, and looking failed as well."""
    message = f"{lost}; looking did not settle it: {error}"
    return EndedError(message, status=Status.UNKNOWN, error=error)

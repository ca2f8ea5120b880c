"""Calls that are made to see whether they may be made: the answer, or how it was refused, by IAM action."""

from __future__ import annotations

from typing import Any

from reconciler.doctor.aws.facts import Asked, Reply, reply_of
from reconciler.errors import Rejected, ServiceError
from reconciler.wire.aws import Aws
from reconciler.wire.aws_errors import RequestInfo

# Calls in a row without any answer, each tried several times: nobody is there.
_PATIENCE = 2
_OUTSIDE = "AWSOrganizationsNotInUseException"


class Asking:
    """Remembers how each action was answered. Raises nothing."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._asked: dict[str, Asked] = {}
        self.errors: list[ServiceError] = []
        # Whether AWS said that the account is in no organization.
        self.outside = False
        self._unanswered = 0

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every action that was tried, or could not be, in this order."""
        return tuple(self._asked.values())

    @property
    def last(self) -> str:
        """What the last call was refused with."""
        return str(self.errors[-1]) if self.errors else ""

    def ask(self, service: str, operation: str, **params: Any) -> dict[str, Any] | None:
        """The answer; None where there is none, and `asked` says why."""
        action = RequestInfo("", service, operation, mutates=False).action
        if self._unanswered >= _PATIENCE:
            self._asked[action] = Asked(action, Reply.UNTRIED, "AWS did not answer before")
            return None
        try:
            answer = self._aws.call(service, operation, mutates=False, **params)
        except ServiceError as error:
            self.errors.append(error)
            self._unanswered = 0 if error.code else self._unanswered + 1
            reply = reply_of(error)
            if isinstance(error, Rejected) and error.code == _OUTSIDE:
                self.outside, reply = True, Reply.ANSWERED
            self._asked[action] = Asked(action, reply, str(error))
            return None
        self._unanswered = 0
        self._asked[action] = Asked(action, Reply.ANSWERED)
        return answer

    def skip(self, service: str, operation: str, why: str = "") -> None:
        """Note that there is nothing to ask an operation about."""
        action = RequestInfo("", service, operation, mutates=False).action
        self._asked.setdefault(action, Asked(action, Reply.UNTRIED, why))

"""Looks how requests stand that the service carries out on its own time: in bulk, and never for nothing.

One list says what still is in progress. What is not in it has ended; where many have, one page of those
that succeeded may name them at once, and only the others are asked about one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.errors import Conflict, Denied, NotFound, ServiceError, Throttled
from reconciler.model.report import Outcome, Pending, Status
from reconciler.targets.identity_center.access import failures
from reconciler.targets.identity_center.access.api import FAILED, IN_PROGRESS, SUCCEEDED, Operation, Raw, Sso
from reconciler.targets.identity_center.access.failures import Means
from reconciler.targets.identity_center.access.requesting import Requester
from reconciler.targets.identity_center.access.requests import Request, request_of
from reconciler.targets.settlement import EndedError

# From so many ended requests on, a page of those that succeeded is worth its call.
_MANY = 3
# A request is given up when its time is over and it was looked at so often: time alone would condemn what
# a machine that slept, or a run long ago, left behind.
_LOOKS = 60
# A RequestId that is not known for so many seconds and looks never will be (fresh ones may not be found
# for a while: terraform-provider-aws takes that for pending).
_UNKNOWN_FOR, _UNKNOWN_LOOKS = timedelta(seconds=60), 10
# Seconds of the service's time before a request that failed is sent again, and how often it is sent in all.
_AGAIN = (5.0, 15.0, 30.0)
_TRIES = len(_AGAIN) + 1
# What refuses a request now and perhaps not later.
_PASSING = (Conflict, NotFound, Throttled)
# How often in a row a look may fail.
_TROUBLES = 8
# What provisioning may take more for each account, in seconds.
_EACH = 5.0


class Poller:
    """Looks after what is pending. `speed` is how many times faster than ours the service's time runs."""

    def __init__(
        self, sso: Sso, requester: Requester, now: Callable[[], datetime], speed: Callable[[], float]
    ) -> None:
        self._sso, self._requester, self._now, self._speed = sso, requester, now, speed
        # Operations whose list of successes begins with the oldest ones: then it tells nothing of ours.
        self._useless: set[Operation] = set()

    def poll(self, pendings: Sequence[Pending]) -> tuple[Outcome | Pending, ...]:
        """How they stand, in the same order. Raises nothing: what cannot be looked at stays pending."""
        answers: dict[int, Outcome | Pending] = {}
        running: dict[Operation, dict[int, Request]] = {}
        for index, pending in enumerate(pendings):
            try:
                request = request_of(pending)
            except ValueError as error:
                message = f"this version cannot look after it ({error}); plan again to see how it ended"
                answers[index] = Outcome(pending.step, Status.UNKNOWN, message)
                continue
            if request.again is None:
                running.setdefault(request.operation, {})[index] = request
            else:
                answers[index] = self._once_more(request, request.again)
        for operation, requests in running.items():
            answers |= self._look(operation, requests)
        return tuple(answers[index] for index in range(len(pendings)))

    def _once_more(self, request: Request, due: datetime) -> Outcome | Pending:
        """Send it again, if it is time."""
        if self._now() < due:
            return request.pending()
        fresh = replace(request, id="", again=None, looks=0, troubles=0)
        try:
            # Whoever polls looks after others as well, so that no time is spent here on waiting.
            return self._requester.send(fresh, patient=False)
        except EndedError as ended:
            if isinstance(ended.error, _PASSING) and request.tries < _TRIES:
                return self._later(request)
            return Outcome(request.step, ended.status, str(ended), request_id=request.id)
        except ServiceError as error:
            stop = isinstance(error, Denied)
            return Outcome(request.step, Status.FAILED, str(error), request_id=request.id, stop=stop)

    def _later(self, request: Request) -> Pending:
        """It shall be sent once more, after a while."""
        wait = timedelta(seconds=_AGAIN[request.tries - 1] / self._speed())
        return replace(request, again=self._now() + wait, tries=request.tries + 1).pending()

    def _look(
        self, operation: Operation, requests: Mapping[int, Request]
    ) -> Iterator[tuple[int, Outcome | Pending]]:
        try:
            known = self._briefly(operation, {request.id for request in requests.values()})
        except ServiceError as error:
            for index, request in requests.items():
                yield index, self._troubled(request, error)
            return
        for index, request in requests.items():
            status = known.get(request.id)
            if status == IN_PROGRESS:
                yield index, self._unfinished(request)
            elif status == SUCCEEDED:
                yield index, self._done(request)
            else:
                yield index, self._closely(request)

    def _briefly(self, operation: Operation, wanted: set[str]) -> Mapping[str, str]:
        """The status of those that the lists tell of."""
        if len(wanted) < 2:
            return {}
        pages = self._sso.requests(operation, IN_PROGRESS)
        known = {str(brief["RequestId"]): IN_PROGRESS for page in pages for brief in page}
        ended = wanted - known.keys()
        if len(ended) >= _MANY and operation not in self._useless:
            page = next(iter(self._sso.requests(operation, SUCCEEDED)), ())
            succeeded = {str(brief["RequestId"]): SUCCEEDED for brief in page}
            if not ended & succeeded.keys():
                self._useless.add(operation)
            known |= succeeded
        return known

    def _closely(self, request: Request) -> Outcome | Pending:
        """Ask about this one."""
        try:
            raw = self._sso.request(request.operation, request.id)
            if raw is None:
                return self._unknown(request)
        except ServiceError as error:
            return self._troubled(request, error)
        if raw["Status"] == FAILED:
            return self._failed(request, raw)
        return self._done(request) if raw["Status"] == SUCCEEDED else self._unfinished(request)

    @staticmethod
    def _done(request: Request) -> Outcome:
        return Outcome(request.step, Status.DONE, request_id=request.id)

    def _failed(self, request: Request, raw: Raw) -> Outcome | Pending:
        reason = str(raw.get("FailureReason") or "")
        means = failures.classify(reason).means
        if means is Means.ABSENT and request.operation is Operation.UNASSIGN:
            message = "the assignment is gone already"
            return Outcome(request.step, Status.UNNECESSARY, message, request_id=request.id)
        if means is Means.ABSENT and request.operation is Operation.PROVISION:
            return self._absent_role(request, reason)
        if means is Means.AGAIN and request.tries < _TRIES:
            return self._later(request)
        message = failures.explained(reason)
        if request.tries > 1:
            message = f"tried {request.tries} times: {message}"
        return Outcome(request.step, Status.FAILED, message, request_id=request.id)

    def _absent_role(self, request: Request, reason: str) -> Outcome | Pending:
        """A role that was to be brought up to date is gone: as wished, unless other accounts still lag."""
        try:
            if self._requester.is_as_wished(request):
                message = "the role is gone with its last assignment"
                return Outcome(request.step, Status.UNNECESSARY, message, request_id=request.id)
        except NotFound:
            message = "the permission set is gone already"
            return Outcome(request.step, Status.UNNECESSARY, message, request_id=request.id)
        except ServiceError as error:
            return self._troubled(request, error)
        if request.tries < _TRIES:
            return self._later(request)
        return Outcome(request.step, Status.FAILED, failures.explained(reason), request_id=request.id)

    def _unfinished(self, request: Request) -> Outcome | Pending:
        """It is under way; given up when its time is over."""
        request = replace(request, looks=request.looks + 1, troubles=0)
        age = request.age(self._now(), self._speed()).total_seconds()
        if age <= request.patience or request.looks < _LOOKS:
            return request.pending()
        if request.operation is Operation.PROVISION and request.account is None:
            try:
                accounts = sum(len(page) for page in self._sso.accounts_of(request.arn))
            except ServiceError as error:
                return self._troubled(request, error)
            patience = 600.0 + _EACH * accounts
            if age <= patience:
                return replace(request, patience=patience).pending()
        message = (
            f"it is still in progress after {age / 60:.0f} minutes; request {request.id} may yet be carried"
            " out, and the next plan shows how it ended"
        )
        return Outcome(request.step, Status.UNKNOWN, message, request_id=request.id)

    def _unknown(self, request: Request) -> Outcome | Pending:
        """The service does not know the RequestId, or not yet. Raises ServiceError."""
        request = replace(request, looks=request.looks + 1, troubles=0)
        young = request.age(self._now(), self._speed()) <= _UNKNOWN_FOR
        if young or request.looks < _UNKNOWN_LOOKS:
            return request.pending()
        if self._requester.is_as_wished(request):
            return self._done(request)
        message = f"the service does not know request {request.id}; the next plan shows what became of it"
        return Outcome(request.step, Status.UNKNOWN, message, request_id=request.id)

    @staticmethod
    def _troubled(request: Request, error: ServiceError) -> Outcome | Pending:
        """It could not be looked at; a while of that is borne."""
        request = replace(request, troubles=request.troubles + 1)
        stop = isinstance(error, Denied)
        if request.troubles < _TROUBLES and not stop:
            return request.pending()
        message = f"request {request.id} was accepted, but how it ended cannot be seen: {error}"
        return Outcome(request.step, Status.UNKNOWN, message, request_id=request.id, stop=stop)

"""Asks for assignments and provisioning, which the service then carries out on its own time.

Asking twice does no harm (an assignment that exists may be asked for again, one that is gone is "not
found"), but a request whose answer was lost is under way all the same, and its RequestId is worth having:
so it is looked for before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, ServiceError, Throttled
from reconciler.model.report import Outcome, Pending, Status
from reconciler.targets.identity_center.access.api import IN_PROGRESS, OUTDATED, Operation, Raw, Sso
from reconciler.targets.identity_center.access.requests import Request
from reconciler.targets.settlement import EndedError, Tried, settle

# How often each kind of refusal is met in all. A conflict is an earlier write that has not spread yet, or
# another request for the same that is under way; too many outstanding requests are refused as throttling,
# which has been waited for before it comes here; what is not found was perhaps only just made.
_TRIES: dict[type[ServiceError], int] = {Conflict: 9, Throttled: 4, NotFound: 3, OutcomeUnknown: 3}
# Seconds of the service's time before the first repetition; it doubles up to the second.
_FIRST, _LONGEST = 2.0, 60.0
# Seconds before another look for what was asked under an answer that was lost.
_LOOKS = (0.0, 1.0, 3.0)


class Requester:
    """Sends requests. `sleep` waits seconds of the service's time, `now` is our own clock. Thread-safe."""

    def __init__(self, sso: Sso, sleep: Callable[[float], None], now: Callable[[], datetime]) -> None:
        self._sso, self._sleep, self._now = sso, sleep, now

    def send(self, request: Request, *, patient: bool = True) -> Outcome | Pending:
        """Ask for it, again after a while where that may help, unless not `patient`.

        Raises EndedError, or ServiceError where it cannot be asked.
        """
        return settle(_Asking(self, request, patient=patient), self._sleep)

    def is_as_wished(self, request: Request) -> bool:
        """Whether the world is as if the request had been carried out. Raises ServiceError."""
        if request.operation is Operation.PROVISION:
            pages = self._sso.accounts_of(request.arn, OUTDATED)
            outdated = {account for page in pages for account in page}
            return request.account not in outdated if request.account else not outdated
        account, principal = request.grant
        try:
            rows = [row for page in self._sso.assignments(account, request.arn) for row in page]
        except NotFound:
            if request.operation is Operation.UNASSIGN and self._sso.permission_set(request.arn) is None:
                return True
            raise
        wanted = (principal.kind.value.upper(), principal.id)
        there = any((row.get("PrincipalType"), row.get("PrincipalId")) == wanted for row in rows)
        return there is (request.operation is Operation.ASSIGN)

    def ask(self, request: Request) -> Pending:
        """Send it once. Raises ServiceError."""
        return replace(request, id=str(self._asked(request)["RequestId"]), at=self._now()).pending()

    def _asked(self, request: Request) -> Raw:
        if request.operation is Operation.PROVISION:
            return self._sso.provision(request.arn, request.account)
        account, principal = request.grant
        if request.operation is Operation.ASSIGN:
            return self._sso.create_assignment(account, request.arn, principal)
        return self._sso.delete_assignment(account, request.arn, principal)

    def found(self, request: Request) -> Outcome | Pending | None:
        """What became of a request whose answer was lost; None where every look shows nothing."""
        for seconds in _LOOKS:
            self._sleep(seconds)
            identifier = self._under_way(request)
            if identifier:
                return replace(request, id=identifier, at=self._now()).pending()
            if self.is_as_wished(request):
                return Outcome(request.step, Status.DONE)
        return None

    def _under_way(self, request: Request) -> str:
        """The id of a request for the same that has not ended: the briefs do not tell, each is asked."""
        for page in self._sso.requests(request.operation, IN_PROGRESS):
            for brief in page:
                raw = self._sso.request(request.operation, str(brief["RequestId"]))
                if raw is not None and raw["Status"] == IN_PROGRESS and request.is_about(raw):
                    return str(brief["RequestId"])
        return ""


class _Asking:
    """One request; implements Write."""

    def __init__(self, requester: Requester, request: Request, *, patient: bool) -> None:
        self._requester, self._request, self._patient = requester, request, patient

    def send(self, _tried: Tried) -> Outcome | Pending:
        return self._requester.ask(self._request)

    def is_open(self, refusal: ServiceError) -> bool:
        return type(refusal) in _TRIES

    def look(self, tried: Tried) -> Outcome | Pending | None:
        if tried.refusal is None:
            try:
                return self._requester.found(self._request)
            except NotFound:
                # What it is about is not there (yet); to ask again says which.
                return None
        about_absence = isinstance(tried.refusal, NotFound) and self._request.operation is Operation.UNASSIGN
        if about_absence and self._requester.is_as_wished(self._request):
            if tried.lost:
                return Outcome(self._request.step, Status.DONE)
            return Outcome(self._request.step, Status.UNNECESSARY, "the assignment is gone already")
        return None

    def judge(self, found: Outcome | Pending | None, _tried: Tried) -> Outcome | Pending | None:
        return found

    def again(self, tried: Tried) -> float | None:
        if not self._patient or tried.alike >= _TRIES[type(tried.errors[-1])]:
            return None
        return float(min(_FIRST * 2 ** (tried.alike - 1), _LONGEST))

    def give_up(self, tried: Tried) -> Outcome | Pending:
        failure = tried.errors[-1]
        status = Status.FAILED if tried.refusal else Status.UNKNOWN
        raise EndedError(f"{failure}{_hint(self._request, failure)}", status=status, error=failure)


def _hint(request: Request, failure: ServiceError) -> str:
    if isinstance(failure, Conflict):
        return "; something else that concerns the same is under way: plan again in some minutes"
    if isinstance(failure, Throttled):
        return "; too much is under way at once, by others as well: plan again when they are done"
    if isinstance(failure, NotFound) and request.account:
        return f"; check that the permission set and account {request.account} are there, and plan again"
    return ""

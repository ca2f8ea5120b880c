"""Asks for assignments and provisioning, which the service then carries out on its own time.

Asking twice does no harm (an assignment that exists may be asked for again, one that is gone is "not
found"), but a request whose answer was lost is under way all the same, and its RequestId is worth having:
so it is looked for before anything is sent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, ServiceError, Throttled
from reconciler.model.report import Outcome, Pending, Status
from reconciler.targets.identity_center.access.api import IN_PROGRESS, OUTDATED, Operation, Raw, Sso
from reconciler.targets.identity_center.access.endings import EndedError, unsettled
from reconciler.targets.identity_center.access.requests import Request

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
        met: Counter[type[ServiceError]] = Counter()
        while True:
            try:
                raw = self._ask(request)
                return replace(request, id=str(raw["RequestId"]), at=self._now()).pending()
            except NotFound as error:
                kind: type[ServiceError] = NotFound
                failure: ServiceError = error
                if request.operation is Operation.UNASSIGN and self.is_as_wished(request):
                    return self._absent(request, done=met[OutcomeUnknown] > 0)
            except (Conflict, Throttled, OutcomeUnknown) as error:
                kind, failure = type(error), error
                if isinstance(error, OutcomeUnknown):
                    found = self._settle(request, error)
                    if found is not None:
                        return found
            met[kind] += 1
            if not patient or met[kind] >= _TRIES[kind]:
                status = Status.UNKNOWN if kind is OutcomeUnknown else Status.FAILED
                raise EndedError(f"{failure}{_hint(request, kind)}", status=status, error=failure)
            self._sleep(min(_FIRST * 2 ** (met[kind] - 1), _LONGEST))

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

    def _ask(self, request: Request) -> Raw:
        if request.operation is Operation.PROVISION:
            return self._sso.provision(request.arn, request.account)
        account, principal = request.grant
        if request.operation is Operation.ASSIGN:
            return self._sso.create_assignment(account, request.arn, principal)
        return self._sso.delete_assignment(account, request.arn, principal)

    def _settle(self, request: Request, lost: OutcomeUnknown) -> Outcome | Pending | None:
        """What became of a request whose answer was lost; None where every look shows nothing."""
        try:
            for seconds in _LOOKS:
                self._sleep(seconds)
                identifier = self._under_way(request)
                if identifier:
                    return replace(request, id=identifier, at=self._now()).pending()
                if self.is_as_wished(request):
                    return Outcome(request.step, Status.DONE)
        except NotFound:
            # What it is about is not there (yet); to ask again says which.
            return None
        except ServiceError as error:
            raise unsettled(lost, error) from error
        return None

    def _under_way(self, request: Request) -> str:
        """The id of a request for the same that has not ended: the briefs do not tell, each is asked."""
        for page in self._sso.requests(request.operation, IN_PROGRESS):
            for brief in page:
                raw = self._sso.request(request.operation, str(brief["RequestId"]))
                if raw is not None and raw["Status"] == IN_PROGRESS and request.is_about(raw):
                    return str(brief["RequestId"])
        return ""

    @staticmethod
    def _absent(request: Request, *, done: bool) -> Outcome:
        if done:
            return Outcome(request.step, Status.DONE)
        return Outcome(request.step, Status.UNNECESSARY, "the assignment is gone already")


def _hint(request: Request, kind: type[ServiceError]) -> str:
    if kind is Conflict:
        return "; something else that concerns the same is under way: plan again in some minutes"
    if kind is Throttled:
        return "; too much is under way at once, by others as well: plan again when they are done"
    if kind is NotFound and request.account:
        return f"; check that the permission set and account {request.account} are there, and plan again"
    return ""

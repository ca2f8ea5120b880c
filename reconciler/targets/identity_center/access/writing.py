"""Carries out the steps of permission sets, provisioning and assignments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.errors import Denied, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.pairs import Principal
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending
from reconciler.targets.identity_center.access.api import Operation, Sso
from reconciler.targets.identity_center.access.polling import Poller
from reconciler.targets.identity_center.access.requesting import Requester
from reconciler.targets.identity_center.access.requests import Request
from reconciler.targets.identity_center.access.set_writing import SetWriter
from reconciler.targets.settlement import EndedError
from reconciler.wire.clock import Clock

KINDS = frozenset((Kind.PERMISSION_SET, Kind.PROVISIONING, Kind.ASSIGNMENT))
# Seconds of the service's time; terraform-provider-aws waits as long before it gives up.
_ASSIGNING, _PROVISIONING = 300.0, 600.0
# The code of a refusal of this action; others say that the credentials are no good.
_REFUSED = ("AccessDeniedException", "AccessDenied")


class AccessWriter:
    """Writes to one instance. Thread-safe.

    `speed` is how many times faster than ours the service's time runs; `management` the account that owns
    the instance, in which a delegated administrator may do nothing.
    """

    def __init__(
        self, sso: Sso, *, clock: Clock, speed: Callable[[], float], management: Callable[[], str]
    ) -> None:
        def sleep(seconds: float) -> None:
            clock.sleep(seconds / speed())

        self._sso, self._now, self._management = sso, clock.now, management
        self._sets = SetWriter(sso, sleep)
        self._requester = Requester(sso, sleep, clock.now)
        self._poller = Poller(sso, self._requester, clock.now, speed)

    def submit(
        self, step: Step, ids: Mapping[Address, str], _versions: Mapping[Address, str]
    ) -> Outcome | Pending:
        """Carry out a step of one of KINDS; see Target. Sets have no versions."""
        arn = _arn(step, ids)
        try:
            if step.address.kind is Kind.PERMISSION_SET:
                return self._sets.write(step, arn)
            return self._requester.send(self._request(step, str(arn), ids))
        except EndedError as ended:
            return self._ended(step, arn, ended)
        except ServiceError as error:
            return self._ended(step, arn, EndedError(str(error), error=error))

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        """How what `submit` left pending stands now, in the same order; see Target.

        A Pending that comes back replaces the one that was given.
        """
        return self._poller.poll(pendings)

    def _request(self, step: Step, arn: str, ids: Mapping[Address, str]) -> Request:
        account = step.address.account
        if step.address.kind is Kind.PROVISIONING:
            return Request(
                step.id, Operation.PROVISION, arn, account or None, None, self._now(), patience=_PROVISIONING
            )
        who = step.refs["principal"]
        principal = Principal(who.kind, ids[who])
        operation = Operation.ASSIGN if step.action is Action.CREATE else Operation.UNASSIGN
        return Request(step.id, operation, arn, account, principal, self._now(), patience=_ASSIGNING)

    def _ended(self, step: Step, arn: str | None, ended: EndedError) -> Outcome:
        message, stop = str(ended), isinstance(ended.error, Denied)
        if stop and self._is_about_management(step, arn, ended.error):
            stop = False
            message += (
                "; a delegated administrator has no say where the management account is concerned: run it"
                " from there, or keep permission sets of their own for the management account"
            )
        return Outcome(
            step.id,
            ended.status,
            message,
            ended.remote_id if step.action is Action.CREATE else "",
            request_id=ended.error.request_id if ended.error else "",
            stop=stop,
            wrote=ended.wrote,
        )

    def _is_about_management(self, step: Step, arn: str | None, error: ServiceError | None) -> bool:
        """Whether a refusal is about this one step, because it touches the management account.

        A delegated administrator "cannot manage permission sets provisioned in the management account"
        (user guide, delegated administration), whichever account the step is about.
        """
        if error is None or error.code not in _REFUSED:
            return False
        try:
            management = self._management()
            if management in step.address.parts:
                return True
            return arn is not None and any(management in page for page in self._sso.accounts_of(arn))
        except ServiceError:
            return False


def _arn(step: Step, ids: Mapping[Address, str]) -> str | None:
    """The set that a step is about; None for one that is to be made."""
    if step.address.kind is not Kind.PERMISSION_SET:
        return ids[step.refs["permission_set"]]
    return None if step.action is Action.CREATE else ids[step.address]

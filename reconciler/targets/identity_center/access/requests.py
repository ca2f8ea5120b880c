"""One request that the service carries out on its own time, as data that a later run can take up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.model.report import Pending
from reconciler.targets.identity_center.access.api import Operation, Raw


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, under which RequestId (`id`, "" where it is to be asked), and how it went so far.

    `account` None is every account that has the set. `at` is when it was asked, `again` when it shall be
    asked once more. `tries` counts how often it was asked, `looks` how often it was found unfinished,
    `troubles` how often in a row it could not be looked at. `patience` is how many seconds of the service's
    time it may take.
    """

    step: str
    operation: Operation
    arn: str
    account: str | None
    principal: Principal | None
    at: datetime
    id: str = ""
    again: datetime | None = None
    tries: int = 1
    looks: int = 0
    troubles: int = 0
    patience: float = 300.0

    @property
    def grant(self) -> tuple[str, Principal]:
        """The account and the principal of an assignment."""
        assert self.account is not None, f"{self.operation} is for one account"
        assert self.principal is not None, f"{self.operation} is for somebody"
        return self.account, self.principal

    def age(self, now: datetime, speed: float) -> timedelta:
        """How long ago it was asked, in the service's time, which runs `speed` times as fast as ours."""
        return (now - self.at) * speed

    def is_about(self, raw: Raw) -> bool:
        """Whether the described status is of a request for the same."""
        if raw.get("PermissionSetArn") != self.arn:
            return False
        if self.operation is Operation.PROVISION:
            return self.account is None or raw.get("AccountId") == self.account
        account, principal = self.grant
        told = (raw.get("TargetId"), raw.get("PrincipalType"), raw.get("PrincipalId"))
        return told == (account, principal.kind.value.upper(), principal.id)

    def pending(self) -> Pending:
        """It, as plain text."""
        token = {
            "operation": self.operation.value,
            "permission_set": self.arn,
            "account": self.account,
            "principal": f"{self.principal.kind}:{self.principal.id}" if self.principal else None,
            "request_id": self.id,
            "at": self.at.isoformat(),
            "again": self.again.isoformat() if self.again else None,
            "tries": str(self.tries),
            "looks": str(self.looks),
            "troubles": str(self.troubles),
            "patience": f"{self.patience:g}",
        }
        return Pending(self.step, {name: value for name, value in token.items() if value})


def request_of(pending: Pending) -> Request:
    """What `Request.pending` made plain text of. Raises ValueError for a token of something else."""
    token = pending.token
    try:
        operation = Operation(token["operation"])
        request = Request(
            pending.step,
            operation,
            token["permission_set"],
            token.get("account"),
            _principal(token),
            _moment(token["at"]),
            token.get("request_id", ""),
            _moment(token["again"]) if "again" in token else None,
            int(token["tries"]),
            int(token["looks"]),
            int(token["troubles"]),
            float(token["patience"]),
        )
    except KeyError as error:
        raise ValueError(f"it does not say its {error}") from error
    if operation is not Operation.PROVISION and not (request.account and request.principal):
        raise ValueError("it does not say whose assignment it is")
    return request


def _principal(token: Mapping[str, str]) -> Principal | None:
    if "principal" not in token:
        return None
    kind, _, identifier = token["principal"].partition(":")
    return Principal(Kind(kind), identifier)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment

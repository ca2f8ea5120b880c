"""A writer of permission sets and assignments over a running sandbox, and steps as planning makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, FieldChange
from reconciler.model.observer import Silent
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending
from reconciler.model.resources import Value
from reconciler.sandbox import Sandbox
from reconciler.sandbox.faults import FaultKind
from reconciler.targets.identity_center.access.api import Sso
from reconciler.targets.identity_center.access.writing import AccessWriter
from reconciler.wire.aws import Aws
from reconciler.wire.clock import Clock
from tests.wire.clocks import SharedClock

SPEED = 2000.0
ONE, TWO, THREE, MANAGEMENT = "222222222222", "333333333333", "444444444444", "111111111111"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
VIEW = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
POLICY = '{"Statement":[],"Version":"2012-10-17"}'
OTHER = '{"Statement":[{"Action":"s3:*","Effect":"Deny","Resource":"*"}],"Version":"2012-10-17"}'
CREATE, DELETE = "sso-admin.CreateAccountAssignment", "sso-admin.DeleteAccountAssignment"
PROVISION = "sso-admin.ProvisionPermissionSet"
GIVEN = (ONE, "Admin", "GROUP", "Team")
# What leaves open whether a request was carried out.
LOST = (
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.ERROR,
    FaultKind.ERROR_AFTER,
    FaultKind.EMPTY,
    FaultKind.MISSING_KEY,
)
# Far more looks than anything that ends needs.
_ROUNDS = 5000


def set_address(name: str) -> Address:
    return Address.of("aws", Kind.PERMISSION_SET, name)


def set_step(
    name: str,
    action: Action,
    fields: Mapping[str, Value] | None = None,
    before: Mapping[str, Value] | None = None,
) -> Step:
    changes = tuple(FieldChange(key, (before or {}).get(key), after) for key, after in (fields or {}).items())
    address = set_address(name)
    return Step(str(address), address, action, (address,), changes)


def assignment(account: str, name: str, who: Address, action: Action = Action.CREATE) -> Step:
    address = Address.of("aws", Kind.ASSIGNMENT, account, name, f"{who.kind}:{who.key}")
    refs = {"permission_set": set_address(name), "principal": who}
    return Step(str(address), address, action, (address,), refs=refs, lane=account)


def provisioning(name: str, account: str | None = None) -> Step:
    address = Address.of("aws", Kind.PROVISIONING, name, *([account] if account else []))
    refs = {"permission_set": set_address(name)}
    return Step(str(address), address, Action.UPDATE, (address,), refs=refs)


ADA, TEAM = Address.of("aws", Kind.USER, "ada"), Address.of("aws", Kind.GROUP, "team")


@dataclass
class Desk:
    """A sandbox with two people's worth of principals and three accounts, and the writer in front of it."""

    sandbox: Sandbox
    writer: AccessWriter
    aws: Aws
    clock: Clock
    ids: dict[Address, str] = field(default_factory=dict)

    def submit(self, step: Step) -> Outcome | Pending:
        return self.writer.submit(step, self.ids, {})

    def wait(self, answers: Sequence[Outcome | Pending]) -> list[Outcome]:
        """Poll until everything has ended, as an apply does."""
        standing = list(answers)
        for _ in range(_ROUNDS):
            left = [each for each in standing if isinstance(each, Pending)]
            if not left:
                return [each for each in standing if isinstance(each, Outcome)]
            self.clock.sleep(2 / self.sandbox.speed)
            news = iter(self.writer.poll(left))
            standing = [next(news) if isinstance(each, Pending) else each for each in standing]
        raise AssertionError(f"still pending: {standing}")

    def run(self, *steps: Step) -> list[Outcome]:
        return self.wait([self.submit(step) for step in steps])

    def one(self, step: Step) -> Outcome:
        (outcome,) = self.run(step)
        return outcome

    def known(self, name: str, **more: Any) -> str:
        """Make a set behind the writer's back."""
        arn = self.sandbox.store.create_permission_set(name, **more)
        self.ids[set_address(name)] = arn
        return arn

    def set(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.sandbox.store.permission_sets()[name]
        return found

    def calls(self, operation: str) -> int:
        return self.aws.calls.get(f"sso-admin.{operation}", 0)


def given(at: Desk) -> set[tuple[str, str, str, str]]:
    """Who is assigned what where."""
    return set(at.sandbox.store.assignments())


def token(pending: Outcome | Pending) -> dict[str, str]:
    """What is kept of a request that is under way."""
    assert isinstance(pending, Pending)
    return dict(pending.token)


def writer_for(sandbox: Sandbox, clock: Clock) -> tuple[AccessWriter, Aws]:
    """A writer as another process would make it."""
    aws = Aws(
        "aws",
        region=sandbox.region,
        endpoint_url=sandbox.url,
        clock=clock,
        observer=Silent(),
        speed=sandbox.speed,
        sandbox=True,
    )
    sso = Sso(aws, lambda: sandbox.instance_arn)
    return AccessWriter(
        sso, clock=clock, speed=lambda: aws.speed, management=lambda: sandbox.management_account
    ), aws


@contextmanager
def desk(**options: Any) -> Iterator[Desk]:
    shared = SharedClock(options.pop("speed", SPEED))
    clock = shared.ours
    with Sandbox(clock=shared, latency=0, **options) as sandbox:
        for account in (ONE, TWO, THREE):
            sandbox.store.create_account(account, f"a{account[0]}")
        writer, aws = writer_for(sandbox, clock)
        ids = {ADA: sandbox.store.add_user("ada"), TEAM: sandbox.store.add_group("Team")}
        yield Desk(sandbox, writer, aws, clock, ids)

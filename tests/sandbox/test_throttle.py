"""Quotas of calls per second, and time."""

from __future__ import annotations

from reconciler.sandbox import Sandbox
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.models import service_model
from reconciler.sandbox.throttle import Throttle
from tests.sandbox.aws import connected, refusal


class StillClock(SandboxClock):
    """A clock that stands until it is pushed."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def elapsed(self) -> float:
        return self.at


def admitted(throttle: Throttle, service: str, operation: str, calls: int) -> int:
    named = service_model(service).operations[operation]
    return sum(throttle.admits(named) for _ in range(calls))


def test_each_operation_of_the_identity_store_has_twenty_a_second() -> None:
    clock = StillClock()
    throttle = Throttle(clock)
    assert admitted(throttle, "identitystore", "ListUsers", 50) == 20
    assert admitted(throttle, "identitystore", "ListGroups", 50) == 20
    clock.at = 0.5
    assert admitted(throttle, "identitystore", "ListUsers", 50) == 10
    clock.at = 100
    assert admitted(throttle, "identitystore", "ListUsers", 50) == 20


def test_sso_admin_has_twenty_a_second_together() -> None:
    throttle = Throttle(StillClock())
    assert admitted(throttle, "sso-admin", "ListInstances", 15) == 15
    assert admitted(throttle, "sso-admin", "DescribeInstance", 15) == 5


def test_organizations_has_five_a_second_together() -> None:
    throttle = Throttle(StillClock())
    assert admitted(throttle, "organizations", "ListAccounts", 4) == 4
    assert admitted(throttle, "organizations", "ListRoots", 4) == 1


def test_a_caller_that_is_too_fast_is_told_so_and_nothing_is_done() -> None:
    with (
        Sandbox(latency=0, rates={"identitystore": 0.001}) as sandbox,
        connected(sandbox) as aws,
    ):
        error = refusal(aws, "list_users")
        assert (error["Code"], error["Message"], error["Status"]) == (
            "ThrottlingException",
            "Rate exceeded",
            400,
        )
        assert error["RetryAfterSeconds"] >= 1
        assert refusal(aws.add_user, "ada")["Code"] == "ThrottlingException"
        assert sandbox.store.users() == {}
        aws.sso.list_instances()


def test_speed_widens_the_quota() -> None:
    with (
        Sandbox(latency=0, rates={"identitystore": 1}, speed=1e9) as sandbox,
        connected(sandbox) as aws,
    ):
        for _ in range(5):
            aws("list_users")


def test_speed_divides_waiting() -> None:
    clock = SandboxClock(speed=1e9)
    before = clock.elapsed()
    clock.wait(1_000)
    assert clock.elapsed() - before >= 1_000

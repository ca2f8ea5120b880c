"""The suite that packages with targets of their own run, against the targets that ship."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.config import TargetConfig
from reconciler.config.targets import connect
from reconciler.model.observer import SILENT
from reconciler.model.policy import TargetPolicy
from reconciler.sandbox import FaultKind, Sandbox
from reconciler.targets.base import Target
from reconciler.targets.identity_center.type import IdentityCenterSettings
from reconciler.targets.scim.channel import Channel
from reconciler.targets.scim.type import ScimSettings
from reconciler.testing import Service, TargetConformance
from reconciler.wire.clock import Clock
from reconciler.wire.http import Endpoint
from reconciler.wire.tokens import TokenSource
from tests.support.site import played
from tests.wire.clocks import SharedClock, clock_of, pool_by

TOKEN = "RECONCILER_TEST_CONFORMANCE_TOKEN"


class OnTheSandbox(TargetConformance):
    """A target of one type before the sandbox; `writes` and `lists` are its operations."""

    __test__ = False
    writes: tuple[str, ...]
    lists: str

    def target(self, sandbox: Sandbox, clock: Clock) -> Target:
        raise NotImplementedError

    @contextmanager
    def service(self) -> Iterator[Service]:
        with Sandbox(None, clock=SharedClock(100_000), latency=0) as sandbox:

            def lose(carried_out: bool) -> None:  # noqa: FBT001  # as Service wants it
                kind = FaultKind.DROP_AFTER if carried_out else FaultKind.DROP_BEFORE
                for operation in self.writes:
                    sandbox.faults.add(kind, operation)

            def break_reads() -> None:
                sandbox.faults.add(FaultKind.TRUNCATED, self.lists, count=None)

            clock = clock_of(sandbox)
            target = self.target(sandbox, clock)
            yield Service(target, lose, break_reads, sandbox.faults.clear, clock, pool_by(clock))


class TestIdentityCenter(OnTheSandbox):
    __test__ = True
    writes = ("identitystore.[CU]*", "identitystore.Delete*")
    lists = "identitystore.List*"

    def target(self, sandbox: Sandbox, clock: Clock) -> Target:
        config = TargetConfig("aws", TargetPolicy("aws"), settings=IdentityCenterSettings())
        return connect(config, clock, SILENT, speed=sandbox.speed, played=played(sandbox))


class TestScim(OnTheSandbox):
    __test__ = True
    writes = ("scim.[CPD]*",)
    lists = "scim.List*"

    def target(self, sandbox: Sandbox, clock: Clock) -> Target:
        os.environ[TOKEN] = sandbox.scim_token()
        channel = Channel(Endpoint(sandbox.scim_url, TokenSource(env=TOKEN)))
        config = TargetConfig("chat", TargetPolicy("chat"), "scim", ScimSettings(channel, "aws"))
        return connect(config, clock, SILENT, speed=sandbox.speed)

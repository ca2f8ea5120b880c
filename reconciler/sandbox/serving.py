"""What every request of every protocol goes through: journal, latency, faults, always an answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Protocol

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.faults import Fault, FaultKind, Faults
from reconciler.sandbox.faulty_replies import Dropped, Reply, apply_faults
from reconciler.sandbox.journal import Entry, Journal
from reconciler.sandbox.throttle import Throttle
from reconciler.sandbox.world import World


class Speech(Protocol):
    """How a service puts what goes wrong into words."""

    def refused(self, error: ApiError, request_id: str) -> Reply:
        """The answer that says `error`."""

    def broken(self, message: str) -> ApiError:
        """What is said when the sandbox itself is at fault."""

    def failed(self, fault: Fault) -> ApiError:
        """The service's own failure, as `fault` wants it."""


@dataclass(slots=True)
class Service:
    """A service over one world. `latency` is in sandbox seconds a call; `throttle` None admits all."""

    world: World
    clock: SandboxClock
    faults: Faults
    journal: Journal
    throttle: Throttle | None
    latency: float

    def serve(self, label: str, speech: Speech, work: Callable[[Sequence[Fault], str], Reply]) -> Reply:
        """Answer one request by `work`, which gets the faults that hit it and its id.

        `label` is `service.Operation`. Nothing is raised: what goes wrong is an answer.
        """
        number, at, started = self.journal.begin(), self.clock.now(), self.clock.monotonic()
        faults, request_id = self.faults.hit(label), str(uuid.uuid4())
        self.clock.wait(self.latency + sum(f.seconds or 0 for f in faults if f.kind is FaultKind.LATENCY))
        try:
            reply = work(faults, request_id)
        except Dropped:
            reply = Reply(0, b"", dropped=True)
        except ApiError as error:
            reply = speech.refused(error, request_id)
        except Exception as error:  # noqa: BLE001  # every fault here is answered
            reply = speech.refused(speech.broken(f"sandbox bug in {label}: {error!r}"), request_id)
        reply = apply_faults(reply, faults, lambda fault: speech.refused(speech.failed(fault), request_id))
        reply.headers["x-amzn-RequestId"] = request_id
        there = self.clock.now() + self.world.circumstances.clock_ahead
        reply.headers["Date"] = formatdate(there, usegmt=True)
        service, _, operation = label.partition(".")
        self.journal.end(
            Entry(
                number=number,
                service=service,
                operation=operation,
                status=0 if reply.dropped else reply.status,
                code=reply.code,
                at=at,
                seconds=self.clock.monotonic() - started,
                fault=",".join(fault.kind for fault in faults),
            )
        )
        return reply

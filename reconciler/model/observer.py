"""Who is told what happens during long reads and applies. The command line shows it; tests collect it."""

from __future__ import annotations

from typing import Protocol

from reconciler.model.plan import Step
from reconciler.model.report import Outcome


class Observer(Protocol):
    """Every method may be called from any thread, often; none may raise or block."""

    def reading(self, target: str, what: str, done: int, total: int | None) -> None:
        """`done` of `total` (None: unknown yet) `what` ("users", "groups", "memberships") are read."""

    def waiting(self, target: str, what: str, seconds: float) -> None:
        """`target` asked us to slow down; the next `what` (an API's name) waits `seconds`."""

    def started(self, target: str, total: int) -> None:
        """An apply of `total` steps begins at `target`."""

    def pending(self, target: str, count: int) -> None:
        """So many steps are submitted, and the service is at work on them."""

    def ended(self, target: str, step: Step, outcome: Outcome) -> None:
        """One step ended."""


class Silent:
    """An observer that nobody watches."""

    def reading(self, target: str, what: str, done: int, total: int | None) -> None:
        """Say nothing."""

    def waiting(self, target: str, what: str, seconds: float) -> None:
        """Say nothing."""

    def started(self, target: str, total: int) -> None:
        """Say nothing."""

    def pending(self, target: str, count: int) -> None:
        """Say nothing."""

    def ended(self, target: str, step: Step, outcome: Outcome) -> None:
        """Say nothing."""


SILENT: Observer = Silent()

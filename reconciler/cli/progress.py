"""Live progress of long reads and applies: one line on a terminal that is written over, little elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from reconciler.model.observer import Observer
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.render import escape, words

# The line changes at most so often (seconds): the eye reads no faster, and every write takes the lock.
_EVERY = 0.1
_NARROWEST = 20
_BAD = (Status.FAILED, Status.PARTLY, Status.UNKNOWN, Status.STOPPED)
# Back to the first column and clear what stands there (ECMA-48, 8.3.41, EL 2).
_CLEAR = "\r\x1b[2K"


class Progress(Observer):
    """Shows what an observer is told, through `write`; prints nothing itself.

    `write` takes text, adds no line break and flushes; `clock` gives monotonic seconds; `lock` is held
    while state and line change, because methods are called from many threads. On a `terminal`, one line
    of at most `width` columns is rewritten at most ten times a second, and `finish` clears it; elsewhere
    each phase of each target is announced once, in a line of its own. A writer that fails is not heard
    any more: nobody's apply ends because nobody watches it.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        clock: Callable[[], float],
        lock: AbstractContextManager[object],
        *,
        terminal: bool,
        width: int = 80,
    ) -> None:
        self._write, self._clock, self._lock = write, clock, lock
        self._terminal, self._width = terminal, max(width, _NARROWEST)
        self._announced: set[tuple[str, str]] = set()
        self._last: float | None = None
        self._shown = False
        self._reads: dict[tuple[str, str], str] = {}
        self._steps: dict[str, _Count] = {}

    def reading(self, target: str, what: str, done: int, total: int | None) -> None:
        """Show how much is read; the last word on each thing is always shown."""
        of = "" if total is None else f" of {total:,}"
        with self._lock:
            self._reads[target, what] = f"{escape.sentence(what)} {done:,}{of}"
            described = ", ".join(text for (name, _), text in self._reads.items() if name == target)
            whole = total is not None and done >= total
            self._show(target, "read", f"reading {described}", announced="reading", now=whole)

    def waiting(self, target: str, what: str, seconds: float) -> None:
        """Show that the service asked for patience."""
        with self._lock:
            text = f"asked to slow down: {escape.sentence(what)} waits {words.duration(seconds)}"
            self._show(target, "wait", text, announced=None)

    def started(self, target: str, total: int) -> None:
        """Show that an apply begins."""
        with self._lock:
            self._reads.clear()
            self._steps[target] = _Count(total)
            announced = f"applying {words.counted(total, ('step', 'steps'))}"
            self._show(target, "apply", announced, announced=announced, now=True)

    def pending(self, target: str, count: int) -> None:
        """Show how much the service is at work on: without it, a line that stands still would look dead."""
        with self._lock:
            steps = self._steps.setdefault(target, _Count(0))
            steps.pending = count
            self._show(target, "apply", steps.described(), announced=None)

    def ended(self, target: str, step: Step, outcome: Outcome) -> None:
        """Count one step; the last one of a target is always shown."""
        with self._lock:
            steps = self._steps.setdefault(target, _Count(0))
            steps.done += 1
            steps.failed += outcome.status in _BAD
            text = f"{steps.described()}: {escape.text(str(step.address))}"
            self._show(target, "apply", text, announced=None, now=steps.done == steps.total)

    def finish(self) -> None:
        """Leave the line empty for the next writer. May be called more than once."""
        with self._lock:
            self._reads.clear()
            if self._shown:
                self._shown = False
                self._say(_CLEAR)

    def _show(self, target: str, phase: str, text: str, *, announced: str | None, now: bool = False) -> None:
        """One line, unless one came just before; elsewhere than on a terminal `announced`, once a phase."""
        where = escape.text(target)
        if not self._terminal:
            if announced is not None and (target, phase) not in self._announced:
                self._announced.add((target, phase))
                self._say(f"{where}: {announced}\n")
            return
        moment = self._clock()
        if not now and self._last is not None and moment - self._last < _EVERY:
            return
        self._last, self._shown = moment, True
        line = f"{where}: {text}"
        # A line that fills the last column wraps on some terminals, and could not be cleared.
        room = self._width - 1
        self._say(_CLEAR + (line if len(line) <= room else line[: room - 1] + "…"))

    def _say(self, text: str) -> None:
        # A closed pipe, a closed file.
        with suppress(OSError, ValueError):
            self._write(text)


class _Count:
    """How far an apply is."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.failed, self.pending = total, 0, 0, 0

    def described(self) -> str:
        """`applied 12 of 40, 1 failed, 8 under way`."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        pending = f", {self.pending:,} under way" if self.pending else ""
        return f"applied {self.done:,} of {self.total:,}{failed}{pending}"

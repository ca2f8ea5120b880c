"""The one file that owns threads: a pool whose results come back in the order in which they finish.

Ctrl-C, as the pool takes it: while a pool is open in the main thread, each SIGINT raises KeyboardInterrupt
only where the caller waits for a result, never between a result and its reader, so that nothing that was
done is forgotten. Calls that run go on to their end, and their results can still be fetched; what has not
begun never begins. Where the pool only waits for threads whose results nobody takes, a second SIGINT acts at
once, as it did before the pool was opened.

Work of one pool may open a pool of its own: when the outer one is interrupted, or its `map` ends before its
time, the `map` of the inner one begins nothing further and ends with Cancelled.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from reconciler.wire.guarded import Guarded

__all__ = ["Cancelled", "Guarded", "Pool"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# What a call that never began comes back with.
Cancelled = CancelledError
# Put into a queue to wake its reader; SimpleQueue.put may be called from a signal handler.
_WAKE: Any = object()
# The pool whose work a thread does, so that a pool that is opened there knows what it is part of.
_here = threading.local()


class Pool:
    """`workers` threads, to be used as a context manager from one thread.

    Leaving it cancels what has not begun and waits for what runs.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._outer: Pool | None = getattr(_here, "pool", None)
        self._ending = False

        def belong() -> None:
            _here.pool = self

        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="reconciler", initializer=belong)
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._queues: list[SimpleQueue[Any]] = [self._done]
        self._futures: dict[Future[Any], str] = {}
        # How many interruptions came, and how many of them the caller has met.
        self._interrupts = self._raised = 0
        # Whether the main thread waits for threads whose results nobody takes.
        self._leaving = False
        self._previous: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            # None is a handler that was not set from Python: nothing that could be put back.
            if self._previous is not None:
                signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving = True
        try:
            self._executor.shutdown(wait=True, cancel_futures=True)
        finally:
            self._restore()
        if self._interrupted and not self._raised and error is None:
            raise KeyboardInterrupt

    def submit(self, tag: str, work: Callable[..., object], *args: object) -> None:
        """Run `work(*args)` as soon as a thread is free; `tag` comes back with its result."""
        future = self._executor.submit(work, *args)
        self._futures[future] = tag
        future.add_done_callback(self._done.put)
        if self._interrupted:
            future.cancel()

    def next_done(self, timeout: float | None) -> tuple[str, object | BaseException] | None:
        """The next finished call, with what it returned or raised; each call comes exactly once.

        None when nothing finished within `timeout` seconds, whether or not anything is under way. Without a
        timeout it waits as long as it takes, and None says that nothing is under way. A call that was
        cancelled before it began comes with CancelledError. Raises KeyboardInterrupt once for each Ctrl-C,
        and goes on to deliver when called again.
        """
        while self._futures or timeout is not None:
            self._raise_interrupt()
            try:
                future = self._done.get(timeout=timeout)
            except Empty:
                return None
            if future is not _WAKE:
                return self._futures.pop(future), _outcome(future)
        return None

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Every item with `work(item)`, as they finish; `items` is drawn as threads become free.

        The first exception that `work` raises is raised here, after no further item has been begun and
        what ran has ended. The same holds for Ctrl-C, and for a caller who stops asking.
        """
        finished: SimpleQueue[Any] = SimpleQueue()
        self._queues.append(finished)
        running: dict[Future[Result], Item] = {}
        waiting = iter(items)
        try:
            while True:
                self._raise_interrupt()
                if self._outer is not None and self._outer.is_ending:
                    raise Cancelled
                for item in waiting:
                    future = self._executor.submit(work, item)
                    running[future] = item
                    future.add_done_callback(finished.put)
                    if len(running) >= self._workers:
                        break
                if not running:
                    return
                future = finished.get()
                if future is not _WAKE:
                    yield running.pop(future), future.result()
        except BaseException:
            # Said before what runs is waited for, so that what it runs in turn ends soon.
            self._ending = True
            raise
        finally:
            for future in running:
                future.cancel()
            self._leaving = True
            try:
                while any(not future.done() for future in running):
                    finished.get()
            finally:
                self._leaving = False
                self._queues.remove(finished)
                self._ending = False

    @property
    def is_ending(self) -> bool:
        """Whether nobody waits any more for what runs here, or in the pools around it."""
        return self._interrupted or self._ending or (self._outer is not None and self._outer.is_ending)

    @property
    def _interrupted(self) -> bool:
        return self._interrupts > 0

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += 1
        if self._leaving and self._interrupts > 1 and callable(self._previous):
            self._previous(number, frame)
        for future in list(self._futures):
            future.cancel()
        for queue in self._queues:
            queue.put(_WAKE)

    def _restore(self) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def _raise_interrupt(self) -> None:
        if self._raised < self._interrupts:
            self._raised += 1
            raise KeyboardInterrupt


def _outcome(future: Future[Any]) -> object | BaseException:
    try:
        error = future.exception()
    except CancelledError as cancelled:
        return cancelled
    return future.result() if error is None else error

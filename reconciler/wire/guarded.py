"""A value that threads share. Apart from the pool, so that who only shares a value starts quickly."""

from __future__ import annotations

import threading  # noqa: TID251  # a lock; threads begin in pool.py alone
from types import TracebackType
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Guarded(Generic[Value]):
    """A value that threads share: `with guarded as value:` has it alone."""

    def __init__(self, value: Value) -> None:
        self._value, self._lock = value, threading.Lock()

    def __enter__(self) -> Value:
        self._lock.acquire()
        return self._value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

"""The journal: every request that came, and how it ended. It holds no parameters, and so no person."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Entries kept; the counts go on beyond it.
_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `number` counts from 1, `at` is seconds since the epoch, `seconds` real time taken.

    `status` is the HTTP status, 0 where the connection was dropped instead of an answer; `code` the
    error's name, empty when there was none; `fault` names the fault that was switched on for it.
    """

    number: int
    service: str
    operation: str
    status: int
    code: str
    at: float
    seconds: float
    fault: str = ""

    @property
    def label(self) -> str:
        """`identitystore.ListUsers`."""
        return f"{self.service}.{self.operation}"


class Journal:
    """All requests since the start, or since `clear`. Thread-safe; iterates over a copy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()
        self._number = 0

    def begin(self) -> int:
        """The number of the request that just came."""
        with self._lock:
            self._number += 1
            return self._number

    def end(self, entry: Entry) -> None:
        """Note how it ended."""
        with self._lock:
            self._entries.append(entry)
            self._counts[entry.label] += 1

    def counts(self) -> Mapping[str, int]:
        """How many requests came, by `service.Operation`, failed ones included."""
        with self._lock:
            return dict(self._counts)

    def total(self) -> int:
        """How many requests came."""
        with self._lock:
            return sum(self._counts.values())

    def clear(self) -> None:
        """Forget what was; the numbers go on."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(tuple(self._entries))

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

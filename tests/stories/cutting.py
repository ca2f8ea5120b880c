"""A relay before a server, which counts what the server says, and cuts the connection in the middle of it."""

from __future__ import annotations

import socket
import threading  # noqa: TID251  # a server of its own
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.patience import PATIENCE


class Relay:
    """A relay on loopback to LDAPS at `address`, for one block; it ends after so many bytes of answers."""

    def __init__(self, address: str, after: int | None = None) -> None:
        self._to, self._after = (address, 636), after
        self.passed = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"ldaps://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            with near, socket.create_connection(self._to, PATIENCE) as far:
                asks = threading.Thread(target=self._copy, args=(near, far), daemon=True)
                asks.start()
                self._copy(far, near, answers=True)
                asks.join(PATIENCE)

    def _copy(self, source: socket.socket, to: socket.socket, *, answers: bool = False) -> None:
        """Pass on what comes until the end; then both sides hear that it is over."""
        with suppress(OSError):
            while data := source.recv(65_536):
                if answers and self._after is not None:
                    data = data[: self._after - self.passed]
                to.sendall(data)
                self.passed += len(data) if answers else 0
                if answers and self.passed == self._after:
                    break
        for each in (source, to):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

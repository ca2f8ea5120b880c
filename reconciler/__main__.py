"""The entry point: `reconciler`, or `python -m reconciler`."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from types import FrameType

from reconciler.errors import INTERRUPTED, TERMINATED

# So many objects are made before the collector looks for circles. A run is short and keeps what it makes:
# with Python's own 700 a tenth of the time goes into looking.
_OBJECTS = 100_000


def main() -> None:
    """Run the command line and exit with its code.

    SIGTERM, by which runners and services end a process, does what Ctrl-C does: calls in flight are finished,
    and the report is written.
    """
    gc.set_threshold(_OBJECTS)
    # No plugin of another package has a say in what is read, and none has to be looked for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where it was closed
            stream.reconfigure(errors="backslashreplace")  # a name that it cannot spell does not end a run
    terminated = False

    def terminate(_number: int, frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        # The code that waits for Ctrl-C now waits for this as well.
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            handler(signal.SIGINT, frame)
        else:  # also where a shell in the background made it deaf to Ctrl-C: this is not Ctrl-C
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, terminate)
    code = INTERRUPTED
    try:
        from reconciler.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the first command was even imported, or after the last word
        pass
    # What is done has been said: an interruption while Python winds up must not change the exit code.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(TERMINATED if terminated and code == INTERRUPTED else code)


if __name__ == "__main__":
    main()

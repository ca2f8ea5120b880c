"""The entry point: `reconciler`, or `python -m reconciler`."""

from __future__ import annotations

import io
import signal
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where it was closed
            stream.reconfigure(errors="backslashreplace")  # a name that it cannot spell is no reason to end
    try:
        from reconciler.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the first command was even imported, or after the last word
        code = 1
    # What is done has been said: an interruption while Python winds up must not change the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


if __name__ == "__main__":
    main()

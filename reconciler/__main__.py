"""The entry point: `reconciler`, or `python -m reconciler`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from reconciler.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the first command was even imported, or after the last word
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()

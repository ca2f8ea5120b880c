"""All figures in one table: `python -m benchmarks`; some of them by name: `python -m benchmarks planning`.

A benchmark is a module of this folder with `rows() -> list[tuple[str, str]]`: what was measured, counts
included, and the figures. It is runnable alone as `python -m benchmarks.NAME`, and measures memory in a
process of its own.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

ALL = (
    "loading",
    "planning",
    "access",
    "comment",
    "drift",
    "offboarding",
    "report",
    "kubernetes",
    "adopting",
    "scim",
    "memory",
    "directory",
)
Row = tuple[str, str]


def table(rows: Sequence[Row]) -> str:
    """`rows` in two columns."""
    width = max((len(what) for what, _ in rows), default=0)
    return "\n".join(f"{what:<{width}}  {figures}" for what, figures in rows)


def machine() -> str:
    """What the figures were measured on, in a line."""
    try:
        cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model = next(line.partition(":")[2].strip() for line in cpus.splitlines() if "model name" in line)
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} x {model}"


def main(names: Sequence[str]) -> int:
    """Run the named benchmarks (all without names), each in the order of ALL; returns the exit code."""
    if unknown := [name for name in names if name not in ALL]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 64
    found: list[Row] = []
    for name in ALL:
        if name in names or not names:
            print(f"measuring {name} ...", file=sys.stderr)
            found += import_module(f"benchmarks.{name}").rows()
    print(f"{machine()}\n\n{table(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

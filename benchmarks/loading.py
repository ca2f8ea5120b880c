"""How fast files become Identities with every check on, against merely consuming libyaml's events.

python -m benchmarks.loading
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.organisation import Size, write_organisation

# The best of so many runs, each in a process of its own: the others measure what else the machine did.
RUNS = 3
LARGE = Size()
Row = tuple[str, str]


def rows(size: Size = LARGE, runs: int = RUNS) -> list[Row]:
    """What was measured, counts included, and the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "identities"
        written = write_organisation(folder, size)
        events = min((_child("events", folder) for _ in range(runs)), key=lambda run: run["seconds"])
        loads = min((_child("load", folder) for _ in range(runs)), key=lambda run: run["seconds"])
    return [
        ("organisation", f"{size}, {written / 1e6:,.1f} MB"),
        ("bare events of the same files", f"{events['seconds']:.2f} s ({events['count']:,} events)"),
        ("load, every check on", f"{loads['seconds']:.2f} s ({loads['count']:,} users and memberships)"),
        ("ratio (aim: under 2.5)", f"{loads['seconds'] / events['seconds']:.2f}"),
        ("peak memory of load (aim: under 600 MiB)", f"{loads['peak']:,.0f} MiB"),
    ]


def _child(what: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.loading", what, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _events(folder: Path) -> int:
    import yaml

    count = 0
    for path in sorted(folder.iterdir()):
        for _ in yaml.parse(path.read_bytes(), Loader=yaml.CLoader):
            count += 1
    return count


def _load(folder: Path) -> int:
    from reconciler.files.tree import FolderTree
    from reconciler.loading.load import load

    found = load(FolderTree(folder)).identities
    return len(found.users) + sum(len(group.members or ()) for group in found.groups.values())


def _measure(what: str, folder: Path) -> None:
    """Print, as JSON, how long it took, what it counted, and the most memory that the process had, in MiB."""
    started = perf_counter()
    count = {"events": _events, "load": _load}[what](folder)
    seconds = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts KiB, macOS bytes (getrusage(2)).
    mebibytes = peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    print(json.dumps({"seconds": seconds, "count": count, "peak": mebibytes}))


def main() -> None:
    """Print the table."""
    from benchmarks.__main__ import machine, table

    print(f"{machine()}\n\n{table(rows())}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()

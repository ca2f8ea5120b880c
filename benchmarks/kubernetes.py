"""Calls and seconds to read and to apply the Kubernetes organisation, on the sandbox and as AWS would take.

Without the real organisation (RECONCILER_REAL_INPUT, else ../shared/real) a generated one of its shape is
measured, and the table says so. Seconds at AWS are modelled: writes by driving the schedule at the rate that
the client keeps to, reads by the client's own pacing in front of a sandbox that answers as slowly as AWS
does, in time that runs MODELLED times faster.

python -m benchmarks.kubernetes
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

from reconciler.execution.carry_out import IN_FLIGHT
from reconciler.planning.estimate import estimate
from reconciler.planning.planner import Planned
from reconciler.sandbox import Sandbox
from tests.support.organisation import Organisation, describe, real_input, write_organisation
from tests.support.site import SPEED, FilesSite, client, files_site

Row = tuple[str, str]
# Seconds that one call to AWS takes.
LATENCY = 0.1
# By how much faster than AWS the sandbox runs that reads are timed on: slow enough for pacing to decide.
MODELLED = 10.0


def rows() -> list[Row]:
    """What was measured, counts included, and the figures."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        label, organisation = _organisation(root / "identities")
        with files_site(organisation.folder, root / "home") as here:
            first = here.plan()
            counted, applied = _apply(here)
            read = _read(here)
        modelled = _read_as_at_aws(root / "home")
    size = (
        f"{len(organisation.users):,} users, {len(organisation.groups):,} groups, "
        f"{organisation.memberships:,} memberships"
    )
    return [
        ("organisation", f"{label}: {size}"),
        ("read it, calls", _listed(read[0])),
        (f"read it, sandbox at speed {SPEED:g}", f"{read[1]:.1f} s"),
        (f"read it, at AWS (modelled, {LATENCY:g} s a call)", f"{modelled:.0f} s"),
        ("apply it to nothing, calls", _listed(counted)),
        (
            f"apply it to nothing, sandbox at speed {SPEED:g}",
            f"{applied:.1f} s, with planning and reading back",
        ),
        (f"apply it to nothing, at AWS (modelled, {LATENCY:g} s a call)", _at_aws(here, first)),
    ]


def _organisation(folder: Path) -> tuple[str, Organisation]:
    source = real_input()
    if source is None:
        return "generated, in the shape of Kubernetes", write_organisation(folder)
    shutil.copytree(source, folder, copy_function=shutil.copyfile)
    return "Kubernetes", describe(folder)


def _apply(here: FilesSite) -> tuple[Mapping[str, int], float]:
    """Calls, and seconds, of loading, reading, planning, applying, and reading back."""
    reviewed = here.plan().part
    here.sandbox.requests.clear()
    began = perf_counter()
    report = here.apply([reviewed])
    seconds = perf_counter() - began
    if not report.whole:
        raise RuntimeError("the organisation was not applied whole, so that its figures mean nothing")
    return here.sandbox.requests.counts(), seconds


def _read(here: FilesSite) -> tuple[Mapping[str, int], float]:
    here.sandbox.requests.clear()
    began = perf_counter()
    here.target.read()
    return here.sandbox.requests.counts(), perf_counter() - began


def _read_as_at_aws(home: Path) -> float:
    """Seconds of AWS's time that a new client takes to read everything."""
    with Sandbox(home / "sandbox.sqlite", speed=MODELLED, latency=LATENCY) as sandbox:
        target = client(sandbox)
        began = perf_counter()
        target.read()
        return (perf_counter() - began) * MODELLED


def _at_aws(here: FilesSite, planned: Planned) -> str:
    """What the plan of the command line says: writes alone."""
    rate = here.target.capabilities.writes_per_second
    found = estimate(planned.steps, in_flight=IN_FLIGHT, per_second=rate, latency=LATENCY)
    calls = sum(found.calls.values())
    return f"{found.seconds:.0f} s for {calls:,} writes, at {rate:g} a second of each kind"


def _listed(counts: Mapping[str, int]) -> str:
    """`1,234 (1,000 CreateUser, …)`, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{count:,} {label.partition('.')[2]}" for label, count in ordered)
    return f"{sum(counts.values()):,} ({named})"


def main() -> None:
    """Print the table."""
    from benchmarks.__main__ import machine, table

    print(f"{machine()}\n\n{table(rows())}")


if __name__ == "__main__":
    main()

"""Calls and seconds to read and to apply the Kubernetes organisation, on the sandbox and as AWS would take.

Calls are held against the fewest that the data can be read and written with: users and groups are listed
100 a page, memberships group by group, permission sets in seven calls each, assignments by the pairs that are
provisioned, accounts 20 a page; a write is a call. How often a state is polled is listed apart.

Without the real organisation (RECONCILER_REAL_INPUT, else ../shared/real) a generated one of its shape is
measured, and the table says so. Seconds at AWS are modelled: writes by driving the schedule at the rate that
the client keeps to, reads by the client's own pacing in front of a sandbox that answers as slowly as AWS
does, in time that runs MODELLED times faster.

python -m benchmarks.kubernetes
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from time import perf_counter

from reconciler.execution.carry_out import IN_FLIGHT
from reconciler.model.state import Live
from reconciler.planning.ordering.estimate import estimate
from reconciler.planning.prepared import PreparedPlan
from reconciler.sandbox import Sandbox
from tests.support.organisation import Organisation, describe, real_input, write_organisation
from tests.support.site import SPEED, FilesSite, client, files_site

Row = tuple[str, str]
_READS = re.compile(r"List|Describe|Get|Is[A-Z]")
_POLLS = re.compile(r"Describe\w+Status|List\w+(Creation|Deletion|Provisioning)Status")
# Seconds that one call to AWS takes.
LATENCY = 0.1
# By how much faster than AWS the sandbox runs that reads are timed on: slow enough for pacing to decide.
MODELLED = 10.0


def rows() -> list[Row]:
    """What was measured, counts included, and the figures."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        label, organisation = organisation_in(root / "identities")
        with files_site(organisation.folder, root / "home") as here:
            first = here.plan()
            counted, applied = _apply(here)
            read = _read(here)
            fewest = _fewest(here.target.read())
        modelled = _read_as_at_aws(root / "home")
    size = (
        f"{len(organisation.users):,} users, {len(organisation.groups):,} groups, "
        f"{organisation.memberships:,} memberships, {len(organisation.permission_sets)} permission sets, "
        f"{len(organisation.accounts):,} accounts, {len(organisation.assignments):,} assignments"
    )
    writes = {label: count for label, count in counted.items() if not _READS.match(_operation(label))}
    polls = {label: count for label, count in counted.items() if _POLLS.match(_operation(label))}
    return [
        ("organisation", f"{label}: {size}"),
        ("read it, calls", _listed(read[0])),
        ("read it, fewest calls", _listed(fewest)),
        (f"read it, sandbox at speed {SPEED:g}", f"{read[1]:.1f} s"),
        (f"read it, at AWS (modelled, {LATENCY:g} s a call)", f"{modelled:.0f} s"),
        ("apply it to nothing, calls", _listed(counted)),
        ("apply it to nothing, writes", f"{_listed(writes)} for {len(first.plan.changes):,} changes"),
        ("apply it to nothing, polls", _listed(polls)),
        (
            f"apply it to nothing, sandbox at speed {SPEED:g}",
            f"{applied:.1f} s, with planning and reading back",
        ),
        (f"apply it to nothing, at AWS (modelled, {LATENCY:g} s a call)", _at_aws(here, first)),
    ]


def organisation_in(folder: Path) -> tuple[str, Organisation]:
    """The organisation that is measured, written into a folder, and what to call it."""
    source = real_input()
    if source is None:
        return "generated, in the shape of Kubernetes", write_organisation(folder)
    shutil.copytree(source, folder, copy_function=shutil.copyfile)
    return "Kubernetes", describe(folder)


def _apply(here: FilesSite) -> tuple[Mapping[str, int], float]:
    """Calls, and seconds, of loading, reading, planning, applying, and reading back."""
    reviewed = here.plan().plan
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


def _fewest(live: Live) -> Mapping[str, int]:
    """The calls without which this cannot be known: pages, and one for each thing that has one of its own.

    Pairs are found by the sets or by the accounts, whichever takes fewer calls.
    """
    sets, accounts = live.permission_sets, live.organization.accounts
    by_account = Counter(account for one in sets.values() for account in one.provisioned)
    pairs = min(
        sum(_pages(len(one.provisioned), 100) for one in sets.values()),
        sum(_pages(by_account[account], 100) for account in accounts),
    )
    return {
        ".discovery": 2,  # the instance, and whose organization it is
        ".users and groups": _pages(len(live.users), 100) + _pages(len(live.groups), 100),
        ".memberships": sum(_pages(len(live.members.get(group, ())), 100) for group in live.groups),
        ".list of permission sets": _pages(len(sets), 100),
        ".content of permission sets": 7 * len(sets),
        ".pairs": pairs,
        ".assignments": sum(_pages(len(who), 100) for who in live.assignments.values()),
        ".accounts": _pages(len(accounts), 20),
        ".units": 1 + 1 + len(live.organization.units),  # the root, and what lies below each
        ".tags of accounts": len(accounts),
    }


def _pages(count: int, size: int) -> int:
    return max(1, ceil(count / size))


def _operation(label: str) -> str:
    return label.partition(".")[2]


def _read_as_at_aws(home: Path) -> float:
    """Seconds of AWS's time that a new client takes to read everything."""
    with Sandbox(home / "sandbox.sqlite", speed=MODELLED, latency=LATENCY) as sandbox:
        target = client(sandbox)
        began = perf_counter()
        target.read()
        return (perf_counter() - began) * MODELLED


def _at_aws(here: FilesSite, planned: PreparedPlan) -> str:
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

"""A real organisation, read and applied: calls, which are stable, beside seconds, which are not.

    python -m benchmarks.kubernetes

The sandbox answers a thousand times as fast as AWS, so its seconds are those of the client; what AWS's
own quotas would take is modelled by driving the same schedule at the documented rate.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from reconciler.execution.carry_out import IN_FLIGHT
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.model.policy import TargetPolicy
from reconciler.planning.estimate import estimate
from tests.support.organisation import real_input, write_organisation
from tests.support.site import site

# Seconds that a call to AWS is taken to need.
LATENCY = 0.1


def rows() -> list[tuple[str, str]]:
    """Calls and seconds to read the empty instance, to apply, to read it again, and at AWS's quotas."""
    with tempfile.TemporaryDirectory() as folder:
        source = real_input()
        if source is None:
            source = Path(folder) / "identities"
            write_organisation(source)
            name = "a generated organisation of that shape"
        else:
            name = "the Kubernetes organisation"
        git = load(FolderTree(source)).identities
    with site(TargetPolicy("aws")) as here:
        planned = here.plan(git)
        requests = here.sandbox.requests
        requests.clear()
        began = time.perf_counter()
        report = here.apply(git, [planned.part])
        applied, apply_calls = time.perf_counter() - began, requests.counts()
        assert report.whole
        requests.clear()
        began = time.perf_counter()
        again = here.plan(git)
        read, read_calls = time.perf_counter() - began, requests.counts()
        assert again.part.changes == ()
        rate = here.target.capabilities.writes_per_second
    modelled = estimate(planned.steps, in_flight=IN_FLIGHT, per_second=rate, latency=LATENCY)
    members = sum(map(len, (one.members or () for one in git.groups.values())))
    writes = sum(modelled.calls.values())
    size = f"{len(git.users):,} users, {len(git.groups):,} groups, {members:,} members written"
    return [
        (name, size),
        ("read and plan it whole", f"{read:.1f} s, {_calls(read_calls)}"),
        ("apply it to an empty instance", f"{applied:.1f} s, {_calls(apply_calls)}"),
        ("the same at AWS's quotas, modelled", f"{modelled.seconds / 60:.1f} min, {writes:,} writes"),
    ]


def _calls(counts: Mapping[str, int]) -> str:
    named = Counter({operation.partition(".")[2]: count for operation, count in counts.items()})
    each = ", ".join(f"{operation} {count:,}" for operation, count in named.most_common())
    return f"{sum(named.values()):,} calls: {each}"


if __name__ == "__main__":
    for what, figures in rows():
        print(f"{what}: {figures}")

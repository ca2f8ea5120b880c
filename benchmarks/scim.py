"""Calls and seconds to write the people and groups of Kubernetes to SCIM services, beside a bare loop's.

The bare loop is what anybody would write: an `httpx.Client` that sends the very same writes one after the
other, to a service that is as empty, and neither reads nor waits nor checks. What is measured of the
reconciler is everything: loading, reading, planning, writing, reading back, and the empty plan afterwards.

Memberships at the SCIM endpoint of AWS are found by filters only; the fewest calls for them follow from the
data (one for each group, or one for each user, and one more for every further hundred).

Without the real organisation (RECONCILER_REAL_INPUT, else ../shared/real) a generated one of its shape is
measured, and the table says so. scim2-server is a process of its own, on the other core.

python -m benchmarks.scim
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import httpx

from reconciler.wire.http import Answer, Http, Request
from tests.conformance.scim.services import Place, aws_endpoint, complete, fed
from tests.conformance.scim.test_organisation import configure
from tests.servers.running import Server
from tests.support.organisation import (
    Organisation,
    describe,
    real_input,
    without_access,
    write_organisation,
)

Row = tuple[str, str]
Written = Sequence[tuple[Request, Answer]]
# What service providers call objects: nothing else in these writes looks like it.
_ID = re.compile(r"[0-9a-f][0-9a-f-]{30,}")


def rows() -> list[Row]:
    """What was measured, counts included, and the figures."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        label, organisation = _organisation(root / "identities")
        size = (
            f"{len(organisation.users):,} users, {len(organisation.groups):,} groups, "
            f"{organisation.memberships:,} memberships"
        )
        found: list[Row] = [("organisation, by SCIM", f"{label}: {size}")]
        for number, place in enumerate((complete, aws_endpoint)):
            found += _converged(place, organisation, root / f"home-{number}")
    return found


def _organisation(folder: Path) -> tuple[str, Organisation]:
    source = real_input()
    if source is None:
        write_organisation(folder)
    else:
        shutil.copytree(source, folder, copy_function=shutil.copyfile)
    without_access(folder)
    configure(folder)
    label = "Kubernetes" if source is not None else "generated, in the shape of Kubernetes"
    return label, describe(folder)


def _converged(place: Place, organisation: Organisation, home: Path) -> list[Row]:
    with place() as service, fed(service, organisation.folder, home) as here, _recorded() as sent:
        name = service.name
        began = perf_counter()
        report = here.apply()
        left = here.plan().plan.changes
        seconds = perf_counter() - began
        if left or not report.whole:
            raise RuntimeError(f"{name} does not converge, so that its figures mean nothing")
        counted = Counter(request.label for request, _ in sent)
        written = [pair for pair in sent if pair[0].mutates]
        sent.clear()
        before = Counter(here.target.calls)
        here.target.read()
        read = Counter(here.target.calls) - before
    with place() as another:
        bare = _bare(another.server, written)
    found = [
        (f"write it to {name}, calls", _listed(counted)),
        (f"write it to {name}, writes", f"{len(written):,}"),
        (
            f"write it to {name}, seconds",
            f"{seconds:.1f} s; bare loop {bare:.1f} s; ratio {seconds / bare:.2f}",
        ),
        (f"read it from {name}, calls", _listed(read)),
    ]
    if service.profile == "aws":
        found.append((f"read its memberships from {name}, calls", _memberships(organisation, read)))
    return found


def _memberships(organisation: Organisation, read: Counter[str]) -> str:
    """Those beyond the plain lists, and the fewest."""
    lists = ceil(len(organisation.users) / 100) + ceil(len(organisation.groups) / 100)
    of_user = Counter(user for members in organisation.members.values() for user in members)
    by_group = sum(max(1, ceil(len(who) / 100)) for who in organisation.members.values())
    by_user = sum(max(1, ceil(of_user[user] / 100)) for user in organisation.users)
    asked = read["scim.ListUsers"] + read["scim.ListGroups"] - lists
    return f"{asked:,}; fewest {min(by_group, by_user):,} (by group {by_group:,}, by user {by_user:,})"


@contextmanager
def _recorded() -> Iterator[list[tuple[Request, Answer]]]:
    """Every request that is answered well from here on, in order."""
    sent: list[tuple[Request, Answer]] = []
    plain = Http.call

    def call(self: Http, request: Request) -> Answer:
        answer = plain(self, request)
        sent.append((request, answer))
        return answer

    with patch.object(Http, "call", call):
        yield sent


def _bare(server: Server, written: Written) -> float:
    """Seconds of a loop that sends the same writes, with the ids of this service for those of the other."""
    ids: dict[str, str] = {}

    def here(text: str) -> str:
        return _ID.sub(lambda found: ids.get(found[0], found[0]), text)

    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/scim+json"}
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as client:
        began = perf_counter()
        for request, known in written:
            answer = client.request(
                request.method,
                f"{server.url.rstrip('/')}/{here(request.path)}",
                content=None if request.body is None else here(json.dumps(request.body)),
            )
            answer.raise_for_status()
            if request.method == "POST":
                ids.update(zip(_made(known.body), _made(answer.json()), strict=True))
        return perf_counter() - began


def _made(body: Any) -> list[str]:
    """The ids of what a POST made: the one, or those of a Bulk in order."""
    if "Operations" in body:
        return [str(each["location"]).rpartition("/")[2] for each in body["Operations"]]
    return [str(body["id"])]


def _listed(counts: Counter[str]) -> str:
    each = ", ".join(f"{count:,} {label.partition('.')[2]}" for label, count in sorted(counts.items()))
    return f"{sum(counts.values()):,}: {each}"


def main() -> None:
    """Print the table."""
    from benchmarks.__main__ import machine, table

    print(f"{machine()}\n\n{table(rows())}")


if __name__ == "__main__":
    main()

"""How long an import from a Samba domain controller takes, and how soon a leaver has no access.

python -m benchmarks.directory
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.sandbox import Sandbox
from tests.servers import samba
from tests.servers.samba import BASE, DISABLED, ENABLED, Domain, controller, entry
from tests.stories.company import Company, founded

SIZES = (2_200, 10_000)
# How many members the one group has.
GROUP = 2_200
Row = tuple[str, str]


class _Silence:
    """What the stage of the tests wants of pytest: nothing that commands print is kept."""

    def readouterr(self) -> tuple[str, str]:
        return "", ""


def rows(sizes: Sequence[int] = SIZES) -> list[Row]:
    """What was measured, counts included, and the figures."""
    if shutil.which("samba", path=samba.PATH) is None:
        return [("import from a domain controller", "not measured: Samba is not installed")]
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as environment:
        template = Path(name) / "samba"
        samba.provision(template)
        with (
            controller(template) as ad,
            Sandbox(None, speed=1000.0, latency=0.0) as aws,
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            silence: Any = _Silence()
            company = founded(Path(name), ad, aws, environment, silence)
            _founded(company)
            last = 0
            for size in sizes:
                _people(ad, last, size)
                last = size
                found.append(_imported(company, f"{size:,} users and a group of {GROUP:,}"))
                if size == sizes[0]:
                    found.append(_left(company))
    return found


def _founded(company: Company) -> None:
    ad = company.ad
    staff, groups = ad.unit("Staff"), ad.unit("Groups")
    company.scope = (f"base: {BASE}", f"users: {{bases: ['{staff}']}}", f"groups: {{bases: ['{groups}']}}")


def _people(ad: Domain, first: int, last: int) -> None:
    """More people; the first of them make up the group."""
    dns = [f"CN=p{at:05},OU=Staff,{BASE}" for at in range(first, last)]
    people = []
    for at, dn in enumerate(dns, first):
        name, address = f"p{at:05}", f"p{at:05}@example.test"
        values = {"sAMAccountName": name, "userPrincipalName": address, "mail": address, "sn": name}
        more = {
            "givenName": "P",
            "displayName": name,
            "userAccountControl": ENABLED,
            "department": "Payments",
        }
        people.append(entry(dn, "user", {**values, **more}))
    ad.load(people)
    if not first:
        group = {"sAMAccountName": "payments", "member": dns[:GROUP]}
        ad.load([entry(f"CN=payments,OU=Groups,{BASE}", "group", group)])
        ad.load([entry(f"CN=data,OU=Groups,{BASE}", "group", {"sAMAccountName": "data"})])


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The searches that are sent, a page each."""
    import ldap3

    calls: list[str] = []
    search = ldap3.Connection.search

    def counted(self: Any, base: str, *arguments: Any, **more: Any) -> Any:
        calls.append(base)
        return search(self, base, *arguments, **more)

    with patch.object(ldap3.Connection, "search", counted):
        yield calls


def _imported(company: Company, what: str) -> Row:
    with _counted() as calls:
        start, used = perf_counter(), process_time()
        ended = company.import_ad()
        took, cpu = perf_counter() - start, process_time() - used
    assert ended.code == 0
    start = perf_counter()
    assert company.import_ad("--detailed-exitcode").code == 0
    again = perf_counter() - start
    return (
        f"import of {what}",
        f"{took:.1f} s ({cpu:.1f} s of processor), {len(calls)} searches and pages; {again:.1f} s unchanged",
    )


def _left(company: Company) -> Row:
    company.merge("Import from AD")
    company.git.converge("--first-apply")
    user = "p00007@example.test"
    assert company.reaches(user)
    company.ad.change(f"CN=p00007,OU=Staff,{BASE}", userAccountControl=DISABLED)
    start, used = perf_counter(), process_time()
    assert company.import_ad().code == 0
    read = perf_counter() - start
    company.merge("Leavers")
    assert company.git.run("reconcile").code == 0
    took, cpu = perf_counter() - start, process_time() - used
    assert not company.reaches(user)
    return (
        f"from disabled in AD to no access, {SIZES[0]:,} users, the schedule's interval apart",
        f"{took:.1f} s ({cpu:.1f} s of processor), of them {read:.1f} s the import",
    )


if __name__ == "__main__":
    sys.stdout.write("".join(f"{what}: {figures}\n" for what, figures in rows()))

"""How large a receipt is and how long it takes, for an organisation as it is and for the largest one.

python -m benchmarks.memory
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from reconciler.files.git import Repository
from reconciler.files.git_objects import write_commit
from reconciler.loading.chain import link_files, read_link
from reconciler.loading.ledger_text import parse_ledger, render_ledger
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.ledger import GivenAssignment, GivenObject, Ledger
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Receipt

Row = tuple[str, str]
AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
_ATTRIBUTES = ("department", "display_name", "email", "family_name", "given_name", "title", "user_name")


class Size(NamedTuple):
    """How much git gave."""

    users: int
    groups: int
    memberships: int
    sets: int
    assignments: int

    def __str__(self) -> str:
        return f"{self.users:,} users, {self.memberships:,} memberships, {self.assignments:,} assignments"


SIZES = (Size(1_509, 160, 9_000, 20, 900), Size(100_000, 5_000, 1_000_000, 200, 40_000))


def ledger_of(size: Size, seed: int = 1) -> Ledger:
    """Remote ids as Identity Center makes them, and names as people have them."""
    chance = random.Random(seed)

    def identifier() -> str:
        return f"9067642ac5-{uuid.UUID(int=chance.getrandbits(128), version=4)}"

    users = {
        identifier(): GivenObject(f"person.{number}", f"person.{number}@example.com", _ATTRIBUTES)
        for number in range(size.users)
    }
    groups = {
        identifier(): GivenObject(f"team-{number}", f"team-{number}", ("description", "display_name"))
        for number in range(size.groups)
    }
    sets = {
        f"arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-{chance.getrandbits(64):016x}": GivenObject(
            f"Set{number}", f"Set{number}"
        )
        for number in range(size.sets)
    }
    people, teams, arns = list(users), list(groups), list(sets)
    each, more = divmod(size.memberships, size.groups)
    members = {
        team: frozenset(chance.sample(people, each + (number < more))) for number, team in enumerate(teams)
    }
    assignments: dict[Pair, dict[Principal, GivenAssignment]] = {}
    for number in range(size.assignments):
        pair = (AccountId(f"{210_000_000_000 + number // 20:012d}"), Arn(chance.choice(arns)))
        assignments.setdefault(pair, {})[Principal(Kind.GROUP, chance.choice(teams))] = GivenAssignment()
    return Ledger(users, groups, sets, members, {}, assignments)


def rows(sizes: Sequence[Size] = SIZES) -> list[Row]:
    """What was measured, counts included, and the figures."""
    found: list[Row] = []
    for size in sizes:
        ledger = ledger_of(size)
        started = perf_counter()
        texts = render_ledger(ledger)
        rendered = perf_counter()
        assert parse_ledger(texts) == ledger
        parsed = perf_counter()
        plain = sum(len(text) for text in texts.values())
        written, read, first, second = _in_git(ledger)
        found += [
            ("what git gave", str(size)),
            ("files of a receipt", f"{len(texts):,} with {plain / 1e6:,.2f} MB of text"),
            ("render, parse", f"{rendered - started:.2f} s, {parsed - rendered:.2f} s"),
            ("write to git, read from git", f"{written:.2f} s, {read:.2f} s"),
            ("bytes in git: the first receipt", f"{first:,}"),
            ("bytes in git: one membership more", f"{second:,}"),
        ]
    return found


def _in_git(ledger: Ledger) -> tuple[float, float, int, int]:
    """Seconds to write and to read a receipt, and the bytes of a pack with it, and with one after it more."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(["git", "init", "-q", name], check=True)
        repository = Repository(Path(name), "")
        receipt = Receipt("aws", {"identity_store_id": "d-1"}, "ab" * 32, "0", AT, "c" * 40)
        started = perf_counter()
        first = write_commit(repository.git, link_files(receipt, ledger), [], "first", AT)
        written = perf_counter()
        assert read_link(repository, first).ledger == ledger
        read = perf_counter()
        group, members = next(iter(ledger.members.items()))
        stranger = next(user for user in ledger.users if user not in members)
        more = Ledger(
            ledger.users,
            ledger.groups,
            ledger.sets,
            {**ledger.members, group: members | {stranger}},
            {},
            ledger.assignments,
        )
        second = write_commit(repository.git, link_files(receipt, more), [first], "second", AT)
        before = _packed(Path(name), first)
        return written - started, read - written, before, _packed(Path(name), second, f"^{first}")


def _packed(folder: Path, *revisions: str) -> int:
    """The bytes that a push of these commits sends."""
    command = ["git", "pack-objects", "--revs", "--stdout", "--thin", "--quiet"]
    wanted = "\n".join([*revisions, ""]).encode()
    return len(subprocess.run(command, cwd=folder, input=wanted, capture_output=True, check=True).stdout)


def main() -> None:
    """Print the table."""
    from benchmarks.__main__ import machine, table

    print(f"{machine()}\n\n{table(rows())}")


if __name__ == "__main__":
    main()

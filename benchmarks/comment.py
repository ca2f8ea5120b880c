"""Bytes and seconds of processor time of a plan's comment, at 15, 631 (Kubernetes) and 20,000 assignments.

The first is the sample of this repository against an empty sandbox, the second the real organisation (or a
generated one of its shape), the third is made here: groups of 20 people with sets on 300 accounts, all of it
given or all of it taken away.

python -m benchmarks.comment
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.plan import Plan, TargetPlan
from reconciler.render.comment.document import MAX_BYTES, plan_markdown
from tests.render import pieces
from tests.support.organisation import real_input, write_organisation
from tests.support.site import files_site

Row = tuple[str, str]
SETS, ACCOUNTS, PEOPLE, PRIVILEGED = 97, 300, 20, 3
SAMPLE = Path(__file__).resolve().parents[1] / "identities"


def made(assignments: int, action: Action) -> Plan:
    """A plan with so many assignments, and what they do to people."""
    gives = action is Action.CREATE
    changes = []
    where: dict[tuple[str, str], list[str]] = {}
    for number in range(assignments):
        account = f"{210_000_000_000 + number % ACCOUNTS}"
        name, group = f"Set{number % SETS:02d}", f"group-{number // ACCOUNTS:03d}"
        address = Address.of("aws", Kind.ASSIGNMENT, account, name, f"group:{group}")
        effect = Effect.GRANT if gives else Effect.REVOKE
        changes.append(Change(address, action, effect, Cause.GIT, "", "", name=group))
        where.setdefault((name, group), []).append(account)
    access = tuple(
        AccessChange(
            Direction.GAIN if gives else Direction.LOSE,
            name,
            tuple(f"person.{group[-3:]}.{number:02d}" for number in range(PEOPLE)),
            tuple(sorted(accounts)),
            (group,),
            privileged=int(name[-2:]) < PRIVILEGED,
        )
        for (name, group), accounts in sorted(where.items())
    )
    part: TargetPlan = replace(pieces.part(), changes=tuple(changes), access=access)
    return pieces.plan(part)


def measure(plan: Plan) -> str:
    """Bytes, seconds, and whether everything is shown."""
    began = process_time()
    text = plan_markdown(plan, max_bytes=MAX_BYTES)
    seconds = process_time() - began
    whole = (
        "cut" if text.startswith("**Not everything") else "folded" if "are named here" in text else "whole"
    )
    return f"{len(text.encode()):,} bytes in {seconds:.2f} s of processor time, {whole}"


def planned(source: Path | None) -> Iterator[tuple[Plan, int]]:
    """The first plan of an organisation, and how many assignments it makes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "identities"
        if source is None:
            write_organisation(folder)
        else:
            shutil.copytree(source, folder, copy_function=shutil.copyfile)
        with files_site(folder, Path(name) / "home") as site:
            plan = pieces.plan(site.plan().plan)
        yield plan, sum(change.address.kind is Kind.ASSIGNMENT for change in plan.changes)


def rows() -> list[Row]:
    """What was measured, and the figures."""
    found = []
    for label, source in (("the sample", SAMPLE), ("Kubernetes", real_input())):
        for plan, count in planned(source):
            found.append(
                (f"comment of {label}, {count:,} assignments, {len(plan.changes):,} changes", measure(plan))
            )
    for action in (Action.CREATE, Action.DELETE):
        plan = made(20_000, action)
        found.append((f"comment of 20,000 assignments to {action}", measure(plan)))
    return found


def main() -> None:
    """Print the table."""
    from benchmarks.__main__ import machine, table

    print(f"{machine()}\n\n{table(rows())}")


if __name__ == "__main__":
    main()

"""What plans do to people's access, in a large organisation, no I/O: 1 % of it different, and all of it new.

python -m benchmarks.access
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator

from benchmarks.planning import GROUPS, MEMBERS, NOW, USERS, members
from reconciler.model.address import AccountId, Address, Arn, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.pairs import Pair, Principal
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Group, Origin, User
from reconciler.model.state import Desired, Live, LiveGroup, LivePermissionSet, LiveUser
from reconciler.planning.consequences import Consequences
from reconciler.planning.context import PlanContext
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.ownership.owning import own_groups, own_users

# Each group has up to three permission sets, each in one of the folders of ten accounts.
ACCOUNTS, SETS, FOLDER = 300, 100, 10
ORIGIN = Origin("people.yaml", 1)


def holdings(group: int) -> Iterator[tuple[str, str]]:
    """Account and permission set of everything that is assigned to a group."""
    for turn in range(1 + group % 3):
        folder = (group // SETS + turn * 13) % (ACCOUNTS // FOLDER)
        name = f"Set{(group + turn * 17) % SETS:03d}"
        for place in range(FOLDER):
            yield f"{100_000_000_000 + folder * FOLDER + place}", name


def scene(*, empty: bool) -> PlanContext:
    """Everybody and everything live, or nothing of it."""
    desired = Desired(
        "aws",
        users={f"user{n}": User(f"user{n}", {"user_name": f"user{n}"}, ORIGIN) for n in range(USERS)},
        groups={f"group{n}": Group(f"group{n}", {}, ORIGIN) for n in range(GROUPS)},
    )
    ids = [f"9067{n:08x}" for n in range(USERS)]
    assignments: dict[Pair, set[Principal]] = {}
    for number in range(GROUPS):
        for account, name in holdings(number):
            holder = Principal(Kind.GROUP, f"a0b1{number:08x}")
            assignments.setdefault((AccountId(account), Arn(f"arn:{name}")), set()).add(holder)
    live = (
        Live("aws")
        if empty
        else Live(
            "aws",
            users={ids[n]: LiveUser(ids[n], {"user_name": f"user{n}"}, active=True) for n in range(USERS)},
            groups={
                f"a0b1{n:08x}": LiveGroup(f"a0b1{n:08x}", {"display_name": f"group{n}"})
                for n in range(GROUPS)
            },
            members={
                f"a0b1{n:08x}": dict.fromkeys((ids[user] for user in members(n)), "") for n in range(GROUPS)
            },
            permission_sets={
                f"arn:Set{n:03d}": LivePermissionSet(Arn(f"arn:Set{n:03d}"), {"name": f"Set{n:03d}"})
                for n in range(SETS)
            },
            assignments={pair: frozenset(holders) for pair, holders in assignments.items()},
        )
    )
    policy, memory = TargetPolicy("aws"), PriorState(None, (), known=True)
    return PlanContext(
        desired=desired,
        live=live,
        memory=memory,
        policy=policy,
        capabilities=Capabilities(),
        now=NOW,
        users=own_users(desired, live, memory, policy.scope),
        groups=own_groups(desired, live, memory, policy.scope),
        inactive={},
    )


def change(action: Action, kind: Kind, *parts: str) -> Change:
    """A change of access, or of what carries it."""
    effect = Effect.NEUTRAL
    if kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
        effect = Effect.GRANT if action is Action.CREATE else Effect.REVOKE
    return Change(Address.of("aws", kind, *parts), action, effect, Cause.GIT, "", "")


def differing() -> Iterator[Change]:
    """In every hundredth group one member for another, and its permission sets for another group's."""
    for number in range(0, GROUPS, 100):
        present = set(members(number))
        yield change(Action.DELETE, Kind.MEMBERSHIP, f"group{number}", f"user{members(number)[0]}")
        newcomer = next(user for user in range(number, USERS) if user not in present)
        yield change(Action.CREATE, Kind.MEMBERSHIP, f"group{number}", f"user{newcomer}")
        for account, name in holdings(number + 1):
            yield change(Action.DELETE, Kind.ASSIGNMENT, account, name, f"group:group{number + 1}")
        for account, name in holdings(number + 2):
            yield change(Action.CREATE, Kind.ASSIGNMENT, account, name, f"group:group{number + 1}")


def everything() -> Iterator[Change]:
    """The first apply."""
    for number in range(USERS):
        yield change(Action.CREATE, Kind.USER, f"user{number}")
    for number in range(SETS):
        yield change(Action.CREATE, Kind.PERMISSION_SET, f"Set{number:03d}")
    for number in range(GROUPS):
        yield change(Action.CREATE, Kind.GROUP, f"group{number}")
        for user in members(number):
            yield change(Action.CREATE, Kind.MEMBERSHIP, f"group{number}", f"user{user}")
        for account, name in holdings(number):
            yield change(Action.CREATE, Kind.ASSIGNMENT, account, name, f"group:group{number}")


def peak() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(changes: Iterable[Change], *, empty: bool) -> str:
    """Seconds, memory beyond the inputs, and how much is said."""
    stage, edits = scene(empty=empty), list(changes)
    held = peak()
    began = time.perf_counter()
    found = Consequences(stage, edits, {})
    access, replaced = found.access, found.replaced
    seconds = time.perf_counter() - began
    reach = sum(len(row.people) * len(row.accounts) for row in access)
    return (
        f"{seconds:.2f} s, {peak() - held:.0f} MiB more, {len(edits):,} changes, {len(access):,} rows "
        f"for {reach:,} people times accounts, {len(replaced):,} revocations replaced"
    )


def rows() -> list[tuple[str, str]]:
    """The figures, each measured in a process of its own so that peaks do not add up."""
    pairs = len({pair for number in range(GROUPS) for pair in holdings(number)})
    assignments = sum(1 for number in range(GROUPS) for _ in holdings(number))
    found = []
    for name in ("differing", "everything"):
        line = subprocess.run(
            [sys.executable, "-m", "benchmarks.access", name], check=True, capture_output=True, text=True
        ).stdout
        what = (
            f"access of {USERS:,} users, {GROUPS:,} groups, {GROUPS * MEMBERS:,} memberships, "
            f"{assignments:,} assignments of {pairs:,} pairs, {name}"
        )
        found.append((what, line.strip()))
    return found


def main() -> None:
    """One measurement when named, else all of them."""
    if len(sys.argv) > 1:
        new = sys.argv[1] == "everything"
        print(measure(everything() if new else differing(), empty=new))
        return
    for name, figures in rows():
        print(f"{name}: {figures}")


if __name__ == "__main__":
    main()

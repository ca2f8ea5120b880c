"""Planning a large organisation, no I/O: an equal live state, and one with 1 % of it different.

python -m benchmarks.planning
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from datetime import UTC, datetime

from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import GROUP_ATTRIBUTES, USER_ATTRIBUTES, Group, Origin, User, Value
from reconciler.model.state import Declared, Identities, Live, LiveGroup, LiveUser, Receipt, Remembered
from reconciler.planning.planner import plan_target

USERS, GROUPS, MEMBERS = 100_000, 10_000, 100
NOW = datetime(2026, 11, 23, tzinfo=UTC)
CAN = Capabilities(
    kinds=frozenset({Kind.USER, Kind.GROUP, Kind.MEMBERSHIP}),
    user_attributes=frozenset(USER_ATTRIBUTES) - {"external_id"},
    group_attributes=frozenset(GROUP_ATTRIBUTES) - {"external_id"},
    required=("user_name", "display_name", "given_name", "family_name"),
    safe_deletion=True,
    versions=True,
)


def attributes(number: int) -> dict[str, Value]:
    """Nine fields, made anew on each side so that nothing is shared."""
    return {
        "user_name": f"user{number}@example.com",
        "given_name": f"Given{number}",
        "family_name": f"Family{number}",
        "display_name": f"Given{number} Family{number}",
        "email": f"user{number}@example.com",
        "title": f"Engineer {number % 7}",
        "department": f"Department {number % 50}",
        "employee_number": f"{number:08d}",
        "cost_center": f"CC{number % 100}",
    }


def members(group: int) -> list[int]:
    """The numbers of a group's members."""
    return [(group * 37 + position * 101) % USERS for position in range(MEMBERS)]


def desired() -> Identities:
    """What git says."""
    origin = Origin("people.yaml", 1)
    users = {f"user{n}": User(f"user{n}", attributes(n), origin) for n in range(USERS)}
    keys = list(users)
    groups = {}
    for number in range(GROUPS):
        who = {keys[user]: 1000 + position for position, user in enumerate(members(number))}
        fields: dict[str, Value] = {"display_name": f"Group {number}"}
        groups[f"group{number}"] = Group(f"group{number}", fields, origin, members=who)
    return Identities(users=users, groups=groups)


def live(*, differing: bool) -> Live:
    """What is: the same, or with every hundredth user and group different."""
    users = {}
    for number in range(USERS):
        values = attributes(number)
        if differing and number % 100 == 0:
            values["title"] = "Somebody else's title"
        users[f"9067{number:08x}"] = LiveUser(f"9067{number:08x}", values, active=True, version="1")
    ids = list(users)
    groups, memberships = {}, {}
    for number in range(GROUPS):
        identifier = f"a0b1{number:08x}"
        groups[identifier] = LiveGroup(identifier, {"display_name": f"Group {number}"}, version="1")
        who = {
            ids[user]: f"m{number:05x}{position:03x}-0000-0000-0000"
            for position, user in enumerate(members(number))
        }
        if differing and number % 100 == 0:
            del who[next(iter(who))]
        memberships[identifier] = who
    return Live("aws", {"identity_store_id": "d-1234567890"}, users, groups, memberships)


def measure(*, differing: bool) -> tuple[float, float, int]:
    """Seconds to plan, peak memory in MiB of the whole process, and changes found."""
    git, there = desired(), live(differing=differing)
    policy = TargetPolicy("aws")
    memory = Remembered(receipt=Receipt("aws", {}, "", "", NOW), base=Declared("base", git, policy))
    began = time.perf_counter()
    planned = plan_target(git, memory, there, policy, CAN, NOW)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return seconds, peak, len(planned.plan.changes)


def rows() -> list[tuple[str, str]]:
    """The figures, each measured in a process of its own so that peaks do not add up."""
    found = []
    for name in ("equal", "differing"):
        line = subprocess.run(
            [sys.executable, "-m", "benchmarks.planning", name], check=True, capture_output=True, text=True
        ).stdout
        found.append(
            (
                f"plan {USERS:,} users, {GROUPS:,} groups, {GROUPS * MEMBERS:,} memberships, {name}",
                line.strip(),
            )
        )
    return found


def main() -> None:
    """One measurement when named, else all of them."""
    if len(sys.argv) > 1:
        seconds, peak, changes = measure(differing=sys.argv[1] == "differing")
        print(f"{seconds:.2f} s, {peak:.0f} MiB peak, {changes:,} changes")
        return
    for name, figures in rows():
        print(f"{name}: {figures}")


if __name__ == "__main__":
    main()

"""Proves that files say what is live: loaded and planned, nothing changes, and nothing more is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from reconciler.adopting.outcome import Inventory
from reconciler.files.tree import MAX_FILE_BYTES, MemoryTree
from reconciler.loading.load import load
from reconciler.model.capabilities import Capabilities
from reconciler.model.plan import Severity
from reconciler.model.state import Live, Remembered
from reconciler.planning.desired.project import project
from reconciler.planning.planner import plan_target

_SHOWN = 5
_One = TypeVar("_One")
_Other = TypeVar("_Other")


def objections(
    files: Mapping[str, bytes],
    target: str,
    live: Live,
    capabilities: Capabilities,
    inventory: Inventory,
    now: datetime,
    remembered: Remembered,
) -> list[str]:
    """Why `files` do not declare what `live` has, in words; none where they do.

    They are loaded as every command loads them, and planned as the first plan will be. Raises InputError
    where they are not valid.
    """
    large = sorted(path for path, data in files.items() if len(data) > MAX_FILE_BYTES)
    if large:
        return [f"{path} would be larger than {MAX_FILE_BYTES:,} bytes: try --users none" for path in large]
    loaded = load(MemoryTree("identities", files))
    if target not in loaded.config.targets:
        return [f"the files have no target {target}"]
    policy = loaded.config.targets[target].policy
    planned = plan_target(loaded.identities, remembered, live, policy, capabilities, now)
    desired = project(loaded.identities, policy, now, capabilities, live.organization)
    wanted = {
        (str(account), str(name)): frozenset(holders)
        for (account, name), holders in desired.assignments.items()
        if holders
    }
    granted = {(str(account), name): holders for (account, name), holders in inventory.granted.items()}
    members = {key: frozenset(found) for key, found in desired.members.items()}
    expected = {one.key: inventory.members[one.key] for one in inventory.groups if "members" in one.fields}
    found = [
        *(f"the plan would {change.action} {change.address}" for change in planned.plan.changes),
        *(f"{one.code}: {one.message}" for one in planned.plan.findings if one.severity is Severity.REFUSAL),
        *_differences("the grants of", wanted, granted),
        *_differences("the members of", members, expected),
    ]
    if planned.waiting:
        found.append(f"{planned.waiting} of what the files declare cannot be planned")
    return [*found[:_SHOWN], *([f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])]


def _differences(
    what: str, ours: Mapping[_One, frozenset[_Other]], theirs: Mapping[_One, frozenset[_Other]]
) -> Iterator[str]:
    nobody: frozenset[_Other] = frozenset()
    for one in sorted(ours.keys() | theirs.keys(), key=str):
        if ours.get(one, nobody) != theirs.get(one, nobody):
            name = " on ".join(map(str, reversed(one))) if isinstance(one, tuple) else one
            yield f"{what} {name} are not those that are live"

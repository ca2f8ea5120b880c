"""One digest per target, over its identity, its policy and its changes: what a reviewer approves.

Origins, the git tree, names and reasons stand beside it, so that splitting a file or squashing a merge
changes nothing. (octoDNS's checksum leaves out zone and target; this one must not.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.change import Change
from reconciler.model.plan import SEMANTICS_VERSION
from reconciler.model.policy import TargetPolicy
from reconciler.planning import hashes


def policy_digest(policy: TargetPolicy) -> str:
    """What the configuration decides for one target, as one hash."""
    return hashes.digest(policy)


def plan_digest(target: str, identity: Mapping[str, str], policy: str, changes: Iterable[Change]) -> str:
    """The digest of one target's part of a plan, as `sha256:…`; the order of changes does not matter.

    Fields are in it beside the hashes that they lead to, so that what a saved plan shows is what it does.
    """
    rows = sorted(
        (
            [
                str(change.address),
                str(change.action),
                change.before_hash,
                change.after_hash,
                [[each.name, each.before, each.after] for each in change.fields],
            ]
            for change in changes
        ),
        key=lambda row: row[:4],
    )
    return "sha256:" + hashes.digest(
        {
            "semantics": SEMANTICS_VERSION,
            "target": target,
            "identity": dict(identity),
            "policy": policy,
            "changes": rows,
        }
    )

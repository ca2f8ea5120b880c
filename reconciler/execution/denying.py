"""Denies people at once, or no more, outside of any plan: what `reconciler offboard` does first.

It takes no lock. The policy is read before it is written and looked at again afterwards; a run of apply that
wrote between is merged, and what it overwrote is written once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from reconciler.model.denials import Entry
from reconciler.targets.base import Denies, Target
from reconciler.wire.clock import Clock

# An apply that read the policy before us has written it by then (three requests): seconds, and how often.
_SETTLED = 3.0
_LOOKS = 3


class Denied(NamedTuple):
    """How it ended: `done` says that all of it stands in the policy, `message` why not, or who was left out.

    `configured` is False where the target has no policy of denials; then nothing was done.
    """

    done: bool
    message: str = ""
    configured: bool = True


_NOT_CONFIGURED = Denied(
    done=False,
    message="no `deny_policy` is configured: sessions end by themselves, and a reviewed apply may undo this",
    configured=False,
)


def deny_now(
    target: Target,
    identifiers: Collection[str],
    never: Mapping[str, str],
    *,
    clock: Clock,
    speed: float = 1.0,
) -> Denied:
    """Enter users by remote id, as offboarded and open, except those whom `never` names (PreparedPlan).

    Raises nothing. Time is that of a service which runs `speed` times as fast.
    """
    wanted = {one: Entry(offboarded=True) for one in sorted(identifiers) if one not in never}
    left = "; ".join(f"{one} is never denied: {never[one]}" for one in sorted(identifiers) if one in never)
    found = _written(target, wanted, clock, speed) if wanted else Denied(done=True)
    if not left or not found.configured:
        return found
    return Denied(done=False, message="; ".join(filter(None, (found.message, left))))


def deny_no_more(target: Target, identifiers: Collection[str], *, clock: Clock, speed: float = 1.0) -> Denied:
    """Take users out whom `deny_now` entered; whom git blocks, or somebody entered, stays. Raises nothing."""
    if not isinstance(target, Denies) or (denials := target.denials()) is None:
        return _NOT_CONFIGURED
    if denials.unwritable:
        return Denied(done=False, message=denials.unwritable)
    entries = denials.entries
    kept = sorted(one for one in identifiers if one in entries and not entries[one].offboarded)
    edits = {one: None for one in identifiers if one in entries and entries[one].offboarded}
    found = _written(target, edits, clock, speed) if edits else Denied(done=True)
    if not kept:
        return found
    stays = (
        f"{', '.join(kept)}: git blocks them, or did: unblock them there; what somebody wrote by hand goes "
        "by hand"
    )
    return Denied(done=False, message="; ".join(filter(None, (found.message, stays))))


def _written(target: Target, edits: Mapping[str, Entry | None], clock: Clock, speed: float) -> Denied:
    """Write, and look again when nobody who read before us can still be about to write."""
    if not isinstance(target, Denies) or target.denials() is None:
        return _NOT_CONFIGURED
    for _ in range(_LOOKS):
        if why := target.write_denials(edits):
            return Denied(done=False, message=why)
        clock.sleep(_SETTLED / speed)
        found = target.denials()
        if found is not None and not found.problem and _stands(found.entries, edits):
            return Denied(done=True)
    return Denied(done=False, message="somebody else keeps writing the policy; look at it")


def _stands(found: Mapping[str, Entry], edits: Mapping[str, Entry | None]) -> bool:
    return all(
        one not in found if entry is None else one in found and found[one].end is None
        for one, entry in edits.items()
    )

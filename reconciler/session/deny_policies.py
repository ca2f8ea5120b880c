"""What a plan says where git names another policy of denials, or none, than the one that is used."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.denials import Denials
from reconciler.model.plan import Finding, Severity
from reconciler.model.state import Live
from reconciler.planning.prepared import PreparedPlan


def deny_policy_changed(
    target: str, said: str, trusted: str, live: Live, planned: PreparedPlan
) -> Iterator[Finding]:
    """A finding on a policy that is given up: what is used now, who is in it, and what becomes of them.

    `said` is the policy in the files under plan, `trusted` the one of the trusted branch ("": none). What was
    used before is what the newest receipt says. A policy where none was before takes nothing from anybody.
    """
    used = live.denials
    before = live.former_denials[0] if live.former_denials else used
    if before is None or before.policy == said:
        return
    kept = used is not None and used.policy == before.policy
    now = f"{said} instead of {before.policy}" if said else f"no policy instead of {before.policy}"
    while_in = "while anybody is in it by `offboard` alone, or it cannot be read"
    if kept and trusted != before.policy:
        becomes = f"{before.policy} is still used {while_in}"
    elif kept:
        becomes = f"{before.policy} is used until this is merged, and after that {while_in}"
    else:
        becomes = (
            f"from this apply on nobody is entered in {before.policy} or taken out, and who is in it stays "
            "denied where it is attached"
        )
    yield Finding(
        code="deny-policy-changed",
        severity=Severity.WARNING,
        message=f"the files name {now} as `deny_policy` of {target}: {becomes}",
        fix="keep the policy, or add the people to `blocked` first (`reconciler offboard USER --undo`); "
        "detach the old one when nobody is in it",
        details=tuple(_people(before, planned)),
        count=max(1, len(before.entries)),
    )


def _people(denials: Denials, planned: PreparedPlan) -> Iterator[str]:
    """Who is in a policy, by key or remote id, and how."""
    if denials.problem:
        yield denials.unwritable
    named = {**{one: key for one, key in planned.vanished.items() if key}, **planned.keys}
    for identifier, entry in denials.entries.items():
        by = ", by offboard" if entry.offboarded else ""
        yield f"{named.get(identifier, identifier)}: {entry}{by}"
    for identifier in sorted(denials.named):
        yield f"{named.get(identifier, identifier)}: in what is not understood"

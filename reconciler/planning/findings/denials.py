"""What a reviewer must know of the policy of denials beside its changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.change import Change
from reconciler.model.plan import Finding, Severity
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.denying import why_out
from reconciler.planning.withheld import Withheld
from reconciler.planning.wording import many


def denial_findings(
    context: PlanContext, diff: Diff, withheld: Withheld, undenied: Sequence[tuple[Change, str]]
) -> Iterator[Finding]:
    """Who cannot be denied, whom the policy holds without git, and what it has that is nobody's."""
    denials = context.live.denials
    if denials is None:
        return
    if denials.problem or denials.foreign:
        yield Finding(
            code="deny-policy-unusable",
            severity=Severity.WARNING,
            message=f"nobody can be denied at once: {denials.unwritable}"
            + ("; nothing is granted to anybody until it can be read" if denials.problem else ""),
            fix="let `reconciler doctor aws` say what is missing; what is taken away waits for nothing",
            details=denials.foreign,
        )
    if undenied:
        yield Finding(
            code="not-denied",
            severity=Severity.WARNING,
            message=f"{_people(len(undenied))} not denied at once, and should be: "
            "their sessions end by themselves, and what they have is taken away",
            fix="see docs/out-at-once.md; the next run tries again",
            details=tuple(f"{change.address.own_key}: {why}" for change, why in undenied),
            count=len(undenied),
        )
    held = diff.standing.held
    if held:
        waiting = [str(change.address) for change in withheld.denied]
        yield Finding(
            code="denied-not-blocked",
            severity=Severity.WARNING,
            message=f"{_people(len(held))} denied everything, and git does not block them: "
            "nothing is granted to them, reviewed or not",
            fix="add them to `blocked`, or take them out with `reconciler offboard USER --undo` (by hand, "
            "where somebody entered them by hand)",
            details=(*(f"{key}: {state}" for key, state in sorted(held.items())), *sorted(waiting)),
            count=len(held),
        )
    if kept := sorted(diff.standing.undeleted):
        yield Finding(
            code="deletion-held",
            severity=Severity.WARNING,
            message=f"{many(len(kept), 'user')} gone from git stay, with no access: by their ids alone the "
            "policy of denials tells who was offboarded",
            fix="add them to `blocked`, or take them out with `reconciler offboard USER --undo`; then they "
            "are deleted",
            details=tuple(kept),
            count=len(kept),
        )
    named = sorted(
        f"{context.user_key(identifier)}: {why}"
        for identifier, why in diff.never_denied.items()
        if identifier in denials.entries or _is_out(context, identifier)
    )
    if named:
        yield Finding(
            code="never-denied",
            severity=Severity.WARNING,
            message=f"{_people(len(named))} never denied everything",
            fix="unblock them, or name somebody else in `protected`",
            details=tuple(named),
            count=len(named),
        )


def _people(count: int) -> str:
    return "1 person is" if count == 1 else f"{count} people are"


def _is_out(context: PlanContext, identifier: str) -> bool:
    return why_out(context, identifier) is not None

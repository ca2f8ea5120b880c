"""Guards of single objects: what is protected, what is made again, and what cannot be deleted safely."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action, Cause, Change
from reconciler.model.names import fold
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Guards
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.protection import touched
from reconciler.planning.wording import many

_OBJECTS = (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET)


def protected(changes: Sequence[Change], guards: Guards) -> Iterator[Finding]:
    """A refusal for each change of what is protected."""
    for change, verb in touched(changes, guards.protected):
        yield Finding(
            code="protected",
            severity=Severity.REFUSAL,
            message=f"{change.address} is protected and would be {verb}",
            address=change.address,
            origin=change.origin,
            fix=approval("protected", 1, change.address.kind),
            kind=change.address.kind,
            covers=(change.address,),
        )


def recreated(changes: Sequence[Change], replaced: Container[Address]) -> Iterator[Finding]:
    """A deletion and a creation under one name: nothing granted to the old id reaches the new one."""
    deletions = (
        change
        for change in changes
        if change.action is Action.DELETE
        and change.address.kind in _OBJECTS
        and change.address not in replaced
    )
    deleted = {(change.address.kind, fold(change.name)): change for change in deletions}
    if not deleted:
        return
    for change in changes:
        if change.action is not Action.CREATE or change.address.kind not in _OBJECTS:
            continue
        old = deleted.get((change.address.kind, fold(change.name)))
        if old is not None:
            yield Finding(
                code="recreate",
                severity=Severity.REFUSAL,
                message=f"{old.address} would be deleted and {change.address} created under the same name",
                address=change.address,
                origin=change.origin,
                fix="keep the object: give the new key `previously: [<old key>]`",
                kind=change.address.kind,
                covers=(old.address, change.address),
            )


def remade(changes: Sequence[Change]) -> Iterator[Finding]:
    """What was applied, was deleted by somebody else, and would be made again and assigned to or from anew.

    It gets a new id: what else hung on the old one (applications, policies that name it) does not follow.
    """
    made = [
        change
        for change in changes
        if change.action is Action.CREATE and change.cause is Cause.DRIFT and change.address.kind in _OBJECTS
    ]
    if not made:
        return
    assigned = {
        end
        for change in changes
        if change.address.kind is Kind.ASSIGNMENT and change.action is Action.CREATE
        for end in change.address.ends
    }
    for kind in _OBJECTS:
        found = [one for one in made if one.address.kind is kind and one.address in assigned]
        if found:
            yield Finding(
                code="recreate",
                severity=Severity.REFUSAL,
                message=(
                    f"{many(len(found), kind.replace('-', ' '))} that held assignments would be made again: "
                    "somebody deleted an applied object, and its other access does not come back"
                ),
                fix=f"find out who deleted it; {approval('recreate', len(found), kind)}",
                origin=found[0].origin,
                details=tuple(str(one.address) for one in found),
                kind=kind,
                count=len(found),
                covers=tuple(one.address for one in found),
            )


def unsafe(removals: Sequence[Change], capabilities: Capabilities) -> Iterator[Finding]:
    """Deletions of what may hold assignments that were not read."""
    if capabilities.safe_deletion:
        return
    deletions = [
        change
        for change in removals
        if change.action is Action.DELETE and change.address.kind in (Kind.USER, Kind.GROUP)
    ]
    if deletions:
        yield Finding(
            code="unsafe-deletion",
            severity=Severity.REFUSAL,
            message=(
                f"{many(len(deletions), 'object')} would be deleted whose assignments are not read yet: "
                "deleting them would leave assignments that point at nobody"
            ),
            fix="remove their assignments and then them in the console, or keep them in git",
            details=tuple(str(change.address) for change in deletions),
            count=len(deletions),
            covers=tuple(change.address for change in deletions),
        )

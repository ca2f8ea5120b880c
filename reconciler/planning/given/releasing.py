"""What git lets go of: given before, and by an explicit word somebody else's now.

The words are `external: true`, `ignore`, and `members: unmanaged`. Nothing is written to the service, but
from then on git takes nothing of it back, so that a review must see it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from reconciler.model.address import Address, Kind, remote
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.ledger import GivenObject, Ledger
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Origin
from reconciler.model.state import Holder
from reconciler.planning import hashes
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.given.privileged import PrivilegedNow
from reconciler.planning.ownership.ignoring import ignoring
from reconciler.planning.ownership.objects import Ownership
from reconciler.planning.wording import many

_SHOWN = 100


def release(context: PlanContext, diff: Diff) -> None:
    """Add to `diff` a change for each thing that git gave and lets go of. To be called last."""
    if context.memory.ledger is not None:
        _Releasing(context, diff, context.memory.ledger).run()


class _Releasing:
    def __init__(self, context: PlanContext, diff: Diff, ledger: Ledger) -> None:
        self._context, self._diff, self._ledger = context, diff, ledger
        self._taken = {change.address for change in diff.changes if change.action is Action.DELETE}

    def run(self) -> None:
        context, ledger = self._context, self._ledger
        self._objects(Kind.USER, ledger.users, context.users, context.desired.users)
        self._objects(Kind.GROUP, ledger.groups, context.groups, context.desired.groups)
        for arn in sorted(ledger.sets.keys() & context.sets.ignored):
            self._add(context.set_address(context.set_name(arn)), arn, context.set_name(arn), "ignored", None)
        self._members()
        self._assignments()

    def _objects(
        self, kind: Kind, given: Mapping[str, GivenObject], owners: Ownership, declared: Mapping[str, object]
    ) -> None:
        for identifier, one in sorted(given.items()):
            why = _why(owners, identifier)
            if why is None:
                continue
            key = _key(identifier, given, owners, declared)
            origin = getattr(declared.get(key), "origin", None)
            self._add(Address.of(self._context.target, kind, key), identifier, one.name, why, origin)

    def _members(self) -> None:
        context = self._context
        for group, given in sorted(self._ledger.members.items()):
            live = context.live.members.get(group, {})
            why = _why(context.groups, group)
            key = context.groups.declared.get(group)
            declared = context.desired.groups.get(key) if key is not None else None
            if declared is not None and declared.unmanaged:
                why = "members: unmanaged"
            for user in sorted(given & live.keys()):
                reason = why or ("ignored" if user in context.users.ignored else None)
                if reason is None:
                    continue
                of = _key(group, self._ledger.groups, context.groups, context.desired.groups)
                who = _key(user, self._ledger.users, context.users, context.desired.users)
                address = Address.of(context.target, Kind.MEMBERSHIP, of, who)
                self._diff.ids[context.group_address(of)] = group
                self._diff.ids[context.user_address(who)] = user
                origin = declared.origin if declared is not None else None
                self._add(address, f"{group}/{user}", context.live_user_name(user), reason, origin)

    def _assignments(self) -> None:
        context = self._context
        ignores = ignoring(context)
        for (account, arn), held in sorted(self._ledger.assignments.items()):
            live = context.live.assignments.get((account, arn), frozenset())
            name = context.set_name(arn)
            for principal in sorted(held.keys() & live):
                owners = context.users if principal.kind is Kind.USER else context.groups
                if (
                    arn in context.sets.ignored
                    or principal.id in owners.ignored
                    or (ignores is not None and ignores(account, name, principal))
                ):
                    self._assignment(account, arn, principal)

    def _assignment(self, account: str, arn: str, principal: Principal) -> None:
        context = self._context
        if principal.kind is Kind.USER:
            key = _key(principal.id, self._ledger.users, context.users, context.desired.users)
        else:
            key = _key(principal.id, self._ledger.groups, context.groups, context.desired.groups)
        holder = Holder(principal.kind, key)
        address = context.assignment_address(account, context.set_name(arn), holder)
        self._diff.ids[context.set_address(context.set_name(arn))] = arn
        self._diff.ids[context.holder_address(holder)] = principal.id
        what = f"{account}/{arn}/{principal.kind}/{principal.id}"
        self._add(address, what, context.principal_name(principal), "ignored", None)

    def _add(self, address: Address, what: str, name: str, why: str, origin: Origin | None) -> None:
        if address in self._taken:
            return  # a person who must have no access loses it, also where git lets go of the rest
        if address.kind in (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET):
            self._diff.ids[address] = what
        self._diff.changes.append(
            Change(
                address=address,
                action=Action.RELEASE,
                effect=Effect.NEUTRAL,
                cause=Cause.GIT,
                before_hash=hashes.digest({"given": what}),
                after_hash=hashes.digest({"released": what}),
                name=name,
                reason=why,
                origin=origin,
            )
        )


def _key(
    identifier: str, given: Mapping[str, GivenObject], owners: Ownership, declared: Container[str]
) -> str:
    """The key of an object: its own, the one it was given under, or its id where another has that now."""
    key = owners.pairing.keys.get(identifier)
    if key is not None:
        return key
    known = given.get(identifier)
    if known is None or known.key in owners.pairing.ids or known.key in declared:
        return remote(identifier)
    return known.key


def _why(owners: Ownership, identifier: str) -> str | None:
    if identifier in owners.external:
        return "external: true"
    return "ignored" if identifier in owners.ignored else None


def released(
    context: PlanContext, changes: Iterable[Change], ids: Mapping[Address, str], names: Mapping[str, str]
) -> Iterable[Finding]:
    """One finding on all that git lets go of, privileged access first. `names` are accounts by their keys."""
    found = [change for change in changes if change.action is Action.RELEASE]
    if not found:
        return
    privileged = PrivilegedNow(context, names)
    loud: list[str] = []
    quiet: list[str] = []
    for change in found:
        lines = loud if _is_privileged(change, ids, privileged) else quiet
        lines.append(f"{change.address}: {change.reason}")
    marked = f", {len(loud)} of them privileged" if loud else ""
    told_lines = [*(f"{each} (privileged)" for each in sorted(loud)), *sorted(quiet)]
    more = len(told_lines) - _SHOWN
    yield Finding(
        code="released",
        severity=Severity.WARNING,
        message=(
            f"git no longer manages {many(len(found), 'thing')} that it gave{marked}: they stay as they are, "
            "and are not taken back"
        ),
        fix="if they should go instead, remove them in git, apply, and release what is left then",
        details=tuple(told_lines[:_SHOWN] + ([f"and {more:,} more"] if more > 0 else [])),
        count=len(found),
    )


def _is_privileged(change: Change, ids: Mapping[Address, str], privileged: PrivilegedNow) -> bool:
    if change.address.kind is Kind.ASSIGNMENT:
        return privileged.assignment(change.address.account, ids.get(change.address.permission_set, ""))
    if change.address.kind is Kind.MEMBERSHIP:
        return privileged.group(ids.get(change.address.group, ""))
    return change.address.kind is Kind.GROUP and privileged.group(ids.get(change.address, ""))

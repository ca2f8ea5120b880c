"""Removals that were approved and applied before, and did not take effect. Pure.

A receipt names them among what is not kept, as `pending.<kind>/<key>`. They are named in every plan, and do
not count against others: they were approved once, and nobody else is refused for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.plan import Finding, Severity
from reconciler.model.report import Result, Status
from reconciler.planning.wording import many

_PREFIX = "pending."
# The habit of a service that lets nobody leave a group (targets/scim/member_forms.py).
_NO_REMOVAL = "service.members-removal:none"


def is_removal(change: Change) -> bool:
    """Whether a change takes something away: a deletion, or the disabling of a user."""
    return change.action is Action.DELETE or change.disables


def pending_removals(changes: Iterable[Change], names: Collection[str]) -> frozenset[Address]:
    """Those of `changes` that a receipt names as applied before without effect."""
    if not any(each.startswith(_PREFIX) for each in names):
        return frozenset()
    known = set(names)
    return frozenset(each.address for each in changes if is_removal(each) and _entry(each.address) in known)


def next_pending(
    names: Collection[str],
    changes: Iterable[Change],
    ended: Mapping[Address, Result],
    *,
    whole: bool,
) -> frozenset[str]:
    """What the next receipt says of them: what this apply tried in vain, and what it did not try again.

    `changes` are all of the plan, which is `whole` where it was restricted to nothing.
    """
    found = set()
    planned = set()
    for change in changes:
        if not is_removal(change):
            continue
        entry, result = _entry(change.address), ended.get(change.address)
        planned.add(entry)
        if result is None or result.status in (Status.STOPPED, Status.SKIPPED, Status.HELD):
            found |= {entry} & set(names)
        elif result.status.doubtful:
            found.add(entry)
    if not whole:
        found |= {each for each in names if each.startswith(_PREFIX)} - planned
    return frozenset(found)


def without_pending(names: Iterable[str]) -> frozenset[str]:
    """The names of a receipt that are about something else."""
    return frozenset(each for each in names if not each.startswith(_PREFIX))


def pending_findings(pending: Collection[Address]) -> Iterator[Finding]:
    """One finding on all of them."""
    if pending:
        keys = sorted(f"{each.kind}/{each.key}" for each in pending)
        yield Finding(
            code="removals-pending",
            severity=Severity.WARNING,
            message=(
                f"{many(len(keys), 'removal')} in this plan had no effect when applied before; each is tried "
                "again, and counts for no limit"
            ),
            fix="take it away at the service by hand, or ask its operator why it stays",
            details=tuple(keys),
            count=len(keys),
        )


def members_stay(changes: Iterable[Change], names: Collection[str]) -> Iterator[Finding]:
    """One finding where the service was seen to carry out no form of a removal, and the plan has some.

    Who leaves with the group itself needs no such form.
    """
    if _NO_REMOVAL not in names:
        return
    going = [each.address for each in changes if each.action is Action.DELETE]
    groups = {each.key for each in going if each.kind is Kind.GROUP}
    left = [each for each in going if each.kind is Kind.MEMBERSHIP and each.group.key not in groups]
    if left:
        yield Finding(
            code="members-stay",
            severity=Severity.WARNING,
            message=(
                f"{many(len(left), 'membership')} in this plan should end, and the service was seen to "
                "answer every form of such a removal with success and to carry out none"
            ),
            fix=(
                "take these members out of the groups at the service by hand, or set `removal` in the "
                "`settings` of the target where you know a form that works"
            ),
            details=tuple(sorted(each.key for each in left)),
            count=len(left),
        )


def _entry(address: Address) -> str:
    return f"{_PREFIX}{address.kind}/{address.key}"

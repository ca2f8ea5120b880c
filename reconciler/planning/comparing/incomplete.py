"""Users who cannot be created, because they lack what the target wants of everybody: said once for many."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.address import Address
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import User
from reconciler.planning.wording import many

_CODE = "incomplete-user"
# So many of one cause are told one by one, each with its place in the files.
_FEW = 5


def incomplete(user: User, address: Address, missing: Sequence[str]) -> Finding:
    """One user, and what is missing."""
    return Finding(
        code="incomplete-user",
        severity=Severity.WARNING,
        message=f"{user.key} cannot be created: {' and '.join(missing)} must be set",
        address=address,
        origin=user.origin,
        fix=f"add {', '.join(missing)} to the user",
    )


def gathered(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with those on many users who lack the same made into one."""
    alike: dict[str, list[Finding]] = {}
    for each in findings:
        if each.code == _CODE and each.address is not None:
            alike.setdefault(each.fix or "", []).append(each)
    left = [each for each in findings if each.code != _CODE or each.address is None]
    for fix, group in alike.items():
        left.extend(group if len(group) <= _FEW else [_one(fix, group)])
    return left


def _one(fix: str, group: Sequence[Finding]) -> Finding:
    what = group[0].message.partition(" cannot be created: ")[2]
    return Finding(
        code="incomplete-user",
        severity=Severity.WARNING,
        message=f"{many(len(group), 'user')} cannot be created: {what}",
        fix=fix.replace("to the user", "to each user, or to the `map` of the target"),
        details=tuple(sorted(each.address.key for each in group if each.address is not None)),
        count=len(group),
    )

"""What a branch under review changes of how much is managed: used as it is there, so people must see it.

A mode that becomes `observe` plans nothing by itself, and lets every later leaver keep what they have.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.config import CONFIG_FILE, Config, TargetConfig
from reconciler.loading.position import GitPosition
from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity

_KINDS = {
    "users": Kind.USER,
    "groups": Kind.GROUP,
    "memberships": Kind.MEMBERSHIP,
    "permission_sets": Kind.PERMISSION_SET,
    "assignments": Kind.ASSIGNMENT,
}
_LISTS = ("paths", "provision", "on_removal", "map")


def changed_coverage(position: GitPosition, ours: Config, theirs: Config) -> tuple[Finding, ...]:
    """A finding on every target whose scope, patterns or time zone the trusted branch has otherwise."""
    details = []
    if ours.timezone.key != theirs.timezone.key:
        details.append(f"timezone: {ours.timezone.key} here, {theirs.timezone.key} there")
    for name, target in sorted(ours.targets.items()):
        if name in theirs.targets:
            details += [f"{name}: {each}" for each in _differences(target, theirs.targets[name])]
    if not details:
        return ()
    return (
        Finding(
            code="scope-changed",
            severity=Severity.WARNING,
            message=f"{CONFIG_FILE} differs from {position.branch} in what it manages, and is used as here",
            fix="look whether that is meant: what is observed or left out is not taken back",
            details=tuple(details),
            count=len(details),
        ),
    )


def _differences(ours: TargetConfig, theirs: TargetConfig) -> Iterator[str]:
    here, there = ours.policy, theirs.policy
    for field, kind in _KINDS.items():
        if (mode := here.scope.mode(kind)) is not (was := there.scope.mode(kind)):
            yield f"scope of {field} is {mode} here, {was} there"
    if here.scope.ignore != there.scope.ignore:
        yield "`ignore` is another"
    for field in _LISTS:
        if getattr(here, field) != getattr(there, field):
            yield f"`{field}` is another"

"""What the linter says of the permission sets that a plan creates or edits, added to the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from reconciler.errors import Place
from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Plan
from reconciler.model.resources import Origin
from reconciler.model.state import Identities
from reconciler.targets.base import PolicyValidator


def with_lint(
    plan: Plan,
    identities: Identities,
    locate: Callable[[Iterable[Origin]], Mapping[Origin, Place]],
    validators: Mapping[str, PolicyValidator],
) -> Plan:
    """The plan with a finding for each set that it writes and that has an odd inline policy.

    The linter says so, and the target's own check where `validators` has it. No digest covers findings, so
    that another linter makes no reviewed plan stale.
    """
    keys = {
        change.address.parts[0]
        for change in plan.changes
        if change.address.kind is Kind.PERMISSION_SET and change.action is not Action.DELETE
    }
    written = [identities.permission_sets[key] for key in keys if key in identities.permission_sets]
    if not any(one.inline_policy for one in written):
        return plan
    from reconciler.loading.lint import lint

    found = {one.origin: one for one in lint(written) if one.origin is not None}
    parts = []
    for part in plan.targets:
        of = {
            change.address.parts[0] for change in part.changes if change.address.kind is Kind.PERMISSION_SET
        }
        mine = (
            found[one.origin]
            for one in sorted(written, key=lambda each: each.key)
            if one.key in of and one.origin in found
        )
        policies = {one.key: one.inline_policy for one in written if one.key in of and one.inline_policy}
        checked = validators[part.target].validate(policies) if part.target in validators else ()
        parts.append(replace(part, findings=(*part.findings, *mine, *checked)))
    return replace(plan, targets=tuple(parts), places={**plan.places, **locate(found)})

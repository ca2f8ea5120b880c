"""What the linter says of the permission sets that a plan creates or edits, added to the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from reconciler.errors import Place
from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Finding, Plan
from reconciler.model.resources import Origin
from reconciler.model.state import Identities
from reconciler.targets.base import PolicyValidator


def with_lint(
    plan: Plan,
    identities: Identities,
    locate: Callable[[Iterable[Origin]], Mapping[Origin, Place]],
    validators: Mapping[str, PolicyValidator],
    *,
    played: bool,
) -> Plan:
    """The plan with what there is to say of the policies of the sets that it writes.

    The linter says it, and the target's own check where `validators` has it, which may refuse the plan. Where
    AWS is `played`, nobody is asked about inline policies. No digest covers findings, so that a newer list
    makes no reviewed plan stale.
    """
    keys = {
        change.address.own_key
        for change in plan.changes
        if change.address.kind is Kind.PERMISSION_SET and change.action is not Action.DELETE
    }
    written = [identities.permission_sets[key] for key in keys if key in identities.permission_sets]
    if not written:
        return plan
    from reconciler.loading.lint import lint, unlisted

    found: dict[Origin, list[Finding]] = {}
    for finding in lint(written):
        if finding.origin is not None:
            found.setdefault(finding.origin, []).append(finding)
    parts = []
    for part in plan.targets:
        of = {change.address.own_key for change in part.changes if change.address.kind is Kind.PERMISSION_SET}
        own = sorted((one for one in written if one.key in of), key=lambda each: each.key)
        mine = [finding for one in own for finding in found.get(one.origin, ())]
        policies = {one.key: one.inline_policy for one in own if one.inline_policy and not played}
        managed = {one.key: paths for one in own if (paths := unlisted(one))}
        validator = validators.get(part.target)
        checked = validator.validate(policies, managed) if validator and (policies or managed) else ()
        parts.append(replace(part, findings=(*part.findings, *mine, *checked)))
    return replace(plan, targets=tuple(parts), places={**plan.places, **locate(found)})

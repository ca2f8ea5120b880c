"""What comes only from the branch that people agreed on: endpoints, instances, guards.

A pull request may change them; the change is shown and not used until it is merged (R22).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.config import CONFIG_FILE, Config, TargetConfig, load_config
from reconciler.errors import InputError, Problem
from reconciler.loading.standing import Standing
from reconciler.model.plan import Finding, Severity


def trusted_config(planned: Config, standing: Standing) -> tuple[Config, tuple[Finding, ...]]:
    """The configuration to plan with: `planned`, with what must be trusted from the trusted branch.

    Where that branch has no configuration yet, `planned` is all there is, and a finding says so. Raises
    InputError where it has one that does not load.
    """
    tree = standing.repository.tree(standing.trusted) if standing.trusted else None
    if tree is None or CONFIG_FILE not in tree.paths():
        return planned, (
            Finding(
                code="no-trusted-configuration",
                severity=Severity.WARNING,
                message=f"{standing.branch} has no reconciler.yaml yet; the one under plan is used",
            ),
        )
    try:
        trusted = load_config(tree)
    except InputError as error:
        first = error.problems[0]
        raise InputError(
            [Problem(f"reconciler.yaml on {standing.branch} does not load: {first}", "mend it there first")]
        ) from error
    targets: dict[str, TargetConfig] = {}
    ignored: list[str] = []
    for name, ours in planned.targets.items():
        theirs = trusted.targets.get(name)
        if theirs is None:
            ignored.append(f"{name} is new, and is planned once it is merged")
            continue
        used = replace(
            theirs,
            policy=replace(ours.policy, guards=theirs.policy.guards, auto_apply=theirs.policy.auto_apply),
        )
        ignored.extend(_differences(name, ours, used))
        targets[name] = used
    findings: tuple[Finding, ...] = ()
    if ignored:
        findings = (
            Finding(
                code="configuration-not-trusted",
                severity=Severity.WARNING,
                message=f"reconciler.yaml differs from {standing.branch} in what is only taken from there",
                fix="merge the configuration first if the plan should use it",
                details=tuple(ignored),
                count=len(ignored),
            ),
        )
    return replace(planned, targets=targets), findings


def _differences(name: str, ours: TargetConfig, used: TargetConfig) -> Iterable[str]:
    if ours.policy.guards != used.policy.guards:
        yield f"guards of {name} are used as they are on the trusted branch"
    if ours.policy.auto_apply != used.policy.auto_apply:
        yield "auto_apply is used as it is on the trusted branch"
    if replace(ours, policy=used.policy) != used:
        yield f"the endpoint of {name} is used as it is on the trusted branch"

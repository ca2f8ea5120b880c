"""What tests of rules share: a policy of rules, and what is found of them."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.plan import Finding, Severity
from reconciler.model.rules import Rule, RuledAccess
from reconciler.model.state import Identities, Remembered
from tests.planning.entitled import on, plan
from tests.planning.world import NOTHING, POLICY, World

ADMIN = RuledAccess(("*Admin*",))
ADMIN_ON_PROD = RuledAccess(("*Admin*",), on("Prod"))
BROKEN, OLD = Severity.REFUSAL, Severity.WARNING


def judged(declared: Identities, world: World, *rules: Rule, memory: Remembered = NOTHING) -> list[Finding]:
    """What is found of rules when `said` is planned."""
    found = plan(declared, world, memory, policy=replace(POLICY, rules=rules)).plan.findings
    return [finding for finding in found if finding.code.startswith("rule")]


def verdicts(
    declared: Identities, world: World, *rules: Rule, memory: Remembered = NOTHING
) -> list[Severity]:
    """Only how loud it is."""
    return [finding.severity for finding in judged(declared, world, *rules, memory=memory)]

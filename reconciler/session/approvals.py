"""What people said yes to: plans that they reviewed, and digests that they approved."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from reconciler.errors import PlanFileError, UsageError
from reconciler.model.address import Address
from reconciler.model.plan import SEMANTICS_VERSION, Plan, Severity, TargetPlan
from reconciler.model.policy import TargetPolicy
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Difference, Review, review

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# An approval is for one apply: a change that was undone afterwards must not be made again by an old one.
_BESIDE = "is part of a plan whose digest was not approved: a plan file and a digest must both allow it"
_SPENT = "was approved for an apply that took place; save a plan, and have that reviewed and applied"


class Approvals:
    """Reviewed plans, and digests written as `DIGEST` or `TARGET=DIGEST`.

    Raises UsageError for what is not a valid digest, and PlanFileError for a plan that this version would
    make
    otherwise: what it says could mean something else by now.
    """

    def __init__(self, plans: Sequence[Plan], digests: Sequence[str] = ()) -> None:
        self._plans = plans
        self._digests = [_digest(text) for text in digests]
        for plan in plans:
            if plan.semantics_version != SEMANTICS_VERSION:
                raise PlanFileError(
                    f"the plan was made by version {plan.tool_version}, which plans otherwise; plan again"
                )

    def __bool__(self) -> bool:
        return bool(self._plans or self._digests)

    def refused(self) -> Sequence[str]:
        """The codes of what refused one of the plans when it was made: nobody could approve that one."""
        return sorted(
            {
                finding.code
                for plan in self._plans
                for part in plan.targets
                for finding in part.findings
                if finding.severity is Severity.REFUSAL
            }
        )

    def targets(self) -> Collection[str] | None:
        """The targets that are spoken of; None where it may be any."""
        named = {part.target for plan in self._plans for part in plan.targets}
        named |= {name for name, _ in self._digests if name is not None}
        anywhere = not self._plans and (not self or any(name is None for name, _ in self._digests))
        return None if anywhere else sorted(named)

    def plans(self) -> Mapping[str, str]:
        """The digest of what was approved, by target, as far as one is known before planning anew."""
        found = {name: digest for name, digest in self._digests if name is not None}
        return found | {part.target: part.digest for plan in self._plans for part in plan.targets}

    def only(self) -> Mapping[str, Sequence[Address]]:
        """The addresses that a target's plan is restricted to: those of its plans, if all of them are."""
        found: dict[str, list[Address]] = {}
        whole: set[str] = set()
        for plan in self._plans:
            for part in plan.targets:
                if not part.only:
                    whole.add(part.target)
                found.setdefault(part.target, []).extend(part.only)
        return {name: addresses for name, addresses in found.items() if name not in whole}

    def judge(
        self,
        planned: Mapping[str, PreparedPlan],
        policies: Mapping[str, TargetPolicy],
        used: Mapping[str, Collection[str]],
    ) -> Mapping[str, Review]:
        """The verdict on each target's fresh plan; digests in `used` (by target) are spent.

        Plans and digests together must both allow it: of a target of which a digest is given, the fresh plan
        has that digest and stands in the plans.
        Raises PlanFileError for a plan of another instance.
        """
        usable = {name: set(self.digests(name)) - set(used.get(name, ())) for name in planned}
        verdicts = {
            name: review(
                fresh,
                [part for plan in self._plans for part in _parts(plan, name, fresh)],
                auto_apply=policies[name].auto_apply,
                digests=() if self._plans else usable[name],
            )
            for name, fresh in planned.items()
        }
        if not self._plans:
            return {**verdicts, **self._unmet(planned, usable)}
        return {name: self._beside(planned[name], one, usable[name]) for name, one in verdicts.items()}

    def digests(self, target: str) -> list[str]:
        """The digests that were approved for a target, or for any."""
        return [digest for name, digest in self._digests if name in (None, target)]

    def _beside(self, fresh: PreparedPlan, verdict: Review, usable: Collection[str]) -> Review:
        """The verdict by the plans, unless there are digests of this target beside them, and none is met."""
        part = fresh.plan
        if not self.digests(part.target) or part.digest in usable or not verdict.go:
            return verdict
        why = _SPENT if part.digest in self.digests(part.target) else _BESIDE
        unmet = [
            Difference(change.address, None, change, why)
            for change in part.changes
            if change.address in verdict.go
        ]
        return Review(frozenset(), (), (), (*verdict.stale, *unmet))

    def _unmet(
        self, planned: Mapping[str, PreparedPlan], usable: Mapping[str, Collection[str]]
    ) -> Mapping[str, Review]:
        """Where nothing but a digest was given, and no fresh plan has it: not one change was approved.

        Nor was any by a digest that let an apply go before.
        """
        stale: dict[str, Review] = {}
        for name, digest in self._digests:
            concerned = {each: one for each, one in planned.items() if name in (None, each)}
            if any(one.plan.digest == digest in usable[each] for each, one in concerned.items()):
                continue
            for each, one in concerned.items():
                spent = one.plan.digest == digest
                why = _SPENT if spent else "is not part of what was approved"
                differences = tuple(
                    Difference(change.address, None, change, why) for change in one.plan.changes
                )
                if differences and one.plan.digest not in usable[each]:
                    stale[each] = Review(frozenset(), (), (), differences)
        return stale


def _digest(text: str) -> tuple[str | None, str]:
    name, separator, digest = text.rpartition("=")
    if not _DIGEST.fullmatch(digest) or (separator and not name):
        raise UsageError(
            f"--expect-digest {text!r} is not a valid digest; write it as the plan shows it, sha256: and 64 "
            "hexadecimal digits, or with the target before it: aws=sha256:…"
        )
    return (name if separator else None), digest


def _parts(plan: Plan, name: str, fresh: PreparedPlan) -> list[TargetPlan]:
    parts = [part for part in plan.targets if part.target == name]
    for part in parts:
        if dict(part.identity) != dict(fresh.plan.identity):
            raise PlanFileError(
                f"the plan is for another instance behind {name}: {_named(part.identity)}; "
                f"here it is {_named(fresh.plan.identity)}; plan again"
            )
    return parts


def _named(identity: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(identity.items()))

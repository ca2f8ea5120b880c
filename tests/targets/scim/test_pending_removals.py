"""Removals that a service never carries out are named in every plan, and nobody else is refused for them."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.plan import Severity
from reconciler.model.policy import Guards, Limit, MaxRemovals, TargetPolicy
from reconciler.model.report import Status
from reconciler.planning.prepared import PreparedPlan
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd

PEOPLE = tuple(user(f"p{number}") for number in range(10))
KEYS = [one.key for one in PEOPLE]
_ANY = Limit(1000, 100)
POLICY = TargetPolicy(
    "aws", guards=Guards(max_removals=MaxRemovals(memberships=Limit(3, None), per_group=_ANY, total=_ANY))
)


def refusals(planned: PreparedPlan) -> list[str]:
    return [one.code for one in planned.plan.findings if one.severity is Severity.REFUSAL]


def test_what_was_applied_before_and_is_still_there_counts_for_no_limit() -> None:
    odd = Odd(removal=frozenset(), put=False)
    with facing(odd, policy=POLICY) as here:
        here.converge(git(PEOPLE, crew=KEYS))
        for gone in (3, 6, 9):
            wish = replace(git(PEOPLE, crew=KEYS[gone:]), approvals={})
            planned = here.plan(wish)
            assert refusals(planned) == []
            assert len(planned.plan.changes) == gone
            report = here.apply(wish)
            assert {one.status for one in report.results} == {Status.FAILED}
            assert len([each for each in report.unkept if each.startswith("pending.membership/")]) == gone
            # As a receipt after every apply has it.
            assert here.site.memory.receipt is not None
            receipt = replace(here.site.memory.receipt, unkept=report.unkept)
            here.site.memory = replace(here.site.memory, receipt=receipt)
        (found,) = [one for one in here.plan(wish).plan.findings if one.code == "removals-pending"]
        assert found.count == 9
        # Once it is done, nothing is pending.
        odd.removal = frozenset(("path", "many"))
        report = here.apply(wish)
        assert [each for each in report.unkept if each.startswith("pending.")] == []
        assert here.changes(wish) == []


def test_a_limit_holds_for_what_was_never_applied() -> None:
    odd = Odd()
    with facing(odd, policy=POLICY) as here:
        here.converge(git(PEOPLE, crew=KEYS))
        planned = here.plan(replace(git(PEOPLE, crew=KEYS[4:]), approvals={}))
        assert refusals(planned) == ["max-removals"]

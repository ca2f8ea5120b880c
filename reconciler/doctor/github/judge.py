"""Facts about a repository at GitHub to checks: every check runs, also after a problem."""

from __future__ import annotations

from reconciler.doctor.check import Examination
from reconciler.doctor.github.facts import GitHubFacts
from reconciler.doctor.github.owning import code_owners
from reconciler.doctor.github.rules import branch_rules, tag_rules
from reconciler.doctor.github.settings import actions, environments, schedules, subject, visibility


def judge(facts: GitHubFacts) -> Examination:
    """Every check of one repository."""
    return Examination(
        facts.repository,
        (
            *branch_rules(facts),
            *tag_rules(facts),
            *code_owners(facts),
            *environments(facts),
            *actions(facts),
            subject(facts),
            schedules(facts),
            visibility(facts),
        ),
    )

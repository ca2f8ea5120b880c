"""Codes of findings: refusals."""

from __future__ import annotations

from reconciler.model.address import Kind
from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity

TITLE = "Refusals"
CODES = (
    Code(
        "max-removals",
        (Severity.REFUSAL,),
        "the plan takes more away than a limit allows",
        why="one plan may take away only so much",
        lifted_by=(
            None,
            Kind.USER,
            Kind.GROUP,
            Kind.MEMBERSHIP,
            Kind.PERMISSION_SET,
            Kind.ASSIGNMENT,
        ),
    ),
    Code(
        "guard-renamed",
        (Severity.WARNING,),
        "an approval names a guard by the code of an earlier release; it holds as before",
    ),
    Code(
        "approval-lifts-nothing",
        (Severity.WARNING,),
        "an approval that holds names a kind, group or account that its guard never speaks of",
    ),
    Code(
        "set-emptied",
        (Severity.REFUSAL,),
        "a group, or all that is ours of a kind, would be left empty",
        why="a group that has members, or a kind that has objects, keeps at least one",
        lifted_by=(
            Kind.USER,
            Kind.GROUP,
            Kind.MEMBERSHIP,
            Kind.PERMISSION_SET,
            Kind.ASSIGNMENT,
        ),
    ),
    Code(
        "protected",
        (Severity.REFUSAL,),
        "a protected object would be removed, disabled, renamed or edited, or would lose access",
        why="protected objects are never removed, disabled or renamed",
        lifted_by=(
            Kind.USER,
            Kind.GROUP,
            Kind.MEMBERSHIP,
            Kind.PERMISSION_SET,
            Kind.ASSIGNMENT,
        ),
    ),
    Code(
        "recreate",
        (Severity.REFUSAL,),
        "an object would be made again, without what was granted to the one that was there",
        why="a new object does not get the access of the old one",
        lifted_by=(
            Kind.USER,
            Kind.GROUP,
            Kind.PERMISSION_SET,
        ),
    ),
    Code(
        "unsafe-deletion",
        (Severity.REFUSAL,),
        "what would be deleted may hold assignments that nobody has read",
        why="a deletion must not leave access behind that nobody sees",
    ),
    Code(
        "live-shrank",
        (Severity.REFUSAL,),
        "much of what was applied is not there any more, and would be made again",
        why="what looks deleted may only not have been read",
        lifted_by=(
            Kind.USER,
            Kind.GROUP,
            Kind.MEMBERSHIP,
            Kind.PERMISSION_SET,
            Kind.ASSIGNMENT,
        ),
    ),
    Code(
        "source-shrank",
        (Severity.REFUSAL,),
        "git declares far less than was applied, and something would be removed for it",
        why="an import that came back incomplete looks like people who left",
        lifted_by=(
            Kind.USER,
            Kind.GROUP,
            Kind.ASSIGNMENT,
        ),
    ),
    Code(
        "self-lockout",
        (Severity.REFUSAL,),
        "the reconciler would take away the access as which it runs",
        why="a run never takes away the access that it needs itself",
        lifted_by=(None,),
        formerly="own-access",
    ),
    Code(
        "min-members",
        (Severity.REFUSAL,),
        "a critical group or assignment would have too few people who can sign in",
        why="a critical group or assignment always has so many people who can sign in",
        lifted_by=(
            Kind.MEMBERSHIP,
            Kind.ASSIGNMENT,
        ),
    ),
    Code(
        "max-grants",
        (Severity.REFUSAL,),
        "the plan gives more access than `guards.max_grants.total` allows",
        why="one plan may give only so much",
        lifted_by=(None,),
    ),
    Code(
        "max-privileged-grants",
        (Severity.REFUSAL,),
        "the same of privileged access",
        why="one plan may give only so much privileged access",
        lifted_by=(None,),
    ),
    Code(
        "rename-cycle",
        (Severity.REFUSAL,),
        "objects take each other's names, which no order of single steps can do",
        why="a name is free only once its bearer has another",
        formerly="name-circle",
    ),
    Code(
        "rule-deny",
        (
            Severity.REFUSAL,
            Severity.WARNING,
        ),
        "somebody has access that nobody may have",
        why="a rule says that nobody may have this access; no approval lifts it",
    ),
    Code(
        "rule-disjoint",
        (
            Severity.REFUSAL,
            Severity.WARNING,
        ),
        "somebody is in two groups that exclude each other",
        why="a rule says that nobody may be in two of these groups; no approval lifts it",
    ),
    Code(
        "rule-require",
        (
            Severity.REFUSAL,
            Severity.WARNING,
        ),
        "an entry of `assignments` does not say what such access must",
        why="a rule says what such access must tell; no approval lifts it",
    ),
    Code(
        "rule-restrict",
        (
            Severity.REFUSAL,
            Severity.WARNING,
        ),
        "a file decides about access that only others may decide about",
        why="a rule says which files may decide about this access; no approval lifts it",
    ),
    Code(
        "rule-max-holders",
        (
            Severity.REFUSAL,
            Severity.WARNING,
        ),
        "more people have some access than may",
        why="a rule says how many people may have this access; no approval lifts it",
    ),
    Code("rule-selects-nothing", (Severity.WARNING,), "a rule names accounts or units that are not there"),
    Code("rules-partial", (Severity.NOTE,), "rules judged by what was read, which was not everything"),
)

"""The plan of one target, as a line of values.

Context, diff, withheld, selection, consequences (which guards, rules and the order share), plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.model.address import Address
from reconciler.model.capabilities import Capabilities
from reconciler.model.plan import Finding, Severity, TargetPlan
from reconciler.model.policy import TargetPolicy
from reconciler.model.removed import lately, summed
from reconciler.model.selecting import NOT_IN_ORGANIZATION
from reconciler.model.state import Desired, Identities, Inactive, Live, Remembered
from reconciler.planning.at_once import status_alone, waiting_with
from reconciler.planning.called import called, with_names
from reconciler.planning.comparing.assignments import compare_assignments
from reconciler.planning.comparing.denials import compare_denials
from reconciler.planning.comparing.ends import compare_ends
from reconciler.planning.comparing.groups import compare_groups
from reconciler.planning.comparing.memberships import compare_memberships
from reconciler.planning.comparing.provisioning import compare_provisioning
from reconciler.planning.comparing.set_removal import delete_sets
from reconciler.planning.comparing.sets import compare_sets
from reconciler.planning.comparing.users import compare_users
from reconciler.planning.consequences import Consequences
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.desired.prior import PriorState, remember
from reconciler.planning.desired.project import project
from reconciler.planning.desired.remarks import remarks
from reconciler.planning.digest import plan_digest, policy_digest
from reconciler.planning.dropped import DroppedAttributes, still_unkept, unkept_findings
from reconciler.planning.findings.assignments import assignment_findings
from reconciler.planning.findings.declared import other_people, past
from reconciler.planning.findings.denials import denial_findings
from reconciler.planning.findings.objects import means, name_taken, notable, perhaps_renamed
from reconciler.planning.findings.sessions import sessions_live_on
from reconciler.planning.given.owed import owed
from reconciler.planning.given.releasing import release, released
from reconciler.planning.given.resolving import resolved
from reconciler.planning.given.unreviewed import held_to_reviewed, unreviewed
from reconciler.planning.given.updating import LedgerUpdate
from reconciler.planning.guards.approving import proposed
from reconciler.planning.guards.population import counts, population
from reconciler.planning.judge import HeldBack, Judge, Judged
from reconciler.planning.looking import Looking
from reconciler.planning.ownership.objects import Ownership
from reconciler.planning.ownership.owning import own_groups, own_users
from reconciler.planning.ownership.sets import own_sets
from reconciler.planning.pending import members_stay, pending_findings
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.selection import select
from reconciler.planning.uncovered import gaps_in_use, uncovered
from reconciler.planning.unmanaged import Unmanaged
from reconciler.planning.withheld import Withheld, withhold


def plan_target(
    identities: Identities,
    remembered: Remembered,
    live: Live,
    policy: TargetPolicy,
    capabilities: Capabilities,
    now: datetime,
    *,
    only: Sequence[Address] = (),
    by_rule: bool = False,
    notes: Iterable[Finding] = (),
) -> PreparedPlan:
    """What to do at one target so that it is as git says at `now` (an aware instant).

    `only` restricts the plan to addresses and what they need; it is partial then. `by_rule` leaves out what
    no cause in `auto_apply` brings about, so that nothing but what is done is judged, and judges it change by
    change, with what such runs took away in the last 24 hours. `notes` are findings that somebody made before
    (loading, memory) and that belong to this target's plan.
    """
    context = _context(identities, remembered, live, policy, capabilities, now)
    context, later = held_to_reviewed(context) if by_rule else (context, [])
    diff = compared(context)
    withheld = withhold(context, diff)
    accounts = {key: account.id for key, account in identities.accounts.items()}
    causes = policy.auto_apply if by_rule else frozenset()
    everything, rest = status_alone(context, diff, withheld.changes, causes)
    changes, waiting = select(
        everything,
        lambda chosen: Consequences(context, chosen, accounts).dependencies(),
        only=only,
        causes=causes if by_rule else None,
    )
    waiting = waiting_with((*changes, *waiting), waiting, rest)
    measured = population(context, diff)
    judge = Judge(
        context=context,
        identities=identities,
        remembered=remembered,
        # Who left waits for a review, where only what goes by rule is judged.
        population=replace(measured, leaving=0) if by_rule else measured,
        names=accounts,
        past=summed(lately(remembered.removed, now)) if by_rule else {},
    )
    known = (*diff.findings, *remarks(context.desired, live.organization), *live.findings, *notes)
    held = judge.withhold(changes)
    undenied = () if only else (*diff.undenied, *held.undenied)
    if by_rule:
        undenied = tuple(one for one in undenied if one[0].cause in policy.auto_apply)
    judged = judge.let_through(held.changes, known) if by_rule else judge.judge(held.changes)
    findings = (
        *judged.findings,
        # Withheld already: people review the rest, which can be applied.
        *(held.findings if by_rule else map(_as_warning, held.findings)),
        *known,
        *_noticed(context, diff, withheld, judged, identities, remembered),
        *denial_findings(context, diff, withheld, undenied),
        *sessions_live_on(context, judged.access, judged.changes, undenied),
        *unreviewed(later, waiting),
    )
    return PreparedPlan(
        plan=_target_plan(context, diff, judged, findings, held, identities, only),
        steps=judged.steps,
        ids=diff.ids,
        versions=diff.versions,
        owned=diff.owned,
        keys=context.users.pairing.keys,
        waiting=_waiting(context, diff, withheld) + len(held.refused) + len(undenied),
        uncovered=context.memory.ledger is None
        and uncovered(gaps_in_use(live), (context.desired, *context.memory.states)),
        left_out=tuple(waiting),
        needed=judged.needed,
        refused=(*held.refused, *judged.refused) if by_rule else judged.refused,
        tallies=judged.tallies,
        blocks_nobody=frozenset(
            key
            for key in context.desired.inactive
            if key not in context.desired.users and key not in context.users.pairing.ids
            if key not in diff.standing.vanished.values()  # that explains why they are denied
        ),
        unkept=context.unkept,
        ledger_update=LedgerUpdate(context, diff, judged.changes),
        looking=Looking(context, accounts),
        withheld=withheld,
        unmanaged=Unmanaged(context, diff),
        undenied=undenied,
        never_denied=diff.never_denied,
        vanished=diff.standing.vanished,
    )


def _noticed(
    context: PlanContext,
    diff: Diff,
    withheld: Withheld,
    judged: Judged,
    identities: Identities,
    remembered: Remembered,
) -> Iterator[Finding]:
    """What a reviewer must know beside what comparing, guards and rules find."""
    changes = judged.changes
    accounts = {key: account.id for key, account in identities.accounts.items()}
    yield from owed(context, withheld, accounts)
    yield from released(context, changes, diff.ids, accounts)
    yield from other_people(identities, remembered.base.identities if remembered.base else None, changes)
    yield from notable(context, diff, remembered, withheld)
    yield from assignment_findings(context, diff, withheld)
    yield from name_taken(withheld.taken)
    yield from unkept_findings(context.unkept, context.desired)
    yield from pending_findings(judged.pending)
    yield from members_stay(changes, context.unkept.names)
    yield from means(changes, context.capabilities)
    yield from perhaps_renamed(context, changes)
    yield from past(identities, remembered, context.policy.paths, context.now)


def _target_plan(
    context: PlanContext,
    diff: Diff,
    judged: Judged,
    findings: Iterable[Finding],
    held: HeldBack,
    identities: Identities,
    only: Sequence[Address],
) -> TargetPlan:
    policy, live, changes = context.policy, context.live, judged.changes
    policy_hash = policy_digest(policy)
    return TargetPlan(
        target=policy.target,
        identity=dict(live.identity),
        policy_digest=policy_hash,
        changes=changes,
        findings=tuple(sorted((with_names(context, one) for one in findings), key=_loudness)),
        counts=counts(context, diff),
        digest=plan_digest(policy.target, live.identity, policy_hash, changes),
        partial=bool(only) or bool(live.gaps),
        gaps=tuple((str(gap.kind), gap.scope, gap.reason) for gap in live.gaps),
        read_calls=dict(live.calls),
        only=tuple(sorted(only)),
        access=judged.access,
        accounts=called(context, changes, judged.access),
        approvals=proposed(
            (*judged.findings, *held.findings), policy.target, context.now, identities.approvals.keys()
        ),
    )


def _waiting(context: PlanContext, diff: Diff, withheld: Withheld) -> int:
    """How much git declares that cannot be planned now."""
    blocked = len(context.users.pairing.blocked) + len(context.groups.pairing.blocked)
    count = diff.waiting + len(withheld.taken) + blocked + len(withheld.denied)
    if context.memory.ledger is not None:
        return count  # what a ledger holds is not forgotten when the tag moves on
    absent = sum(why == NOT_IN_ORGANIZATION for why in context.desired.unreachable.values())
    return count + len(withheld.delegated) + absent


def _context(
    identities: Identities,
    remembered: Remembered,
    live: Live,
    policy: TargetPolicy,
    capabilities: Capabilities,
    now: datetime,
) -> PlanContext:
    desired = project(identities, policy, now, capabilities, live.organization)
    ledger = resolved(remembered.ledger, live) if remembered.ledger is not None else None
    memory = remember(remembered, identities, policy, desired, now, capabilities, live.organization, ledger)
    before = remembered.receipt.unkept if remembered.receipt else ()
    unkept = still_unkept(before, live) if capabilities.may_drop_attributes else DroppedAttributes(before)
    users = own_users(desired, live, memory, policy.scope, unkept)
    return PlanContext(
        desired=desired,
        live=live,
        memory=memory,
        policy=policy,
        capabilities=replace(capabilities, shared_lists=capabilities.shared_lists - unkept.single),
        now=now,
        users=users,
        groups=own_groups(desired, live, memory, policy.scope, unkept),
        sets=own_sets(desired, live, memory, policy.scope),
        inactive=_inactive(desired, memory, users),
        account_keys={account.id: key for key, account in identities.accounts.items()},
        unkept=unkept,
    )


def compared(context: PlanContext) -> Diff:
    """Everything that differs, kind by kind: later ones look at what earlier ones found."""
    diff = Diff()
    compare_users(context, diff)
    compare_groups(context, diff)
    compare_memberships(context, diff)
    compare_sets(context, diff)
    compare_assignments(context, diff)
    compare_provisioning(context, diff)
    delete_sets(context, diff)
    compare_ends(context, diff)
    compare_denials(context, diff)
    release(context, diff)
    return diff


def _as_warning(finding: Finding) -> Finding:
    refused = finding.severity is Severity.REFUSAL
    return replace(finding, severity=Severity.WARNING) if refused else finding


_LOUD = {Severity.REFUSAL: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def _loudness(finding: Finding) -> tuple[int, str, str]:
    return _LOUD[finding.severity], finding.code, finding.message


def _inactive(desired: Desired, memory: PriorState, users: Ownership) -> Mapping[str, Inactive]:
    """The live users who must have no access: inactive, not yet, gone from git, or undeclared."""
    inactive: dict[str, Inactive] = {}
    git = memory.object_cause
    later = Inactive(git(at_base=True, wanted=False, between=True), "not before `from`")
    for key, why in (*desired.inactive.items(), *((key, later) for key in desired.not_yet)):
        identifier = users.pairing.ids.get(key)
        if identifier is not None and identifier not in users.external and identifier not in users.ignored:
            inactive[identifier] = why
    for identifier, key in users.gone.items():
        if identifier not in inactive:
            at_base = memory.base is not None and key in memory.base.users
            cause = git(at_base=at_base, wanted=False, between=identifier not in users.left)
            inactive[identifier] = Inactive(cause, "gone from git")
    for identifier in users.undeclared:
        cause = git(at_base=False, wanted=False, between=False)
        inactive[identifier] = Inactive(cause, "not in git")
    return inactive


def with_findings(planned: PreparedPlan, findings: Iterable[Finding]) -> PreparedPlan:
    """The same plan with more to say (a finding that only apply can make)."""
    merged = tuple(sorted((*planned.plan.findings, *findings), key=_loudness))
    return replace(planned, plan=replace(planned.plan, findings=merged))

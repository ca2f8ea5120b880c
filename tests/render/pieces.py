"""Changes, a target's part and a whole plan, built by hand in few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from reconciler.errors import Place
from reconciler.model.access import AccessChange
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Counts, Finding, Plan, TargetPlan
from reconciler.model.resources import Origin, Value
from reconciler.planning import hashes
from reconciler.planning.digest import plan_digest

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
IDENTITY = {
    "identity_store_id": "d-9067642ac7",
    "instance_arn": "arn:aws:sso:::instance/ssoins-7223b2b8b1d5c4a9",
}
PEOPLE = Origin("identities/people.yaml", 4)
TEAMS = Origin("identities/teams.yaml", 9)
PLACES = {
    PEOPLE: Place("identities/people.yaml", 12, 3),
    TEAMS: Place("identities/teams.yaml", 31, 5),
}
COUNTS = {
    Kind.USER: Counts(live=16, desired=15, unchanged=13, unmanaged=1),
    Kind.GROUP: Counts(live=8, desired=6, unchanged=5, ignored=2),
    Kind.MEMBERSHIP: Counts(live=44, desired=43, unchanged=41, unmanaged=2),
}


def user(
    key: str,
    action: Action = Action.CREATE,
    fields: Mapping[str, tuple[Value, Value]] | None = None,
    *,
    effect: Effect = Effect.NEUTRAL,
    cause: Cause = Cause.GIT,
    reason: str | None = None,
    name: str | None = None,
    target: str = "aws",
) -> Change:
    """One change of a user; `fields` has both sides of each attribute."""
    return Change(
        address=Address.of(target, Kind.USER, key),
        action=action,
        effect=Effect.REVOKE if action is Action.DELETE else effect,
        cause=cause,
        before_hash=hashes.digest([key, "before"]),
        after_hash=hashes.digest([key, "after"]),
        fields=tuple(FieldChange(each, *sides) for each, sides in (fields or {}).items()),
        name=name or f"{key}@example.com",
        reason=reason,
        origin=PEOPLE,
    )


def hire(key: str, title: str = "Engineer", target: str = "aws") -> Change:
    """A user who is created, with what planning gives to every create."""
    given, _, family = key.partition(".")
    values = {
        "user_name": f"{key}@example.com",
        "given_name": given.title(),
        "family_name": family.title(),
        "display_name": f"{given.title()} {family.title()}",
        "email": f"{key}@example.com",
        "title": title,
    }
    return user(key, fields={name: (None, value) for name, value in values.items()}, target=target)


def group(
    key: str,
    action: Action = Action.CREATE,
    fields: Mapping[str, tuple[Value, Value]] | None = None,
    *,
    name: str | None = None,
    cause: Cause = Cause.GIT,
    reason: str | None = None,
    target: str = "aws",
) -> Change:
    """One change of a group; a create has its display name."""
    called = name or key.replace("-", " ").title()
    given = fields or ({"display_name": (None, called)} if action is Action.CREATE else {})
    return Change(
        address=Address.of(target, Kind.GROUP, key),
        action=action,
        effect=Effect.REVOKE if action is Action.DELETE else Effect.NEUTRAL,
        cause=cause,
        before_hash=hashes.digest([key, "before"]),
        after_hash=hashes.digest([key, "after"]),
        fields=tuple(FieldChange(each, *sides) for each, sides in given.items()),
        name=called,
        reason=reason,
        origin=TEAMS,
    )


def member(
    of: str,
    key: str,
    action: Action = Action.CREATE,
    *,
    cause: Cause = Cause.GIT,
    reason: str | None = None,
    name: str | None = None,
    restores: bool = False,
    target: str = "aws",
) -> Change:
    """Somebody joins (CREATE) or leaves (DELETE) a group."""
    return Change(
        address=Address.of(target, Kind.MEMBERSHIP, of, key),
        action=action,
        effect=Effect.GRANT if action is Action.CREATE else Effect.REVOKE,
        cause=cause,
        before_hash=hashes.digest([of, key, "before"]),
        after_hash=hashes.digest([of, key, "after"]),
        name=name or f"{key}@example.com",
        reason=reason,
        origin=TEAMS,
        restores=restores,
    )


ACCOUNTS = {
    "210000000010": "platform-prod",
    "210000000011": "platform-dev",
    "210000000020": "payments-prod",
    "210000000021": "payments-dev",
    "210000000022": "card-vault",
}


def permission_set(
    name: str,
    action: Action = Action.CREATE,
    fields: Mapping[str, tuple[Value, Value]] | None = None,
    *,
    effect: Effect | None = None,
    cause: Cause = Cause.GIT,
    reason: str | None = None,
) -> Change:
    """One change of a permission set; an update alters what it allows, unless another effect is given."""
    usual = {Action.CREATE: Effect.NEUTRAL, Action.UPDATE: Effect.MIXED, Action.DELETE: Effect.REVOKE}
    return Change(
        address=Address.of("aws", Kind.PERMISSION_SET, name),
        action=action,
        effect=effect or usual[action],
        cause=cause,
        before_hash=hashes.digest([name, "before"]),
        after_hash=hashes.digest([name, "after"]),
        fields=tuple(FieldChange(each, *sides) for each, sides in (fields or {}).items()),
        name=name,
        reason=reason,
        origin=TEAMS,
    )


def outdated(
    name: str, account: str, *, cause: Cause = Cause.DRIFT, content: Mapping[str, Value] | None = None
) -> Change:
    """The role of a permission set in one account catches up, and gets `content`."""
    return Change(
        address=Address.of("aws", Kind.PROVISIONING, name, account),
        action=Action.UPDATE,
        effect=Effect.MIXED,
        cause=cause,
        before_hash=hashes.digest([name, account, "before"]),
        after_hash=hashes.digest([name, account, "after"]),
        fields=tuple(FieldChange(attribute, None, value) for attribute, value in (content or {}).items()),
        name=name,
        origin=TEAMS,
    )


def assigned(
    account: str,
    name: str,
    principal: str,
    action: Action = Action.CREATE,
    *,
    effect: Effect | None = None,
    cause: Cause = Cause.GIT,
    reason: str | None = None,
    called: str = "",
    restores: bool = False,
) -> Change:
    """`principal` (`group:sre`, `user:~id`) gets or loses a permission set on an account."""
    return Change(
        address=Address.of("aws", Kind.ASSIGNMENT, account, name, principal),
        action=action,
        effect=effect or (Effect.GRANT if action is Action.CREATE else Effect.REVOKE),
        cause=cause,
        before_hash=hashes.digest([account, name, principal, "before"]),
        after_hash=hashes.digest([account, name, principal, "after"]),
        name=called,
        reason=reason,
        origin=TEAMS,
        restores=restores,
    )


def part(
    changes: Iterable[Change] = (),
    findings: Iterable[Finding] = (),
    *,
    target: str = "aws",
    counts: Mapping[Kind, Counts] = COUNTS,
    partial: bool = False,
    gaps: tuple[tuple[str, str, str], ...] = (),
    access: Iterable[AccessChange] = (),
    accounts: Mapping[str, str] = ACCOUNTS,
) -> TargetPlan:
    """A target's part, its changes in the order of addresses, with a digest that is right."""
    ordered = tuple(sorted(changes, key=lambda change: change.address))
    policy = hashes.digest("policy")
    return TargetPlan(
        target=target,
        identity=IDENTITY,
        policy_digest=policy,
        changes=ordered,
        findings=tuple(findings),
        counts=counts,
        digest=plan_digest(target, IDENTITY, policy, ordered),
        partial=partial,
        gaps=gaps,
        read_calls={"ListGroupMembershipsForMember": 16, "ListGroups": 1, "ListUsers": 1},
        access=tuple(access),
        accounts=accounts,
    )


def plan(*parts: TargetPlan) -> Plan:
    """A plan of these parts."""
    return Plan(
        now=NOW,
        targets=parts,
        tool_version="0.1.0",
        tree="8c2a1f0e5d6b4a39281706f5e4d3c2b1a0998877",
        places=PLACES,
    )


def of(*changes: Change, findings: Iterable[Finding] = ()) -> Plan:
    """A plan of one target."""
    return plan(part(changes, findings))

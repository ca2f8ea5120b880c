"""Plans built by hand: small worlds, each showing one side of what a plan can say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.errors import Place
from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind, remote
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Counts, Finding, Plan, Severity, TargetPlan
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
        before=hashes.digest([key, "before"]),
        after=hashes.digest([key, "after"]),
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
        before=hashes.digest([key, "before"]),
        after=hashes.digest([key, "after"]),
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
        before=hashes.digest([of, key, "before"]),
        after=hashes.digest([of, key, "after"]),
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
        before=hashes.digest([name, "before"]),
        after=hashes.digest([name, "after"]),
        fields=tuple(FieldChange(each, *sides) for each, sides in (fields or {}).items()),
        name=name,
        reason=reason,
        origin=TEAMS,
    )


def outdated(name: str, account: str, *, cause: Cause = Cause.DRIFT) -> Change:
    """The role of a permission set in one account catches up."""
    return Change(
        address=Address.of("aws", Kind.PROVISIONING, name, account),
        action=Action.UPDATE,
        effect=Effect.MIXED,
        cause=cause,
        before=hashes.digest([name, account, "before"]),
        after=hashes.digest([name, account, "after"]),
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
        before=hashes.digest([account, name, principal, "before"]),
        after=hashes.digest([account, name, principal, "after"]),
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


def _everyday() -> Plan:
    address = {"country": "CH", "locality": "Zürich"}
    return of(
        hire("edsger.dijkstra", "Principal Engineer"),
        hire("barbara.liskov"),
        user(
            "grace.hopper",
            Action.UPDATE,
            {
                "title": ("Engineer", "Principal Engineer"),
                "department": (None, "Platform"),
                "nick_name": ("Amazing Grace", None),
                "address": (None, address),
            },
        ),
        group("platform-engineers", fields={"display_name": (None, "Platform Engineers")}),
        group("sre", Action.UPDATE, {"display_name": ("SRE", "Site Reliability")}, name="SRE"),
        member("platform-engineers", "edsger.dijkstra"),
        member("platform-engineers", "grace.hopper", reason="INC-4711"),
        member("sre", "barbara.liskov"),
        member("sre", "alan.turing", Action.DELETE),
    )


def _leaving() -> Plan:
    return of(
        user(
            "ada.lovelace",
            Action.UPDATE,
            {"active": (True, False)},
            effect=Effect.REVOKE,
            cause=Cause.EXPIRY,
            reason="until 2026-11-20",
        ),
        user(
            "eve.mallory",
            Action.UPDATE,
            {"active": (None, False)},
            effect=Effect.REVOKE,
            cause=Cause.BLOCK,
            reason="SEC-88",
        ),
        user("alan.turing", Action.DELETE, cause=Cause.GIT, reason="gone from git"),
        user(
            "mary.jackson",
            Action.UPDATE,
            {"user_name": ("mary@example.com", "mary.jackson@example.com")},
            effect=Effect.MIXED,
            name="mary@example.com",
        ),
        user(
            "kay.mcnulty",
            Action.UPDATE,
            {"active": (False, True)},
            effect=Effect.GRANT,
            reason="active again in git",
        ),
        group("old-team", Action.DELETE, reason="gone from git"),
        member("old-team", "alan.turing", Action.DELETE, reason="the group goes"),
        member("old-team", "ada.lovelace", Action.DELETE, cause=Cause.EXPIRY, reason="until 2026-11-20"),
        member(
            "platform-engineers", "ada.lovelace", Action.DELETE, cause=Cause.EXPIRY, reason="until 2026-11-20"
        ),
        member(
            "platform-engineers",
            remote("906739fc-20c1-4d0f-8b3e-1f2a3b4c5d6e"),
            Action.DELETE,
            cause=Cause.DRIFT,
            name="sam@partner.example",
        ),
        member(
            remote("a1b2c3d4-0000-4000-8000-000000000000"),
            "eve.mallory",
            Action.DELETE,
            cause=Cause.BLOCK,
            reason="SEC-88",
        ),
    )


def _refused() -> Plan:
    leaving = [member("payments", f"person.{number:02}", Action.DELETE) for number in range(12)]
    fix = (
        "if it is meant, add to identities/approvals/: {guard: max-removals, kind: membership, count: 12, "
        "until: <date>, reason: <why>}"
    )
    return of(
        *leaving,
        findings=(
            Finding(
                "max-removals",
                Severity.REFUSAL,
                "12 of 40 memberships would be removed; at most 4 may be",
                fix=fix,
                kind=Kind.MEMBERSHIP,
                count=12,
            ),
            Finding(
                "set-emptied",
                Severity.REFUSAL,
                "1 groups would lose their last member",
                fix="if it is meant, add to identities/approvals/: {guard: set-emptied, kind: membership, "
                "count: 1, until: <date>, reason: <why>}",
                details=("payments",),
                kind=Kind.MEMBERSHIP,
                origin=TEAMS,
            ),
        ),
    )


def _findings() -> Plan:
    restored = [
        member("platform-engineers", key, cause=Cause.DRIFT, restores=True)
        for key in ("ada.lovelace", "grace.hopper")
    ]
    return of(
        *restored,
        member("sre", "barbara.liskov"),
        findings=(
            Finding(
                "restores",
                Severity.WARNING,
                "RESTORES 2 memberships that somebody took away outside git",
                fix="if the removal was right, remove the members in git instead",
                details=tuple(str(change.address) for change in restored),
                count=2,
            ),
            Finding(
                "disabled-elsewhere",
                Severity.WARNING,
                "kay.mcnulty was disabled by somebody else and stays so",
                address=Address.of("aws", Kind.USER, "kay.mcnulty"),
                origin=PEOPLE,
                fix="write `active: true` to enable the user again, or `active: false` to own the decision",
            ),
            *(
                Finding(
                    "incomplete-user",
                    Severity.WARNING,
                    f"person.{number} cannot be created: given_name and family_name must be set",
                    origin=PEOPLE,
                    fix="add given_name, family_name to the user",
                )
                for number in range(7)
            ),
            Finding(
                "attribute-not-written",
                Severity.NOTE,
                "`external_id` is declared for 14 users, and this channel cannot write it",
                fix="remove it from git, or configure a channel that writes it",
                details=tuple(f"person.{number:02}" for number in range(14)),
                count=14,
            ),
            Finding(
                "kind-not-applied",
                Severity.NOTE,
                "9 assignments are declared and checked, but not applied by this version",
                count=9,
            ),
        ),
    )


def _several() -> Plan:
    chat = Counts(live=4, desired=4, unchanged=4)
    return plan(
        part([hire("edsger.dijkstra"), member("sre", "edsger.dijkstra")]),
        part([], target="chat", counts={Kind.USER: chat}),
        part([member("all", "edsger.dijkstra", Action.DELETE, target="wiki")], target="wiki", counts={}),
    )


def grants(count: int = 5000, groups: int = 100) -> Plan:
    """A plan of `count` grants, spread evenly over `groups` groups that exist already."""
    return of(*(member(f"team-{n % groups:04}", f"person.{n:05}") for n in range(count)))


def _many() -> Plan:
    """Folding at every level: a first apply of a large organisation, with some removals in it."""
    people = [hire(f"person.{number:04}") for number in range(300)]
    retitled = [
        user(f"old.{number:03}", Action.UPDATE, {"title": ("Engineer", "Senior")}) for number in range(30)
    ]
    teams = [group(f"team-{number:03}") for number in range(60)]
    joins = [member(f"team-{number % 60:03}", f"person.{number // 3:04}") for number in range(900)]
    leaves = [member("team-007", f"old.{number:03}", Action.DELETE, cause=Cause.DRIFT) for number in range(3)]
    restored = [
        member("team-008", f"old.{number:03}", cause=Cause.DRIFT, restores=True) for number in range(2)
    ]
    return of(*people, *retitled, *teams, *joins, *leaves, *restored)


def _hostile() -> Plan:
    evil = (
        "x\n::add-mask::secret\r\n\x1b[31mred\x9b1m ```` @team #1 <img src=//e> | \u202etxt\u200b ##[group]x"
    )
    changes = (
        permission_set(
            evil[:20],
            Action.UPDATE,
            {
                "inline_policy": (json.dumps({"Statement": {"Sid": evil, "Action": evil}}), evil),
                "managed_policies": ((evil,), ()),
            },
            reason=evil,
        ),
        permission_set(
            "Evil",
            Action.UPDATE,
            {
                "inline_policy": (
                    json.dumps({"Statement": {"Sid": "a", "Action": evil}, evil: 1}),
                    json.dumps({"Statement": {"Sid": "a", "Action": "x", evil: evil}}),
                ),
                f"tags.{evil}": (evil, None),
            },
        ),
        assigned("210000000010", evil[:20], f"user:{remote(evil)}", Action.DELETE, called=evil, reason=evil),
        outdated(evil[:20], "999999999999"),
        user(
            "mallory",
            Action.UPDATE,
            {"display_name": (evil, 'quoted " -> "nothing'), "title": ("\\u{1b}", "\\")},
            reason=evil,
            name=evil,
        ),
        group(remote(evil), Action.DELETE, name=evil),
        member(remote(evil), remote(evil), Action.DELETE, name=evil),
        member("sre", remote("::stop-commands::x"), Action.DELETE, name="::stop-commands::x"),
    )
    findings = (
        Finding("restores\n::error::", Severity.WARNING, evil, fix=evil, details=(evil, evil), origin=PEOPLE),
    )
    access = (AccessChange(Direction.LOSE, evil, (remote(evil), evil), ("999999999999", evil), (evil,)),)
    return plan(part(changes, findings, access=access, accounts={**ACCOUNTS, "999999999999": evil}))


READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
POLICY = (
    '{"Statement":[{"Action":["ecs:DescribeServices","ecs:UpdateService"],"Effect":"Allow",'
    '"Resource":"arn:aws:ecs:*:*:service/payments/*","Sid":"RestartTheWorkers"},'
    '{"Action":"kms:Decrypt","Condition":{"StringEquals":{"aws:ResourceTag/vault":"cards"}},'
    '"Effect":"Deny","Resource":"*"}],"Version":"2012-10-17"}'
)


def _roles() -> Plan:
    """Permission sets, assignments and provisioning as a reviewer meets them every day."""
    wider = POLICY.replace('"ecs:UpdateService"', '"ecs:RunTask","ecs:StopTask"').replace('"Deny"', '"Allow"')
    changes = [
        permission_set(
            "PaymentsOperator",
            fields={
                "description": (None, "Operates payments"),
                "session_duration": (None, "PT2H"),
                "managed_policies": (None, (READ,)),
                "customer_managed_policies": (None, ("/payments/ledger-operator",)),
                "permissions_boundary": (None, "/security/workload-boundary"),
                "inline_policy": (None, POLICY),
                "tags.owner": (None, "payments"),
            },
        ),
        permission_set("ReadOnly", fields={"managed_policies": (None, (READ,))}),
        permission_set(
            "PlatformAdmin",
            Action.UPDATE,
            {
                "managed_policies": ((READ,), (ADMIN, READ)),
                "customer_managed_policies": (("/ci/deploy", "/ci/test"), ("/ci/deploy",)),
                "inline_policy": (POLICY, wider),
                "session_duration": ("PT1H", "PT4H"),
            },
            cause=Cause.DRIFT,
        ),
        permission_set("Billing", Action.UPDATE, {"tags.owner": ("x", "finance")}, effect=Effect.NEUTRAL),
        permission_set("Old", Action.DELETE, reason="replaced by PlatformAdmin"),
        *(outdated("PlatformAdmin", account) for account in ("210000000010", "210000000011", "999999999999")),
        outdated("ReadOnly", "210000000020"),
        assigned("210000000010", "PlatformAdmin", "group:platform", reason="PLAT-12"),
        assigned("210000000011", "PlatformAdmin", "group:platform", reason="PLAT-12"),
        assigned("210000000022", "PlatformAdmin", "group:platform", Action.DELETE),
        assigned(
            "210000000020", "ReadOnly", "group:sre", cause=Cause.SELECTOR, reason="moved to Workloads/Prod"
        ),
        assigned("210000000020", "ReadOnly", "user:ada.lovelace", Action.DELETE, cause=Cause.DRIFT),
        assigned(
            "210000000021",
            "ReadOnly",
            "user:" + remote("906739fc-20c1"),
            Action.DELETE,
            effect=Effect.NEUTRAL,
            reason="the principal no longer exists",
        ),
        assigned(
            "210000000021",
            "ReadOnly",
            "user:" + remote("11112222-3333"),
            Action.DELETE,
            cause=Cause.DRIFT,
            called="sam@partner.example",
        ),
        assigned("210000000021", "Billing", "group:finance", cause=Cause.DRIFT, restores=True),
        assigned("210000000011", "Billing", "group:finance", cause=Cause.DRIFT, restores=True),
        member("sre", remote("11112222-3333"), Action.DELETE, name="sam@partner.example"),
    ]
    access = [
        AccessChange(
            Direction.GAIN,
            "PlatformAdmin",
            ("barbara.liskov", "edsger.dijkstra", "grace.hopper"),
            ("210000000010", "210000000011"),
            ("platform",),
            privileged=True,
        ),
        AccessChange(Direction.GAIN, "ReadOnly", ("alan.turing",), ("210000000020",), ("sre",)),
        AccessChange(Direction.LOSE, "ReadOnly", ("ada.lovelace",), ("210000000020",), ("",)),
        AccessChange(
            Direction.LOSE,
            "ReadOnly",
            ("alan.turing", remote("11112222-3333")),
            ("210000000020", "210000000021", "999999999999"),
            ("", "sre"),
        ),
        AccessChange(
            Direction.ALTER,
            "PlatformAdmin",
            tuple(f"person.{number:02}" for number in range(25)),
            tuple(ACCOUNTS),
            ("platform", "sre"),
            privileged=True,
        ),
    ]
    return plan(part(changes, counts=ROLES, access=access))


ROLES = {
    **COUNTS,
    Kind.PERMISSION_SET: Counts(live=9, desired=5, unchanged=2, unmanaged=3, ignored=1),
    Kind.ASSIGNMENT: Counts(live=631, desired=640, unchanged=620, unmanaged=4),
}


def _new_account() -> Plan:
    """One account that came, and what everybody gets there: shorter by account."""
    couples = [("ReadOnly", "group:sre"), ("ReadOnly", "group:audit"), ("PlatformAdmin", "group:platform")]
    return of(
        *(assigned("210000000022", *couple, cause=Cause.SELECTOR, reason="joined") for couple in couples),
        assigned("210000000022", "ReadOnly", "group:old", Action.DELETE),
    )


def roll_out(accounts: int = 300) -> Plan:
    """Twenty couples on hundreds of accounts, some removals among them, and many who gain."""
    ids = [f"3{number:011}" for number in range(accounts)]
    sets = [f"Set{number:02}" for number in range(10)]
    changes = [
        assigned(account, name, f"group:team-{n % 30:02}") for n, name in enumerate(sets) for account in ids
    ]
    changes += [assigned(ids[n], "Set03", "group:out", Action.DELETE) for n in range(4)]
    changes += [outdated("Set05", account) for account in ids]
    access = [
        AccessChange(
            Direction.GAIN,
            name,
            tuple(f"person.{n:03}" for n in range(40)),
            tuple(ids),
            (f"team-{n:02}",),
            privileged=n == 0,
        )
        for name in sets
        for n in range(30)
    ]
    access += [AccessChange(Direction.LOSE, "Set03", ("ada",), tuple(ids[:4]), ("out",))]
    return plan(part(changes, access=access, accounts={each: f"account-{each[-3:]}" for each in ids}))


def _partial() -> Plan:
    return plan(
        part(
            [member("sre", "barbara.liskov")],
            partial=True,
            gaps=(("membership", "9067-group-id", "only 100 groups were asked for"),),
        )
    )


def _nothing() -> Plan:
    counts = {
        Kind.USER: Counts(live=15, desired=15, unchanged=15),
        Kind.GROUP: Counts(live=6, desired=6, unchanged=6),
        Kind.MEMBERSHIP: Counts(live=41, desired=41, unchanged=41),
    }
    return plan(part(counts=counts))


def _nothing_but_findings() -> Plan:
    whole = _findings()
    return replace(whole, targets=(replace(part(), findings=whole.targets[0].findings[1:]),))


PLANS: Mapping[str, Plan] = {
    "everyday": _everyday(),
    "leaving": _leaving(),
    "refused": _refused(),
    "findings": _findings(),
    "several-targets": _several(),
    "many": _many(),
    "grants-5000": grants(),
    "grants-in-5000-groups": grants(5000, 5000),
    "hostile": _hostile(),
    "partial": _partial(),
    "roles": _roles(),
    "new-account": _new_account(),
    "roll-out": roll_out(),
    "nothing": _nothing(),
    "nothing-but-findings": _nothing_but_findings(),
}

"""Plans of permission sets, assignments and the roles made of them."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Kind, remote
from reconciler.model.change import Action, Cause, Effect
from reconciler.model.plan import Counts, Plan
from tests.render.pieces import ACCOUNTS, COUNTS, assigned, member, of, outdated, part, permission_set, plan

READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
POLICY = (
    '{"Statement":[{"Action":["ecs:DescribeServices","ecs:UpdateService"],"Effect":"Allow",'
    '"Resource":"arn:aws:ecs:*:*:service/payments/*","Sid":"RestartTheWorkers"},'
    '{"Action":"kms:Decrypt","Condition":{"StringEquals":{"aws:ResourceTag/vault":"cards"}},'
    '"Effect":"Deny","Resource":"*"}],"Version":"2012-10-17"}'
)


def roles() -> Plan:
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
        *(
            outdated("PlatformAdmin", account, content={"managed_policies": (ADMIN, READ)})
            for account in ("210000000010", "210000000011", "999999999999")
        ),
        outdated("ReadOnly", "210000000020", content={"managed_policies": (READ,)}),
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


def new_account() -> Plan:
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


def self_grant() -> Plan:
    """The author of a change gains by it: by a group in a group, by an edit, and by more time."""
    access = [
        AccessChange(
            Direction.GAIN,
            "PlatformAdmin",
            ("ada.lovelace", "grace.hopper"),
            ("210000000010",),
            ("platform",),
            privileged=True,
        ),
        AccessChange(
            Direction.ALTER, "Billing", ("ada.lovelace", "luis.moreno"), ("210000000020",), ("finance",)
        ),
        AccessChange(
            Direction.LONGER,
            "ReadOnly",
            ("ada.lovelace",),
            ("210000000020",),
            ("",),
            was_until="2026-12-31T00:00:00Z",
        ),
        AccessChange(Direction.LOSE, "ReadOnly", ("alan.turing",), ("210000000021",), ("",)),
    ]
    changes = [
        member("platform", "ada.lovelace"),
        member("platform", "grace.hopper"),
        member("newsletter", "edsger.dijkstra"),
        permission_set("Billing", Action.UPDATE, {"session_duration": ("PT1H", "PT4H")}),
        assigned("210000000021", "ReadOnly", "user:alan.turing", Action.DELETE),
    ]
    authors = ("ada.lovelace", "alan.turing", "edsger.dijkstra")
    return plan(replace(part(changes, access=access), authors=authors))

"""Small reports that have every mark, and reports in which every text is an attack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from reconciler.access.page import AccessPage
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.denials import OPEN, Denials, Entry
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import (
    Account,
    Assignment,
    Block,
    Group,
    Include,
    Origin,
    PermissionSet,
    PolicyReference,
    Selector,
    User,
    Window,
)
from reconciler.model.state import Gap, Identities, Live, LiveGroup, LivePermissionSet, LiveUser
from tests.support.access_pages import as_applied, page_of

SOON = datetime(2026, 12, 1, tzinfo=UTC)
LATER = datetime(2027, 6, 1, tzinfo=UTC)


def sample() -> Identities:
    """Fifteen people, with a group in a group, an end, a direct grant, and somebody who left."""
    names = ("ada", "bob", "cyd", "dee", "eve", "fay", "gus", "hal", "ida", "jan", "kim", "lea", "max", "ned")
    users = {
        key: User(
            key,
            {"user_name": f"{key}@example.com", "display_name": f"{key.title()} Lind"},
            Origin("people.yaml", place),
            active=False if key == "ned" else None,
        )
        for place, key in enumerate((*names, "oda"))
    }
    groups = {
        "ops": Group("ops", {}, Origin("groups.yaml", 100), members={"ada": 101, "bob": 102, "ned": 103}),
        "dev": Group(
            "dev",
            {"description": "Everybody who writes code"},
            Origin("groups.yaml", 110),
            members=dict.fromkeys(names[2:10], 111),
            include=(Include("ops", 112),),
        ),
        "empty": Group("empty", {}, Origin("groups.yaml", 120), members={}),
        "contractors": Group("contractors", {}, Origin("groups.yaml", 130), members={"kim": 131, "lea": 132}),
    }
    sets = {
        "Admin": PermissionSet("Admin", Origin("sets.yaml", 200), managed_policies=("AdministratorAccess",)),
        "Read": PermissionSet("Read", Origin("sets.yaml", 210), managed_policies=("ReadOnlyAccess",)),
        "Deploy": PermissionSet(
            "Deploy",
            Origin("sets.yaml", 220),
            description="Pipelines",
            customer_managed_policies=(PolicyReference("deploy"),),
        ),
    }
    accounts = {
        key: Account(key, f"2100000000{place:02}", Origin("accounts.yaml", 300 + place))
        for place, key in enumerate(("prod", "dev", "data", "logs"))
    }

    def chosen(*keys: str) -> tuple[Selector, ...]:
        return tuple(Selector(400, account=key) for key in keys)

    place = Origin("assignments.yaml", 400)
    assignments = {
        "ops-admin": Assignment("ops-admin", place, ("ops",), (), ("Admin",), chosen("prod", "data")),
        "dev-read": Assignment(
            "dev-read", place, ("dev", "ops"), (), ("Read",), chosen("prod", "dev", "logs")
        ),
        "dev-deploy": Assignment("dev-deploy", place, ("dev",), (), ("Deploy",), chosen("dev")),
        "nobody-yet": Assignment("nobody-yet", place, ("empty",), (), ("Read",), chosen("logs")),
        "audit": Assignment(
            "audit", place, (), ("max",), ("Read",), chosen("logs"), window=Window(end=SOON), reason="audit"
        ),
        "contract": Assignment(
            "contract", place, ("contractors",), (), ("Deploy",), chosen("dev"), window=Window(end=LATER)
        ),
    }
    return Identities(users, groups, sets, accounts, assignments)


def with_unmanaged(live: Live) -> Live:
    """The same with what somebody did by hand: a person, a member, an assignment, a value."""
    stranger = LiveUser("9067-x", {"user_name": "mallory@example.com"}, active=True)
    admin, read = (
        next(one.id for one in live.permission_sets.values() if one.name == name)
        for name in ("Admin", "Read")
    )
    prod, logs = AccountId("210000000000"), AccountId("210000000003")
    held = {
        (prod, admin): live.assignments[prod, admin] | {Principal(Kind.USER, "9067-x")},
        (logs, read): live.assignments[logs, read] | {Principal(Kind.USER, "9067-eve")},
    }
    return replace(
        live,
        users={**live.users, "9067-x": stranger},
        members={**live.members, "a0b1-ops": {**live.members["a0b1-ops"], "9067-fay": ""}},
        assignments={**live.assignments, **held},
    )


def standing() -> tuple[Identities, Live]:
    """People whom git blocks, ends or does not expect yet, not applied, and people who are denied."""
    git = sample()
    live = as_applied(git)
    users = {
        **git.users,
        "bob": replace(git.users["bob"], window=Window(end=datetime(2026, 11, 1, tzinfo=UTC))),
        "gus": replace(git.users["gus"], window=Window(start=LATER)),
    }
    entries = {"9067-cyd": OPEN, "9067-dee": Entry(SOON), "9067-gone": OPEN}
    blocked = {"ada": Block("ada", Origin("blocked.yaml", 1), reason="left")}
    return replace(git, users=users, blocked=blocked), replace(live, denials=Denials("p-1", entries))


def small() -> AccessPage:
    """What the sample has, with what was done by hand, and two findings."""
    git = sample()
    findings = (
        Finding("orphaned-assignments", Severity.WARNING, "1 assignment of nobody", fix="delete it"),
        Finding("first-apply", Severity.NOTE, "nothing was applied yet", details=("one", "two")),
    )
    return page_of(git, with_unmanaged(as_applied(git)), findings=findings)


HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "javascript:alert(3)",
    "__proto__",
    "constructor",
    "{{constructor.constructor('alert(4)')()}}",
    "${alert(5)}",
    "a\u202eb\u2066c\u200bd\u2028e\u2029f\x7fg\x00h",
    "<!--<script>",
    "]]>&lt;&#x3c;svg/onload=alert(6)>",
    '=HYPERLINK("https://evil.example";"x")',
    "'\"`><iframe srcdoc='<script>alert(7)</script>'>",
    "#/overview?target=x&q=%3Cimg%3E",
    "toString",
    "%E0%A4%A",
    # Nothing in it to break a line at.
    "W" * 10_000,
    "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627 \u65e5\u672c \u200f</b>",
)


def hostile() -> AccessPage:
    """Every text that a service, a directory or a file gives is an attack, in every place that has one."""
    count = len(HOSTILE)
    users = {
        f"9067-{n}": LiveUser(
            f"9067-{n}", {"user_name": text, "display_name": text, "given_name": text}, active=True
        )
        for n, text in enumerate(HOSTILE)
    }
    groups = {
        f"a0b1-{n}": LiveGroup(f"a0b1-{n}", {"display_name": text, "description": text})
        for n, text in enumerate(HOSTILE)
    }
    sets = {
        f"arn:{n}": LivePermissionSet(
            Arn(f"arn:{n}"),
            {"name": text, "description": text, "relay_state": text, "managed_policies": (text,)},
        )
        for n, text in enumerate(HOSTILE)
    }
    git = Identities(
        users={
            text: User(text, {"user_name": f"user{n}", "display_name": text}, Origin(text, n))
            for n, text in enumerate(HOSTILE)
        },
        groups={
            text: Group(text, {"description": text}, Origin(text, n), members={text: n})
            for n, text in enumerate(HOSTILE)
        },
        permission_sets={text: PermissionSet(text, Origin(text, n)) for n, text in enumerate(HOSTILE)},
        accounts={text: Account(text, f"{n:012}", Origin(text, n)) for n, text in enumerate(HOSTILE)},
        assignments={
            text: Assignment(
                text, Origin(text, n), (text,), (), (text,), (Selector(n, account=text),), reason=text
            )
            for n, text in enumerate(HOSTILE)
        },
    )
    live = Live(
        "aws",
        users=users,
        groups=groups,
        members={f"a0b1-{n}": {f"9067-{n}": "", f"9067-{(n + 1) % count}": ""} for n in range(count)},
        permission_sets=sets,
        assignments={
            (AccountId(f"{n:012}"), Arn(f"arn:{n}")): frozenset(
                {Principal(Kind.GROUP, f"a0b1-{n}"), Principal(Kind.USER, f"9067-{(n + 3) % count}")}
            )
            for n in range(count)
        },
        organization=as_applied(git).organization,
        gaps=tuple(Gap(Kind.MEMBERSHIP, "nobody", text) for text in HOSTILE),
    )
    findings = tuple(
        Finding(text, Severity.WARNING, text, origin=Origin(text, 1), fix=text, details=(text,))
        for text in HOSTILE
    )
    return page_of(git, live, findings=findings)

"""Plans of people, groups and memberships, of every size."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Address, Kind, remote
from reconciler.model.change import Action, Cause, Effect
from reconciler.model.plan import Counts, Finding, Plan, Severity
from tests.render.pieces import PEOPLE, group, hire, member, of, part, plan, user


def everyday() -> Plan:
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


def leaving() -> Plan:
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


def findings() -> Plan:
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


def several() -> Plan:
    chat = Counts(live=4, desired=4, unchanged=4)
    return plan(
        part([hire("edsger.dijkstra"), member("sre", "edsger.dijkstra")]),
        part([], target="chat", counts={Kind.USER: chat}),
        part([member("all", "edsger.dijkstra", Action.DELETE, target="wiki")], target="wiki", counts={}),
    )


def grants(count: int = 5000, groups: int = 100) -> Plan:
    """A plan of `count` grants, spread evenly over `groups` groups that exist already."""
    return of(*(member(f"team-{n % groups:04}", f"person.{n:05}") for n in range(count)))


def many() -> Plan:
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


def partial() -> Plan:
    return plan(
        part(
            [member("sre", "barbara.liskov")],
            partial=True,
            gaps=(("membership", "9067-group-id", "only 100 groups were asked for"),),
        )
    )


def nothing() -> Plan:
    counts = {
        Kind.USER: Counts(live=15, desired=15, unchanged=15),
        Kind.GROUP: Counts(live=6, desired=6, unchanged=6),
        Kind.MEMBERSHIP: Counts(live=41, desired=41, unchanged=41),
    }
    return plan(part(counts=counts))


def nothing_but_findings() -> Plan:
    whole = findings()
    return replace(whole, targets=(replace(part(), findings=whole.targets[0].findings[1:]),))

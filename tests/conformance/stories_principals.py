"""Stories of those whom permission sets are assigned to: they come, are renamed, and go."""

from __future__ import annotations

from tests.conformance.narrative import State, several, story
from tests.conformance.stories_access import BASE, DEV, OPS_ON_PROD, accounts

WITH_CYD = BASE + "assignments: {a: {users: [cyd], permission_sets: [Admin], accounts: [prod]}}\n"

DELETING = "targets: {aws: {type: identity-center, on_removal: delete}}\n"
FOR_TWO_DAYS = OPS_ON_PROD.replace("[prod]", "[prod], from: 2026-12-01, until: 2026-12-02")

STORIES = (
    story(
        "whoever is blocked or expires loses every direct assignment, also of sets that nobody declares",
        State(WITH_CYD, behind=accounts, assigned="prod/Admin/cyd"),
        State(
            WITH_CYD,
            behind=several(
                lambda console: console.create_permission_set("Elsewhere"),
                lambda console: console.put_assignment(DEV, "Elsewhere", user="cyd"),
            ),
            quiet=True,
        ),
        State(WITH_CYD + "blocked: {cyd: {reason: SEC-1}}\n", assigned="", causes="block"),
        State(WITH_CYD, assigned="prod/Admin/cyd"),
        State(
            WITH_CYD.replace("family_name: Lind", "family_name: Lind, until: 2026-11-30"),
            at="2026-12-02T00:00:00+00:00",
            assigned="",
            causes="expiry",
        ),
    ),
    story(
        "a group that goes takes its assignments along, whoever made them, and leaves no orphan",
        State(OPS_ON_PROD, behind=accounts),
        State(
            BASE.replace("ops: {members: [ada]}, ", ""),
            behind=lambda console: console.put_assignment(DEV, "Read", group="ops"),
            assigned="",
            groups={"dev": "bob"},
        ),
    ),
    story(
        "a user who is deleted takes assignments along, and leaves no orphan",
        State(WITH_CYD, behind=accounts, config=DELETING, assigned="prod/Admin/cyd"),
        State(
            OPS_ON_PROD.replace("  cyd: {user_name: cyd, given_name: Cyd, family_name: Lind}\n", ""),
            config=DELETING,
            behind=lambda console: console.put_assignment(DEV, "Read", user="cyd"),
            assigned="prod/Admin/ops",
            nobody="cyd",
        ),
    ),
    story(
        "assignments follow the group that is renamed, and the user whose key changes",
        State(OPS_ON_PROD, behind=accounts),
        State(
            OPS_ON_PROD.replace("ops: {members: [ada]}", "sre: {members: [ada], previously: [ops]}").replace(
                "groups: [ops]", "groups: [sre]"
            ),
            assigned="prod/Admin/sre",
            same={"sre": "ops"},
        ),
        State(BASE.replace("ops: {members: [ada]}", "sre: {members: [ada]}"), assigned=""),
    ),
    story(
        "groups and users of somebody else are assigned like others",
        State(
            BASE,
            behind=several(
                accounts,
                lambda console: console.add_group("theirs"),
                lambda console: console.add_user("guest"),
            ),
        ),
        State(
            BASE.replace("groups: {", "groups: {theirs: {external: true}, ").replace(
                "users:\n", "users:\n  guest: {external: true, user_name: guest}\n"
            )
            + "assignments: {a: {groups: [theirs], users: [guest], "
            "permission_sets: [Read], accounts: [dev]}}\n",
            assigned="dev/Read/theirs dev/Read/guest",
        ),
    ),
    story(
        "an assignment begins and ends on its day",
        State(
            FOR_TWO_DAYS,
            behind=accounts,
            assigned="",
        ),
        State(
            FOR_TWO_DAYS,
            at="2026-12-01T00:00:00+00:00",
            assigned="prod/Admin/ops",
        ),
        State(
            FOR_TWO_DAYS,
            at="2026-12-03T00:00:00+00:00",
            assigned="",
            causes="expiry",
        ),
    ),
)

"""Stories of time: windows of people, members and includes, blocks and overrides, while days pass."""

from __future__ import annotations

from tests.conformance.narrative import State, story

ADA = "{user_name: ada, given_name: Ada, family_name: Lovelace"
BOB = "{user_name: bob, given_name: Bob, family_name: Keller"
OPS = "groups: {ops: {members: [ada, bob]}}\n"
PAIR = f"users:\n  ada: {ADA}}}\n  bob: {BOB}}}\n"
UNTIL = (
    f"users:\n  ada: {ADA}, until: 2026-11-24}}\n  bob: {BOB}}}\ngroups: {{ops: {{members: [ada, bob]}}}}\n"
)
FROM = f"users:\n  ada: {ADA}, from: 2026-11-25}}\n  bob: {BOB}}}\ngroups: {{ops: {{members: [ada, bob]}}}}\n"
MEMBER = PAIR + (
    "groups:\n  ops:\n    members:\n      - bob\n"
    "      - {user: ada, from: 2026-11-24T08:00:00Z, until: 2026-11-24T18:00:00Z, reason: INC-1}\n"
)
INCLUDE = PAIR + (
    "groups:\n  ops: {members: [bob], include: [{group: sre, until: 2026-11-24}]}\n  sre: {members: [ada]}\n"
)
BLOCKED = PAIR + (
    "groups: {ops: {members: [ada, bob]}}\nblocked: {ada: {since: 2026-11-24T12:00:00Z, reason: SEC-1}}\n"
)
OVERRIDE = (
    PAIR + "groups: {ops: {members: [ada, bob]}}\noverrides: {ada: {until: 2026-11-24, title: Guest}}\n"
)

STORIES = (
    story(
        "a person's last day is whole, and the next day every membership is gone",
        State(UNTIL, groups={"ops": "ada bob"}),
        State(UNTIL, at="2026-11-24T23:59:59+00:00", groups={"ops": "ada bob"}, quiet=True),
        State(UNTIL, at="2026-11-25T00:00:00+00:00", groups={"ops": "bob"}, says="status-not-written"),
        State(UNTIL, at="2026-12-25T00:00:00+00:00", groups={"ops": "bob"}, quiet=True),
        State(UNTIL.replace("2026-11-24", "2027-11-24"), groups={"ops": "ada bob"}),
    ),
    story(
        "a day ends where the time zone says",
        State(UNTIL, config="timezone: Asia/Tokyo\n", groups={"ops": "ada bob"}),
        State(UNTIL, config="timezone: Asia/Tokyo\n", at="2026-11-24T14:59:59+00:00", quiet=True),
        State(UNTIL, config="timezone: Asia/Tokyo\n", at="2026-11-24T15:00:00+00:00", groups={"ops": "bob"}),
    ),
    story(
        "before their first day nobody exists",
        State(FROM, groups={"ops": "bob"}, nobody="ada"),
        State(FROM, at="2026-11-25T00:00:00+00:00", groups={"ops": "ada bob"}),
    ),
    story(
        "somebody who is already there has no access before their first day",
        State(PAIR + OPS, groups={"ops": "ada bob"}),
        State(FROM, groups={"ops": "bob"}),
        State(FROM, at="2026-11-25T00:00:00+00:00", groups={"ops": "ada bob"}, same={"ada": "ada"}),
    ),
    story(
        "a membership of one day comes and goes by itself",
        State(MEMBER, groups={"ops": "bob"}),
        State(MEMBER, at="2026-11-24T08:00:00+00:00", groups={"ops": "ada bob"}),
        State(MEMBER, at="2026-11-24T17:59:59+00:00", quiet=True),
        State(MEMBER, at="2026-11-24T18:00:00+00:00", groups={"ops": "bob"}),
        State(MEMBER, at="2026-11-30T18:00:00+00:00", groups={"ops": "bob"}, quiet=True),
    ),
    story(
        "an include ends, and the group that was included keeps its members",
        State(INCLUDE, groups={"ops": "ada bob", "sre": "ada"}),
        State(INCLUDE, at="2026-11-25T00:00:00+00:00", groups={"ops": "bob", "sre": "ada"}),
    ),
    story(
        "whoever is a member by several ways stays until the last of them ends",
        State(
            INCLUDE.replace("members: [bob]", "members: [bob, {user: ada, until: 2026-11-26}]"),
            groups={"ops": "ada bob", "sre": "ada"},
        ),
        State(
            INCLUDE.replace("members: [bob]", "members: [bob, {user: ada, until: 2026-11-26}]"),
            at="2026-11-25T00:00:00+00:00",
            quiet=True,
        ),
        State(
            INCLUDE.replace("members: [bob]", "members: [bob, {user: ada, until: 2026-11-26}]"),
            at="2026-11-27T00:00:00+00:00",
            groups={"ops": "bob", "sre": "ada"},
        ),
    ),
    story(
        "a window that was over before anything was applied grants nothing",
        State(MEMBER, at="2026-12-24T08:00:00+00:00", groups={"ops": "bob"}),
    ),
    story(
        "a block holds from its moment on, also in groups that git never declared, and ends with its line",
        State(
            BLOCKED,
            behind=lambda console: console.add_group("theirs"),
            groups={"ops": "ada bob", "theirs": ""},
        ),
        State(
            BLOCKED,
            behind=lambda console: console.add_member("theirs", "ada"),
            groups={"ops": "ada bob", "theirs": "ada"},
        ),
        State(BLOCKED, at="2026-11-24T12:00:00+00:00", groups={"ops": "bob", "theirs": ""}),
        State(PAIR + OPS, groups={"ops": "ada bob", "theirs": ""}),
    ),
    story(
        "somebody who is blocked before they exist is not made",
        State(
            PAIR + "groups: {ops: {members: [ada, bob]}}\nblocked: {ada: {reason: SEC-1}}\n",
            groups={"ops": "bob"},
            nobody="ada",
        ),
        State(PAIR + OPS, groups={"ops": "ada bob"}),
    ),
    story(
        "a block of somebody whom git never declared takes what they have",
        State(
            PAIR,
            behind=lambda console: (
                console.add_user("eve"),
                console.add_group("theirs"),
                console.add_member("theirs", "eve"),
            ),
            groups={"theirs": "eve"},
        ),
        State(PAIR + "blocked: {eve: {reason: SEC-1}}\n", groups={"theirs": ""}),
    ),
    story(
        "an override lies over a person while it stands",
        State(OVERRIDE, groups={"ops": "ada bob"}, people={"ada": {"Title": "Guest"}}),
        State(OVERRIDE, at="2026-11-25T00:00:00+00:00", groups={"ops": "bob"}),
        State(
            PAIR + OPS,
            groups={"ops": "ada bob"},
            people={"ada": {"Title": None}},
        ),
    ),
    story(
        "an override wins over what is written, and what is written comes back after it",
        State(PAIR.replace(ADA, f"{ADA}, title: Engineer"), people={"ada": {"Title": "Engineer"}}),
        State(
            PAIR.replace(ADA, f"{ADA}, title: Engineer") + "overrides: {ada: {title: Lead}}\n",
            people={"ada": {"Title": "Lead"}},
        ),
        State(PAIR.replace(ADA, f"{ADA}, title: Engineer"), people={"ada": {"Title": "Engineer"}}),
    ),
    story(
        "active: false takes every membership, and its end gives them back",
        State(PAIR + OPS, groups={"ops": "ada bob"}),
        State(
            PAIR.replace(ADA, f"{ADA}, active: false") + "groups: {ops: {members: [ada, bob]}}\n",
            groups={"ops": "bob"},
            says="status-not-written",
        ),
        State(PAIR + OPS, groups={"ops": "ada bob"}),
    ),
)

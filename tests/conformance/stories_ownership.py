"""Stories of ownership: external, ignored, observed, authoritative, provisioned elsewhere."""

from __future__ import annotations

from tests.conformance.narrative import State, story

PEOPLE = """
users:
  ada: {user_name: ada, given_name: Ada, family_name: Lovelace}
  bob: {user_name: bob, given_name: Bob, family_name: Keller}
  cyd: {user_name: cyd, given_name: Cyd, family_name: Lind}
"""
OPS = PEOPLE + "groups: {ops: {members: [ada, bob]}}\n"
SAM = PEOPLE + "  sam: {external: true, user_name: sam}\n"
STRICT = (
    "targets: {aws: {type: identity-center, on_removal: delete}}\n"
    "scope:\n  users: authoritative\n  groups: authoritative\n"
)


def target(*lines: str) -> str:
    """The configuration of the one target."""
    return "targets:\n  aws:\n    type: identity-center\n" + "".join(f"    {line}\n" for line in lines)


STORIES = (
    story(
        "an external user is a member once somebody else has made them, and is never written",
        State(
            SAM + "groups: {ops: {members: [ada, sam]}}\n", groups={"ops": "ada"}, says="external-not-found"
        ),
        State(
            SAM + "groups: {ops: {members: [ada, sam]}}\n",
            behind=lambda console: console.add_user("sam", attributes={"Title": "Theirs"}),
            groups={"ops": "ada sam"},
            people={"sam": {"Title": "Theirs"}},
        ),
        State(
            SAM + "groups: {ops: {members: [ada]}}\n",
            groups={"ops": "ada"},
            people={"sam": {"Title": "Theirs"}},
        ),
        State(OPS, groups={"ops": "ada bob"}, people={"sam": {"Title": "Theirs"}}),
    ),
    story(
        "an external group is left as it is, whatever git says and then says no more",
        State(PEOPLE, behind=lambda console: console.add_group("theirs")),
        State(
            PEOPLE + "groups: {theirs: {external: true}, ops: {members: [ada]}}\n",
            behind=lambda console: console.add_member("theirs", "bob"),
            groups={"theirs": "bob", "ops": "ada"},
        ),
        State(PEOPLE, groups={"theirs": "bob"}),
    ),
    story(
        "a group that was external becomes ours",
        State(
            PEOPLE + "groups: {theirs: {external: true}}\n",
            behind=lambda console: console.add_group("theirs"),
            groups={"theirs": ""},
        ),
        State(
            PEOPLE + "groups: {theirs: {description: ours now, members: [ada]}}\n",
            groups={"theirs": "ada"},
            same={"theirs": "theirs"},
        ),
    ),
    story(
        "a group that was ours becomes somebody else's, and keeps what it has",
        State(OPS, groups={"ops": "ada bob"}),
        State(PEOPLE + "groups: {ops: {external: true}}\n", groups={"ops": "ada bob"}, quiet=True),
        State(PEOPLE, groups={"ops": "ada bob"}, quiet=True),
    ),
    story(
        "what nobody declared is left alone",
        State(
            OPS,
            behind=lambda console: (
                console.add_user("eve"),
                console.add_group("theirs"),
                console.add_member("theirs", "eve"),
            ),
            groups={"ops": "ada bob", "theirs": "eve"},
        ),
        State(PEOPLE, groups={"theirs": "eve"}, people={"eve": {"UserName": "eve"}}),
    ),
    story(
        "what is ignored is left alone, also in a group of ours",
        State(OPS, config="scope: {ignore: {users: ['svc-*'], groups: ['AWS*']}}\n"),
        State(
            OPS,
            config="scope: {ignore: {users: ['svc-*'], groups: ['AWS*']}}\n",
            behind=lambda console: (
                console.add_user("svc-backup"),
                console.add_group("AWSControlTowerAdmins"),
                console.add_member("AWSControlTowerAdmins", "svc-backup"),
                console.add_member("ops", "svc-backup"),
            ),
            groups={"ops": "ada bob svc-backup", "AWSControlTowerAdmins": "svc-backup"},
            quiet=True,
        ),
        State(
            PEOPLE + "groups: {ops: {members: [ada]}}\n",
            config="scope: {ignore: {users: ['svc-*'], groups: ['AWS*']}}\n",
            groups={"ops": "ada svc-backup", "AWSControlTowerAdmins": "svc-backup"},
        ),
        State(
            PEOPLE + "groups: {ops: {members: [ada]}}\n",
            groups={"ops": "ada", "AWSControlTowerAdmins": "svc-backup"},
        ),
    ),
    story(
        "what is ignored is left alone in authoritative mode, too",
        State(
            OPS,
            config=STRICT + "  ignore: {users: ['svc-*']}\n",
            behind=lambda console: (
                console.add_user("svc-backup"),
                console.add_user("eve"),
                console.add_group("theirs"),
                console.add_member("theirs", "eve"),
                console.add_member("theirs", "svc-backup"),
            ),
            groups={"ops": "ada bob"},
            people={"svc-backup": {"UserName": "svc-backup"}},
            nobody="eve",
        ),
    ),
    story(
        "in authoritative mode strangers go, with what they have",
        State(
            OPS,
            behind=lambda console: (
                console.add_user("eve"),
                console.add_group("theirs"),
                console.add_member("theirs", "eve"),
            ),
            groups={"ops": "ada bob", "theirs": "eve"},
        ),
        State(
            OPS,
            config="scope: {groups: authoritative}\n",
            groups={"ops": "ada bob"},
            people={"eve": {"UserName": "eve"}},
        ),
        State(
            OPS,
            config=STRICT,
            groups={"ops": "ada bob"},
            nobody="eve",
        ),
    ),
    story(
        "what is observed is told and not written, until it is managed",
        State(OPS, groups={"ops": "ada bob"}),
        State(
            OPS.replace("Ada,", "Augusta,"),
            config="scope: {users: observe}\n",
            people={"ada": {"Name.GivenName": "Ada"}},
            says="observed",
            quiet=True,
        ),
        State(
            OPS.replace("members: [ada, bob]", "members: [cyd], description: x"),
            config="scope: {users: observe, groups: observe, memberships: observe}\n",
            groups={"ops": "ada bob"},
            says="observed",
            quiet=True,
        ),
        State(OPS.replace("members: [ada, bob]", "members: [cyd]"), groups={"ops": "cyd"}),
    ),
    story(
        "in an empty world nothing is made that is only observed, nor what hangs on it",
        State(OPS, config="scope: {users: observe}\n", groups={"ops": ""}, nobody="ada bob", says="observed"),
        State(OPS, groups={"ops": "ada bob"}),
    ),
    story(
        "only members of the groups in provision are provisioned, and who leaves them is treated as gone",
        State(
            PEOPLE + "groups: {staff: {members: [ada, bob]}, ops: {members: [ada, cyd]}}\n",
            config=target("provision: {users_in: [staff]}"),
            groups={"staff": "ada bob", "ops": "ada"},
            nobody="cyd",
            says="not-provisioned",
        ),
        State(
            PEOPLE + "groups: {staff: {members: [bob]}, ops: {members: [ada, cyd]}}\n",
            config=target("provision: {users_in: [staff]}", "on_removal: delete"),
            groups={"staff": "bob", "ops": ""},
            nobody="ada cyd",
        ),
        State(
            PEOPLE + "groups: {staff: {members: [bob]}, ops: {members: [ada, cyd]}}\n",
            groups={"staff": "bob", "ops": "ada cyd"},
        ),
    ),
    story(
        "only groups that match are provisioned",
        State(
            PEOPLE + "groups: {aws-ops: {members: [ada]}, wiki-ops: {members: [ada]}}\n",
            config=target("provision: {groups: ['aws-*']}"),
            groups={"aws-ops": "ada"},
        ),
        State(
            PEOPLE + "groups: {aws-ops: {members: [ada]}, wiki-ops: {members: [ada]}}\n",
            groups={"aws-ops": "ada", "wiki-ops": "ada"},
        ),
        State(
            PEOPLE + "groups: {aws-ops: {members: [ada]}, wiki-ops: {members: [ada]}}\n",
            config=target("provision: {groups: ['aws-*']}"),
            groups={"aws-ops": "ada"},
        ),
    ),
    story(
        "only the files in paths feed a target",
        State(
            {
                "people.yaml": PEOPLE,
                "aws/ops.yaml": "groups: {ops: {members: [ada]}}\n",
                "wiki/ops.yaml": "groups: {authors: {members: [bob]}}\n",
            },
            config=target("paths: ['*.yaml', 'aws/**']"),
            groups={"ops": "ada"},
        ),
        State(
            {
                "aws/people.yaml": "users: {ada: {user_name: ada, given_name: A, family_name: L}}\n",
                "wiki/people.yaml": "users: {bob: {user_name: bob, given_name: B, family_name: K}}\n",
                "aws/ops.yaml": "groups: {ops: {members: [ada, bob]}}\n",
            },
            config=target("paths: ['aws/**']", "on_removal: delete"),
            groups={"ops": "ada"},
            nobody="bob cyd",
            says="not-provisioned",
        ),
    ),
    story(
        "somebody whom others disabled stays so, and that is said",
        State(OPS),
        State(
            OPS,
            behind=lambda console: console.set_status("ada", "DISABLED"),
            groups={"ops": "ada bob"},
            people={"ada": {"UserStatus": "DISABLED"}},
            says="disabled-elsewhere",
            quiet=True,
        ),
    ),
)

"""Stories of accounts and assignments: named, selected, to groups and people, exclusive and shared."""

from __future__ import annotations

from reconciler.sandbox import Console
from tests.conformance.narrative import State, several, story

PROD, DEV, LAB, OLD = "222222222222", "333333333333", "444444444444", "555555555555"
PEOPLE = """
users:
  ada: {user_name: ada, given_name: Ada, family_name: Lovelace}
  bob: {user_name: bob, given_name: Bob, family_name: Keller}
  cyd: {user_name: cyd, given_name: Cyd, family_name: Lind}
"""
ACCOUNTS = f'accounts: {{prod: "{PROD}", dev: "{DEV}"}}\n'
SETS = """
permission_sets:
  Admin: {managed_policies: [AdministratorAccess]}
  Read: {managed_policies: [ReadOnlyAccess]}
"""
BASE = PEOPLE + ACCOUNTS + SETS + "groups: {ops: {members: [ada]}, dev: {members: [bob]}}\n"
OPS_ON_PROD = BASE + "assignments: {a: {groups: [ops], permission_sets: [Admin], accounts: [prod]}}\n"
EXCLUSIVE = OPS_ON_PROD.replace("[AdministratorAccess]", "[AdministratorAccess], assignments: exclusive")
BY_PLACE = BASE + (
    "assignments: {a: {groups: [ops], permission_sets: [Read], accounts: [{ou: Work}], "
    "except: [{ou: Work/Secret}]}}\n"
)
BY_TAG = BASE + (
    "assignments: {a: {groups: [ops], permission_sets: [Read], "
    "accounts: [{tag: {env: [dev, test]}, ou: Work}]}}\n"
)
ALL = BASE + "assignments: {a: {groups: [ops], permission_sets: [Read], accounts: [{all: true}]}}\n"


def accounts(console: Console) -> None:
    """Four accounts beside the management account, in units, two of them with tags."""
    console.create_ou("Work/Secret")
    console.create_account(PROD, "prod", unit="Work/Prod", tags={"env": "prod"})
    console.create_account(DEV, "dev", unit="Work", tags={"env": "dev"})
    console.create_account(LAB, "lab")
    console.create_account(OLD, "old", unit="Work")
    console.set_account_state(OLD, "SUSPENDED")


def orphan(console: Console, account: str = PROD) -> None:
    """An assignment of somebody who is deleted afterwards."""
    console.add_group("passing")
    console.put_assignment(account, "Admin", group="passing")
    console.remove_group("passing")


def assigned(*entries: str) -> str:
    """`BASE` with these assignments."""
    body = "\n".join(f"  e{number}: {{{entry}}}" for number, entry in enumerate(entries))
    return f"{BASE}assignments:\n{body}\n"


NAMED = (
    story(
        "assignments are added, widened, narrowed and ended",
        State(BASE, behind=accounts, assigned="", sets={"Admin": {}, "Read": {}}),
        State(OPS_ON_PROD, assigned="prod/Admin/ops", causes="git"),
        State(
            assigned(
                "groups: [ops, dev], permission_sets: [Admin, Read], accounts: [prod, dev]",
                "users: [cyd], permission_sets: [Read], accounts: [prod]",
            ),
            assigned="prod/Admin/ops prod/Read/ops dev/Admin/ops dev/Read/ops prod/Admin/dev prod/Read/dev "
            "dev/Admin/dev dev/Read/dev prod/Read/cyd",
            causes="git",
            says="direct-assignment",
        ),
        State(
            assigned(
                "groups: [dev], permission_sets: [Read], accounts: [prod, dev], except: [prod]",
                "users: [cyd], permission_sets: [Admin], accounts: [prod]",
            ),
            assigned="dev/Read/dev prod/Admin/cyd",
            causes="git",
        ),
        State(BASE, assigned="", causes="git"),
        State(PEOPLE, assigned="", sets={}, groups={}),
    ),
    story(
        "everything of an organisation comes in one plan and goes in one plan",
        State(
            {"all.yaml": PEOPLE + ACCOUNTS},
            behind=accounts,
        ),
        State(EXCLUSIVE, assigned="prod/Admin/ops"),
        State(PEOPLE, assigned="", sets={}, groups={}),
    ),
    story(
        "an account by its id, by its name in git, and by another name in git is one account",
        State(OPS_ON_PROD, behind=accounts, assigned="prod/Admin/ops"),
        State(
            assigned(f'groups: [ops], permission_sets: [Admin], accounts: ["{PROD}"]'),
            assigned="prod/Admin/ops",
            quiet=True,
        ),
        State(
            OPS_ON_PROD.replace("prod:", "payments:").replace("[prod]", "[payments]"),
            assigned="prod/Admin/ops",
            quiet=True,
        ),
    ),
    story(
        "two entries that say the same are one assignment until both are gone",
        State(
            assigned(*["groups: [ops], permission_sets: [Admin], accounts: [prod]"] * 2),
            behind=accounts,
            assigned="prod/Admin/ops",
        ),
        State(OPS_ON_PROD, assigned="prod/Admin/ops", quiet=True),
        State(BASE, assigned=""),
    ),
    story(
        "an account that is not in the organization, or is suspended, is left alone and said",
        State(BASE, behind=accounts),
        State(
            assigned(f'groups: [ops], permission_sets: [Admin], accounts: ["{OLD}", "{"9" * 12}", prod]'),
            assigned="prod/Admin/ops",
        ),
        State(
            OPS_ON_PROD,
            behind=lambda console: console.set_account_state(PROD, "SUSPENDED"),
            assigned="prod/Admin/ops",
            quiet=True,
        ),
    ),
    story(
        "the management account is assigned where it is named, and never because of `all`",
        State(ALL, behind=accounts, assigned="prod/Read/ops dev/Read/ops lab/Read/ops"),
        State(
            assigned('groups: [ops], permission_sets: [Read], accounts: ["111111111111"]'),
            assigned="management/Read/ops",
        ),
    ),
)

SELECTED = (
    story(
        "an account that joins, moves in, or moves out changes the plan because of a selector",
        State(BY_PLACE, behind=accounts, assigned="prod/Read/ops dev/Read/ops"),
        State(
            BY_PLACE,
            behind=lambda console: console.create_account("666666666666", "new", unit="Work/Other/Below"),
            assigned="prod/Read/ops dev/Read/ops new/Read/ops",
            causes="selector",
        ),
        State(
            BY_PLACE,
            behind=lambda console: console.move_account(LAB, "Work"),
            assigned="prod/Read/ops dev/Read/ops new/Read/ops lab/Read/ops",
            causes="selector",
        ),
        State(
            BY_PLACE,
            behind=several(
                lambda console: console.move_account(LAB, "Work/Secret"),
                lambda console: console.move_account(PROD, ""),
            ),
            assigned="dev/Read/ops new/Read/ops",
            causes="selector",
        ),
        State(BASE, assigned="", causes="git"),
    ),
    story(
        "a tag that is set, changed and taken away changes the plan because of a selector",
        State(BY_TAG, behind=accounts, assigned="dev/Read/ops"),
        State(
            BY_TAG,
            behind=lambda console: console.tag_account(PROD, {"env": "test"}),
            assigned="dev/Read/ops prod/Read/ops",
            causes="selector",
        ),
        State(
            BY_TAG,
            behind=several(
                lambda console: console.tag_account(DEV, {"env": None}),
                lambda console: console.tag_account(LAB, {"env": "dev"}),
            ),
            assigned="prod/Read/ops",
            causes="selector",
        ),
    ),
    story(
        "an account that is activated again gets what `all` says",
        State(ALL, behind=accounts, assigned="prod/Read/ops dev/Read/ops lab/Read/ops"),
        State(
            ALL,
            behind=lambda console: console.set_account_state(OLD, "ACTIVE"),
            assigned="prod/Read/ops dev/Read/ops lab/Read/ops old/Read/ops",
            causes="selector",
        ),
    ),
    story(
        "what an entry selects and another names stays while one of them says so",
        State(
            assigned(
                "groups: [ops], permission_sets: [Read], accounts: [{ou: Work}]",
                "groups: [ops], permission_sets: [Read], accounts: [prod]",
            ),
            behind=accounts,
            assigned="prod/Read/ops dev/Read/ops",
        ),
        State(
            assigned(
                "groups: [ops], permission_sets: [Read], accounts: [{ou: Work}]",
                "groups: [ops], permission_sets: [Read], accounts: [prod]",
            ),
            behind=lambda console: console.move_account(PROD, ""),
            assigned="prod/Read/ops dev/Read/ops",
            quiet=True,
        ),
    ),
)

DRIFT = (
    story(
        "an assignment that somebody added is tolerated, and goes where the set is exclusive",
        State(OPS_ON_PROD, behind=accounts, assigned="prod/Admin/ops"),
        State(
            OPS_ON_PROD,
            behind=lambda console: console.put_assignment(DEV, "Admin", group="dev"),
            assigned="prod/Admin/ops dev/Admin/dev",
            says="unmanaged-privileged",
            quiet=True,
        ),
        State(EXCLUSIVE, assigned="prod/Admin/ops", causes="git"),
        State(
            EXCLUSIVE,
            behind=lambda console: console.put_assignment(DEV, "Admin", user="cyd"),
            assigned="prod/Admin/ops",
            causes="drift",
        ),
    ),
    story(
        "an assignment that somebody took away is given again, and that is said",
        State(OPS_ON_PROD, behind=accounts),
        State(
            OPS_ON_PROD,
            behind=lambda console: console.remove_assignment(PROD, "Admin", group="ops"),
            assigned="prod/Admin/ops",
            causes="drift",
            says="restores",
        ),
    ),
    story(
        "assignments of those who are gone are found, and go where the set is exclusive",
        State(OPS_ON_PROD, behind=accounts),
        State(OPS_ON_PROD, behind=orphan, says="orphaned-assignments", quiet=True),
        State(EXCLUSIVE, assigned="prod/Admin/ops"),
    ),
    story(
        "authoritative assignments leave no stranger, and ignored ones are left alone",
        State(OPS_ON_PROD, behind=accounts, config="scope: {assignments: authoritative}\n"),
        State(
            OPS_ON_PROD,
            behind=several(
                lambda console: console.create_permission_set("Elsewhere"),
                lambda console: console.create_permission_set("Spared"),
                lambda console: console.put_assignment(DEV, "Elsewhere", group="dev"),
                lambda console: console.put_assignment(DEV, "Spared", group="dev"),
                lambda console: console.put_assignment(DEV, "Admin", group="dev"),
            ),
            config="scope: {assignments: authoritative, ignore: {assignments: [{permission_set: Spared}]}}\n",
            assigned="prod/Admin/ops dev/Spared/dev",
            sets={"Admin": {}, "Read": {}, "Elsewhere": {}, "Spared": {}},
        ),
    ),
    story(
        "a set that shares its assignments shares them also where the scope does not",
        State(
            OPS_ON_PROD.replace("[AdministratorAccess]", "[AdministratorAccess], assignments: shared"),
            behind=accounts,
            config="scope: {assignments: authoritative}\n",
        ),
        State(
            OPS_ON_PROD.replace("[AdministratorAccess]", "[AdministratorAccess], assignments: shared"),
            behind=lambda console: console.put_assignment(DEV, "Admin", group="dev"),
            config="scope: {assignments: authoritative}\n",
            assigned="prod/Admin/ops dev/Admin/dev",
            quiet=True,
        ),
    ),
)

STORIES = (*NAMED, *SELECTED, *DRIFT)

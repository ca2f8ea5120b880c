"""Stories of permission sets: every field changed, by git and behind its back; renamed; gone."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import Console
from tests.conformance.narrative import State, several, story
from tests.conformance.stories_access import ACCOUNTS, DEV, PEOPLE, PROD, accounts

BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
DENY = '{Version: "2012-10-17", Statement: [{Effect: Deny, Action: "s3:*", Resource: "*"}]}'
# The same to a reader, in another order and with other blanks.
DENY_TOO = (
    '{"Statement": [ {"Resource": "*", "Action": "s3:*", "Effect": "Deny"} ],  "Version": "2012-10-17"}'
)
ASSIGNED = "assignments: {a: {groups: [ops], permission_sets: [Admin], accounts: [prod, dev]}}\n"
THERE = "prod/Admin/ops dev/Admin/ops"


def written(fields: str) -> str:
    """One set with these fields, assigned on two accounts."""
    return (
        f"{PEOPLE}{ACCOUNTS}groups: {{ops: {{members: [ada]}}}}\n"
        f"permission_sets: {{Admin: {{{fields}}}}}\n{ASSIGNED}"
    )


def is_now(fields: str, **values: object) -> State:
    """The set as written, and what it then is."""
    return State(written(fields), sets={"Admin": values}, assigned=THERE)


def behind(fields: str, hands: object, causes: str = "drift", **values: object) -> State:
    """The set as written before, after somebody did something to it."""
    return State(
        written(fields),
        behind=hands,  # type: ignore[arg-type]  # any of the console's, whatever it returns
        sets={"Admin": values},
        assigned=THERE,
        causes=causes,
    )


def edited_and_reverted(console: Console) -> None:
    """The definition is as before, and no role is of its latest version."""
    console.attach_policy("Admin", BILLING, provision=False)
    console.detach_policy("Admin", BILLING, provision=False)


START = State(
    written("managed_policies: [ReadOnlyAccess]"),
    behind=accounts,
    sets={"Admin": {"ManagedPolicies": [READ_ONLY], "Description": None, "InlinePolicy": None}},
    assigned=THERE,
)
WHOLE = (
    f"inline_policy: {DENY}, relay_state: 'https://x.example/', session_duration: 8h, "
    "description: All of it, tags: {owner: platform, tier: '1'}, "
    "managed_policies: [AdministratorAccess], customer_managed_policies: [{name: deploy, path: /ci/}], "
    "permissions_boundary: {managed_policy: PowerUserAccess}"
)
AS_WHOLE: dict[str, Any] = {
    "Description": "All of it",
    "SessionDuration": "PT8H",
    "RelayState": "https://x.example/",
    "ManagedPolicies": [ADMIN],
    "CustomerManagedPolicies": ["/ci/deploy"],
    "PermissionsBoundary": {"ManagedPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"},
    "Tags": {"owner": "platform", "tier": "1"},
}

FIELDS = (
    story(
        "description, duration and relay state change one by one, and none clears another",
        START,
        is_now("description: One", Description="One", ManagedPolicies=[]),
        is_now("description: One, session_duration: 4h", Description="One", SessionDuration="PT4H"),
        is_now(
            "description: One, session_duration: 4h, relay_state: 'https://x.example/?a=1'",
            Description="One",
            SessionDuration="PT4H",
            RelayState="https://x.example/?a=1",
        ),
        is_now(
            "description: Two, session_duration: PT90M, relay_state: 'https://x.example/?a=1'",
            Description="Two",
            RelayState="https://x.example/?a=1",
        ),
        is_now("relay_state: 'https://x.example/?a=1'", SessionDuration="PT1H", Description=None),
        is_now("description: Three", Description="Three", RelayState=None),
    ),
    story(
        "managed policies come and go, by name, by path and by ARN",
        START,
        is_now("managed_policies: [ReadOnlyAccess, Billing]", ManagedPolicies=[READ_ONLY, BILLING]),
        State(written(f"managed_policies: ['{BILLING}', ReadOnlyAccess]"), quiet=True),
        State(written("managed_policies: [job-function/Billing, ReadOnlyAccess]"), quiet=True),
        is_now("managed_policies: [AdministratorAccess]", ManagedPolicies=[ADMIN]),
        is_now("managed_policies: []", ManagedPolicies=[]),
    ),
    story(
        "customer-managed policies come, move and go",
        START,
        is_now(
            "customer_managed_policies: [{name: deploy, path: /ci/}, {name: ship}]",
            CustomerManagedPolicies=["/ci/deploy", "/ship"],
            ManagedPolicies=[],
        ),
        is_now("customer_managed_policies: [{name: ship}]", CustomerManagedPolicies=["/ship"]),
        is_now(
            "customer_managed_policies: [{name: deploy, path: /cd/}, {name: ship}]",
            CustomerManagedPolicies=["/ship", "/cd/deploy"],
        ),
        is_now("description: none", CustomerManagedPolicies=[]),
    ),
    story(
        "an inline policy is a document: its order and blanks do not matter, and it comes, changes and goes",
        START,
        State(written(f"inline_policy: {DENY}"), assigned=THERE, causes="git"),
        State(written(f"inline_policy: {DENY_TOO}"), quiet=True),
        State(
            written(f"inline_policy: {DENY}"),
            behind=lambda console: console.set_inline_policy("Admin", DENY_TOO),
            quiet=True,
        ),
        State(written(f"inline_policy: {DENY.replace('s3', 'ec2')}"), causes="git"),
        is_now("description: none", InlinePolicy=None),
    ),
    story(
        "a permissions boundary is one or the other, and goes",
        START,
        is_now(
            "permissions_boundary: {managed_policy: PowerUserAccess}",
            PermissionsBoundary={"ManagedPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"},
        ),
        is_now(
            "permissions_boundary: {customer_managed_policy: {name: edge, path: /b/}}",
            PermissionsBoundary={"CustomerManagedPolicyReference": {"Name": "edge", "Path": "/b/"}},
        ),
        is_now("description: none", PermissionsBoundary=None),
    ),
    story(
        "tags are owned one by one, and those of others stay",
        START,
        is_now("tags: {owner: platform, tier: '1'}", Tags={"owner": "platform", "tier": "1"}),
        State(
            written("tags: {owner: platform, tier: '2'}"),
            behind=lambda console: console.tag_permission_set("Admin", {"cost": "shared"}),
            sets={"Admin": {"Tags": {"owner": "platform", "tier": "2", "cost": "shared"}}},
        ),
        is_now("tags: {tier: '2'}", Tags={"tier": "2", "cost": "shared"}),
        is_now("description: none", Tags={"cost": "shared"}),
    ),
    story(
        "everything at once, and all of it changed back behind git's back",
        START,
        is_now(WHOLE, **AS_WHOLE),
        behind(
            WHOLE,
            several(
                lambda console: console.set_permission_set(
                    "Admin", description="Ours", session_duration="PT2H"
                ),
                lambda console: console.set_permission_set(
                    "Admin", relay_state="https://y.example/", description="Ours"
                ),
                lambda console: console.attach_policy("Admin", BILLING),
                lambda console: console.detach_policy("Admin", ADMIN),
                lambda console: console.detach_policy("Admin", "/ci/deploy"),
                lambda console: console.set_boundary("Admin", "/edge"),
                lambda console: console.set_inline_policy("Admin", None),
                lambda console: console.tag_permission_set("Admin", {"owner": "us", "tier": None}),
            ),
            **AS_WHOLE,
        ),
    ),
)

DRIFT = (
    story(
        "a policy that is edited behind git's back and provisioned is put right and provisioned",
        START,
        behind(
            "managed_policies: [ReadOnlyAccess]",
            lambda console: console.attach_policy("Admin", BILLING),
            ManagedPolicies=[READ_ONLY],
        ),
    ),
    story(
        "a policy that is edited behind git's back and not provisioned is put right and provisioned",
        START,
        behind(
            "managed_policies: [ReadOnlyAccess]",
            lambda console: console.attach_policy("Admin", BILLING, provision=False),
            ManagedPolicies=[READ_ONLY],
        ),
    ),
    story(
        "a set that is not provisioned to its latest version is provisioned where it lags",
        START,
        behind("managed_policies: [ReadOnlyAccess]", edited_and_reverted, ManagedPolicies=[READ_ONLY]),
        behind(
            "managed_policies: [ReadOnlyAccess]",
            several(
                edited_and_reverted,
                lambda console: console.provision("Admin", PROD),
            ),
            ManagedPolicies=[READ_ONLY],
        ),
    ),
    story(
        "a set that somebody deleted is made again with its assignments",
        START,
        State(
            written("managed_policies: [ReadOnlyAccess]"),
            behind=several(
                lambda console: console.remove_assignment(PROD, "Admin", group="ops"),
                lambda console: console.remove_assignment(DEV, "Admin", group="ops"),
                lambda console: console.delete_permission_set("Admin"),
            ),
            sets={"Admin": {"ManagedPolicies": [READ_ONLY]}},
            assigned=THERE,
            says="restores",
        ),
    ),
)

WITHOUT = PEOPLE + ACCOUNTS + "groups: {ops: {members: [ada]}}\n"
RENAMED = (
    written("managed_policies: [ReadOnlyAccess]")
    .replace("Admin: {", "Boss: {previously: [Admin], ")
    .replace("[Admin], accounts", "[Boss], accounts")
)

ENDS = (
    story(
        "a set is replaced under a new name with its assignments, and the old one goes",
        START,
        State(
            RENAMED, sets={"Boss": {"ManagedPolicies": [READ_ONLY]}}, assigned="prod/Boss/ops dev/Boss/ops"
        ),
        State(RENAMED.replace("previously: [Admin], ", ""), quiet=True),
    ),
    story(
        "an old set that somebody else assigned, too, stays with what is theirs",
        START,
        State(
            RENAMED,
            behind=several(
                lambda console: console.add_group("theirs"),
                lambda console: console.put_assignment(PROD, "Admin", group="theirs"),
            ),
            sets={"Boss": {}, "Admin": {}},
            assigned="prod/Boss/ops dev/Boss/ops prod/Admin/theirs",
        ),
        State(
            RENAMED,
            behind=lambda console: console.remove_assignment(PROD, "Admin", group="theirs"),
            sets={"Boss": {}},
        ),
    ),
    story(
        "a set that git gives up goes after its assignments, and stays while others use it",
        START,
        State(
            WITHOUT,
            behind=several(
                lambda console: console.add_group("theirs"),
                lambda console: console.put_assignment(PROD, "Admin", group="theirs"),
            ),
            sets={"Admin": {}},
            assigned="prod/Admin/theirs",
        ),
    ),
    story(
        "a set that git gives up goes with the assignments of those who are gone",
        START,
        State(
            WITHOUT,
            behind=several(
                lambda console: console.add_group("passing"),
                lambda console: console.put_assignment(PROD, "Admin", group="passing"),
                lambda console: console.remove_group("passing"),
            ),
            sets={},
            assigned="",
        ),
    ),
    story(
        "a set that git never knew stays, unless sets are authoritative",
        State(WITHOUT, behind=accounts),
        State(
            WITHOUT,
            behind=lambda console: console.create_permission_set("Elsewhere"),
            sets={"Elsewhere": {}},
            quiet=True,
        ),
        State(WITHOUT, config="scope: {permission_sets: authoritative}\n", sets={}),
    ),
    story(
        "a set without assignments is made, edited and removed without provisioning",
        State(WITHOUT, behind=accounts),
        State(WITHOUT + "permission_sets: {Idle: {managed_policies: [Billing]}}\n", sets={"Idle": {}}),
        State(WITHOUT + "permission_sets: {Idle: }\n", sets={"Idle": {"ManagedPolicies": []}}),
        State(WITHOUT, sets={}),
    ),
)

STORIES = (*FIELDS, *DRIFT, *ENDS)

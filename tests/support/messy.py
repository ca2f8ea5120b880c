"""An organization as years leave it: 60 accounts in nested units, orphans, odd names, direct grants."""

from __future__ import annotations

from reconciler.sandbox import Console

MANAGEMENT = "111111111111"
AWS_POLICY = "arn:aws:iam::aws:policy/"
SLASHED = "R/D"
# Names that mean something to YAML, or that people write in other scripts.
ODD_USERS = ("yes", "null", "*a", "&b@example.com", "0123", "{c}", "-dash", "#hash@x", "Ünï@example.com", "~")
ODD_GROUPS = (
    "no",
    "a: b",
    "- item",
    "Ops # night",
    'quote " and \\ back',
    "{flow: [x]}",
    "*alias",
    "&anchor",
    "!tag",
    "100%",
    "Ärzte & Pflege",
    "日本チーム",
    "on",
    "1e3",
    "2026-01-01",
    "it's",
    "Platform Admins",
    "platform-admins-",
)


def account(number: int) -> str:
    """The id of one of the 60 accounts."""
    return f"{300000000000 + number}"


def seed(console: Console) -> None:
    """Make it, in an empty sandbox."""
    organization(console)
    others(console)
    ours(console)


def ours(console: Console) -> None:
    """What git will declare, and what is left over of those who left."""
    _people(console)
    _sets(console)
    _grants(console)
    _orphans(console)
    _odd(console)


def organization(console: Console) -> None:
    units = ("Workloads/Prod", "Workloads/Prod/Cards", "Workloads/Dev", "Security", "Sandbox")
    slashed = console.create_ou("Workloads/Lab")
    for number in range(60):
        unit = slashed if number % 6 == 5 else units[number % 6]
        console.create_account(
            account(number),
            f"app-{number:02}" if number % 7 else f"App {number // 14}",
            unit="Workloads/Lab" if unit == slashed else unit,
            tags={"tier": "gold" if number % 11 == 0 else "tin", "owner": f"team-{number % 3}"},
        )
    console.rename_ou(slashed, SLASHED)
    console.set_account_state(account(4), "SUSPENDED")


def others(console: Console) -> None:
    """What others own: another directory, Control Tower, and somebody who edits sets by hand."""
    console.add_user("entra@example.com", external_id="entra-1")
    console.add_group("entra-everyone", external_id="entra-g")
    console.add_group("AWSControlTowerAdmins")
    console.add_member("entra-everyone", "entra@example.com")
    console.create_permission_set("AWSReadOnlyAccess", managed_policies=[f"{AWS_POLICY}ReadOnlyAccess"])
    console.create_permission_set("Landing", tags={"ManagedBy": "ControlTower"})
    console.create_permission_set("Lagging", managed_policies=[f"{AWS_POLICY}ReadOnlyAccess"])
    for number in range(60):
        console.put_assignment(account(number), "AWSReadOnlyAccess", group="AWSControlTowerAdmins")
    console.put_assignment(account(1), "Lagging", group="entra-everyone")
    console.attach_policy("Lagging", f"{AWS_POLICY}AdministratorAccess", provision=False)


def _people(console: Console) -> None:
    for number in range(20):
        console.add_user(f"user{number:02}@example.com", given_name="User", family_name=f"Nr {number}")
    console.add_user("Ada.Okafor@example.com", given_name="Ada", family_name="Okafor", email="ada@x.example")
    console.add_user("ada.okafor@partner.example", given_name="Ada", family_name="Okafor")
    console.add_user("idle@example.com", display_name="Somebody: else", status="DISABLED")
    for group in ("platform", "auditors", "payments-admins", "Break Glass"):
        console.add_group(group, description=f"{group}: what it is for")
    for number in range(5):
        console.add_member("platform", f"user{number:02}@example.com")
    console.add_member("auditors", "entra@example.com")
    console.add_member("Break Glass", "Ada.Okafor@example.com")
    console.add_member("payments-admins", "idle@example.com")


def _sets(console: Console) -> None:
    console.create_permission_set("ReadOnly", managed_policies=[f"{AWS_POLICY}ReadOnlyAccess"])
    console.create_permission_set(
        "Admin", managed_policies=[f"{AWS_POLICY}AdministratorAccess"], session_duration="PT2H30M"
    )
    console.create_permission_set("Billing", managed_policies=[f"{AWS_POLICY}job-function/Billing"])
    console.create_permission_set(
        "Deploy",
        description="Deploys: a = b # c",
        customer_policies=["/ci/deploy"],
        inline_policy={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:Get*", "s3:List*"],
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": True}},
                }
            ],
        },
        tags={"team": "yes", "cost center": "0123"},
    )
    console.set_boundary("Deploy", f"{AWS_POLICY}PowerUserAccess")


def _grants(console: Console) -> None:
    everywhere = [account(number) for number in range(60)]
    for one in everywhere:
        console.put_assignment(one, "ReadOnly", group="auditors")
    for number in range(60):
        if number % 6 in (0, 1):
            console.put_assignment(account(number), "Deploy", group="platform")
            if number != 7:
                console.put_assignment(account(number), "Admin", group="payments-admins")
        if number % 6 == 5:
            console.put_assignment(account(number), "ReadOnly", group="platform")
        if number % 11 == 0:
            console.put_assignment(account(number), "Billing", group="entra-everyone")
    console.put_assignment(MANAGEMENT, "Admin", group="Break Glass")
    console.put_assignment(MANAGEMENT, "Admin", user="Ada.Okafor@example.com")
    console.put_assignment(account(0), "ReadOnly", user="user07@example.com")


def _orphans(console: Console) -> None:
    console.add_group("leavers")
    console.put_assignment(account(2), "ReadOnly", group="leavers")
    console.remove_group("leavers")
    console.add_user("gone@example.com")
    console.put_assignment(account(2), "Admin", user="gone@example.com")
    console.remove_user("gone@example.com")


def _odd(console: Console) -> None:
    for name in ODD_USERS:
        console.add_user(name, given_name=name, family_name="null", attributes={"Title": f"{name}: # '"})
    for name in ODD_GROUPS:
        console.add_group(name, description=f"{name}\n\ttab: {{x}} # {name}")
        console.add_member(name, "yes")
    console.put_assignment(account(0), "ReadOnly", group="a: b")
    console.put_assignment(account(0), "ReadOnly", group="日本チーム")

"""The same scenarios against the sandbox and against moto's server: both must answer the same.

moto is somebody else's reading of the same service, so that a mistake must be made twice to go unseen. Left
out is what moto has wrong; the numbers are the rows of the table in docs/testing-moto.md:

- 15 to 17: sizes of pages beyond a hundred, unknown stores and Regions, names without regard to case,
  unique addresses, groups without a name
- 18: external ids, status, times, revisions and extensions, which moto drops
- 19: doubled memberships, cascades, deletions of what does not exist, lists of unknown groups
- 20: GetUserId by address while somebody has none
- 21: pages and paths of accounts, and an organisation that is not there
- UpdateUser and UpdateGroup, which moto does not have
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import NOBODY, Aws, connected, person
from tests.sandbox.party import Party


def make_users(party: Party, *names: str) -> list[str]:
    return [party.see("create_user", **person(name)).get("UserId", "") for name in names]


def make_group(party: Party, name: str) -> str:
    identifier: str = party.see("create_group", DisplayName=name).get("GroupId", "")
    return identifier


def a_user_is_created_and_described(party: Party) -> None:
    full = {
        "UserName": "ada@example.com",
        "DisplayName": "Ada Lovelace",
        "Name": {"GivenName": "Ada", "FamilyName": "Lovelace", "MiddleName": "King", "Formatted": "A. L."},
        "NickName": "Ada",
        "ProfileUrl": "https://example.com",
        "Emails": [{"Value": "ada@example.com", "Type": "work", "Primary": True}],
        "Addresses": [{"Country": "UK", "PostalCode": "SW1Y", "Type": "home"}],
        "PhoneNumbers": [{"Value": "1", "Type": "work"}],
        "UserType": "Employee",
        "Title": "Analyst",
        "PreferredLanguage": "en",
        "Locale": "en-GB",
        "Timezone": "Europe/London",
    }
    identifier = party.see("create_user", **full)["UserId"]
    party.see("describe_user", UserId=identifier)
    party.see("list_users")


def a_minimal_user_is_created_and_described(party: Party) -> None:
    (identifier,) = make_users(party, "ada")
    party.see("describe_user", UserId=identifier)


def a_user_name_is_taken(party: Party) -> None:
    make_users(party, "ada", "ada", "grace")
    party.see("list_users")


def a_user_lacks_what_is_required(party: Party) -> None:
    party.see("create_user", DisplayName="x", Name={"GivenName": "a", "FamilyName": "b"})
    party.see("create_user", UserName="a", Name={"GivenName": "a", "FamilyName": "b"})
    party.see("create_user", UserName="a", DisplayName="x")
    party.see("create_user", UserName="a", DisplayName="x", Name={"GivenName": "a"})
    party.see("create_user", UserName="a", DisplayName="x", Name={"FamilyName": "a"})
    party.see("create_user", UserName="a")
    party.see("list_users")


def a_user_is_deleted(party: Party) -> None:
    first, _ = make_users(party, "ada", "grace")
    party.see("delete_user", UserId=first)
    party.see("describe_user", UserId=first)
    party.see("list_users")
    make_users(party, "ada")


def a_user_does_not_exist(party: Party) -> None:
    party.see("describe_user", UserId=NOBODY)


def a_user_is_looked_up(party: Party) -> None:
    party.see("create_user", **person("ada"), Emails=[{"Value": "ada@example.com", "Primary": True}])
    for path, value in (
        ("userName", "ada"),
        ("UserName", "ada"),
        ("emails.value", "ada@example.com"),
        ("userName", "nobody"),
        ("emails.value", "nobody@example.com"),
        ("title", "x"),
        ("userName", ""),
    ):
        attribute = {"AttributePath": path, "AttributeValue": value}
        party.see("get_user_id", AlternateIdentifier={"UniqueAttribute": attribute})


def users_are_filtered(party: Party) -> None:
    make_users(party, "ada", "grace")
    for name in ("grace", "nobody"):
        party.see("list_users", Filters=[{"AttributePath": "UserName", "AttributeValue": name}])


def a_group_is_created_and_described(party: Party) -> None:
    identifier = party.see("create_group", DisplayName="Platform", Description="Runs it")["GroupId"]
    party.see("describe_group", GroupId=identifier)
    party.see("list_groups")
    party.see("describe_group", GroupId=make_group(party, "Plain"))


def a_group_name_is_taken(party: Party) -> None:
    make_group(party, "Platform")
    make_group(party, "Platform")
    party.see("list_groups")


def a_group_is_deleted(party: Party) -> None:
    identifier = make_group(party, "Platform")
    party.see("delete_group", GroupId=identifier)
    party.see("describe_group", GroupId=identifier)
    party.see("list_groups")


def a_group_is_looked_up(party: Party) -> None:
    make_group(party, "Platform")
    for value in ("Platform", "Nothing"):
        attribute = {"AttributePath": "displayName", "AttributeValue": value}
        party.see("get_group_id", AlternateIdentifier={"UniqueAttribute": attribute})
        party.see("list_groups", Filters=[{"AttributePath": "DisplayName", "AttributeValue": value}])


def memberships_are_made_listed_and_ended(party: Party) -> None:
    ada, grace = make_users(party, "ada", "grace")
    one, two = make_group(party, "One"), make_group(party, "Two")
    made = party.see("create_group_membership", GroupId=one, MemberId={"UserId": ada})["MembershipId"]
    party.see("create_group_membership", GroupId=one, MemberId={"UserId": grace})
    party.see("create_group_membership", GroupId=two, MemberId={"UserId": ada})
    party.see("describe_group_membership", MembershipId=made)
    party.see("get_group_membership_id", GroupId=one, MemberId={"UserId": ada})
    party.see("get_group_membership_id", GroupId=two, MemberId={"UserId": grace})
    party.see("is_member_in_groups", MemberId={"UserId": grace}, GroupIds=[one, two])
    for group in (one, two):
        party.see("list_group_memberships", GroupId=group)
    for user in (ada, grace):
        party.see("list_group_memberships_for_member", MemberId={"UserId": user})
    party.see("delete_group_membership", MembershipId=made)
    party.see("describe_group_membership", MembershipId=made)
    party.see("list_group_memberships", GroupId=one)


def a_membership_of_nobody_or_in_nothing(party: Party) -> None:
    (user,) = make_users(party, "ada")
    group = make_group(party, "One")
    party.see("create_group_membership", GroupId=group, MemberId={"UserId": NOBODY})
    party.see("create_group_membership", GroupId=NOBODY, MemberId={"UserId": user})
    party.see("describe_group_membership", MembershipId=NOBODY)


def lists_come_in_pages(party: Party) -> None:
    users = make_users(party, *(f"u{number}" for number in range(5)))
    group = make_group(party, "One")
    for user in users:
        party.see("create_group_membership", GroupId=group, MemberId={"UserId": user})
    for operation, key, params in (
        ("list_users", "Users", {}),
        ("list_groups", "Groups", {}),
        ("list_group_memberships", "GroupMemberships", {"GroupId": group}),
    ):
        token: dict[str, str] = {}
        for _ in range(4):
            page = party.see(operation, MaxResults=2, **params, **token)
            party.seen.append((len(page[key]), "NextToken" in page))
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}


DIRECTORY = (
    a_user_is_created_and_described,
    a_minimal_user_is_created_and_described,
    a_user_name_is_taken,
    a_user_lacks_what_is_required,
    a_user_is_deleted,
    a_user_does_not_exist,
    a_user_is_looked_up,
    users_are_filtered,
    a_group_is_created_and_described,
    a_group_name_is_taken,
    a_group_is_deleted,
    a_group_is_looked_up,
    memberships_are_made_listed_and_ended,
    a_membership_of_nobody_or_in_nothing,
    lists_come_in_pages,
)


@pytest.mark.parametrize("scenario", DIRECTORY, ids=lambda scenario: scenario.__name__.replace("_", " "))
def test_the_directory_is_the_same_to_both(aws: Aws, moto: Aws, scenario: Callable[[Party], None]) -> None:
    ours, theirs = Party(aws), Party(moto)
    scenario(ours)
    scenario(theirs)
    assert ours.seen == theirs.seen
    assert ours.seen


class Organisation(Party):
    """What either says of one and the same organisation; ids are noted by name beforehand."""

    def walk(self) -> None:
        """Everything that can be read, from the root down."""
        described = self.aws.organizations.describe_organization()["Organization"]
        self.id(described["Id"])
        root = self.id(self.aws.organizations.list_roots()["Roots"][0]["Id"])
        self.ask("describe_organization")
        self.ask("list_roots")
        units = [root]
        for parent in units:
            for unit in self.aws.organizations.list_organizational_units_for_parent(ParentId=parent)[
                "OrganizationalUnits"
            ]:
                units.append(self.id(unit["Id"]))
                self.ask("describe_organizational_unit", OrganizationalUnitId=unit["Id"])
                self.ask("list_parents", ChildId=unit["Id"])
                self.ask("list_tags_for_resource", ResourceId=unit["Id"])
            self.ask("list_organizational_units_for_parent", ParentId=parent)
            self.note(partial(self.sorted, "list_accounts_for_parent", "Accounts", parent))
            for kind in ("ACCOUNT", "ORGANIZATIONAL_UNIT"):
                self.note(partial(self.sorted, "list_children", "Children", parent, ChildType=kind))
        for account in sorted(ACCOUNTS):
            self.ask("describe_account", AccountId=self.accounts[account])
            self.ask("list_parents", ChildId=self.accounts[account])
            self.ask("list_tags_for_resource", ResourceId=self.accounts[account])
        self.ask("describe_account", AccountId="000000000000")
        self.ask("list_tags_for_resource", ResourceId="000000000000")

    accounts: dict[str, str]

    def sorted(self, operation: str, key: str, parent: str, **more: str) -> dict[str, Any]:
        """A list whose order neither documents."""
        answer = getattr(self.aws.organizations, operation)(ParentId=parent, **more)
        return {key: sorted(answer[key], key=lambda item: str(item["Id"]))}


# Account by name: its unit ("" is the root) and its tags.
ACCOUNTS = {
    "shared": ("", {}),
    "dev": ("Workloads", {"env": "dev", "team": "a"}),
    "prod": ("Prod", {"env": "prod"}),
}


def build(moto: Aws) -> dict[str, str]:
    """Make the organisation in moto, and return its accounts' ids, that of the payer included."""
    client = moto.organizations
    made = client.create_organization(FeatureSet="ALL")["Organization"]
    root = client.list_roots()["Roots"][0]["Id"]
    workloads = client.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
    prod = client.create_organizational_unit(ParentId=workloads, Name="Prod")["OrganizationalUnit"]["Id"]
    units = {"": root, "Workloads": workloads, "Prod": prod}
    client.tag_resource(ResourceId=workloads, Tags=[{"Key": "tier", "Value": "1"}])
    ids = {"payer": made["MasterAccountId"]}
    for name, (unit, tags) in ACCOUNTS.items():
        status = client.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        ids[name] = status["AccountId"]
        if unit:
            client.move_account(AccountId=ids[name], SourceParentId=root, DestinationParentId=units[unit])
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            client.tag_resource(ResourceId=ids[name], Tags=listed)
    return ids


SEED = """
management: {{id: "{payer}", name: master, email: master@example.com}}
accounts:
  shared: {{id: "{shared}", email: shared@example.com}}
units:
  Workloads:
    tags: {{tier: "1"}}
    accounts: {{dev: {{id: "{dev}", email: dev@example.com, tags: {{env: dev, team: a}}}}}}
    units:
      Prod:
        accounts: {{prod: {{id: "{prod}", email: prod@example.com, tags: {{env: prod}}}}}}
"""


def test_the_organisation_is_the_same_to_both(moto: Aws, tmp_path: Path) -> None:
    ids = build(moto)
    seed = tmp_path / "organisation.yaml"
    seed.write_text(SEED.format(**ids), encoding="utf-8")
    with Sandbox(throttling=False, latency=0, seed=seed) as sandbox, connected(sandbox) as aws:
        ours, theirs = Organisation(aws), Organisation(moto)
        for party in (ours, theirs):
            party.accounts = ids
            party.walk()
    assert ours.seen == theirs.seen

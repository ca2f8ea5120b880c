"""One store behind two doors: what SCIM wrote is what the Identity Store reads, and the other way round."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import SCIM_ISSUER, Sandbox
from tests.sandbox.aws import ENTERPRISE as EXTENSION
from tests.sandbox.aws import Aws, refusal
from tests.sandbox.scim import ENTERPRISE, Scim, members, patch, person, put
from tests.sandbox.test_scim_users import FULL, plain

# FULL as the Identity Store spells it.
STORED: dict[str, Any] = {
    "UserName": "ada@example.com",
    "DisplayName": "Ada Lovelace",
    "Name": {
        "GivenName": "Ada",
        "FamilyName": "Lovelace",
        "MiddleName": "K",
        "Formatted": "Ada K Lovelace",
        "HonorificPrefix": "Lady",
        "HonorificSuffix": "I",
    },
    "NickName": "ada",
    "ProfileUrl": "https://example.com/ada",
    "Title": "Countess",
    "UserType": "Employee",
    "PreferredLanguage": "en-GB",
    "Locale": "en-GB",
    "Timezone": "Europe/London",
    "Emails": [{"Value": "ada@example.com", "Type": "work", "Primary": True}],
    "PhoneNumbers": [{"Value": "+44 1", "Type": "work"}],
    "Addresses": [
        {
            "StreetAddress": "1 Main Street",
            "Locality": "Town",
            "Region": "R",
            "PostalCode": "12345",
            "Country": "UK",
            "Formatted": "1 Main Street, Town",
            "Type": "work",
            "Primary": True,
        }
    ],
    "Roles": [{"Value": "analyst"}],
    "Extensions": {EXTENSION: FULL[ENTERPRISE]},
}
EXTERNAL = {"Issuer": SCIM_ISSUER, "Id": "guid-1"}


def test_a_user_of_scim_is_one_of_the_identity_store(scim: Scim, aws: Aws) -> None:
    user = scim.ok("POST", "Users", FULL, status=201)["id"]
    found = aws.user(user)
    assert {key: found[key] for key in STORED} == STORED
    assert (found["UserStatus"], found["ExternalIds"]) == ("ENABLED", [EXTERNAL])
    assert aws("get_user_id", AlternateIdentifier={"ExternalId": EXTERNAL})["UserId"] == user
    rest = set(found) - set(STORED)
    assert rest == {
        "IdentityStoreId", "UserId", "UserArn", "Revision", "UserStatus", "ExternalIds", "CreatedAt",
        "CreatedBy", "UpdatedAt", "UpdatedBy",
    }  # fmt: skip


def test_a_user_of_the_identity_store_is_one_of_scim(scim: Scim, aws: Aws) -> None:
    # Status and external ids are SCIM's to write.
    user = aws("create_user", **STORED)["UserId"]
    assert plain(scim.user(user)) == {key: value for key, value in FULL.items() if key != "externalId"}
    aws.update_user(user, "title", "Analyst")
    aws.update_user(user, f"{EXTENSION}.department", "Engines")
    changed = scim.user(user)
    assert (changed["title"], changed[ENTERPRISE]["department"]) == ("Analyst", "Engines")


def test_a_patch_over_scim_moves_the_revision(scim: Scim, aws: Aws) -> None:
    user = aws.add_user("ada")
    before = aws.user(user)
    scim.ok("PATCH", f"Users/{user}", patch(put("active", False), put("externalId", "guid-1")))
    after = aws.user(user)
    assert (after["UserStatus"], after["ExternalIds"]) == ("DISABLED", [EXTERNAL])
    assert after["Revision"] != before["Revision"]
    error = refusal(aws.update_user, user, "title", "x", Revision=before["Revision"])
    assert error["Reason"] == "CONCURRENT_MODIFICATION"


def test_groups_and_memberships_are_the_same_from_both_sides(sandbox: Sandbox, scim: Scim, aws: Aws) -> None:
    ada, bob = scim.add_user("ada"), aws.add_user("bob")
    group = scim.add_group("Platform", externalId="guid-1", members=[{"value": ada}])
    described = aws("describe_group", GroupId=group)
    assert (described["DisplayName"], described["ExternalIds"]) == ("Platform", [EXTERNAL])
    aws.add_member(group, bob)
    assert scim.found("Users", f'groups.value eq "{group}"') == [ada, bob]
    scim.ok("PATCH", f"Groups/{group}", patch(members("remove", ada)), status=204)
    found = aws("list_group_memberships", GroupId=group)["GroupMemberships"]
    assert [item["MemberId"]["UserId"] for item in found] == [bob]
    aws("delete_group_membership", MembershipId=found[0]["MembershipId"])
    assert scim.found("Groups", f'members.value eq "{bob}"') == []
    aws("delete_user", UserId=bob)
    scim.refused("GET", f"Users/{bob}", status=404)
    scim.ok("DELETE", f"Groups/{group}", status=204)
    assert aws("list_groups")["Groups"] == []


def test_what_is_unique_is_so_across_both_doors(scim: Scim, aws: Aws) -> None:
    scim.add_user("ada", emails=[{"value": "a@example.com", "primary": True}])
    assert refusal(aws.add_user, "ADA")["Reason"] == "UNIQUENESS_CONSTRAINT_VIOLATION"
    assert refusal(aws.add_user, "bob", Emails=[{"Value": "A@example.com"}])["Code"] == "ConflictException"
    aws.add_group("Platform")
    scim.refused("POST", "Groups", {"displayName": "platform"}, status=409)
    scim.refused("POST", "Users", person("Ada"), status=409)


def test_both_doors_list_the_same_people(scim: Scim, aws: Aws) -> None:
    for number in range(5):
        (scim.add_user if number % 2 else aws.add_user)(f"u{number}")
    by_scim = [user["id"] for user in scim.ok("GET", "Users?cursor")["Resources"]]
    assert by_scim == [user["UserId"] for user in aws("list_users")["Users"]]

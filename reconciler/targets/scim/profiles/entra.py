"""Microsoft Entra ID's own SCIM API, graph.microsoft.com/rp/scim (Microsoft Learn, as of 2026-03-26)."""

from __future__ import annotations

from reconciler.targets.scim.profile import ENTERPRISE, NAMES, Memberships, Paging, Profile

_URN = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:"

PROFILE = Profile(
    name="entra",
    title="Microsoft Entra ID",
    evidence="documented only (Microsoft Learn, SCIM API reference of 2026-03-26); not seen live",
    user_attributes=ENTERPRISE
    | NAMES
    | frozenset(
        (
            "middle_name",
            "formatted_name",
            "honorific_prefix",
            "honorific_suffix",
            "phone_number",
            "address",
            "user_type",
            "title",
            "preferred_language",
            "locale",
            "timezone",
        )
    ),
    group_attributes=frozenset(("display_name",)),
    quirks=(
        "Lists by cursor only, at most 100 a page regardless of ServiceProviderConfig; paths in lower case.",
        "Members by filter; dynamic groups show theirs, which nobody can write: leave them to `external`.",
        "At most 20 members enter a group with one request, and one leaves.",
        f"`{_URN}User:mailNickname` is required: give it by `map`.",
        "New users get a random password that nobody sees; groups are made as security groups without mail.",
        "Groups have no external id; descriptions are not written.",
    ),
    paging=Paging.CURSOR,
    page_size=100,
    total_counts=False,
    group_filters=frozenset(("displayName",)),
    memberships=Memberships.BY_FILTER,
    additions=20,
    removals=1,
    put_users=False,
    put_groups=False,
    bulk=False,
    required=("user_name", "display_name", f"{_URN}User:mailNickname"),
    password=True,
    group_template={f"{_URN}Group": {"mailEnabled": False, "securityEnabled": True}},
    discovery=False,
    etag=False,
    users_path="users",
    groups_path="groups",
    deactivation="no sign-in; memberships and licences stay",
    deletion="moved to the deleted users, from where they can be restored for 30 days",
    rates={"read": 10.0, "write": 5.0},
)

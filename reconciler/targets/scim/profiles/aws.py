"""AWS IAM Identity Center's SCIM endpoint (developer guide "SCIM implementation", user guide "limits").

Errors have no scimType, totals are the page's own size, members are never in the group, and what its
ServiceProviderConfig says of paging is not what it does.
"""

from __future__ import annotations

from reconciler.targets.scim.profile import ENTERPRISE, NAMES, Memberships, Paging, Profile, Removal

PROFILE = Profile(
    name="aws",
    title="IAM Identity Center",
    evidence="documented only (developer guide and field reports, November 2026); not seen live",
    user_attributes=ENTERPRISE
    | NAMES
    | frozenset(
        (
            "middle_name",
            "formatted_name",
            "honorific_prefix",
            "honorific_suffix",
            "nick_name",
            "phone_number",
            "address",
            "user_type",
            "title",
            "role",
            "preferred_language",
            "locale",
            "timezone",
            "profile_url",
        )
    ),
    group_attributes=frozenset(("display_name", "external_id")),
    quirks=(
        "Lists by cursor, `?cursor` on the first page, at most 100 a page; totals are not used.",
        "Members by filter, `groups.value` or `members.value`, from the side that takes fewer calls.",
        "At most 100 members a PATCH, by a list of values; never all members at once; no PUT of groups.",
        "User name, display name, given and family name are required; one email at most, no photos.",
        "Errors name no reason: a conflict is settled by looking.",
        "25 writes and 40 reads a second for each operation, every single member counted; we stay below.",
    ),
    paging=Paging.CURSOR,
    # 100 is the default and the most; whether a count may stand beside a cursor is not documented.
    page_size=None,
    first="cursor",
    total_counts=False,
    filters_trusted=True,
    memberships=Memberships.BY_FILTER,
    removal=Removal.BY_VALUE,
    put_groups=False,
    bulk=False,
    required=("user_name", "display_name", "given_name", "family_name"),
    single_values=True,
    discovery=False,
    etag=False,
    deactivation="no sign-in and no permission set; memberships and assignments stay",
    deletion="gone for good; assignments of their own stay behind as orphans",
    safe_deletion=False,
    rates={"read": 32.0, "write": 20.0, "membership": 20.0},
    per_api=True,
)

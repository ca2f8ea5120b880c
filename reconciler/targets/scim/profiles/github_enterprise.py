"""GitHub Enterprise Cloud with managed users, and Enterprise Server (docs.github.com, REST API: SCIM)."""

from __future__ import annotations

from reconciler.targets.scim.profile import NAMES, Profile

PROFILE = Profile(
    name="github-enterprise",
    title="GitHub Enterprise",
    evidence="documented only (docs.github.com, REST API for SCIM, November 2026); not seen live",
    user_attributes=NAMES
    | frozenset(
        (
            "middle_name",
            "formatted_name",
            "role",
        )
    ),
    group_attributes=frozenset(("display_name", "external_id")),
    quirks=(
        "Users and groups need an external id, users also all names and an email.",
        "Disabling suspends, and GitHub then disguises handle and address, which are compared again later.",
        "Deleting a user is for good: the same person can never be provisioned again.",
        "At most 1,000 users an hour, or the service refuses for a while.",
        "Lists hold suspended users as well. A User-Agent is required, and sent.",
    ),
    page_size=100,
    user_filters=frozenset(("userName", "externalId")),
    group_filters=frozenset(("displayName", "externalId")),
    required=("user_name", "external_id", "display_name", "given_name", "family_name", "email"),
    bulk=False,
    etag=False,
    disguised=frozenset(("user_name", "email", "display_name")),
    deactivation="suspended, with handle and address disguised; enabling undoes it",
    deletion="suspended for good, and never to be provisioned again",
    # 1,000 users an hour in the long run; what is refused sooner says when to come back.
    rates={"read": 10.0, "write": 5.0, "user-write": 1.0},
)

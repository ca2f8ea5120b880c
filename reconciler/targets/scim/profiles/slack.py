"""Slack's SCIM API v2 (docs.slack.dev: SCIM API reference, rate limits)."""

from __future__ import annotations

from reconciler.targets.scim.profile import ENTERPRISE, NAMES, Profile

PROFILE = Profile(
    name="slack",
    title="Slack",
    evidence="documented only (docs.slack.dev, SCIM API and rate limits, November 2026); not seen live",
    # Without nick_name: it is the user name under another name there.
    user_attributes=ENTERPRISE
    | NAMES
    | frozenset(
        (
            "honorific_prefix",
            "phone_number",
            "address",
            "user_type",
            "title",
            "role",
            "preferred_language",
            "locale",
            "timezone",
            "profile_url",
            "photos",
        )
    ),
    group_attributes=frozenset(("display_name",)),
    quirks=(
        "Pages of ten unless asked for more, at most 1,000.",
        "Deleting a user is disabling there: regardless of `on_removal`, leavers are disabled.",
        "The manager is in `manager.managerId`.",
        "One update of a user or group at a time; 429 otherwise. Groups have no external id.",
        "600 writes and 1,000 reads a minute, of users 180 writes, shared with every other SCIM app.",
    ),
    page_size=200,
    user_filters=frozenset(("userName",)),
    group_filters=frozenset(("displayName",)),
    # "The user's primary email is missing from the request": email_empty.
    required=("user_name", "email"),
    manager_value="managerId",
    bulk=False,
    deactivation="signed out everywhere; messages and files stay",
    deletion="disabled and no more: Slack deletes nobody by SCIM",
    deletes_users=False,
    # Minutes and bursts, shared: three quarters of each.
    rates={"read": 12.5, "write": 7.5, "user-write": 2.25},
)

"""Slack's SCIM API v2 (docs.slack.dev: SCIM API reference, rate limits)."""

from __future__ import annotations

from reconciler.targets.scim.profile import Profile

PROFILE = Profile(
    name="slack",
    title="Slack",
    evidence="documented only (docs.slack.dev, SCIM API and rate limits, November 2026); not seen live",
    quirks=(
        "Pages of ten unless asked for more, at most 1,000.",
        "Deleting a user is disabling there: regardless of `on_removal`, leavers are disabled.",
        "The manager stands in `manager.managerId`.",
        "One update of a user or group at a time; 429 otherwise. Groups have no external id.",
        "600 writes and 1,000 reads a minute, of users 180 writes, shared with every other SCIM app.",
    ),
    page_size=200,
    user_filters=frozenset(("userName",)),
    group_filters=frozenset(("displayName",)),
    # A nickname is the user name under another name there.
    forbidden=frozenset(("middle_name", "formatted_name", "honorific_suffix", "nick_name")),
    forbidden_of_groups=frozenset(("external_id",)),
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

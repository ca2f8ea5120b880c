"""Whoever keeps to the RFCs, and whoever nobody has looked into: nothing is taken for granted."""

from __future__ import annotations

from reconciler.targets.scim.profile import STANDARD_GROUP, STANDARD_USER, Profile

PROFILE = Profile(
    name="generic",
    title="a SCIM service",
    evidence="seen live: scim2-server 0.8.3, full and restricted, on loopback, November 2026",
    user_attributes=STANDARD_USER,
    group_attributes=STANDARD_GROUP,
    quirks=(
        "Lists are read one request past their end, because totals and indexes are not always true.",
        "What ServiceProviderConfig, ResourceTypes and Schemas say is used where it is there and holds.",
    ),
    # Microsoft asks 25 requests a second of every service that Entra ID provisions ("Develop and plan
    # provisioning for a SCIM endpoint"), so that most bear as many.
    rates={"read": 25.0, "write": 25.0},
)

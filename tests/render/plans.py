"""Plans by name: small worlds, each showing one side of what a plan can say."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.plan import Plan
from tests.render import plans_access, plans_hostile, plans_people, plans_refused

PLANS: Mapping[str, Plan] = {
    "everyday": plans_people.everyday(),
    "leaving": plans_people.leaving(),
    "refused": plans_refused.refused(),
    "protected": plans_refused.protected(),
    "ruled": plans_refused.ruled(),
    "findings": plans_people.findings(),
    "several-targets": plans_people.several(),
    "many": plans_people.many(),
    "grants-5000": plans_people.grants(),
    "grants-in-5000-groups": plans_people.grants(5000, 5000),
    "hostile": plans_hostile.hostile(),
    "partial": plans_people.partial(),
    "roles": plans_access.roles(),
    "new-account": plans_access.new_account(),
    "roll-out": plans_access.roll_out(),
    "self-grant": plans_access.self_grant(),
    "nothing": plans_people.nothing(),
    "nothing-but-findings": plans_people.nothing_but_findings(),
}

"""A plan in which every text tries to be more than text."""

from __future__ import annotations

import json

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import remote
from reconciler.model.change import Action
from reconciler.model.plan import Finding, Plan, Severity
from tests.render.pieces import (
    ACCOUNTS,
    PEOPLE,
    assigned,
    group,
    member,
    outdated,
    part,
    permission_set,
    plan,
    user,
)


def hostile() -> Plan:
    evil = (
        "x\n::add-mask::secret\r\n\x1b[31mred\x9b1m ```` @team #1 <img src=//e> | \u202etxt\u200b ##[group]x"
    )
    changes = (
        permission_set(
            evil[:20],
            Action.UPDATE,
            {
                "inline_policy": (json.dumps({"Statement": {"Sid": evil, "Action": evil}}), evil),
                "managed_policies": ((evil,), ()),
            },
            reason=evil,
        ),
        permission_set(
            "Evil",
            Action.UPDATE,
            {
                "inline_policy": (
                    json.dumps({"Statement": {"Sid": "a", "Action": evil}, evil: 1}),
                    json.dumps({"Statement": {"Sid": "a", "Action": "x", evil: evil}}),
                ),
                f"tags.{evil}": (evil, None),
            },
        ),
        assigned("210000000010", evil[:20], f"user:{remote(evil)}", Action.DELETE, called=evil, reason=evil),
        outdated(evil[:20], "999999999999"),
        user(
            "mallory",
            Action.UPDATE,
            {"display_name": (evil, 'quoted " -> "nothing'), "title": ("\\u{1b}", "\\")},
            reason=evil,
            name=evil,
        ),
        group(remote(evil), Action.DELETE, name=evil),
        member(remote(evil), remote(evil), Action.DELETE, name=evil),
        member("sre", remote("::stop-commands::x"), Action.DELETE, name="::stop-commands::x"),
    )
    findings = (
        Finding("restores\n::error::", Severity.WARNING, evil, fix=evil, details=(evil, evil), origin=PEOPLE),
    )
    access = (AccessChange(Direction.LOSE, evil, (remote(evil), evil), ("999999999999", evil), (evil,)),)
    return plan(part(changes, findings, access=access, accounts={**ACCOUNTS, "999999999999": evil}))

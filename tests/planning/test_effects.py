"""What plans do to people, and which grants replace which revocations: by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.change import Cause, Change, Effect
from reconciler.model.policy import Privileged
from reconciler.model.resources import Selector
from reconciler.planning.consequences import Consequences
from tests.planning.access_stage import Stage, change, links, spelled

NAMES = {"prod": "3"}
RED = Stage({"red": "ada bob", "blue": "cyd"}, {"1 Admin": "red", "2 Admin": "red", "1 Read": "blue"})


@pytest.mark.parametrize(
    ("stage", "changes", "access"),
    [
        (RED, [], []),
        (RED, [change("create membership/red/cyd")], ["gain Admin on 1 2: cyd by red"]),
        (RED, [change("delete membership/red/ada")], ["lose Admin on 1 2: ada by red"]),
        (RED, [change("delete user/ada")], ["lose Admin on 1 2: ada by red"]),
        (RED, [change("update user/ada", active=False)], ["lose Admin on 1 2: ada by red"]),
        (
            replace(RED, disabled="ada"),
            [change("update user/ada", active=True)],
            ["gain Admin on 1 2: ada by red"],
        ),
        (replace(RED, disabled="ada"), [change("delete membership/red/ada")], []),
        (RED, [change("delete group/red")], ["lose Admin on 1 2: ada bob by red"]),
        (RED, [change("delete permission-set/Read")], ["lose Read on 1: cyd by blue"]),
        (RED, [change("delete assignment/1/Admin/group:red")], ["lose Admin on 1: ada bob by red"]),
        (RED, [change("create assignment/1/Read/user:cyd")], []),
        (RED, [change("create assignment/2/Read/user:cyd")], ["gain Read on 2: cyd by hand"]),
        # All of it new: user, group, set.
        (
            RED,
            [
                change("create user/eve", user_name="eve@example.com"),
                change("create group/new"),
                change("create membership/new/eve"),
                change("create permission-set/Fresh"),
                change("create assignment/3/Fresh/group:new"),
            ],
            ["gain Fresh on 3: eve by new"],
        ),
        # Nobody in git knows them: they are themselves all the same.
        (
            replace(RED, strangers="ada red"),
            [change("delete assignment/1/Admin/group:~g-red")],
            ["lose Admin on 1: bob ~u-ada by ~g-red"],
        ),
        # An orphan's assignment is nobody's.
        (
            Stage({}, {"1 Admin": "gone"}),
            [replace(change("delete assignment/1/Admin/user:~u-gone"), effect=Effect.NEUTRAL)],
            [],
        ),
        # A set's edit, and a role that lags behind, reach who has it and keeps it.
        (
            RED,
            [change("update permission-set/Admin"), change("create membership/red/cyd")],
            ["gain Admin on 1 2: cyd by red", "alter Admin on 1 2: ada bob by red"],
        ),
        (RED, [change("update provisioning/Admin/2")], ["alter Admin on 2: ada bob by red"]),
        (
            RED,
            [change("update provisioning/Admin/2"), change("update permission-set/Admin")],
            ["alter Admin on 1 2: ada bob by red"],
        ),
        (RED, [replace(change("update permission-set/Admin"), effect=Effect.NEUTRAL)], []),
    ],
)
def test_access_is_what_people_gain_lose_and_have_altered(
    stage: Stage, changes: list[Change], access: list[str]
) -> None:
    assert spelled(Consequences(stage.context(), changes, NAMES).access) == access


ADMINISTRATOR = "arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess"


@pytest.mark.parametrize(
    ("privileged", "policies", "access"),
    [
        (Privileged(), (), ["gain Admin on 1 2 3: cyd by red"]),
        (Privileged(permission_sets=("*admin*",)), (), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(permission_sets=("Read",)), (), ["gain Admin on 1 2 3: cyd by red"]),
        (Privileged(policies=("ViewOnly*",)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(policies=("job-function/*",)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(policies=(ADMINISTRATOR,)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red!"]),
        (Privileged(policies=("*Admin*",)), (ADMINISTRATOR,), ["gain Admin on 1 2 3: cyd by red"]),
        (
            Privileged(accounts=(Selector(1, account="prod"),)),
            (),
            ["gain Admin on 1 2: cyd by red", "gain Admin on 3: cyd by red!"],
        ),
    ],
)
def test_privileged_is_marked_by_set_by_policy_and_by_account(
    privileged: Privileged, policies: tuple[str, ...], access: list[str]
) -> None:
    assigned = {"1 Admin": "red", "2 Admin": "red", "3 Admin": "red"}
    stage = Stage({"red": "ada"}, assigned, policies={"Admin": policies}, privileged=privileged)

    assert (
        spelled(Consequences(stage.context(), [change("create membership/red/cyd")], NAMES).access) == access
    )


@pytest.mark.parametrize(
    ("was", "will", "access"),
    [
        (
            (),
            (ADMINISTRATOR,),
            ["gain Admin on 1: cyd by red!", "lose Admin on 1: ada by red", "alter Admin on 1: bob by red!"],
        ),
        (
            (ADMINISTRATOR,),
            (),
            ["gain Admin on 1: cyd by red", "lose Admin on 1: ada by red!", "alter Admin on 1: bob by red!"],
        ),
    ],
)
def test_whoever_gains_a_set_gains_what_it_will_carry_and_whoever_loses_it_what_it_carried(
    was: tuple[str, ...], will: tuple[str, ...], access: list[str]
) -> None:
    stage = Stage(
        {"red": "ada bob"},
        {"1 Admin": "red"},
        policies={"Admin": was},
        privileged=Privileged(policies=("ViewOnlyAccess",)),
    )
    changes = [
        change("update permission-set/Admin", managed_policies=will),
        change("create membership/red/cyd"),
        change("delete membership/red/ada"),
    ]

    assert spelled(Consequences(stage.context(), changes, NAMES).access) == access


@pytest.mark.parametrize(
    ("stage", "changes", "replaced"),
    [
        # The same holder on the same account.
        (
            RED,
            [
                change("delete assignment/1/Admin/group:red"),
                change("create assignment/1/New/group:red"),
                change("create assignment/2/New/group:red"),
                change("create assignment/1/New/group:blue"),
            ],
            {"assignment/1/Admin/group:red": ["assignment/1/New/group:red"]},
        ),
        # From a group to one of its members, and not on another account.
        (
            RED,
            [
                change("delete assignment/1/Admin/group:red"),
                change("delete assignment/2/Admin/group:red"),
                change("create assignment/1/Read/user:ada"),
            ],
            {"assignment/1/Admin/group:red": ["assignment/1/Read/user:ada"]},
        ),
        # From one group to another: what the new one needs, too.
        (
            RED,
            [change("delete membership/red/ada"), change("create membership/blue/ada")],
            {"membership/red/ada": ["membership/blue/ada"]},
        ),
        (
            RED,
            [
                change("delete membership/red/ada"),
                change("create group/new"),
                change("create membership/new/ada"),
                change("create assignment/2/Admin/group:new"),
            ],
            {"membership/red/ada": ["assignment/2/Admin/group:new", "membership/new/ada"]},
        ),
        (
            RED,
            [change("delete assignment/1/Read/group:blue"), change("create membership/red/cyd")],
            {"assignment/1/Read/group:blue": ["membership/red/cyd"]},
        ),
        # Other people, other accounts, or nothing that is reached.
        (RED, [change("delete membership/red/ada"), change("create membership/blue/bob")], {}),
        (RED, [change("delete membership/blue/cyd"), change("create assignment/2/Read/user:cyd")], {}),
        # What must go at once.
        *(
            (RED, [change("delete membership/red/ada", cause), change("create membership/blue/ada")], {})
            for cause in (Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER)
        ),
        (
            replace(RED, inactive="ada"),
            [change("delete membership/red/ada"), change("create membership/blue/ada")],
            {},
        ),
        # Whoever signs in by the name afterwards is somebody else.
        (
            RED,
            [
                change("update user/ada", user_name="eve@example.com"),
                change("delete membership/red/ada"),
                change("create membership/blue/ada"),
            ],
            {},
        ),
    ],
)
def test_a_revocation_is_replaced_by_what_gives_the_same_person_the_same_account(
    stage: Stage, changes: list[Change], replaced: dict[str, list[str]]
) -> None:
    assert links(Consequences(stage.context(), changes, NAMES).replaced) == replaced


def test_groups_hold_the_edited_sets_that_they_are_assigned_after_the_plan() -> None:
    changes = [
        change("update permission-set/Admin"),
        change("create assignment/3/Admin/group:blue"),
        change("delete assignment/1/Admin/group:red"),
        change("delete assignment/2/Admin/group:red"),
        change("create assignment/3/Admin/user:ada"),
    ]

    assert links(Consequences(RED.context(), changes, NAMES).holding) == {
        "group/blue": ["permission-set/Admin"]
    }


def test_nothing_to_do_has_no_consequences() -> None:
    found = Consequences(RED.context(), [], NAMES)
    assert (found.access, found.replaced, found.holding) == ((), {}, {})

"""Permission sets, compared: fields, policies in every spelling, causes, ownership, replacement, removal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Effect, FieldChange
from reconciler.model.pairs import Principal
from reconciler.model.resources import PermissionSet, PolicyReference, Value
from reconciler.model.state import Identities, Live, LivePermissionSet, Remembered
from reconciler.planning import hashes
from reconciler.planning.comparing.set_values import managed_policy
from reconciler.planning.comparing.sets import compare_sets
from reconciler.planning.context import Diff, PlanContext
from tests.planning.scenes import (
    IDENTITY,
    ONE,
    TWO,
    access,
    brief,
    context,
    live,
    live_set,
    permission_set,
)
from tests.planning.world import CAN, NOTHING, remembered

AWS = "arn:aws:iam::aws:policy/"
ADMINISTRATOR = AWS + "AdministratorAccess"
OPS, EVE = Principal(Kind.GROUP, "g-ops"), Principal(Kind.USER, "u-eve")


def compared(around: PlanContext) -> Diff:
    diff = Diff()
    compare_sets(around, diff)
    return diff


def fields_of(
    declared: PermissionSet, there: LivePermissionSet, memory: Remembered = NOTHING
) -> tuple[FieldChange, ...]:
    changes = compared(context(access([declared]), live([there]), memory)).changes
    return changes[0].fields if changes else ()


@pytest.mark.parametrize(
    ("written", "attached", "expected"),
    [
        ("AdministratorAccess", [], ADMINISTRATOR),
        ("job-function/Billing", [], AWS + "job-function/Billing"),
        ("Billing", [], AWS + "job-function/Billing"),
        ("ViewOnlyAccess", [], AWS + "job-function/ViewOnlyAccess"),
        (ADMINISTRATOR, [], ADMINISTRATOR),
        ("arn:aws-cn:iam::aws:policy/job-function/Billing", [], AWS + "job-function/Billing"),
        ("Rare", [AWS + "service-role/Rare"], AWS + "service-role/Rare"),
        ("Rare", [AWS + "service-role/NotRare"], AWS + "Rare"),
        ("odd/Rare", [AWS + "service-role/Rare"], AWS + "odd/Rare"),
        (AWS + "Rare", [AWS + "service-role/Rare"], AWS + "Rare"),
        ("Rare", ["/Rare"], AWS + "Rare"),
    ],
)
def test_a_managed_policy_is_the_same_by_name_path_and_arn(
    written: str, attached: Sequence[str], expected: str
) -> None:
    assert managed_policy(written, attached, "aws") == expected


def test_policies_are_those_of_the_partition_of_the_instance() -> None:
    there = replace(live(), identity={**IDENTITY, "instance_arn": "arn:aws-us-gov:sso:::instance/ssoins-1"})
    declared = permission_set(
        "Admin", managed_policies=(ADMINISTRATOR, "Billing"), permissions_boundary="PowerUserAccess"
    )
    (change,) = compared(context(access([declared]), there)).changes
    values = {each.name: each.after for each in change.fields}
    assert values == {
        "managed_policies": (
            "arn:aws-us-gov:iam::aws:policy/AdministratorAccess",
            "arn:aws-us-gov:iam::aws:policy/job-function/Billing",
        ),
        "permissions_boundary": "arn:aws-us-gov:iam::aws:policy/PowerUserAccess",
    }


def test_a_set_is_created_with_what_git_says_of_it() -> None:
    declared = permission_set(
        "Admin",
        description=" All of it ",
        session_duration="PT4H",
        managed_policies=("AdministratorAccess",),
        customer_managed_policies=(PolicyReference("deploy", "/ci/"), PolicyReference("base")),
        inline_policy='{"Statement":[]}',
        tags={"owner": "platform"},
        relay_state=None,
    )
    diff = compared(context(access([declared]), live()))
    (change,) = diff.changes
    assert [(each.name, each.before, each.after) for each in change.fields] == [
        ("description", None, "All of it"),
        ("session_duration", None, "PT4H"),
        ("managed_policies", None, (ADMINISTRATOR,)),
        ("customer_managed_policies", None, ("/base", "/ci/deploy")),
        ("inline_policy", None, '{"Statement":[]}'),
        ("tags.owner", None, "platform"),
    ]
    assert (change.action, change.effect, change.cause) == (Action.CREATE, Effect.NEUTRAL, Cause.GIT)
    values = {each.name: each.after for each in change.fields}
    assert change.after_hash == hashes.object_state(None, values, diff.owned[change.address])
    assert change.before_hash == hashes.absent(Kind.PERMISSION_SET, "Admin")


@pytest.mark.parametrize(
    ("declared", "there", "expected"),
    [
        pytest.param({}, {"description": "x", "relay_state": "https://a"}, {}, id="never said: kept"),
        pytest.param({"description": "a"}, {"description": "b"}, {"description": ("b", "a")}, id="said"),
        pytest.param({"description": "a "}, {"description": "a"}, {}, id="blanks around a description"),
        pytest.param({"description": " "}, {}, {}, id="a blank description is none"),
        pytest.param({"relay_state": None}, {"relay_state": "u"}, {"relay_state": ("u", None)}, id="null"),
        pytest.param(
            {"session_duration": None},
            {"session_duration": "PT8H"},
            {"session_duration": ("PT8H", "PT1H")},
            id="no duration is an hour",
        ),
        pytest.param({"session_duration": "PT1H30M"}, {"session_duration": "PT90M"}, {}, id="as long"),
        pytest.param(
            {"session_duration": "PT2H"},
            {"session_duration": "P1D"},
            {"session_duration": ("P1D", "PT2H")},
            id="a strange duration",
        ),
        pytest.param(
            {},
            {
                "managed_policies": (ADMINISTRATOR,),
                "customer_managed_policies": ("/ci/deploy",),
                "permissions_boundary": "/edge",
                "inline_policy": "{}",
            },
            {
                "managed_policies": ((ADMINISTRATOR,), None),
                "customer_managed_policies": (("/ci/deploy",), None),
                "permissions_boundary": ("/edge", None),
                "inline_policy": ("{}", None),
            },
            id="policies are whole",
        ),
        pytest.param({}, {"managed_policies": (), "customer_managed_policies": ()}, {}, id="empty is none"),
        pytest.param(
            {"managed_policies": ("B", "AdministratorAccess")},
            {"managed_policies": (ADMINISTRATOR, AWS + "service-role/B")},
            {},
            id="the same policies in another order",
        ),
        pytest.param(
            {"permissions_boundary": PolicyReference("edge", "/x/")},
            {"permissions_boundary": AWS + "PowerUserAccess"},
            {"permissions_boundary": (AWS + "PowerUserAccess", "/x/edge")},
            id="another boundary",
        ),
        pytest.param(
            {"permissions_boundary": "Billing"},
            {"permissions_boundary": AWS + "job-function/Billing"},
            {},
            id="the same boundary by name",
        ),
        pytest.param(
            {"inline_policy": '{"Statement":{"Action":["B:x","a:y"],"Effect":"Allow","Sid":""}}'},
            {"inline_policy": '{"Statement":[{"Action":["a:Y","b:x"],"Effect":"Allow"}]}'},
            {},
            id="the same policy in other words",
        ),
        pytest.param(
            {"inline_policy": '{"Statement":[{"Action":["b:x","a:y"],"Effect":"Deny"}]}'},
            {"inline_policy": '{"Statement":[{"Action":["a:y","b:x"],"Effect":"Allow"}]}'},
            {
                "inline_policy": (
                    '{"Statement":[{"Action":["a:y","b:x"],"Effect":"Allow"}]}',
                    '{"Statement":[{"Action":["a:y","b:x"],"Effect":"Deny"}]}',
                )
            },
            id="another policy, in the form that is compared",
        ),
        pytest.param(
            {"tags": {"owner": "a", "empty": ""}},
            {"tags": {"owner": "b", "other": "kept", "empty": ""}},
            {"tags.owner": ("b", "a")},
            id="tags by key",
        ),
    ],
)
def test_what_differs(
    declared: dict[str, object], there: dict[str, Any], expected: dict[str, tuple[Value, Value]]
) -> None:
    found = fields_of(permission_set("Admin", **declared), live_set("Admin", **there))
    assert {each.name: (each.before, each.after) for each in found} == expected


def test_what_git_said_and_says_no_more_is_cleared() -> None:
    then = permission_set(
        "Admin", description="old", session_duration="PT8H", relay_state="u", tags={"a": "1", "b": "2"}
    )
    now = permission_set("Admin", description="old", tags={"a": "1"})
    there = live_set(
        "Admin", description="old", session_duration="PT8H", relay_state="u", tags={"a": "1", "b": "2"}
    )
    found = fields_of(now, there, remembered(access([then])))
    assert {each.name: (each.before, each.after) for each in found} == {
        "session_duration": ("PT8H", "PT1H"),
        "relay_state": ("u", None),
        "tags.b": ("2", None),
    }


@pytest.mark.parametrize(
    ("declared", "effect"),
    [
        ({"description": "new"}, Effect.NEUTRAL),
        ({"tags": {"a": "1"}}, Effect.NEUTRAL),
        ({"description": "new", "tags": {"a": "1"}}, Effect.NEUTRAL),
        ({"session_duration": "PT2H"}, Effect.MIXED),
        ({"description": "new", "managed_policies": ("X",)}, Effect.MIXED),
    ],
)
def test_the_effect_of_an_edit(declared: dict[str, object], effect: Effect) -> None:
    declared_set = permission_set("Admin", **declared)
    (change,) = compared(context(access([declared_set]), live([live_set("Admin")]))).changes
    assert change.effect is effect


def test_an_update_hashes_what_git_owns_of_the_live_set() -> None:
    there = live_set("Admin", description="x", relay_state="u", tags={"other": "1"})
    diff = compared(context(access([permission_set("Admin", description="y")]), live([there])))
    (change,) = diff.changes
    names = diff.owned[change.address]
    assert "relay_state" not in names
    assert "tags.other" not in names
    assert change.before_hash == hashes.object_state(there.id, there.attributes, names)
    after = {**there.attributes, "description": "y"}
    assert change.after_hash == hashes.object_state(there.id, after, names)
    assert diff.ids[change.address] == there.id


SAME = permission_set("Admin", managed_policies=("A",))
OTHER = permission_set("Admin", managed_policies=("B",))


@pytest.mark.parametrize(
    ("memory", "now", "there", "cause"),
    [
        pytest.param(NOTHING, SAME, {}, Cause.GIT, id="no apply yet"),
        pytest.param(remembered(access([SAME])), SAME, {}, Cause.DRIFT, id="as at the base"),
        pytest.param(remembered(access([OTHER])), SAME, {}, Cause.GIT, id="edited"),
        pytest.param(remembered(access()), SAME, {}, Cause.GIT, id="declared since"),
        pytest.param(
            remembered(access([permission_set("Admin", managed_policies=(AWS + "A",))])),
            SAME,
            {},
            Cause.DRIFT,
            id="another spelling of the same",
        ),
        pytest.param(
            remembered(access([permission_set("Admin", relay_state="u")])),
            permission_set("Admin"),
            {"relay_state": "u"},
            Cause.GIT,
            id="no longer said",
        ),
        pytest.param(
            remembered(access([permission_set("Admin")]), access([permission_set("Admin", relay_state="u")])),
            permission_set("Admin"),
            {"relay_state": "u"},
            Cause.LEFTOVER,
            id="said in between only",
        ),
    ],
)
def test_why_a_set_differs(
    memory: Remembered, now: PermissionSet, there: dict[str, Any], cause: Cause
) -> None:
    (change,) = compared(context(access([now]), live([live_set("Admin", **there)]), memory)).changes
    assert change.cause is cause


def test_a_set_that_is_as_git_says_is_no_change() -> None:
    diff = compared(context(access([SAME]), live([live_set("Admin", managed_policies=(AWS + "A",))])))
    assert diff.changes == []
    assert diff.unchanged[Kind.PERMISSION_SET] == 1


def _replacing(there: Live, memory: Identities | None = None) -> PlanContext:
    now = access([permission_set("New", managed_policies=("A",), previously=("Old",))])
    return context(now, there, remembered(memory) if memory else NOTHING)


def test_a_replaced_set_is_made_anew_with_a_warning_about_its_roles() -> None:
    diff = compared(
        _replacing(live([live_set("Old", provisioned=(ONE, TWO))]), access([permission_set("Old")]))
    )
    assert brief(diff.changes) == {(Action.CREATE, "New", "git")}
    assert diff.changes[0].reason == "replaces Old"
    (finding,) = diff.findings
    assert finding.code == "permission-set-replaced"
    assert finding.details == (ONE, TWO)
    assert "AWSReservedSSO_Old_" in str(finding.fix)


def test_a_set_that_was_replaced_already_is_no_news() -> None:
    diff = compared(_replacing(live([live_set("New", managed_policies=(AWS + "A",))])))
    assert (diff.changes, diff.findings) == ([], [])


def test_a_target_without_permission_sets_gets_none() -> None:
    assert compared(context(access([SAME]), live(), capabilities=CAN)).changes == []

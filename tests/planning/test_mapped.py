"""What a target's `map` makes of users: names, addresses, attributes of extensions; at that target alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.policy import Mode, TargetPolicy
from reconciler.model.resources import Override, Value
from reconciler.model.state import Identities
from reconciler.planning.ordering.order import order
from tests.planning.world import (
    CAN,
    ORIGIN,
    UNLIMITED,
    World,
    change,
    codes,
    group,
    identities,
    person,
    plan,
    remembered,
    summary,
)

NICK = "urn:example:scim:2.0:User:nick"
BADGE = "urn:example:scim:2.0:User:badge"
SCIM = replace(CAN, user_attributes=CAN.user_attributes | {NICK, BADGE}, required=("user_name",))


def mapping(**templates: str) -> TargetPolicy:
    return TargetPolicy("aws", guards=UNLIMITED, map=MappingProxyType(templates))


def written(git: Identities, policy: TargetPolicy, key: str = "ada") -> dict[str, Value]:
    """What a create would write."""
    planned = plan(git, World(), policy=policy, can=SCIM)
    return {each.name: each.after for each in change(planned, f"aws/user/{key}").fields}


def test_what_git_leaves_to_a_default_fills_a_template_as_well() -> None:
    """The address is the user name where that is one, and the display name both names."""
    git = identities([person("ada"), person("bob", user_name="bob", email=None)])
    policy = mapping(nick_name="{email}", title="{display_name}")

    assert written(git, policy)["nick_name"] == "ada@example.com"
    assert written(git, policy)["title"] == "Ada Test"
    assert "nick_name" not in written(git, policy, "bob"), "null is no default"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{email}", "ada@corp.example"),
        ("{given_name}.{family_name}", "Ada.Test"),
        ("x-{key}-y", "x-ada-y"),
        ("{{{key}}}", "{ada}"),
        ("constant", "constant"),
        ("{user_name}", "ada@example.com"),
    ],
)
def test_a_template_is_filled_with_what_git_says(template: str, value: str) -> None:
    made = written(identities([person("ada", email="ada@corp.example")]), mapping(nick_name=template))

    assert made["nick_name"] == value


@pytest.mark.parametrize("title", [{}, {"title": None}])
def test_a_template_that_cannot_be_filled_leaves_the_attribute_out(title: dict[str, Value]) -> None:
    policy = mapping(nick_name="{title} {given_name}")

    made = written(identities([person("ada", nick_name="Countess", **title)]), policy)

    assert "nick_name" not in made


def test_templates_stand_for_what_git_says_and_not_for_each_other() -> None:
    made = written(
        identities([person("ada", title="Lead", nick_name="Countess")]),
        mapping(title="{nick_name}", nick_name="{title}"),
    )

    assert (made["title"], made["nick_name"]) == ("Countess", "Lead")


def test_overrides_are_laid_on_before_templates_are_filled() -> None:
    override = Override("ada", ORIGIN, attributes={"given_name": "Augusta"})
    git = identities([person("ada")], overrides={"ada": override})

    assert written(git, mapping(nick_name="{given_name}"))["nick_name"] == "Augusta"


def test_defaults_of_a_create_come_after_the_map() -> None:
    made = written(
        identities([person("ada")]), mapping(user_name="{key}@chat.example", given_name="Dr {key}")
    )

    assert made["email"] == "ada@chat.example"
    assert made["display_name"] == "Dr ada Test"


def test_attributes_of_extensions_stand_behind_ours_in_order() -> None:
    made = written(identities([person("ada")]), mapping(**{NICK: "{key}", BADGE: "{family_name}"}))

    assert list(made)[-2:] == [BADGE, NICK]
    assert (made[BADGE], made[NICK]) == ("Test", "ada")


def test_a_mapped_state_is_reached_and_the_next_plan_is_empty() -> None:
    world, policy = World(), mapping(user_name="{key}@chat.example", **{NICK: "{key}"})
    git = identities([person("ada"), person("bob")], [group("ops", ["ada"])])
    world.carry_out(plan(git, world, policy=policy, can=SCIM))

    assert world.members_of("ops") == {"ada@chat.example"}
    memory = remembered(git, policy=policy)
    assert summary(plan(git, world, memory, policy=policy, can=SCIM)) == []
    world.users = {
        one.id: replace(one, attributes={**one.attributes, NICK: "changed"}) for one in world.users.values()
    }
    assert summary(plan(git, world, memory, policy=policy, can=SCIM)) == [
        "update aws/user/ada drift",
        "update aws/user/bob drift",
    ]


def test_a_map_that_changes_renames_whom_it_named_before() -> None:
    world, before, after = World(), mapping(user_name="{key}@old.example"), mapping(user_name="{email}")
    git = identities([person("ada", email="ada@new.example")])
    world.carry_out(plan(git, world, policy=before, can=SCIM))

    planned = plan(git, world, remembered(git, policy=before), policy=after, can=SCIM)

    assert summary(planned) == ["update aws/user/ada git"]
    (only,) = change(planned, "aws/user/ada").fields
    assert (only.name, only.before, only.after) == ("user_name", "ada@old.example", "ada@new.example")


def test_whoever_leaves_is_found_by_the_name_that_the_map_gave() -> None:
    world, policy = World(), mapping(user_name="{key}@chat.example")
    git = identities([person("ada"), person("bob")])
    world.carry_out(plan(git, world, policy=policy, can=SCIM))
    can = replace(SCIM, status=True)

    planned = plan(identities([person("bob")]), world, remembered(git, policy=policy), policy=policy, can=can)

    assert summary(planned) == ["update aws/user/ada git"]
    assert change(planned, "aws/user/ada").name == "ada@chat.example"


def test_a_user_for_whom_no_name_can_be_made_is_left_alone_with_what_is_theirs() -> None:
    """A removed title renames nobody, removes nobody, and takes nobody out of a group."""
    world, policy = World(), mapping(user_name="{title}")
    git = identities([person("ada", title="ada@corp.example")], [group("ops", ["ada"])])
    world.carry_out(plan(git, world, policy=policy, can=SCIM))
    world.add_user("")
    nameless = identities([person("ada")], [group("ops", ["ada"])])
    strict = replace(policy, scope=replace(policy.scope, users=Mode.AUTHORITATIVE))
    memory, can = remembered(git, policy=policy), replace(SCIM, status=True)

    for by, left in ((policy, []), (strict, ["update aws/user/~u00000004 drift"])):
        planned = plan(nameless, world, memory, policy=by, can=can)
        assert summary(planned) == left
        assert "match-blocked" in codes(planned)
        assert planned.waiting == 1
    assert world.members_of("ops") == {"ada@corp.example"}


def test_two_nameless_users_and_a_nameless_object_are_never_taken_for_each_other() -> None:
    world, policy = World(), mapping(user_name="{title}")
    world.add_user("")

    planned = plan(identities([person("ada"), person("bob")]), world, policy=policy, can=SCIM)

    assert summary(planned) == []
    assert codes(planned) == ["match-blocked", "match-blocked"]
    git = identities([person("bob", title="bob")])
    memory = remembered(identities([person("ada"), person("bob")]), policy=policy)
    assert summary(plan(git, world, memory, policy=policy, can=SCIM)) == ["create aws/user/bob drift"]


def test_a_mapped_name_is_freed_before_it_is_given_to_another() -> None:
    world, policy = World(), mapping(user_name="{title}@chat.example")
    git = identities([person("ada", title="lead"), person("bob", title="dev")])
    world.carry_out(plan(git, world, policy=policy, can=SCIM))
    after = identities([person("ada", title="chief"), person("bob", title="lead")])

    planned = plan(after, world, remembered(git, policy=policy), policy=policy, can=SCIM)

    steps, findings = order(planned.plan.changes)
    assert findings == ()
    assert [str(step.address) for step in steps] == ["aws/user/ada", "aws/user/bob"]
    world.carry_out(planned)
    assert summary(plan(after, world, remembered(after, policy=policy), policy=policy, can=SCIM)) == []


def test_the_map_of_one_target_says_nothing_of_another() -> None:
    git = identities([person("ada")])

    assert written(git, mapping(user_name="{key}@chat.example"))["user_name"] == "ada@chat.example"
    assert written(git, mapping())["user_name"] == "ada@example.com"
    assert Address.of("aws", Kind.USER, "ada") not in plan(git, World()).ids

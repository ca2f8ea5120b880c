"""What a service's schema marks as required, or lacks, is known before anything is written."""

from __future__ import annotations

from typing import Any

from reconciler.model.scim import CORE_GROUP, CORE_USER
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd


def attribute(name: str, *subs: str, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "required": required,
        "subAttributes": [{"name": each, "required": required} for each in subs],
    }


def schemas(*more: dict[str, Any], members: bool = False) -> dict[str, Any]:
    plain = [attribute(each) for each in ("displayName", "active", "title", "externalId", "nickName")]
    names = attribute("name", "givenName", "familyName")
    return {
        "Resources": [
            {"id": CORE_USER, "attributes": [attribute("userName", required=True), *plain, names, *more]},
            {
                "id": CORE_GROUP,
                "attributes": [attribute("displayName"), attribute("members", required=members)],
            },
        ]
    }


def test_creations_that_cannot_succeed_are_one_finding_and_no_request() -> None:
    odd = Odd(schemas=schemas(attribute("emails", "value", required=True)))
    people = [user(f"p{number}") for number in range(50)]
    with facing(odd) as here:
        here.read()
        planned = here.plan(git([*people, user("ada", email="ada@x.example")]))
        assert [str(one.address) for one in planned.plan.changes] == ["aws/user/ada"]
        (found,) = [one for one in planned.plan.findings if one.code == "incomplete-user"]
        assert found.count == 50
        assert "50 users cannot be created: email must be set" in found.message


def test_a_group_is_made_with_a_member_where_the_schema_wants_one() -> None:
    odd = Odd(schemas=schemas(members=True), needs_member=True)
    with facing(odd) as here:
        here.converge(git([user("ada")], crew=["ada"]))
    made = [body for method, path, body in odd.writes() if (method, path) == ("POST", "Groups")]
    assert [len(each["members"]) for each in made] == [1]


def test_a_sub_attribute_that_the_schema_lacks_is_not_sent() -> None:
    odd = Odd(schemas=schemas(attribute("emails", "value", "primary")), refuses=frozenset(("type",)))
    with facing(odd) as here:
        here.converge(git([user("ada", email="ada@x.example")]))
    assert [method for method, path, _ in odd.writes() if path == "Users"] == ["POST"]

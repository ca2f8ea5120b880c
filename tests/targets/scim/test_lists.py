"""Lists of which one entry is git's: no other entry is dropped, altered or given another type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.model.resources import Value
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd


def entries(value: Value, other: Value) -> list[dict[str, Any]]:
    """Two entries as others put them: ours by value, theirs before it, none of them primary."""

    def spelled(one: Value) -> dict[str, Any]:
        return {"locality": one["locality"]} if isinstance(one, Mapping) else {"value": one}

    return [{"type": "work", **spelled(other)}, {"type": "home", **spelled(value)}]


# The attribute by our name and by SCIM's, a value, another, and a third.
LISTS: Mapping[str, tuple[str, Value, Value, Value]] = {
    "email": ("emails", "a@x.example", "b@x.example", "c@x.example"),
    "phone_number": ("phoneNumbers", "+41 1", "+41 2", "+41 3"),
    "role": ("roles", "admin", "guest", "auditor"),
    "address": ("addresses", {"locality": "Bern"}, {"locality": "Basel"}, {"locality": "Thun"}),
}
METHODS = [204, 405]


@pytest.mark.parametrize("patch", METHODS)
@pytest.mark.parametrize("name", LISTS)
def test_what_is_wished_and_there_is_no_change_wherever_it_stands(name: str, patch: int) -> None:
    path, ours, theirs, _ = LISTS[name]
    odd = Odd(patch=patch)
    odd.add_user("ada", **{path: entries(ours, theirs)})
    with facing(odd) as here:
        assert here.changes(git((user("ada", **{name: ours}),))) == []
        here.converge(git((user("ada", title="Boss", **{name: ours}),)))
    assert odd.named("ada")[path] == entries(ours, theirs)


@pytest.mark.parametrize("patch", METHODS)
@pytest.mark.parametrize("name", LISTS)
def test_an_entry_of_git_stands_beside_those_of_others_and_goes_alone(name: str, patch: int) -> None:
    path, one, two, ours = LISTS[name]
    odd = Odd(patch=patch)
    there = [*entries(one, two), {"type": "other", "display": "no value"}]
    odd.add_user("ada", **{path: list(there)})
    with facing(odd) as here:
        here.converge(git((user("ada", **{name: ours}),)))
        now = odd.named("ada")[path]
        assert now[:3] == there
        assert len(now) == 4
        here.converge(git((user("ada", **{name: None}),)))
        assert odd.named("ada")[path] == there


@pytest.mark.parametrize("patch", METHODS)
@pytest.mark.parametrize("name", LISTS)
def test_an_entry_that_git_gave_becomes_another_and_keeps_its_type(name: str, patch: int) -> None:
    path, first, theirs, second = LISTS[name]
    odd = Odd(patch=patch)
    with facing(odd) as here:
        here.converge(git((user("ada", **{name: first}),)))
        mine = odd.named("ada")[path][0]
        (other, _) = entries(first, theirs)
        # Somebody makes another one the primary.
        odd.named("ada")[path] = [{**other, "primary": True}, {**mine, "type": "home", "primary": False}]
        assert here.changes(git((user("ada", **{name: first}),))) == []
        here.converge(git((user("ada", **{name: second}),)))
        now = odd.named("ada")[path]
        assert now[0] == {**other, "primary": True}
        assert [each.get("type") for each in now] == ["work", "home"]
        here.converge(git((user("ada"),)))
        assert odd.named("ada")[path] == [{**other, "primary": True}]


def test_texts_among_objects_stay_texts() -> None:
    odd = Odd()
    odd.add_user("ada", emails=[{"type": "work", "value": "a@x.example"}, "b@x.example"])
    with facing(odd) as here:
        assert here.changes(git((user("ada", email="b@x.example"),))) == []
        here.converge(git((user("ada", email="c@x.example"),)))
    assert odd.named("ada")["emails"][:2] == [{"type": "work", "value": "a@x.example"}, "b@x.example"]


def test_the_plan_says_what_goes_and_nothing_else_goes() -> None:
    """What stands in the list and is not git's is no former value of git's attribute."""
    odd = Odd()
    odd.add_user("ada", emails=[{"type": "work", "value": "w@x.example", "primary": True}])
    with facing(odd) as here:
        wish = git((user("ada", email="b@x.example"),))
        (change,) = here.plan(wish).plan.changes
        assert [(each.name, each.before, each.after) for each in change.fields] == [
            ("email", None, "b@x.example")
        ]
        here.converge(wish)
    assert [each["value"] for each in odd.named("ada")["emails"]] == ["w@x.example", "b@x.example"]
    assert [each.get("primary") for each in odd.named("ada")["emails"]] == [True, None]


def test_the_only_entry_that_somebody_altered_is_the_one_that_git_gave() -> None:
    odd = Odd()
    with facing(odd) as here:
        here.converge(git((user("ada", email="a@x.example"),)))
        odd.named("ada")["emails"][0]["value"] = "drift@x.example"
        here.converge(git((user("ada", email="a@x.example"),)))
    assert [each["value"] for each in odd.named("ada")["emails"]] == ["a@x.example"]


def test_every_photo_that_goes_stands_in_the_plan() -> None:
    odd = Odd()
    there = tuple(f"https://x.example/{number}" for number in range(5))
    odd.add_user("ada", photos=[{"value": each} for each in there])
    with facing(odd) as here:
        wish = git((user("ada", photos=("https://x.example/new",)),))
        (change,) = here.plan(wish).plan.changes
        assert [each.before for each in change.fields] == [there]
        here.converge(wish)

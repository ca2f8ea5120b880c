"""The word `members: unmanaged`, and former names that are the present one."""

from __future__ import annotations

import pytest

from reconciler.loading.load import load
from reconciler.model.plan import Severity
from tests.trees import loaded, tree


@pytest.mark.parametrize("word", ["unmanaged", '"unmanaged"', "'unmanaged'"])
def test_unmanaged_members_are_none_and_said_to_be_let_go(word: str) -> None:
    groups = loaded(f"groups:\n  ops: {{members: {word}, shared: false}}\n  free:\n").identities.groups
    ops = groups["ops"]
    assert (ops.members, ops.include, ops.unmanaged, ops.shared) == (None, None, True, False)
    assert not groups["free"].unmanaged


def test_a_user_may_have_the_key_unmanaged_as_a_member_in_a_list() -> None:
    text = "users: {unmanaged: {user_name: u}}\ngroups: {ops: {members: [unmanaged]}}\n"
    ops = loaded(text).identities.groups["ops"]
    assert (set(ops.members or ()), ops.unmanaged) == ({"unmanaged"}, False)


@pytest.mark.parametrize(
    ("head", "what", "section"),
    [
        pytest.param("users: {it: {user_name: x, previously: ", "user it", "users", id="user"),
        pytest.param("groups: {it: {previously: ", "group it", "groups", id="group"),
        pytest.param("permission_sets: {it: {previously: ", "permission set it", "permission_sets", id="set"),
    ],
)
@pytest.mark.parametrize(
    ("written", "index", "kept"), [("[it]", 0, ()), ("[old, it, older]", 1, ("old", "older"))]
)
def test_the_own_key_in_previously_is_worth_a_look_and_ignored(
    head: str, what: str, section: str, written: str, index: int, kept: tuple[str, ...]
) -> None:
    found = loaded(f"{head}{written}}}}}\n")
    assert getattr(found.identities, section)["it"].previously == kept
    (finding,) = found.findings
    assert (finding.code, finding.severity, finding.message) == (
        "previously-own-key",
        Severity.WARNING,
        f"previously[{index}] of {what} is the present key and is ignored",
    )
    assert finding.origin is not None
    place = found.locate([finding.origin])[finding.origin]
    assert (place.line, place.column) == (1, len(head) + written.index("it") + 1)


def test_the_own_key_in_previously_takes_no_past_from_another() -> None:
    found = load(tree("groups:\n  ops: {previously: [ops]}\n  sre: {previously: [ops]}\n"), under_plan=False)
    assert found.identities.groups["sre"].previously == ("ops",)
    assert [one.code for one in found.findings] == ["previously-own-key"]


def test_including_a_group_with_unmanaged_members_is_worth_a_look() -> None:
    text = "groups:\n  all: {include: [ops]}\n  ops: {members: unmanaged}\n"
    assert [one.code for one in loaded(text).findings] == ["include-unmanaged"]

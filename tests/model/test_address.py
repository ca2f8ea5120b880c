"""What an address tells of its parts, and the table of kinds."""

from __future__ import annotations

import pytest

from reconciler.model.address import KINDS, PAIRS, Address, Kind, remote

ACCOUNT = "111122223333"
MEMBERSHIP = Address.of("aws", Kind.MEMBERSHIP, "a/b", "ada@x.test")
ASSIGNMENT = Address.of("aws", Kind.ASSIGNMENT, ACCOUNT, "Read Only", f"group:{remote('g/1')}")
ROLE = Address.of("aws", Kind.PROVISIONING, "Read Only", ACCOUNT)
EVERYWHERE = Address.of("aws", Kind.PROVISIONING, "Read Only")
SET = Address.of("aws", Kind.PERMISSION_SET, "Read Only")


def test_a_membership_names_its_group_and_its_user() -> None:
    group, user = Address.of("aws", Kind.GROUP, "a/b"), Address.of("aws", Kind.USER, "ada@x.test")
    assert MEMBERSHIP.ends == (MEMBERSHIP.group, MEMBERSHIP.user) == (group, user)
    assert (group.own_key, user.own_key) == ("a/b", "ada@x.test")


def test_an_assignment_names_its_principal_its_permission_set_and_its_account() -> None:
    principal = Address.of("aws", Kind.GROUP, "~g/1")
    assert ASSIGNMENT.ends == (ASSIGNMENT.principal, ASSIGNMENT.permission_set) == (principal, SET)
    assert (ASSIGNMENT.account, principal.own_key) == (ACCOUNT, "~g/1")


def test_a_provisioning_names_its_permission_set_and_may_leave_out_the_account() -> None:
    assert (ROLE.permission_set, ROLE.account) == (SET, ACCOUNT)
    assert (EVERYWHERE.permission_set, EVERYWHERE.account) == (SET, "")
    assert SET.permission_set == SET


@pytest.mark.parametrize(
    ("address", "part"),
    [
        (MEMBERSHIP, "principal"),
        (MEMBERSHIP, "account"),
        (ASSIGNMENT, "group"),
        (SET, "ends"),
        (ROLE, "own_key"),
    ],
)
def test_a_part_that_the_kind_does_not_have_is_an_error(address: Address, part: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        getattr(address, part)


def test_the_table_has_every_kind_and_agrees_with_the_addresses() -> None:
    assert list(KINDS) == list(Kind)
    assert PAIRS == (Kind.MEMBERSHIP, Kind.ASSIGNMENT)
    for kind, facts in KINDS.items():
        written, *_ = facts.form.split(" ")
        assert written.split("/")[0] == kind
        assert len(written.split("/")) == len(facts.parts) + 1
        assert set(facts.ends) <= set(facts.parts)
        assert not facts.name or facts.name == "name" or facts.name in facts.attributes
        assert set(facts.unique) <= set(facts.attributes)

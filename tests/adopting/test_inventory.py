"""What is declared, under which key, and what is left out with which word."""

from __future__ import annotations

import pytest

from reconciler.adopting.inventory import take_inventory
from reconciler.adopting.keys import account_keys, group_keys, user_keys
from reconciler.adopting.outcome import Inventory, Users
from reconciler.adopting.sets import entry_of
from reconciler.loading.sets import parse_duration
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.durations import seconds_of
from reconciler.model.organization import LiveAccount, Organization
from reconciler.model.pairs import Principal
from reconciler.model.provenance import Provenance
from reconciler.model.resources import Attributes
from reconciler.model.state import Live, LiveGroup, LivePermissionSet, LiveUser
from tests.support.site import client, site


def people(*users: Attributes, groups: tuple[str, ...] = (), **members: str) -> Live:
    """Users by number, groups by number, and members by the number of their group (`g0="0 1"`)."""
    return Live(
        "aws",
        users={str(n): LiveUser(str(n), one) for n, one in enumerate(users)},
        groups={str(n): LiveGroup(str(n), {"display_name": one}) for n, one in enumerate(groups)},
        members={name.removeprefix("g"): dict.fromkeys(ids.split(), "") for name, ids in members.items()},
    )


def left(inventory: Inventory) -> dict[str, str]:
    return {one.name: one.why for one in inventory.left}


def fields(inventory: Inventory, key: str) -> dict[str, object]:
    (found,) = (one for one in (*inventory.users, *inventory.groups) if one.key == key)
    return dict(found.fields)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["ada@x.example", "bob@x.example"], ["ada", "bob"]),
        (["ada@x.example", "ada@y.example"], ["ada@x.example", "ada@y.example"]),
        (["Ada@x.example", "ADA@y.example"], ["ada@x.example", "ada@y.example"]),
        (["unmanaged", "0123"], ["unmanaged-f15b5e9a", "0123"]),
        (["@x", "a b"], ["@x", "a-b"]),
    ],
)
def test_keys_of_users_come_from_names_alone(names: list[str], keys: list[str]) -> None:
    found = user_keys(dict(zip("ab", names, strict=True)))
    other = user_keys(dict(zip("yx", reversed(names), strict=True)))

    assert sorted(found.values()) == sorted(other.values())
    if "unmanaged" not in names:
        assert [found[one] for one in "ab"] == keys
    assert "unmanaged" not in found.values()


def test_keys_of_groups_are_apart_without_regard_to_case_and_however_they_are_chosen() -> None:
    names = {
        "1": "Platform Admins",
        "2": "platform-admins",
        "3": "PLATFORM_ADMINS",
        "4": "x" * 300,
        "5": "日本",
        "6": "platform admins!",
    }
    found = group_keys(names)
    crafted = group_keys({**names, "7": found["1"]})

    assert found["2"] == "platform-admins"
    for keys in (found, crafted):
        assert len({key.lower() for key in keys.values()}) == len(keys)
        assert all(0 < len(key) <= 256 for key in keys.values())


def test_keys_of_accounts_are_never_ids_and_management_is_its_own() -> None:
    found = account_keys(
        {
            "210000000001": "210000000002",
            "210000000003": "management",
            "210000000004": "Prod",
            "210000000005": "prod",
        },
        management="210000000009",
    )

    assert found["210000000001"] == "210000000002-210000000001"
    assert found["210000000003"] == "management-210000000003"
    assert {found["210000000004"], found["210000000005"]} == {"prod-210000000004", "prod-210000000005"}


def test_a_name_that_means_two_or_looks_like_another_is_not_declared() -> None:
    inventory = take_inventory(
        people(
            {"user_name": "ada"}, {"user_name": "ADA"}, {"user_name": "b\u043eb"}, {"user_name": "bob"},
            {"user_name": "Administrator"},
            groups=("Ops", "OPS", "D\u0435v", "Dev"), g0="3",
        )
    )  # fmt: skip

    assert [one.key for one in inventory.users] == ["bob"]
    assert [one.key for one in inventory.groups] == ["Dev"]
    said = left(inventory)
    assert "without regard to case" in said["ada"]
    assert "without regard to case" in said["OPS"]
    assert "another script" in said["b\u043eb"]
    assert "AWS keeps" in said["Administrator"]


def test_members_who_cannot_be_declared_stay() -> None:
    inventory = take_inventory(
        people({"user_name": "ada"}, {"user_name": "ADA"}, {"user_name": "bob"}, groups=("Ops",), g0="0 2")
    )

    assert fields(inventory, "Ops") == {"members": ["bob"], "shared": True}


def test_what_another_directory_provisions_is_referred_to_only() -> None:
    live = people(
        {"user_name": "ada", "title": "CTO", "external_id": "x"}, {"user_name": "bob", "manager": "0"},
        groups=("Everyone", "Ops"), g0="0 1", g1="0",
    )  # fmt: skip
    inventory = take_inventory(live, Provenance(users={"0": "SCIM"}, groups={"0": "SCIM"}))

    assert fields(inventory, "ada") == {"user_name": "ada", "external": True}
    assert fields(inventory, "Everyone") == {"external": True}
    assert fields(inventory, "Ops") == {"members": ["ada"]}
    assert fields(inventory, "bob")["manager"] == "ada"


def test_an_address_that_two_have_and_a_manager_who_is_nobody_are_left_out() -> None:
    inventory = take_inventory(
        people(
            {"user_name": "ada", "email": "a@x.example", "manager": "9"},
            {"user_name": "bob", "email": "A@x.example", "title": "a\tb"},
        )
    )

    assert fields(inventory, "ada") == {"user_name": "ada"}
    assert fields(inventory, "bob") == {"user_name": "bob"}
    assert "email, manager" in left(inventory)["ada"]
    assert "email, title" in left(inventory)["bob"]


def test_external_ids_are_written_only_where_the_target_writes_them() -> None:
    live = people({"user_name": "ada", "external_id": "x"}, {"user_name": "bob", "external_id": "x"})

    assert "external_id" not in fields(take_inventory(live), "ada")
    both = take_inventory(live, keeps_external_ids=True)
    assert "external_id" not in fields(both, "ada")
    alone = take_inventory(people({"user_name": "ada", "external_id": "x"}), keeps_external_ids=True)
    assert fields(alone, "ada")["external_id"] == "x"


def test_only_those_who_are_referred_to_and_their_managers() -> None:
    arn, account = Arn("arn:1"), AccountId("210000000001")
    live = Live(
        "aws",
        users={
            "0": LiveUser("0", {"user_name": "ada", "manager": "3"}),
            **{str(n): LiveUser(str(n), {"user_name": f"user{n}"}) for n in range(1, 5)},
        },
        groups={"0": LiveGroup("0", {"display_name": "Ops"})},
        members={"0": {"0": ""}},
        permission_sets={arn: LivePermissionSet(arn, {"name": "Read"})},
        assignments={(account, arn): frozenset({Principal(Kind.USER, "1"), Principal(Kind.USER, "gone")})},
        organization=Organization({account: LiveAccount(account, "dev")}),
    )

    inventory = take_inventory(live, users=Users.REFERENCED)

    assert [one.key for one in inventory.users] == ["ada", "user1", "user3"]
    assert [one.why for one in inventory.left] == ["the user gone no longer exists"]


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"inline_policy": "no JSON"}, "inline_policy"),
        ({"inline_policy": '{"Statement": []}'}, "inline_policy"),
        ({"description": "emoji \U0001f600"}, "description"),
        ({"tags.ManagedBy": "AWS Control Tower"}, "Control Tower"),
        ({"tags.managed-by": "controltower"}, "Control Tower"),
        ({"description": "a\u200bb"}, "cannot be seen"),
    ],
)
def test_a_set_that_no_file_can_have_is_ignored_with_the_reason(attributes: Attributes, why: str) -> None:
    arn = Arn("arn:1")
    one = LivePermissionSet(arn, {"name": "Odd", **attributes})

    inventory = take_inventory(Live("aws", permission_sets={arn: one}))

    assert inventory.permission_sets == []
    (ignored,) = inventory.ignored
    assert ignored.name == "Odd"
    assert why in ignored.why


@pytest.mark.parametrize("unfit", ["CON", "Con", "con"])
def test_a_set_that_is_called_nearly_like_an_ignored_one_is_ignored_with_it(unfit: str) -> None:
    live: dict[str, LivePermissionSet] = {
        name: LivePermissionSet(
            Arn(name), {"name": name, **({"inline_policy": "no JSON"} if name == unfit else {})}
        )
        for name in ("CON", "Con", "con", "Other")
    }

    inventory = take_inventory(Live("aws", permission_sets=live))

    assert [one.key for one in inventory.permission_sets] == ["Other"]
    said = {one.name: one.why for one in inventory.ignored}
    assert "inline_policy" in said.pop(unfit)
    assert set(said.values()) == {"a pattern for a set of nearly the same name covers it"}


@pytest.mark.parametrize(
    ("live", "written"),
    [
        ("PT4H", "4h"),
        ("PT90M", "1h30m"),
        ("P0DT12H", "12h"),
        ("PT720M", "12h"),
        ("PT3600S", "1h"),
        ("PT3661S", "PT1H1M1S"),
    ],
)
def test_a_duration_has_one_spelling(live: str, written: str) -> None:
    entry, _ = entry_of("Read", {"session_duration": live}, "")
    assert entry.fields["session_duration"] == written
    assert seconds_of(parse_duration(written)) == seconds_of(live)


def test_tags_that_aws_keeps_are_not_written() -> None:
    arn = Arn("arn:1")
    tags = {"tags.aws:cloudformation:stack-name": "x", "tags.team": "ops"}

    (entry,) = take_inventory(
        Live("aws", permission_sets={arn: LivePermissionSet(arn, {"name": "Read", **tags})})
    ).permission_sets

    assert entry.fields == {"tags": {"team": "ops"}}
    assert "CloudFormation" in entry.remarks[0]


def test_the_identity_store_tells_who_provisions() -> None:
    with site() as here:
        store = here.sandbox.store
        store.add_user("hand@example.com")
        scim = store.add_user("scim@example.com", external_id="1")
        store.add_user("ad@example.com")
        store.set_user_external_id("ad@example.com", "2", "https://identitystore.amazonaws.com/d-1")
        group = store.add_group("everyone", external_id="g")
        ad = str(store.users()["ad@example.com"]["UserId"])

        told = here.target.provenance()  # type: ignore[attr-defined]  # the target is one of AWS
        ours = client(here.sandbox, by_scim=True).provenance()  # type: ignore[attr-defined]  # so is this

    assert told == Provenance({scim: "SCIM", ad: "https://identitystore.amazonaws.com/d-1"}, {group: "SCIM"})
    assert ours == Provenance({ad: "https://identitystore.amazonaws.com/d-1"}, {})

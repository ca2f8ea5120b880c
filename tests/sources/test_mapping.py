"""From entries of a directory to people and groups."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.errors import IncompleteRead
from reconciler.sources.entry import Entry, below, entry, normal
from reconciler.sources.mapping import outcome
from reconciler.sources.outcome import Before, Outcome, Taken
from reconciler.sources.settings import Rules, Scope, Settings
from reconciler.sources.text import files
from tests.support.directories import BASE, DOMAIN, group, guid, person

PLAIN = Settings()


def before(done: Outcome) -> Before:
    return Before({one.guid: one for one in done.users}, {one.guid: one for one in done.groups})


def users(done: Outcome) -> dict[str, dict[str, object]]:
    return {one.key: dict(one.fields) for one in done.users}


def members(done: Outcome) -> dict[str, tuple[list[str], list[str]]]:
    return {one.key: (one.fields["members"], one.fields.get("include", [])) for one in done.groups}


def codes(done: Outcome) -> list[tuple[str, str]]:
    return [(one.code, one.dn.split(",")[0]) for one in done.remarks]


def test_a_person_has_the_fields_that_the_directory_has() -> None:
    boss = person(1, "bea")
    ada = person(
        2, "ada", department="R&D", title="Engineer", manager=boss.dn.upper(), company="not asked for"
    )
    done = outcome([ada, boss], PLAIN)
    assert users(done)["ada"] == {
        "user_name": "ada@example.com",
        "external_id": "00000000-0000-0000-0000-000000000002",
        "given_name": "Ada",
        "family_name": "Test",
        "display_name": "Ada Test",
        "email": "ada@example.com",
        "department": "R&D",
        "title": "Engineer",
        "manager": "bea",
    }
    assert done.remarks == []


def test_the_object_guid_is_little_endian_as_bytes_and_itself_as_text() -> None:
    data = bytes(range(1, 17))
    text = "04030201-0605-0807-090a-0b0c0d0e0f10"
    for value in (data, text.encode(), b"{" + text.upper().encode() + b"}"):
        assert person(1, "ada", objectGUID=value).guid() == text


@pytest.mark.parametrize("value", [b"short", b"x" * 17, "é".encode() * 18, None])
def test_who_has_no_guid_is_left_out(value: bytes | None) -> None:
    done = outcome([person(1, "ada", objectGUID=value), person(2, "bob")], PLAIN)
    assert list(users(done)) == ["bob"]
    assert codes(done) == [("no-guid", "CN=Ada Test")]


@pytest.mark.parametrize(
    ("attributes", "standing"),
    [
        ({"userAccountControl": "514"}, {"active": "false"}),
        ({"userAccountControl": "528", "pwdLastSet": "0", "lockoutTime": "133801632000000000"}, {}),
        ({"accountExpires": "9223372036854775807"}, {}),
        ({"userAccountControl": "66050"}, {"active": "false"}),
        ({"accountExpires": "0"}, {}),
        ({"accountExpires": None}, {}),
        ({"accountExpires": "133801632000000000"}, {"until": "2025-01-01T00:00:00Z"}),
        ({"accountExpires": "1"}, {"active": "false"}),
        ({"accountExpires": "9000000000000000000"}, {}),
    ],
)
def test_disabled_is_inactive_and_an_end_is_an_end(
    attributes: dict[str, object], standing: dict[str, str]
) -> None:
    ada = users(outcome([person(1, "ada", **attributes)], PLAIN))["ada"]
    assert {name: ada[name] for name in ("active", "until") if name in ada} == standing


@pytest.mark.parametrize(
    "attributes",
    [
        {"userAccountControl": None},
        {"userAccountControl": "enabled"},
        {"userAccountControl": [b"512", b"514"]},
        {"accountExpires": "-5"},
        {"accountExpires": "soon"},
        {"sn": None},
        {"givenName": b"\xff"},
        {"displayName": None, "cn": None},
        {"userPrincipalName": None},
        {"userPrincipalName": "with space@example.com"},
        {"userPrincipalName": "a" * 120 + "@example.com"},
        {"userPrincipalName": "Administrator"},
        {"sn": "a\nb"},
        {"sn": "a\u202eb"},
        {"sn": "\u3164"},
        {"sn": "x" * 1025},
    ],
)
def test_a_fault_leaves_a_newcomer_out_and_holds_whom_git_knows(attributes: dict[str, object]) -> None:
    good, bad = person(1, "ada"), person(1, "ada", **attributes)
    bob = person(2, "bob")
    fresh = outcome([bad, bob], PLAIN)
    assert list(users(fresh)) == ["bob"]
    assert codes(fresh)[0] == ("unusable", "CN=Ada Test")
    first = outcome([good, bob], PLAIN)
    held = outcome([bad, bob], PLAIN, before(first))
    assert files(held) == files(first)
    assert "stays as it was imported last" in held.remarks[0].fix


def test_who_is_held_and_disabled_is_inactive_all_the_same() -> None:
    first = outcome([person(1, "ada")], PLAIN)
    held = outcome([person(1, "ada", sn=None, userAccountControl="514")], PLAIN, before(first))
    assert users(held)["ada"]["active"] == "false"


def test_an_optional_field_that_does_not_fit_is_left_out_alone() -> None:
    done = outcome([person(1, "ada", title="a\tb", mail="not an address")], PLAIN)
    assert "title" not in users(done)["ada"]
    assert users(done)["ada"]["email"] is None
    assert codes(done) == [("refused-value", "CN=Ada Test")] * 2


def test_what_is_too_long_is_told_with_its_length() -> None:
    done = outcome([person(1, "ada", title="x" * 1025)], PLAIN)
    assert [one.message for one in done.remarks] == ["title has 1,025 characters; at most 1,024 are allowed"]


def test_a_missing_address_is_not_made_of_the_user_name() -> None:
    assert users(outcome([person(1, "ada", mail=None)], PLAIN))["ada"]["email"] is None


def test_mail_can_be_the_user_name() -> None:
    settings = Settings(mapping=Rules(user_name="mail", attributes=()))
    done = outcome([person(1, "ada", mail="Ada@x.example"), person(2, "bob", mail=None)], settings)
    assert {key: one["user_name"] for key, one in users(done).items()} == {"ada": "Ada@x.example"}


def test_the_key_stays_through_a_rename_a_move_and_a_change_of_name() -> None:
    first = outcome([person(1, "ada"), group(9, "team", [person(1, "ada")])], PLAIN)
    renamed = person(
        1, "ada.lovelace", unit="Elsewhere", sn="Lovelace", dn=f"CN=Lovelace\\, Ada,OU=New,{BASE}"
    )
    done = outcome([renamed, group(9, "team new", [renamed])], PLAIN, before(first))
    assert users(done)["ada"]["family_name"] == "Lovelace"
    assert members(done) == {"team": (["ada"], [])}


def test_somebody_new_does_not_inherit_the_key_of_who_is_gone() -> None:
    first = outcome([person(1, "ada"), person(3, "bob")], PLAIN)
    done = outcome([person(2, "ada"), person(3, "bob")], PLAIN, before(first))
    assert list(users(done)) == ["ada-00000000", "bob"]
    # The user_name is the new one's now, so the entry of before cannot stay.
    other = outcome(
        [person(2, "ada", userPrincipalName="ada2@example.com"), person(3, "bob")], PLAIN, before(first)
    )
    assert users(other)["ada"]["active"] == "false"
    assert "email" not in users(other)["ada"]
    assert users(other)["ada-00000000"]["user_name"] == "ada2@example.com"


def test_who_is_gone_is_inactive_and_a_group_that_is_gone_is_empty() -> None:
    ada, bob = person(1, "ada"), person(2, "bob", manager=person(1, "ada").dn)
    first = outcome([ada, bob, group(8, "one", [ada, bob]), group(9, "two", [ada])], PLAIN)
    done = outcome([bob, group(8, "one", [bob])], PLAIN, before(first))
    assert users(done)["ada"]["active"] == "false"
    assert members(done) == {"one": (["bob"], []), "two": ([], [])}
    assert files(outcome([bob, group(8, "one", [bob])], PLAIN, before(done))) == files(done)
    back = outcome([ada, bob, group(8, "one", [ada, bob]), group(9, "two", [ada])], PLAIN, before(done))
    assert files(back) == files(first)
    without = replace(PLAIN, mapping=Rules(keep_gone=False))
    assert list(users(outcome([bob], without, before(first)))) == ["bob"]


def test_names_that_differ_by_case_alone_leave_the_newcomer_out() -> None:
    first = outcome([person(1, "ada")], PLAIN)
    twin = person(2, "twin", userPrincipalName="ADA@example.com")
    assert list(users(outcome([person(1, "ada"), twin], PLAIN, before(first)))) == ["ada"]
    both = outcome([person(1, "ada"), twin, person(3, "bob")], PLAIN)
    assert list(users(both)) == ["bob"]
    assert codes(both) == [("duplicate", "CN=Ada Test"), ("duplicate", "CN=Twin Test")]
    # Who was there and now claims another's name stays as before.
    known = outcome([person(1, "ada"), person(2, "twin")], PLAIN)
    done = outcome([person(1, "ada"), twin], PLAIN, before(known))
    assert files(done) == files(known)
    looks = person(2, "twin", userPrincipalName="\u0430da@example.com")
    assert list(users(outcome([person(1, "ada"), looks], PLAIN, before(first)))) == ["ada"]


def test_two_swap_their_names() -> None:
    first = outcome([person(1, "ada"), person(2, "bob")], PLAIN)
    swapped = [
        person(1, "ada", userPrincipalName="bob@example.com", mail="bob@example.com"),
        person(2, "bob", userPrincipalName="ada@example.com", mail="ada@example.com"),
    ]
    done = outcome(swapped, PLAIN, before(first))
    assert done.remarks == []
    assert users(done)["ada"]["user_name"] == "bob@example.com"


def test_a_duplicate_address_is_left_out_and_not_the_person() -> None:
    done = outcome([person(1, "ada"), person(2, "bob", mail="Ada@example.com")], PLAIN)
    assert {one["email"] for one in users(done).values()} == {None}


def test_hand_made_entries_keep_their_keys_and_names() -> None:
    taken = Taken(users=frozenset(["ada"]), user_names=frozenset(["bob@example.com"]))
    done = outcome([person(1, "ada"), person(2, "bob")], PLAIN, Before(), taken)
    assert list(users(done)) == ["ada-00000000"]
    assert {one.code for one in done.remarks} == {"duplicate", "key-taken"}


def test_two_with_one_guid_are_not_guessed_about() -> None:
    first = outcome([person(1, "ada"), person(3, "bob")], PLAIN)
    both = [person(1, "ada"), person(1, "eve"), person(3, "bob")]
    assert files(outcome(both, PLAIN, before(first))) == files(first)
    assert list(users(outcome(both, PLAIN))) == ["bob"]
    assert list(users(outcome([person(1, "ada"), person(1, "ada")], PLAIN))) == ["ada"]


def test_the_primary_group_and_memberships_from_either_side_count() -> None:
    domain_users = group(9, "Domain Users", objectSid=f"{DOMAIN}-513")
    other = group(8, "other")
    ada = person(1, "ada", memberOf=other.dn.upper())
    stranger = person(2, "bob", objectSid="S-1-5-21-9-9-9-1002")
    done = outcome([ada, stranger, domain_users, other], PLAIN)
    assert members(done) == {"domain-users": (["ada"], []), "other": (["ada"], [])}


@pytest.mark.parametrize(
    ("of_person", "of_group", "there"),
    [
        ({"objectSid": None}, {"objectSid": f"{DOMAIN}-513"}, True),
        ({}, {"objectSid": None, "primaryGroupToken": "513"}, True),
        ({"objectSid": None}, {"objectSid": None, "primaryGroupToken": "513"}, True),
        ({"objectSid": None}, {"objectSid": f"{DOMAIN}-514"}, False),
        ({"objectSid": None}, {"objectSid": f"{DOMAIN}-513", "dn": "CN=x,DC=other,DC=example,DC=com"}, False),
        ({}, {"objectSid": "S-1-5-21-9-9-9-513"}, False),
        ({}, {"objectSid": None}, False),
        ({"objectSid": None, "primaryGroupID": None}, {"objectSid": f"{DOMAIN}-513"}, False),
        ({"objectSid": None, "dn": "CN=Ada,O=x"}, {"objectSid": f"{DOMAIN}-513", "dn": "CN=y,O=x"}, False),
    ],
)
def test_the_primary_group_of_who_has_no_sid_is_that_of_the_domain(
    of_person: Mapping[str, object], of_group: Mapping[str, object], *, there: bool
) -> None:
    done = outcome([person(1, "ada", **of_person), group(9, "Domain Users", **of_group)], PLAIN)
    assert members(done) == {"domain-users": (["ada"] if there else [], [])}


def test_a_sid_that_one_person_shows_and_another_does_not_is_hidden() -> None:
    domain_users = group(9, "Domain Users", objectSid=f"{DOMAIN}-513")
    done = outcome([person(1, "ada", objectSid=None), person(2, "bob"), domain_users], PLAIN)
    assert members(done) == {"domain-users": (["bob"], [])}


def test_a_sid_is_read_as_bytes_too() -> None:
    parts = (21, 1, 2, 3, 513)
    data = bytes([1, 5, 0, 0, 0, 0, 0, 5]) + b"".join(one.to_bytes(4, "little") for one in parts)
    assert group(1, "x", objectSid=data).sid() == f"{DOMAIN}-513"
    assert group(1, "x", objectSid=data[:-1]).sid() is None


def nested() -> list[Entry]:
    ada, bob = person(1, "ada"), person(2, "bob")
    inner = group(8, "inner", [bob])
    return [ada, bob, inner, group(9, "outer", [ada, inner])]


def test_groups_in_groups_are_included_or_flattened() -> None:
    assert members(outcome(nested(), PLAIN)) == {"inner": (["bob"], []), "outer": (["ada"], ["inner"])}
    flat = Settings(mapping=Rules(flatten=True))
    assert members(outcome(nested(), flat)) == {"inner": (["bob"], []), "outer": (["ada", "bob"], [])}


@pytest.mark.parametrize("flatten", [False, True])
def test_groups_in_a_circle_have_the_same_members(flatten: bool) -> None:  # noqa: FBT001  # a case
    ada, bob, cyd = person(1, "ada"), person(2, "bob"), person(3, "cyd")
    end = group(7, "end", [cyd])
    two = f"CN=two,OU=Groups,{BASE}"
    one = group(8, "one", [ada, two, f"CN=one,OU=Groups,{BASE}"])
    done = outcome(
        [ada, bob, cyd, end, one, group(9, "two", [bob, one, end])], Settings(mapping=Rules(flatten=flatten))
    )
    both = (["ada", "bob", "cyd"], []) if flatten else (["ada", "bob"], ["end"])
    assert members(done) == {"end": (["cyd"], []), "one": both, "two": both}
    assert codes(done) == [("cycle", "CN=one"), ("cycle", "CN=two")]


def test_members_and_managers_outside_of_the_scope_are_told() -> None:
    ada = person(1, "ada", manager=f"CN=Boss,OU=Far,{BASE}")
    away = person(2, "bob", unit="Far")
    settings = Settings(users=Scope((f"ou=people,{BASE.lower()}",)))
    done = outcome([ada, away, group(9, "team", [ada, away])], settings)
    assert list(users(done)) == ["ada"]
    assert members(done) == {"team": (["ada"], [])}
    assert sorted(codes(done)) == [("manager-outside", "CN=Ada Test"), ("member-outside", "CN=team")]


def test_computers_system_accounts_and_other_groups_are_not_people() -> None:
    entries = [
        person(1, "ada"),
        person(2, "pc$", objectClass=[b"user", b"computer"]),
        person(3, "krbtgt", isCriticalSystemObject="TRUE"),
        person(4, "TRUST$", userAccountControl="2080", userPrincipalName=None),
        person(5, "gmsa$", objectClass=[b"user", b"computer", b"msDS-GroupManagedServiceAccount"]),
        person(6, "contact", objectClass=[b"person", b"contact"]),
        group(8, "mailing", groupType="2"),
        group(9, "Builtin", groupType="-2147483643"),
    ]
    done = outcome(entries, PLAIN)
    assert (list(users(done)), members(done), done.remarks) == (["ada"], {}, [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Doe\\, Ada,DC=x", "cn=doe\\2c ada , dc=X"),
        ('CN="Doe, Ada",DC=x', "CN=Doe\\, Ada,DC=x"),
        ("CN=Ada+UID=7,DC=x", "uid=7 + cn=ADA , DC=x"),
        ("CN=a\\20,DC=x", "CN=a\\ ,DC=x"),
        ("CN=a\\\\ ,DC=x", "CN=a\\5c,DC=x"),
        ("CN=M\\C3\\BCller,DC=x", "CN=MÜLLER,DC=x"),
        ("CN=\\#1\\+2,DC=x", "CN=#1+2,DC=x"),
    ],
)
def test_two_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    assert normal(one) == normal(other)
    assert normal(one) != normal(f"OU=y,{other}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=a\\+OU=b,DC=x", "CN=a+OU=b,DC=x"),
        ("CN=a\\00OU=b,DC=x", "CN=a+OU=b,DC=x"),
        ("CN=\\ a,DC=x", "CN=a,DC=x"),
        ("CN=a\\ ,DC=x", "CN=a,DC=x"),
        ("CN=a\\20,DC=x", "CN=a,DC=x"),
        ('CN=" a",DC=x', "CN=a,DC=x"),
        ("CN=a\\,DC=x", "CN=a,DC=x"),
        ("CN=a\\\\,DC=x", "CN=a\\,DC=x"),
    ],
)
def test_two_names_that_an_escape_tells_apart_are_of_two(one: str, other: str) -> None:
    """Otherwise the memberships of one of them would be the other's."""
    assert normal(one) != normal(other)


@pytest.mark.parametrize(
    ("base", "dn"),
    [
        ("OU=Zu\u0308rich,DC=x", "CN=a,OU=Z\u00fcrich,DC=x"),
        ("ou=z\\C3\\BCrich, dc=X", "CN=a,OU=Z\u00fcrich,DC=x"),
        ("UID=7+OU=x,DC=x", "CN=a,OU=x+UID=7,DC=x"),
    ],
)
def test_a_base_may_be_written_otherwise(base: str, dn: str) -> None:
    assert below(dn, base)
    assert not below(dn, f"OU=y,{base}")


@pytest.mark.parametrize("value", [None, b"short"])
def test_who_was_imported_and_has_no_guid_that_can_be_read_is_not_gone(value: bytes | None) -> None:
    ada, bob = person(1, "ada"), person(2, "bob")
    first = outcome([ada, bob, group(90, "ops", [ada, bob])], Settings())
    before = Before({one.guid: one for one in first.users}, {one.guid: one for one in first.groups})
    hidden = person(1, "ada", objectGUID=value)
    found = outcome([hidden, bob, group(90, "ops", [hidden, bob], objectGUID=value)], Settings(), before)
    assert files(found) == files(first)
    assert [one.code for one in found.remarks] == ["no-guid", "no-guid"]
    # Who is disabled is so all the same.
    disabled = person(1, "ada", objectGUID=value, userAccountControl="514")
    found = outcome([disabled, bob, group(90, "ops", [bob])], Settings(), before)
    assert [one.fields.get("active") for one in found.users] == ["false", None]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Gross", "Groß"), ("admins", "admin\u017f"), ("Kay", "\u212aay"), ("fi", "\ufb01"), ("a", "a\u00a0")],
)
def test_names_that_only_look_alike_are_of_two_people(one: str, other: str) -> None:
    """Otherwise who may make an account in a unit takes the memberships of another there."""
    first, second = person(1, "first", dn=f"CN={one},{BASE}"), person(2, "second", dn=f"CN={other},{BASE}")
    for two in ([first, second], [second, first]):
        managed = person(3, "third", manager=first.dn)
        found = outcome([*two, managed, group(90, "ops", [first])], Settings())
        assert found.groups[0].fields["members"] == ["first"]
        assert [each.fields.get("manager") for each in found.users] == [None, None, "first"]


def test_a_value_in_a_language_does_not_take_the_place_of_the_plain_one() -> None:
    tags = [("displayName;lang-ja", [b"A"]), ("title;lang-de", [b"Leitung"]), ("givenName;lang-de", [b"A"])]
    made = entry("CN=x", [*tags, *person(1, "ada").attributes.items()])
    shown = users(outcome([made], PLAIN))["ada"]
    assert [shown[name] for name in ("display_name", "title", "given_name")] == ["Ada Test", "Leitung", "Ada"]


@pytest.mark.parametrize(("one", "other"), [("zo\u00e9", "zoe\u0301"), ("ada", "ADA"), ("ada", "\u0430da")])
def test_names_that_are_one_to_the_eye_are_of_nobody_new(one: str, other: str) -> None:
    two = [
        person(1, "first", userPrincipalName=f"{one}@example.com"),
        person(2, "second", userPrincipalName=f"{other}@example.com"),
    ]
    groups = [group(8, one), group(9, other, sAMAccountName=other)]
    done = outcome([*two, person(3, "bob"), *groups], PLAIN)
    assert (list(users(done)), members(done)) == (["bob"], {})
    assert [code for code, _dn in codes(done)] == ["duplicate"] * 4
    first = outcome([two[0], person(3, "bob"), groups[0]], PLAIN)
    assert files(outcome([*two, person(3, "bob"), *groups], PLAIN, before(first))) == files(first)


def test_a_part_of_a_range_is_not_the_whole() -> None:
    assert entry("CN=x", [("member;range=0-*", [b"a"])]).values("member") == (b"a",)
    for name in ("member;range=0-1499", "member;Range=1500-*"):
        with pytest.raises(IncompleteRead):
            entry("CN=x", [("member", []), (name, [b"a"])])


def test_the_order_of_entries_makes_no_difference() -> None:
    entries = [
        *nested(),
        person(11, "Ada"),
        person(12, "ada!", mail="ada@example.com"),
        person(13, "Üna", userPrincipalName="ADA@example.com"),
        person(14, "山田"),
        group(20, "Inner"),
        group(21, "inner!"),
    ]
    first = outcome(entries, PLAIN)
    order = random.Random(7)
    for _ in range(20):
        order.shuffle(entries)
        again = outcome(entries, PLAIN)
        assert (files(again), again.remarks) == (files(first), first.remarks)


def test_a_key_for_a_name_in_another_script_is_its_guid() -> None:
    done = outcome([person(14, "山田"), person(15, "Üna Nuñez", userPrincipalName="una@x.example")], PLAIN)
    assert list(users(done)) == ["00000000-0000-0000-0000-00000000000e", "una-nunez"]
    assert guid(14) != guid(15)

"""`reconciler import ad` over a recorded directory: what stands in the files afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest

from reconciler.cli.main import run
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.sources.entry import Entry
from reconciler.sources.ldif import read_ldif
from tests.support.directories import BASE, group, ldif, person
from tests.support.json_output import check_json

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Import = Callable[..., Done]


@pytest.fixture
def importing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    (tmp_path / "identities").mkdir()

    def call(entries: Iterable[Entry] | str, *options: str) -> Done:
        file = tmp_path / "recorded.ldif"
        file.write_text(entries if isinstance(entries, str) else ldif(entries))
        code = run(
            ["import", "ad", "--ldif", str(file), "--identities", str(tmp_path / "identities"), *options]
        )
        printed = capsys.readouterr()
        if printed.out.startswith("{"):
            check_json(printed.out)
        return Done(code, printed.out, printed.err)

    return call


def held(tmp_path: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and when it was written."""
    found = (tmp_path / "identities").rglob("*")
    return {str(one): (one.read_bytes(), one.stat().st_mtime_ns) for one in found if one.is_file()}


def tombstone(one: Entry) -> Entry:
    """What is left of an entry that was deleted."""
    dn = f"CN=gone\\0ADEL:{one.guid()},CN=Deleted Objects,{BASE}"
    return Entry(dn, {**one.attributes, "isdeleted": (b"TRUE",)})


def people(count: int) -> list[Entry]:
    return [person(number, f"{LETTERS[number % 26]}{LETTERS[number // 26]}x") for number in range(count)]


def test_an_import_writes_what_validates_and_a_second_one_nothing(tmp_path: Path, importing: Import) -> None:
    everybody = people(30)
    entries = [*everybody, group(90, "Team A", everybody)]
    first = importing(entries, "--detailed-exitcode")
    assert (first.code, first.err) == (2, "")
    assert "Users: 30 in the directory; 30 added" in first.out
    state = held(tmp_path)
    assert run(["validate", "--identities", str(tmp_path / "identities")]) == 0
    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert len(loaded.users) == 30
    assert len(loaded.groups["team-a"].members or ()) == 30
    second = importing(list(reversed(entries)), "--detailed-exitcode")
    assert second.code == 0
    assert "Nothing changed" in second.out
    assert held(tmp_path) == state


def test_a_change_touches_one_small_file(tmp_path: Path, importing: Import) -> None:
    everybody = people(30)
    importing(everybody)
    state = held(tmp_path)
    everybody[3] = person(3, "dax", title="Head of it")
    done = importing(everybody, "--format", "json")
    report = json.loads(done.out)
    assert report["users"] == {"total": 30, "added": 0, "changed": 1, "left": 0, "unchanged": 29}
    assert report["written"] == ["imported/users/da.yaml"]
    now = held(tmp_path)
    assert [Path(one).name for one in now if now[one] != state[one]] == ["da.yaml"]


def test_hand_made_fields_and_foreign_files_stay(tmp_path: Path, importing: Import) -> None:
    importing(people(5))
    own = tmp_path / "identities" / "imported" / "ours.yaml"
    own.write_text("overrides:\n  aax: {title: Chief}\n")
    assert importing([*people(5), person(77, "zoe")]).code == 0
    assert own.read_text() == "overrides:\n  aax: {title: Chief}\n"
    assert load(FolderTree(tmp_path / "identities")).identities.overrides["aax"].attributes == {
        "title": "Chief"
    }


def test_a_file_without_the_mark_is_never_overwritten(tmp_path: Path, importing: Import) -> None:
    place = tmp_path / "identities" / "imported" / "users" / "aa.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("users:\n  someone: {user_name: someone@example.com}\n")
    done = importing(people(5))
    assert (done.code, done.out) == (1, "")
    assert "aa.yaml was not written by an import" in done.err
    assert list(held(tmp_path)) == [str(place)]


def test_who_is_gone_stays_inactive_and_what_refers_to_them_stays_valid(
    tmp_path: Path, importing: Import
) -> None:
    importing(people(5))
    (tmp_path / "identities" / "hand.yaml").write_text("groups:\n  hand: {members: [aax, bax]}\n")
    done = importing(people(5)[1:])
    assert done.code == 0
    assert "1 gone" in done.out
    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert loaded.users["aax"].active is False
    left = (tmp_path / "identities/imported/leavers/aax.yaml").read_text()
    assert "active: false" in left
    assert "reason: gone from the directory" in left
    assert "active" not in (tmp_path / "identities/imported/users/aa.yaml").read_text()
    assert "0 gone" in importing(people(5)[1:]).out


@pytest.mark.parametrize(
    ("deleted", "missing", "options", "code"),
    [
        (30, 0, (), 0),
        (30, 10, (), 0),
        (30, 11, (), 3),
        (49, 0, (), 0),
        (50, 0, (), 3),
        (40, 10, (), 3),
        (30, 0, ("--max-shrink", "20"), 3),
        (30, 0, ("--max-shrink", "30"), 0),
    ],
)
def test_who_is_known_to_be_deleted_does_not_count_as_half_an_answer(
    importing: Import, deleted: int, missing: int, options: tuple[str, ...], code: int
) -> None:
    everybody = [person(number, f"p{number:03}") for number in range(100)]
    importing(everybody)
    tombs = [tombstone(one) for one in everybody[:deleted]]
    done = importing([*everybody[deleted + missing :], *tombs], *options)
    assert done.code == code, done.err


def test_a_tombstone_is_nobody_and_who_is_there_again_is_not_deleted(
    tmp_path: Path, importing: Import
) -> None:
    everybody = people(5)
    assert importing([*everybody, tombstone(everybody[0]), tombstone(person(9, "zoe"))]).code == 0
    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert len(loaded.users) == 5
    assert loaded.users["aax"].active is not False


@pytest.mark.parametrize("gone", ["keep", "remove"])
@pytest.mark.parametrize(
    "mention",
    [
        "groups:\n  hand: {members: [bax, aax]}\n",
        "overrides:\n  aax: {title: Chief}\n",
        "blocked:\n  aax: {reason: SEC-1}\n",
        "users:\n  zoe: {user_name: zoe@x.org, given_name: Z, family_name: O, manager: aax}\n",
    ],
)
def test_a_namesake_gets_nothing_that_people_wrote_for_who_is_gone_and_holds_nobody_up(
    tmp_path: Path, importing: Import, mention: str, gone: str
) -> None:
    config = tmp_path / "ad.yaml"
    config.write_text(f"base: {BASE}\ngone: {gone}\n")
    everybody, options = people(5), ("--config", str(config))
    importing(everybody, *options)
    hand = tmp_path / "identities" / "hand.yaml"
    hand.write_text(mention)
    assert importing(everybody[1:], *options).code == 0
    leaver = person(2, "cax", userAccountControl="514")
    done = importing([everybody[1], leaver, *everybody[3:], person(99, "aax")], *options)
    assert done.code == 0
    assert "name-of-gone" in done.out
    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert (loaded.users["aax"].active, loaded.users["aax"].attributes["external_id"]) == (
        False,
        str(UUID(int=0)),
    )
    assert loaded.users["cax"].active is False
    hand.unlink()
    assert importing([*everybody[1:], person(99, "aax")], *options).code == 0
    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert "aax" not in loaded.users or gone == "remove"
    assert str(UUID(int=99)) in {one.attributes["external_id"] for one in loaded.users.values()}


def test_a_group_of_the_name_of_one_that_is_gone_waits_too(tmp_path: Path, importing: Import) -> None:
    importing([*people(2), group(90, "ops", people(2)), group(91, "dev", people(2))])
    hand = tmp_path / "identities" / "hand.yaml"
    hand.write_text("groups:\n  all: {include: [ops]}\n")
    done = importing([*people(2), group(92, "ops"), group(91, "dev", people(2))], "--max-shrink", "100%")
    assert (done.code, "name-of-gone" in done.out) == (0, True)
    assert load(FolderTree(tmp_path / "identities")).identities.groups["ops"].members == {}


@pytest.mark.parametrize(
    ("before", "after", "options", "code"),
    [
        (20, 10, (), 3),
        (8, 4, (), 3),
        (4, 2, (), 3),
        (2, 1, (), 0),
        (40, 29, (), 3),
        (40, 30, (), 0),
        (40, 30, ("--max-shrink", "9"), 3),
        (40, 30, ("--max-shrink", "25%"), 0),
        (40, 30, ("--max-shrink", "24.9%"), 3),
        (20, 1, ("--max-shrink", "100%"), 0),
        (20, 0, ("--max-shrink", "100%"), 1),
    ],
)
def test_a_read_that_shrinks_too_far_writes_nothing(
    tmp_path: Path, importing: Import, before: int, after: int, options: tuple[str, ...], code: int
) -> None:
    importing(people(before))
    state = held(tmp_path)
    done = importing(people(after), *options)
    assert done.code == code, done.err
    assert (held(tmp_path) == state) is (code != 0)
    if code == 3:
        assert f"{before - after} of {before} users" in done.err
        assert "Nothing was written" in done.err


def test_one_of_two_moves_and_one_of_two_is_disabled(tmp_path: Path, importing: Import) -> None:
    """In a small directory one is many."""
    ada, bob = people(2)
    dev, ops = group(90, "dev", [ada]), group(91, "ops", [bob])
    importing([ada, bob, dev, ops])
    assert importing([ada, bob, group(90, "dev"), group(91, "ops", [ada, bob])]).code == 0
    identities = load(FolderTree(tmp_path / "identities")).identities
    assert set(identities.groups["ops"].members or ()) == set(identities.users)
    off = person(1, "bax", userAccountControl="514")
    assert importing([ada, off, group(90, "dev"), group(91, "ops", [ada, bob])]).code == 0
    users = load(FolderTree(tmp_path / "identities")).identities.users
    assert {key for key, one in users.items() if one.active is False} == {"bax"}


def test_groups_that_lose_their_members_and_people_who_are_disabled_count(
    tmp_path: Path, importing: Import
) -> None:
    everybody = people(30)
    importing([*everybody, group(90, "team", everybody)])
    state = held(tmp_path)
    emptied = importing([*everybody, group(90, "team")])
    assert emptied.code == 3
    assert "30 of 30 memberships" in emptied.err
    off = [
        person(one, f"{LETTERS[one % 26]}{LETTERS[one // 26]}x", userAccountControl="514")
        for one in range(30)
    ]
    disabled = importing([*off, group(90, "team", everybody)])
    assert disabled.code == 3
    assert "30 of 30 users" in disabled.err
    assert held(tmp_path) == state


def test_a_first_import_of_nothing_is_an_error(tmp_path: Path, importing: Import) -> None:
    done = importing([group(90, "team")])
    assert done.code == 1
    assert "No user was found" in done.err
    assert held(tmp_path) == {}
    everybody = [person(number, f"p{number}", sn=None) for number in range(3)]
    done = importing([*everybody, group(9, "Team", [*everybody, "CN=x,DC=y"])])
    assert done.code == 1
    assert (
        f'No user was found in 4 entries; left out: 3, such as "CN=P0 Test,OU=People,{BASE}": it has no sn'
        in done.err
    )
    assert held(tmp_path) == {}


def test_a_result_that_would_not_validate_is_not_written(tmp_path: Path, importing: Import) -> None:
    importing(people(5))
    (tmp_path / "identities" / "hand.yaml").write_text("groups:\n  hand: {members: [nobody]}\n")
    state = held(tmp_path)
    done = importing([*people(5), person(77, "zoe")])
    assert done.code == 1
    assert "hand.yaml:2:" in done.err
    assert held(tmp_path) == state


def test_a_generated_file_that_somebody_broke_is_told_by_its_line(tmp_path: Path, importing: Import) -> None:
    importing(people(5))
    file = tmp_path / "identities" / "imported" / "users" / "aa.yaml"
    file.write_text("\n".join(one for one in file.read_text().split("\n") if "external_id" not in one))
    done = importing(people(5))
    assert done.code == 1
    assert "imported/users/aa.yaml:4:3" in done.err
    assert "restore the file" in done.err


@pytest.mark.parametrize(
    ("moved_to", "before_it", "words"),
    [
        ("imported/users/aa.yaml", "# Reviewed.\n", "aa.yaml:4:1: the file has entries of an import"),
        ("imported/users/aa.yaml", "---\n", "aa.yaml:4:1: the file has entries of an import"),
        ("imported/users/aa.yaml", "\ufeff", "aa.yaml:1:1: the file begins with a byte order mark"),
        (
            "imported/users/aa.yaml",
            "<<<<<<< a\n=======\n>>>>>>> b\n",
            "aa.yaml:1:1: the file has a merge conflict",
        ),
        ("people/aa.yaml", "", "whose entry is in another folder now"),
        ("imported/aa.yaml", "# Ours.\n", "whose entry is in another folder now"),
    ],
)
def test_who_is_in_a_file_that_an_import_does_not_know_again_stays_in_the_groups(
    tmp_path: Path, importing: Import, moved_to: str, before_it: str, words: str
) -> None:
    """Nobody said that these people left; taken for hand-made, they would be in no group any more."""
    everybody = people(30)
    entries = [*everybody, group(90, "Team A", everybody)]
    importing(entries)
    file = tmp_path / "identities" / "imported" / "users" / "aa.yaml"
    text = file.read_text()
    file.unlink()
    new = tmp_path / "identities" / moved_to
    new.parent.mkdir(exist_ok=True)
    new.write_text(before_it + text, encoding="utf-8")
    state = held(tmp_path)
    done = importing(entries)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert held(tmp_path) == state
    new.unlink()
    file.write_text(text)
    assert "Nothing changed" in importing(entries).out


def test_what_a_killed_import_left_behind_is_removed(tmp_path: Path, importing: Import) -> None:
    importing(people(5))
    left = tmp_path / "identities" / "imported" / "users" / ".reconciler-import.ab.yaml"
    left.write_text("half")
    assert importing([*people(5), person(77, "zoe")]).code == 0
    assert not left.exists()


@pytest.mark.parametrize("into", ["../out", "/tmp/x", ".", "approvals", ".hidden", "a/../b", ""])
def test_the_folder_lies_below_the_identities(tmp_path: Path, importing: Import, into: str) -> None:
    done = importing(people(2), "--into", into)
    assert done.code == 64, done.err
    assert held(tmp_path) == {}


def test_a_symbolic_link_is_not_followed(tmp_path: Path, importing: Import) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "identities" / "imported").symlink_to(tmp_path / "elsewhere")
    assert importing(people(2)).code == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []


HOSTILE = [
    "no", "1e3", "null", "~", "a: b", "a #b", "- x", "[x]", "{x}", "&a", "*a", "!t", "|", ">", "%x", "@x",
    "`x`", "'q'", '"q"', 'a"b\\c', "\\n", "é ü", "x" * 300, "2026-01-01", "0x1F", "=", "<<", "?", "a\u00a0b",
    "日本語", "Dr. A. (B) O'C", "a, b", "true", "Off", "1_000", ".5", "a:", "#",
]  # fmt: skip


def test_hostile_values_come_through_as_they_are(tmp_path: Path, importing: Import) -> None:
    entries = [person(number, f"u{number:02}", sn=name, title=name) for number, name in enumerate(HOSTILE)]
    groups = [group(200 + number, f"g{name}") for number, name in enumerate(HOSTILE)]
    done = importing([*entries, *groups])
    assert done.code == 0, done.err
    assert "No" not in done.err
    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert [
        loaded.users[f"u{number:02}"].attributes["family_name"] for number in range(len(HOSTILE))
    ] == HOSTILE
    shown = {str(one.attributes["display_name"]) for one in loaded.groups.values()}
    assert shown == {f"g{one}" for one in HOSTILE}
    assert importing([*groups, *entries], "--detailed-exitcode").code == 0


def test_a_terminal_is_not_written_to_by_the_directory(importing: Import) -> None:
    bad = person(1, "ada", sn="\x1b[31m", dn=f"CN=\x1b]0;x\x07\u202e,{BASE}")
    done = importing([bad, person(2, "bob")])
    assert done.code == 0
    assert not set("\x1b\x07\u202e") & set(done.out)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("dn: CN=x\nobjectClass user\n", 1, "recorded.ldif:2:1"),
        ("dn: CN=x\ncn:: ***\n", 1, "recorded.ldif:2:1"),
        ("cn: x\n", 1, "recorded.ldif:1:1"),
        ("dn: CN=x\njpegPhoto:< file:///etc/passwd\n", 1, "recorded.ldif:2:1"),
        ("dn: CN=x\nchangetype: delete\n", 1, "recorded.ldif:2:1"),
        ("dn: CN=x\ncn: x\ndn: CN=y\n", 1, "recorded.ldif:3:1"),
        ("dn:: /w==\n", 1, "recorded.ldif:1:1"),
        ("dn: CN=x\nmember;range=0-1499: CN=y\n", 1, "a part of its values"),
        ("dn: CN=x\n\nsearch: 2\nresult: 4 Size limit exceeded\n", 1, "recorded.ldif:4:1"),
        ("dn: CN=x\n\n# numEntries: 2\n", 1, "recorded.ldif:3:1"),
        (f"dn: CN=x\n\n# numEntries: {'9' * 5000}\n", 1, "recorded.ldif:3:1"),
        (f"dn: CN=x\n\nsearch: 2\nresult: {'9' * 5000} x\n", 1, "recorded.ldif:4:1"),
        (f"dn: CN=x\nmember;range=0-{'9' * 5000}: CN=y\n", 1, "a part of its values"),
        ("dn: CN=x\n\n# returned 1 records\n# 7 entries\n", 1, "recorded.ldif:4:1"),
    ],
)
def test_a_recording_that_is_not_whole_or_no_ldif_writes_nothing(
    tmp_path: Path, importing: Import, text: str, code: int, says: str
) -> None:
    done = importing(text)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert held(tmp_path) == {}


def test_ldif_of_ldbsearch_is_read(tmp_path: Path, importing: Import) -> None:
    text = (
        "# record 1\ndn: CN=Ada,DC=x\nobjectClass: user\nobjectGUID: 0B4A4B4C-0000-4000-8000-000000000001\n"
        "sAMAccountName: ada\nuserPrincipalName: ada@x.example\ngivenName: Ada\nsn: Love\n lace\n"
        "displayName:: QWRhIExvdmVsYWNl\nuserAccountControl: 512\n\n"
        "# Referral\nref: ldap://x/CN=Conf,DC=x\n\n# returned 2 records\n# 1 entries\n# 1 referrals\n"
    )
    done = importing(text.replace("\n", "\r\n"))
    assert done.code == 0, done.err
    ada = load(FolderTree(tmp_path / "identities")).identities.users["ada"].attributes
    assert (ada["family_name"], ada["display_name"]) == ("Lovelace", "Ada Lovelace")
    assert ada["external_id"] == "0b4a4b4c-0000-4000-8000-000000000001"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_an_export_of_ldifde_is_read(tmp_path: Path, encoding: str) -> None:
    text = (
        "dn: CN=Ada,DC=x\r\nchangetype: add\r\nobjectClass: user\r\n"
        "objectGUID: 0B4A4B4C-0000-4000-8000-000000000001\r\nsAMAccountName: ada\r\n"
        "userPrincipalName: ada@x.example\r\ngivenName: Zoë\r\nsn: Ö\r\ndisplayName: Zoë Ö\r\n"
        "userAccountControl: 512\r\n\r\n"
    )
    file = tmp_path / "export.ldf"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    file.write_bytes(f"{mark}{text}".encode(encoding))
    (found,) = read_ldif(file)
    assert (found.dn, found.text("givenName")) == ("CN=Ada,DC=x", "Zoë")


def test_one_part_is_written_and_the_other_left(tmp_path: Path, importing: Import) -> None:
    importing(people(5))
    off = person(0, "aax", userAccountControl="514")
    after = [off, person(1, "bax", title="Lead"), *people(5)[2:]]
    for part, wrote in (("leavers", ["_folder", "aax"]), ("others", ["ba"])):
        done = importing(after, "--only", part, "--format", "json")
        assert [Path(path).stem for path in json.loads(done.out)["written"]] == wrote
    assert "Nothing changed" in importing(after).out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{active: true, external_id: x}", "is true, and a leaver is not active"),
        ("{external_id: x}", "says nothing"),
        ("{active: false}", "external_id"),
        ("{active: false, external_id: x, title: y}", "title"),
    ],
)
def test_an_entry_of_leavers_that_makes_no_sense_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    (tmp_path / "people.yaml").write_text(f"users: {{}}\nleavers:\n  ada: {text}\n")
    assert run(["validate", "--identities", str(tmp_path)]) == 1
    printed = capsys.readouterr().err
    assert says in printed
    assert "people.yaml:3:" in printed

"""What the reader may not see is not taken for what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import IncompleteRead, Refused
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.sources.entry import Entry
from reconciler.sources.importing import Report, import_entries
from reconciler.sources.leavers import Part
from reconciler.sources.settings import Rules, Scope, Server, Settings
from reconciler.sources.shrinking import Limit
from tests.support.directories import BASE, DOMAIN, group, person

ANY = Limit(percent=100.0)
LIVE = Settings(server=Server("ldaps://dc1", "CN=reader"))
ADA, BOB, CYD = (person(number, name) for number, name in enumerate(("ada", "bob", "cyd"), 1))
TEAM = group(90, "team", [ADA, BOB])
STAFF = group(91, "Domain Users", objectSid=f"{DOMAIN}-513")
ALL = [ADA, BOB, CYD, TEAM, STAFF]


def without(entry: Entry, *names: str) -> Entry:
    """An entry that does not show these attributes."""
    hidden = {name.lower() for name in names}
    return Entry(entry.dn, {name: one for name, one in entry.attributes.items() if name not in hidden})


class Folder:
    """Files that imports write, one after the other."""

    def __init__(self, root: Path, settings: Settings = LIVE) -> None:
        self.root, self._settings = root, settings

    def run(self, entries: Sequence[Entry], settings: Settings | None = None) -> Report:
        return import_entries(entries, settings or self._settings, self.root, "imported", ANY)

    def part(
        self,
        entries: Sequence[Entry],
        part: Part | None,
        limit: Limit = ANY,
        settings: Settings | None = None,
    ) -> Report:
        """An import whose parts are merged one without the other."""
        used = settings or self._settings
        return import_entries(entries, used, self.root, "imported", limit, part, apart=part is None)

    def refused(self, entries: Sequence[Entry]) -> str:
        """What the error says; nothing is written."""
        before = self.texts()
        with pytest.raises(IncompleteRead) as told:
            self.run(entries)
        assert self.texts() == before
        assert "Nothing was written" in str(told.value)
        return str(told.value)

    def texts(self) -> dict[str, str]:
        return {str(one): one.read_text() for one in self.root.rglob("*.yaml")}

    def members(self, key: str) -> set[str]:
        return set(load(FolderTree(self.root)).identities.groups[key].members or ())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.run(ALL)
    assert made.members("team") == {"ada", "bob"}
    assert made.members("domain-users") == {"ada", "bob", "cyd"}
    return made


@pytest.mark.parametrize("how", ["people", "groups"])
def test_a_group_that_shows_no_member_while_others_say_that_they_are_in_it(folder: Folder, how: str) -> None:
    in_it = person(1, "ada", memberOf=TEAM.dn.upper())
    inner = group(92, "inner", memberOf=TEAM.dn)
    more = [in_it] if how == "people" else [ADA, inner]
    says = folder.refused([*more, BOB, CYD, without(TEAM, "member"), STAFF])
    assert TEAM.dn in says
    assert (in_it if how == "people" else inner).dn in says
    # One who says so beside others is in it: the group changed during the read.
    folder.run([in_it, BOB, CYD, group(90, "team", [BOB]), STAFF])
    assert folder.members("team") == {"ada", "bob"}


@pytest.mark.parametrize("name", ["userAccountControl", "objectGUID"])
def test_what_every_account_has_and_nobody_shows(folder: Folder, name: str) -> None:
    hidden = [without(one, name) for one in (ADA, BOB, CYD)]
    assert name in folder.refused([*hidden, TEAM, STAFF])
    # Where others show it, it is a finding on who does not, and they stay as they were.
    before = folder.texts()
    report = folder.run([hidden[0], BOB, CYD, TEAM, STAFF])
    assert {one.dn for one in report.remarks} == {ADA.dn}
    assert folder.texts() == before


@pytest.mark.parametrize(
    ("of_group", "name"), [(False, "primaryGroupID"), (False, "objectSid"), (True, "objectSid")]
)
def test_a_membership_by_primary_group_that_cannot_be_read(
    folder: Folder, name: str, *, of_group: bool
) -> None:
    people = [ADA, BOB, CYD] if of_group else [without(ADA, name), BOB, CYD]
    says = folder.refused([*people, TEAM, without(STAFF, name) if of_group else STAFF])
    assert ADA.dn in says
    assert "domain-users" in says


@pytest.mark.parametrize("hides", ["member", "primary"])
def test_who_surely_left_does_not_wait_for_what_cannot_be_read(folder: Folder, hides: str) -> None:
    def others(**more: str) -> list[Entry]:
        if hides == "member":
            return [without(TEAM, "member"), STAFF, person(3, "cyd", title="Boss", memberOf=TEAM.dn, **more)]
        return [TEAM, STAFF, without(person(3, "cyd", title="Boss", **more), "primaryGroupID")]

    rest, gone = others(), {"userAccountControl": "514"}
    entries = [ADA, person(2, "bob", title="Lead", userAccountControl="514"), *rest]
    assert "Nothing was written" in folder.refused(entries)
    before = folder.texts()
    with pytest.raises(IncompleteRead):
        folder.part(entries, Part.OTHERS)
    assert folder.texts() == before
    report = folder.part(entries, None)
    assert "Only leavers were written (1)" in str(report.waits)
    assert set(report.files.written) == {"imported/leavers/bob.yaml", "imported/leavers/_folder.yaml"}
    assert sorted(report.leavers) == sorted(report.files.written)
    assert load(FolderTree(folder.root)).identities.users["bob"].active is False
    # What is written is not new again, and a read in which everybody else leaves is believed in nothing.
    after = folder.texts()
    with pytest.raises(IncompleteRead, match="Nothing was written"):
        folder.part(entries, Part.LEAVERS)
    with pytest.raises(Refused):
        folder.part([person(1, "ada", **gone), person(4, "dan"), *others(**gone)], None, Limit())
    assert folder.texts() == after


def test_who_is_missing_may_be_hidden_and_who_was_deleted_is_not(folder: Folder) -> None:
    folder.run([*ALL, person(4, "dan"), person(5, "eve")])
    away = person(4, "dan", "Elsewhere")
    rest = [without(TEAM, "member"), STAFF, person(3, "cyd", memberOf=TEAM.dn), ADA, away]
    scoped = replace(LIVE, users=Scope(bases=(f"OU=People,{BASE}",)))
    with pytest.raises(IncompleteRead, match="Nothing was written"):
        folder.part([*rest, BOB, person(5, "eve")], None, settings=scoped)
    gone = without(person(2, "bob", isDeleted="TRUE"), "userPrincipalName")
    report = folder.part([*rest, gone, person(2, "x", isDeleted="TRUE")], None, settings=scoped)
    assert set(report.leavers) == {"imported/leavers/bob.yaml", "imported/leavers/_folder.yaml"}


def test_who_left_or_has_another_primary_group_ends_no_import(folder: Folder) -> None:
    moved = person(1, "ada", primaryGroupID="1090")
    folder.run([moved, BOB, TEAM, STAFF])
    assert folder.members("domain-users") == {"bob"}
    off = without(person(2, "bob", userAccountControl="514"), "primaryGroupID")
    folder.run([moved, off, TEAM, STAFF])


def test_a_recording_without_primary_groups_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path, Settings())
    people = [without(one, "primaryGroupID", "objectSid") for one in (ADA, BOB, CYD)]
    folder.run([*people, TEAM])
    folder.run([*people, group(90, "team", [ADA])])
    assert folder.members("team") == {"ada"}


def test_a_group_that_shows_no_member_any_more_is_a_finding(folder: Folder) -> None:
    report = folder.run([ADA, BOB, CYD, without(TEAM, "member"), STAFF])
    assert [(one.code, one.dn) for one in report.remarks] == [("emptied", TEAM.dn)]
    assert folder.members("team") == set()
    assert folder.run([ADA, BOB, CYD, without(TEAM, "member"), STAFF]).remarks == []


END = "140000000000000000"  # 2044


def test_an_end_that_cannot_be_read_any_more_stays(folder: Folder) -> None:
    ending = person(1, "ada", accountExpires=END)
    folder.run([ending, *ALL[1:]])
    before = folder.texts()
    assert any("until: 2044-" in text for text in before.values())
    report = folder.run([without(ending, "accountExpires"), *ALL[1:]])
    assert [(one.code, one.dn) for one in report.remarks] == [("end-unknown", ADA.dn)]
    assert folder.texts() == before
    # Who is disabled is so all the same, and an end that is taken away goes.
    folder.run([without(person(1, "ada", userAccountControl="514"), "accountExpires"), *ALL[1:]])
    assert any("active: false\n    until: 2044-" in text for text in folder.texts().values())
    folder.run(ALL)
    assert not any("until:" in text for text in folder.texts().values())


@pytest.mark.parametrize(("settings", "told"), [(LIVE, 1), (Settings(), 0)])
def test_ends_that_nobody_shows_are_told_once_where_they_were_asked_for(
    tmp_path: Path, settings: Settings, told: int
) -> None:
    people = [without(one, "accountExpires") for one in (ADA, BOB, CYD)]
    report = Folder(tmp_path, settings).run(people)
    assert [one.code for one in report.remarks] == ["end-unknown"] * told


def test_who_has_no_objectguid_and_another_name_is_known_by_the_login(folder: Folder) -> None:
    before = folder.texts()
    renamed = without(person(1, "ada", userPrincipalName="new@example.com", dn=ADA.dn), "objectGUID")
    report = folder.run([renamed, *ALL[1:]])
    assert [one.code for one in report.remarks] == ["no-guid"]
    assert folder.texts() == before
    # Whoever was deleted is not kept by another who hides theirs.
    tomb = Entry(f"CN=x,CN=Deleted Objects,{BASE}", {**ADA.attributes, "isdeleted": (b"TRUE",)})
    folder.run([renamed, *ALL[1:], tomb])
    assert load(FolderTree(folder.root)).identities.users["ada"].active is False


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(person(1, "ada", unit="Far"), id="moved out of the scope"),
        pytest.param(person(1, "ada", userAccountControl="2080"), id="of another kind"),
    ],
)
def test_who_is_there_and_not_meant_any_more_is_named(tmp_path: Path, now: Entry) -> None:
    scope = Scope((f"OU=People,{BASE}",))
    folder = Folder(tmp_path, Settings(users=scope, mapping=Rules()))
    folder.run([ADA, BOB])
    report = folder.run([now, BOB])
    assert [(one.code, one.dn) for one in report.remarks] == [("missing", now.dn)]
    assert "ada" in report.remarks[0].message
    assert folder.run([now, BOB]).remarks == []

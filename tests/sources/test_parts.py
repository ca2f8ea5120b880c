"""The two parts of an import, leavers and everything else: git merges them in either order."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError, Refused
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.model.state import Identities
from reconciler.sources.entry import Entry
from reconciler.sources.importing import import_entries
from reconciler.sources.leavers import Part
from reconciler.sources.settings import Rules, Settings
from reconciler.sources.shrinking import Limit
from tests.support.directories import group, person
from tests.support.patience import PATIENCE

LEAVERS, OTHERS = Part.LEAVERS, Part.OTHERS
ANY = Limit(percent=100.0)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
OFF = {"userAccountControl": "514"}


def expires(year: int) -> dict[str, str]:
    """An account that ends at the beginning of a year (FILETIME)."""
    seconds = (datetime(year, 1, 1, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()
    return {"accountExpires": str(int(seconds) * 10_000_000)}


class Imports:
    """A repository that an import writes to."""

    def __init__(self, root: Path, rules: Rules | None = None) -> None:
        self.root, self._settings = root, Settings(mapping=rules or Rules())
        self.codes: set[str] = set()
        self.git("init", "-q", "-b", "main")
        (root / "hand.yaml").write_text("groups: {}\n")
        self.commit()

    def git(self, *words: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.fsync=none")
        done = subprocess.run(
            ["git", *identity, *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def run(self, entries: Sequence[Entry], part: Part | None = None, limit: Limit = ANY) -> set[str]:
        """The paths that an import changed, without the folder."""
        report = import_entries(entries, self._settings, self.root, "imported", limit, part, NOW, apart=True)
        self.codes = {one.code for one in report.remarks}
        return {path.removeprefix("imported/") for path in (*report.files.written, *report.files.removed)}

    def branch(self, name: str, entries: Sequence[Entry], part: Part) -> set[str]:
        """Write one part on a branch of its own, from main."""
        self.git("switch", "-q", "-c", name, "main")
        changed = self.run(entries, part)
        self.loaded()
        self.commit()
        self.git("switch", "-q", "main")
        return changed

    def loaded(self) -> Identities:
        return load(FolderTree(self.root)).identities

    def texts(self) -> Mapping[str, str]:
        found = (self.root / "imported").rglob("*.yaml")
        return {str(one.relative_to(self.root)): one.read_text() for one in found}


def proven(imports: Imports, entries: Sequence[Entry]) -> None:
    """Both parts, made from one state, merge in either order; together they are the whole, without a rest."""
    leavers = imports.branch("leavers", entries, LEAVERS)
    others = imports.branch("others", entries, OTHERS)
    assert leavers & others <= {"leavers/_folder.yaml"}
    assert all(path.startswith("leavers/") for path in leavers)
    imports.git("switch", "-q", "-c", "whole", "main")
    imports.run(entries)
    imports.commit()
    # Who has the name of a leaver comes with the next import, once the leaver is written.
    imports.git("switch", "-q", "-c", "end", "whole")
    waited = imports.run(entries)
    assert not waited or (leavers and "name-of-leaver" not in imports.codes)
    assert imports.run(entries) == set()
    imports.commit()
    for first, second in (("leavers", "others"), ("others", "leavers")):
        imports.git("switch", "-q", "-c", f"after-{first}", "main")
        imports.git("merge", "-q", "--no-edit", "--no-ff", first)
        # What is left after the first is the second, exactly, where the first took nobody out of the files.
        imports.loaded()
        imports.git("merge", "-q", "--no-edit", "--no-ff", second)
        assert imports.git("diff", "--stat", "whole") == ""
        imports.loaded()
        assert imports.run(entries, LEAVERS) == set()
        assert imports.run(entries, OTHERS) == waited
        assert imports.run(entries) == set()
        imports.commit()
        assert imports.git("diff", "--stat", "end") == ""
        # One after the other, each from what is merged by then, comes to the same for everybody who is there.
        imports.git("switch", "-q", "-c", f"rest-{first}", "main")
        imports.git("merge", "-q", "--no-edit", "--no-ff", first)
        assert imports.run(entries, Part(first)) == set()
        rest = imports.run(entries, Part(second))
        assert rest <= (others | waited if second == "others" else leavers)
        imports.run(entries)
        assert imports.run(entries) == set()
        users = imports.loaded().users
        imports.commit()
        imports.git("switch", "-q", "end")
        assert {key: (one.active, one.window, one.attributes) for key, one in users.items()} == {
            key: (one.active, one.window, one.attributes) for key, one in imports.loaded().users.items()
        }
    imports.git("switch", "-q", "main")


ADA, BOB, CYD, DAN = (person(number, name) for number, name in enumerate(("ada", "adb", "adc", "add"), 1))
FOUR = [ADA, BOB, CYD, DAN, group(90, "ops", [ADA, BOB, CYD]), group(91, "dev", [DAN])]


@pytest.mark.parametrize(
    ("after", "leavers", "others"),
    [
        pytest.param(
            [person(1, "ada", **OFF), person(2, "adb", title="Lead"), CYD, DAN, *FOUR[4:]],
            {"ada"},
            {"users/ad.yaml"},
            id="neighbours: one is disabled, the next has another title",
        ),
        pytest.param(
            [person(1, "ada", title="Emeritus", **OFF), BOB, CYD, DAN, group(90, "ops", [BOB, CYD]), FOUR[5]],
            {"ada"},
            {"users/ad.yaml", "groups/op.yaml"},
            id="one person is disabled, edited and taken out of a group",
        ),
        pytest.param(
            [BOB, CYD, DAN, group(90, "ops", [BOB, CYD]), FOUR[5]],
            {"ada"},
            {"groups/op.yaml"},
            id="gone",
        ),
        pytest.param(
            [ADA, BOB, CYD, DAN, group(90, "ops", [BOB, CYD]), group(91, "dev", [DAN, ADA])],
            set(),
            {"groups/op.yaml", "groups/de.yaml"},
            id="a mover's two halves are together",
        ),
        pytest.param([person(1, "ada", **expires(2025)), *FOUR[1:]], {"ada"}, set(), id="expired"),
        pytest.param(
            [person(1, "ada", **expires(2031)), *FOUR[1:]], set(), {"leavers/ada.yaml"}, id="an end to come"
        ),
        pytest.param(
            [BOB, CYD, DAN, person(9, "ada"), group(90, "ops", [BOB, CYD]), FOUR[5]],
            {"ada"},
            {"groups/op.yaml"},
            id="deleted, and another of the same name",
        ),
        pytest.param(
            [*FOUR, person(8, "eve", **OFF)],
            set(),
            {"users/ev.yaml", "leavers/eve.yaml"},
            id="a newcomer who is disabled is not a leaver",
        ),
        pytest.param([ADA, BOB, CYD, DAN, FOUR[4]], set(), {"groups/de.yaml"}, id="a group is gone"),
    ],
)
def test_what_belongs_to_which_part(
    tmp_path: Path, after: list[Entry], leavers: set[str], others: set[str]
) -> None:
    imports = Imports(tmp_path)
    imports.run(FOUR)
    imports.commit()

    proven(imports, after)

    assert imports.run(after, LEAVERS) - {"leavers/_folder.yaml"} == {
        f"leavers/{key}.yaml" for key in leavers
    }
    imports.git("checkout", "-q", ".")
    imports.git("clean", "-qfd")
    assert imports.run(after, OTHERS) - {"leavers/_folder.yaml"} == others


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        pytest.param(OFF, {}, OTHERS, id="enabled again"),
        pytest.param(None, {}, OTHERS, id="found again"),
        pytest.param(expires(2031), {}, OTHERS, id="no end any more"),
        pytest.param(expires(2031), expires(2032), OTHERS, id="a later end"),
        pytest.param(expires(2031), expires(2030), OTHERS, id="an earlier end"),
        pytest.param(expires(2031), expires(2026), LEAVERS, id="an earlier end, which is past"),
        pytest.param(expires(2026), expires(2030), OTHERS, id="expired, and a new end"),
        pytest.param(OFF, expires(2026), LEAVERS, id="enabled, and expired"),
        pytest.param(expires(2031), {**expires(2032), **OFF}, LEAVERS, id="disabled, with a later end"),
        pytest.param({**expires(2031), **OFF}, expires(2030), OTHERS, id="enabled, with an earlier end"),
        pytest.param(OFF, None, LEAVERS, id="disabled before, and gone"),
    ],
)
def test_a_person_who_gets_access_back_waits_for_people(
    tmp_path: Path, before: dict[str, str] | None, after: dict[str, str] | None, part: Part
) -> None:
    imports = Imports(tmp_path)
    imports.run(FOUR)
    imports.run([*([] if before is None else [person(1, "ada", **before)]), *FOUR[1:]])
    imports.commit()
    then = [*([] if after is None else [person(1, "ada", **after)]), *FOUR[1:]]

    proven(imports, then)

    assert ("leavers/ada.yaml" in imports.run(then, LEAVERS)) is (part is LEAVERS)
    imports.git("checkout", "-q", ".")
    assert ("leavers/ada.yaml" in imports.run(then, OTHERS)) is (part is OTHERS)


def test_a_leaver_is_who_had_the_objectguid_and_never_the_successor_of_the_name(tmp_path: Path) -> None:
    """The entry stays after its person is forgotten, and means nobody else; a key stays its person's."""
    imports = Imports(tmp_path)
    imports.run(FOUR)
    imports.run(FOUR[1:])
    another = [*FOUR[1:], person(9, "ada")]
    imports.run(another)
    assert {key: one.active for key, one in imports.loaded().users.items() if key.startswith("ada")} == {
        "ada-00000000": None
    }
    for path in (tmp_path / "imported/users").iterdir():
        path.write_text(path.read_text().replace("ada-00000000", "ada"))
    for path in (tmp_path / "imported/groups").iterdir():
        path.write_text(path.read_text().replace("ada-00000000", "ada"))
    assert imports.loaded().users["ada"].active is None
    imports.git("checkout", "-q", ".")
    imports.git("clean", "-qfd")
    imports.run(FOUR)
    imports.run(FOUR[1:])
    imports.run(another)
    restored = [*FOUR[1:], ADA]
    imports.run(restored)
    assert "name-of-leaver" in imports.codes
    imports.run(restored)
    assert imports.loaded().users["ada"].active is None


@pytest.mark.parametrize("gone", ["keep", "remove"])
def test_the_key_of_a_leaver_is_nobody_elses_whichever_part_is_merged_first(
    tmp_path: Path, gone: str
) -> None:
    """Ada is gone and another has her name; everything else is merged, and the leavers are not."""
    imports = Imports(tmp_path, Rules(keep_gone=gone == "keep"))
    imports.run(FOUR)
    imports.commit()
    second = person(9, "ada")
    imports.branch("others", [*FOUR[1:], second], OTHERS)
    assert "name-of-leaver" in imports.codes
    imports.git("merge", "-q", "--no-edit", "--no-ff", "others")
    # Then the second has another name, and a third has this one.
    third = [*FOUR[1:], person(9, "ada.two"), person(10, "ada")]
    imports.branch("more", third, OTHERS)
    imports.git("merge", "-q", "--no-edit", "--no-ff", "more")
    guids = {key: one.attributes["external_id"] for key, one in imports.loaded().users.items()}
    assert guids["ada"] == ADA.guid()
    assert guids["ada.two"] == second.guid()
    # The leavers' part is still proposed, and with it everybody has a key of their own.
    imports.branch("leavers", third, LEAVERS)
    imports.git("merge", "-q", "--no-edit", "--no-ff", "leavers")
    imports.run(third, OTHERS)
    users = {one.attributes["external_id"]: key for key, one in imports.loaded().users.items()}
    assert users[person(10, "ada").guid()] == "ada-00000000"
    assert "name-of-leaver" not in imports.codes


def test_the_last_leaver_comes_back_while_another_leaves(tmp_path: Path) -> None:
    """Git would take the folder of leavers for renamed to that of the new group, which looks alike."""
    imports = Imports(tmp_path)
    imports.run(FOUR)
    imports.run([person(1, "ada", **OFF), *FOUR[1:]])
    imports.commit()

    proven(imports, [ADA, person(2, "adb", **OFF), *FOUR[2:], group(92, "new")])


def test_the_limit_is_judged_over_both_parts(tmp_path: Path) -> None:
    everybody = [person(number, f"p{number:02}") for number in range(1, 41)]
    imports = Imports(tmp_path)
    imports.run(everybody)
    half = [replace(one, attributes={**one.attributes, "useraccountcontrol": (b"514",)}) for one in everybody]

    for part in (LEAVERS, OTHERS):
        with pytest.raises(Refused):
            imports.run([*half[:25], *everybody[25:]], part, Limit())
    assert imports.run([*half[:5], *everybody[5:]], OTHERS, Limit()) == set()


def test_a_part_of_what_an_earlier_version_wrote_is_refused(tmp_path: Path) -> None:
    imports = Imports(tmp_path)
    imports.run(FOUR)
    path = tmp_path / "imported/users/ad.yaml"
    path.write_text(path.read_text().replace("  adb:\n", "    active: false\n  adb:\n"))
    assert imports.loaded().users["ada"].active is False

    for part in (LEAVERS, OTHERS):
        with pytest.raises(ReconcilerError, match="Import once without --only"):
            imports.run([person(1, "ada", **OFF), *FOUR[1:]], part)
    imports.run([person(1, "ada", **OFF), *FOUR[1:]])
    assert imports.loaded().users["ada"].active is False
    assert imports.run([person(1, "ada", **OFF), *FOUR[1:]], OTHERS) == set()


ACCOUNTS = st.sampled_from(
    [None, {}, {}, OFF, expires(2025), expires(2031), {"title": "X"}, {**OFF, "title": "X"}]
)


@st.composite
def directories(draw: st.DrawFn) -> list[Entry]:
    """People of few names, so that one takes over that of another, and two groups of them."""
    found = []
    for number in range(1, 7):
        how = draw(ACCOUNTS)
        if how is not None:
            name = draw(st.sampled_from([f"ad{number}", f"ad{number}", "ada"]))
            found.append(person(number, name, **how))
    found.append(person(50, "zoe"))
    teams = [90, *draw(st.lists(st.sampled_from([91]), max_size=1))]
    return [*found, *(group(team, f"team{team}", draw(st.lists(st.sampled_from(found)))) for team in teams)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(directories(), min_size=2, max_size=3), st.booleans())
def test_whatever_happens_the_two_parts_merge(states: list[list[Entry]], keep_gone: bool) -> None:  # noqa: FBT001  # Hypothesis draws it
    with TemporaryDirectory() as folder:
        imports = Imports(Path(folder), Rules(keep_gone=keep_gone))
        *earlier, last = states
        for entries in earlier:
            imports.run(entries)
        imports.commit()
        proven(imports, last)

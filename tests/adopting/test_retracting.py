"""Taking assignments out of entries takes those and no others, over random entries."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from reconciler.adopting.retracting import Retraction, retract
from reconciler.adopting.text import flow
from reconciler.editing import Editor
from reconciler.loading.load import load
from reconciler.model.address import Kind
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.selecting import Places
from reconciler.model.state import Holder, Identities

UNIT = "ou-abcd-00000001"
IDS = [f"21000000000{number}" for number in range(5)]
AROUND = Organization(
    {one: LiveAccount(one, one, units=(UNIT,) if one < IDS[3] else (), tags={}) for one in IDS},
    {UNIT: LiveUnit(UNIT, ("Work",))},
    "r-abcd",
)
BASE = """\
users: {u: {user_name: u}, v: {user_name: v}}
groups: {g: {members: []}, h: {members: []}}
permission_sets: {A: {}, B: {}}
accounts: {zero: "210000000000", four: "210000000004"}
assignments:
"""


def granted(identities: Identities) -> set[Retraction]:
    places = Places(AROUND, {one.key: one.id for one in identities.accounts.values()})
    return {
        (str(account), name, holder)
        for entry in identities.assignments.values()
        for account in places.select(entry.accounts, entry.excluded).accounts
        for name in entry.permission_sets
        for holder in (
            *(Holder(Kind.GROUP, key) for key in entry.groups),
            *(Holder(Kind.USER, key) for key in entry.users),
        )
    }


def entry(random: Random) -> dict[str, object]:
    accounts = random.choice((["zero", IDS[1]], [{"ou": "Work"}], [{"all": True}], [{"ou": "Work"}, "four"]))
    fields: dict[str, object] = {
        "groups": random.choice((["g"], ["g", "h"], ["h"])),
        "permission_sets": random.choice((["A"], ["A", "B"])),
        "accounts": accounts,
    }
    if random.random() < 0.4:
        fields["users"] = random.choice((["u"], ["u", "v"]))
    if random.random() < 0.3:
        fields["except"] = [IDS[1]]
    if random.random() < 0.3:
        fields |= {"reason": "yes: no", "until": "2036-12-31"}
    return fields


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_exactly_what_was_lost_goes(start: int, tmp_path: Path) -> None:
    for seed in range(start, start + 20):
        random = Random(seed)  # a test, the same each time
        entries = "".join(
            f"  # comment {number}\n  e{number}: {flow(entry(random))}\n"
            for number in range(random.randint(1, 3))
        )
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "all.yaml").write_text(BASE + entries, "utf-8")
        editor = Editor(folder)
        before = load(editor.tree()).identities
        every = sorted(granted(before))
        lost = set(random.sample(every, random.randint(1, min(6, len(every)))))
        if random.random() < 0.3:
            lost |= {one for one in every if one[0] == every[0][0]}

        assert retract(editor, before, AROUND, lost) == {}

        after = load(editor.tree()).identities
        assert granted(after) == set(every) - lost, seed
        assert editor.tree().read("all.yaml").decode().startswith(BASE.partition("assignments")[0])


def test_what_no_entry_gives_is_named(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(BASE.replace("assignments:", "assignments: {}"), "utf-8")
    editor = Editor(tmp_path)
    lost: Retraction = (IDS[0], "A", Holder(Kind.GROUP, "g"))

    why = retract(editor, load(editor.tree()).identities, AROUND, {lost})

    assert "no entry" in why[lost]
    assert not editor.changed()

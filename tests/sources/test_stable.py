"""What an import writes, whatever the directory holds: found by searching."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.files.tree import MemoryTree
from reconciler.files.writing import scalar
from reconciler.files.yaml import parse
from reconciler.loading.load import load
from reconciler.sources.entry import Entry
from reconciler.sources.mapping import outcome
from reconciler.sources.outcome import Before, Imported, Outcome
from reconciler.sources.settings import Settings
from reconciler.sources.text import MARK, files
from tests.support.directories import group, person


def test_a_large_section_is_split_further_and_stays_so() -> None:
    many = [
        Imported(f"ab{number:05}", str(number), {"title": "x" * 200, "user_name": f"u{number}"})
        for number in range(5000)
    ]
    made = files(Outcome(many, (), ()))
    assert max(len(text) for text in made.values()) < 600_000
    assert len(made) > 1
    assert all(text.startswith(MARK) for text in made.values())
    found = [key for text in made.values() for key in parse(text.encode()).value["users"]]
    assert sorted(found) == [one.key for one in many]


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1))
def test_every_text_is_one_scalar(text: str) -> None:
    parsed = parse(f"a: {scalar(text)}\nb: [{scalar(text)}]\n{scalar('k' + text)}: x\n".encode())
    if not parsed.flaws:
        assert parsed.value == {"a": text, "b": [text], "k" + text: "x"}
    else:
        assert all("invisible" in flaw.message for flaw in parsed.flaws)


NAMES = st.sampled_from(["ada", "Ada", "ADA", "bob", "a b", "no", "1e3", "é", "x: y", "Administrator"])
PEOPLE = st.lists(
    st.builds(
        lambda number, name, upn, sn, control: person(
            number,
            name,
            userPrincipalName=f"{upn.replace(' ', '')}@x.example",
            sn=sn,
            userAccountControl=control,
        ),
        st.integers(1, 6),
        NAMES,
        NAMES,
        st.sampled_from(["Test", None, "a: #b", "\x00"]),
        st.sampled_from(["512", "514", None]),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(PEOPLE, PEOPLE, st.randoms(use_true_random=False))
def test_whatever_comes_is_stable_loads_and_keeps_keys(
    first: list[Entry], second: list[Entry], order: object
) -> None:
    before = Before()
    for entries in (first, second):
        team = group(90, "team", entries)
        done = outcome([*entries, team], Settings(), before)
        keys = {one.guid: one.key for one in done.users}
        assert all(keys.get(guid, one.key) == one.key for guid, one in before.users.items())
        texts = files(done)
        load(MemoryTree("identities", {path: text.encode() for path, text in texts.items()}))
        before = Before({one.guid: one for one in done.users}, {one.guid: one for one in done.groups})
        shuffled = [*entries, team]
        order.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
        assert files(outcome(shuffled, Settings(), before)) == texts

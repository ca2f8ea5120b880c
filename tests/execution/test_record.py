"""A sandbox remembers what was applied to it, whole and in part, without any git."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import RecordError
from reconciler.execution.record import (
    Record,
    read_record,
    remember_record,
    save_end,
    save_partial,
    save_whole,
)
from reconciler.files.tree import MemoryTree, Tree
from reconciler.loading.memory import Lack, require
from reconciler.model.ledger import GivenObject, Ledger
from reconciler.model.state import Receipt, Remembered
from tests.loading.ledgers import LEDGER
from tests.loading.memories import CountingReader, remembers

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
HERE, OTHER = {"identity_store_id": "d-1"}, {"identity_store_id": "d-2"}


def files(who: str, **more: str) -> Tree:
    contents = {"who": who, **more}
    return MemoryTree("identities", {path: text.encode() for path, text in contents.items()})


def receipt(target: str = "aws", identity: Mapping[str, str] = HERE) -> Receipt:
    return Receipt(target, identity, "ab", "0.3.0", AT)


def memory(path: Path, planned: str, target: str = "aws", identity: Mapping[str, str] = HERE) -> Remembered:
    memories = remember_record(
        read_record(path), [target], CountingReader(), tree=files(planned), identity={target: identity}
    )
    require(memories)
    assert (memories[target].lack is None) == (memories[target].remembered.receipt is not None)
    return memories[target].remembered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".reconciler" / "record.json"


def test_where_there_is_no_record_nothing_is_remembered(path: Path) -> None:
    assert read_record(path) == Record()
    assert memory(path, "ada") == Remembered()


def test_a_whole_apply_is_the_base(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    found = memory(path, "bob")
    assert remembers(found) == ("ada", [])
    assert found.receipt == receipt()


def test_what_was_applied_in_part_since_is_remembered_newest_first(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    for who in ("bob", "cyd", "bob", "ada", "dee"):
        save_partial(path, "aws", HERE, files(who))
    assert remembers(memory(path, "eve")) == ("ada", ["dee", "ada", "bob", "cyd"])
    assert remembers(memory(path, "dee")) == ("ada", ["ada", "bob", "cyd"])


def test_a_first_apply_that_stopped_short_is_remembered(path: Path) -> None:
    save_partial(path, "aws", HERE, files("ada"))
    assert remembers(memory(path, "bob")) == (None, ["ada"])


def test_with_what_a_first_apply_began_is_remembered_where_it_is_the_state_under_plan(path: Path) -> None:
    save_partial(path, "aws", HERE, files("ada"))
    save_partial(path, "aws", HERE, files("bob"))
    reader = CountingReader()
    planned = reader(files("ada"))

    found = remember_record(
        read_record(path), ["aws"], reader, tree=files("ada"), identity={"aws": HERE}, planned=planned
    )["aws"]

    assert found.lack is Lack.MISSING
    assert remembers(found.remembered) == (None, ["bob", "ada"])
    assert found.remembered.since[-1].identities is planned.identities
    assert reader.reads == 2  # ada, which is planned, and bob


def test_the_next_whole_apply_ends_what_was_applied_in_part(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    save_partial(path, "aws", HERE, files("bob"))
    save_whole(path, files("cyd"), receipt())
    assert remembers(memory(path, "eve")) == ("cyd", [])
    assert "bob" not in path.read_text(encoding="utf-8")


def test_targets_do_not_share_what_was_applied(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    save_whole(path, files("bob"), receipt("chat"))
    save_partial(path, "chat", HERE, files("cyd"))
    assert remembers(memory(path, "eve")) == ("ada", [])
    assert remembers(memory(path, "eve", "chat")) == ("bob", ["cyd"])


def test_another_sandbox_starts_anew(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    assert memory(path, "eve", identity=OTHER) == Remembered()
    save_partial(path, "aws", OTHER, files("bob"))
    assert remembers(memory(path, "eve", identity=OTHER)) == (None, ["bob"])


def test_a_state_that_does_not_load_is_named(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    save_partial(path, "aws", HERE, files("!"))
    remembered = memory(path, "eve")
    assert remembered.unknown is None
    (passed,) = remembered.passed_over
    assert "does not load" in passed


def test_the_state_under_plan_is_not_read_again(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    reader = CountingReader()
    planned = reader(files("ada"))
    found = remember_record(
        read_record(path), ["aws"], reader, tree=files("ada"), identity={"aws": HERE}, planned=planned
    )["aws"].remembered
    assert found.base is not None
    assert found.base.identities is planned.identities
    assert reader.reads == 1


def test_equal_files_are_kept_once(path: Path) -> None:
    big = "x" * 10_000
    save_whole(path, files("ada", big=big), receipt())
    for who in ("bob", "cyd", "ada", "bob"):
        save_partial(path, "aws", HERE, files(who, big=big))
    assert path.read_text(encoding="utf-8").count(big) == 1
    record = read_record(path)
    assert len(record.trees) == len(record.targets["aws"].partial) == 3


def test_files_that_are_no_text_are_left_out(path: Path) -> None:
    save_whole(path, MemoryTree("identities", {"who": "ü".encode(), "picture": b"\xff\xfe"}), receipt())
    assert set(read_record(path).texts.values()) == {"ü"}


def test_the_file_is_for_its_owner_alone_and_nothing_else_is_left_beside_it(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    save_partial(path, "aws", HERE, files("bob"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_equal_records_are_equal_bytes(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    save_whole(path, files("ada", more="x"), receipt())
    save_partial(path, "chat", HERE, files("bob"))
    save_partial(again, "chat", HERE, files("bob"))
    save_whole(again, MemoryTree("elsewhere", {"more": b"x", "who": b"ada"}), receipt())
    assert path.read_bytes() == again.read_bytes()


def test_what_a_later_version_adds_is_ignored(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    content = json.loads(path.read_text(encoding="utf-8"))
    content["colour"] = content["targets"]["aws"]["colour"] = "blue"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert remembers(memory(path, "bob")) == ("ada", [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"version": 2', '"version": 3', id="another version"),
        pytest.param("{", "", id="no JSON"),
        pytest.param('"texts"', '"tests"', id="a text that is not there"),
        pytest.param('"trees"', '"threes"', id="a tree that is not there"),
        pytest.param('"partial": []', '"partial": "x"', id="a wrong type"),
        pytest.param("reconciler receipt 2", "receipt", id="no receipt"),
    ],
)
def test_a_damaged_record_is_an_error_that_says_what_to_do(path: Path, old: str, new: str) -> None:
    save_whole(path, files("ada"), receipt())
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RecordError, match="is damaged, or was written by another version; delete it"):
        read_record(path)


def test_a_record_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RecordError, match="cannot be"):
        save_partial(tmp_path / "file" / "record.json", "aws", HERE, files("ada"))


@given(
    applies=st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=8),
    planned=st.sampled_from("abcde"),
)
def test_the_record_equals_a_naive_memory(
    tmp_path_factory: pytest.TempPathFactory, applies: list[tuple[str, bool]], planned: str
) -> None:
    path = tmp_path_factory.mktemp("record") / "record.json"
    base: str | None = None
    since: list[str] = []
    for who, whole in applies:
        if whole:
            save_whole(path, files(who), receipt())
            base, since = who, []
        else:
            save_partial(path, "aws", HERE, files(who))
            since = [who, *since]
    expected = [who for who in dict.fromkeys(since) if base is None or who != planned]
    assert remembers(memory(path, planned)) == (base, expected)


# --- what git gave, by remote ids ---------------------------------------------------------------------------

DEE = Ledger(users={"+dee": GivenObject("dee", "dee@example.com", sure=False)})


def test_what_git_gave_is_kept_with_what_a_killed_run_may_have_given(path: Path) -> None:
    save_partial(path, "aws", HERE, files("ada"), run="one", intents=LEDGER)
    assert memory(path, "ada").ledger is not None, "nothing was applied before, so nothing else is git's"
    save_end(path, files("ada"), receipt(), whole=True, ledger=LEDGER, run="one")
    assert memory(path, "ada").ledger == LEDGER
    save_partial(path, "aws", HERE, files("bob"), run="two", intents=DEE)
    for run in ("three", "four"):
        save_partial(path, "aws", HERE, files("cyd"), run=run, intents=Ledger())
        save_end(path, files("cyd"), receipt(), whole=True, ledger=LEDGER, run=run)
        ledger = memory(path, "ada").ledger
        assert ledger is not None
        assert ledger.users == {**LEDGER.users, **DEE.users}
    save_end(path, files("cyd"), receipt(), whole=False, ledger=Ledger(), run="two")
    assert memory(path, "ada").ledger == Ledger()


def test_an_apply_that_was_not_whole_keeps_its_files_and_its_ledger(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    assert memory(path, "bob").ledger is None
    save_partial(path, "aws", HERE, files("cyd"), run="one", intents=Ledger())
    assert memory(path, "bob").ledger is None
    save_end(path, files("cyd"), receipt(), whole=False, ledger=LEDGER, run="one")
    found = memory(path, "bob")
    assert (remembers(found), found.ledger) == (("ada", ["cyd"]), LEDGER)


def test_a_record_of_the_version_before_is_read(path: Path) -> None:
    save_whole(path, files("ada"), receipt())
    content = json.loads(path.read_text(encoding="utf-8"))
    content["version"] = 1
    for kept in content["targets"].values():
        del kept["ledger"], kept["marks"]
        kept["receipt"] = kept["receipt"].replace("receipt 2", "receipt 1")
    path.write_text(json.dumps(content), encoding="utf-8")
    found = memory(path, "bob")
    assert (remembers(found), found.ledger) == (("ada", []), None)
    save_partial(path, "aws", HERE, files("cyd"))
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == 2


@pytest.mark.parametrize("part", ["ledger", "mark"])
def test_a_ledger_that_was_edited_is_an_error(path: Path, part: str) -> None:
    save_partial(path, "aws", HERE, files("ada"), run="one", intents=LEDGER)
    if part == "ledger":
        save_end(path, files("ada"), receipt(), whole=True, ledger=LEDGER, run="one")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("key=ada", "key=eve"), encoding="utf-8")
    with pytest.raises(RecordError, match="is damaged"):
        read_record(path)


def test_what_two_runs_gave_is_kept_whichever_ends_last(path: Path) -> None:
    """Both began with the same ledger; the second one restored what the first one let go of."""
    began = Ledger(members={"g": frozenset({"ada", "bob"})})
    save_end(path, files("ada"), receipt(), whole=True, ledger=began)
    for run, users in (("one", {"cyd"}), ("two", {"ada", "dan"})):
        save_partial(
            path, "aws", HERE, files("ada"), run=run, intents=Ledger(members={"g": frozenset(users)})
        )
    one, two = (Ledger(members={"g": frozenset(found)}) for found in ({"cyd"}, {"ada", "bob", "dan"}))
    save_end(path, files("ada"), receipt(), whole=True, ledger=one, judged=began, run="one")
    save_end(path, files("ada"), receipt(), whole=True, ledger=two, judged=began, run="two")
    found = memory(path, "ada").ledger
    assert found is not None
    assert found.members["g"] >= {"ada", "cyd", "dan"}
    assert "bob" not in found.members["g"]
    save_partial(path, "aws", HERE, files("ada"), run="three", intents=Ledger())
    save_end(path, files("ada"), receipt(), whole=True, ledger=Ledger(), judged=found, run="three")
    assert memory(path, "ada").ledger == Ledger()

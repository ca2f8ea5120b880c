"""Receipts of applies that end alone, together, without a network or not at all, and what they remember."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.errors import RecordError
from reconciler.execution.folding import fold_marks
from reconciler.execution.marking import Opened, check_newest, drop_mark, never_applied, open_mark
from reconciler.execution.receipt import End, record_apply, record_begin
from reconciler.files.git import Repository
from reconciler.files.git_objects import local_refs
from reconciler.loading.chain import BELOW, Chain, Unusable, chain_name, read_chain
from reconciler.loading.marks import Mark, mark_name
from reconciler.loading.receipt import CHAIN, receipt_lines, tag_name
from reconciler.model.ledger import GivenObject, Ledger
from reconciler.model.state import Receipt
from tests.repositories import Work

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
RECEIPT = Receipt("aws", {"identity_store_id": "d-1"}, "ab" * 32, "0.4.0", AT)
USERS = {name: GivenObject(name) for name in ("ada", "bob", "cyd", "dan", "eve")}


def given(*members: str) -> Ledger:
    """A group `ops` with these members."""
    return Ledger(
        users={name: USERS[name] for name in members},
        groups={"ops": GivenObject("ops")},
        members={"ops": frozenset(members)},
    )


class Clone:
    """A clone, with the runs that begin and end in it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        git_dir = work.root if (work.root / "HEAD").exists() else work.root / ".git"
        self.repository = Repository(work.root, "identities", git_dir)

    @property
    def chain(self) -> Chain:
        return read_chain(self.repository, "aws")

    def refs(self) -> set[str]:
        return {ref.removeprefix(BELOW) for ref in local_refs(self.repository.git, BELOW)}

    def fetch(self) -> None:
        self.work.git("fetch", "-q", "origin", "--tags", "--force")

    def begin(self, run: str, intents: Ledger, *, push: bool = True) -> Opened:
        head = self.repository.head() or ""
        chain = self.chain
        fresh = never_applied(self.repository, "aws", chain)
        record_begin(self.repository, ["aws"], head, AT, push=push)
        mark = Mark("aws", run, head, "sha256:ab", AT, host="h", holder="ann", tool_version="0.4.0")
        first = replace(RECEIPT, digest="first") if fresh else None
        return open_mark(self.repository, mark, intents, chain, push=push, first=first)

    def end(
        self, opened: Opened, ledger: Ledger, *, whole: bool = True, push: bool = True, minutes: int = 1
    ) -> list[str]:
        receipt = replace(RECEIPT, commit=self.repository.head() or "", at=AT + timedelta(minutes=minutes))
        end = End(receipt, whole=whole, ledger=ledger, chain=opened.chain, opened=opened)
        return [str(problem) for problem in record_apply(self.repository, [end], push=push)]

    def apply(self, run: str, ledger: Ledger, *, whole: bool = True, push: bool = True) -> list[str]:
        return self.end(self.begin(run, ledger, push=push), ledger, whole=whole, push=push)

    def remembers(self) -> set[str]:
        ledger = self.chain.ledger
        assert ledger is not None
        return set(ledger.members.get("ops", ()))

    def receipts(self) -> int:
        return len(self.work.git("rev-list", f"refs/tags/{chain_name('aws')}").split())


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    bare = Work(tmp_path / "origin.git", monkeypatch, start=False)
    bare.root.mkdir()
    bare.git("init", "-q", "--bare", "-b", "main")
    seed = Work(tmp_path / "seed", monkeypatch)
    seed.commit({"identities/a.yaml": "a"})
    seed.git("push", "-q", str(bare.root), "main")
    return Clone(bare)


@pytest.fixture
def clones(origin: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Clone, Clone]:
    """Two clones after one whole apply, which gave ada and bob."""
    one = Clone(origin.work.clone(tmp_path / "one", monkeypatch))
    assert one.apply("run-0", given("ada", "bob")) == []
    return one, Clone(origin.work.clone(tmp_path / "two", monkeypatch))


def away(origin: Clone) -> Path:
    """The remote is out of reach."""
    return Path(shutil.move(origin.work.root, origin.work.root.with_name("away.git")))


def back(origin: Clone) -> None:
    shutil.move(origin.work.root.with_name("away.git"), origin.work.root)


def test_an_apply_leaves_a_receipt_a_tag_that_names_it_and_no_mark(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    one, two = clones
    refs = {"applied/aws", "begun/aws", "receipts/aws"}
    assert one.refs() == two.refs() == refs
    assert two.remembers() == {"ada", "bob"}
    assert (one.chain, two.chain) == (one.chain, one.chain)
    tag = two.repository.tag(tag_name("aws"))
    assert tag is not None
    assert receipt_lines(tag.message)[CHAIN] == two.chain.head
    link = two.chain.link
    assert link is not None
    assert (link.receipt.commit, link.receipt.applied, link.closes) == (tag.commit, "", ("run-0",))
    origin.work.git("fsck", "--strict")
    one.work.git("fsck", "--strict")


def test_a_chain_survives_garbage_collection_and_comes_with_a_fetch_of_tags(
    origin: Clone, clones: tuple[Clone, Clone], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = clones
    one.apply("run-1", given("ada", "bob", "cyd"))
    for place in (origin, one):
        place.work.git("gc", "-q", "--prune=now")
    two.fetch()
    assert two.remembers() == one.remembers() == {"ada", "bob", "cyd"}
    shallow = Clone(origin.work.clone(tmp_path / "shallow", monkeypatch, ["--depth=1"]))
    assert shallow.chain.head is None
    shallow.work.git("fetch", "-q", "--depth=1", "origin", "--tags", "--force")
    assert shallow.remembers() == {"ada", "bob", "cyd"}


def test_a_mark_is_everywhere_before_the_first_write_and_gone_at_the_end(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    one, two = clones
    opened = one.begin("run-1", given("dan"))
    two.fetch()
    assert "marks/aws/run-1" in origin.refs()
    assert one.remembers() == two.remembers() == {"ada", "bob", "dan"}
    ledger = two.chain.ledger
    assert ledger is not None
    assert ledger.unsure == {"ops": frozenset({"dan"})}
    mark = two.chain.marks[0].mark
    assert (mark.run, mark.host, mark.holder, mark.commit, mark.published) == (
        "run-1",
        "h",
        "ann",
        one.repository.head(),
        True,
    )

    assert one.end(opened, given("ada", "bob", "dan")) == []

    assert "marks/aws/run-1" not in origin.refs() | one.refs()
    two.fetch()
    assert "marks/aws/run-1" in two.refs(), "no fetch deletes a tag"
    assert two.chain.marks == (), "but its receipt is there"
    assert two.remembers() == {"ada", "bob", "dan"}


def test_nothing_is_recorded_where_nothing_changed(origin: Clone, clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    before = one.receipts()
    for number in range(3):
        assert one.apply(f"run-{number + 1}", given("ada", "bob")) == []
    assert one.receipts() == origin.receipts() == before
    assert origin.refs() == {"applied/aws", "begun/aws", "receipts/aws"}
    one.apply("run-9", given("ada"))
    assert origin.receipts() == before + 1


def test_an_apply_that_was_not_whole_leaves_a_receipt_and_not_the_tag(clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    whole = one.repository.head()
    partial = one.work.commit({"identities/a.yaml": "b"})
    one.apply("run-1", given("ada", "bob", "cyd"), whole=False)
    tag, link = one.repository.tag(tag_name("aws")), one.chain.link
    assert tag is not None
    assert link is not None
    assert tag.commit == link.receipt.commit == whole
    assert link.receipt.applied == partial
    assert one.remembers() == {"ada", "bob", "cyd"}


# --- runs that end at the same time, out of order, or not at all ---------------------------------------


def test_two_runs_that_end_at_once_are_both_remembered(origin: Clone, clones: tuple[Clone, Clone]) -> None:
    one, two = clones
    first, second = one.begin("run-1", given("cyd")), two.begin("run-2", given("dan"))
    assert one.end(first, given("ada", "cyd")) == []
    assert two.end(second, given("ada", "bob", "dan"), minutes=2) == []
    assert origin.chain.marks == ()
    # The first one took bob away, and the second one did not give bob.
    assert origin.remembers() == two.remembers() == {"ada", "cyd", "dan"}
    parents = two.work.git("rev-parse", f"{two.chain.head}^1", f"{two.chain.head}^2").split()
    assert len(parents) == 2
    one.fetch()
    assert one.chain.head == parents[0] or one.chain.head == two.chain.head
    assert one.remembers() == {"ada", "cyd", "dan"}


def test_what_a_late_run_restored_is_remembered_although_another_let_go_of_it(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    """Bob was known and taken out by hand; B is about to restore him when A applies that git drops him."""
    one, two = clones
    asleep = two.begin("run-b", given("bob"))
    one.apply("run-a", given("ada"))
    assert two.end(asleep, given("ada", "bob"), minutes=2) == []
    assert origin.remembers() == {"ada", "bob"}


def test_one_that_wakes_up_after_a_newer_whole_apply_is_taken_back_by_the_next_plan(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    """Clone B gives dan by an old commit; A applies the revert whole while B sleeps after its mark."""
    one, two = clones
    asleep = two.begin("run-b", given("dan"))
    one.work.commit({"identities/a.yaml": "reverted"})
    one.work.git("push", "-q", "origin", "main")
    one.fetch()
    one.apply("run-a", given("ada", "bob"))
    assert one.remembers() == {"ada", "bob", "dan"}, "no whole apply discards the mark of another run"
    assert "marks/aws/run-b" in origin.refs()

    problems = two.end(asleep, given("ada", "bob", "dan"), minutes=5)

    assert len(problems) == 1
    assert "the tag reconciler/applied/aws could not be moved: it is on" in problems[0]
    assert origin.chain.marks == ()
    assert origin.remembers() == {"ada", "bob", "dan"}
    one.fetch()
    link = one.chain.link
    assert link is not None
    assert link.receipt.commit == one.repository.head(), "the last whole apply is still A's"


@pytest.mark.parametrize("wrote", [False, True], ids=["before its first write", "before its receipt"])
def test_a_run_that_was_killed_is_remembered_by_its_mark(
    origin: Clone, clones: tuple[Clone, Clone], *, wrote: bool
) -> None:
    one, two = clones
    one.begin("run-1", given("dan"))
    two.fetch()
    for number in range(2):
        two.apply(f"run-{number + 2}", given("ada", "bob", *(["dan"] if wrote else [])))
    assert two.remembers() == {"ada", "bob", "dan"}
    assert [one.mark.run for one in origin.chain.marks] == ["run-1"]


def test_a_first_apply_that_was_killed_is_remembered_by_its_mark(
    origin: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Clone(origin.work.clone(tmp_path / "one", monkeypatch))
    one.begin("run-0", given("ada"))
    two = Clone(origin.work.clone(tmp_path / "two", monkeypatch))
    assert two.chain.link is not None
    assert two.chain.link.ledger == Ledger()
    assert two.remembers() == {"ada"}


def test_a_lost_push_leaves_the_mark_at_the_remote_and_the_next_apply_makes_it_good(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    one, two = clones
    opened = one.begin("run-1", given("dan"))
    away(origin)
    (problem,) = one.end(opened, given("ada", "dan"))
    assert "aws was applied and that is recorded here, but it could not be pushed to origin" in problem
    assert one.remembers() == {"ada", "dan"}
    back(origin)
    two.fetch()
    assert two.remembers() == {"ada", "bob", "dan"}

    assert check_newest(one.repository, {"aws": one.chain})["aws"] == one.chain
    assert one.apply("run-2", given("ada", "dan")) == []

    assert origin.chain.marks == ()
    assert origin.remembers() == {"ada", "dan"}
    two.fetch()
    assert two.remembers() == {"ada", "dan"}


def test_a_lost_push_is_merged_with_what_was_applied_from_elsewhere_since(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    one, two = clones
    opened = one.begin("run-1", given("dan"))
    away(origin)
    one.end(opened, given("ada", "bob", "dan"))
    back(origin)
    two.fetch()
    two.apply("run-2", given("ada", "bob", "eve"))
    with pytest.raises(RecordError, match="origin has a newer receipt"):
        check_newest(one.repository, {"aws": one.chain})
    assert one.apply("run-3", given("ada", "bob", "dan", "cyd")) == []
    assert origin.chain.marks == ()
    assert origin.remembers() == {"ada", "bob", "cyd", "dan", "eve"}


def test_a_run_that_could_not_be_marked_leaves_nothing(origin: Clone, clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    before = one.refs()
    away(origin)
    with pytest.raises(
        RecordError, match=r"(?s)could not be pushed to origin.*nothing was written.*--unpublished"
    ):
        one.begin("run-1", given("dan"))
    back(origin)
    assert one.refs() == origin.refs() == before


def test_a_mark_of_a_run_that_wrote_nothing_is_taken_back(origin: Clone, clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    before = one.refs()
    drop_mark(one.repository, one.begin("run-1", given("dan")), push=True)
    assert one.refs() == origin.refs() == before


def test_unpublished_stays_here_and_is_published_with_the_next_apply(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    one, two = clones
    before = origin.chain.head
    assert one.apply("run-1", given("ada", "dan"), push=False) == []
    assert (origin.chain.head, origin.refs()) == (before, two.refs())
    assert one.remembers() == {"ada", "dan"}
    assert one.apply("run-2", given("ada", "dan")) == []
    assert origin.remembers() == {"ada", "dan"}


def test_marks_are_closed_by_a_receipt_that_takes_over_what_they_say(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    one, two = clones
    one.begin("run-1", given("dan"))
    one.begin("run-2", given("eve"), push=False)
    two.fetch()
    with pytest.raises(RecordError, match="no open mark of the run run-2"):
        fold_marks(two.repository, "aws", two.chain, ["run-1", "run-2"], AT, push=True)

    fold_marks(one.repository, "aws", one.chain, ["run-1", "run-2"], AT, push=True)

    assert origin.refs() == one.refs() == {"applied/aws", "begun/aws", "receipts/aws"}
    assert origin.remembers() == {"ada", "bob", "dan", "eve"}
    ledger = origin.chain.ledger
    assert ledger is not None
    assert ledger.unsure == {"ops": frozenset({"dan", "eve"})}
    two.fetch()
    assert two.chain.marks == ()
    with pytest.raises(RecordError):
        fold_marks(two.repository, "aws", two.chain, ["run-1"], AT, push=True)


# --- what this clone must know before it plans --------------------------------------------------------


def test_a_newer_receipt_at_the_remote_is_to_be_fetched_first(clones: tuple[Clone, Clone]) -> None:
    one, two = clones
    one.apply("run-1", given("ada"))
    with pytest.raises(RecordError, match="run `git fetch origin --tags --force` and try again"):
        check_newest(two.repository, {"aws": two.chain})
    two.fetch()
    check_newest(two.repository, {"aws": two.chain, "chat": read_chain(two.repository, "chat")})


def test_an_open_mark_at_the_remote_is_to_be_fetched_first(clones: tuple[Clone, Clone]) -> None:
    one, two = clones
    opened = one.begin("run-1", given("dan"))
    with pytest.raises(RecordError, match="has the tag reconciler/marks/aws/run-1, and this clone has not"):
        check_newest(two.repository, {"aws": two.chain})
    two.fetch()
    assert check_newest(two.repository, {"aws": two.chain})["aws"].marks == two.chain.marks != ()
    # It ends without a receipt, and no fetch deletes a tag.
    drop_mark(one.repository, opened, push=True)
    two.fetch()
    assert two.chain.marks != ()
    assert check_newest(two.repository, {"aws": two.chain})["aws"].marks == ()


def test_a_mark_that_was_never_published_stays_open(clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    one.begin("run-1", given("dan"), push=False)
    assert check_newest(one.repository, {"aws": one.chain})["aws"].marks == one.chain.marks != ()


# --- what must not be taken for a smaller ledger ------------------------------------------------------


def edited(clone: Clone, ref: str, file: str, edit: Iterable[tuple[str, str]]) -> None:
    """Somebody commits another version of a file of a receipt or a mark, and moves the tag to it."""
    work, name = clone.work, f"refs/tags/reconciler/{ref}"
    work.git("worktree", "add", "-q", "--detach", str(work.root.parent / "hands"), name)
    hands = work.root.parent / "hands"
    text = (hands / file).read_text(encoding="utf-8")
    for old, new in edit:
        assert old in text
        text = text.replace(old, new)
    (hands / file).write_text(text, encoding="utf-8")
    work.git("-C", str(hands), "commit", "-q", "-am", "by hand")
    work.git("update-ref", name, work.git("-C", str(hands), "rev-parse", "HEAD"))


def test_a_receipt_whose_files_were_edited_is_damaged(clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    edited(one, "receipts/aws", "users/all", [("bob key=bob\n", "")])
    assert (one.chain.link, one.chain.ledger) == (None, None)
    assert "is damaged: its files are not those that were written" in str(one.chain.fault)


def test_a_receipt_of_a_later_version_is_refused(clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    edited(one, "receipts/aws", "receipt", [("reconciler receipt 2", "reconciler receipt 3")])
    with pytest.raises(Unusable, match="format 3, and this version of the reconciler knows 2"):
        read_chain(one.repository, "aws")


@pytest.mark.parametrize(
    ("file", "edit", "message"),
    [
        ("mark", ("reconciler mark 1", "reconciler mark 2"), "format 2"),
        ("mark", ("run: run-1", "run: run-2"), "it is of the run run-2"),
        ("users/all", ("dan key=dan", "eve key=eve"), "not those that were written"),
    ],
)
def test_a_mark_that_cannot_be_read_is_never_passed_over(
    clones: tuple[Clone, Clone], file: str, edit: tuple[str, str], message: str
) -> None:
    one, _ = clones
    one.begin("run-1", given("dan"))
    edited(one, "marks/aws/run-1", file, [edit])
    with pytest.raises(Unusable, match=message):
        read_chain(one.repository, "aws")


def test_a_receipt_that_cannot_be_read_at_the_remote_is_not_overwritten(
    origin: Clone, clones: tuple[Clone, Clone]
) -> None:
    one, two = clones
    opened = two.begin("run-2", given("dan"))
    one.apply("run-1", given("ada"))
    edited(one, "receipts/aws", "receipt", [("reconciler receipt 2", "reconciler receipt 3")])
    one.work.git("push", "-q", "-f", "origin", f"refs/tags/{chain_name('aws')}")
    (problem,) = two.end(opened, given("ada", "bob", "dan"))
    assert "format 3" in problem
    assert mark_name("aws", "run-2").removeprefix("reconciler/") in origin.refs()
    assert two.remembers() == {"ada", "bob", "dan"}

"""After a whole apply the tag says so, here and at the remote; and where it cannot, people hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import Problem, RecordError
from reconciler.execution.receipt import End, record_apply, record_begin, record_used, used_digests
from reconciler.files.git import Repository
from reconciler.loading.receipt import begun_name, parse_receipt, tag_name
from reconciler.model.state import Receipt
from tests.repositories import Work

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
RECEIPT = Receipt("aws", {"identity_store_id": "d-1"}, "ab" * 32, "0.3.0", AT)


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "origin", monkeypatch)
    made.commit({"identities/a.yaml": "a"})
    return made


@pytest.fixture
def work(origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    return origin.clone(tmp_path / "work", monkeypatch)


def repository(work: Work) -> Repository:
    found = Repository.of(work.root)
    assert found is not None
    return found


def record_whole_apply(
    repository: Repository, receipts: Sequence[Receipt], *, push: bool
) -> tuple[Problem, ...]:
    """Applies whose ledger is not known, as those of a planning that keeps none."""
    return record_apply(repository, [End(receipt, whole=True) for receipt in receipts], push=push)


def read_back(work: Work, target: str = "aws") -> Receipt | None:
    tag = repository(work).tag(tag_name(target))
    return None if tag is None else parse_receipt(tag.message, tag.commit)


def test_a_whole_apply_is_remembered_here_alone_without_push(origin: Work, work: Work) -> None:
    receipt = replace(RECEIPT, commit=work.git("rev-parse", "HEAD"))
    assert record_whole_apply(repository(work), [receipt], push=False) == ()
    assert read_back(work) == receipt
    assert read_back(origin) is None


def test_a_whole_apply_is_remembered_everywhere_with_push(origin: Work, work: Work) -> None:
    first = replace(RECEIPT, commit=work.git("rev-parse", "HEAD"))
    chat = replace(first, target="chat")
    assert record_whole_apply(repository(work), [first, chat], push=True) == ()
    second = replace(RECEIPT, commit=work.commit({"identities/a.yaml": "b"}))
    assert record_whole_apply(repository(work), [second], push=True) == ()
    assert [read_back(place) for place in (work, origin)] == [second, second]
    assert [read_back(place, "chat") for place in (work, origin)] == [chat, chat]


def test_the_commit_that_was_applied_is_tagged_and_not_what_head_is_by_now(work: Work) -> None:
    receipt = replace(RECEIPT, commit=work.git("rev-parse", "HEAD"))
    work.commit({"identities/a.yaml": "b"})
    assert record_whole_apply(repository(work), [receipt], push=False) == ()
    assert read_back(work) == receipt


def test_applying_the_same_commit_again_renews_the_receipt(origin: Work, work: Work) -> None:
    receipt = replace(RECEIPT, commit=work.git("rev-parse", "HEAD"))
    again = replace(receipt, digest="cd" * 32)
    for one in (receipt, again):
        assert record_whole_apply(repository(work), [one], push=True) == ()
    assert [read_back(place) for place in (work, origin)] == [again, again]


def test_a_failed_push_is_said_and_leaves_the_local_tag(origin: Work, work: Work, tmp_path: Path) -> None:
    work.git("remote", "set-url", "origin", f"file://{tmp_path}/gone")
    receipt = replace(RECEIPT, commit=work.git("rev-parse", "HEAD"))
    (problem,) = record_whole_apply(repository(work), [receipt], push=True)
    assert "aws was applied and that is recorded here, but it could not be pushed to origin" in str(problem)
    assert read_back(work) == receipt
    assert read_back(origin) is None


def test_a_tag_that_moved_on_meanwhile_is_not_moved_back(work: Work) -> None:
    older = replace(RECEIPT, commit=work.git("rev-parse", "HEAD"))
    newer = replace(RECEIPT, commit=work.commit({"identities/a.yaml": "b"}))
    record_whole_apply(repository(work), [newer], push=False)
    (problem,) = record_whole_apply(repository(work), [older], push=True)
    assert "the tag reconciler/applied/aws could not be moved: it is on" in problem.message
    assert read_back(work) == newer


def test_one_target_that_cannot_be_recorded_does_not_keep_the_others_from_it(work: Work) -> None:
    commit = work.git("rev-parse", "HEAD")
    broken = replace(RECEIPT, commit=commit, identity={"store": "a\nb"})
    chat = replace(RECEIPT, commit=commit, target="chat")
    (problem,) = record_whole_apply(repository(work), [broken, chat], push=False)
    assert problem.message.startswith("aws was applied, but the tag")
    assert read_back(work) is None
    assert read_back(work, "chat") == chat


def test_a_first_apply_says_where_it_began_before_it_writes_and_only_once(origin: Work, work: Work) -> None:
    here = repository(work)
    first = work.git("rev-parse", "HEAD").strip()
    record_begin(here, ["aws"], first, AT, push=True)
    later = work.commit({"identities/a.yaml": "b"})
    record_begin(here, ["aws"], later, AT, push=False)

    begun = here.tag(begun_name("aws"))
    assert begun is not None
    assert begun.commit == first
    there = repository(origin).tag(begun_name("aws"))
    assert there is not None
    assert there.commit == first


def test_a_target_that_was_applied_whole_begins_no_more(work: Work) -> None:
    here = repository(work)
    commit = work.git("rev-parse", "HEAD").strip()
    record_whole_apply(here, [replace(RECEIPT, commit=commit)], push=False)

    record_begin(here, ["aws"], commit, AT, push=False)

    assert here.tag(begun_name("aws")) is None


# --- approved digests, which are spent once ---------------------------------------------------------------

ONE, TWO = (f"sha256:{each * 64}" for each in "12")


@pytest.fixture
def clones(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, whole: bool
) -> tuple[Repository, Repository]:
    """Two clones that know of the same apply: a whole one, or one that only began."""
    first = repository(origin.clone(tmp_path / "first", monkeypatch))
    head = first.head() or ""
    if whole:
        assert record_whole_apply(first, [replace(RECEIPT, commit=head)], push=True) == ()
    else:
        record_begin(first, ["aws"], head, AT, push=True)
    return first, repository(origin.clone(tmp_path / "second", monkeypatch))


begun_or_whole = pytest.mark.parametrize("whole", [False, True], ids=["begun", "whole"])


@begun_or_whole
def test_what_was_spent_and_pushed_is_known_wherever_the_remote_is_asked(
    clones: tuple[Repository, Repository],
) -> None:
    first, second = clones
    record_used(first, "aws", [ONE], AT, push=True)

    assert used_digests(second, "aws") == ()
    assert used_digests(second, "aws", "origin") == (ONE,)


@begun_or_whole
def test_what_was_spent_and_not_pushed_is_known_here_alone(clones: tuple[Repository, Repository]) -> None:
    first, second = clones
    record_used(first, "aws", [ONE], AT, push=False)

    assert used_digests(first, "aws") == (ONE,)
    assert used_digests(second, "aws", "origin") == ()


@begun_or_whole
def test_of_two_applies_at_once_one_spends_a_digest(clones: tuple[Repository, Repository]) -> None:
    """Both have asked before either has noted."""
    first, second = clones
    record_used(first, "aws", [ONE], AT, push=True)

    with pytest.raises(RecordError, match=f"{ONE} was used by another apply at the same time"):
        record_used(second, "aws", [ONE], AT, push=True)


@begun_or_whole
def test_a_note_takes_none_of_another_clone_away(clones: tuple[Repository, Repository]) -> None:
    first, second = clones
    record_used(first, "aws", [ONE], AT, push=True)
    record_used(second, "aws", [TWO], AT, push=True)

    assert used_digests(first, "aws", "origin") == used_digests(second, "aws") == (ONE, TWO)


@begun_or_whole
def test_a_whole_apply_from_elsewhere_takes_no_note_away(clones: tuple[Repository, Repository]) -> None:
    first, second = clones
    record_used(first, "aws", [ONE], AT, push=True)
    receipt = replace(RECEIPT, commit=second.head() or "", used=used_digests(second, "aws"))

    assert record_whole_apply(second, [receipt], push=True) == ()

    assert used_digests(first, "aws", "origin") == (ONE,)


def test_a_first_apply_that_the_remote_knows_of_is_not_begun_again(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (repository(origin.clone(tmp_path / name, monkeypatch)) for name in ("one", "other"))
    record_begin(first, ["aws"], first.head() or "", AT, push=True)

    with pytest.raises(RecordError, match="origin has the tag reconciler/begun/aws, and this clone has not"):
        record_begin(second, ["chat", "aws"], second.head() or "", AT, push=True)

    assert second.tag(begun_name("aws")) is None

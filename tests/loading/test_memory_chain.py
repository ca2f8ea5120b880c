"""What receipts by remote ids add to the memory of commits, and what is said where they cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import RecordError
from reconciler.files.git import Repository, short
from reconciler.files.git_objects import Move, local_refs, move_refs, write_commit
from reconciler.loading.chain import TAGS, chain_name, link_files, mark_files
from reconciler.loading.forgotten import forgotten_targets
from reconciler.loading.marks import Mark, mark_name
from reconciler.loading.memory import Lack, require
from reconciler.loading.receipt import CHAIN, render_receipt, tag_name
from reconciler.model.ledger import Ledger
from reconciler.model.state import Receipt
from tests.loading.ledgers import LEDGER
from tests.loading.memories import AT, IDENTITY, memory_of, remembers
from tests.repositories import Work

pytestmark = pytest.mark.slow

WHO = "identities/who"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(tmp_path / "work", monkeypatch)


def repository(work: Work) -> Repository:
    return Repository(work.root, "identities")


def applied(work: Work, commit: str, ledger: Ledger = LEDGER, *, whole: bool = True, **more: str) -> str:
    """An apply of a commit with its receipt, as `record_apply` leaves it; returns the receipt's id."""
    here = repository(work)
    before = local_refs(here.git, TAGS).get(f"{TAGS}{chain_name('aws')}")
    receipt = Receipt("aws", {**IDENTITY, **more}, "d", "1", AT, commit if whole else "", applied=commit)
    head = write_commit(here.git, link_files(receipt, ledger), [before] if before else [], "applied", AT)
    move_refs(here.git, [Move(f"{TAGS}{chain_name('aws')}", before, head)])
    if whole:
        here.move_tag(tag_name("aws"), commit, render_receipt(receipt, {CHAIN: head}), AT)
    return head


def test_what_git_gave_is_known_by_remote_ids(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}))
    memory = memory_of(work)
    assert memory.remembered.ledger == LEDGER
    assert (memory.lack, memory.gap, remembers(memory.remembered)) == (None, None, ("ada", []))


def test_a_commit_that_does_not_load_is_passed_over_where_receipts_tell(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}))
    broken = work.commit({WHO: "!"})
    work.commit({WHO: "bob"})
    remembered = memory_of(work).remembered
    assert (remembered.unknown, remembers(remembered)) == (None, ("ada", []))
    assert remembered.passed_over == (
        f"{short(broken)} does not load: identities at {short(broken)}: this is no name",
    )
    assert remembered.ledger == LEDGER


def test_the_commit_of_an_open_mark_counts_wherever_it_is(work: Work) -> None:
    old = work.commit({WHO: "dan"})
    applied(work, work.commit({WHO: "ada"}))
    here = repository(work)
    mark = Mark("aws", "run-1", old, "d", AT)
    commit = write_commit(here.git, mark_files(mark, Ledger(users=LEDGER.users)), [], "begins", AT)
    move_refs(here.git, [Move(f"{TAGS}{mark_name('aws', 'run-1')}", None, commit)])
    memory = memory_of(work)
    assert remembers(memory.remembered) == ("ada", ["dan"])
    assert memory.remembered.ledger == LEDGER
    assert [one.mark.run for one in memory.chain.marks] == ["run-1"]


def test_what_a_partial_apply_learned_counts_before_the_first_whole_one(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}), whole=False)
    memory = memory_of(work)
    assert (memory.lack, memory.remembered.ledger) == (Lack.MISSING, LEDGER)
    require({"aws": memory}, first_apply=True)


def test_the_last_receipt_says_which_commit_was_applied_last(work: Work) -> None:
    whole = work.commit({WHO: "ada"})
    applied(work, whole)
    partial = work.commit({WHO: "ada bob"})
    applied(work, partial, replace(LEDGER, members={}, unsure={}), whole=False)
    memory = memory_of(work)
    assert memory.remembered.receipt is not None
    assert (memory.remembered.receipt.commit, memory.remembered.receipt.applied) == (whole, partial)
    assert memory.remembered.ledger == replace(LEDGER, members={}, unsure={})


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        pytest.param("gone", "reconciler/receipts/aws is missing", id="the chain is lost"),
        pytest.param("older", "by a version that kept no receipts", id="a receipt of an older version"),
    ],
)
def test_where_receipts_do_not_tell_the_files_answer_and_that_is_said(
    work: Work, harm: str, message: str
) -> None:
    base = work.commit({WHO: "ada bob"})
    applied(work, base)
    work.git("update-ref", "-d", f"refs/tags/{chain_name('aws')}")
    if harm == "older":
        text = render_receipt(Receipt("aws", IDENTITY, "d", "1", AT)).replace("receipt 2", "receipt 1")
        repository(work).move_tag(tag_name("aws"), base, text, AT)
    memory = memory_of(work)
    assert memory.gap is not None
    assert message in memory.gap.message
    assert "the files of commits answer instead" in memory.gap.message
    assert (memory.remembered.ledger, remembers(memory.remembered)) == (None, ("ada bob", []))
    require({"aws": memory})


def test_receipts_of_another_instance_stop_an_apply(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}), identity_store_id="d-2")
    memory = memory_of(work)
    assert memory.lack is Lack.FOREIGN
    with pytest.raises(RecordError, match="identity_store_id is d-2, here it is d-1"):
        require({"aws": memory}, first_apply=True)


def test_a_clone_that_lacks_objects_of_a_receipt_stops_an_apply(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.git("config", "uploadpack.allowFilter", "true")
    applied(work, work.commit({WHO: "ada"}))
    clone = work.clone(tmp_path / "clone", monkeypatch, ["--filter=blob:none"])
    memory = memory_of(clone)
    assert memory.lack is Lack.INCOMPLETE
    assert "git fetch --refetch --no-filter origin" in str(memory.problem)


def test_a_shallow_clone_that_fetched_the_tags_knows_what_git_gave_and_applies_nothing(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(work, work.commit({WHO: "ada"}))
    work.commit({WHO: "bob"})
    clone = work.clone(tmp_path / "clone", monkeypatch, ["--depth=1"])
    clone.git("fetch", "-q", "--depth=1", "origin", "--tags", "--force")
    memory = memory_of(clone)
    assert (memory.lack, memory.remembered.ledger) == (Lack.SHALLOW, LEDGER)
    with pytest.raises(RecordError, match="git fetch --unshallow origin"):
        require({"aws": memory}, first_apply=True)


def test_a_target_that_nobody_configures_any_more_is_named_with_what_it_holds(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}))
    here = repository(work)
    assert forgotten_targets(here, ["aws"]) == []
    (found,) = forgotten_targets(here, ["chat"])
    assert (found.target, found.tags) == ("aws", ("reconciler/applied/aws", "reconciler/receipts/aws"))
    assert found.held == (
        "its ledger still holds 3 users, 2 groups, 1 permission set, 3 memberships, 2 assignments"
    )
    applied(work, work.commit({WHO: ""}), Ledger())
    assert forgotten_targets(here, ["chat"]) == []

"""Which states of git count as remembered, in which situation; and what stops an apply."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import RecordError
from reconciler.files.git import Repository, short
from reconciler.loading.memory import Lack, remember, require
from reconciler.loading.receipt import begun_name
from tests.loading.memories import (
    AT,
    IDENTITY,
    CountingReader,
    applied,
    folder_tree,
    memory_of,
    remembers,
    standing_of,
    who,
)
from tests.repositories import Work

pytestmark = pytest.mark.slow

WHO = "identities/who"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(tmp_path / "work", monkeypatch)


# --- which states are remembered ---------------------------------------------------------------------
# Each situation leaves the work tree as planned, and returns the commit of the tag and the trusted ref.

Situation = Callable[[Work], tuple[str, str | None]]


def tag_on_head(work: Work) -> tuple[str, None]:
    return work.commit({WHO: "ada"}), None


def commits_since(work: Work) -> tuple[str, None]:
    base = work.commit({WHO: "ada"})
    work.commit({WHO: "ada eve"})
    work.commit({WHO: "ada bob"})
    work.commit({WHO: "ada cyd"})
    return base, None


def commits_elsewhere(work: Work) -> tuple[str, None]:
    base = work.commit({WHO: "ada"})
    work.commit({WHO: "ada eve"})
    work.commit({"README.md": "words"})
    work.commit({"README.md": "more words"})
    work.commit({WHO: "bob"})
    return base, None


def uncommitted(work: Work) -> tuple[str, None]:
    base = work.commit({WHO: "ada"})
    work.commit({WHO: "ada eve"})
    work.write({WHO: "bob"})
    return base, None


def uncommitted_on_the_tag(work: Work) -> tuple[str, None]:
    base = work.commit({WHO: "ada"})
    work.write({WHO: "bob"})
    return base, None


def back_and_forth(work: Work) -> tuple[str, None]:
    base = work.commit({WHO: "ada"})
    for names in ("bob", "ada", "bob", "cyd", "ada", "eve"):
        work.commit({WHO: names})
    return base, None


def back_to_the_base(work: Work) -> tuple[str, None]:
    base = work.commit({WHO: "ada"})
    work.commit({WHO: "bob"})
    work.commit({WHO: "ada"})
    return base, None


def merged(work: Work) -> tuple[str, None]:
    base = work.commit({WHO: "ada"})
    work.git("checkout", "-q", "-b", "topic")
    work.commit({WHO: "ada draft"})
    work.commit({WHO: "ada final"})
    work.git("checkout", "-q", "main")
    work.commit({"README.md": "words"})
    work.merge("topic")
    work.commit({WHO: "eve"})
    return base, None


def tag_inside_a_merged_branch(work: Work) -> tuple[str, None]:
    work.commit({WHO: "ada"})
    work.git("checkout", "-q", "-b", "topic")
    base = work.commit({WHO: "ada topic"})
    work.git("checkout", "-q", "main")
    work.commit({WHO: "ada", "identities/notes": "of main"})
    work.merge("topic")
    work.commit({WHO: "eve"})
    return base, None


def pull_request(work: Work) -> tuple[str, str]:
    base = work.commit({WHO: "ada"})
    work.commit({WHO: "ada eve"})
    work.git("checkout", "-q", "-b", "topic")
    work.commit({WHO: "ada draft"})
    work.commit({WHO: "ada final"})
    return base, "main"


def pull_request_behind_main(work: Work) -> tuple[str, str]:
    base = work.commit({WHO: "ada"})
    work.git("checkout", "-q", "-b", "topic")
    work.commit({WHO: "ada final"})
    work.git("checkout", "-q", "main")
    work.commit({WHO: "ada eve"})
    work.git("checkout", "-q", "topic")
    return base, "main"


def pull_request_with_uncommitted(work: Work) -> tuple[str, str]:
    base, ref = pull_request(work)
    work.write({WHO: "wip"})
    return base, ref


def behind_the_trusted_branch(work: Work) -> tuple[str, str]:
    base = work.commit({WHO: "ada"})
    old = work.commit({WHO: "ada old"})
    work.commit({WHO: "ada new"})
    work.git("checkout", "-q", "--detach", old)
    return base, "main"


@pytest.mark.parametrize(
    ("situation", "base", "since"),
    [
        pytest.param(tag_on_head, "ada", [], id="applied whole, nothing since"),
        pytest.param(
            commits_since, "ada", ["ada bob", "ada eve"], id="the state under plan is not among them"
        ),
        pytest.param(commits_elsewhere, "ada", ["ada eve"], id="commits elsewhere add nothing"),
        pytest.param(uncommitted, "ada", ["ada eve"], id="HEAD counts when the folder differs from it"),
        pytest.param(uncommitted_on_the_tag, "ada", [], id="a tagged HEAD is the base and nothing else"),
        pytest.param(back_and_forth, "ada", ["ada", "cyd", "bob"], id="of equal states the newest counts"),
        pytest.param(back_to_the_base, "ada", ["bob"], id="planning what was applied"),
        pytest.param(merged, "ada", ["ada final", "ada"], id="a merge counts, what came with it does not"),
        pytest.param(tag_inside_a_merged_branch, "ada topic", ["ada topic", "ada"], id="a tag off the chain"),
        pytest.param(pull_request, "ada", ["ada eve"], id="nothing of an unmerged branch counts"),
        pytest.param(pull_request_behind_main, "ada", ["ada eve"], id="a branch that main has left behind"),
        pytest.param(
            pull_request_with_uncommitted, "ada", ["ada eve"], id="a branch with changes not committed"
        ),
        pytest.param(behind_the_trusted_branch, "ada", ["ada new"], id="an old commit of the trusted branch"),
    ],
)
def test_what_counts_as_remembered(work: Work, situation: Situation, base: str, since: list[str]) -> None:
    tagged, trusted_ref = situation(work)
    receipt = applied(work, tagged)
    memory = memory_of(work, trusted_ref)
    assert remembers(memory.remembered) == (base, since)
    assert (memory.remembered.receipt, memory.remembered.unknown) == (receipt, None)
    assert memory.remembered.base is not None
    assert memory.remembered.base.label == short(tagged)
    assert memory.lack is None
    require({"aws": memory})


def test_the_folder_may_be_the_root_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(tmp_path / "work", monkeypatch, ".")
    base = work.commit({"who": "ada"})
    applied(work, base)
    work.commit({"who": "bob"})
    work.commit({"who": "cyd"})
    assert remembers(memory_of(work).remembered) == ("ada", ["bob"])


def test_equal_states_are_read_once_and_are_one_object(work: Work) -> None:
    tagged, _ = back_and_forth(work)
    applied(work, tagged)
    applied(work, tagged, "chat")
    reader, position = CountingReader(), standing_of(work)
    planned = reader(folder_tree(work))
    both = remember(position, ["aws", "chat"], reader, planned=planned)
    assert reader.reads == 4  # eve, which is planned; ada, cyd and bob
    base, since = both["aws"].remembered.base, both["chat"].remembered.since
    assert base is not None
    assert base.identities is since[0].identities


def test_a_state_goes_by_the_newest_commit_that_had_it(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}))
    work.commit({WHO: "bob"})
    newest = work.commit({"README.md": "words"})
    work.commit({WHO: "cyd"})
    assert [one.label for one in memory_of(work).remembered.since] == [short(newest)]


def test_a_base_that_equals_the_state_under_plan_is_that_state(work: Work) -> None:
    tagged, _ = back_to_the_base(work)
    applied(work, tagged)
    reader, position = CountingReader(), standing_of(work)
    planned = reader(folder_tree(work))
    remembered = remember(position, ["aws"], reader, planned=planned)["aws"].remembered
    assert remembered.base is not None
    assert remembered.base.identities is planned.identities


def test_uncommitted_files_are_never_taken_for_head(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}))
    work.write({WHO: "bob"})
    reader, position = CountingReader(), standing_of(work)
    remembered = remember(position, ["aws"], reader, planned=reader(folder_tree(work)))["aws"].remembered
    assert who(remembered.base) == "ada"


def test_every_state_has_the_policy_of_its_own_time(work: Work) -> None:
    applied(work, work.commit({WHO: "ada", "identities/paths": "people/**"}))
    work.commit({WHO: "bob", "identities/paths": "staff/**"})
    work.commit({WHO: "bob", "identities/paths": "all/**"})
    remembered = memory_of(work).remembered
    assert remembered.base is not None
    assert remembered.base.policy.paths == ("people/**",)
    assert [one.policy.paths for one in remembered.since] == [("staff/**",)]


def test_a_state_before_the_target_was_configured_declares_nothing_for_it(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}))
    work.commit({WHO: "bob", "identities/targets": "chat"})
    work.commit({WHO: "cyd", "identities/targets": "aws"})
    work.commit({WHO: "dee"})
    memory = memory_of(work)
    assert remembers(memory.remembered) == ("ada", ["cyd"])
    assert memory.remembered.unknown is None


# --- what cannot be known, and does not stop an apply -------------------------------------------------


@pytest.mark.parametrize(
    ("states", "since", "passed"),
    [
        pytest.param(
            ["ada", "bob", "!", "cyd", "dee"],
            ["cyd", "bob"],
            ["{2} does not load: identities at {2}: this is no name"],
            id="one commit that does not load",
        ),
        pytest.param(
            ["ada", "!1", "bob", "!2", "cyd"],
            ["bob"],
            [
                "{3} does not load: identities at {3}: this is no name",
                "{1} does not load: identities at {1}: this is no name",
            ],
            id="two of them, the newest first",
        ),
    ],
)
def test_a_commit_since_that_does_not_load_is_passed_over_and_named(
    work: Work, states: list[str], since: list[str], passed: list[str]
) -> None:
    commits = [work.commit({WHO: names}) for names in states]
    applied(work, commits[0])
    memory = memory_of(work)
    assert remembers(memory.remembered) == ("ada", since)
    assert memory.remembered.unknown is None
    assert memory.remembered.passed_over == tuple(one.format(*map(short, commits)) for one in passed)
    require({"aws": memory})


def test_a_base_that_cannot_be_read_at_all_is_unknown_and_the_others_are_kept(work: Work) -> None:
    commits = [work.commit({WHO: names}) for names in ("!", "bob", "cyd")]
    applied(work, commits[0])
    memory = memory_of(work)
    assert remembers(memory.remembered) == (None, ["bob"])
    label = short(commits[0])
    assert (
        memory.remembered.unknown
        == f"the remembered state {label} does not load: identities at {label}: this is no name"
    )
    require({"aws": memory})


def test_a_folder_that_was_away_for_a_while_is_passed_over(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}))
    work.git("mv", "identities", "people")
    away = work.commit()
    work.git("mv", "people", "identities")
    work.commit({WHO: "bob"})
    work.commit({WHO: "cyd"})
    remembered = memory_of(work).remembered
    assert remembers(remembered) == ("ada", ["bob"])
    assert remembered.unknown is None
    assert remembered.passed_over == (
        f"{short(away)} does not load: the folder was not there then; it may have been moved or renamed",
    )


def test_a_folder_that_was_elsewhere_then_is_said_to_have_been(work: Work) -> None:
    base = work.commit({"people/who": "ada"})
    applied(work, base)
    work.git("mv", "people", "identities")
    work.commit()
    work.commit({WHO: "bob"})
    memory = memory_of(work)
    assert remembers(memory.remembered) == (None, ["ada"])
    assert memory.remembered.unknown == (
        f"the remembered state {short(base)} does not load: the folder was not there then; "
        "it may have been moved or renamed"
    )
    require({"aws": memory})


def test_a_base_that_does_not_know_the_target_is_unknown(work: Work) -> None:
    base = work.commit({WHO: "ada", "identities/targets": "prod"})
    applied(work, base)
    work.commit({WHO: "ada", "identities/targets": "aws"})
    memory = memory_of(work)
    assert (
        memory.remembered.unknown == f"the remembered state {short(base)} has no target aws; was it renamed?"
    )


def test_outside_git_nothing_is_known_and_nothing_stops() -> None:
    memories = remember(None, ["aws", "chat"], CountingReader())
    assert [(memory.remembered.base, memory.remembered.unknown) for memory in memories.values()] == [
        (None, "this folder is not in a git repository, so what was declared before is not known")
    ] * 2
    require(memories)


# --- what stops an apply ------------------------------------------------------------------------------


def refusal(memory_lack: Lack | None, work: Work, trusted_ref: str | None = None) -> str:
    memory = memory_of(work, trusted_ref)
    assert memory.lack is memory_lack
    with pytest.raises(RecordError) as caught:
        require({"aws": memory})
    return str(caught.value)


def test_a_missing_tag_stops_an_apply_that_is_not_called_the_first(work: Work) -> None:
    work.commit({WHO: "ada"})
    assert refusal(Lack.MISSING, work) == (
        "aws: the tag reconciler/applied/aws does not exist here: no apply was complete yet, or the tag "
        "was not fetched (run `git fetch origin --tags --force`; if this is the first apply, use "
        "--first-apply)"
    )
    memory = memory_of(work)
    assert remembers(memory.remembered) == (None, [])
    assert memory.remembered.unknown is None
    require({"aws": memory}, first_apply=True)


def test_what_a_first_apply_began_to_make_is_remembered_until_one_is_whole(work: Work) -> None:
    work.commit({WHO: "before"})
    first = work.commit({WHO: "ada"})
    begun = Repository.of(work.root)
    assert begun is not None
    begun.move_tag(begun_name("aws"), first, "began", AT)
    assert remembers(memory_of(work).remembered) == (None, ["ada"])

    work.commit({WHO: "bob"})
    work.commit({WHO: "cyd"})
    memory = memory_of(work)
    assert memory.lack is Lack.MISSING
    assert remembers(memory.remembered) == (None, ["bob", "ada"])

    applied(work, work.commit({WHO: "dan"}))
    assert remembers(memory_of(work).remembered) == ("dan", [])


def test_with_what_a_first_apply_began_is_remembered_once_where_it_is_the_state_under_plan(
    work: Work,
) -> None:
    first = work.commit({WHO: "ada"})
    work.commit({WHO: "bob"})
    work.commit({WHO: "ada"})
    begun = Repository.of(work.root)
    assert begun is not None
    begun.move_tag(begun_name("aws"), first, "began", AT)
    reader, position = CountingReader(), standing_of(work)
    planned = reader(folder_tree(work))

    memory = remember(position, ["aws"], reader, planned=planned)["aws"]

    assert memory.lack is Lack.MISSING
    assert memory.remembered.unknown is None
    assert remembers(memory.remembered) == (None, ["bob", "ada"])
    assert memory.remembered.since[-1].identities is planned.identities
    assert reader.reads == 2  # ada, which is planned, and bob


def test_the_first_apply_excuses_only_the_targets_without_a_tag(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}), identity={"identity_store_id": "d-2"})
    memories = remember(
        standing_of(work), ["aws", "chat"], CountingReader(), identity={"aws": IDENTITY, "chat": {}}
    )
    assert {target: memory.lack for target, memory in memories.items()} == {
        "aws": Lack.FOREIGN,
        "chat": Lack.MISSING,
    }
    with pytest.raises(RecordError) as caught:
        require(memories, first_apply=True)
    assert "aws: " in str(caught.value)
    assert "chat: " not in str(caught.value)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_shallow_clone_stops_even_a_first_apply(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    applied(work, work.commit({WHO: "ada"}))
    for names in ("bob", "cyd", "dee"):
        work.commit({WHO: names})
    clone = work.clone(tmp_path / "clone", monkeypatch, [f"--depth={depth}"])
    assert "run `git fetch --unshallow origin` and `git fetch origin --tags --force`" in refusal(
        Lack.SHALLOW, clone
    )
    memory = memory_of(clone)
    assert memory.remembered.unknown is not None
    with pytest.raises(RecordError):
        require({"aws": memory}, first_apply=True)
    # What the message says to run is what helps.
    clone.git("fetch", "-q", "--unshallow", "origin")
    clone.git("fetch", "-q", "origin", "--tags", "--force")
    assert remembers(memory_of(clone).remembered) == ("ada", ["cyd", "bob"])


def test_a_tag_that_moved_at_origin_comes_with_the_command_that_is_printed(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(work, work.commit({WHO: "ada"}))
    clone = work.clone(tmp_path / "clone", monkeypatch)
    applied(work, work.commit({WHO: "bob"}))
    clone.git("pull", "-q", "--ff-only", "origin", "main")
    assert remembers(memory_of(clone).remembered) == ("ada", [])
    clone.git("fetch", "-q", "origin", "--tags", "--force")
    assert remembers(memory_of(clone).remembered) == ("bob", [])


def test_a_clone_without_old_contents_says_what_to_fetch(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(work, work.commit({WHO: "ada"}))
    work.commit({WHO: "bob"})
    work.git("config", "uploadpack.allowFilter", "true")
    clone = work.clone(tmp_path / "clone", monkeypatch, ["--filter=blob:none"])
    assert "git fetch --refetch --no-filter origin" in refusal(Lack.INCOMPLETE, clone)
    clone.git("fetch", "-q", "--refetch", "--no-filter", "origin")
    assert remembers(memory_of(clone).remembered) == ("ada", [])


@pytest.mark.parametrize("filtered", ["tree:0", "blob:none"])
def test_a_partial_clone_never_looks_like_a_folder_that_was_not_there(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: str
) -> None:
    applied(work, work.commit({WHO: "ada"}))
    work.commit({WHO: "bob"})
    work.commit({WHO: "cyd"})
    work.git("config", "uploadpack.allowFilter", "true")
    clone = work.clone(tmp_path / "clone", monkeypatch, [f"--filter={filtered}"])
    refusal(Lack.INCOMPLETE, clone)


def test_a_tag_on_a_branch_that_is_not_trusted_stops_an_apply(work: Work) -> None:
    work.commit({WHO: "ada"})
    work.git("checkout", "-q", "-b", "topic")
    stray = work.commit({WHO: "bob"})
    work.git("checkout", "-q", "main")
    work.commit({WHO: "cyd"})
    applied(work, stray)
    expected = refusal(Lack.ELSEWHERE, work)
    assert f"is on {short(stray)}, which is not on HEAD" in expected
    assert "git fetch origin --tags --force" in expected
    memory = memory_of(work)
    assert (memory.remembered.base, memory.remembered.since) == (None, ())
    assert memory.remembered.unknown is not None


def test_an_older_commit_than_the_one_applied_last_stops_an_apply(work: Work) -> None:
    old = work.commit({WHO: "ada"})
    new = work.commit({WHO: "ada bob"})
    applied(work, new)
    work.git("checkout", "-q", "--detach", old)
    assert f"{short(new)} was applied last, and HEAD does not contain it" in refusal(Lack.NEWER, work, "main")
    memory = memory_of(work, "main")
    assert remembers(memory.remembered) == ("ada bob", [])
    assert memory.remembered.unknown is None


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        pytest.param(
            {"identity_store_id": "d-2"},
            "is of another instance: its identity_store_id is d-2, here it is d-1",
            id="another instance",
        ),
        pytest.param({"host": "x"}, "does not say of which instance", id="nothing in common"),
        pytest.param({}, "does not say of which instance", id="no identity at all"),
    ],
)
def test_the_receipt_of_another_instance_stops_an_apply(
    work: Work, identity: dict[str, str], message: str
) -> None:
    applied(work, work.commit({WHO: "ada"}), identity=identity)
    expected = refusal(Lack.FOREIGN, work)
    assert message in expected
    assert "--first-apply" in expected
    memory = memory_of(work)
    assert memory.remembered.base is None
    assert memory.remembered.unknown is not None


def test_an_instance_that_says_more_of_itself_than_it_did_is_the_same(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}), identity={"identity_store_id": "d-1"})
    assert memory_of(work).lack is None


def test_an_unknown_instance_is_not_compared(work: Work) -> None:
    applied(work, work.commit({WHO: "ada"}), identity={"identity_store_id": "d-2"})
    assert remember(standing_of(work), ["aws"], CountingReader())["aws"].lack is None


def test_a_tag_that_is_no_receipt_stops_an_apply(work: Work) -> None:
    work.commit({WHO: "ada"})
    work.git("tag", "-a", "-m", "hello", "reconciler/applied/aws")
    assert "holds no receipt: its first line is not that of a receipt" in refusal(Lack.UNREADABLE, work)


def test_a_lightweight_tag_stops_an_apply(work: Work) -> None:
    work.commit({WHO: "ada"})
    work.git("tag", "reconciler/applied/aws")
    assert "not an annotated one" in refusal(Lack.UNREADABLE, work)


def test_the_receipt_of_another_target_stops_an_apply(work: Work) -> None:
    commit = work.commit({WHO: "ada"})
    found = Repository.of(work.root)
    assert found is not None
    text = "reconciler receipt 1\n\ntarget: chat\ndigest: d\ntool-version: 1\nat: 2026-11-23T22:10:00Z\n"
    found.move_tag("reconciler/applied/aws", commit, text, AT)
    assert "holds the receipt of the target chat" in refusal(Lack.FOREIGN, work)

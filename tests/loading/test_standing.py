"""Where the state under plan stands in git, and what must be put right before it is applied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import InputError, Problem, RecordError
from reconciler.files.git import short
from reconciler.files.tree import MemoryTree
from reconciler.loading.position import stand
from tests.loading.memories import folder_tree, standing_of
from tests.repositories import Work

pytestmark = pytest.mark.slow

USERS, POLICY = "identities/users.yaml", "identities/policies/deploy.json"
START: dict[str, str | None] = {USERS: "users: {}\n", POLICY: "{}\n", ".gitignore": "*.tmp.yaml\n"}


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "work", monkeypatch)
    made.commit(START)
    return made


def nothing(work: Work) -> None:
    """As committed."""


def edit(work: Work) -> None:
    work.write({USERS: "users: {ada: {}}\n"})


def edit_and_stage(work: Work) -> None:
    edit(work)
    work.git("add", "-A")


def stage_and_put_back(work: Work) -> None:
    edit_and_stage(work)
    work.write({USERS: "users: {}\n"})


def hide_an_edit_from_git(work: Work) -> None:
    work.git("update-index", "--assume-unchanged", USERS)
    edit(work)


def skip_an_edit(work: Work) -> None:
    work.git("update-index", "--skip-worktree", USERS)
    edit(work)


def add_untracked(work: Work) -> None:
    work.write({"identities/new/more.yaml": "users: {}\n"})


def add_ignored(work: Work) -> None:
    work.write({"identities/more.tmp.yaml": "users: {}\n"})


def remove(work: Work) -> None:
    work.write({POLICY: None})


def edit_elsewhere(work: Work) -> None:
    work.write({"README.md": "words"})


def windows_line_ends(work: Work) -> None:
    work.folder.joinpath("users.yaml").write_bytes(b"users: {}\r\n")


def touch(work: Work) -> None:
    work.folder.joinpath("users.yaml").write_text("users: {}\n", encoding="utf-8")


def move_within(work: Work) -> None:
    work.git("mv", USERS, "identities/people.yaml")


@pytest.mark.parametrize(
    ("done", "changed"),
    [
        pytest.param(nothing, [], id="nothing"),
        pytest.param(touch, [], id="a file written again as it was"),
        pytest.param(edit_elsewhere, [], id="an edit outside the folder"),
        pytest.param(stage_and_put_back, [], id="only the index differs"),
        pytest.param(windows_line_ends, [], id="line ends of another system"),
        pytest.param(edit, ["users.yaml"], id="an edit"),
        pytest.param(edit_and_stage, ["users.yaml"], id="a staged edit"),
        pytest.param(hide_an_edit_from_git, ["users.yaml"], id="an edit that git was told not to look for"),
        pytest.param(skip_an_edit, ["users.yaml"], id="an edit outside a sparse checkout"),
        pytest.param(add_untracked, ["new/more.yaml"], id="an untracked file"),
        pytest.param(add_ignored, ["more.tmp.yaml"], id="an ignored file, which is read all the same"),
        pytest.param(remove, ["policies/deploy.json"], id="a removed file"),
        pytest.param(move_within, ["people.yaml", "users.yaml"], id="a moved file"),
    ],
)
def test_the_folder_differs_where_what_is_read_differs(
    work: Work, done: Callable[[Work], None], changed: list[str]
) -> None:
    done(work)
    position = standing_of(work)
    assert list(position.changed) == changed
    assert (position.tree is None) == bool(changed)
    assert [problem.message.split(":")[0] for problem in position.problems()] == (
        ["identities differs from HEAD"] if changed else []
    )


def test_what_differs_is_named_but_not_without_end(work: Work) -> None:
    work.write({f"identities/{number}.yaml": "" for number in range(5)})
    (problem,) = standing_of(work).problems()
    assert str(problem) == (
        "identities differs from HEAD: 0.yaml, 1.yaml, 2.yaml and 2 more "
        "(commit it, or put it back: only what is in git is applied)"
    )


def test_a_symlink_in_head_makes_every_file_differ(work: Work) -> None:
    work.folder.joinpath("link.yaml").symlink_to("users.yaml")
    work.commit()
    work.write({"identities/link.yaml": None})
    assert standing_of(work).changed == ("policies/deploy.json", "users.yaml")


def test_a_file_that_is_too_large_to_load_is_not_compared(work: Work) -> None:
    class Large(MemoryTree):
        def read(self, path: str) -> bytes:
            raise InputError([Problem(f"{path} is too large")])

    position = stand(work.folder, Large("identities", {"users.yaml": b"", "policies/deploy.json": b""}))
    assert position is not None
    assert position.changed == ()


# --- the trusted branch -------------------------------------------------------------------------------


def detached(work: Work) -> None:
    work.git("checkout", "-q", "--detach")


def ahead(work: Work) -> None:
    work.git("checkout", "-q", "-b", "topic")
    work.commit({USERS: "users: {ada: {}}\n"})


def behind(work: Work) -> None:
    work.commit({USERS: "users: {ada: {}}\n"})
    work.git("checkout", "-q", "--detach", "HEAD~1")


def merged(work: Work) -> None:
    ahead(work)
    work.git("checkout", "-q", "main")
    work.merge("topic")


def inside_a_merge(work: Work) -> None:
    merged(work)
    work.git("checkout", "-q", "topic")


def unrelated(work: Work) -> None:
    work.git("checkout", "-q", "--orphan", "other")
    work.commit({"README.md": "words"})


@pytest.mark.parametrize(
    ("done", "on_trusted"),
    [
        pytest.param(nothing, True, id="its tip"),
        pytest.param(detached, True, id="its tip, detached"),
        pytest.param(behind, True, id="an older commit of it"),
        pytest.param(merged, True, id="a merge"),
        pytest.param(ahead, False, id="a branch not merged"),
        pytest.param(inside_a_merge, False, id="a commit that came with a merge"),
        pytest.param(unrelated, False, id="a history of its own"),
    ],
)
def test_head_is_on_the_trusted_branch_where_that_branch_once_was(
    work: Work, done: Callable[[Work], None], *, on_trusted: bool
) -> None:
    done(work)
    position = standing_of(work, "main")
    assert position.on_trusted is on_trusted
    assert position.head is not None
    expected = f"HEAD, which is {short(position.head)}, is not on main"
    assert [problem.message for problem in position.problems()] == ([] if on_trusted else [expected])


def test_without_a_remote_head_itself_is_trusted(work: Work) -> None:
    ahead(work)
    position = standing_of(work)
    assert (position.trusted, position.branch, position.problems()) == (position.head, "HEAD", ())


def test_with_a_remote_its_default_branch_is_trusted(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = work.clone(tmp_path / "clone", monkeypatch)
    assert standing_of(clone).problems() == ()
    clone.commit({USERS: "users: {ada: {}}\n"})
    position = standing_of(clone)
    assert position.branch == "origin/main"
    assert "is not on origin/main" in position.problems()[0].message


def test_a_trusted_ref_that_is_not_here_is_an_error_with_what_to_run(work: Work) -> None:
    with pytest.raises(RecordError, match=r"'origin/main' names no commit.*run `git fetch origin`"):
        stand(work.folder, folder_tree(work), "origin/main")


def test_before_the_first_commit_there_is_nothing_to_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Work(tmp_path / "fresh", monkeypatch)
    fresh.write({USERS: "users: {}\n"})
    position = standing_of(fresh)
    assert (position.head, position.trusted, position.on_trusted, position.tree) == (None, None, False, None)
    assert [problem.message for problem in position.problems()] == [
        "nothing is committed in this repository yet"
    ]


def test_outside_git_nothing_stands_anywhere(tmp_path: Path) -> None:
    assert stand(tmp_path, MemoryTree("identities", {})) is None

"""What git is asked, against real repositories."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import RecordError
from reconciler.files.git import Repository
from reconciler.files.git_process import redact
from tests.repositories import Work

pytestmark = pytest.mark.slow

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
TAG = "reconciler/applied/aws"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(tmp_path / "work", monkeypatch)


def repository(work: Work) -> Repository:
    found = Repository.of(work.folder if work.folder.is_dir() else work.root)
    assert found is not None
    return found


# --- finding the repository -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "folder"),
    [
        pytest.param("identities", "identities", id="a folder of the root"),
        pytest.param("a b/ünïcode/identities", "a b/ünïcode/identities", id="deep, with odd names"),
        pytest.param(".", "", id="the root itself"),
    ],
)
def test_the_repository_of_a_folder_knows_where_the_folder_is(work: Work, inside: str, folder: str) -> None:
    (work.root / inside).mkdir(parents=True, exist_ok=True)
    assert Repository.of(work.root / inside) == Repository(work.root.resolve(), folder)


def test_a_folder_outside_git_has_no_repository(tmp_path: Path) -> None:
    assert Repository.of(tmp_path) is None


def test_a_folder_that_is_not_there_has_no_repository(tmp_path: Path) -> None:
    assert Repository.of(tmp_path / "missing") is None


def test_a_linked_work_tree_is_a_repository(work: Work, tmp_path: Path) -> None:
    tip = work.commit({"identities/a.yaml": "a"})
    work.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    found = Repository.of(tmp_path / "linked" / "identities")
    assert found is not None
    assert (found.root, found.head()) == ((tmp_path / "linked").resolve(), tip)


def test_a_linked_work_tree_whose_repository_is_gone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text(f"gitdir: {tmp_path}/gone\n")
    with pytest.raises(RecordError, match="git cannot use the repository around"):
        Repository.of(tmp_path)


def test_a_folder_that_only_looks_like_a_repository_is_outside_git(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert Repository.of(tmp_path) is None


def test_a_repository_with_longer_ids_is_read_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(tmp_path, monkeypatch, start=False)
    work.git("init", "-q", "-b", "main", "--object-format=sha256")
    first, second = work.commit({"identities/a.yaml": "a"}), work.commit({"identities/a.yaml": "b"})
    found = repository(work)
    made = found.move_tag(TAG, first, "one\n", AT)
    assert (len(made.id), found.tag(TAG)) == (64, made)
    assert [one.id for one in found.first_parents(found.head() or "", first)] == [second]
    tree = found.tree(first)
    assert tree is not None
    assert (tree.read("a.yaml"), tree.holds("a.yaml", b"a"), tree.holds("a.yaml", b"b")) == (
        b"a",
        True,
        False,
    )


def test_a_missing_git_is_an_error_inside_a_repository_and_none_outside(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecordError, match="git is not installed"):
        Repository.of(work.root)
    assert Repository.of(tmp_path / "plain") is None


@pytest.mark.parametrize(
    "name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"]
)
def test_variables_that_redirect_git_are_not_obeyed(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tip = work.commit({"identities/a.yaml": "a"})
    other = Work(tmp_path / "other", monkeypatch)
    other.commit({"identities/b.yaml": "b"})
    monkeypatch.setenv(name, str(other.root / ".git"))
    assert repository(work).head() == tip


def test_tracing_git_does_not_change_what_it_answers(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = work.commit({"identities/a.yaml": "a"})
    monkeypatch.setenv("GIT_TRACE", "1")
    assert repository(work).head() == tip


# --- refs --------------------------------------------------------------------------------------------


def test_a_repository_without_commits_has_no_head(work: Work) -> None:
    assert repository(work).head() is None
    assert repository(work).default_trusted_ref() == "HEAD"


@pytest.mark.parametrize("ref", ["main", "refs/heads/main", "HEAD", "refs/tags/v1", "{tip}", "{short}"])
def test_whatever_names_a_commit_resolves_to_it(work: Work, ref: str) -> None:
    tip = work.commit({"identities/a.yaml": "a"})
    work.git("tag", "-a", "-m", "one", "v1")
    assert repository(work).resolve(ref.format(tip=tip, short=tip[:10])) == tip


@pytest.mark.parametrize(
    "ref",
    [
        "nowhere",
        "",
        "v1",
        "tags/v1",
        "--all",
        "-h",
        "HEAD:identities",
        "0" * 40,
        "HEAD\nHEAD",
        "a..b",
        "refs/heads/x",
    ],
)
def test_whatever_names_no_commit_is_nothing(work: Work, ref: str) -> None:
    work.commit({"identities/a.yaml": "a"})
    work.git("tag", "-a", "-m", "one", "v1")
    assert repository(work).resolve(ref) is None


@pytest.mark.parametrize("branch", ["refs/heads/main", "refs/remotes/origin/main"])
@pytest.mark.parametrize("name", ["main", "origin/main"])
def test_nothing_takes_the_place_of_the_branch_that_is_meant(work: Work, branch: str, name: str) -> None:
    reviewed = work.commit({"identities/a.yaml": "a"})
    work.git("update-ref", branch, reviewed)
    work.git("checkout", "-q", "-b", "elsewhere")
    other = work.commit()
    taking = [f"refs/tags/{name}", f"refs/{name}", "refs/tags/refs/heads/main"]
    if branch.startswith("refs/remotes/"):
        taking += ["refs/heads/main", "refs/heads/origin/main", "refs/remotes/origin/origin/main"]
    for taken in taking:
        work.git("update-ref", taken, other)
    expected = None if (branch, name) == ("refs/heads/main", "origin/main") else reviewed
    assert repository(work).resolve(name) == expected


def test_with_a_remote_a_local_branch_is_meant_only_where_it_is_written_in_full(work: Work) -> None:
    tip = work.commit({"identities/a.yaml": "a"})
    work.git("remote", "add", "origin", "file:///nowhere")
    assert [repository(work).resolve(ref) for ref in ("main", "heads/main", "refs/heads/main")] == [
        None,
        None,
        tip,
    ]


def test_replace_refs_do_not_rewrite_history(work: Work) -> None:
    first = work.commit({"identities/a.yaml": "a"})
    second = work.commit({"identities/a.yaml": "b"})
    before = repository(work).trees([second])
    work.git("replace", second, first)
    assert repository(work).trees([second]) == before


def test_grafts_do_not_rewrite_history(work: Work) -> None:
    first = work.commit({"identities/a.yaml": "a"})
    second = work.commit({"identities/a.yaml": "b"})
    (work.root / ".git/info/grafts").write_text(f"{second}\n")
    assert repository(work).is_ancestor(first, second)


def test_the_trusted_ref_is_what_origin_head_names(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.commit({"identities/a.yaml": "a"})
    work.git("branch", "-q", "-m", "trunk")
    clone = work.clone(tmp_path / "clone", monkeypatch)
    assert repository(clone).default_trusted_ref() == "refs/remotes/origin/trunk"


def test_an_origin_head_that_dangles_is_an_error(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.commit({"identities/a.yaml": "a"})
    clone = work.clone(tmp_path / "clone", monkeypatch)
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    with pytest.raises(RecordError, match=r"git remote set-head origin -a.*--trusted-ref"):
        repository(clone).default_trusted_ref()


# --- history -----------------------------------------------------------------------------------------


def test_first_parents_leave_out_what_came_with_a_merge(work: Work) -> None:
    root = work.commit({"identities/a.yaml": "a"})
    work.git("checkout", "-q", "-b", "topic")
    work.commit({"identities/b.yaml": "b"})
    work.git("checkout", "-q", "main")
    second = work.commit({"identities/c.yaml": "c"})
    merge = work.merge("topic")
    tip = work.commit()
    assert [one.id for one in repository(work).first_parents(tip)] == [tip, merge, second, root]
    assert [one.id for one in repository(work).first_parents(tip, root)] == [tip, merge, second]
    assert list(repository(work).first_parents(tip, tip)) == []


def test_first_parents_end_at_the_given_commit_whatever_the_dates_say(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = []
    for number in range(12):
        # Every commit claims to be older than its parent.
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-{28 - number}T00:00:00Z")
        commits.append(work.commit({"identities/a.yaml": str(number)}))
    found = [one.id for one in repository(work).first_parents(commits[-1], commits[8])]
    assert found == commits[:8:-1]


def test_only_first_parents_are_what_a_branch_was_at(work: Work) -> None:
    root = work.commit({"identities/a.yaml": "a"})
    work.git("checkout", "-q", "-b", "topic")
    inner = work.commit({"identities/b.yaml": "b"})
    work.git("checkout", "-q", "main")
    merge = work.merge("topic")
    tip = work.commit()
    work.git("checkout", "-q", "-b", "ahead")
    ahead = work.commit()
    on = {one: repository(work).on_first_parents(one, tip) for one in (root, inner, merge, tip, ahead)}
    assert on == {root: True, inner: False, merge: True, tip: True, ahead: False}


def test_a_shallow_clone_is_known_as_one(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work.commit({"identities/a.yaml": "a"})
    work.commit({"identities/a.yaml": "b"})
    assert not repository(work).shallow()
    assert repository(work.clone(tmp_path / "clone", monkeypatch, ["--depth=1"])).shallow()


def test_equal_folders_have_equal_trees_and_an_absent_one_none(work: Work) -> None:
    absent = work.commit({"README.md": "nothing yet"})
    a_file = work.commit({"identities": "a file"})
    work.write({"identities": None})
    first = work.commit({"identities/a.yaml": "a"})
    second = work.commit({"README.md": "more"})
    third = work.commit({"identities/a.yaml": "b"})
    trees = repository(work).trees([absent, a_file, first, second, third, first])
    assert (trees[absent], trees[a_file]) == (None, None)
    assert trees[first] is not None
    assert trees[first] == trees[second] != trees[third]


# --- tags --------------------------------------------------------------------------------------------


def test_a_tag_is_read_as_it_was_written_and_moves(work: Work) -> None:
    first, second = work.commit(), work.commit()
    assert repository(work).tag(TAG) is None
    repository(work).move_tag(TAG, first, "one\n\ntwo: ü\n", AT)
    moved = repository(work).move_tag(TAG, second, "three\n", AT)
    assert repository(work).tag(TAG) == moved
    assert (moved.commit, moved.message) == (second, "three\n")
    assert work.git(
        "for-each-ref", "--format=%(taggername) %(taggerdate:iso-strict)", f"refs/tags/{TAG}"
    ) == ("Ada Lovelace 2026-11-23T22:10:00+00:00")


def test_a_tag_needs_nobody_to_have_told_git_who_they_are(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = work.commit()
    monkeypatch.delenv("GIT_COMMITTER_NAME")
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    work.git("config", "user.useConfigOnly", "true")
    assert repository(work).move_tag(TAG, commit, "one\n", AT) == repository(work).tag(TAG)


def test_signing_and_hooks_do_not_stand_in_the_way_of_a_tag(work: Work) -> None:
    commit = work.commit()
    work.git("config", "tag.gpgSign", "true")
    work.git("config", "gpg.program", "false")
    hook = work.root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert repository(work).move_tag(TAG, commit, "one\n", AT) == repository(work).tag(TAG)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([TAG], "not an annotated one", id="a lightweight tag"),
        pytest.param(["-a", "-m", "x", TAG, "HEAD^{tree}"], "does not point at a commit", id="a tree's tag"),
    ],
)
def test_a_tag_that_no_apply_made_is_an_error(work: Work, arguments: list[str], message: str) -> None:
    work.commit({"identities/a.yaml": "a"})
    work.git("tag", *arguments)
    with pytest.raises(RecordError, match=message):
        repository(work).tag(TAG)


def test_a_copy_of_another_tag_is_an_error(work: Work) -> None:
    made = repository(work).move_tag("reconciler/applied/other", work.commit(), "one\n", AT)
    work.git("update-ref", f"refs/tags/{TAG}", made.id)
    with pytest.raises(RecordError, match="copy of the tag reconciler/applied/other"):
        repository(work).tag(TAG)


@pytest.mark.parametrize("name", ["a b", "a..b", "a\nb", "-a/../b", "x.lock", "a~1"])
def test_a_name_that_git_does_not_take_is_an_error(work: Work, name: str) -> None:
    commit = work.commit()
    with pytest.raises(RecordError, match="cannot be the name of a git tag"):
        repository(work).move_tag(f"reconciler/applied/{name}", commit, "one\n", AT)


# --- pushing -----------------------------------------------------------------------------------------


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "origin", monkeypatch)
    made.commit({"identities/a.yaml": "a"})
    return made


def test_a_pushed_tag_is_at_the_remote_and_nothing_else_is(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    clone.git("tag", "-a", "-m", "mine", "private")
    clone.git("config", "push.followTags", "true")
    first = repository(clone).move_tag(TAG, clone.git("rev-parse", "HEAD"), "one\n", AT)
    repository(clone).push_tag(TAG)
    assert repository(origin).tag(TAG) == first
    second = repository(clone).move_tag(TAG, clone.commit(), "two\n", AT)
    repository(clone).push_tag(TAG)
    assert repository(origin).tag(TAG) == second
    assert origin.git("tag", "--list") == TAG
    assert origin.git("rev-list", "--count", "main") == "1"


def test_hooks_do_not_stand_in_the_way_of_a_push(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    hook = clone.root / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    made = repository(clone).move_tag(TAG, clone.git("rev-parse", "HEAD"), "one\n", AT)
    repository(clone).push_tag(TAG)
    assert repository(origin).tag(TAG) == made


def test_a_push_that_failed_once_is_made_good_by_the_next(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    repository(clone).move_tag(TAG, clone.git("rev-parse", "HEAD"), "one\n", AT)
    repository(clone).push_tag(TAG)
    url = clone.git("remote", "get-url", "origin")
    clone.git("remote", "set-url", "origin", f"file://{tmp_path}/gone")
    repository(clone).move_tag(TAG, clone.commit(), "two\n", AT)
    with pytest.raises(RecordError, match="git ls-remote failed"):
        repository(clone).push_tag(TAG)
    clone.git("remote", "set-url", "origin", url)
    last = repository(clone).move_tag(TAG, clone.commit(), "three\n", AT)
    repository(clone).push_tag(TAG)
    assert repository(origin).tag(TAG) == last


@pytest.mark.parametrize("fetched", [True, False], ids=["and it is known here", "and it is unknown here"])
def test_a_tag_that_somebody_else_moved_on_is_not_moved_back(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fetched: bool
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    older = clone.git("rev-parse", "HEAD")
    theirs = repository(origin).move_tag(TAG, origin.commit(), "theirs\n", AT)
    if fetched:
        clone.git("fetch", "-q", "origin", "main")
    repository(clone).move_tag(TAG, older, "mine\n", AT)
    with pytest.raises(
        RecordError, match="something newer was applied from elsewhere; run `git fetch origin"
    ):
        repository(clone).push_tag(TAG)
    assert repository(origin).tag(TAG) == theirs


def test_an_older_tag_of_somebody_else_is_moved_on(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    repository(origin).move_tag(TAG, origin.git("rev-parse", "HEAD"), "theirs, unknown here\n", AT)
    mine = repository(clone).move_tag(TAG, clone.commit(), "mine\n", AT)
    repository(clone).push_tag(TAG)
    assert repository(origin).tag(TAG) == mine


def test_a_tag_is_read_at_the_remote_and_moves_nothing_here(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    clone.git("config", "--add", "remote.origin.fetch", "+refs/tags/*:refs/tags/*")
    older = repository(clone).move_tag(TAG, clone.git("rev-parse", "HEAD"), "mine\n", AT)
    theirs = repository(origin).move_tag(TAG, origin.commit(), "theirs\n", AT)
    before = clone.git("for-each-ref")

    assert repository(clone).remote_tag(TAG) == theirs
    assert repository(clone).tag(TAG) == older
    assert clone.git("for-each-ref") == before
    assert repository(clone).remote_tag(f"{TAG}.else") is None


def test_a_remote_that_cannot_be_asked_has_not_simply_no_tag(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    assert repository(clone).has_remote()
    assert not repository(origin).has_remote()
    clone.git("remote", "set-url", "origin", f"file://{tmp_path}/gone")

    with pytest.raises(RecordError, match="git ls-remote failed"):
        repository(clone).remote_tag(TAG)


def test_a_tag_at_the_remote_that_no_apply_made_is_an_error(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    origin.git("tag", TAG)

    with pytest.raises(RecordError, match="is not an annotated one"):
        repository(clone).remote_tag(TAG)


def test_a_tag_is_pushed_only_over_the_one_that_was_read(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone(tmp_path / "clone", monkeypatch)
    head = clone.git("rev-parse", "HEAD")
    read = repository(origin).move_tag(TAG, head, "as it was read\n", AT)
    theirs = repository(origin).move_tag(TAG, head, "as it is by now\n", AT)
    mine = repository(clone).move_tag(TAG, head, "mine\n", AT)

    with pytest.raises(RecordError, match="was moved by somebody else at the same time"):
        repository(clone).push_tag(TAG, over=read)
    assert repository(origin).tag(TAG) == theirs
    repository(clone).push_tag(TAG, over=theirs)
    assert repository(origin).tag(TAG) == mine


def test_in_a_partial_clone_a_missing_folder_is_not_taken_on_trust(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.write({"identities/a.yaml": None})
    gone = origin.commit({"README.md": "words"})
    assert repository(origin).trees([gone]) == {gone: None}
    origin.git("config", "uploadpack.allowFilter", "true")
    clone = origin.clone(tmp_path / "clone", monkeypatch, ["--filter=blob:none"])
    clone.folder.mkdir()
    with pytest.raises(RecordError, match="git fetch --refetch --no-filter origin"):
        repository(clone).trees([gone])


def test_credentials_in_addresses_stay_out_of_errors(work: Work) -> None:
    work.git("remote", "add", "origin", "https://ada:s3cret@127.0.0.1:1/x.git")
    repository(work).move_tag(TAG, work.commit(), "one\n", AT)
    with pytest.raises(RecordError) as caught:
        repository(work).push_tag(TAG)
    assert "s3cret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    with pytest.raises(RecordError, match="No such ref: https://host/x") as caught:
        repository(work).git.run("symbolic-ref", "https://ada:s3cret@host/x")
    assert "s3cret" not in str(caught.value)
    assert redact("https://t0ken@host/a and ssh://u:p@host") == "https://host/a and ssh://host"


def test_nothing_is_fetched_in_the_middle_of_a_read(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = origin.git("rev-parse", "HEAD")
    origin.commit({"identities/a.yaml": "b"})
    origin.git("config", "uploadpack.allowFilter", "true")
    clone = origin.clone(tmp_path / "clone", monkeypatch, ["--filter=blob:none"])
    tree = repository(clone).tree(first)
    assert tree is not None
    with pytest.raises(RecordError, match="git fetch --refetch --no-filter origin"):
        tree.read("a.yaml")


def test_a_path_without_utf8_is_no_obstacle(work: Work) -> None:
    tip = work.commit({"identities/a.yaml": "a"})
    odd = work.root / os.fsdecode(b"\xff")
    odd.mkdir()
    found = Repository.of(odd)
    assert found is not None
    assert found.trees([tip]) == {tip: None}

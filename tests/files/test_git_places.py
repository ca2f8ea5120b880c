"""Where repositories are found, and with which configuration their remotes are reached."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import RecordError
from reconciler.files.git import Repository
from tests.repositories import Work

pytestmark = pytest.mark.slow

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
TAG = "reconciler/applied/aws"


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "origin", monkeypatch)
    made.commit({"identities/a.yaml": "a"})
    return made


@pytest.fixture
def clone(origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    return origin.clone(tmp_path / "clone", monkeypatch)


def found(folder: Path) -> Repository:
    repository = Repository.of(folder)
    assert repository is not None
    return repository


def pushes(repository: Repository, origin: Work) -> None:
    """A tag that is made and pushed there arrives."""
    made = repository.move_tag(TAG, repository.head() or "", "one\n", AT)
    repository.push_tag(TAG)
    assert repository.remote_tag(TAG) == made == found(origin.folder).tag(TAG)


def test_a_linked_work_tree_reads_and_pushes(clone: Work, origin: Work, tmp_path: Path) -> None:
    clone.git("worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked"))
    Path(tmp_path / "linked/identities/b.yaml").write_text("b", encoding="utf-8")
    repository = found(tmp_path / "linked/identities")
    assert repository.default_trusted_ref() == "refs/remotes/origin/main"
    assert repository.head() == clone.git("rev-parse", "topic")
    pushes(repository, origin)


def test_a_submodule_reads_and_pushes_from_inside_of_it(
    origin: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = Work(tmp_path / "outer", monkeypatch)
    outer.commit({"README.md": "words"})
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", f"file://{origin.root}", "inner")
    outer.commit()
    inner = outer.root / "inner"
    for here in (inner, inner / "identities", tmp_path):
        monkeypatch.chdir(here)
        assert found(inner / "identities").root == inner
    monkeypatch.chdir(outer.root)
    with pytest.raises(RecordError, match="is a submodule of the repository in"):
        Repository.of(inner / "identities")
    monkeypatch.chdir(inner)
    pushes(found(inner / "identities"), origin)


def test_a_moved_repository_behind_a_file_reads_and_pushes(clone: Work, origin: Work, tmp_path: Path) -> None:
    clone.git("init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere.git"))
    assert (clone.root / ".git").is_file()
    pushes(found(clone.folder), origin)


def test_what_looks_like_a_bare_repository_is_passed_over(clone: Work) -> None:
    for name in ("HEAD", "config", "objects", "refs", "packed-refs"):
        inside, taken = clone.folder / name, clone.root / ".git" / name
        if taken.is_dir():
            shutil.copytree(taken, inside)
        elif taken.exists():
            shutil.copy(taken, inside)
    assert found(clone.folder).root == clone.root
    assert found(clone.folder).folder == "identities"


def test_outside_a_repository_a_bare_one_is_none(origin: Work, tmp_path: Path) -> None:
    shutil.copytree(origin.root / ".git", tmp_path / "bare")
    assert Repository.of(tmp_path / "bare") is None


def test_a_repository_of_somebody_else_is_an_error(clone: Work) -> None:
    try:
        for path in (clone.root, clone.root / ".git"):
            shutil.chown(path, 12345)
    except PermissionError:
        pytest.skip("only root gives files away")
    with pytest.raises(RecordError, match=r"git cannot use the repository around.*dubious ownership"):
        Repository.of(clone.folder)


def test_a_path_without_leading_slash_names_no_git(clone: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = clone.root / "bin/git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho fake >&2\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.chdir(clone.root)
    monkeypatch.setenv("PATH", "bin:" + (Path(shutil.which("git") or "").parent.as_posix()))
    assert found(clone.folder).head() is not None


# --- the configuration of calls that reach a remote --------------------------------------------------


def shown(repository: Repository, name: str) -> str:
    return repository.git.run("config", "--get-all", name, network=True, fine=None).line


def test_data_of_the_repository_is_used_and_programs_are_not(clone: Work) -> None:
    value = 'AUTHORIZATION: basic "x\\y"\tz # ; é'
    clone.git("config", "http.https://git.example.com/.extraheader", value)
    clone.git("config", 'url.file:///a"b.insteadOf', "https://short.example.com/")
    clone.git("config", "core.sshCommand", "program")
    clone.git("config", "credential.helper", "program")
    clone.git("config", "remote.origin.uploadpack", "program")
    repository = found(clone.folder)
    assert shown(repository, "http.https://git.example.com/.extraheader") == value
    assert shown(repository, 'url.file:///a"b.insteadOf') == "https://short.example.com/"
    assert shown(repository, "remote.origin.url").startswith("file://")
    for name in ("core.sshCommand", "credential.helper", "remote.origin.uploadpack"):
        assert shown(repository, name) == ""


def test_what_the_user_has_for_this_repository_is_used(
    clone: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, more = tmp_path / "gitconfig", tmp_path / "more"
    own.write_text(
        f'[credential]\n\thelper = own\n[includeIf "gitdir:{clone.root}/"]\n\tpath = {more}\n',
        encoding="utf-8",
    )
    more.write_text("[core]\n\tsshCommand = mine\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(own))
    repository = found(clone.folder)
    assert shown(repository, "core.sshCommand") == "mine"
    assert shown(repository, "credential.helper") == "own"


def test_what_a_file_of_the_work_tree_says_is_not_used(clone: Work, tmp_path: Path) -> None:
    for place, taken in ((clone.root / "settings", False), (tmp_path / "settings", True)):
        place.write_text("[http]\n\textraHeader = X: y\n", encoding="utf-8")
        clone.git("config", "include.path", str(place))
        assert shown(found(clone.folder), "http.extraheader") == ("X: y" if taken else "")

"""A folder at a commit reads like the folder itself did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.files import git_tree
from reconciler.files.git import Repository, short
from reconciler.files.git_tree import GitTree
from reconciler.files.tree import FolderTree
from tests.repositories import Work

pytestmark = pytest.mark.slow


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(tmp_path / "work", monkeypatch)


def tree(work: Work, commit: str) -> GitTree:
    repository = Repository.of(work.folder)
    assert repository is not None
    found = repository.tree(commit)
    assert found is not None
    return found


FILES = {
    "users.yaml": "users: {}\n",
    "z/ünïcode name.yaml": "ü\n",
    "a b/c.yaml": "",
    "policies/deploy.json": "{}",
    'quo"te.yaml': "x",
}


def test_every_file_is_listed_sorted_and_read_whole(work: Work) -> None:
    commit = work.commit({f"identities/{path}": text for path, text in FILES.items()})
    found = tree(work, commit)
    assert list(found.paths()) == sorted(FILES)
    assert {path: found.read(path).decode() for path in found.paths()} == FILES
    assert found.label == f"identities at {short(commit)}"


def test_bytes_are_as_committed_whatever_the_attributes_say(work: Work) -> None:
    work.write(
        {".gitattributes": "*.yaml ident text eol=crlf export-ignore\n", "identities/a.yaml": "$Id$\n"}
    )
    commit = work.commit()
    assert tree(work, commit).read("a.yaml") == b"$Id$\n"


def test_what_is_outside_the_folder_or_hidden_is_not_listed(work: Work) -> None:
    work.write({"identities/a.yaml": "a", "identities2/b.yaml": "b", "c.yaml": "c"})
    work.write({"identities/.hidden.yaml": "h", "identities/.dir/d.yaml": "d"})
    (work.folder / ".link").symlink_to("a.yaml")
    assert tree(work, work.commit()).paths() == ("a.yaml",)


def test_the_files_stay_those_of_the_commit(work: Work) -> None:
    first = tree(work, work.commit({"identities/a.yaml": "old"}))
    work.commit({"identities/a.yaml": "new", "identities/b.yaml": "b"})
    assert (first.paths(), first.read("a.yaml")) == (("a.yaml",), b"old")


def test_many_files_come_in_batches_of_any_size(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_tree, "_BATCH_BYTES", 50)
    files = {f"{number:02}.{kind}": "x" * number for number in range(60) for kind in ("yaml", "json")}
    found = tree(work, work.commit({f"identities/{path}": text for path, text in files.items()}))
    order = [*found.paths(), *reversed(found.paths())]
    assert [found.read(path).decode() for path in order] == [files[path] for path in order]


def test_a_file_may_have_a_mebibyte_and_no_more(work: Work) -> None:
    commit = work.commit(
        {"identities/full.yaml": "x" * (1 << 20), "identities/over.yaml": "x" * ((1 << 20) + 1)}
    )
    found = tree(work, commit)
    assert len(found.read("full.yaml")) == 1 << 20
    with pytest.raises(InputError, match=r"over\.yaml"):
        found.read("over.yaml")


def test_symlinks_and_submodules_are_all_refused_at_once(work: Work) -> None:
    target = work.commit({"identities/a.yaml": "a"})
    (work.folder / "link.yaml").symlink_to("/etc/passwd")
    (work.folder / "dir").symlink_to("..")
    work.git("update-index", "--add", "--cacheinfo", f"160000,{target},identities/module")
    work.git("add", "identities/link.yaml", "identities/dir")
    work.git("commit", "-q", "-m", "odd")
    with pytest.raises(InputError) as caught:
        tree(work, "HEAD").paths()
    assert [problem.message.split(": ")[-1] for problem in caught.value.problems] == [
        "dir is a symbolic link",
        "link.yaml is a symbolic link",
        "module is a submodule",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.yaml", "A.yaml"), ("\u00e9.yaml", "e\u0301.yaml"), ("a/b.yaml", "A/c.yaml")],
    ids=["by case", "by Unicode form", "two folders"],
)
def test_names_that_some_file_systems_hold_as_one_are_refused(work: Work, one: str, other: str) -> None:
    work.commit({"identities/keep.yaml": ""})
    for name in (one, other):
        blob = work.git("hash-object", "-w", "--stdin", stdin=name.encode())
        work.git("update-index", "--add", "--cacheinfo", f"100644,{blob},identities/{name}")
    work.git("commit", "-q", "-m", "odd")
    with pytest.raises(InputError, match="are one name on many file systems"):
        tree(work, "HEAD").paths()


@pytest.mark.parametrize("name", ["tab\t.yaml", "bidi\u202e.yaml", "line\n.yaml", "zero\u200b.yaml"])
def test_names_that_do_not_show_what_they_are_are_refused(work: Work, name: str) -> None:
    commit = work.commit({f"identities/{name}": "x"})
    with pytest.raises(InputError, match="has invisible characters") as caught:
        tree(work, commit).paths()
    assert name not in str(caught.value)


def test_a_name_that_is_no_utf8_is_listed_by_its_bytes(work: Work) -> None:
    work.write({"identities/a.yaml": "a"})
    (work.folder / os.fsdecode(b"\xff.yaml")).write_text("b", encoding="utf-8")
    found = tree(work, work.commit())
    assert {path: found.read(path) for path in found.paths()} == {"\\xff.yaml": b"b", "a.yaml": b"a"}


def test_a_folder_and_its_commit_list_and_read_the_same(work: Work) -> None:
    work.write({f"identities/{path}": text for path, text in FILES.items()})
    work.write(
        {"identities/.hidden/x.yaml": "", "identities/e\u0301/y.yaml": "y", "identities/more.yml": "m"}
    )
    there, here = tree(work, work.commit()), FolderTree(work.folder)
    assert list(there.paths()) == list(here.paths())
    assert [there.read(path) for path in there.paths()] == [here.read(path) for path in here.paths()]


def test_names_are_given_in_nfc(work: Work) -> None:
    found = tree(work, work.commit({"identities/e\u0301.yaml": "x"}))
    assert found.paths() == ("\u00e9.yaml",)
    assert found.read("\u00e9.yaml") == b"x"


def test_an_empty_tree_holds_no_file(work: Work) -> None:
    work.commit({"identities/a.yaml": "a"})
    empty = work.git("mktree")
    repository = Repository.of(work.folder)
    assert repository is not None
    assert repository.tree_of(empty, "0" * 40).paths() == ()

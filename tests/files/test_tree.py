"""A folder on disk as a tree: what it lists, and everything that it refuses."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.files.tree import MAX_FILE_BYTES, FolderTree, MemoryTree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "identities"
    folder.mkdir()
    return folder


def refused(root: Path, path: str | None = None) -> list[str]:
    """What a tree says when it is listed, or when one of its files is read."""
    tree = FolderTree(root, "ids")
    with pytest.raises(InputError) as caught:
        _ = tree.paths() if path is None else tree.read(path)
    return [str(problem) for problem in caught.value.problems]


def test_regular_files_at_any_depth_are_listed_sorted_and_read(root: Path) -> None:
    (root / "b" / "c").mkdir(parents=True)
    (root / "b" / "c" / "z.json").write_bytes(b"{}")
    (root / "b.yaml").write_bytes(b"x")
    (root / "a.yaml").write_bytes(b"y")
    tree = FolderTree(root)
    assert tree.label == root.as_posix()
    assert list(tree.paths()) == ["a.yaml", "b.yaml", "b/c/z.json"]
    assert tree.read("b/c/z.json") == b"{}"


def test_hidden_files_and_folders_are_skipped_whatever_they_are(root: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "a.yaml").write_bytes(b"x")
    (root / ".a.yaml.swp").write_bytes(b"x")
    (root / ".link").symlink_to(root)
    (root / "a.yaml").write_bytes(b"x")
    assert list(FolderTree(root).paths()) == ["a.yaml"]


def test_a_folder_is_listed_once_and_lists_what_was_there_then(root: Path) -> None:
    (root / "a.yaml").write_bytes(b"x")
    tree = FolderTree(root)
    assert list(tree.paths()) == ["a.yaml"]
    (root / "b.yaml").write_bytes(b"x")
    assert list(tree.paths()) == ["a.yaml"]


def test_symbolic_links_pipes_and_sockets_are_all_refused_at_once(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_bytes(b"x")
    (root / "file.yaml").symlink_to(outside)
    (root / "folder").symlink_to(tmp_path)
    (root / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(root / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # the path of a socket may have 107 bytes only
        server.bind("socket")
        os.chdir(here)
    assert refused(root) == [
        "ids: dangling is a symbolic link (put the file itself there)",
        "ids: file.yaml is a symbolic link (put the file itself there)",
        "ids: folder is a symbolic link (put the file itself there)",
        "ids: pipe.yaml is neither a file nor a folder (remove it, or move it elsewhere)",
        "ids: socket is neither a file nor a folder (remove it, or move it elsewhere)",
    ]


def test_a_file_that_became_a_link_after_it_was_listed_is_not_followed(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_bytes(b"secret")
    (root / "a.yaml").write_bytes(b"x")
    tree = FolderTree(root, "ids")
    assert list(tree.paths()) == ["a.yaml"]
    (root / "a.yaml").unlink()
    (root / "a.yaml").symlink_to(secret)
    with pytest.raises(InputError, match="cannot be read"):
        tree.read("a.yaml")


def test_a_folder_that_became_a_link_after_it_was_listed_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.yaml").write_bytes(b"secret")
    (root / "team").mkdir()
    (root / "team" / "a.yaml").write_bytes(b"x")
    tree = FolderTree(root, "ids")
    assert list(tree.paths()) == ["team/a.yaml"]
    (root / "team" / "a.yaml").unlink()
    (root / "team").rmdir()
    (root / "team").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="cannot be read"):
        tree.read("team/a.yaml")


def test_a_file_that_became_a_pipe_after_it_was_listed_is_refused_without_waiting(root: Path) -> None:
    (root / "a.yaml").write_bytes(b"x")
    tree = FolderTree(root, "ids")
    assert list(tree.paths()) == ["a.yaml"]
    (root / "a.yaml").unlink()
    os.mkfifo(root / "a.yaml")
    with pytest.raises(InputError, match="is not a regular file"):
        tree.read("a.yaml")


def test_a_file_may_have_a_mebibyte_and_not_one_byte_more(root: Path) -> None:
    (root / "fits.yaml").write_bytes(b"x" * MAX_FILE_BYTES)
    (root / "more.yaml").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    assert len(FolderTree(root).read("fits.yaml")) == MAX_FILE_BYTES
    assert refused(root, "more.yaml") == [
        (
            "ids: more.yaml is larger than 1,048,576 bytes, the most that a file may have "
            "(split it into several files)"
        )
    ]


def test_a_folder_that_does_not_exist_is_refused_with_the_option_that_names_it(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere") == [
        (
            "the folder ids does not exist (run this in the repository of your files, or name their folder "
            "with --identities; `reconciler adopt` and `reconciler init` make one)"
        )
    ]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert refused(tmp_path / "file") == ["ids is a file (name the folder that it lies in)"]


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, root: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert refused(tmp_path / "link") == ["ids is a symbolic link (name the folder that it points at)"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Team.yaml", "team.yaml", id="by case"),
        pytest.param("b\u00fcro.yaml", "bu\u0308ro.yaml", id="by Unicode form"),
    ],
)
def test_two_names_that_another_file_system_takes_for_one_are_refused(
    root: Path, one: str, other: str
) -> None:
    (root / one).write_bytes(b"x")
    (root / other).write_bytes(b"x")
    (problem,) = refused(root)
    assert problem.endswith("are one name on many file systems (rename one of them)")


def test_a_name_that_is_no_utf_8_is_listed_with_escapes_and_can_be_read(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/b\xff.yaml")).write_bytes(b"x")
    tree = FolderTree(root)
    assert list(tree.paths()) == ["b\\xff.yaml"]
    assert tree.read("b\\xff.yaml") == b"x"


def test_a_name_with_invisible_characters_is_refused_and_shown_as_escapes(root: Path) -> None:
    (root / "a\u202egpj.yaml").write_bytes(b"x")
    (root / "b\n::error::x.yaml").write_bytes(b"x")
    assert refused(root) == [
        'ids: the name "a\\u202egpj.yaml" has invisible characters (rename it)',
        'ids: the name "b\\n::error::x.yaml" has invisible characters (rename it)',
    ]


def test_a_tree_in_memory_is_sorted_and_read_like_any_other() -> None:
    tree = MemoryTree("record", {"b.yaml": b"2", "a.yaml": b"1"})
    assert (tree.label, list(tree.paths()), tree.read("b.yaml")) == ("record", ["a.yaml", "b.yaml"], b"2")


def test_a_file_is_read_once_so_that_what_is_compared_is_what_was_loaded(root: Path) -> None:
    (root / "a.yaml").write_bytes(b"loaded")
    tree = FolderTree(root)
    assert tree.read("a.yaml") == b"loaded"
    (root / "a.yaml").write_bytes(b"put there meanwhile")
    (root / "b.yaml").write_bytes(b"added meanwhile")
    assert (list(tree.paths()), tree.read("a.yaml")) == (["a.yaml"], b"loaded")

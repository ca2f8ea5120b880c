"""A `.gitignore` is written only where it is the identities' own, and never over anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.session.ignoring import Ignoring, keep_out_of_git
from tests.support.patience import PATIENCE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a folder of identities and one beside it."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], timeout=PATIENCE, check=True)
    for name in ("ours/identities", "other"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_it_is_written_beside_the_identities_alone(folder: Path) -> None:
    assert keep_out_of_git(folder / "other", folder / "ours" / "identities") == Ignoring()
    assert not (folder / "other" / ".gitignore").exists()
    assert keep_out_of_git(folder / "ours", folder / "ours" / "identities") == Ignoring(written=True)


def test_what_is_ignored_further_up_is_not_written_again(folder: Path) -> None:
    (folder / ".gitignore").write_text(".reconciler/\nplan.json\naccess.html\n", encoding="utf-8")
    assert keep_out_of_git(folder / "ours", folder / "ours" / "identities") == Ignoring()
    assert not (folder / "ours" / ".gitignore").exists()


def test_a_link_is_not_written_through(folder: Path) -> None:
    (folder / "ours" / ".gitignore").symlink_to(folder / "elsewhere")
    found = keep_out_of_git(folder / "ours", folder / "ours" / "identities")
    assert found == Ignoring(missing=(".reconciler/", "plan.json", "access.html"))
    assert not (folder / "elsewhere").exists()

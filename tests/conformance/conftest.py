"""Organisations that were applied already: each is applied once, and every test gets a copy of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.organisation import (
    Organisation,
    Place,
    describe,
    organisations,
    without_access,
    write_organisation,
)
from tests.support.site import FilesSite, files_site

# Of the generated organisation: every case is in it. What only size shows the real one shows.
SMALL = 0.1
# With so many items at most, every list of the small one comes in several pages.
PAGE = 20


@dataclass
class Applied:
    """A site on which an organisation was applied, and what its files say by plain reading of the YAML."""

    here: FilesSite
    organisation: Organisation

    @property
    def folder(self) -> Path:
        """The files, which are the test's to edit."""
        return self.organisation.folder

    def edited(self) -> Organisation:
        """What the files say now."""
        return describe(self.folder)

    def memberships(self) -> dict[str, frozenset[str]]:
        """Who is in which group, straight from the sandbox's data."""
        return dict(self.here.sandbox.store.memberships())


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every worker of this run shares."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(params=organisations(scale=SMALL))
def place(request: pytest.FixtureRequest) -> Place:
    """An organisation to write, the real one or a generated one."""
    found: Place = request.param
    return found


def small(folder: Path) -> None:
    """Write the small organisation."""
    write_organisation(folder, scale=SMALL)


def small_directory(folder: Path) -> None:
    """Write the same without accounts, permission sets and assignments: a third of the calls."""
    small(folder)
    without_access(folder)


def applied_once(shelf: Path, name: str, write: Callable[[Path], object], copy: Path) -> None:
    """Copy the files, the data and the record of what `write` writes, applied, into the new folder `copy`."""
    original = shelf / f"applied-{name}"
    with (shelf / f"applied-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first worker applies, the others wait and copy
        if not original.exists():
            making = shelf / f"making-{name}"
            shutil.rmtree(making, ignore_errors=True)
            write(making / "identities")
            with files_site(making / "identities", making / "home") as first:
                first.converge()
                first.sandbox.store.settle()  # others open it by clocks of their own
            making.rename(original)
    shutil.copytree(original, copy)


@pytest.fixture
def applied(request: pytest.FixtureRequest, shelf: Path, tmp_path: Path) -> Iterator[Applied]:
    """The small organisation after its first apply, with files, data and record of its own.

    Without its access where a module is about the directory (`DIRECTORY`).
    """
    copy = tmp_path / "site"
    write = small_directory if getattr(request.module, "DIRECTORY", False) else small
    applied_once(shelf, write.__name__, write, copy)
    with files_site(copy / "identities", copy / "home", largest_page=PAGE) as here:
        yield Applied(here, describe(copy / "identities"))

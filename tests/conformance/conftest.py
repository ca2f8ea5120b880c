"""Organisations that were applied already: each is applied once, and every test gets a copy of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.organisation import Organisation, Place, describe, organisations, without_access
from tests.support.site import FilesSite, files_site

# Of the generated organisation: every case is in it, and what only size shows the real one shows.
SCALE = 0.3


@dataclass
class Applied:
    """A site on which an organisation was applied, and what its files say by plain reading of the YAML.

    `name` is the organisation's: everything of that name was applied from the same files.
    """

    name: str
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


@pytest.fixture(params=organisations(scale=SCALE))
def place(request: pytest.FixtureRequest) -> Place:
    """An organisation to write; without its access where a module is about the directory (`DIRECTORY`)."""
    found: Place = request.param
    return of_the_directory(found) if getattr(request.module, "DIRECTORY", False) else found


def of_the_directory(place: Place) -> Place:
    """The same organisation without accounts, permission sets and assignments: a third of the calls."""

    def directory(folder: Path) -> Organisation:
        place(folder)
        without_access(folder)
        return describe(folder)

    directory.__name__ = f"directory-{place.__name__}"
    return directory


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
            making.rename(original)
    shutil.copytree(original, copy)


@pytest.fixture
def applied(place: Place, shelf: Path, tmp_path: Path) -> Iterator[Applied]:
    """An organisation after its first apply, with files, data and record of its own."""
    copy, name = tmp_path / "site", getattr(place, "__name__", "organisation")
    applied_once(shelf, name, place, copy)
    with files_site(copy / "identities", copy / "home") as here:
        yield Applied(name, here, describe(copy / "identities"))

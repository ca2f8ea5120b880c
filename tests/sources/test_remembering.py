"""Small losses of many imports add up, as git remembers them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.errors import Refused
from reconciler.sources.entry import Entry
from reconciler.sources.importing import Report, import_entries
from reconciler.sources.settings import Settings
from reconciler.sources.shrinking import Limit
from tests.support.directories import group, person
from tests.support.patience import PATIENCE

START = datetime(2026, 11, 1, tzinfo=UTC)
DEFAULT, ANY = Limit(), Limit(percent=100.0)


def people(count: int) -> list[Entry]:
    return [person(number, f"p{number:03}") for number in range(1, count + 1)]


class Repository:
    """A repository whose identities lie in a folder; hours are counted from START."""

    def __init__(self, root: Path, folder: str = "identities") -> None:
        self.root, self.identities = root, root / folder
        self.identities.mkdir(parents=True)
        self.git(0, "init", "-q", "-b", "main")

    def git(self, hour: float, *words: str) -> None:
        at = (START + timedelta(hours=hour)).isoformat()
        who = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com", "GIT_AUTHOR_DATE": at}
        environment = {
            **{name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()},
            **who,
            "PATH": "/usr/bin:/bin",
        }
        subprocess.run(
            ["git", *words], cwd=self.root, timeout=PATIENCE, check=True, capture_output=True, env=environment
        )

    def run(self, hour: float, entries: Sequence[Entry], limit: Limit = DEFAULT) -> Report:
        now = START + timedelta(hours=hour)
        return import_entries(entries, Settings(), self.identities, "imported", limit, now=now)

    def merged(self, hour: float, entries: Sequence[Entry], limit: Limit = DEFAULT) -> None:
        """An import that is committed within the same hour."""
        self.run(hour, entries, limit)
        self.git(hour, "add", "-A")
        self.git(hour, "commit", "-q", "-m", "import")

    def texts(self) -> dict[str, str]:
        return {str(one): one.read_text() for one in self.identities.rglob("*.yaml")}


def test_losses_of_a_day_are_judged_together(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.merged(0, people(60))
    for hour, left in ((30, 57), (31, 54), (32, 51)):
        repository.merged(hour, people(left))
    before = repository.texts()
    with pytest.raises(Refused, match=r"within 24 hours, 12 of 60 users \(3 by this import\)"):
        repository.run(33, people(48))
    assert repository.texts() == before
    # What takes nothing away is written all the same, and the whole loss where that is meant.
    report = repository.run(33, [*people(51), person(900, "new")])
    assert report.users.added == 1
    repository.run(33, people(48), Limit(percent=25.0))
    repository.git(33, "checkout", "-q", ".")
    # A day later it is a new day.
    repository.run(33 + 24, people(48))


def test_members_that_are_lost_one_by_one_count_too(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "deep/identities")
    everybody = people(50)
    repository.merged(0, [*everybody, group(90, "ops", everybody)])
    repository.merged(1, [*everybody, group(90, "ops", everybody[6:])])
    with pytest.raises(Refused, match=r"12 of 50 memberships \(6 by this import\)"):
        repository.run(2, [*everybody, group(90, "ops", everybody[12:])])


def test_imports_that_are_not_committed_add_up_as_well(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.merged(0, people(60))
    repository.run(1, people(52))
    with pytest.raises(Refused, match="16 of 60 users"):
        repository.run(2, people(44))


def test_what_somebody_meant_is_not_held_against_the_imports_after_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.merged(0, people(60))
    repository.merged(30, people(57))
    repository.merged(31, people(37), ANY)
    repository.merged(32, people(33))
    repository.merged(33, people(30))
    with pytest.raises(Refused, match=r"11 of 37 users \(4 by this import\)"):
        repository.run(34, people(26))


@pytest.mark.parametrize("hour", [0.5, 90.0])
def test_a_commit_with_a_forged_time_does_not_begin_a_day(tmp_path: Path, hour: float) -> None:
    """Who makes a commit chooses its time, and a fast-forward keeps it."""
    repository = Repository(tmp_path)
    repository.merged(0, people(60))
    repository.merged(30, people(52))
    repository.run(31, [*people(52), person(900, "new")])
    repository.git(hour, "add", "-A")
    repository.git(hour, "commit", "-q", "-m", "import")
    with pytest.raises(Refused, match="16 of 60 users"):
        repository.run(32, [*people(44), person(900, "new")])
    # A setting of somebody does not change what is read.
    repository.git(32, "config", "log.showSignature", "true")
    repository.git(32, "config", "log.decorate", "full")
    repository.run(32, [*people(51), person(900, "new")])


def test_a_large_loss_and_its_revert_excuse_nothing(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.merged(0, people(60))
    repository.merged(30, people(52))
    repository.merged(31, people(5), ANY)
    repository.git(31, "revert", "--no-edit", "HEAD")
    with pytest.raises(Refused, match="16 of 60 users"):
        repository.run(32, people(44))


def test_who_comes_back_is_not_lost(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.merged(0, people(60))
    repository.merged(1, people(52))
    repository.merged(2, people(60))
    repository.merged(3, people(52))


def test_the_time_of_a_branch_is_that_of_its_merge(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.merged(0, people(60))
    for hour, left in ((1, 52), (2, 44)):
        repository.git(hour, "switch", "-q", "-c", f"import{hour}")
        repository.run(hour, people(left), ANY)
        repository.git(hour, "add", "-A")
        repository.git(hour, "commit", "-q", "-m", "import")
        repository.git(hour, "switch", "-q", "main")
        repository.git(40 + hour, "merge", "-q", "--no-ff", f"import{hour}")
    with pytest.raises(Refused, match="18 of 60 users"):
        repository.run(43, people(42))


def test_a_shallow_clone_says_what_it_does_not_know(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "full")
    repository.merged(0, people(60))
    repository.merged(1, people(52))
    repository.git(2, "clone", "-q", "--depth=1", f"file://{tmp_path / 'full'}", str(tmp_path / "shallow"))
    shallow = tmp_path / "shallow/identities"
    now = START + timedelta(hours=2)
    report = import_entries(people(44), Settings(), shallow, "imported", DEFAULT, now=now)
    assert "history-short" in {one.code for one in report.remarks}
    with pytest.raises(Refused, match="16 of 60 users"):
        repository.run(2, people(44))

"""A security officer's block stays through every import, while the directory calls the account enabled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.stage import CONFIG, Played
from tests.support.directories import group, ldif, person

BLOCK = "blocked:\n  eve: {reason: SEC-88}   # the officer's own line\n"


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.yaml")}


@pytest.mark.parametrize(
    "only", [(), ("--only", "leavers"), ("--only", "others")], ids=["all", "leavers", "others"]
)
def test_an_import_brings_nobody_back_whom_an_officer_blocked(played: Played, only: tuple[str, ...]) -> None:
    def directory(title: str) -> list[str]:
        ada, eve = person(1, "ada", title=title), person(2, "eve", title=title)
        path = played.root / "recorded.ldif"
        path.write_text(ldif([ada, eve, group(9, "ops", [ada, eve])]), "utf-8")
        return ["import", "ad", "--ldif", str(path)]

    played.write({"people.yaml": None, "groups.yaml": None, "reconciler.yaml": CONFIG})
    assert played.run(*directory("Engineer")).code == 0
    played.converge()
    assert played.memberships()["ops"] == {"ada@example.com", "eve@example.com"}
    played.write({"security/blocked.yaml": BLOCK})
    assert played.run("reconcile").code == 0
    assert played.memberships()["ops"] == {"ada@example.com"}

    assert played.run(*directory("Lead"), *only).code == 0

    here = texts(played.root / "identities")
    assert here["security/blocked.yaml"] == BLOCK
    assert not [path for path in here if "leavers" in path]
    assert played.run("reconcile").code == 0
    played.converge()
    assert played.memberships()["ops"] == {"ada@example.com"}

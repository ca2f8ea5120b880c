"""The memory with the loader that everything else uses: real files, real configurations, real faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.files.git import short
from reconciler.files.tree import FolderTree, Tree
from reconciler.loading.load import load
from reconciler.loading.memory import Declarations, Memory, remember
from reconciler.loading.standing import stand
from reconciler.model.policy import OnRemoval
from tests.loading.memories import applied
from tests.repositories import Work

USERS, CONFIG = "identities/users.yaml", "identities/reconciler.yaml"
ADA = "users:\n  ada: {user_name: ada@example.com, given_name: Ada, family_name: Lovelace}\n"
EVE = "  eve: {user_name: eve@example.com, given_name: Eve, family_name: Mallory}\n"


def config(on_removal: str) -> str:
    return (
        "format: 1\ntargets:\n  aws:\n    type: identity-center\n    region: us-east-1\n"
        f"    on_removal: {on_removal}\n"
    )


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(tmp_path / "work", monkeypatch)


def read(tree: Tree) -> Declarations:
    loaded = load(tree)
    return Declarations(
        loaded.identities, {name: target.policy for name, target in loaded.config.targets.items()}
    )


def memory_of(work: Work) -> Memory:
    tree = FolderTree(work.folder, "identities")
    standing = stand(work.folder, tree)
    return remember(standing, ["aws"], read, planned=read(tree))["aws"]


def test_each_state_is_loaded_with_its_own_configuration(work: Work) -> None:
    applied(work, work.commit({USERS: ADA, CONFIG: config("deactivate")}))
    work.commit({USERS: ADA + EVE, CONFIG: config("delete")})
    work.commit({USERS: ADA})
    remembered = memory_of(work).remembered
    assert remembered.base is not None
    states = (remembered.base, *remembered.since)
    assert [(sorted(one.identities.users), one.policy.on_removal) for one in states] == [
        (["ada"], OnRemoval.DEACTIVATE),
        (["ada", "eve"], OnRemoval.DELETE),
    ]
    assert remembered.unknown is None


def test_the_place_of_a_fault_names_the_commit_that_has_it(work: Work) -> None:
    applied(work, work.commit({USERS: ADA, CONFIG: config("delete")}))
    broken = work.commit({USERS: ADA + ADA})
    work.commit({USERS: ADA})
    remembered = memory_of(work).remembered
    assert remembered.unknown is not None
    assert remembered.unknown.startswith(f"the remembered state {short(broken)} does not load: ")
    assert "users.yaml:3" in remembered.unknown
    assert remembered.since == ()

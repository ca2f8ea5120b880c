"""The memory with the loader that everything else uses: real files, real configurations, real faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.files.git import short
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.loading.memory import AppliedHistory, remember
from reconciler.loading.position import stand
from reconciler.loading.recalling import declarations, read_remembered
from reconciler.model.policy import OnRemoval
from reconciler.model.state import Remembered
from tests.loading.memories import applied
from tests.repositories import Work

pytestmark = pytest.mark.slow

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


def memory_of(work: Work) -> AppliedHistory:
    tree = FolderTree(work.folder, "identities")
    position = stand(work.folder, tree)
    return remember(position, ["aws"], read_remembered, planned=declarations(load(tree)))["aws"]


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


def states(remembered: Remembered) -> list[list[str]]:
    """The keys of the users at the base, and at each state since, newest first."""
    assert remembered.base is not None
    return [sorted(one.identities.users) for one in (remembered.base, *remembered.since)]


def test_a_commit_since_contributes_what_makes_sense_and_is_named_with_its_place(work: Work) -> None:
    applied(work, work.commit({USERS: ADA, CONFIG: config("delete")}))
    broken = work.commit({USERS: ADA + EVE + "  bob: {user_name: a b}\n"})
    work.commit({USERS: ADA})
    remembered = memory_of(work).remembered
    assert states(remembered) == [["ada"], ["ada", "eve"]]
    assert remembered.unknown is None
    (passed,) = remembered.passed_over
    assert passed.startswith(f"{short(broken)} does not load: identities at {short(broken)}/users.yaml:4:")


def test_a_base_of_which_something_was_left_out_is_known_for_the_rest_and_named(work: Work) -> None:
    base = work.commit({USERS: ADA, "identities/more.yaml": "users: {\n", CONFIG: config("delete")})
    applied(work, base)
    work.commit({"identities/more.yaml": "users: {}\n"})
    remembered = memory_of(work).remembered
    assert states(remembered) == [["ada"]]
    assert remembered.base is not None
    assert remembered.base.policy.on_removal is OnRemoval.DELETE
    assert remembered.unknown is not None
    place = f"identities at {short(base)}/more.yaml:2:1"
    assert remembered.unknown.startswith(f"the remembered state {short(base)} does not load: {place}: ")
    assert remembered.passed_over == ()


def test_a_base_that_another_release_judged_less_strictly_is_known_whole(work: Work) -> None:
    strict = "format: 1\nrequires: '<0.1'\ntargets: {aws: {type: identity-center}}\n"
    applied(work, work.commit({USERS: ADA + ADA.replace("users:\n  ada", "  ada2").replace("ada@", "a@"),
                               CONFIG: strict}))  # fmt: skip
    work.commit({USERS: ADA, CONFIG: config("delete")})
    remembered = memory_of(work).remembered
    assert states(remembered) == [["ada", "ada2"]]
    assert (remembered.unknown, remembered.passed_over) == (None, ())


def test_a_base_whose_configuration_cannot_be_read_has_no_policy_and_says_why(work: Work) -> None:
    base = work.commit({USERS: ADA, CONFIG: "format: 1\ntargets: [\n"})
    applied(work, base)
    work.commit({CONFIG: config("delete")})
    remembered = memory_of(work).remembered
    assert (remembered.base, remembered.since) == (None, ())
    assert remembered.unknown is not None
    assert f"{short(base)}/reconciler.yaml:3:1" in remembered.unknown


def test_what_a_tree_must_not_hold_is_left_out_of_a_remembered_one(work: Work) -> None:
    applied(work, work.commit({USERS: ADA}))
    (work.folder / "link.yaml").symlink_to("users.yaml")
    (work.folder / "b\u202ed.yaml").write_text("users: {bob: {user_name: bob}}\n", encoding="utf-8")
    work.commit({USERS: ADA + EVE})
    for path in ("link.yaml", "b\u202ed.yaml"):
        (work.folder / path).unlink()
    work.commit({USERS: ADA})
    remembered = memory_of(work).remembered
    assert states(remembered) == [["ada"], ["ada", "eve"]]
    assert remembered.unknown is None
    (passed,) = remembered.passed_over
    assert "has invisible characters" in passed or "is a symbolic link" in passed

"""The pull requests of an import: one open for each part, and a merge of what was judged, or of nothing."""

from __future__ import annotations

import os

import pytest

from reconciler.cli.main import run
from reconciler.errors import ReconcilerError, ServiceError
from reconciler.forge.github import connect
from reconciler.forge.proposing import merge, open_pull
from tests.forge.conftest import Job
from tests.support.github import Hub

pytestmark = pytest.mark.slow

HEAD, BASE, OTHER, MERGED, TREE = (each * 40 for each in "abcde")
BRANCH = "import/leavers"
PROPOSE = ["ci", "propose", "leavers", "--head", BRANCH]


def test_a_part_has_one_open_pull_request_and_none_where_nothing_is_proposed(
    github: Hub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    github.tip_of = lambda _: HEAD
    job({})
    # Of a fork, and to another branch: neither is ours.
    github.open_pull(HEAD, BRANCH, fork=True)
    github.open_pull(HEAD, "another", base="main")
    assert run([*PROPOSE, "--nothing"]) == 0
    assert run(PROPOSE) == 0
    assert run(PROPOSE) == 0
    ours = [one for one in github.pulls.values() if one["user"]["login"] == "octo-import[bot]"]
    assert [(one["state"], one["head"]["ref"], one["base"]["ref"]) for one in ours] == [
        ("open", BRANCH, "main")
    ]
    assert "disabled, gone or expired" in ours[0]["title"]
    assert run([*PROPOSE, "--nothing"]) == 0
    assert [one["state"] for one in github.pulls.values()] == ["open", "open", "closed"]
    assert "nothing to propose" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tip", "head", "parents", "tree", "fault"),
    [
        pytest.param(BASE, HEAD, [BASE, HEAD], TREE, "", id="as it was judged"),
        pytest.param(OTHER, HEAD, [OTHER, HEAD], TREE, "has moved on", id="the branch moved on before"),
        pytest.param(
            BASE, OTHER, [BASE, OTHER], TREE, "Head branch was modified", id="somebody pushed meanwhile"
        ),
        pytest.param(
            BASE, HEAD, [OTHER, HEAD], TREE, "look at what both bring", id="the branch moved on in between"
        ),
        pytest.param(BASE, HEAD, [BASE, HEAD], OTHER, "with other files", id="merged in another way"),
    ],
)
def test_what_was_judged_is_merged_and_nothing_else(
    github: Hub, job: Job, tip: str, head: str, parents: list[str], tree: str, fault: str
) -> None:
    github.tip_of = lambda _: tip
    github.parents = lambda _: parents
    github.tree = lambda _: tree
    merged: list[int] = []

    def merge_it(number: int) -> str:
        merged.append(number)
        return MERGED

    github.merge = merge_it
    job({})
    number = github.open_pull(head, BRANCH)
    api = connect(os.environ)
    pull = open_pull(api, BRANCH, "main")
    assert pull is not None
    if not fault:
        assert merge(api, pull, HEAD, BASE, "main", TREE) == MERGED
    else:
        with pytest.raises((ReconcilerError, ServiceError), match=fault):
            merge(api, pull, HEAD, BASE, "main", TREE)
    assert merged == ([number] if tip == BASE and head == HEAD else [])

"""No test sees what the shell around it has set."""

from __future__ import annotations

import os

import pytest

from tests.support.environment import OURS, clear, foreign


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "CI",
        "CI_PROJECT_VISIBILITY",
        "COLUMNS",
        "GITHUB_ACTOR",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_WORK_TREE",
        "HTTPS_PROXY",
        "LANG",
        "LC_ALL",
        "REQUESTS_CA_BUNDLE",
        "https_proxy",
    ],
)
def test_what_others_set_is_taken_out(name: str) -> None:
    given = {name: "theirs", "PATH": "/usr/bin", "HOME": "/home/ada", "TMPDIR": "/tmp"}

    clear(given)

    assert given == {"PATH": "/usr/bin", "HOME": "/home/ada", "TMPDIR": "/tmp", **OURS}


def test_this_test_has_nothing_of_it() -> None:
    assert {name: text for name, text in os.environ.items() if foreign(name)} == OURS

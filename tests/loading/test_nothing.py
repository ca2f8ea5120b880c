"""Problems with folders that declare nothing: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import Files, problems

CASES = [
    pytest.param(
        {},
        [
            (
                "",
                "the folder ids holds no YAML files with users or groups",
                "check the path; to manage nobody, write reconciler.yaml and a file with `users: {}`",
            )
        ],
        id="an empty folder",
    ),
    pytest.param(
        {"README.md": "hello"},
        [
            (
                "",
                "the folder ids holds no YAML files with users or groups",
                "check the path; to manage nobody, write reconciler.yaml and a file with `users: {}`",
            )
        ],
        id="a folder without YAML",
    ),
    pytest.param(
        {"a.yaml": "# nothing yet\n"},
        [
            (
                "",
                "the folder ids declares nothing",
                "check the path; to manage nobody, write reconciler.yaml and a file with `users: {}`",
            )
        ],
        id="a folder that declares nothing",
    ),
    pytest.param(
        {"reconciler.yaml": "format: 1\n"},
        [
            (
                "",
                "the folder ids holds no YAML files with users or groups",
                "check the path; to manage nobody, write reconciler.yaml and a file with `users: {}`",
            )
        ],
        id="a configuration alone",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

"""The configuration of a remembered tree: whole targets or none, and never a default in place of one."""

from __future__ import annotations

import pytest

from reconciler.config.configuration import DEFAULT_TARGET
from tests.loading.leniently import lenient, shape
from tests.trees import USER


@pytest.mark.parametrize(
    "config",
    [
        pytest.param("format: [\n", id="no YAML"),
        pytest.param("format: 2\n", id="another format"),
        pytest.param("timezone: UTC\n", id="no format"),
        pytest.param("format: 1\nscopes: {users: observe}\n", id="an unknown section"),
        pytest.param("format: 1\nscope: {user: observe}\n", id="an unknown field of scope"),
        pytest.param("format: 1\nscope: {users: observ}\n", id="a scope that is none"),
        pytest.param("format: 1\nscope: {users: observe}\nscope: {}\n", id="a section twice"),
        pytest.param("format: 1\ntargets: {}\n", id="no targets"),
        pytest.param("format: 1\ntargets:\n", id="nothing for targets"),
        pytest.param(
            "format: 1\ntargets: {aws: {type: identity-center, path: [x]}}\n", id="an unknown field"
        ),
        pytest.param("format: 1\ntargets: {aws: {paths: [x]}}\n", id="a target without a type"),
        pytest.param("format: 1\ntargets: {aws: x}\n", id="a target that is text"),
        pytest.param("- x\n", id="a list"),
    ],
)
def test_a_configuration_that_is_not_understood_gives_no_target(config: str) -> None:
    found, expected = lenient({"reconciler.yaml": config, "a.yaml": USER})
    assert (dict(found.config.targets), shape(found)) == ({}, {"users": ["ada"]})
    assert expected
    assert expected[0].startswith("reconciler.yaml:")


@pytest.mark.parametrize(
    ("config", "targets", "problems"),
    [
        pytest.param("format: 1\nrequires: '<0.1'\n", [DEFAULT_TARGET], 0, id="another release"),
        pytest.param("format: 1\nrequires: [x]\n", [DEFAULT_TARGET], 1, id="requires that is none"),
        pytest.param("format: 1\nguards: {max: 1}\n", [DEFAULT_TARGET], 1, id="guards that are wrong"),
        pytest.param("format: 1\nrules: {x: {y: z}}\n", [DEFAULT_TARGET], 1, id="rules that are wrong"),
        pytest.param("format: 1\ntimezone: Mars\n", [DEFAULT_TARGET], 1, id="a time zone that is none"),
        pytest.param(
            "format: 1\ntargets:\n  a: {type: identity-center, paths: [x/**]}\n  b: {type: foo}\n",
            ["a"],
            1,
            id="one target of two",
        ),
        pytest.param(
            "format: 1\ntargets:\n  a: {type: identity-center, region: eu-central-2}\n"
            "  b: {type: scim, url: 'https://x.example', token: {env: T}, map: {title: '{nothing}'}}\n",
            ["a"],
            1,
            id="a map that is wrong",
        ),
        pytest.param(
            "format: 1\nguards: {protected: {users: [nobody]}}\n", [DEFAULT_TARGET], 0, id="a name of nobody"
        ),
    ],
)
def test_a_configuration_gives_the_targets_that_are_right(
    config: str, targets: list[str], problems: int
) -> None:
    found, expected = lenient({"reconciler.yaml": config, "a.yaml": USER})
    assert (sorted(found.config.targets), len(expected)) == (targets, problems)


def test_without_a_configuration_there_is_the_default_target() -> None:
    found, expected = lenient(USER)
    assert (sorted(found.config.targets), expected) == ([DEFAULT_TARGET], [])

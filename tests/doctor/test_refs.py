"""Patterns of rulesets: File.fnmatch with FNM_PATHNAME, as Ruby has it."""

from __future__ import annotations

import pytest

from reconciler.doctor.github.refs import covers, fits

DEEP, FLAT = "refs/tags/reconciler/applied/aws", "refs/tags/reconciler/snapshot"


@pytest.mark.parametrize(
    ("pattern", "deep", "flat"),
    [
        ("~ALL", True, True),
        ("refs/tags/reconciler/**/*", True, True),
        ("refs/tags/reconciler/*", False, True),
        ("refs/tags/reconciler/**", False, True),
        ("refs/tags/reconciler/*/*", True, False),
        ("refs/tags/**/*", True, True),
        ("refs/tags/*", False, False),
        ("refs/tags/reconciler*", False, False),
        ("refs/tags/[qr]econciler/**/*", True, True),
        ("refs/tags/[!r]econciler/**/*", False, False),
        ("refs/heads/**/*", False, False),
        ("reconciler/**/*", True, True),
        ("refs/tags/reconciler.**/*", False, False),
    ],
)
def test_patterns(pattern: str, deep: bool, flat: bool) -> None:  # noqa: FBT001  # parameters of the test
    assert (fits(pattern, DEEP), fits(pattern, FLAT)) == (deep, flat)


def test_what_is_excluded_is_not_covered() -> None:
    assert covers(["~ALL"], [], DEEP)
    assert not covers(["~ALL"], ["refs/tags/reconciler/applied/*"], DEEP)
    assert not covers([], [], DEEP)

"""CODEOWNERS: which line decides about a file; the examples are those of GitHub's documentation."""

from __future__ import annotations

import pytest

from reconciler.doctor.github.codeowners import decider, fits, read, shadowed


@pytest.mark.parametrize(
    ("pattern", "path", "fitting"),
    [
        ("*", "a/b/c.txt", True),
        ("*.js", "a/b/c.js", True),
        ("*.js", "a/b/c.jsx", False),
        ("/build/logs/", "build/logs/a/b", True),
        ("/build/logs/", "x/build/logs/a", False),
        ("docs/*", "docs/getting-started.md", True),
        ("docs/*", "docs/build-app/troubleshooting.md", False),
        ("docs/*", "x/docs/a.md", False),
        ("/*", "README.md", True),
        ("/*", "identities/people.yaml", False),
        ("apps/", "a/apps/b/c", True),
        ("apps/", "apps", False),
        ("/docs/", "docs/a/b", True),
        ("/docs/", "a/docs/b", False),
        ("/scripts/", "scripts/a", True),
        ("**/logs", "build/logs/a", True),
        ("**/logs", "deeply/nested/logs/a", True),
        ("**/logs", "logs/a", True),
        ("**/logs", "catalogs/a", False),
        ("/apps/github", "apps/github/a", True),
        ("/apps/github", "apps/github-x", False),
        ("identities/**", "identities/a/b.yaml", True),
        ("identities/**/people.yaml", "identities/people.yaml", True),
        ("identities/**/people.yaml", "identities/a/b/people.yaml", True),
        ("identities", "x/identities/a", True),
        ("Identities/", "identities/a", False),
        (r"/with\ blank/", "with blank/a", True),
        ("a.b", "axb", False),
        ("/people?.yaml", "people1.yaml", True),
    ],
)
def test_patterns(pattern: str, path: str, fitting: bool) -> None:  # noqa: FBT001  # a parameter of the test
    assert fits(pattern, path) is fitting


def test_the_last_line_that_fits_decides() -> None:
    lines, faults = read("* @all\n/identities/ @identity\n/identities/people.yaml @hr hr@example.com\n")
    assert not faults
    found = [decider(lines, path) for path in ("a", "identities/a", "identities/people.yaml")]
    assert [one.owners for one in found if one] == [("@all",), ("@identity",), ("@hr", "hr@example.com")]


def test_lines_that_are_skipped() -> None:
    lines, faults = read(
        "# head\n\n  # more\n!a @x\n[ab] @x\n\\#a @x\n* nobody\n/with\\ blank/ @x # why\n/b\n* @a/b/c\n"
    )
    assert [(one.number, one.pattern, one.owners) for one in lines] == [
        (8, r"/with\ blank/", ("@x",)),
        (9, "/b", ()),
    ]
    assert [one.number for one in faults] == [4, 5, 6, 7, 10]


def test_a_line_is_void_only_where_one_later_line_takes_all_of_its_files() -> None:
    files = ("identities/a.yaml", "identities/b.yaml", "README.md")
    void = [
        (one.number, later.number)
        for text in (
            "/identities/ @a\n* @b\n",
            "* @b\n/identities/ @a\n",
            "* @a\n/identities/ @a\n/README.md @b\n",
        )
        for one, later, _ in shadowed(read(text)[0], files)
    ]
    assert void == [(1, 2)]

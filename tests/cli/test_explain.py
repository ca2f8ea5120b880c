"""`reconciler explain`: every code is explained, by its name of today and of earlier releases."""

from __future__ import annotations

import re

import pytest

from reconciler.model.catalogue import CATALOGUE, FORMERLY
from reconciler.model.catalogue.importing import IMPORTED
from tests.cli.stage import ROOT, Played


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_is_explained(played: Played, code: str) -> None:
    ended = played.run("explain", code)

    assert ended.code == 0
    assert ended.out.startswith(f"{code} (")
    assert CATALOGUE[code].says[1:] in ended.out


def test_what_lifts_a_refusal_is_said(played: Played) -> None:
    assert "Lifted by: an approval with `guard: self-lockout` and no kind." in (
        played.run("explain", "self-lockout").out
    )
    assert "Lifted by: nothing." in played.run("explain", "unsafe-deletion").out


@pytest.mark.parametrize(("old", "new"), FORMERLY.items())
def test_a_code_of_an_earlier_release_leads_to_its_name(played: Played, old: str, new: str) -> None:
    ended = played.run("explain", old)

    assert ended.code == 0
    assert ended.out.startswith(f"{new} (")
    assert f"{old} was its name in earlier releases" in ended.out


def test_a_code_that_nobody_raises_is_refused_with_the_one_that_was_meant(played: Played) -> None:
    ended = played.run("explain", "max-removal")

    assert ended.code == 64
    assert "did you mean max-removals?" in ended.err


def test_an_approval_by_an_old_code_holds_and_a_warning_names_the_new_one(played: Played) -> None:
    approval = "{guard: own-access, count: 1, until: 2999-01-01, reason: test}"
    played.write({"approvals/old.yaml": f"approvals:\n  old: {approval}\n"})

    ended = played.run("validate")

    assert ended.code == 0
    assert "identities/approvals/old.yaml:2:" in ended.err
    assert "which is called self-lockout now" in ended.output
    assert "guard-renamed" in played.run("plan").out


def test_the_codes_of_imports_are_those_that_are_raised_documented_and_explained(played: Played) -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "reconciler/sources").glob("*.py"))
    raised = set(re.findall(r'Remark\(\s*"([a-z-]+)"', sources))
    raised |= set(re.findall(r'_at_fault\([^"()]*"([a-z-]+)"', sources))
    assert raised == set(IMPORTED)
    page = (ROOT / "docs/active-directory.md").read_text("utf-8")
    for code, says in IMPORTED.items():
        assert f"`{code}`" in page
        ended = played.run("explain", code)
        assert ended.code == 0
        assert says[1:] in ended.output

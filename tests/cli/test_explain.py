"""`reconciler explain`: every code is explained, by its name of today and of earlier releases."""

from __future__ import annotations

import pytest

from reconciler.model.catalogue import CATALOGUE, FORMERLY
from tests.cli.stage import Played


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

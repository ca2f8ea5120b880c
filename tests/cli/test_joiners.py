"""`validate` on people who are new and lack what creating them needs."""

from __future__ import annotations

import pytest

from tests.cli.stage import PEOPLE, Played, Real

EVE = "  eve: {user_name: eve@example.com}\n"


def test_a_joiner_without_names_is_an_error_at_their_place(played: Played) -> None:
    played.write({"people.yaml": PEOPLE + EVE})

    ended = played.run("validate")

    assert ended.code == 1
    assert (
        "identities/people.yaml:5:3: user eve is new and cannot be created: given_name and family_name must"
        " be set" in ended.output
    )
    assert "add given_name and family_name; or write `external: true`" in ended.output
    assert "display_name" not in ended.output


@pytest.mark.parametrize(
    ("eve", "expected"),
    [
        pytest.param("{user_name: e@x.org, given_name: Eve}", "family_name must be set", id="one name"),
        pytest.param(
            "{user_name: e@x.org, given_name: Eve, family_name: Ito, display_name: null}",
            "display_name must be set",
            id="a default that was refused",
        ),
        pytest.param("{user_name: e@x.org, given_name: Eve, family_name: Ito}", "", id="complete"),
        pytest.param("{user_name: e@x.org, external: true}", "", id="somebody else's"),
        pytest.param("{user_name: e@x.org, until: 2020-01-01}", "", id="over"),
        pytest.param("{user_name: e@x.org, from: 2999-01-01}", "given_name and", id="not yet"),
    ],
)
def test_only_what_a_create_needs_is_asked_for(played: Played, eve: str, expected: str) -> None:
    played.write({"people.yaml": f"{PEOPLE}  eve: {eve}\n"})

    ended = played.run("validate")

    assert ended.code == (1 if expected else 0), ended.output
    assert expected in ended.output


def test_whoever_was_declared_when_a_target_was_applied_may_be_there_and_needs_no_names(real: Real) -> None:
    real.sandbox.store.add_user("eve@example.com", email="eve@example.com")
    real.commit({"people.yaml": PEOPLE + EVE})
    assert real.run("validate").code == 1
    real.converge("--first-apply")

    assert real.run("validate").code == 0
    renamed = EVE.replace("eve:", "evelyn:").replace("}", ", previously: [eve]}")
    real.write({"people.yaml": PEOPLE + renamed})
    assert real.run("validate").code == 0
    real.write({"people.yaml": PEOPLE + EVE + EVE.replace("eve", "fay")})
    ended = real.run("validate")
    assert ended.code == 1
    assert "user fay is new" in ended.output
    assert "user eve" not in ended.output

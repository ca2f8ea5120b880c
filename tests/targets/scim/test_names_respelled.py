"""Names that a service writes in its own way, on the wire: one apply is whole, the next plan is empty."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest

from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd


def _trimmed(name: str) -> str:
    return " ".join(name.split())


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("spell", [str.lower, str.upper, _trimmed, _composed, lambda n: _trimmed(n).lower()])
@pytest.mark.parametrize("patch", [204, 405])
@pytest.mark.parametrize("lost", [False, True])
def test_names_in_a_spelling_of_the_service(spell: Callable[[str], str], patch: int, *, lost: bool) -> None:
    losing = [("POST Users", True), ("POST Groups", True)] if lost else []
    odd = Odd(respells=spell, patch=patch, losing=losing)
    name, crew = unicodedata.normalize("NFD", "Zoë  Ä"), unicodedata.normalize("NFD", "Crème  Ops")
    with facing(odd) as here:
        people = (user("ada", user_name=name), user("bob"))
        here.converge(git(people, **{crew: ["ada", "bob"]}))
        here.converge(git((user("ada", user_name=name, title="x"), user("bob")), **{crew: ["ada"]}))
        assert here.apply(git((user("ada", user_name=name, title="x"),), **{crew: ["ada"]})).notes == ()
    assert odd.crews() == {spell(crew): {spell(name)}}
    assert sorted(one["userName"] for one in odd.users.values()) == sorted([spell(name), spell("bob")])


def test_another_name_than_was_sent_fails_in_each_apply_and_is_shown() -> None:
    odd = Odd(respells=lambda name: f"{name.removesuffix('@x.example')}@x.example")
    with facing(odd) as here:
        wish = git((user("ada"),))
        for _ in range(2):
            report = here.apply(wish)
            (failed,) = report.results
            assert not report.whole
            assert "'ada@x.example'" in failed.message
            wish = git((user("ada", user_name="ada", external_id="7"),))
            odd.named("ada@x.example")["externalId"] = "7"
        here.converge(git((user("ada", user_name="ada@x.example", external_id="7"),)))

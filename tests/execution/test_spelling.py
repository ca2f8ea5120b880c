"""A service that spells names in its own way: accepted, said once, remembered, and nobody is made twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address, Kind
from reconciler.model.names import bare
from reconciler.model.plan import Step
from reconciler.model.report import Status
from reconciler.model.resources import Value
from reconciler.model.state import Identities
from tests.execution.services import Home, Service
from tests.planning.world import group, identities, person


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _nfkc(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


def _nfd(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def _trimmed(name: str) -> str:
    return " ".join(name.split())


def _joined(name: str) -> str:
    return "".join(name.split())


class Spelling(Service):
    """A service that makes of the names of `kind` what `make` says; for the keys in `spares` it does not."""

    def __init__(self, kind: Kind, make: Callable[[str], str], **more: Any) -> None:
        super().__init__(**more)
        self._kind, self._make = kind, make

    def _write(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
        name = "user_name" if self._kind is Kind.USER else "display_name"
        spared = step.address.kind is not self._kind or step.address.key in self.spares
        if not spared and isinstance(value := values.get(name), str):
            values = {**values, name: self._make(value)}
        return super()._write(step, values, ids)


def git_of(kind: Kind, name: str) -> Identities:
    """One object of that kind with that name, beside another one."""
    if kind is Kind.USER:
        return identities([person("ada", user_name=name), person("bob")], [group("ops", ["ada"])])
    team = group("ops", ["bob"], attributes={"display_name": name})
    return identities([person("bob")], [team, group("others", ["bob"])])


SPELLINGS: Mapping[str, tuple[str, Callable[[str], str], str]] = {
    "small": ("Ada.L", str.lower, ":case"),
    "large": ("Straße", str.upper, ":case"),
    "trimmed": ("  Ada  Lovelace ", _trimmed, ":space"),
    "composed": (_nfd("Zoë"), _nfc, ":space"),
    "decomposed": (_nfc("Zoë"), _nfd, ":space"),
    "composed and small": (_nfd("Zoë"), lambda name: _nfc(name).lower(), ":case"),
    "trimmed and small": (" Ada", lambda name: name.strip().lower(), ":case :space"),
    "full width": ("ＡＤＡ", _nfkc, ":form="),  # noqa: RUF001  # is what is tested
    "no white space": ("Ada Lovelace", _joined, ":form="),
    "another white space": ("Ada\u00a0Lovelace", lambda name: name.replace("\u00a0", " "), ":space"),
}


@pytest.mark.parametrize("kind", [Kind.USER, Kind.GROUP])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_is_accepted_said_once_and_not_sent_again(kind: Kind, spelling: str) -> None:
    name, make, suffixes = SPELLINGS[spelling]
    here = Home(Spelling(kind, make))
    git = git_of(kind, name)

    report = here.converge(git)

    attribute = f"{kind}.{'user_name' if kind is Kind.USER else 'display_name'}"
    found = ["".join(each.removeprefix(attribute).partition("=")[:2]) for each in report.unkept]
    assert found == suffixes.split()
    assert len(report.notes) >= 1
    again = here.apply(git)
    assert (again.results, again.notes, again.unkept) == ((), (), report.unkept)
    # A later change goes to the same object, and the name is not sent with it.
    more = git_of(kind, name)
    more = identities([*more.users.values(), person("cyd")], list(more.groups.values()))
    assert [str(one.address) for one in here.converge(more).results] == ["aws/user/cyd"]
    # Another name is sent.
    assert here.converge(git_of(kind, "Someone else")).writes


@pytest.mark.parametrize("kind", [Kind.USER, Kind.GROUP])
@pytest.mark.parametrize(
    "make", [lambda name: f"{name}@example.com", lambda name: name[:2], lambda name: name[::-1]]
)
def test_another_name_is_a_failure_that_shows_it(kind: Kind, make: Callable[[str], str]) -> None:
    here = Home(Spelling(kind, make))
    git = git_of(kind, "lovelace")

    report = here.apply(git)

    assert not report.whole
    failed, *_ = [one for one in report.results if one.status is Status.FAILED]
    assert repr(make("lovelace")) in failed.message
    assert "write it so in git" in failed.message
    assert [each for each in report.unkept if "name" in each and not each.endswith(":case")] == []


@pytest.mark.parametrize("make", [str.lower, _trimmed])
def test_a_spelling_that_is_kept_elsewhere_holds_of_this_value_alone(make: Callable[[str], str]) -> None:
    here = Home(Spelling(Kind.USER, make, spares=["bob"]))
    git = identities([person("ada", user_name="Ada  L"), person("bob", user_name="Bob  L")])

    report = here.converge(git)

    (remembered,) = report.unkept
    assert remembered.startswith("user.user_name:form=")
    # A change of case or white space is sent where they are kept.
    assert here.converge(identities([git.users["ada"], person("bob", user_name="bob L")])).writes == 1


_LETTERS = st.text("aAbBßéİΣς .\u00a0", min_size=1, max_size=6).filter(
    lambda text: bool(text.strip(" .\u00a0"))
)


@given(
    st.sampled_from([Kind.USER, Kind.GROUP]),
    st.lists(_LETTERS, min_size=2, max_size=3),
    st.lists(st.sampled_from([_nfc, _nfd, _nfkc, _trimmed, _joined, str.lower, str.casefold]), max_size=3),
)
@settings(max_examples=100)
def test_any_spelling_converges(kind: Kind, names: list[str], ways: list[Callable[[str], str]]) -> None:
    def make(name: str) -> str:
        for way in ways:
            name = way(name)
        return name

    service = Spelling(kind, make)
    here = Home(service)
    for name in names:
        here.converge(git_of(kind, name))
        shown = [
            str(one.attributes["user_name" if kind is Kind.USER else "display_name"])
            for one in (service.users if kind is Kind.USER else service.groups).values()
        ]
        assert len([each for each in shown if bare(each) == bare(name)]) == 1

"""Whose each live object is: of git now, of git then, somebody else's, or nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from reconciler.model.change import Cause
from reconciler.model.policy import Ignore, Mode, Scope
from reconciler.model.resources import User, Value
from reconciler.model.state import Desired, Inactive, Live, LiveUser
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.ownership.objects import Ownership
from reconciler.planning.ownership.owning import own_users
from tests.planning.world import ORIGIN


def of(key: str, name: str, previously: str = "", external_id: str = "", **more: object) -> User:
    attributes: dict[str, Value] = {"user_name": name}
    if external_id:
        attributes["external_id"] = external_id
    return User(key, attributes, ORIGIN, previously=tuple(previously.split()), **more)  # type: ignore[arg-type]  # any field by name


def said(users: Sequence[User], inactive: str = "") -> Desired:
    absent = {key: Inactive(Cause.BLOCK, "blocked") for key in inactive.split()}
    return Desired("aws", users={one.key: one for one in users}, inactive=absent)


@dataclass
class Case:
    """Live users in words (`1=name/external id`) beside what git says and said, and whose each is."""

    objects: str
    now: Sequence[User]
    expected: str
    base: Sequence[User] = ()
    # What git said after the base, newest first.
    since: Sequence[Sequence[User]] = ()
    inactive: str = ""
    ignore: tuple[str, ...] = ()
    mode: Mode = Mode.MANAGED
    known: bool = True

    def owned(self) -> Ownership:
        users = {}
        for each in self.objects.split():
            identifier, _, rest = each.partition("=")
            name, _, external_id = rest.partition("/")
            attributes = {"user_name": name, "external_id": external_id}
            users[identifier] = LiveUser(
                identifier, {key: one for key, one in attributes.items() if one}, True
            )
        memory = PriorState(
            said(self.base) if self.base else None, tuple(said(each) for each in self.since), self.known
        )
        scope = Scope(users=self.mode, ignore=Ignore(users=self.ignore))
        return own_users(said(self.now, self.inactive), Live("aws", users=users), memory, scope)

    def whose(self) -> str:
        """`1=declared:key 2=stray`, with all that holds of an object."""
        found = self.owned()
        words: dict[str, list[str]] = {each.split("=")[0]: [] for each in self.objects.split()}
        for word, keys in (("declared", found.declared), ("external", found.external), ("gone", found.gone)):
            for identifier, key in keys.items():
                words[identifier].append(f"{word}:{key}")
        for word, these in (
            ("stray", found.undeclared),
            ("ignored", found.ignored),
            ("unmanaged", found.unmanaged),
            ("contested", found.pairing.contested),
        ):
            for identifier in these:
                words[identifier].append(word)
        return " ".join(f"{identifier}={'+'.join(each)}" for identifier, each in words.items())


A, THEIRS = of("a", "x"), of("a", "x", external=True)
ALL = Mode.AUTHORITATIVE


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case("1=x 2=y", [A], "1=declared:a 2=unmanaged"), id="declared, and a stranger"),
        pytest.param(Case("1=x 2=y", [A], "1=declared:a 2=stray", mode=ALL), id="and a stray"),
        pytest.param(Case("1=x", [THEIRS], "1=external:a", mode=ALL), id="external"),
        pytest.param(
            Case("1=x 2=y", [A], "1=ignored 2=unmanaged", ignore=("X",)), id="ignored, though declared"
        ),
        pytest.param(Case("1=x", [THEIRS], "1=ignored", ignore=("x",)), id="ignored, and external"),
        pytest.param(Case("1=x", [], "1=ignored", [A], ignore=("x",)), id="ignored, and gone from git"),
        pytest.param(Case("1=x", [], "1=ignored", ignore=("*",), mode=ALL), id="ignored, and never declared"),
        pytest.param(Case("1=x 2=X", [A], "1=contested 2=contested", mode=ALL), id="contested, and no stray"),
        pytest.param(
            Case("1=x/E 2=x", [A], "1=contested 2=contested", [of("b", "y", external_id="E")]),
            id="contested, and gone from git by its external id",
        ),
        pytest.param(
            Case("1 2=y", [of("a", "None"), of("b", "X")], "1=unmanaged 2=unmanaged"), id="without a name"
        ),
        pytest.param(Case("1=x", [], "1=gone:a", [A], mode=ALL), id="gone"),
        pytest.param(
            Case("1=x", [], "1=unmanaged", [A], known=False), id="gone, but what was said is unknown"
        ),
        pytest.param(Case("1=x", [], "1=unmanaged", [THEIRS]), id="gone, and was somebody else's"),
        pytest.param(
            Case("1=w", [], "1=gone:a", [of("a", "w")], [[A]]), id="gone, and still under its name before"
        ),
        pytest.param(
            Case("1=v", [], "1=gone:a", [of("a", "v")], [[A], [of("a", "w")]]),
            id="gone, and under its name before that",
        ),
        pytest.param(
            Case("1=x", [], "1=gone:b", [of("b", "x")], [[of("c", "x")]]), id="two that are gone, one name"
        ),
        pytest.param(
            Case("1=x/F", [of("a", "y", external_id="E")], "1=unmanaged", [of("a", "x", external_id="F")]),
            id="declared by another external id now",
        ),
        pytest.param(Case("1=eve", [], "1=gone:eve", inactive="eve"), id="blocked, and never declared"),
        pytest.param(
            Case("1=eve 2=x", [], "1=gone:eve 2=unmanaged", [A], inactive="eve", known=False),
            id="blocked, where what was said is unknown",
        ),
        pytest.param(
            Case("1=eve", [], "1=unmanaged", [of("eve", "x")], inactive="eve"),
            id="blocked, and declared before by another name",
        ),
        pytest.param(Case("1=a", [A], "1=unmanaged", inactive="a"), id="blocked and declared, and not there"),
        pytest.param(
            Case("1=x 2=y", [A], "1=declared:a 2=unmanaged", [A], [[of("a", "y")]]),
            id="back to its name of the last whole apply",
        ),
        pytest.param(
            Case("1=x 2=y", [A], "1=contested 2=contested", [of("a", "y")]), id="a new name that is there"
        ),
        pytest.param(
            Case(
                "1=y",
                [of("a", "y"), of("b", "z")],
                "1=declared:b",
                [of("b", "y")],
                [[of("a", "y"), of("b", "z")]],
            ),
            id="a name taken over before, of somebody who is renamed",
        ),
        pytest.param(
            Case(
                "1=x 2=w",
                [of("a", "x", "o")],
                "1=declared:a 2=unmanaged",
                [A, of("o", "w", external=True)],
            ),
            id="previously somebody else's",
        ),
        pytest.param(
            Case("1=x 2=w", [of("a", "x", "o")], "1=contested 2=contested", [A, of("o", "w")]),
            id="previously another one beside it",
        ),
        pytest.param(
            Case("1=x 2=w", [of("a", "x", "o")], "1=declared:a 2=unmanaged", [A], [[of("o", "w")]]),
            id="another key of the same is not gone",
        ),
    ],
)
def test_whose_each_live_object_is(case: Case) -> None:
    assert case.whose() == case.expected

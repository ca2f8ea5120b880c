"""Questions about access: who reaches an account, what a person reaches, what ends soon."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.model.access import AccessChange, Holding
from reconciler.model.state import Gap


@dataclass(frozen=True, slots=True)
class TargetAccess:
    """The access at one target.

    `names` has what people call ids of accounts, and people and groups without a key; `gaps` is what was not
    read.
    """

    target: str
    holdings: tuple[Holding, ...] = ()
    changes: tuple[AccessChange, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()

    @property
    def rows(self) -> tuple[Holding | AccessChange, ...]:
        """What there is to say, in order."""
        return (*self.holdings, *self.changes)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: each field that is not empty narrows the answer. `ends_by` is an aware instant."""

    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    permission_sets: frozenset[str] = frozenset()
    privileged: bool = False
    ends_by: datetime | None = None


def answered(access: TargetAccess, question: Question) -> TargetAccess:
    """The part of `access` that is asked for."""
    return replace(
        access,
        holdings=tuple(_held(access, question)),
        changes=tuple(_changed(access, question)),
    )


def _held(access: TargetAccess, question: Question) -> Iterator[Holding]:
    for one in access.holdings:
        if question.ends_by is not None and (
            one.until is None or datetime.fromisoformat(one.until) > question.ends_by
        ):
            continue
        if _asked(one, question) and (narrow := _narrowed(one, question)):
            yield replace(one, people=narrow[0], accounts=narrow[1])


def _changed(access: TargetAccess, question: Question) -> Iterator[AccessChange]:
    for one in access.changes:
        if _asked(one, question) and (narrow := _narrowed(one, question)):
            yield replace(one, people=narrow[0], accounts=narrow[1])


def _asked(one: Holding | AccessChange, question: Question) -> bool:
    if question.privileged and not one.privileged:
        return False
    if question.permission_sets and one.permission_set not in question.permission_sets:
        return False
    return not question.groups or not question.groups.isdisjoint(one.groups)


def _narrowed(
    one: Holding | AccessChange, question: Question
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    people = _among(one.people, question.people)
    accounts = _among(one.accounts, question.accounts)
    return (people, accounts) if people and accounts else None


def _among(found: tuple[str, ...], wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(each for each in found if each in wanted) if wanted else found

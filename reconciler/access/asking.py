"""Questions about access: who reaches an account, what a person reaches, what ends soon."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.model.access import AccessChange, AccessRule, ApplicationGrant, Holding
from reconciler.model.state import Gap


@dataclass(frozen=True, slots=True)
class TargetAccess:
    """The access at one target.

    `names` has what people call ids of accounts, and people and groups without a key; `gaps` is what was not
    read. `applications` are grants of applications, which git does not manage; None where they were not
    asked for or could not be read, and `unread` says so.
    """

    target: str
    holdings: tuple[Holding, ...] = ()
    changes: tuple[AccessChange, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    applications: tuple[ApplicationGrant, ...] | None = None
    unread: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Holding | AccessChange, ...]:
        """What there is to say, in order."""
        return (*self.holdings, *self.changes)


@dataclass(frozen=True, slots=True)
class TargetRules:
    """What the files give at one target, with accounts as rules."""

    target: str
    rules: tuple[AccessRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: each field that is not empty narrows the answer. `ends_by` is an aware instant."""

    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    permission_sets: frozenset[str] = frozenset()
    privileged: bool = False
    ends_by: datetime | None = None

    @property
    def about_applications(self) -> bool:
        """Whether grants of applications can be part of the answer."""
        narrow = self.accounts or self.permission_sets or self.privileged or self.ends_by
        return not narrow


def answered(access: TargetAccess, question: Question) -> TargetAccess:
    """The part of `access` that is asked for."""
    return replace(
        access,
        holdings=tuple(_held(access, question)),
        changes=tuple(_changed(access, question)),
        applications=None if access.applications is None else tuple(_let_in(access.applications, question)),
    )


def answered_rules(found: TargetRules, question: Question) -> TargetRules:
    """The part of the rules that is asked for. A rule that selects accounts may mean any account."""
    return replace(found, rules=tuple(_ruled(found.rules, question)))


def _ruled(rules: Iterable[AccessRule], question: Question) -> Iterator[AccessRule]:
    for one in rules:
        if question.privileged and not one.privileged:
            continue
        if question.permission_sets and one.permission_set not in question.permission_sets:
            continue
        if question.groups and one.group not in question.groups:
            continue
        if question.accounts and not _may_reach(one, question.accounts):
            continue
        if question.ends_by is not None and (
            one.until is None or datetime.fromisoformat(one.until) > question.ends_by
        ):
            continue
        people = _among(one.people, question.people)
        if people or (one.members_unknown and not question.people):
            yield replace(one, people=people)


def _may_reach(one: AccessRule, accounts: frozenset[str]) -> bool:
    left = accounts.difference(one.never)
    return bool(left) and (one.selects or not left.isdisjoint(one.named))


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


def _let_in(found: Iterable[ApplicationGrant], question: Question) -> Iterator[ApplicationGrant]:
    """Applications know people and groups alone: a question about anything else has none of them."""
    if not question.about_applications:
        return
    for one in found:
        if question.groups and one.group not in question.groups:
            continue
        if people := _among(one.people, question.people):
            yield replace(one, people=people)
        elif not one.people and not question.people:
            yield one


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

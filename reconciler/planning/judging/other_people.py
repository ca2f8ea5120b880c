"""Finding on keys that mean another person than before: a plan shows keys, so a reviewer must be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.address import Kind
from reconciler.model.change import Action, Change
from reconciler.model.names import fold
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import User
from reconciler.model.state import Identities
from reconciler.planning.wording import many


def by_what(user: User) -> tuple[str, object]:
    """By what a user is found at a service."""
    return fold(str(user.attributes.get("user_name"))), user.attributes.get("external_id")


def others(now: Mapping[str, User], then: Mapping[str, User]) -> frozenset[str]:
    """The keys under which git declares users now that are found otherwise than `then`."""
    return frozenset(key for key in now.keys() & then.keys() if by_what(now[key]) != by_what(then[key]))


def other_people(
    identities: Identities, base: Identities | None, changes: Iterable[Change]
) -> Iterable[Finding]:
    """Who gains something under the key of somebody else; a rename of the user says that itself.

    `base` is what git declared at the last whole apply.
    """
    found = others(identities.users, {} if base is None else base.users)
    if base is None or not found:
        return
    changes = list(changes)
    said = {change.address.own_key for change in changes if change.address.kind is Kind.USER}
    gaining = {_person(change) for change in changes if change.action is Action.CREATE}
    keys = sorted((found - said) & gaining)
    if keys:
        was = {key: base.users[key].attributes.get("user_name") for key in keys}
        now = {key: identities.users[key].attributes.get("user_name") for key in keys}
        yield Finding(
            code="other-person",
            severity=Severity.WARNING,
            message=f"{many(len(keys), 'user')} gaining something goes by the key of another person",
            fix="look whether that person is meant; a new person is better given a new key",
            details=tuple(f"{key} is {now[key]}, and was {was[key]}" for key in keys),
            count=len(keys),
            origin=identities.users[keys[0]].origin,
        )


def _person(change: Change) -> str | None:
    if change.address.kind is Kind.MEMBERSHIP:
        return change.address.user.own_key
    if change.address.kind is Kind.ASSIGNMENT:
        principal = change.address.principal
        return principal.own_key if principal.kind is Kind.USER else None
    return None

"""What the files say that AWS must bear out: policies in accounts, accounts that are named, keys of tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.doctor.aws.facts import Declared
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import PermissionSet, PolicyReference, Selector
from reconciler.model.rules import access_of
from reconciler.model.state import Identities

_DIGITS = 12


def declared(identities: Identities, policy: TargetPolicy) -> Declared:
    """What concerns one target with this policy."""
    accounts: dict[str, set[str]] = {}
    described: dict[str, list[str]] = {}
    assigned: dict[str, tuple[str, ...]] = {}
    places: dict[str, list[str]] = {}
    for key, entry in identities.assignments.items():
        ids = {found for one in entry.accounts if (found := _identifier(one, identities))}
        assigned[key] = tuple(sorted(ids))
        words = [_words(one) for one in entry.accounts if one.account is None]
        for name in entry.permission_sets:
            accounts.setdefault(name, set()).update(ids)
            described.setdefault(name, []).extend(words)
        _note(places, f"assignments.{key}", (*entry.accounts, *entry.excluded))
    _note(places, "guards.privileged", policy.guards.privileged.accounts)
    for rule in policy.rules:
        _note(places, f"rules.{rule.name}", access_of(rule).accounts)
    return Declared(
        customer_policies={
            key: paths for key, one in identities.permission_sets.items() if (paths := tuple(_policies(one)))
        },
        accounts={key: tuple(sorted(ids)) for key, ids in accounts.items()},
        described={key: tuple(dict.fromkeys(words)) for key, words in described.items()},
        assignments=assigned,
        tag_keys={key: tuple(dict.fromkeys(where)) for key, where in places.items()},
    )


def _policies(one: PermissionSet) -> Iterator[str]:
    for reference in (*one.customer_managed_policies, one.permissions_boundary):
        if isinstance(reference, PolicyReference):
            yield f"{reference.path.rstrip('/')}/{reference.name}"


def _identifier(one: Selector, identities: Identities) -> str:
    if one.account is None:
        return ""
    named = identities.accounts.get(one.account)
    if named is not None:
        return named.id
    return one.account if len(one.account) == _DIGITS and one.account.isdigit() else ""


def _words(one: Selector) -> str:
    """A selector that describes accounts, in words."""
    parts = [f"{'directly in ' if one.direct else ''}{' or '.join(one.ou)}"] if one.ou else []
    parts += [f"{key}={' or '.join(values)}" for key, values in sorted(one.tag.items())]
    return "the organization" if one.all or not parts else " with ".join(parts)


def _note(places: dict[str, list[str]], where: str, selectors: Iterable[Selector]) -> None:
    for one in selectors:
        for key in one.tag:
            places.setdefault(key, []).append(where)

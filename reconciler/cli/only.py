"""The addresses of `--only`: what is written, and whether there is anything like it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Plan

if TYPE_CHECKING:
    from reconciler.session.session import Session

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def parse(text: str) -> Address:
    """The address that is written. Raises UsageError where it is none, with the form of its kind."""
    try:
        address = Address.parse(text)
    except ValueError as error:
        raise UsageError(
            f"--only {text!r} is not a valid address; one looks like aws/user/ada.lovelace, "
            "and its kind is one of: "
            f"{', '.join(Kind)}"
        ) from error
    facts = address.kind.facts
    form = facts.form
    if len(address.parts) != len(facts.parts):
        raise UsageError(
            f"--only {text!r} has too many or too few parts; it is written {address.target}/{form}, "
            "with `/` inside a key as %2F"
        )
    if address.has("principal") and not _names_principal(address):
        raise UsageError(f"--only {text!r} names nobody; it is written {address.target}/{form}")
    return address


def check(chosen: Mapping[str, Sequence[Address]], session: Session) -> None:
    """Raise UsageError for an address of what nobody declares or ever declared: it would plan nothing."""
    for target, addresses in chosen.items():
        if target not in session.targets:
            raise UsageError(
                f"--only {addresses[0]}: {target} is not a target of this run; "
                f"configured are: {', '.join(session.config.targets)}"
            )
        for address in addresses:
            for kind, key in _people(address):
                if not key.startswith("~"):
                    _known(address, kind, key, session.keys(target, kind))
            account = address.account if address.has("account") else None
            if account is not None and not _ACCOUNT.fullmatch(account):
                found = session.loaded.identities.accounts.get(account)
                meant = f"; write {found.id} for {account}" if found else ""
                raise UsageError(f"--only {address}: an account goes by its id of twelve digits{meant}")


def check_sets(chosen: Mapping[str, Sequence[Address]], session: Session, plan: Plan) -> None:
    """Raise UsageError for a permission set that is neither declared nor in the plan.

    A set that git never knew has no key but its name, so only what was read can tell.
    """
    planned = {name for change in plan.changes if (name := _set(change.address)) is not None}
    for target, addresses in chosen.items():
        for address in addresses:
            if (name := _set(address)) is not None and name not in planned:
                _known(address, Kind.PERMISSION_SET, name, session.keys(target, Kind.PERMISSION_SET))


def _known(address: Address, kind: Kind, key: str, known: Collection[str]) -> None:
    if key not in known:
        close = get_close_matches(key, known, n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        what = "permission set called" if kind is Kind.PERMISSION_SET else f"{kind} with the key"
        raise UsageError(f"--only {address}: no {what} {key} exists{meant}")


def _people(address: Address) -> Sequence[tuple[Kind, str]]:
    """The users and groups that an address names, by kind and key."""
    named = address.ends if address.kind.facts.pair else (address,)
    named = (address.user,) if address.kind is Kind.DENIAL else named
    return tuple((one.kind, one.own_key) for one in named if one.kind in (Kind.USER, Kind.GROUP))


def _names_principal(address: Address) -> bool:
    try:
        principal = address.principal
    except ValueError:
        return False
    return principal.kind in (Kind.USER, Kind.GROUP) and bool(principal.key)


def _set(address: Address) -> str | None:
    return address.permission_set.own_key if address.has("permission_set") else None

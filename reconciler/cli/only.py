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

# How an address of each kind is written behind its target, for whoever writes another.
_FORMS = {
    Kind.USER: "user/KEY",
    Kind.GROUP: "group/KEY",
    Kind.MEMBERSHIP: "membership/GROUP/USER",
    Kind.PERMISSION_SET: "permission-set/NAME",
    Kind.PROVISIONING: "provisioning/NAME/ACCOUNT",
    Kind.ASSIGNMENT: "assignment/ACCOUNT/NAME/group:KEY (or user:KEY)",
}
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
    form = _FORMS[address.kind]
    if len(address.parts) != form.partition(" ")[0].count("/"):
        raise UsageError(
            f"--only {text!r} has too many or too few parts; it is written {address.target}/{form}, "
            "with `/` inside a key as %2F"
        )
    if address.kind is Kind.ASSIGNMENT and _holder(address) is None:
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
            account = _account(address)
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
        raise UsageError(f"--only {address}: there is no {what} {key}{meant}")


def _people(address: Address) -> Sequence[tuple[Kind, str]]:
    """The users and groups that an address names, by kind and key."""
    parts = address.parts
    if address.kind is Kind.MEMBERSHIP:
        return (Kind.GROUP, parts[0]), (Kind.USER, parts[1])
    if address.kind is Kind.ASSIGNMENT:
        holder = _holder(address)
        return (holder,) if holder else ()
    return ((address.kind, parts[0]),) if address.kind in (Kind.USER, Kind.GROUP) else ()


def _holder(address: Address) -> tuple[Kind, str] | None:
    kind, _, key = address.parts[-1].partition(":")
    return (Kind(kind), key) if kind in (Kind.USER, Kind.GROUP) and key else None


def _account(address: Address) -> str | None:
    place = {Kind.ASSIGNMENT: 0, Kind.PROVISIONING: 1}.get(address.kind)
    return None if place is None else address.parts[place]


def _set(address: Address) -> str | None:
    place = {Kind.PERMISSION_SET: 0, Kind.PROVISIONING: 0, Kind.ASSIGNMENT: 1}.get(address.kind)
    return None if place is None else address.parts[place]

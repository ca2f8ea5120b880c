"""Numbers and nouns, so that counts read as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Plan

NOUNS = {
    Kind.USER: ("user", "users"),
    Kind.GROUP: ("group", "groups"),
    Kind.MEMBERSHIP: ("membership", "memberships"),
    Kind.PERMISSION_SET: ("permission set", "permission sets"),
    Kind.PROVISIONING: ("provisioned role", "provisioned roles"),
    Kind.ASSIGNMENT: ("assignment", "assignments"),
}
PERSON = ("person", "people")
ACCOUNT = ("account", "accounts")


def counted(count: int, nouns: tuple[str, str]) -> str:
    """`1 user`, `1,509 users`."""
    return f"{count:,} {nouns[0] if count == 1 else nouns[1]}"


def of_kind(kind: Kind, count: int) -> str:
    """`count` things of one kind."""
    return counted(count, NOUNS[kind])


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = round(whole / 60)
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def calls(counts: Mapping[str, int]) -> str:
    """`48 calls`."""
    return counted(sum(counts.values()), ("call", "calls"))


def todo(changes: Iterable[Change]) -> str:
    """`3 to create, 2 to update, 1 to delete`; what there is nothing of is not named."""
    counts = dict.fromkeys(Action, 0)
    for change in changes:
        counts[change.action] += 1
    return ", ".join(f"{count:,} to {action}" for action, count in counts.items() if count)


def person(change: Change) -> str | None:
    """The key of the user whose access a change touches; None where that is not one user."""
    if change.address.kind is Kind.USER:
        return change.address.parts[0]
    if change.address.kind is Kind.MEMBERSHIP:
        return change.address.parts[-1]
    if change.address.kind is Kind.ASSIGNMENT:
        holder, _, key = change.address.parts[-1].partition(":")
        return key if holder == Kind.USER else None
    return None


def people(changes: Iterable[Change], access: Iterable[AccessChange] = ()) -> str:
    """`5 people gain and 1 loses something`; empty where nobody does. A person may do both.

    `access` knows those whom a change reaches through a group.
    """
    gaining: set[str] = set()
    losing: set[str] = set()
    for each in access:
        if each.direction in (Direction.GAIN, Direction.LONGER):
            gaining.update(each.people)
        elif each.direction in (Direction.LOSE, Direction.SHORTER):
            losing.update(each.people)
    for change in changes:
        key = person(change)
        if key is None:
            continue
        if change.effect in (Effect.GRANT, Effect.MIXED):
            gaining.add(key)
        if change.effect in (Effect.REVOKE, Effect.MIXED):
            losing.add(key)
    gain = f"{counted(len(gaining), PERSON)} {'gains' if len(gaining) == 1 else 'gain'}"
    lose = "loses" if len(losing) == 1 else "lose"
    if gaining and losing:
        return f"{gain} and {len(losing):,} {lose} something"
    if gaining:
        return f"{gain} something"
    return f"{counted(len(losing), PERSON)} {lose} something" if losing else ""


def summary(plan: Plan) -> str:
    """Say it all in one line: `Plan: 3 to create; 2 people gain something`."""
    who = people(plan.changes, (each for part in plan.targets for each in part.access))
    return f"Plan: {todo(plan.changes)}" + (f"; {who}." if who else ".")

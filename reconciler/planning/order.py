"""From changes to steps, and which step waits for which.

Revocations come first and wait for nothing; creates come before what refers to them; a name is freed
before it is given to another, and passed on after what its new owner shall not have and before what they
shall; containers go last. So every prefix of the order leaves nobody with more
than before and after together. Rank is coarse (all of one rank are attempted before the next begins),
`after` is exact.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.names import fold
from reconciler.model.plan import Finding, Severity, Step

REVOCATION, CHANGE, CONTAINER = range(3)
# Attributes that no two objects of one kind may share, so that a value must be freed before it is given.
UNIQUE = {Kind.USER: ("user_name", "email"), Kind.GROUP: ("display_name",)}


def rank(change: Change) -> int:
    """The rank of a change: what is taken away, what is made or altered, what held other things."""
    if change.address.kind is Kind.GROUP and change.action is Action.DELETE:
        return CONTAINER
    return REVOCATION if change.effect is Effect.REVOKE else CHANGE


def order(changes: Sequence[Change]) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    """Steps in an order that respects every dependency, and a refusal for each circle of names."""
    creating = {change.address for change in changes if change.action is Action.CREATE}
    removed_from: dict[Address, list[str]] = {}
    for change in changes:
        if change.address.kind is Kind.MEMBERSHIP and change.action is Action.DELETE:
            for end in ends(change.address):
                removed_from.setdefault(end, []).append(str(change.address))
    freed = _freed(changes)
    # Whoever signs in by a name is somebody: a membership is meant for the person of the new name.
    passing_on = {
        change.address
        for change in changes
        if change.action is Action.UPDATE
        and change.effect is Effect.MIXED
        and change.address.kind is Kind.USER
    }
    steps: dict[str, Step] = {}
    for change in changes:
        for step in _steps(change, creating, passing_on, removed_from, freed):
            steps[step.id] = step
    findings = tuple(_cycle(cycle) for cycle in _cycles(steps))
    if not findings:
        _raise_ranks(steps)
        return tuple(_sorted(steps)), findings
    return tuple(sorted(steps.values(), key=lambda step: (step.rank, step.id))), findings


def ends(address: Address) -> tuple[Address, Address]:
    """The group and the user of a membership."""
    group, user = address.key.split("/")
    return Address(address.target, Kind.GROUP, group), Address(address.target, Kind.USER, user)


def _sorted(steps: Mapping[str, Step]) -> Iterable[Step]:
    """By rank, and within a rank by id, but never before what a step waits for."""
    waiting = {step.id: len([each for each in step.after if each in steps]) for step in steps.values()}
    dependents: dict[str, list[Step]] = {}
    for step in steps.values():
        for each in step.after:
            dependents.setdefault(each, []).append(step)
    ready = [(step.rank, step.id) for step in steps.values() if not waiting[step.id]]
    heapq.heapify(ready)
    while ready:
        _, identifier = heapq.heappop(ready)
        yield steps[identifier]
        for step in dependents.get(identifier, ()):
            waiting[step.id] -= 1
            if not waiting[step.id]:
                heapq.heappush(ready, (step.rank, step.id))


def _raise_ranks(steps: dict[str, Step]) -> None:
    """Nothing may rank below what it waits for: a rename to the name of a container goes after it."""
    raised = True
    while raised:
        raised = False
        for step in list(steps.values()):
            needed = max((steps[each].rank for each in step.after if each in steps), default=0)
            if needed > step.rank:
                steps[step.id] = replace(step, rank=needed)
                raised = True


def _steps(
    change: Change,
    creating: set[Address],
    passing_on: set[Address],
    removed_from: Mapping[Address, list[str]],
    freed: Mapping[tuple[Kind, str, str], str],
) -> Iterable[Step]:
    address = change.address
    step = Step(str(address), address, change.action, (address,), change.fields, rank=rank(change))
    if address.kind is Kind.MEMBERSHIP:
        group, user = ends(address)
        grants = change.action is Action.CREATE
        after = [str(end) for end in (group, user) if grants and (end in creating or end in passing_on)]
        yield replace(step, after=tuple(after), refs={"group": group, "user": user})
        return
    if change.action is Action.DELETE:
        yield replace(step, after=tuple(sorted(removed_from.get(address, ()))))
        return
    after = list(removed_from.get(address, ())) if address in passing_on else []
    for each in change.fields:
        holder = freed.get((address.kind, each.name, fold(str(each.after))))
        if each.after is not None and holder is not None and holder != step.id:
            after.append(holder)
    manager = next((each for each in change.fields if each.name == "manager"), None)
    if manager is None or manager.after is None:
        yield replace(step, after=tuple(sorted(set(after))))
        return
    boss = Address.of(address.target, Kind.USER, str(manager.after))
    if boss not in creating:
        yield replace(step, after=tuple(sorted(set(after))), refs={"manager": boss})
        return
    # A manager who is created in this very plan is set by a later update, so that circles are fine.
    rest = tuple(each for each in change.fields if each.name != "manager")
    if rest or change.action is Action.CREATE:
        yield replace(step, fields=rest, after=tuple(sorted(set(after))))
    waits = {str(boss)} | ({step.id} if rest or change.action is Action.CREATE else set())
    yield Step(
        id=f"{step.id}#manager",
        address=address,
        action=Action.UPDATE,
        changes=(address,),
        fields=(manager,),
        after=tuple(sorted(waits)),
        refs={"manager": boss},
        rank=CHANGE,
    )


def _freed(changes: Sequence[Change]) -> Mapping[tuple[Kind, str, str], str]:
    """Which step gives up which unique value."""
    freed: dict[tuple[Kind, str, str], str] = {}
    for change in changes:
        kind = change.address.kind
        if kind not in UNIQUE:
            continue
        if change.action is Action.UPDATE:
            for each in change.fields:
                if each.name in UNIQUE[kind] and each.before is not None:
                    freed[kind, each.name, fold(str(each.before))] = str(change.address)
        elif change.action is Action.DELETE:
            freed[kind, UNIQUE[kind][0], fold(change.name)] = str(change.address)
    return freed


def _cycles(steps: Mapping[str, Step]) -> list[list[str]]:
    """Circles among the dependencies; only names that are swapped can make one."""
    waiting = {
        identifier: {each for each in step.after if each in steps} for identifier, step in steps.items()
    }
    waiting = {identifier: after for identifier, after in waiting.items() if after}
    while True:
        free = [identifier for identifier, after in waiting.items() if not after & waiting.keys()]
        if not free:
            break
        for identifier in free:
            del waiting[identifier]
    cycles = []
    while waiting:
        trail: list[str] = []
        at = min(waiting)
        while at not in trail:
            trail.append(at)
            at = min(waiting[at] & waiting.keys())
        cycle = trail[trail.index(at) :]
        cycles.append(sorted(cycle))
        for identifier in trail:
            waiting.pop(identifier, None)
        waiting = {i: after for i, after in waiting.items() if after & waiting.keys()}
    return cycles


def _cycle(cycle: Sequence[str]) -> Finding:
    return Finding(
        code="name-circle",
        severity=Severity.REFUSAL,
        message=f"{' and '.join(cycle)} take each other's names, which no order of single steps can do",
        fix="give one of them an intermediate name first, apply, and then the final one",
        details=tuple(cycle),
        count=len(cycle),
    )

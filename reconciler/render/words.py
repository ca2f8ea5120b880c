"""Numbers and nouns, so that counts read as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.access import Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Plan, TargetPlan
from reconciler.planning.ordering.estimate import Estimate

PERSON = ("person", "people")
ACCOUNT = ("account", "accounts")


def counted(count: int, nouns: tuple[str, str]) -> str:
    """`1 user`, `1,509 users`."""
    return f"{count:,} {nouns[0] if count == 1 else nouns[1]}"


def of_kind(kind: Kind, count: int) -> str:
    """`count` things of one kind."""
    return counted(count, (kind.facts.noun, kind.facts.plural))


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def some(parts: Sequence[str], most: int) -> str:
    """`a, b and 3 more`: no more than `most` of them by name."""
    more = len(parts) - most
    return listed([*parts[:most], f"{more:,} more"] if more > 0 else parts)


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


def taken(part: TargetPlan, estimates: Mapping[str, Estimate]) -> str:
    """What applying takes: `3 min 20 s and 48 calls`, by an estimate or by the plan; "" for neither."""
    if (found := estimates.get(part.target)) is not None:
        return f"{duration(found.seconds)} and {calls(found.calls)}"
    if part.takes is not None:
        return f"{duration(part.takes.seconds)} and {counted(part.takes.calls, ('call', 'calls'))}"
    return ""


def todo(changes: Iterable[Change]) -> str:
    """`3 to create, 2 to update, 1 to delete`; what there is nothing of is not named."""
    counts = dict.fromkeys(Action, 0)
    for change in changes:
        counts[change.action] += 1
    return ", ".join(f"{count:,} to {action}" for action, count in counts.items() if count)


def person(change: Change) -> str | None:
    """The key of the user whose access a change touches; None where that is not one user."""
    if change.address.kind in (Kind.USER, Kind.DENIAL):
        return change.address.own_key
    if change.address.kind is Kind.MEMBERSHIP:
        return change.address.user.own_key
    ends = change.address.ends if change.address.kind.facts.pair else ()
    return next((end.own_key for end in ends if end.kind is Kind.USER), None)


def people(parts: Iterable[TargetPlan]) -> str:
    """`5 people gain and 1 loses something`; empty where nobody does. A person may do both.

    It agrees with the access section: who is named there gains, loses or has altered what it says, and
    nothing for the way in which it comes. Beside them count those whose memberships lead to no access.
    """
    described: dict[Direction, set[str]] = {direction: set() for direction in Direction}
    for part in parts:
        for direction, keys in affected(part).items():
            described[direction] |= keys
    gaining = described[Direction.GAIN] | described[Direction.LONGER]
    losing = described[Direction.LOSE] | described[Direction.SHORTER]
    altered = described[Direction.ALTER]
    gain = f"{counted(len(gaining), PERSON)} {'gains' if len(gaining) == 1 else 'gain'}"
    lose = "loses" if len(losing) == 1 else "lose"
    notes = []
    if gaining and losing:
        notes.append(f"{gain} and {len(losing):,} {lose} something")
    elif gaining:
        notes.append(f"{gain} something")
    elif losing:
        notes.append(f"{counted(len(losing), PERSON)} {lose} something")
    if altered:
        notes.append(f"a permission set changes for {counted(len(altered), PERSON)}")
    return "; ".join(notes)


def affected(part: TargetPlan) -> Mapping[Direction, set[str]]:
    """The keys of the people of one target by what happens to them; a person can be in several."""
    found: dict[Direction, set[str]] = {direction: set() for direction in Direction}
    for each in part.access:
        found[each.direction].update(each.people)
    reached = set().union(*found.values())
    given: set[str] = set()
    taken: set[str] = set()
    for change in part.changes:
        key = person(change)
        # Another name to sign in by is the same person's, who neither gains nor loses by it.
        if key is None or key in reached or change.effect in (Effect.NEUTRAL, Effect.MIXED):
            continue
        (given if change.effect is Effect.GRANT else taken).add(key)
    if Kind.ASSIGNMENT in part.counts:
        # It is known what groups lead to: one in place of another that leads to the same changes nothing.
        given, taken = given - taken, taken - given
    found[Direction.GAIN] |= given
    found[Direction.LOSE] |= taken
    return found


def summary(plan: Plan) -> str:
    """Say it all in one line: `Plan: 3 to create; 2 people gain something`."""
    who = people(plan.targets)
    return f"Plan: {todo(plan.changes)}" + (f"; {who}." if who else ".")

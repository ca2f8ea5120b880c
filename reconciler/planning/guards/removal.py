"""Guards of what is taken away: how much of each kind, and whether anything is left of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Guards, Limit
from reconciler.model.removed import TOTAL
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.explicit import has_left, in_words
from reconciler.planning.guards.population import Population
from reconciler.planning.wording import many

_NOTHING: Mapping[str, int] = MappingProxyType({})
# A group may lose so many at any percentage: of two or three, half is one.
_LOSS = 2


def removes(change: Change) -> bool:
    """Whether it takes something away now; bringing a role up to date is the edit's doing."""
    kind = change.address.kind
    return change.takes_away and not (kind.facts.of or kind is Kind.DENIAL or change.retimes)


def allowed(limit: Limit, population: int, least: int = 1) -> int | None:
    """How many removals a limit allows out of `population`; None is any number.

    A percentage always allows `least`: one, so that a company of nine can part with somebody.
    """
    bounds = [] if limit.count is None else [limit.count]
    if limit.percent is not None:
        bounds.append(max(least, int(population * limit.percent / 100)))
    return min(bounds) if bounds else None


class _Limits:
    """What is removed, held against limits, with what runs without a review took away lately."""

    def __init__(self, past: Mapping[str, int]) -> None:
        self._past = past

    def passed(
        self,
        limit: Limit,
        removals: Sequence[Change],
        population: int,
        what: str,
        name: str,
        *,
        less: int = 0,
        more: int = 0,
        least: int = 1,
    ) -> Iterator[Finding]:
        """A refusal of all of `removals` where they are too many; `name` is what they count as.

        `less` of them do not count, and `more` beside them do.
        """
        past = self._past.get(name, 0)
        count = len(removals) - less + more + past
        bound = allowed(limit, population + past, least)
        if bound is None or count <= bound or not (removals or more):
            return
        kind = removals[0].address.kind if name != TOTAL and removals else None
        kind = Kind.USER if more and name == Kind.USER else kind
        # An edit may take rights away as a removal does.
        verb = "removed or edited" if kind is Kind.PERMISSION_SET else "removed"
        if more:
            verb += f", counting {more} gone from git whom this channel cannot disable"
        lately = f", {past:,} of them in the last 24 hours" if past else ""
        scope = name if ":" in name else ""
        yield Finding(
            code="max-removals",
            severity=Severity.REFUSAL,
            message=f"{count} of {population + past} {what} would be {verb}{lately}; at most {bound} may be",
            fix=approval("max-removals", count, kind, scope),
            kind=kind,
            scope=scope,
            count=count,
            covers=tuple(change.address for change in removals),
        )


def limits_passed(
    removals: Sequence[Change],
    population: Population,
    guards: Guards,
    past: Mapping[str, int] = _NOTHING,
    coming: Mapping[str, int] = _NOTHING,
) -> Iterator[Finding]:
    """More removals than a limit allows.

    `past` is what counts beside them, by name, `coming` how many members each group gets.
    """
    limits, held = guards.max_removals, _Limits(past)
    by_kind: dict[Kind, list[Change]] = {}
    for change in removals:
        by_kind.setdefault(change.address.kind, []).append(change)
    for kind, limit in (
        (Kind.USER, limits.users),
        (Kind.GROUP, limits.groups),
        (Kind.MEMBERSHIP, limits.memberships),
        (Kind.PERMISSION_SET, limits.permission_sets),
        (Kind.ASSIGNMENT, limits.assignments),
    ):
        what, owned = kind.facts.plural, population.owned.get(kind, 0)
        more = population.leaving if kind is Kind.USER else 0
        yield from held.passed(limit, by_kind.get(kind, []), owned, what, kind, more=more)
    leaving = {change.address.key for change in by_kind.get(Kind.GROUP, ())}
    for group, found in _by(by_kind.get(Kind.MEMBERSHIP, ()), _group):
        if group not in leaving:
            # Who hands over to somebody else leaves the group as large as it was.
            yield from held.passed(
                limits.per_group,
                found,
                population.members.get(group, 0),
                f"members of {group}",
                f"group:{group}",
                less=coming.get(group, 0),
                least=_LOSS,
            )
    for account, found in _by(by_kind.get(Kind.ASSIGNMENT, ()), lambda change: change.address.account):
        assigned = population.assigned.get(account, 0)
        yield from held.passed(
            limits.per_account, found, assigned, f"assignments on {account}", f"account:{account}"
        )
    yield from held.passed(limits.total, removals, sum(population.owned.values()), "things in total", TOTAL)


def _by(changes: Iterable[Change], of: Callable[[Change], str]) -> Sequence[tuple[str, list[Change]]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(of(change), []).append(change)
    return sorted(found.items())


def joining(changes: Iterable[Change]) -> Mapping[str, int]:
    """How many members each group gets, by its (encoded) key."""
    return Counter(
        _group(change)
        for change in changes
        if change.address.kind is Kind.MEMBERSHIP and change.action is Action.CREATE
    )


def counts_as(change: Change) -> tuple[str, ...]:
    """The names under which limits count a removal."""
    kind, names = change.address.kind, [str(change.address.kind), TOTAL]
    if kind is Kind.MEMBERSHIP:
        names.append(f"group:{_group(change)}")
    elif kind is Kind.ASSIGNMENT:
        names.append(f"account:{change.address.account}")
    return tuple(names)


def _group(change: Change) -> str:
    """The (encoded) key of the group of a membership."""
    return change.address.group.key


def groups_emptied(
    changes: Sequence[Change],
    removals: Sequence[Change],
    population: Population,
    pending: Container[Address] = (),
) -> Iterator[Finding]:
    """Groups that stay, and lose every member; a refusal for each.

    Who is blocked, past an `until` or a leaver is gone already: that alone empties nothing. Nor do
    removals in `pending` alone, which were applied before without effect.
    """
    leaving = {change.address.key for change in removals if change.address.kind is Kind.GROUP}
    balance: Counter[str] = Counter()
    spoken: Counter[str] = Counter()
    losing: dict[str, list[Address]] = {}
    for change in changes:
        if change.address.kind is Kind.MEMBERSHIP and change.writes:
            group = _group(change)
            if change.action is not Action.DELETE:
                balance[group] += 1
            elif has_left(change):
                spoken[group] += 1
            else:
                balance[group] -= 1
                if change.address not in pending:
                    losing.setdefault(group, []).append(change.address)
    for group in sorted(losing.keys() - leaving):
        left = population.members.get(group, 0) - spoken[group]
        # What git never knew may well have a leaver as its last member.
        if not group.startswith("~") and left > 0 and left + balance[group] <= 0:
            yield Finding(
                code="set-emptied",
                severity=Severity.REFUSAL,
                message="1 group would lose every member",
                fix=approval("set-emptied", 1, Kind.MEMBERSHIP, f"group:{group}"),
                details=(group,),
                kind=Kind.MEMBERSHIP,
                scope=f"group:{group}",
                covers=tuple(losing[group]),
            )


def kinds_emptied(
    changes: Sequence[Change],
    removals: Sequence[Change],
    population: Population,
    pending: Container[Address] = (),
) -> Iterator[Finding]:
    """Kinds of which all that is ours goes, and nothing new comes; what files say in so many words apart.

    Removals in `pending` alone, which were applied before without effect, empty nothing.
    """
    for kind in (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET, Kind.ASSIGNMENT):
        going = [
            change
            for change in removals
            if change.address.kind is kind and takes_away(change) and not _is_foreign(change, population)
        ]
        gone = [change.address for change in going if not in_words(change)]
        owned = population.owned.get(kind, 0) - (len(going) - len(gone))
        made = sum(1 for change in changes if change.address.kind is kind and change.action is Action.CREATE)
        anew = [address for address in gone if address not in pending]
        if anew and len(gone) >= owned > 0 and not made:
            yield Finding(
                code="set-emptied",
                severity=Severity.REFUSAL,
                message=f"every one of {many(owned, kind.facts.noun)} would be removed",
                fix=approval("set-emptied", owned, kind),
                kind=kind,
                count=owned,
                covers=tuple(anew),
            )


def _is_foreign(change: Change, population: Population) -> bool:
    """Whether it is of a permission set that git never knew, which may well be a leaver's last."""
    return change.address.kind is Kind.ASSIGNMENT and change.address.permission_set.key in population.foreign


def takes_away(change: Change) -> bool:
    """Whether it removes or disables something whole."""
    return change.action is Action.DELETE or change.effect is Effect.REVOKE

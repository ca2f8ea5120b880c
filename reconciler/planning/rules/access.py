"""Rules on who reaches what: deny, disjoint groups, the most holders. They see people, by every way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from reconciler.access.compare import DIRECT, Row, compare, reach
from reconciler.access.state import NO_HOLDERS, NOBODY, AccessState
from reconciler.model.access import Direction
from reconciler.model.address import AccountId, Kind
from reconciler.model.pairs import Principal
from reconciler.model.resources import Grant, Origin
from reconciler.model.rules import Deny, Disjoint, MaxHolders
from reconciler.model.state import Assigned, Holder
from reconciler.planning.rules.context import RuleContext, Violation, gives, listed
from reconciler.planning.standings import Sides

_KINDS = {None: "", Kind.USER: " by assignments to users", Kind.GROUP: " by assignments to groups"}
# How many entries one line names.
_ENTRIES = 5


def denied(rule_context: RuleContext, rule: Deny) -> Iterator[Violation]:
    """Access that nobody may have: what the plan gives of it, and what is there already."""
    both = rule_context.sides(rule.access, rule.principal)
    rows = [*compare(both.before, both.after, both.renamed), *rule_context.lasting.rows(both)]
    gained = [row for row in rows if row.direction in (Direction.GAIN, Direction.LONGER)]
    spelling = _Spelling(rule_context)
    people = {person for row in gained for person in row.people}
    lines = sorted({*map(spelling.row, gained), *_made(both, gained, spelling)})
    how = _KINDS[rule.principal]
    if lines:
        longer = all(row.direction is Direction.LONGER for row in gained) and bool(gained)
        verbs = ("keeps for longer", "keep for longer") if longer else ("gets", "get")
        who = f"{_people(len(people))} {verbs[len(people) != 1]}"
        yield Violation(
            caused=True,
            says=f"{who} access that nobody may have{how}",
            fix="take it out of `assignments` or of the groups, or change the rule in a review of its own",
            details=tuple(lines),
            count=len(people) or len(lines),
            origin=spelling.origin,
        )
    spelling = _Spelling(rule_context)
    kept = list(reach(both.after, _everything(both.after), among=both.before))
    if kept:
        people = {person for row in kept for person in row.people}
        who = f"{_people(len(people))} {'has' if len(people) == 1 else 'have'}"
        yield Violation(
            caused=False,
            says=f"{who} access that nobody may have{how}, and had it before this plan",
            fix="take it away; what is not from git, in the console",
            details=tuple(sorted(map(spelling.row, kept))),
            count=len(people),
            origin=spelling.origin,
        )


def disjoint(rule_context: RuleContext, rule: Disjoint) -> Iterator[Violation]:
    """People who can sign in and are in two of the groups: such as the plan put there, and the others."""
    then = _groups(rule_context, rule, rule_context.people.before)
    now = {
        person: keys
        for person, keys in _groups(rule_context, rule, rule_context.people.after).items()
        if len(keys) > 1
    }
    longer = _put_off(rule_context)
    caused = {
        person
        for person, keys in now.items()
        if keys - then.get(person, NOBODY)
        or person in rule_context.people.renamed
        or any((key, person) in longer for key in keys)
    }
    for people in (caused, now.keys() - caused):
        if not people:
            continue
        names = {rule_context.tokens.user_key(person): now[person] for person in people}
        origins = [
            origin
            for person, keys in names.items()
            for key in keys
            if (origin := _member(rule_context, key, person)) is not None
        ]
        who = f"{_people(len(people))} {'is' if len(people) == 1 else 'are'}"
        before = "" if people is caused else ", and nothing of it by this plan"
        yield Violation(
            caused=people is caused,
            says=f"{who} in more than one of {', '.join(rule.disjoint)}{before}",
            fix="leave each of them in one of the groups at most, or change the rule in a review of its own",
            details=tuple(
                f"{person}: {', '.join(_with_file(rule_context, key) for key in sorted(keys))}"
                for person, keys in sorted(names.items())
            ),
            count=len(people),
            origin=min(origins, default=None),
        )


def holders(rule_context: RuleContext, rule: MaxHolders) -> Iterator[Violation]:
    """More people than may have some access; by this plan where it gives it to anybody new."""
    both = rule_context.sides(rule.access)
    after = _behind(both.after)
    if len(after) <= rule.count:
        return
    new = (after - _behind(both.before)) | (after & both.renamed)
    longer = rule_context.lasting.extended(both)
    spelling = _Spelling(rule_context)
    rows = reach(both.after, _everything(both.after))
    lines = sorted(map(spelling.row, rows))
    if new:
        lines.insert(0, f"new by this plan: {listed(map(rule_context.tokens.user_key, new))}")
    if longer:
        lines.insert(
            bool(new), f"for longer by this plan: {listed(map(rule_context.tokens.user_key, longer))}"
        )
    before = "" if new or longer else ", and none of them by this plan"
    yield Violation(
        caused=bool(new or longer),
        says=f"{_people(len(after))} have access that at most {rule.count:,} may have{before}",
        fix="take it from others first, or change the rule in a review of its own",
        details=tuple(lines),
        count=len(after),
        origin=spelling.origin,
    )


class _Spelling:
    """Rows as people read them, with the entries that give them; `origin` is the first of those."""

    def __init__(self, rule_context: RuleContext) -> None:
        self._ruled = rule_context
        self.origin: Origin | None = None

    def row(self, row: Row) -> str:
        """`Admin in pay through group ops (entry admins in access.yaml): ada, bob`."""
        people = frozenset(map(self._ruled.tokens.user_key, row.people))
        return self._line(row.permission_set, row.accounts, row.way, people)

    def made(self, token: str, accounts: Iterable[str], holder: Principal, people: Iterable[str]) -> str:
        """The same of an assignment that gives nobody anything new."""
        keys = frozenset(map(self._ruled.tokens.user_key, people))
        if holder.kind is Kind.USER:
            return self._line(token, accounts, (DIRECT,), keys | {self._ruled.tokens.user_key(holder.id)})
        return self._line(token, accounts, (holder.id,), keys)

    def _line(self, token: str, accounts: Iterable[str], way: Iterable[str], people: AbstractSet[str]) -> str:
        rule_context = self._ruled
        name, accounts = rule_context.tokens.set_name(token), tuple(accounts)
        groups = {each: rule_context.tokens.group_key(each) for each in way if each != DIRECT}
        ways = [f"group {key}" for key in sorted(groups.values())]
        given = [Holder(Kind.GROUP, key) for key in groups.values()]
        if len(groups) < len(tuple(way)):
            ways.insert(0, "an assignment to the user")
            given += [Holder(Kind.USER, key) for key in sorted(people)]
        found: dict[str, Assigned] = {}
        for holder in given:
            for account in accounts:
                assigned = rule_context.entry(AccountId(account), name, holder)
                if assigned is not None:
                    found.setdefault(assigned.entry, assigned)
            if len(found) > _ENTRIES:
                break
        entries = [f"{each.entry} in {each.origin.path}" for _, each in sorted(found.items())[:_ENTRIES]]
        self._remember(each.origin for each in found.values())
        source = f"by {', '.join(entries)}" if entries else "not from git"
        where = listed(map(rule_context.context.account_name, accounts))
        return f"{name} in {where} through {' and '.join(ways)} ({source}): {listed(people) or 'nobody yet'}"

    def _remember(self, origins: Iterable[Origin]) -> None:
        known = () if self.origin is None else (self.origin,)
        self.origin = min((*known, *origins), default=None)


def _made(both: Sides, gained: Iterable[Row], spelling: _Spelling) -> Iterator[str]:
    """Assignments that the plan makes and through which nobody gains anything (yet)."""
    shown = {(row.permission_set, way) for row in gained for way in row.way if way != DIRECT}
    shown |= {(row.permission_set, person) for row in gained if DIRECT in row.way for person in row.people}
    added: dict[tuple[str, Principal], list[str]] = {}
    for pair, held in both.after.holders.items():
        account, token = pair
        before = both.before.holders.get(pair, NO_HOLDERS)
        if held is not before:
            for one in held - before:
                if (token, one.id) not in shown:
                    added.setdefault((token, one), []).append(account)
    for (name, one), accounts in added.items():
        yield spelling.made(name, sorted(accounts), one, both.after.behind(one))


def _everything(standing: AccessState) -> Mapping[str, None]:
    return dict.fromkeys(token for _, token in standing.holders)


def _behind(standing: AccessState) -> set[str]:
    principals = frozenset[Principal]().union(*set(standing.holders.values()))
    return set().union(*map(standing.behind, principals))


def _groups(rule_context: RuleContext, rule: Disjoint, standing: AccessState) -> dict[str, set[str]]:
    """Which of the groups (keys) everybody who can sign in is in."""
    found: dict[str, set[str]] = {}
    for key in rule.disjoint:
        for person in standing.behind(Principal(Kind.GROUP, rule_context.tokens.group(key))):
            found.setdefault(person, set()).add(key)
    return found


def _put_off(rule_context: RuleContext) -> AbstractSet[tuple[str, str]]:
    """The memberships that last longer by the plan: group key and the user's token."""
    return {
        (change.address.group.own_key, rule_context.tokens.user(change.address.user.own_key))
        for change in rule_context.changes
        if change.retimes and change.address.kind is Kind.MEMBERSHIP and gives(change)
    }


def _member(rule_context: RuleContext, key: str, person: str) -> Origin | None:
    """The line that makes somebody a member (or includes a group that does)."""
    group = rule_context.context.desired.groups.get(key)
    node = rule_context.context.desired.members.get(key, {}).get(person)
    if group is None or node is None:
        return None
    return Origin(group.origin.path, node.node if isinstance(node, Grant) else node)


def _with_file(rule_context: RuleContext, key: str) -> str:
    group = rule_context.context.desired.groups.get(key)
    return f"{key} ({group.origin.path})" if group else key


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"

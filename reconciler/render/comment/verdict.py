"""The first lines of a comment: can it be applied, whom does it affect, and what must not be overlooked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.access import Direction
from reconciler.model.plan import Plan, TargetPlan
from reconciler.render import authors, escape, findings, words
from reconciler.render.naming import RESTORES, Names

_Named = Mapping[str, Names]
# So many permission sets stand by name in the first sentence.
_SETS = 2


def title(plan: Plan, names: _Named) -> str:
    """The verdict, and in one sentence whom the plan affects."""
    return f"{_verdict(plan)} {sentence(plan, names)}".rstrip()


def _verdict(plan: Plan) -> str:
    heads = []
    if plan.incomplete:
        heads.append(f"{findings.INCOMPLETE_PLAN}, removals may be missing.")
    if findings.refusals(plan):
        heads.append("Refused.")
    if plan.blocked:
        heads.append(f"{words.counted(len(plan.blocked), ('object is', 'objects are'))} blocked.")
    if not plan.changes and not plan.incomplete:
        heads.append("No changes.")
    elif not heads or (plan.blocked and len(heads) == 1):
        heads.append("Can be applied.")
    return " ".join(heads)


def sentence(plan: Plan, names: _Named) -> str:
    """Whom the plan affects: `10 people affected: 2 gain AdministratorAccess on prod, 8 lose something`."""
    if not plan.changes:
        return ""
    found: dict[Direction, set[str]] = {direction: set() for direction in Direction}
    for part in plan.targets:
        for direction, people in words.affected(part).items():
            found[direction] |= people
    everybody = set().union(*found.values())
    if not everybody:
        return "Nobody's access changes."
    said: list[str] = []
    gained = _privileged(plan, (Direction.GAIN,))
    altered = _privileged(plan, (Direction.ALTER,)) - gained
    longer = _privileged(plan, (Direction.LONGER,)) - gained - altered
    if gained:
        said += _sets(plan, names) or [_clause(gained, "privileged access")]
    if altered:
        said.append(f"privileged access changes for {len(altered):,}")
    if longer:
        said.append(f"{len(longer):,} {_verb(longer, 'keep')} privileged access longer")
    for direction, ending in (
        (Direction.LOSE, "something"),
        (Direction.GAIN, "something"),
        (Direction.LONGER, "access longer"),
        (Direction.SHORTER, "access less long"),
    ):
        people = found[direction] - (gained if direction is Direction.GAIN else longer)
        if people:
            verb = {Direction.LOSE: "lose", Direction.GAIN: "gain"}.get(direction, "keep")
            more = " else" if direction is Direction.GAIN and gained else ""
            said.append(f"{len(people):,} {_verb(people, verb)} {ending}{more}")
    if others := found[Direction.ALTER] - altered:
        said.append(f"a permission set changes for {len(others):,}")
    return f"{words.counted(len(everybody), words.PERSON)} affected: {', '.join(said)}."


def _privileged(plan: Plan, directions: Sequence[Direction]) -> set[str]:
    return {
        person
        for part in plan.targets
        for one in part.access
        if one.privileged and one.direction in directions
        for person in one.people
    }


def _sets(plan: Plan, names: _Named) -> list[str]:
    """`2 gain AdministratorAccess on prod`, for each privileged set, where they are few."""
    people: dict[str, set[str]] = {}
    accounts: dict[str, dict[str, str]] = {}
    for part in plan.targets:
        for one in part.access:
            if one.privileged and one.direction is Direction.GAIN:
                people.setdefault(one.permission_set, set()).update(one.people)
                called = names[part.target].accounts
                where = accounts.setdefault(one.permission_set, {})
                where.update((each, called.get(each, each)) for each in one.accounts)
    if len(people) > _SETS:
        return []
    said = []
    for name, who in people.items():
        places = [escape.span(escape.name(each)) for each in accounts[name].values()]
        on = words.listed(places) if len(places) <= _SETS else words.counted(len(places), words.ACCOUNT)
        said.append(f"{_clause(who, escape.span(escape.name(name)))} on {on}")
    return said


def _clause(people: set[str], what: str) -> str:
    return f"{len(people):,} {_verb(people, 'gain')} {what}"


def _verb(people: set[str], verb: str) -> str:
    return f"{verb}s" if len(people) == 1 else verb


def heads(plan: Plan, names: _Named) -> Iterable[str]:
    """What nobody may overlook, each in a line: refusals, blocks, what is restored, self-grants."""
    if refused := findings.refusals(plan):
        codes = [escape.span(escape.name(code)) for code in sorted({one.code for _, one in refused})]
        yield f"**Refused by {words.listed(codes)}**: nothing of it can be applied; see Findings below."
    if plan.incomplete:
        yield (
            f"**{findings.INCOMPLETE_PLAN}**: removals may be missing, so nothing of it can be applied; "
            "see Findings below."
        )
    if plan.blocked:
        count = words.counted(len(plan.blocked), ("object is", "objects are"))
        yield f"**Blocked**: {count} left alone until a person says what is meant; see Findings below."
    if plan.partial:
        yield "**Partial**: this is not everything that git says; see Findings below."
    if given := sum(change.restores for change in plan.changes):
        what = words.counted(given, ("grant", "grants"))
        yield f"**{RESTORES}** {what} that somebody took away outside git."
    for part in plan.targets:
        yield from _self_grants(part, names[part.target])


def _self_grants(part: TargetPlan, names: Names) -> Iterable[str]:
    for person, rows in authors.self_grants(part).items():
        what = authors.told(rows, escape.span)
        yield f"**{authors.MARK}**: {escape.span(names.user(person))}, an author of this change, {what}."

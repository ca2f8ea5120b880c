"""The changes of one target as sections, one for each kind, folded as far as asked.

What gives may be folded into counts; what takes away has a row of its own, however many there are.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Sequence

from reconciler.model.access import Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action, Change
from reconciler.model.plan import TargetPlan
from reconciler.render import ends, escape, naming, pairs, words
from reconciler.render.naming import PRIVILEGED, Names
from reconciler.render.rows import (
    FOLDABLE,
    GROUPS_SHOWN,
    SAMPLE,
    WIDE,
    Fold,
    Row,
    Section,
    bunches,
    remarks,
    row,
    sample,
)


def sections(part: TargetPlan, names: Names, fold: Fold) -> tuple[Section, ...]:
    """One section for each kind that changes, in the order of kinds."""
    released = [change for change in part.changes if change.action is Action.RELEASE]
    retimed = [change for change in part.changes if change.retimes]
    by_kind: dict[Kind, list[Change]] = {}
    for change in part.changes:
        if not change.writes:
            continue
        by_kind.setdefault(change.address.kind, []).append(change)
    made = []
    if released:
        rows: Iterable[Row] = [
            row(change, names, label=escape.text(str(change.address))) for change in released
        ]
        made.append(Section("No longer managed by git", words.todo(released), tuple(rows)))
    if retimed:
        made.append(ends.section(retimed, names))
    for kind in Kind:
        if changes := by_kind.get(kind):
            if kind is Kind.MEMBERSHIP:
                rows = pairs.memberships(changes, part.changes, names, fold)
            elif kind is Kind.ASSIGNMENT:
                rows = pairs.assignments(changes, names, fold)
            elif kind.facts.of:
                rows = _provisioning(changes, _privileged(part), names, fold)
            else:
                rows = _objects(kind, changes, names, fold)
            made.append(Section(kind.facts.title, words.todo(changes), tuple(rows)))
    return tuple(made)


def _objects(kind: Kind, changes: Sequence[Change], names: Names, fold: Fold) -> Iterable[Row]:
    """Creates, then updates, then deletes; alike ones as one row where folding says so."""
    ordered = sorted(changes, key=lambda change: (list(Action).index(change.action), change.address))
    if fold < Fold.OBJECTS:
        return [row(change, names) for change in ordered]

    def alike(change: Change) -> Hashable:
        touched = () if fold is Fold.GROUPS else tuple(sorted({each.name for each in change.fields}))
        return change.action, change.effect, change.cause, touched if change.action is Action.UPDATE else ()

    rows: list[Row] = []
    for bunch in bunches(ordered, alike):
        if len(bunch) < FOLDABLE or naming.takes_away(bunch[0]):
            rows += (row(change, names) for change in bunch)
            continue
        touched = sorted({each.name for change in bunch for each in change.fields})
        what = (
            f" ({', '.join(map(escape.name, touched))})"
            if bunch[0].action is Action.UPDATE and touched
            else ""
        )
        rows.append(
            Row(
                glyph=naming.GLYPHS[bunch[0].action],
                label=f"{words.of_kind(kind, len(bunch))}{what}:",
                pieces=sample([names.label(change) for change in bunch]),
                remarks=remarks(bunch),
                folded=len(bunch) - SAMPLE,
            )
        )
    return rows


def _privileged(part: TargetPlan) -> frozenset[str]:
    """The permission sets of which people have privileged access altered."""
    return frozenset(
        one.permission_set for one in part.access if one.privileged and one.direction is Direction.ALTER
    )


def _provisioning(
    changes: Sequence[Change], privileged: Container[str], names: Names, fold: Fold
) -> Iterable[Row]:
    """For each permission set the accounts whose role lags behind it, and below what the role would get."""
    rows: list[Row] = []
    rest: list[list[Change]] = []
    ordered = sorted(changes, key=lambda change: change.address.parts)
    for position, bunch in enumerate(bunches(ordered, lambda change: change.address.permission_set)):
        if fold is Fold.GROUPS and position >= GROUPS_SHOWN:
            rest.append(bunch)
            continue
        accounts = sorted(names.account(change.address.account) for change in bunch if change.address.account)
        folds = fold > Fold.NOTHING and len(accounts) >= FOLDABLE
        name = bunch[0].address.permission_set.own_key
        rows.append(
            Row(
                glyph=naming.GLYPHS[Action.UPDATE],
                label=f"{escape.name(name)} is not provisioned in {_counted(accounts)}:",
                pieces=sample(accounts) if folds else tuple(accounts),
                remarks=remarks(bunch),
                folded=len(accounts) - SAMPLE if folds else 0,
            )
        )
        if content := naming.fields(bunch[0], everything=names.verbose):
            mark = f"{PRIVILEGED} " if name in privileged else ""
            rows.append(
                Row(
                    glyph="+",
                    label=f"{mark}it brings there:",
                    pieces=content,
                    depth=2,
                    tall=len(content) > WIDE,
                )
            )
    if rest:
        lagging = sum(map(len, rest))
        rows.append(
            Row(
                glyph=naming.GLYPHS[Action.UPDATE],
                label=f"{words.of_kind(Kind.PERMISSION_SET, len(rest))} more:",
                pieces=sample([escape.name(bunch[0].address.permission_set.own_key) for bunch in rest]),
                remarks=remarks([change for bunch in rest for change in bunch]),
                folded=lagging,
            )
        )
    return rows


def _counted(accounts: Sequence[str]) -> str:
    return words.counted(len(accounts), words.ACCOUNT)

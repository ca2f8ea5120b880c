"""Memberships and assignments as rows: pairs, bunched under what many of them have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from reconciler.model.address import Kind
from reconciler.model.change import Action, Change
from reconciler.model.state import Holder
from reconciler.render import escape, naming, words
from reconciler.render.naming import Names
from reconciler.render.rows import FOLDABLE, GROUPS_SHOWN, SAMPLE, Fold, Row, bunches, remarks, row, sample

_FATES = {Action.CREATE: "(new group)", Action.DELETE: "(the group goes)"}
# More families than this are not told apart.
_FAMILIES = 20
_Told = Callable[[Change], str]


@dataclass(frozen=True, slots=True)
class _Way:
    """How pairs are bunched and told: under which `title`, what a pair is called there, and the verbs.

    `rest` words what is left of so many pairs in so many bunches, apart for each `family` of them; `alone`
    lets a bunch of one be a row that says both ends; `fate` is what becomes of the thing in the title.
    """

    title: _Told
    label: _Told
    gain: tuple[str, str]
    lose: tuple[str, str]
    rest: Callable[[int, int, str], str]
    alone: bool = False
    fate: _Told = lambda _: ""
    family: _Told = lambda _: ""


def memberships(
    changes: Sequence[Change], everything: Sequence[Change], names: Names, fold: Fold
) -> Iterable[Row]:
    """Under each group, who joins and who leaves; `everything` tells what becomes of the groups."""
    fates = {each.address: each.action for each in everything if each.address.kind is Kind.GROUP}
    way = _Way(
        title=lambda change: names.group(change.address.group.own_key),
        label=names.label,
        gain=("joins", "join"),
        lose=("leaves", "leave"),
        rest=lambda total, count, _: f"{total:,} more join {words.of_kind(Kind.GROUP, count)}:",
        fate=lambda change: _FATES.get(fates.get(change.address.group, Action.UPDATE), ""),
    )
    ordered = sorted(changes, key=lambda change: change.address.parts)
    return _rows(list(bunches(ordered, lambda change: change.address.group)), names, fold, way)


def assignments(changes: Sequence[Change], names: Names, fold: Fold) -> Iterable[Row]:
    """Under each permission set and principal the accounts; or, where that is shorter, under each account."""
    # An address takes itself apart whenever it is asked: each is asked once.
    accounts = {change.address: names.account(change.address.account) for change in changes}
    couples = {change.address: _couple(change) for change in changes}

    def account(change: Change) -> str:
        return accounts[change.address]

    def couple(change: Change) -> tuple[str, str]:
        return couples[change.address]

    in_order = sorted(changes, key=lambda change: (*couple(change), account(change)))
    by_couple = list(bunches(in_order, couple))
    by_account = list(bunches(sorted(in_order, key=account), account))
    # Names of accounts come in front, so that what is alike stands together.
    title, label, found = names.couple, account, by_couple
    by_set = 2 * len(by_account) > len(by_couple)
    if not by_set:
        title, label, found = account, names.couple, by_account
    way = _Way(
        title=title,
        label=label,
        gain=("granted", "granted"),
        lose=("revoked", "revoked"),
        rest=lambda total, _, name: (
            f"{name}: {total:,} more granted:" if name else f"{total:,} more granted:"
        ),
        alone=True,
        family=lambda change: escape.name(change.address.permission_set.own_key) if by_set else "",
    )
    return _rows(found, names, fold, way)


def _couple(change: Change) -> tuple[str, str]:
    return change.address.permission_set.own_key, str(Holder.at(change.address))


def _rows(found: Sequence[list[Change]], names: Names, fold: Fold, way: _Way) -> Iterable[Row]:
    rows: list[Row] = []
    shown = 0
    rest: list[list[Change]] = []
    for bunch in found:
        if fold is Fold.GROUPS and not any(map(naming.takes_away, bunch)):
            shown += 1
            if shown > GROUPS_SHOWN:
                rest.append(bunch)
                continue
        rows += _bunch(bunch, names, fold, way)
    families: dict[str, list[list[Change]]] = {}
    for bunch in rest:
        families.setdefault(way.family(bunch[0]), []).append(bunch)
    if len(families) > _FAMILIES:
        families = {"": rest}
    for family, kin in families.items():
        rows += _bunch(kin[0], names, fold, way) if len(kin) == 1 else [_kin(family, kin, way)]
    return rows


def _kin(family: str, bunches_of: Sequence[list[Change]], way: _Way) -> Row:
    """What is left of one family, as one row."""
    total = sum(map(len, bunches_of))
    return Row(
        glyph="+",
        label=way.rest(total, len(bunches_of), family),
        pieces=sample([way.title(bunch[0]) for bunch in bunches_of]),
        remarks=remarks([change for bunch in bunches_of for change in bunch]),
        folded=total,
    )


def _bunch(bunch: Sequence[Change], names: Names, fold: Fold, way: _Way) -> Iterable[Row]:
    title, fate = way.title(bunch[0]), way.fate(bunch[0])
    if way.alone and len(bunch) == 1:
        return [row(bunch[0], names)]
    gains = [change for change in bunch if not naming.takes_away(change)]
    losses = [change for change in bunch if naming.takes_away(change)]
    least = {Fold.NOTHING: len(gains) + 1, Fold.GROUPS: 1}.get(fold, FOLDABLE)
    labels = sample([way.label(change) for change in gains])
    folded = max(len(gains) - SAMPLE, 0) if len(gains) >= least else 0
    counts = [f"{len(gains):,} {way.gain[len(gains) != 1]}"] if gains else []
    counts += [f"{len(losses):,} {way.lose[len(losses) != 1]}"] if losses else []
    joined = Row(
        glyph="+",
        label=f"{counts[0]}:",
        pieces=labels,
        remarks=remarks(gains),
        depth=2,
        folded=folded,
    )
    given = [row(change, names, label=way.label(change), depth=2) for change in gains]
    if gains and len(gains) >= least:
        if not losses:
            return [replace(joined, label=f"{title}: {joined.label}", depth=1)]
        if fold is Fold.GROUPS:
            # One line for the bunch and all its gains, so that its removals cost no more than themselves.
            counts[0] += f" ({', '.join(joined.pieces)})"
            given = []
        else:
            given = [joined]
    rows = [*given, *(row(change, names, label=way.label(change), depth=2) for change in losses)]
    common = {each.remarks for each in rows}
    notes = {fate}
    if len(rows) > 1 and len(common) == 1 and (given or not gains):
        notes |= common
        rows = [replace(each, remarks="") for each in rows]
    heading = Row(
        glyph="",
        label=f"{title}:",
        pieces=tuple(counts),
        remarks=" ".join(sorted(filter(None, notes))),
        folded=0 if given else folded,
        takes_away=bool(losses),
    )
    return [heading, *rows]

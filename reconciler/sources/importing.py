"""An import from beginning to end: what was read becomes the files of the directory that the import owns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler.errors import IncompleteRead, ReconcilerError
from reconciler.files.characters import show
from reconciler.sources.directory import Place, Written
from reconciler.sources.entry import Entry
from reconciler.sources.leavers import ANCHOR, Part, belongs_to_leavers, part_of
from reconciler.sources.mapping import outcome
from reconciler.sources.outcome import Imported, Remark
from reconciler.sources.remembering import check_over_time, remark_on, remembered
from reconciler.sources.settings import Settings
from reconciler.sources.shrinking import Limit, check
from reconciler.sources.text import anchored, files
from reconciler.sources.unseen import NOTHING, check_whole, surely_left
from reconciler.wire.clock import SystemClock

# The findings on entries that are not imported at all.
_LEFT_OUT = ("unusable", "no-guid", "duplicate", "name-of-gone", "name-of-leaver")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are now, and how many came, changed, went or stayed as they were."""

    total: int
    added: int
    changed: int
    left: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did. `leavers` are those of the files that belong to the part of leavers.

    `waits` says why everything else was not written, where only leavers could be.
    """

    users: Counts
    groups: Counts
    files: Written
    remarks: Sequence[Remark]
    leavers: Sequence[str] = ()
    waits: IncompleteRead | None = None


def import_entries(
    entries: Sequence[Entry],
    settings: Settings,
    identities: Path,
    into: str,
    limit: Limit,
    part: Part | None = None,
    now: datetime | None = None,
    *,
    apart: bool = False,
) -> Report:
    """Write what a directory holds as YAML below `into` in the folder `identities`, or one part of that.

    The limit holds for both parts together, whichever of them is written, and for this import together with
    those of the last day that git has. `now` (aware; default: the
    clock) tells ends that are over from those to come. `apart` says that the parts of what is written are
    merged one without the other, as a `part` always is. Of those, that of leavers does not wait where the
    reader may not see something else: `surely_left`.

    Raises ReconcilerError where nothing was read, Refused where more would be lost than `limit` allows, and
    InputError where the result would not be valid, RecordError where git does not answer; then nothing is
    written.
    """
    place = Place(identities, into)
    before = place.before()
    found = outcome(entries, settings, before, place.taken(), apart=apart or part is not None)
    if all(one.gone for one in found.users):
        left = [one for one in found.remarks if one.code in _LEFT_OUT]
        many = len({one.dn for one in left})
        reasons = f"; left out: {many:,}, such as {show(left[0].dn)}: {left[0].message}" if left else ""
        raise ReconcilerError(
            f"No user was found in {len(entries):,} entries{reasons}. Nothing was written. "
            "Check the base, the filter, and what the reader may see."
        )
    now = now or SystemClock().now()
    memory = remembered(identities, into, now)
    waits = None
    try:
        check_whole(entries, settings, before, found)
    except IncompleteRead as error:
        sure = surely_left(entries, settings, before, found, now) if apart or part is Part.LEAVERS else None
        if sure is None:
            raise
        # People that are missing are judged all the same: what reads half of them is believed in nothing.
        check(before, replace(found, groups=sure.groups), limit)
        found, part, waits = sure, Part.LEAVERS, error
    check(before, found, limit)
    check_over_time(memory, before, found, limit)
    if part is not None and place.outdated:
        raise ReconcilerError(
            f"{identities / into} was written by an earlier version, which kept leavers among the people. "
            "Nothing was written. Import once without --only, and merge that."
        )
    there = place.now()
    leavers = belongs_to_leavers(before, found, now)
    wanted = part_of(part, files(found), there, leavers)
    written = place.replace(anchored(wanted, there))
    if waits is not None:
        count = sum(path.removeprefix(f"{into.rstrip('/')}/") in leavers for path in written.written)
        says = f"Only leavers were written ({count:,}), whose own entries say it; everything else waits."
        waits = IncompleteRead(str(waits).replace(NOTHING, says))
    return Report(
        users=_counts(before.users, found.users),
        groups=_counts(before.groups, found.groups),
        files=written,
        remarks=sorted({*found.remarks, *remark_on(memory)}),
        leavers=_leavers(written.written, leavers, f"{into.rstrip('/')}/"),
        waits=waits,
    )


def _leavers(written: Sequence[str], leavers: Collection[str], into: str) -> Sequence[str]:
    """Those of the written files that belong to leavers; with the first of them what keeps their folder."""
    found = [path for path in written if path.removeprefix(into) in leavers]
    anchor = [path for path in written if path.removeprefix(into) == ANCHOR]
    return sorted([*found, *anchor]) if found else []


def _counts(before: Mapping[str, Imported], after: Sequence[Imported]) -> Counts:
    there = [one for one in after if not one.gone]
    added = sum(one.guid not in before for one in there)
    changed = sum(one.guid in before and dict(before[one.guid].fields) != dict(one.fields) for one in there)
    now = {one.guid: one for one in after}
    left = sum(
        guid not in now or (now[guid].gone and dict(now[guid].fields) != dict(one.fields))
        for guid, one in before.items()
    )
    return Counts(len(there), added, changed, left, len(there) - added - changed)

"""What was deleted on purpose, told from what is missing: moved out of the scope, filtered, or hidden.

A directory keeps what is deleted as a tombstone with its objectGUID (MS-ADTS 3.1.1.5.5). Readers see none
unless they may look into Deleted Objects, and Samba shows its container also to readers who may not see what
is in it: only a tombstone that was seen proves that they can be seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.sources.entry import Entry
from reconciler.sources.outcome import Imported, Remark

CONTAINER = "CN=Deleted Objects"


def is_deleted(entry: Entry) -> bool:
    """Whether an entry is a tombstone, or the container of those."""
    return any(value.strip().upper() == b"TRUE" for value in entry.values("isDeleted"))


def tombstones(entries: Iterable[Entry]) -> frozenset[str]:
    """The objectGUIDs of what was deleted; of one that is there again as well, it does not count."""
    found, alive = set(), set()
    for entry in entries:
        guid = entry.known_guid()
        if guid is None:
            continue
        if not is_deleted(entry):
            alive.add(guid)
        elif b"container" not in {value.lower() for value in entry.values("objectClass")}:
            found.add(guid)
    return frozenset(found - alive)


def judged(
    before: Mapping[str, Imported],
    there: Collection[str],
    deleted: Collection[str],
    elsewhere: Mapping[str, str],
    *,
    looked: bool,
) -> Iterator[Remark]:
    """Findings on who had access at the last import and is not there now, and was not deleted.

    `elsewhere` has the names of those that were read and are not meant. `looked` says whether Deleted
    Objects were asked for; where none was seen, nobody can be told apart.
    """
    lost = [one for guid, one in before.items() if guid not in there and guid not in deleted and _has(one)]
    fix = "it loses its access; put it back into the scope if that is not meant"
    for one in lost:
        if one.guid in elsewhere:
            says = f"{one.key} is not meant any more: moved out of the scope, or of another kind by now"
            yield Remark("missing", elsewhere[one.guid], says, fix)
    lost = [one for one in lost if one.guid not in elsewhere]
    if not lost or not looked:
        return
    if not deleted:
        says = (
            f"{len(lost):,} are gone; whether they were deleted is not known: no deleted object can be seen"
        )
        yield Remark("deleted-unknown", CONTAINER, says, "let the reader look into Deleted Objects")
        return
    for one in lost:
        says = (
            "it is missing and was not deleted: moved out of the scope, filtered, or hidden from the reader"
        )
        yield Remark("missing", f"{one.key} ({one.guid})", says, fix)


def _has(one: Imported) -> bool:
    """Whether somebody could use it at the last import: an active person, or a group that is not empty."""
    if "user_name" in one.fields:
        return one.fields.get("active") != "false"
    return bool(one.fields.get("members") or one.fields.get("include"))

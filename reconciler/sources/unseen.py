"""What a reader may not see, told from what is not there: an access control hides it without a word.

A directory leaves out what the reader may not read, and its answer is a success (MS-ADTS 3.1.1.4.3). Taken
as it comes, a hidden `member` would be an empty group, and a hidden `accountExpires` an account without end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime

from reconciler.errors import IncompleteRead
from reconciler.files.characters import show
from reconciler.sources.deleted import is_deleted
from reconciler.sources.entry import Entry, Name, below, normal
from reconciler.sources.leavers import STATUS, takes_away
from reconciler.sources.outcome import Before, Imported, Outcome, Remark
from reconciler.sources.plain import adapted
from reconciler.sources.settings import Scope, Settings
from reconciler.sources.values import Made, is_group, is_user

NOTHING = "Nothing was written."
_AGAIN = f"{NOTHING} Let the reader read it, or import again where it changed during the read."


def check_whole(entries: Sequence[Entry], settings: Settings, before: Before, after: Outcome) -> None:
    """Raise IncompleteRead where what was read contradicts itself, or what every account has is not there.

    `before` is what was imported last, and `after` what would be written.
    """
    if settings.plain:
        entries = adapted(entries, settings)
    there = [one for one in entries if not is_deleted(one)]
    users = [one for one in there if is_user(one) and _inside(one, settings.users)]
    groups = [one for one in there if is_group(one) and _inside(one, settings.groups)]
    if before.users:
        names = {settings.mapping.standing: "userAccountControl"}
        if not settings.plain:
            names["objectGUID"] = "objectGUID"
        for shown, name in names.items():
            if users and not any(one.values(name) for one in users):
                raise IncompleteRead(
                    f"not one of {len(users):,} users shows {shown}, which every one has: the reader may not "
                    f"read it. {_AGAIN}"
                )
    if settings.plain:
        return
    _members(users, groups)
    _primary(users, groups, settings, before, after)


def surely_left(
    entries: Sequence[Entry], settings: Settings, before: Before, after: Outcome, at: datetime
) -> Outcome | None:
    """What was there `before`, with those as leavers who left for sure; None where nobody did.

    Whether an account is disabled, expired by the moment `at` (aware), or deleted on purpose is said by its
    own entry, whatever else cannot be read. Other kinds of servers show it in too many ways to tell.
    """
    if settings.plain:
        return None
    read = {guid for one in entries if (guid := one.known_guid()) is not None}
    now = {one.guid: one for one in after.users}
    people = dict(before.users)
    for guid, was in before.users.items():
        one = now.get(guid)
        gone = one is None or one.gone
        if one is not None and not one.gone and guid in read:
            status = {name: one.fields[name] for name in STATUS if name in one.fields}
        else:
            # Who is not there for another reason may be hidden, too.
            status = {"active": "false"} if gone and guid in after.deleted else {}
        if takes_away(status, at) and not takes_away(was.fields, at):
            rest = {name: value for name, value in was.fields.items() if name not in STATUS}
            people[guid] = Imported(was.key, guid, {**rest, **status}, gone=gone)
    if people == before.users:
        return None
    users = sorted(people.values(), key=lambda one: one.key)
    groups = sorted(before.groups.values(), key=lambda one: one.key)
    left = sorted(before.left.values(), key=lambda one: (one.key, one.guid))
    return Outcome(users, groups, after.remarks, left, after.deleted)


def _inside(entry: Entry, scope: Scope) -> bool:
    return not scope.bases or any(below(entry.dn, base) for base in scope.bases)


def _members(users: Sequence[Entry], groups: Sequence[Entry]) -> None:
    """Refuse a group that shows no member while others say that they are in it."""
    empty = {normal(one.dn): one.dn for one in groups if not one.values("member")}
    claims: defaultdict[Name, list[str]] = defaultdict(list)
    for one in (*users, *groups):
        for value in one.values("memberOf"):
            group = normal(value.decode("utf-8", "replace"))
            if group in empty:
                claims[group].append(one.dn)
    if claims:
        group = min(claims)
        who = claims[group]
        raise IncompleteRead(
            f"{show(empty[group])} shows no member, and {show(min(who))} and {len(who) - 1:,} others say by "
            f"memberOf that they are in it ({len(claims):,} such groups): `member` cannot be read. {_AGAIN}"
        )


def _primary(
    users: Sequence[Entry], groups: Sequence[Entry], settings: Settings, before: Before, after: Outcome
) -> None:
    """Refuse that somebody loses a group that may be their primary one, where that cannot be read."""
    live = settings.server is not None
    hidden = {
        *_without("primaryGroupID", users, asked=live),
        *_without("objectSid", users, asked=live),
    }
    nameless = _without("objectSid", groups, asked=live)
    if not hidden and not nameless:
        return
    dns = _dns(users)
    now = {one.guid: one for one in after.groups if not one.gone}
    people = {one.key: one for one in after.users if not one.gone and one.fields.get("active") != "false"}
    for guid, one in before.groups.items():
        if guid not in now:
            continue
        lost = sorted(set(one.fields.get("members", ())) - set(now[guid].fields.get("members", ())))
        for key in lost:
            if key in people and (people[key].guid in hidden or guid in nameless):
                raise IncompleteRead(
                    f"{show(dns.get(people[key].guid, key))} would lose the group {show(one.key)}, which may "
                    "be its primary group: primaryGroupID or objectSid cannot be read of both, and can of "
                    f"others. {_AGAIN}"
                )


def _without(name: str, entries: Sequence[Entry], *, asked: bool) -> frozenset[str]:
    """The objectGUIDs of those that do not show an attribute, where it was asked for; else nobody."""
    if not asked and not any(one.values(name) for one in entries):
        return frozenset()
    return frozenset(_dns([one for one in entries if not one.values(name)]))


def _dns(entries: Sequence[Entry]) -> dict[str, str]:
    # Who has no objectGUID is known by another name, and held.
    return {guid: one.dn for one in entries if (guid := one.known_guid()) is not None}


def emptied(
    groups: Mapping[str, Entry], before: Mapping[str, Imported], after: Mapping[str, Imported]
) -> Iterator[Remark]:
    """Findings on groups that had members at the last import, are there, and show none now."""
    for guid, entry in groups.items():
        was, now = before.get(guid), after.get(guid)
        if was is None or now is None or entry.values("member"):
            continue
        count = len(was.fields.get("members", ())) + len(was.fields.get("include", ()))
        if count and not now.fields.get("members") and not now.fields.get("include"):
            says = f"it had {count:,} members at the last import, and shows none"
            fix = "they lose it; let the reader read `member` if that is not meant"
            yield Remark("emptied", entry.dn, says, fix)


def keep_ends(
    users: Mapping[str, Entry],
    made: MutableMapping[str, Made],
    before: Mapping[str, Imported],
    settings: Settings,
) -> Iterator[Remark]:
    """Keep the end of everybody whose `accountExpires` cannot be read, with a finding on each.

    Every account of Active Directory has the attribute. In a recording without it for anybody, only those
    are told who have an end.
    """
    if settings.plain:
        return
    hidden = [guid for guid, entry in users.items() if not entry.values("accountExpires")]
    for guid in hidden:
        end = before[guid].fields.get("until") if guid in before else None
        standing = made[guid].standing
        if end is not None and standing is not None:
            made[guid].standing = {**standing, "until": end}
            made[guid].fields["until"] = end
        if end is not None or len(hidden) < len(users):
            says = "accountExpires cannot be read, so whether and when the account ends is not known"
            fix = f"the end {end} of the last import stays" if end else "it is imported without an end"
            yield Remark("end-unknown", users[guid].dn, says, f"{fix}; let the reader read it")
    if settings.server is not None and hidden and len(hidden) == len(users):
        says = f"accountExpires cannot be read of any of {len(users):,} users, so no end is known"
        fix = "ends of the last import stay; let the reader read it"
        yield Remark("end-unknown", min(one.dn for one in users.values()), says, fix)

"""What git gave, apart from what an apply writes: what it gave before, and what it finds there as declared.

What is declared and live is git's after an apply, no matter who made it. What is declared and was lost stays
known, so that its absence is drift.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from reconciler.model.address import Arn, Kind, SetName
from reconciler.model.change import Change
from reconciler.model.ledger import GivenAssignment, GivenObject
from reconciler.model.pairs import Pair, Principal
from reconciler.model.resources import Attributes, Group, User
from reconciler.model.state import Assigned, Holder, LiveUser
from reconciler.planning.comparing.set_values import WHOLE, declared_values, partition_of
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.given.builder import LedgerBuilder
from reconciler.planning.given.former import former_ledger
from reconciler.planning.ownership.ignoring import ignoring
from reconciler.planning.ownership.objects import Ownership, group_name, said_id, user_name
from reconciler.planning.windows import Windows

_NOBODY: frozenset[str] = frozenset()


class Adopting:
    """The ledger of an apply that writes nothing."""

    def __init__(self, context: PlanContext, diff: Diff) -> None:
        self._context = context
        self._changes = {change.address: change for change in diff.changes}
        self._windows = Windows(context)
        self._before = context.memory.ledger if context.memory.ledger is not None else former_ledger(context)
        gaps = context.live.gaps
        self._unread = {kind: {gap.scope for gap in gaps if gap.kind is kind} for kind in Kind}
        self._shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]] = {}

    def builder(self) -> LedgerBuilder:
        """That ledger, open for what the writes of an apply do to it."""
        builder = LedgerBuilder()
        self._users(builder)
        self._groups(builder)
        self._sets(builder)
        self._members(builder)
        self._assignments(builder)
        return builder

    # Objects.

    def _users(self, builder: LedgerBuilder) -> None:
        context, owners = self._context, self._context.users
        for identifier, live in context.live.users.items():
            known = self._before.users.get(identifier)
            key = owners.declared.get(identifier)
            if key is not None and key not in owners.replaced:
                user = context.desired.users[key]
                builder.users[identifier] = self._user(user, live, known)
            elif known is not None:
                change = self._changes.get(context.user_address(context.user_key(identifier)))
                left = known.left or (identifier in owners.gone and change is None)
                denied = self._denied(identifier, known, wanted=False)
                builder.users[identifier] = replace(known, left=left, denied=denied)
        self._absent(builder.users, self._before.users, owners, Kind.USER)

    def _user(self, user: User, live: LiveUser, known: GivenObject | None) -> GivenObject:
        change = self._changes.get(self._context.user_address(user.key))
        wanted = self._context.desired.wants(user.key)
        inactive = known is not None and (known.inactive or known.left)
        if live.active is False and not wanted:
            inactive = True
        elif live.active is not False and wanted:
            inactive = False
        writable = self._context.capabilities.user_attributes
        names = self._names(user.attributes, live.attributes, writable, change, known)
        title = str(live.attributes.get("user_name") or "")
        called = _called("user_name", user_name(user), title, change, known)
        denied = self._denied(live.id, known, wanted=wanted)
        return GivenObject(user.key, called, names, inactive, denied=denied, external_id=said_id(user))

    def _denied(self, identifier: str, known: GivenObject | None, *, wanted: bool) -> bool:
        """Whether git's entry in the policy of denials has not run out yet.

        Also one that a run wrote of which no receipt tells. It stays git's until it is seen to be gone.
        """
        before, denials = known is not None and known.denied, self._context.live.denials
        if denials is None or denials.problem:
            return before and (not wanted or denials is not None)
        entry = denials.entries.get(identifier)
        if wanted:
            return before and entry is not None
        return before or (entry is not None and not entry.offboarded)

    def _groups(self, builder: LedgerBuilder) -> None:
        context, owners = self._context, self._context.groups
        for identifier, live in context.live.groups.items():
            known = self._before.groups.get(identifier)
            key = owners.declared.get(identifier)
            if key is not None and key not in owners.replaced:
                group = context.desired.groups[key]
                builder.groups[identifier] = self._group(group, live.attributes, known)
            elif known is not None:
                builder.groups[identifier] = known
        self._absent(builder.groups, self._before.groups, owners, Kind.GROUP)

    def _group(self, group: Group, live: Attributes, known: GivenObject | None) -> GivenObject:
        change = self._changes.get(self._context.group_address(group.key))
        writable = self._context.capabilities.group_attributes
        names = self._names(group.attributes, live, writable, change, known)
        title = str(live.get("display_name") or "")
        called = _called("display_name", group_name(group), title, change, known)
        return GivenObject(group.key, called, names, external_id=said_id(group))

    def _absent(
        self,
        found: dict[str, GivenObject],
        before: Mapping[str, GivenObject],
        owners: Ownership,
        kind: Kind,
    ) -> None:
        """What is gone and still declared stays known, and so does what nobody looked for."""
        kept = {each for ids in owners.lost.values() for each in ids}
        denied = self._offboarded(before) if kind is Kind.USER else ()
        for token, one in before.items():
            if token in found:
                continue
            if token in kept or (self._unread[kind] and not one.left):
                found[token] = one
            elif token in denied:
                found[token] = replace(one, left=True)

    def _offboarded(self, before: Mapping[str, GivenObject]) -> Collection[str]:
        """Who may be in the policy of denials without git: who they were is known until git explains it."""
        denials = self._context.live.denials
        if denials is None:
            return ()
        if denials.problem:
            return before.keys()
        every = (denials, *self._context.live.former_denials)
        return denials.named.union(
            one for each in every for one, entry in each.entries.items() if entry.offboarded
        )

    def _sets(self, builder: LedgerBuilder) -> None:
        context = self._context
        partition = partition_of(context.live.identity)
        for arn, live in context.live.permission_sets.items():
            known = self._before.sets.get(arn)
            declared = (
                context.desired.permission_sets.get(live.name) if arn in context.sets.declared else None
            )
            if declared is not None:
                change = self._changes.get(context.set_address(live.name))
                values = declared_values(declared, live.attributes, partition)
                loose = {name: value for name, value in values.items() if name not in WHOLE}
                names = self._names(loose, live.attributes, loose.keys(), change, known)
                builder.sets[arn] = GivenObject(live.name, live.name, names)
            elif known is not None:
                builder.sets[arn] = known
        reads = Kind.PERMISSION_SET in context.capabilities.kinds and not self._unread[Kind.PERMISSION_SET]
        for arn, one in self._before.sets.items():
            if arn not in builder.sets and (not reads or one.name in context.desired.permission_sets):
                builder.sets[arn] = one

    def _names(
        self,
        declared: Attributes,
        live: Attributes,
        writable: Iterable[str],
        change: Change | None,
        known: GivenObject | None,
    ) -> tuple[str, ...]:
        """The attributes that are git's: declared and as declared, or given before and not cleared yet."""
        had = known.attributes if known is not None else ()
        if change is None and set(had) <= declared.keys():
            shape = (tuple(name for name, value in declared.items() if value is not None), ())
            names = self._shapes.get(shape)
            if names is None:
                names = self._shapes[shape] = tuple(sorted(set(shape[0]).intersection(writable)))
            return names
        pending = {each.name for each in change.fields} if change is not None else set()
        names_now = {name for name, value in declared.items() if value is not None and name not in pending}
        kept = {name for name in had if live.get(name) is not None or declared.get(name) is not None}
        return tuple(sorted(names_now.intersection(writable) | kept))

    # Memberships.

    def _members(self, builder: LedgerBuilder) -> None:
        context, before = self._context, self._before
        if Kind.MEMBERSHIP not in context.capabilities.kinds:
            builder.members.update(before.members)
            builder.unsure.update(before.unsure)
            builder.ends.update((group, dict(until)) for group, until in before.ends.items())
            return
        unread = self._unread[Kind.MEMBERSHIP]
        for group in before.members.keys() | context.live.members.keys():
            known = before.members.get(group, _NOBODY)
            if "*" in unread or group in unread:
                found, doubted = known, before.unsure.get(group, _NOBODY)
            else:
                found, doubted = self._of_group(group, known)
            if found:
                builder.members[group] = found
            if doubted:
                builder.unsure[group] = doubted
            if found and self._windows.any_member_ends(group):
                ends = {user: end for user in found if (end := self._windows.member(group, user))}
                builder.ends[group] = ends

    def _of_group(self, group: str, known: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
        context, owners = self._context, self._context.groups
        live = context.live.members.get(group, {}).keys()
        key = owners.declared.get(group)
        lost = group not in context.live.groups and any(group in ids for ids in owners.lost.values())
        if key is None and lost:
            key = next(each for each, ids in owners.lost.items() if group in ids)
        members = context.desired.members.get(key, {}) if key is not None else {}
        ids = context.users.pairing.ids
        wanted = {
            identifier
            for user in members
            if (identifier := ids.get(user)) is not None
            and user not in context.users.replaced
            and identifier not in context.users.ignored
        }
        if live == known == wanted:
            return known, _NOBODY
        missing = {token for user in members for token in context.users.tokens(user)}
        adopted = live & wanted if key not in owners.replaced else set()
        found = frozenset((known & (live | missing)) | adopted)
        return found, self._before.unsure.get(group, _NOBODY) & found - adopted

    # Assignments.

    def _assignments(self, builder: LedgerBuilder) -> None:
        context, before = self._context, self._before
        if Kind.ASSIGNMENT not in context.capabilities.kinds:
            builder.assignments.update({pair: dict(held) for pair, held in before.assignments.items()})
            return
        ignores = ignoring(context)
        names = {arn: one.name for arn, one in before.sets.items()} | dict(context.sets.names)
        for pair, held in before.assignments.items():
            name = names.get(pair[1])
            wanted = context.desired.assignments.get((pair[0], SetName(name)), {}) if name is not None else {}
            tokens = self._tokens(wanted) if wanted else {}
            live = context.live.assignments.get(pair, frozenset())
            kept = {
                principal: how
                for principal, how in held.items()
                if principal in live or principal in tokens or not self._was_read(pair, principal)
            }
            if kept:
                builder.assignments[pair] = kept
        for (account, name), wanted in context.desired.assignments.items():
            arn = context.sets.ids.get(name)
            there = context.live.assignments.get((account, arn or Arn("")))
            if arn is None or not there or arn in context.sets.ignored:
                continue
            for holder, why in wanted.items():
                principal = self._principal(holder)
                if principal in there and not (ignores is not None and ignores(account, name, principal)):
                    assert principal is not None
                    end = self._windows.assignment((account, arn), principal)
                    builder.assignments.setdefault((account, arn), {})[principal] = GivenAssignment(
                        why.selected, end=end
                    )

    def _tokens(self, wanted: Mapping[Holder, Assigned]) -> set[Principal]:
        return {
            Principal(holder.kind, token)
            for holder in wanted
            for token in self._owners(holder.kind).tokens(holder.key)
        }

    def _principal(self, holder: Holder) -> Principal | None:
        owners = self._owners(holder.kind)
        identifier = owners.pairing.ids.get(holder.key)
        if identifier is None or holder.key in owners.replaced or identifier in owners.ignored:
            return None
        return Principal(holder.kind, identifier)

    def _owners(self, kind: Kind) -> Ownership:
        return self._context.users if kind is Kind.USER else self._context.groups

    def _was_read(self, pair: Pair, principal: Principal) -> bool:
        """Whether an assignment that is not there was seen not to be there."""
        unread = self._unread[Kind.ASSIGNMENT]
        if unread & {"*", pair[0]} or (principal.kind is Kind.USER and "users" in unread):
            return False
        accounts = self._context.live.organization.accounts
        # An account that left the organization may come back with all that it had.
        return not accounts or pair[0] in accounts


def _called(
    attribute: str, declared: str, live: str, change: Change | None, known: GivenObject | None
) -> str:
    """The name that git gave an object: not the declared one as long as that is not written."""
    if change is None or all(each.name != attribute for each in change.fields):
        return declared
    return live if known is None else known.name

"""What the next receipt says that git gave: what is there and declared, and what every write of an apply did.

An entry stays until the object, membership or assignment is neither live nor declared any more, or until git
lets go of it by a word. What nobody looked at stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import PAIRS, Address, Arn, Kind
from reconciler.model.change import Action, Change
from reconciler.model.ledger import UNBORN, GivenAssignment, GivenObject, Ledger, difference, united
from reconciler.model.pairs import Principal
from reconciler.model.report import Status
from reconciler.model.resources import REMOTE_ID
from reconciler.model.state import Holder
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.given.adopting import Adopting
from reconciler.planning.given.builder import LedgerBuilder
from reconciler.planning.ownership.objects import group_name, said_id, user_name
from reconciler.planning.windows import instant


class LedgerUpdate:
    """The ledgers that may follow one plan; `ids` are the remote ids that its addresses have."""

    def __init__(self, context: PlanContext, diff: Diff, changes: Sequence[Change]) -> None:
        self._context, self._diff, self._changes = context, diff, changes

    def after(self, ended: Mapping[Address, Status], ids: Mapping[Address, str]) -> Ledger:
        """The ledger after an apply. `ended` says how each change ended, as far as it was tried.

        `ids` has the remote ids of what the plan touches and of what was made.
        """
        builder = Adopting(self._context, self._diff).builder()
        for change in self._changes:
            status = ended.get(change.address)
            if status is not None and (status.good or status.doubtful):
                self._note(builder, change, ids, sure=status.good)
        return builder.ledger()

    def intends(self, go: Collection[Address], ids: Mapping[Address, str]) -> Ledger:
        """What a run that is about to write the changes in `go` may add to the ledger; nothing is sure.

        What it makes again is among it, although the ledger knows it: others may let go of that before this
        run comes to write it.
        """
        builder, again = Adopting(self._context, self._diff).builder(), LedgerBuilder()
        for change in self._changes:
            if change.address in go:
                self._note(builder, change, ids, sure=False)
                self._note_again(again, change, ids, builder)
        new = difference(builder.ledger(), self._context.memory.ledger or Ledger())
        return united(new, again.ledger())

    def _note_again(
        self, again: LedgerBuilder, change: Change, ids: Mapping[Address, str], builder: LedgerBuilder
    ) -> None:
        """What a change makes or sets, whether it was given before or not."""
        kind = change.address.kind
        if kind in PAIRS:
            self._note(again, change, ids, sure=False)
        elif not kind.facts.of and kind is not Kind.DENIAL and change.action is Action.UPDATE:
            token = self._token(change.address, ids)
            known, fields = builder.of(kind).get(token), {each.name: each.after for each in change.fields}
            if known is None:
                return
            written = {name for name, value in fields.items() if value is not None}
            # It says nothing of whether the object is git's: it only adds to what does.
            again.of(kind)[token] = replace(
                known,
                attributes=tuple(sorted(written.intersection(known.attributes))),
                inactive=fields.get("active") is False,
                left=True,
                sure=False,
            )

    def _note(
        self, builder: LedgerBuilder, change: Change, ids: Mapping[Address, str], *, sure: bool
    ) -> None:
        kind, action = change.address.kind, change.action
        if kind is Kind.MEMBERSHIP:
            group, user = (self._token(end, ids) for end in change.address.ends)
            if action is Action.CREATE:
                builder.join(group, user, sure=sure, end=instant(change.until))
            elif sure and change.retimes:
                builder.end(group, user, instant(change.until))
            elif sure:
                builder.leave(group, user)
        elif kind is Kind.ASSIGNMENT:
            self._assignment(builder, change, ids, sure=sure)
        elif kind is Kind.DENIAL:
            token = ids.get(change.address, "")
            if sure and action is not Action.UPDATE and (known := builder.users.get(token)) is not None:
                # Once their denial has ended, it does not begin anew; until then it comes back.
                begins = action is Action.CREATE
                builder.users[token] = replace(known, inactive=known.inactive or begins, denied=begins)
        elif not kind.facts.of:
            self._object(builder, change, self._token(change.address, ids), sure=sure)

    def _assignment(
        self, builder: LedgerBuilder, change: Change, ids: Mapping[Address, str], *, sure: bool
    ) -> None:
        who, permission_set = change.address.ends
        principal = Principal(who.kind, self._token(who, ids))
        pair = (change.address.account, Arn(self._token(permission_set, ids)))
        if change.action is Action.CREATE:
            wanted = self._context.desired.assignments.get(change.address.declared_pair, {})
            why = wanted.get(Holder.at(change.address))
            how = GivenAssignment(bool(why and why.selected), sure, instant(change.until))
            builder.assign(pair, principal, how)
        elif sure and change.retimes:
            if (known := builder.assignments.get(pair, {}).get(principal)) is not None:
                builder.assign(pair, principal, replace(known, end=instant(change.until)))
        elif sure:
            builder.unassign(pair, principal)

    def _object(self, builder: LedgerBuilder, change: Change, token: str, *, sure: bool) -> None:
        objects = builder.of(change.address.kind)
        if change.action in (Action.DELETE, Action.RELEASE):
            if sure:
                objects.pop(token, None)
            return
        key = change.address.own_key
        fields = {each.name: each.after for each in change.fields}
        if change.address.kind is Kind.USER and (user := self._context.desired.users.get(key)) is not None:
            # What a create gets by default is no more git's than what others set.
            apart = (REMOTE_ID, "active")
            fields = {
                name: value
                for name, value in fields.items()
                if value is None or name in user.attributes or name in apart
            }
        known = objects.get(token)
        if known is None:
            if change.action is Action.UPDATE and REMOTE_ID not in fields:
                return  # of somebody whom git never knew: blocked, or in an authoritative scope
            if sure and change.action is Action.UPDATE:
                for lost in self._lost(change.address):
                    objects.pop(lost, None)
            known = GivenObject(key, change.name, sure=sure, external_id=self._said_id(change.address))
        objects[token] = _written(known, fields, change, sure=sure, left=self._leaves(change, token))

    def _said_id(self, address: Address) -> str:
        declared = self._context.desired.users if address.kind is Kind.USER else self._context.desired.groups
        one = declared.get(address.own_key) if address.kind in (Kind.USER, Kind.GROUP) else None
        return said_id(one) if one is not None else ""

    def _lost(self, address: Address) -> Iterable[str]:
        owners = self._context.users if address.kind is Kind.USER else self._context.groups
        return owners.lost.get(address.own_key, ())

    def _token(self, address: Address, ids: Mapping[Address, str]) -> str:
        """The remote id, or the name by which the object will be found; its key may have two in two runs."""
        if (identifier := ids.get(address)) is not None:
            return identifier
        key = address.own_key
        desired = self._context.desired
        if address.kind is Kind.USER and key in desired.users:
            return UNBORN + user_name(desired.users[key])
        if address.kind is Kind.GROUP and key in desired.groups:
            return UNBORN + group_name(desired.groups[key])
        return UNBORN + key

    def _leaves(self, change: Change, token: str) -> bool:
        return change.address.kind is Kind.USER and token in self._context.users.gone


def _written(
    known: GivenObject, fields: Mapping[str, object], change: Change, *, sure: bool, left: bool
) -> GivenObject:
    """The entry of an object after it was created or updated."""
    attributes = set(known.attributes)
    for name, value in fields.items():
        if name in (REMOTE_ID, "active"):
            continue
        if value is not None:
            attributes.add(name)
        elif sure:
            attributes.discard(name)
    inactive = known.inactive
    if fields.get("active") is False:
        inactive = True
    elif sure and fields.get("active") is True:
        inactive = False
    named = fields.get(change.address.kind.facts.name)
    return replace(
        known,
        name=named if sure and isinstance(named, str) else known.name,
        attributes=tuple(sorted(attributes)),
        inactive=inactive,
        left=known.left or (sure and left),
    )

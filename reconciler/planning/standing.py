"""To whom nothing is granted, because the policy of denials has them and git does not know why."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.address import Kind
from reconciler.model.change import Action, Change, Effect


@dataclass(slots=True)
class Standing:
    """To whom nothing is granted: `held` by key. `everybody`: the policy cannot be read, so nobody knows.

    `undeleted` has the keys of users that are not deleted for that. `vanished` has those in the policy whose
    user is gone: their key by the remote id that the policy names, as far as the memory tells ("").
    """

    held: dict[str, str] = field(default_factory=dict)
    everybody: bool = False
    undeleted: list[str] = field(default_factory=list)
    vanished: dict[str, str] = field(default_factory=dict)

    def holds(self, change: Change) -> bool:
        """Whether a change gives something to such a person."""
        if not (self.held or self.everybody):
            return False
        key = _receiver(change)
        return key is not None and (self.everybody or key in self.held)


def _receiver(change: Change) -> str | None:
    """The key of the one person to whom a change gives something."""
    address = change.address
    if change.effect not in (Effect.GRANT, Effect.MIXED) or change.action in (Action.DELETE, Action.RELEASE):
        return None
    if address.kind is Kind.MEMBERSHIP:
        return address.user.own_key
    if address.kind is Kind.ASSIGNMENT and address.principal.kind is Kind.USER:
        return address.principal.own_key
    if address.kind is Kind.USER and any(each.name == "active" and each.after for each in change.fields):
        return address.own_key
    return None

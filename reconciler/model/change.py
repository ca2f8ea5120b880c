"""One change: what happens to one thing, with what effect on access, and why.

| action | before | after |
|---|---|---|
| CREATE | hash of the absence (and of the two ends, for a pair) | hash of what will be |
| UPDATE | hash of the remote id and of what git owns of the live object | hash of the same, as it will be |
| DELETE | hash of the whole live object | hash of the absence |
| RELEASE | hash of what git gave, by id | hash of the same, let go |

An UPDATE of a membership or an assignment changes when it ends: `until` is its only field, and nothing is
written to the service for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.address import Address, Kind
from reconciler.model.names import fold
from reconciler.model.resources import Origin, Value

# The fields of a membership or an assignment: its window, in UTC (`2027-01-31T18:00:00Z`).
FROM, UNTIL = "from", "until"


class Action(StrEnum):
    """What is done to the object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    # Git lets go of it: nothing is written to the service, and it is not git's any more.
    RELEASE = "release"


class Effect(StrEnum):
    """What that does to a person's access, independent of the verb."""

    GRANT = "grant"
    REVOKE = "revoke"
    MIXED = "mixed"
    NEUTRAL = "neutral"


class Cause(StrEnum):
    """Why there is a change (docs/concepts.md, "Causes")."""

    GIT = "git"
    EXPIRY = "expiry"
    BLOCK = "block"
    LEAVER = "leaver"
    SELECTOR = "selector"
    DRIFT = "drift"
    LEFTOVER = "leftover"


# The causes of removals that take effect at once: they wait for no review unless `auto_apply` says otherwise,
# and for no grant that would take their place.
AT_ONCE = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One attribute's two sides; None is "not set"."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Change:
    """One reviewed unit. `fields` is also what apply writes; `before_hash` and `after_hash` are hex digests.

    `name` is what a person calls the object, `reason` a short sentence for people; neither drives
    anything. `restores` marks access that somebody took away out of band and that git gives again.
    """

    address: Address
    action: Action
    effect: Effect
    cause: Cause
    before_hash: str
    after_hash: str
    fields: tuple[FieldChange, ...] = ()
    name: str = ""
    reason: str | None = None
    origin: Origin | None = None
    restores: bool = False

    @property
    def retimes(self) -> bool:
        """Whether it changes when a membership or an assignment ends, and nothing else."""
        return self.action is Action.UPDATE and self.address.kind.facts.pair

    @property
    def upkeep(self) -> bool:
        """Whether it keeps the policy of denials up to date and gives nobody anything: it needs no review."""
        return self.address.kind is Kind.DENIAL and (
            self.action is Action.UPDATE or self.effect is Effect.NEUTRAL
        )

    def goes_by_rule(self, causes: Collection[Cause]) -> bool:
        """Whether it waits for no review where what `causes` bring about is applied by rule.

        To take somebody out of the policy of denials is to let them in: a review sees it, for any cause.
        """
        admits = self.address.kind is Kind.DENIAL and self.effect is Effect.GRANT
        return self.upkeep or (self.cause in causes and not admits)

    @property
    def takes_away(self) -> bool:
        """Whether somebody may lose something by it, even where somebody else gains."""
        if self.address.kind is Kind.DENIAL:
            return self.effect is Effect.REVOKE  # to take out a denial is to give
        return self.action is Action.DELETE or self.effect in (Effect.REVOKE, Effect.MIXED)

    @property
    def writes(self) -> bool:
        """Whether it is about what the service has; what it is not about stands in the receipt only."""
        return self.action is not Action.RELEASE and not self.retimes

    @property
    def renames(self) -> bool:
        """Whether another person signs in as this user after it."""
        return (
            self.address.kind is Kind.USER
            and self.action is Action.UPDATE
            and any(
                each.name == "user_name" and fold(str(each.before)) != fold(str(each.after))
                for each in self.fields
            )
        )

    @property
    def disables(self) -> bool:
        """Whether a user cannot sign in after it."""
        return any(each.name == "active" and each.after is False for each in self.fields)

    @property
    def manager(self) -> Address | None:
        """The user whom it makes the manager of its user."""
        if self.address.kind is not Kind.USER:
            return None
        key = next((each.after for each in self.fields if each.name == "manager"), None)
        return Address.of(self.address.target, Kind.USER, key) if isinstance(key, str) else None

    @property
    def until(self) -> Value:
        """When the membership or assignment ends after it, as text in UTC; None where it never does."""
        return next((each.after for each in self.fields if each.name == UNTIL), None)

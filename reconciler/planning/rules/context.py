"""What rules are judged by: the access after a plan, what git declares, and what the plan does to either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from reconciler.access.state import AccessState, Holders
from reconciler.model.address import AccountId, DeclaredPair, Kind, SetName
from reconciler.model.change import Action, Change, Effect
from reconciler.model.pairs import Pair
from reconciler.model.patterns import name_matches
from reconciler.model.resources import Assignment, Origin
from reconciler.model.rules import RuledAccess
from reconciler.model.selecting import Places
from reconciler.model.state import Assigned, Holder, Identities
from reconciler.planning.consequences import Consequences
from reconciler.planning.standings import Sides

# How many names one line of details has; its group says who the others are.
_NAMES = 50


@dataclass(frozen=True, slots=True)
class Violation:
    """What breaks one rule: by this plan (`caused`), or before it and still.

    `says` is the rest of a sentence that begins with the rule's name; `count` is of what it speaks of.
    """

    caused: bool
    says: str
    fix: str
    details: tuple[str, ...]
    count: int
    origin: Origin | None = None


class RuleContext:
    """One plan, as rules see it: `people` are both sides of it, `lasting` how long access lasts on either.

    `base` is what git declared at the last whole apply, where that is known.
    """

    def __init__(self, consequences: Consequences, identities: Identities, base: Identities | None) -> None:
        context, changes = consequences.context, consequences.changes
        self.context, self.identities, self.base, self.changes = context, identities, base, changes
        self.tokens, self.people, self.lasting = consequences.tokens, consequences.sides, consequences.lasting
        self.places = Places(
            context.live.organization, {key: account.id for key, account in identities.accounts.items()}
        )
        # A plan that does nothing but take away goes through, even where git declares something badly.
        self.only_takes = bool(changes) and all(change.effect is Effect.REVOKE for change in changes)

    @cached_property
    def made(self) -> Mapping[DeclaredPair, AbstractSet[Holder]]:
        """The assignments that the plan makes or puts off the end of, by account and name of the set."""
        made: dict[DeclaredPair, set[Holder]] = {}
        for change in self.changes:
            if change.address.kind is Kind.ASSIGNMENT and gives(change):
                made.setdefault(change.address.declared_pair, set()).add(Holder.at(change.address))
        return made

    def accounts(self, access: RuledAccess) -> AbstractSet[AccountId] | None:
        """The ids of the accounts that a rule speaks of; None is all of them."""
        return self.places.select(access.accounts).accounts.keys() if access.accounts else None

    def entry_accounts(self, entry: Assignment) -> AbstractSet[AccountId]:
        """The ids of the accounts in which an entry of `assignments` assigns."""
        return self.places.select(entry.accounts, entry.excluded).accounts.keys()

    def sides(self, access: RuledAccess, principal: Kind | None = None) -> Sides:
        """Both sides of the plan with only the access in question, by assignments to `principal` alone."""
        accounts = self.accounts(access)
        wanted: dict[str, bool] = {}
        kept: dict[Holders, Holders] = {}

        def only(holders: Mapping[Pair, Holders]) -> dict[Pair, Holders]:
            found: dict[Pair, Holders] = {}
            for pair, held in holders.items():
                account, token = pair
                matches = wanted.get(token)
                if matches is None:
                    matches = wanted[token] = is_ruled(self.tokens.set_name(token), access)
                if not matches or (accounts is not None and account not in accounts):
                    continue
                if principal is not None:
                    # The same object for the same holders, so that what no change touches stays shared.
                    same = kept.get(held)
                    if same is None:
                        same = kept[held] = frozenset(one for one in held if one.kind is principal)
                    if not same:
                        continue
                    found[pair] = same
                else:
                    found[pair] = held
            return found

        before, after = self.people.before, self.people.after
        return Sides(
            AccessState(before.members, only(before.holders), before.people),
            AccessState(after.members, only(after.holders), after.people),
            self.people.renamed,
        )

    def entry(self, account: AccountId, name: SetName, holder: Holder) -> Assigned | None:
        """What in git gives an assignment; None where it is not from git."""
        return self.context.desired.assignments.get((account, name), {}).get(holder)


def gives(change: Change) -> bool:
    """Whether it gives a membership or an assignment, or puts off its end."""
    return change.action is Action.CREATE or (change.retimes and change.effect is Effect.GRANT)


def is_ruled(name: str, access: RuledAccess) -> bool:
    """Whether a rule speaks of the permission set of that name."""
    return not access.permission_sets or name_matches(name, access.permission_sets)


def listed(names: Iterable[str]) -> str:
    """`a, b and 3 more`: names in order, the first of them where there are many."""
    found = sorted(names)
    if len(found) <= _NAMES:
        return ", ".join(found)
    return f"{', '.join(found[:_NAMES])} and {len(found) - _NAMES:,} more"

"""Who may be in the policy of denials, who is, and to whom nothing is granted because of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reconciler.model.address import Address, Kind
from reconciler.model.change import AT_ONCE, Action, Cause, Change
from reconciler.model.denials import LARGEST, Denials
from reconciler.model.names import fold
from reconciler.model.pairs import Principal
from reconciler.model.state import Inactive
from reconciler.planning.context import PlanContext
from reconciler.planning.guards.access import caller_name
from reconciler.planning.guards.protection import protected_now
from reconciler.planning.ownership.objects import said_id, user_name

# What a file says of a person that explains what `offboard` wrote.
DECLARED = frozenset({Cause.BLOCK, Cause.LEAVER})


def never_denied(context: PlanContext) -> Mapping[str, str]:
    """Who is never entered, by remote id, each with why: the reconciler's own principal, protected people."""
    never: dict[str, str] = {}
    own = caller_name(context)
    protected = frozenset(protected_now(context).users)
    if not own and not protected:
        return never
    # A name counts as well as a key: nobody is denied because a file calls them otherwise.
    keys = {fold(key) for key in protected}
    names = {fold(user_name(user)) for key, user in context.desired.users.items() if key in protected}
    for identifier, live in context.live.users.items():
        name = fold(str(live.attributes.get("user_name") or ""))
        key = context.user_key(identifier)
        if name in names or fold(key) in keys:
            never[identifier] = "protected"
        elif name and name == fold(own):
            never[identifier] = "who runs the reconciler"
    for key in protected:
        for identifier in context.users.tokens(key):
            never.setdefault(identifier, "protected")
    return never


@dataclass(frozen=True)
class Reaching:
    """Whom a live grant reaches, as far as it was read."""

    context: PlanContext

    @cached_property
    def people(self) -> frozenset[str]:
        """The remote ids of users with an assignment of their own, or by a group."""
        live = self.context.live
        holders: set[Principal] = set().union(*live.assignments.values())
        people = {one.id for one in holders if one.kind is Kind.USER}
        for one in holders:
            if one.kind is Kind.GROUP:
                people.update(live.members.get(one.id, ()))
        return frozenset(people)

    @cached_property
    def whole(self) -> bool:
        """Whether everything was read that could reach somebody: else nobody's access is verified gone."""
        return not any(gap.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT) for gap in self.context.live.gaps)


def why_out(context: PlanContext, identifier: str) -> Inactive | None:
    """Why a live user must have no access now; also somebody of another directory whom git blocks."""
    found = context.inactive.get(identifier)
    if found is None and identifier not in context.users.ignored:
        key = context.users.pairing.keys.get(identifier)
        found = context.desired.inactive.get(key) if key is not None else None
    return found


def was_entered_by_git(context: PlanContext, identifier: str) -> bool:
    """Whether what git said entered somebody, and not a person.

    Either an apply did (GivenObject.denied): also somebody who was gone from git, or before their `from`. Or
    git blocked them, or said that they leave or end, in a state that may have been applied.
    """
    given = context.users.given.get(identifier)
    if given is not None and given.denied:
        return True
    key = context.user_key(identifier)
    return any(
        (why := state.inactive.get(each)) is not None and why.cause in AT_ONCE
        for state in context.memory.states
        for each in context.users.previous_keys(key)
    )


def may_have_sessions(context: PlanContext, key: str) -> bool:
    """Whether sessions may live that nothing gives now.

    Either git wanted them at the last whole apply, and they were neither denied nor disabled since
    (GivenObject.inactive). Or their denial has not run out yet, and somebody took it out (denied).
    """
    base, given = context.memory.base, context.users.given.get(context.users.pairing.ids.get(key, ""))
    if given is not None and given.denied:
        return True
    if base is None or not any(base.wants(each) for each in context.users.previous_keys(key)):
        return False
    return given is None or not given.inactive


def deletes_user(change: Change) -> bool:
    """Whether somebody goes altogether: what they can reach now, they are to reach no more."""
    return change.address.kind is Kind.USER and change.action is Action.DELETE


def with_denials(why: Mapping[Address, str], changes: Iterable[Change]) -> Mapping[Address, str]:
    """What is left out, and the denials of people of whom something is: they are one unit."""
    changes = list(changes)
    denials = {
        change.address.own_key: change.address
        for change in changes
        if change.address.kind is Kind.DENIAL and change.action is Action.CREATE
    }
    if not denials or not why:
        return why
    found = dict(why)
    for change in changes:
        if change.address in why and change.takes_away:
            denial = denials.get(loser(change.address))
            if denial is not None:
                found.setdefault(denial, why[change.address])
    return found


def loser(address: Address) -> str:
    """The key of the one user who may lose something by a change of this address; "" for none."""
    if address.kind is Kind.MEMBERSHIP:
        return address.user.own_key
    if address.kind is Kind.ASSIGNMENT:
        return address.principal.own_key if address.principal.kind is Kind.USER else ""
    return address.own_key if address.kind in (Kind.USER, Kind.DENIAL) else ""


def alone(people: Mapping[Address, Collection[str]]) -> Mapping[Address, frozenset[str]]:
    """Denials of people of whom nothing else goes, of what a limit counts."""
    others = {one for address, found in people.items() if address.kind is not Kind.DENIAL for one in found}
    return {
        address: frozenset(found)
        for address, found in people.items()
        if address.kind is Kind.DENIAL and found and not others.intersection(found)
    }


def keeps_user(context: PlanContext, identifier: str) -> bool:
    """Whether a live user must not be deleted: by its id alone the policy tells who was offboarded.

    So it is until git says why they are out. Nobody knows who was offboarded while the policy cannot be read.
    """
    denials, why = context.live.denials, why_out(context, identifier)
    if denials is None or (why is not None and why.cause in DECLARED):
        return False
    every = (denials, *context.live.former_denials)
    told = {one.lower() for each in every for one, entry in each.entries.items() if entry.offboarded}
    return bool(denials.problem) or identifier.lower() in told | {one.lower() for one in denials.named}


def keys_of(context: PlanContext, identifier: str) -> Iterator[str]:
    """The keys by which changes may speak of a user: also one whose object was made anew.

    Of an object that is gone the memory tells the key, the name and the external id. Who is declared with one
    of these is the same person: to hold a namesake is better than to let somebody back in.
    """
    yield context.user_key(identifier)
    users = context.users
    if (twin := twin_of(context, identifier)) is not None:
        yield context.user_key(twin)
    lost = {key for key, identifiers in users.lost.items() if identifier in identifiers}
    yield from sorted(lost)
    given = None if identifier in context.live.users else users.given.get(identifier)
    if given is None:
        return
    for key, user in context.desired.users.items():
        if key not in lost and (
            given.key in users.previous_keys(key)
            or (given.name and fold(given.name) == fold(user_name(user)))
            or (given.external_id and given.external_id == said_id(user))
        ):
            yield key


def twin_of(context: PlanContext, identifier: str) -> str | None:
    """The live user whose id an entry of nobody spells in another case: somebody wrote it by hand.

    AWS compares with StringEquals, so that it denies nobody. It says all the same that somebody is out.
    """
    if identifier in context.live.users:
        return None
    return next((one for one in context.live.users if one.lower() == identifier.lower()), None)


def why_entered(context: PlanContext, identifier: str) -> Inactive | None:
    """Why the person of an entry must have no access now; also where their user is gone."""
    found = why_out(context, twin_of(context, identifier) or identifier)
    given = context.users.given.get(identifier)
    if found is not None or given is None or identifier in context.live.users:
        return found
    inactive = context.desired.inactive
    explained = (inactive.get(key) for key in (given.key, *keys_of(context, identifier)))
    return next((one for one in explained if one is not None and one.cause in DECLARED), None)


def size_reason(denials: Denials) -> str:
    """What to say of people who do not fit in."""
    return f"the policy {denials.policy} is full: a policy has {LARGEST:,} bytes at most"

"""Everybody whom a plan may speak of, for readers who shall not see who they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from reconciler.model.resources import Attributes
from reconciler.model.state import Identities
from reconciler.planning.prepared import PreparedPlan
from reconciler.render.redacting import People

if TYPE_CHECKING:
    from reconciler.session.session import Session


def people_of(session: Session, planned: Mapping[str, PreparedPlan]) -> People:
    """The people of the files, of what was declared before, and of the targets."""
    states = [session.loaded.identities]
    for memory in session.memories.values():
        remembered = memory.remembered
        states += [one.identities for one in remembered.since]
        states += [remembered.base.identities] if remembered.base else []
    looks = [one.looking for one in planned.values() if one.looking is not None]
    known = [*declared(states), *(one for look in looks for one in look.people())]
    things = {thing for look in looks for thing in look.things() if thing}
    return People(tuple(known), frozenset(things | _things(session.loaded.identities)))


def people_declared(identities: Identities) -> People:
    """The people of the files alone."""
    return People(tuple(declared([identities])), frozenset(_things(identities)))


def declared(states: Iterable[Identities]) -> Iterator[tuple[str, Attributes]]:
    """Every user of the states, by each key that they have or had."""
    for state in states:
        for key, user in state.users.items():
            yield key, user.attributes
            yield from ((former, {}) for former in user.previously)
        yield from ((key, override.attributes) for key, override in state.overrides.items())
        yield from ((key, {}) for key in state.blocked)


def _things(identities: Identities) -> set[str]:
    found = {*identities.groups, *identities.permission_sets, *identities.accounts}
    found |= {str(group.attributes.get("display_name") or "") for group in identities.groups.values()}
    return found - {""}

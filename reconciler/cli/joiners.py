"""People who are new in the files and lack what a create of them needs, wherever they would be created."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.config.targets import required
from reconciler.errors import Problem, RecordError
from reconciler.model.resources import defaults

if TYPE_CHECKING:
    from reconciler.cli.common import Options
    from reconciler.files.tree import Tree
    from reconciler.loading.load import Loaded
    from reconciler.model.resources import User


def incomplete_joiners(loaded: Loaded, options: Options, tree: Tree, now: datetime) -> tuple[Problem, ...]:
    """A problem with its place for every user who cannot be created.

    It is one only where every target that takes the user needs what is missing, and where the user is new:
    neither declared at the last whole apply of a target nor on the trusted branch. A person who was declared
    before may be there already, and then needs no names in git. Asks nobody; git is only run where somebody
    lacks something.
    """
    needs = {name: required(target) for name, target in loaded.config.targets.items()}
    every = {attribute for names in needs.values() for attribute in names}
    if not any(_lacks(user, every) for user in loaded.identities.users.values()):
        return ()
    missing = _missing(loaded, needs, now)
    if not missing:
        return ()
    known = _declared_before(loaded, options, tree)
    users = loaded.identities.users
    new = {key: names for key, names in missing.items() if known.isdisjoint({key, *users[key].previously})}
    places = loaded.locate([users[key].origin for key in new])
    return tuple(
        Problem(
            f"user {key} is new and cannot be created: {_and(names)} must be set",
            f"add {_and(names)}; or write `external: true` where somebody else creates the user",
            places.get(users[key].origin),
        )
        for key, names in new.items()
    )


def _lacks(user: User, names: Iterable[str]) -> bool:
    values = {**defaults(user.attributes), **user.attributes}
    return not user.external and any(not values.get(name) for name in names)


def _missing(loaded: Loaded, needs: Mapping[str, tuple[str, ...]], now: datetime) -> dict[str, list[str]]:
    """By key what is missing at every target that takes the user and would create them."""
    from reconciler.model.address import Kind
    from reconciler.model.capabilities import Capabilities
    from reconciler.model.resources import to_ask_for
    from reconciler.planning.desired.project import project

    people = Capabilities(kinds=frozenset((Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)))
    found: dict[str, list[str]] = {}
    complete: set[str] = set()
    for name, target in loaded.config.targets.items():
        desired = project(loaded.identities, target.policy, now, people)
        for key, user in desired.users.items():
            if user.external or key in desired.inactive:
                continue
            values = {**defaults(user.attributes), **user.attributes}
            lacking = to_ask_for([each for each in needs[name] if not values.get(each)], user.attributes)
            if key in found:
                lacking = [each for each in found[key] if each in lacking]
            if lacking and key not in complete:
                found[key] = lacking
            else:
                complete.add(key)
                found.pop(key, None)
    return found


def _declared_before(loaded: Loaded, options: Options, tree: Tree) -> frozenset[str]:
    """The keys of users whom git declared when a target was last applied whole, or agreed on since."""
    from reconciler.loading.load import load_leniently
    from reconciler.loading.position import stand
    from reconciler.loading.receipt import tag_name

    known: set[str] = set()
    try:
        position = stand(options.identities, tree, options.trusted_ref)
        if position is None:
            return frozenset()
        tags = (position.repository.tag(tag_name(target)) for target in loaded.config.targets)
        commits = {tag.commit for tag in tags if tag is not None}
        if position.trusted is not None and not position.trusts_head:
            commits.add(position.trusted)
        for commit in sorted(commits):
            then = position.repository.tree(commit)
            if then is not None:
                known |= load_leniently(then)[0].identities.users.keys()
    except RecordError:
        # What git does not tell here is as if nothing was declared before; a plan says what is wrong with it.
        return frozenset(known)
    return frozenset(known)


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))

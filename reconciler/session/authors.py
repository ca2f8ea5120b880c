"""Who wrote what is planned, as users of the targets: a mark for reviewers, and no proof of anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import RecordError
from reconciler.model.names import fold
from reconciler.model.plan import Plan
from reconciler.planning.prepared import PreparedPlan

if TYPE_CHECKING:
    from reconciler.session.session import Session

# By what a person is known.
_KNOWN_BY = ("user_name", "email")
_DETAIL = re.compile(r"([^@+]+)\+[^@]*@([^@]+)")
# The address that GitHub writes for who keeps their own to themselves: the login may be a key or a user name.
_NOREPLY = re.compile(r"(?:[0-9]+\+)?([^@+]+)@users\.noreply\.github\.com")


def with_authors(
    plan: Plan, session: Session, planned: Mapping[str, PreparedPlan], named: Iterable[str]
) -> Plan:
    """The plan with the users of each target who wrote it.

    `named` are addresses, user names or keys; without any, the authors and committers of the commits that
    HEAD has and the trusted branch has not. Nobody is found where git cannot tell.
    """
    names = tuple(named) or _of_commits(session)
    wanted = {spelled for one in names for spelled in _spellings(one)}
    if not wanted:
        return plan
    former = {key: user.previously for key, user in session.loaded.identities.users.items()}
    parts = []
    for part in plan.targets:
        looking = planned[part.target].looking
        found = {
            key
            for key, attributes in (looking.people() if looking is not None else ())
            if any(
                spelled in wanted
                for one in (key, *former.get(key, ()), *(attributes.get(name) for name in _KNOWN_BY))
                for spelled in _spellings(str(one or ""))
            )
        }
        parts.append(replace(part, authors=tuple(sorted(found))))
    return replace(plan, targets=tuple(parts))


def _of_commits(session: Session) -> Iterable[str]:
    position = session.position
    if position is None or position.head is None or position.trusted is None or position.on_trusted:
        return ()
    try:
        return position.repository.authors(position.head, position.trusted)
    except RecordError:
        return ()


def _spellings(name: str) -> Iterator[str]:
    folded = fold(name.strip())
    if folded:
        yield folded
    if found := _NOREPLY.fullmatch(folded):
        yield found[1]
    # What stands behind a plus sign is the person's own choice, and leads to the same mailbox (RFC 5233).
    elif found := _DETAIL.fullmatch(folded):
        yield f"{found[1]}@{found[2]}"

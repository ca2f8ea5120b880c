"""What is known of the people, groups, permission sets and accounts that access is told of, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.resources import Origin


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person by `key` (remote id behind a tilde where git does not declare them).

    `declared` and `present` say whether git and the target have them (`present` is None where no target was
    read), `active` whether they can sign in (None: not known). `until` is when git ends them (UTC), `reason`
    why git gives them nothing at this moment. `denied` says until when the policy of denials has them (UTC,
    "" where it has no end yet); None where they are not in it, or nobody could look.
    """

    key: str
    name: str = ""
    display: str = ""
    declared: bool = False
    present: bool | None = None
    active: bool | None = None
    external: bool = False
    until: str | None = None
    reason: str = ""
    denied: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """Why somebody is in a group: the line that says so, or the group whose members are taken in.

    Neither is there where git does not say it.
    """

    origin: Origin | None = None
    include: str = ""


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group by `key`. `members` has its people by key, None where nobody knows them; `present` as above.

    `includes` are the groups whose members are taken in, each with its line. `idle` has permission sets and
    accounts that are assigned to it while nobody who can sign in is in it: nobody's access tells of them.
    """

    key: str
    name: str = ""
    description: str = ""
    declared: bool = False
    present: bool | None = None
    external: bool = False
    members: Mapping[str, MemberFacts] | None = None
    includes: tuple[tuple[str, Origin], ...] = ()
    idle: tuple[tuple[str, str], ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class SetFacts:
    """A permission set by name. `carries` says what it allows, one sentence for each policy."""

    name: str
    description: str = ""
    duration: str = ""
    declared: bool = False
    present: bool | None = None
    carries: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account by id. `unit` is the path of its organizational unit ("" where that was not read)."""

    id: str
    name: str = ""
    unit: str = ""
    state: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """An entry of `assignments` by key: what it says of its accounts, and the reason that it gives."""

    key: str
    origin: Origin
    accounts: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    start: str | None = None
    until: str | None = None
    reason: str = ""


_Declared = PersonFacts | GroupFacts | SetFacts | AccountFacts | EntryFacts


@dataclass(frozen=True, slots=True)
class Facts:
    """All of one target, each in the order of its key."""

    people: tuple[PersonFacts, ...] = ()
    groups: tuple[GroupFacts, ...] = ()
    sets: tuple[SetFacts, ...] = ()
    accounts: tuple[AccountFacts, ...] = ()
    entries: tuple[EntryFacts, ...] = ()

    def origins(self) -> tuple[Origin, ...]:
        """Every line that is spoken of, each once."""
        found: dict[Origin, None] = {}
        every: tuple[Sequence[_Declared], ...] = (
            self.people,
            self.groups,
            self.sets,
            self.accounts,
            self.entries,
        )
        found.update((one.origin, None) for kind in every for one in kind if one.origin is not None)
        for group in self.groups:
            found.update(dict.fromkeys(origin for _, origin in group.includes))
            for member in (group.members or {}).values():
                if member.origin is not None:
                    found[member.origin] = None
        return tuple(found)

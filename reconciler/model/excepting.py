"""What the `except` of an entry names and the organization does not have: it keeps nothing out then.

A unit without accounts and an account that is suspended exist. Where accounts, units or tags were not read,
nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from reconciler.model.organization import Organization
from reconciler.model.resources import Selector

# Twelve digits look alike: of two ids that differ in one digit, one is meant for the other.
_ALIKE, _ALIKE_IDS = 0.6, 0.9


@dataclass(frozen=True, slots=True)
class Absent:
    """One thing that `except` names and that is not there.

    `what` is it in words (`unit Prod/Card`), `near` what was probably meant ("" where nothing is near), and
    `meant` the selector with that instead.
    """

    what: str
    near: str = ""
    meant: Selector | None = None


def absent(
    excluded: Sequence[Selector],
    organization: Organization,
    names: Mapping[str, str],
    units: Iterable[str],
) -> tuple[Absent, ...]:
    """Everything in `excluded` that `organization` does not have; nothing where it was not read.

    `names` are keys of `accounts` with their ids, `units` the paths and ids among `excluded` that are known
    to be no unit's.
    """
    if not organization.accounts:
        return ()
    looking = _Looking(organization, names, frozenset(units))
    found = {one.what: one for selector in excluded for one in looking.absent(selector)}
    return tuple(one for _, one in sorted(found.items()))


class _Looking:
    def __init__(self, organization: Organization, names: Mapping[str, str], units: frozenset[str]) -> None:
        self._organization, self._names, self._units = organization, names, units

    def absent(self, selector: Selector) -> Iterator[Absent]:
        if selector.account is not None:
            yield from self._account(selector, selector.account)
        for unit in selector.ou:
            if unit in self._units:
                near = self._near_unit(unit)
                meant = tuple(near if each == unit else each for each in selector.ou) if near else ()
                yield Absent(f"unit {unit}", near, replace(selector, ou=meant) if near else None)
        yield from self._tags(selector)

    def _account(self, selector: Selector, written: str) -> Iterator[Absent]:
        identifier = self._names.get(written, written)
        if identifier in self._organization.accounts:
            return
        near = _near(written, self._names, _ALIKE)
        if not near and written.isdigit():
            near = _near(written, self._organization.accounts, _ALIKE_IDS)
        yield Absent(f"account {written}", near, replace(selector, account=near) if near else None)

    def _near_unit(self, written: str) -> str:
        paths = [unit.path for unit in self._organization.units.values()]
        # A unit that was moved still has its name.
        last = [path for path in paths if path.rpartition("/")[2] == written.rpartition("/")[2]]
        return last[0] if len(last) == 1 else _near(written, paths, _ALIKE)

    def _tags(self, selector: Selector) -> Iterator[Absent]:
        if not selector.tag or any(one.tags is None for one in self._organization.accounts.values()):
            return
        values: dict[str, set[str]] = {}
        for account in self._organization.accounts.values():
            for key, value in (account.tags or {}).items():
                values.setdefault(key, set()).add(value)
        for key, wanted in selector.tag.items():
            if key not in values:
                near = _near(key, values, _ALIKE)
                tag = {near if each == key else each: value for each, value in selector.tag.items()}
                yield Absent(f"tag {key}", near, replace(selector, tag=tag) if near else None)
                continue
            for value in wanted:
                if value not in values[key]:
                    near = _near(value, values[key], _ALIKE)
                    instead = tuple(near if each == value else each for each in wanted)
                    tag = {**selector.tag, key: instead}
                    yield Absent(f"tag {key}={value}", near, replace(selector, tag=tag) if near else None)


def _near(written: str, known: Iterable[str], alike: float) -> str:
    folded = {name.casefold(): name for name in sorted(known)}
    near = get_close_matches(written.casefold(), folded, n=1, cutoff=alike)
    return folded[near[0]] if near else ""

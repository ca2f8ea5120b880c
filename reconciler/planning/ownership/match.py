"""Which remote object is whose: keys of git and ids of the service, paired once and never by guess.

By external id; then by current name; then by names that the key had before; then by `previously`.
Stronger ways claim first. An object with another external id never pairs, two candidates block, and a
blocked key is left alone with everything that refers to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.names import bare, fold


@dataclass(frozen=True, slots=True)
class MatchCriteria:
    """One key looking for its remote object.

    `former` are names it had in remembered states, newest first, `previously` names (or the names of
    former keys). `settled` says that the current name is the one of the last whole apply, so that a
    namesake of a former name is somebody else. `holder` is another key that had the current name before:
    the live object of that name may still be that key's. `leaving` keys are declared no more: what is not
    theirs is no obstacle to them.
    """

    key: str
    name: str
    external_id: str | None = None
    former: tuple[str, ...] = ()
    previously: tuple[str, ...] = ()
    settled: bool = True
    holder: str | None = None
    leaving: bool = False


@dataclass(slots=True)
class Pairing:
    """The result: `ids` by key, `keys` by id, why a key was blocked, and which ids that leaves contested."""

    ids: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)
    contested: set[str] = field(default_factory=set)

    def claim(self, key: str, identifier: str) -> None:
        """Pair them."""
        self.ids[key] = identifier
        self.keys[identifier] = key

    def claim_former(self, found: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Claim for each key the one object that carries its former names; two keys after one block both."""
        proposals: dict[str, list[str]] = {}
        for key, identifiers in found:
            if len(identifiers) > 1:
                self.block(key, f"{len(identifiers)} live objects carry its former names", identifiers)
            elif identifiers:
                proposals.setdefault(identifiers[0], []).append(key)
        for identifier, keys in proposals.items():
            if len(keys) == 1 and identifier not in self.contested:
                self.claim(keys[0], identifier)
                continue
            for key in keys:
                others = ", ".join(sorted(other for other in keys if other != key)) or "another key"
                self.block(key, f"{others} had the same former name", [identifier])

    def block(self, key: str, reason: str, contested: Iterable[str]) -> None:
        """Leave `key` alone, and the objects that it could have been."""
        self.blocked[key] = reason
        self.contested.update(contested)
        if (mine := self.ids.pop(key, None)) is not None:
            del self.keys[mine]
            self.contested.add(mine)


class Candidates:
    """The live objects of one kind, findable by external id and by folded name.

    `spells` tells whether the service was seen to make the second name of the first.
    """

    def __init__(
        self,
        objects: Iterable[tuple[str, str, str | None]],
        spells: Callable[[str, str], bool] | None = None,
    ) -> None:
        self._spells = spells
        self._by_bare: dict[str, list[tuple[str, str]]] = {}
        self._by_name: dict[str, list[str]] = {}
        self._by_external: dict[str, list[str]] = {}
        self._external: dict[str, str] = {}
        for identifier, name, external in objects:
            self._by_name.setdefault(fold(name), []).append(identifier)
            if spells is not None:
                self._by_bare.setdefault(bare(name), []).append((identifier, name))
            if external:
                self._by_external.setdefault(external, []).append(identifier)
                self._external[identifier] = external

    def named(self, name: str) -> Sequence[str]:
        """Ids of the objects with that name, else with what the service makes of it; none for no name."""
        if not name:
            return ()
        found = self._by_name.get(fold(name), ())
        if found or self._spells is None:
            return found
        return [each for each, shown in self._by_bare.get(bare(name), ()) if self._spells(name, shown)]

    def known_as(self, external_id: str) -> Sequence[str]:
        """Ids of the objects with that external id."""
        return self._by_external.get(external_id, ())

    def foreign(self, identifier: str, external_id: str | None) -> bool:
        """Whether the object carries an external id that is not the wanted one."""
        theirs = self._external.get(identifier)
        return external_id is not None and theirs is not None and theirs != external_id


def pair(wanted: Sequence[MatchCriteria], candidates: Candidates, pairing: Pairing | None = None) -> Pairing:
    """Pair every key of `wanted` with at most one object; extends `pairing` where one is given."""
    pairing = pairing or Pairing()
    _by_external_id(wanted, candidates, pairing)
    deferred = _by_current_name(wanted, candidates, pairing)
    _contest(wanted, candidates, pairing)
    _by_former_names(wanted, candidates, pairing, lambda one: [(name,) for name in one.former])
    _by_former_names(wanted, candidates, pairing, lambda one: [one.previously])
    # Whom the holder of its name left behind: the object of that name is nobody else's after all.
    for one in deferred:
        if one.key not in pairing.ids and one.key not in pairing.blocked:
            _claim_named(one, candidates, pairing)
    _contest(wanted, candidates, pairing)
    return pairing


def _contest(wanted: Sequence[MatchCriteria], candidates: Candidates, pairing: Pairing) -> None:
    """What bears the name of a blocked key may be its own, and is nobody else's to take or to remove."""
    for one in wanted if pairing.blocked else ():
        if one.key in pairing.blocked:
            pairing.contested.update(each for each in candidates.named(one.name) if each not in pairing.keys)


def _by_external_id(wanted: Sequence[MatchCriteria], candidates: Candidates, pairing: Pairing) -> None:
    for one in wanted:
        if one.external_id is None:
            continue
        found = [each for each in candidates.known_as(one.external_id) if each not in pairing.keys]
        if len(found) > 1:
            pairing.block(
                one.key, f"{len(found)} live objects carry the external id {one.external_id}", found
            )
        elif found:
            pairing.claim(one.key, found[0])


def _by_current_name(
    wanted: Sequence[MatchCriteria], candidates: Candidates, pairing: Pairing
) -> list[MatchCriteria]:
    """Current names claim first, except where the object of that name is still another key's.

    A holder who is still declared takes its object along, once it is known to have another one its name is
    free; that may free the next name, so this goes round until nothing moves. A holder who is gone leaves
    its object, unless this key has one of its own. Returns those whose name is still held.
    """
    declared = {one.key for one in wanted} if any(one.holder for one in wanted) else set()
    waiting: list[MatchCriteria] = []
    for one in wanted:
        if one.key not in pairing.ids and one.key not in pairing.blocked:
            if one.holder is None:
                _claim_named(one, candidates, pairing)
            else:
                waiting.append(one)
    moved = True
    while moved:
        moved = False
        held: list[MatchCriteria] = []
        for one in waiting:
            held_up = one.holder not in pairing.ids and (
                one.holder in declared or bool(_former(one, candidates, pairing))
            )
            if held_up:
                held.append(one)
            else:
                _claim_named(one, candidates, pairing)
                moved = True
        waiting = held
    _either_way(waiting, candidates, pairing)
    return waiting


def _either_way(held: Sequence[MatchCriteria], candidates: Candidates, pairing: Pairing) -> None:
    """Block keys whose names read as given already and as not given yet: nothing tells which it is.

    So it is where a key has no object under a name of its own past, and the one of its present name is
    perhaps still the holder's; and where names went round in a ring, and each of them is borne.
    """
    by_key = {one.key: one for one in held}

    def borne(one: MatchCriteria) -> list[str]:
        return [each for each in candidates.named(one.name) if each not in pairing.keys]

    for one in sorted(held, key=lambda each: each.key):
        if one.key in pairing.blocked or not (mine := borne(one)):
            continue
        ring = _ring(one, by_key)
        holder = by_key.get(one.holder or "")
        unsure = not _former(one, candidates, pairing) and bool(one.former or (holder and borne(holder)))
        if not unsure and not (ring and all(map(borne, ring))):
            continue
        keys = sorted({one.key, str(one.holder), *(each.key for each in ring)})
        for key in keys:
            pairing.block(key, f"no name tells which live objects {' and '.join(keys)} are", mine)


def _ring(one: MatchCriteria, by_key: Mapping[str, MatchCriteria]) -> list[MatchCriteria]:
    """The keys that took each other's names in a circle through `one`; empty where there is none."""
    ring = [one]
    while (following := by_key.get(ring[-1].holder or "")) is not None:
        if following is one:
            return ring
        if following in ring:
            break
        ring.append(following)
    return []


def _claim_named(one: MatchCriteria, candidates: Candidates, pairing: Pairing) -> None:
    """Pair `one` with the unclaimed object that has its current name, if that is beyond doubt.

    Without a name it is left alone, and so is what bore a name that it had before.
    """
    if not one.name:
        if not one.leaving:
            pairing.block(one.key, "nothing gives it a name here", _former(one, candidates, pairing))
        return
    found = [each for each in candidates.named(one.name) if each not in pairing.keys]
    if len(found) > 1:
        pairing.block(one.key, f"{len(found)} live objects are named {one.name}", found)
    elif found and candidates.foreign(found[0], one.external_id):
        if not one.leaving:
            pairing.block(one.key, f"the live object named {one.name} carries another external id", found)
    elif found and found[0] in pairing.contested:
        pairing.block(one.key, f"the live object named {one.name} could be another key's", found)
    elif found:
        pairing.claim(one.key, found[0])


_Names = Callable[[MatchCriteria], Iterable[Sequence[str]]]


def _by_former_names(
    wanted: Sequence[MatchCriteria], candidates: Candidates, pairing: Pairing, names: _Names
) -> None:
    """Former names claim only what nobody's current name claims; two keys after one object block both."""
    _doubt(wanted, candidates, pairing, names)
    pairing.claim_former(
        (one.key, _unclaimed(one, candidates, pairing, names(one)))
        for one in wanted
        if one.key not in pairing.blocked and one.key not in pairing.ids
    )


def _doubt(wanted: Sequence[MatchCriteria], candidates: Candidates, pairing: Pairing, names: _Names) -> None:
    """Block keys whose former name leads to a second object; what that sets free may make others doubtful."""
    doubtful = sorted(
        (one for one in wanted if one.key in pairing.ids and not one.settled), key=lambda each: each.key
    )
    blocked = True
    while blocked:
        blocked = False
        for one in doubtful:
            if one.key in pairing.ids and (found := _unclaimed(one, candidates, pairing, names(one))):
                reason = f"both the live object named {one.name} and the one with its former name could be it"
                pairing.block(one.key, reason, found)
                blocked = True


def _former(one: MatchCriteria, candidates: Candidates, pairing: Pairing) -> list[str]:
    """Unclaimed objects under the newest former name that leads anywhere; then under `previously`."""
    return _unclaimed(one, candidates, pairing, (*((name,) for name in one.former), one.previously))


def _unclaimed(
    one: MatchCriteria, candidates: Candidates, pairing: Pairing, ways: Iterable[Sequence[str]]
) -> list[str]:
    """Unclaimed objects under the names of the first way that leads anywhere."""
    for names in ways:
        found = {
            each: None
            for name in names
            for each in candidates.named(name)
            if each not in pairing.keys and not candidates.foreign(each, one.external_id)
        }
        if found:
            return list(found)
    return []

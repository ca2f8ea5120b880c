"""Pairs keys with live objects where it is known by id what git gave: no rename on either side breaks it.

By external id; then by the id that was given under this key, or under a former one; then by name, which
finds what nobody made yet for git, what another key left behind, or what took the place of an object that
is gone. Of several that git gave under one key the one with its present name is meant, and the others go.
Two other candidates block a key, and so does an object whose id says one thing and its name another.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from reconciler.model.ledger import GivenObject
from reconciler.model.names import fold
from reconciler.planning.ownership.match import Candidates, Pairing


@dataclass(frozen=True, slots=True)
class Sought:
    """One declared key that looks for its live object.

    `keys` are its own and the former ones that nobody declares any more, `names` what `previously` says
    beside keys. `external` objects are somebody else's, and are found by external id or name alone.
    """

    key: str
    name: str
    external_id: str | None = None
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    external: bool = False


@dataclass(slots=True)
class Paired:
    """The result; `replaced` maps keys to the id that git gave, where another object bears the name now."""

    pairing: Pairing
    replaced: dict[str, str] = field(default_factory=dict)


def pair_given(
    sought: Sequence[Sought],
    candidates: Candidates,
    given: Mapping[str, GivenObject],
    live: Mapping[str, str],
    settled: Container[str] = (),
) -> Paired:
    """Pair every key of `sought` with at most one object. `live` maps ids to names.

    `settled` are the keys that git declared at the last whole apply: two of them are two objects.
    """
    return _Pairs(sought, candidates, given, live, settled).run()


class _Pairs:
    def __init__(
        self,
        sought: Sequence[Sought],
        candidates: Candidates,
        given: Mapping[str, GivenObject],
        live: Mapping[str, str],
        settled: Container[str],
    ) -> None:
        self._settled = settled
        self._sought, self._candidates, self._given, self._live = sought, candidates, given, live
        self._result = Paired(Pairing())
        self._pairing = self._result.pairing
        # Objects that are certainly not those of the keys that look for them by name.
        self._others: set[str] = set()
        self._declared = {one.key for one in sought}
        self._spoken_of = self._declared.union(*(one.keys for one in sought))
        self._homes: dict[str, list[str]] = {}
        for identifier, one in given.items():
            if not one.left:
                self._homes.setdefault(one.key, []).append(identifier)

    def run(self) -> Paired:
        for one in self._sought:
            self._by_external_id(one)
        for one in self._sought:
            if self._is_open(one) and not one.external:
                self._by_given_id(one)
        for one in self._sought:
            self._against_names(one)
        for one in self._sought:
            if self._is_open(one):
                self._by_name(one)
        self._by_former_names()
        for one in self._sought:
            if one.names and self._is_open(one):
                self._by_who_left(one)
        for one in self._sought:
            if one.key in self._pairing.blocked:
                self._pairing.contested.update(
                    each
                    for each in self._candidates.named(one.name)
                    if each not in self._pairing.keys and each not in self._others
                )
        return self._result

    def _is_open(self, one: Sought) -> bool:
        return one.key not in self._pairing.ids and one.key not in self._pairing.blocked

    def _theirs(self, one: Sought) -> list[str]:
        """Live objects that git gave under the key; under former ones only where the key has none itself."""
        if one.external:
            return []
        found = [each for each in self._homes_of(one) if each in self._live]
        certain = [each for each in found if self._given[each].sure]
        return certain or found

    def _homes_of(self, one: Sought) -> list[str]:
        """What git gave under the key, else under those that it says it was, else under what those were."""
        named = [key for key in one.keys if key in one.names]
        for keys in ([one.key], named, one.keys):
            if ids := [each for key in keys for each in self._homes.get(key, ())]:
                return ids
        return []

    def _lost(self, one: Sought) -> str | None:
        """The id that git gave under the key, where that object is gone."""
        ids = [each for key in (one.key, *one.keys) for each in self._homes.get(key, ())]
        if one.external or any(each in self._live for each in ids):
            return None
        return next((each for each in ids if self._given[each].sure), None)

    def _foreign(self, identifier: str, one: Sought) -> bool:
        """Whether the object carries another external id, or git gave it to somebody whose id is another.

        A channel may keep no external ids: then git's memory tells a namesake from who bore the name before.
        """
        return self._candidates.foreign(identifier, one.external_id) or self._was_of_another(identifier, one)

    def _was_of_another(self, identifier: str, one: Sought) -> bool:
        owner = self._given.get(identifier)
        return (
            owner is not None
            and not one.external
            and owner.key not in (one.key, *one.keys)
            and one.external_id is not None
            and owner.external_id not in ("", one.external_id)
        )

    def _is_gone(self, identifier: str) -> bool:
        """Whether git gave the object under a key that nobody has or had: nobody else's claim holds it."""
        owner = self._given.get(identifier)
        return owner is not None and owner.key not in self._spoken_of

    def _by_external_id(self, one: Sought) -> None:
        if one.external_id is None:
            return
        pairing = self._pairing
        found = [each for each in self._candidates.known_as(one.external_id) if each not in pairing.keys]
        if len(found) > 1:
            pairing.block(
                one.key, f"{len(found)} live objects carry the external id {one.external_id}", found
            )
        elif found and self._is_anothers(found[0], one):
            reason = f"the live object with its external id was given to {self._given[found[0]].key}"
            pairing.block(one.key, reason, ())
        elif found:
            mine = self._theirs(one)
            strangers = [each for each in mine if not self._foreign(each, one)]
            if mine and found[0] not in mine and strangers:
                reason = "one live object is what git gave it, and another carries its external id"
                pairing.block(one.key, reason, [found[0], *strangers])
            else:
                pairing.claim(one.key, found[0])

    def _is_anothers(self, identifier: str, one: Sought) -> bool:
        """Whether git gave the object under a key that another declared one has."""
        owner = self._given.get(identifier)
        return (
            owner is not None
            and not owner.left
            and owner.key in self._declared
            and owner.key not in (one.key, *one.keys)
        )

    def _by_given_id(self, one: Sought) -> None:
        pairing = self._pairing
        mine = [each for each in self._theirs(one) if each not in pairing.keys]
        if mine and one.key not in self._homes:
            # What is found by a former key alone gives way to the object that has the present name from git.
            mine = [each for each in self._left_behind(one) if each not in pairing.keys] or mine
        if len(mine) > 1:
            # Git made all of them, and needs one: that with the present name. The others go.
            mine = [each for each in mine if fold(self._live[each]) == fold(one.name)] or mine
        if len(mine) > 1:
            pairing.block(one.key, f"{len(mine)} live objects were given under its keys", mine)
        elif mine and self._foreign(mine[0], one):
            self._block_foreign(one, mine[0], "the live object that git gave")
        elif mine:
            pairing.claim(one.key, mine[0])

    def _block_foreign(self, one: Sought, identifier: str, which: str) -> None:
        carries = self._candidates.foreign(identifier, one.external_id)
        reason = "carries another external id" if carries else "was given to another external id"
        theirs = self._is_gone(identifier)
        if theirs:
            self._others.add(identifier)
        self._pairing.block(one.key, f"{which} {reason}", [] if theirs else [identifier])

    def _left_behind(self, one: Sought) -> list[str]:
        """Objects that git gave by the key's present name, under a key that nobody has or had now."""
        return [
            each
            for each in self._candidates.named(one.name)
            if (owner := self._given.get(each)) is not None
            and not owner.left
            and fold(owner.name) == fold(one.name)
            and (owner.key in one.keys or owner.key not in self._spoken_of)
        ]

    def _against_names(self, one: Sought) -> None:
        """Block a key whose object has another name, while its own name is borne by an object of others'."""
        pairing = self._pairing
        mine = pairing.ids.get(one.key)
        if mine is None or one.external or not one.name or fold(self._live[mine]) == fold(one.name):
            return
        others = [
            each
            for each in self._candidates.named(one.name)
            if each not in pairing.keys and each not in self._given
        ]
        if others:
            reason = (
                f"the object that git gave is named {self._live[mine]}, and another one is named {one.name}"
            )
            pairing.block(one.key, reason, others)

    def _by_name(self, one: Sought) -> None:
        pairing = self._pairing
        if not one.name:
            pairing.block(one.key, "nothing gives it a name here", [])
            return
        found = [
            each
            for each in self._candidates.named(one.name)
            if each not in pairing.keys and not self._is_known_otherwise(each, one)
        ]
        if len(found) > 1:
            pairing.block(one.key, f"{len(found)} live objects are named {one.name}", found)
        elif found and self._foreign(found[0], one):
            self._block_foreign(one, found[0], f"the live object named {one.name}")
        elif found and found[0] in pairing.contested:
            pairing.block(one.key, f"the live object named {one.name} could be another key's", found)
        elif found:
            self._claim_instead(one, found[0])

    def _is_known_otherwise(self, identifier: str, one: Sought) -> bool:
        """Whether git gave the object under another key, and the name makes it none of this one's.

        That is so where only others gave it the name, and where git declared both at the last whole apply:
        then this is not a key that changed without a word, and took its name along.
        """
        owner = self._given.get(identifier)
        if owner is None or one.external or owner.key in (one.key, *one.keys):
            return False
        beside = owner.key in self._settled and any(key in self._settled for key in (one.key, *one.keys))
        return fold(owner.name) != fold(one.name) or beside

    def _claim_instead(self, one: Sought, identifier: str) -> None:
        """Pair by name; where git gave another object that is gone, that is noted."""
        lost = self._lost(one)
        self._pairing.claim(one.key, identifier)
        if lost is not None and identifier not in self._given:
            self._result.replaced[one.key] = lost

    def _by_who_left(self, one: Sought) -> None:
        """Who left git and comes back under another key and name is who `previously` says."""
        found = [
            each
            for each in self._live
            if (owner := self._given.get(each)) is not None
            and owner.left
            and owner.key in one.names
            and owner.key not in self._declared
            and each not in self._pairing.keys
            and each not in self._pairing.contested
            and not self._candidates.foreign(each, one.external_id)
        ]
        if len(found) == 1 and not one.external:
            self._pairing.claim(one.key, found[0])

    def _by_former_names(self) -> None:
        """The names in `previously` claim what nothing else claims; two keys after one object block both."""
        self._pairing.claim_former(
            (one.key, _unclaimed(one, self._candidates, self._pairing.keys.keys()))
            for one in self._sought
            if one.names and self._is_open(one)
        )


def _unclaimed(one: Sought, candidates: Candidates, claimed: AbstractSet[str]) -> list[str]:
    found = {
        each: None
        for name in one.names
        for each in candidates.named(name)
        if each not in claimed and not candidates.foreign(each, one.external_id)
    }
    return list(found)

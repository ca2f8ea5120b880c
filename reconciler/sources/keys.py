"""Keys of people and groups: made once, and kept by objectGUID from then on."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping

from reconciler.model.names import skeleton

_UNFIT = re.compile(r"[^a-z0-9._@+-]+")
# A key has at most 256 characters (files/fields.py); what tells two apart needs nine of them.
_LONGEST = 240


def base_key(name: str, guid: str) -> str:
    """The key that a name asks for: lower case, ASCII, and a hyphen for everything else."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    made = _UNFIT.sub("-", plain).strip("-.")[:_LONGEST]
    # Of a name in another script too little may be left to tell anybody apart.
    letters = sum(character.isalnum() for character in name)
    return made if made and 2 * sum(map(str.isalnum, made)) >= letters else guid


def assign(
    names: Mapping[str, str], known: Mapping[str, str], taken: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """The key of each objectGUID, and those that could not have the key that their name asks for.

    `names` gives the sAMAccountName by objectGUID, `known` the keys that earlier imports gave, those of
    entries that are gone included: the successor of one name must not inherit what people wrote for the
    one before. `taken` are keys of hand-made entries, in lower case. Whoever cannot have a key gets it with
    the first part of the objectGUID, and of two newcomers both do, so that the order makes no difference.
    """
    used = {skeleton(key) for key in known.values()} | set(taken)
    wanted = {guid: base_key(name, guid) for guid, name in names.items() if guid not in known}
    asked = Counter(wanted.values())
    found = {guid: known[guid] for guid in names if guid in known}
    collided = []
    for guid, key in sorted(wanted.items()):
        if asked[key] == 1 and key not in used:
            found[guid] = key
            continue
        longer = f"{key}-{guid.partition('-')[0]}"
        # Two objectGUIDs may begin alike; the whole one is unique.
        unique = longer not in used and longer not in asked and longer not in found.values()
        found[guid] = longer if unique else f"{key[:200]}-{guid}"
        collided.append(guid)
    return found, collided

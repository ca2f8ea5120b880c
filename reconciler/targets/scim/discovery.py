"""What a service says of itself, where that is there and holds. Pure. RFC 7644 section 4.

Discovery is optional, and what it says is often not so: nothing here makes an error, and what is used is
checked against what is seen (`Schema.denies`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.scim import CORE_GROUP, CORE_USER
from reconciler.targets.scim.mapping import SHARED, Raw, find, parse, path_of
from reconciler.targets.scim.profile import Paging, Profile

# Creations that go together at most: more would keep a service busy for longer than answers are waited for.
_MAX_BULK = 100
# What many servers bear in a request where they name no limit, in bytes.
_BULK_BYTES = 1_000_000
_COMMON = {"externalid": "readwrite"}


@dataclass(frozen=True, slots=True)
class Schema:
    """The attributes that a service says it has: path in lower case -> mutability in lower case."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    # The paths in lower case that a user must have, each of them within what must be there itself.
    required: frozenset[str] = frozenset()

    def needs(self, names: Iterable[str]) -> list[str]:
        """Those of `names` without which no user can be created."""
        return sorted(name for name in names if self._path(name) in self.required)

    def lacks_entry(self, sub: str) -> bool:
        """Whether the entries of no list that we write have a sub-attribute, although they have others."""
        lists = {parse(path_of(name)).attribute.lower() for name in SHARED}
        known = [each.partition(".") for each in self.attributes if ":" not in each]
        of_lists = {end for start, dot, end in known if dot and start in lists}
        return bool(of_lists) and sub not in of_lists

    def writes(self, name: str) -> bool:
        """Whether an attribute by our name can be written; also where the schema stops short of it."""
        mutability = self._find(name)
        return mutability is not None and mutability != "readonly"

    def denies(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that the schema does not know."""
        return sorted(name for name in names if self._find(name) is None)

    def _find(self, name: str) -> str | None:
        return self.attributes.get(self._path(name))

    @staticmethod
    def _path(name: str) -> str:
        path = parse(path_of(name))
        whole = ":".join(part for part in (path.urn, path.attribute) if part)
        return (f"{whole}.{path.sub}" if path.sub else whole).lower()


@dataclass(frozen=True, slots=True)
class Traits:
    """How a service is spoken to: its profile, corrected by what it says of itself."""

    patch: bool = True
    etag: bool = False
    bulk: int = 1
    bulk_bytes: int = _BULK_BYTES
    paging: Paging = Paging.AUTO
    count: int | None = None
    filters: bool = True
    groups: bool = True
    members_returned: bool = True
    members_required: bool = False
    schema: Schema | None = None


def traits(profile: Profile, config: Raw | None, types: Raw | None, schemas: Raw | None) -> Traits:
    """The traits of a service; each answer is None where the service has none of it."""
    config = config or {}
    user_schema, group_schema = _schemas(schemas)
    bulk = _section(config, "bulk")
    has_bulk = profile.bulk and _supported(config, "bulk", default=False)
    paging, count = _paging(profile, _section(config, "pagination"))
    return Traits(
        patch=profile.patch and _supported(config, "patch", default=True),
        etag=profile.etag and _supported(config, "etag", default=False),
        bulk=max(1, min(_number(bulk, "maxOperations", 0), _MAX_BULK)) if has_bulk else 1,
        bulk_bytes=_number(bulk, "maxPayloadSize", _BULK_BYTES),
        paging=paging,
        count=count,
        filters=_supported(config, "filter", default=True),
        groups=_has_groups(types),
        members_returned=_returns_members(group_schema),
        members_required=_requires_members(group_schema),
        schema=user_schema,
    )


def _section(config: Raw, name: str) -> Raw:
    found = find(config, name)
    return found if isinstance(found, Mapping) else {}


def _supported(config: Raw, name: str, *, default: bool) -> bool:
    found = find(_section(config, name), "supported")
    return found if isinstance(found, bool) else default


def _number(section: Raw, name: str, default: int) -> int:
    found = find(section, name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else default


def _paging(profile: Profile, said: Raw) -> tuple[Paging, int | None]:
    """RFC 9865 section 4: `pagination` of ServiceProviderConfig."""
    count = profile.page_size
    most = _number(said, "maxPageSize", 0)
    if count and most:
        count = min(count, most)
    if profile.paging is Paging.AUTO and find(said, "cursor") is True and find(said, "index") is False:
        return Paging.CURSOR, count
    return profile.paging, count


def _resources(answer: Raw | None) -> Sequence[Any]:
    """What an answer lists; nothing where it says itself that there is more, on another page."""
    if answer is None:
        return ()
    found, total = find(answer, "Resources"), find(answer, "totalResults")
    if not isinstance(found, list) or (isinstance(total, int) and total > len(found)):
        return ()
    return found


def _has_groups(types: Raw | None) -> bool:
    """Whether there are groups; False only where other types are named and groups are not."""
    known = set()
    for each in _resources(types):
        if isinstance(each, Mapping):
            known |= {str(find(each, name)).lower() for name in ("id", "name", "schema") if find(each, name)}
    return "user" not in known or "group" in known or CORE_GROUP.lower() in known


def _schemas(answer: Raw | None) -> tuple[Schema | None, Raw | None]:
    """The schema of users, extensions included, and the raw one of groups; None where there is none."""
    attributes: dict[str, str] = {}
    required: set[str] = set()
    group: Raw | None = None
    for each in _resources(answer):
        if not isinstance(each, Mapping) or not isinstance(find(each, "id"), str):
            continue
        urn = str(find(each, "id")).lower()
        if urn == CORE_GROUP.lower():
            group = each
        _collect(each, "" if urn == CORE_USER.lower() else f"{urn}:", attributes)
        if urn == CORE_USER.lower():
            required = set(_required(each))
    # The attributes that every resource has stand in no schema (RFC 7643 section 3.1).
    schema = Schema({**_COMMON, **attributes}, frozenset(required)) if "username" in attributes else None
    return schema, group


def _collect(schema: Raw, prefix: str, into: dict[str, str]) -> None:
    for each in _listed(schema, "attributes"):
        path = f"{prefix}{each['name']}".lower()
        into[path] = _mutability(each)
        for sub in _listed(each, "subAttributes"):
            into[f"{path}.{sub['name']}".lower()] = _mutability(sub)


def _required(schema: Raw) -> Iterator[str]:
    """What every user must have; a list by its values, and a part only of what must be there itself."""
    for each in _listed(schema, "attributes"):
        if find(each, "required") is not True:
            continue
        name = str(each["name"]).lower()
        yield name
        for sub in _listed(each, "subAttributes"):
            if find(sub, "required") is True:
                yield f"{name}.{sub['name']}".lower()


def _requires_members(group: Raw | None) -> bool:
    return any(
        str(each["name"]).lower() == "members" and find(each, "required") is True
        for each in (_listed(group, "attributes") if group is not None else ())
    )


def _listed(raw: Raw, name: str) -> list[Mapping[str, Any]]:
    found = find(raw, name)
    items = found if isinstance(found, list) else []
    return [each for each in items if isinstance(each, Mapping) and isinstance(each.get("name"), str)]


def _mutability(raw: Raw) -> str:
    found = find(raw, "mutability")
    return found.lower() if isinstance(found, str) else "readwrite"


def _returns_members(group: Raw | None) -> bool:
    for each in _listed(group, "attributes") if group is not None else ():
        if str(each["name"]).lower() == "members":
            return str(find(each, "returned")).lower() != "never"
    return True

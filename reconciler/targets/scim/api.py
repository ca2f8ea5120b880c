"""The endpoints of a SCIM service, one method a request that we make; answers are the service's own JSON."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

from reconciler.errors import Denied, IncompleteRead, NotFound, OutcomeUnknown, Rejected, ServiceError
from reconciler.model.address import Kind
from reconciler.targets.scim import discovery
from reconciler.targets.scim.discovery import Traits
from reconciler.targets.scim.known_names import KnownNames
from reconciler.targets.scim.mapping import Raw, find, identifier, key_of
from reconciler.targets.scim.paging import Pager
from reconciler.targets.scim.patching import patch as patch_body
from reconciler.targets.scim.profile import Profile
from reconciler.targets.scim.terms import Listed, Terms, equals
from reconciler.wire.http import Answer, Http, Request
from reconciler.wire.pool import Guarded

Item = TypeVar("Item")

_NO_CONTENT = 204
_NAMES = {Kind.USER: "User", Kind.GROUP: "Group"}


class Service:
    """One service as its profile describes it. Thread-safe; raises ServiceError in its kinds."""

    def __init__(self, http: Http, profile: Profile) -> None:
        self._http, self.profile = http, profile
        self.names = KnownNames()
        # Held while it is asked, so that many threads ask once.
        self._traits: Guarded[list[Traits]] = Guarded([])
        # What lists showed of paging; see Pager.
        self._without_count = self._without_index = False

    @property
    def target(self) -> str:
        """The name of the target, for errors."""
        return self._http.target

    # What the service says of itself.

    @property
    def known(self) -> Traits:
        """The traits as far as they are known; asks nobody."""
        with self._traits as known:
            return known[0] if known else discovery.traits(self.profile, None, None, None)

    def traits(self) -> Traits:
        """The traits; three requests at most, once. Raises ServiceError where nobody can be reached."""
        with self._traits as known:
            if not known:
                paths = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
                said = [self._discovered(path) for path in paths] if self.profile.discovery else [None] * 3
                known.append(discovery.traits(self.profile, said[0], said[1], said[2]))
            return known[0]

    def _discovered(self, path: str) -> Raw | None:
        """What stands at a discovery endpoint; None where there is nothing, or nothing of use."""
        try:
            return self._call("GET", path, path, mutates=False, tentative=True).body
        except (NotFound, Rejected, IncompleteRead, Denied):
            # Who may not list users either is told so by the list itself.
            return None
        except ServiceError as error:
            if error.code.startswith("5"):
                return None
            raise

    # Lists.

    def listed(
        self,
        kind: Kind,
        make: Callable[[Raw], Item],
        *,
        condition: str = "",
        progress: Callable[[int], None] = lambda _count: None,
    ) -> Listed[Item]:
        """All users or groups, or those that meet `condition`, to the end of the list."""
        pager = self._pager(kind, make, progress)
        pager.without_count, pager.without_index = self._without_count, self._without_index
        found = pager.read(self._terms(), condition)
        self._without_count, self._without_index = pager.without_count, pager.without_index
        return found

    def hits(self, kind: Kind, attribute: str, value: str) -> list[Raw]:
        """What the service says has that value; the caller looks for itself. One page."""
        return self._pager(kind, dict).some(self._terms(), equals(attribute, value))

    def _pager(
        self, kind: Kind, make: Callable[[Raw], Item], progress: Callable[[int], None] = lambda _count: None
    ) -> Pager[Item]:
        name = f"List{_NAMES[kind]}s"

        def ask(query: str) -> Raw:
            answer = self._call("GET", self._path(kind), name, mutates=False, query=query, needs_body=False)
            # "No content" is what some say of an empty list.
            body: Raw = answer.body or ({"Resources": []} if answer.status == _NO_CONTENT else {})
            return body

        return Pager(
            ask,
            kind=_NAMES[kind].lower(),
            make=make,
            bad=lambda message: self.incomplete(message, name),
            progress=progress,
        )

    def _terms(self) -> Terms:
        profile, known = self.profile, self.traits()
        return Terms(known.paging, known.count, profile.first, profile.total_counts, profile.total_trusted)

    # One object.

    def get(self, kind: Kind, wanted: str, *, listed: Container[str] = ()) -> Raw | None:
        """The user or group of that id; None when there is none.

        One that answers under another id is matched by what it is: its address, or a name that is known of
        it. It goes by the id that it was asked by, but for those that are `listed` under their own. Raises
        IncompleteRead where it is somebody else.
        """
        raw = self.shown(kind, wanted)
        if raw is None or (own := identifier(raw)) == wanted or own in listed:
            return raw
        if not _is_called(raw, wanted) and not self.names.fits(kind, wanted, raw):
            message = f"asked for {wanted}, answered about {own or 'nobody'}"
            raise self.incomplete(message, f"Get{_NAMES[kind]}")
        return {**raw, key_of(raw, "id"): wanted}

    def shown(self, kind: Kind, wanted: str) -> Raw | None:
        """What is shown at the address of that id, under whatever id; None where nothing is."""
        try:
            path, name = self._path(kind, wanted), f"Get{_NAMES[kind]}"
            found: Raw = self._call("GET", path, name, mutates=False).body or {}
        except NotFound:
            return None
        return found

    # Writes. Raise OutcomeUnknown when the answer was lost.

    def create(self, kind: Kind, body: Raw) -> tuple[str, Raw]:
        """POST; the new id, and the resource as far as the answer shows it."""
        name = f"Create{_NAMES[kind]}"
        answer = self._call("POST", self._path(kind), name, mutates=True, body=body, needs_body=False)
        raw: Raw = answer.body or {}
        made = identifier(raw) or last_segment(answer.headers.get("location"))
        if not made:
            message = "the answer has no id"
            error = OutcomeUnknown(message, target=self.target, request=f"scim.{name}")
            error.answered = True
            raise error
        return made, raw

    def patch(
        self,
        kind: Kind,
        wanted: str,
        operations: Sequence[Raw],
        *,
        version: str | None = None,
        memberships: int = 0,
    ) -> Raw | None:
        """PATCH, only on `version` where it is given; the resource where the answer shows it."""
        return self._call(
            "PATCH",
            self._path(kind, wanted),
            f"Patch{_NAMES[kind]}",
            mutates=True,
            body=patch_body(operations),
            version=version,
            memberships=memberships,
            needs_body=False,
        ).body

    def put(
        self, kind: Kind, wanted: str, body: Raw, *, version: str | None = None, memberships: int = 0
    ) -> Raw | None:
        """PUT, only on `version` where it is given; the resource where the answer shows it."""
        return self._call(
            "PUT",
            self._path(kind, wanted),
            f"Put{_NAMES[kind]}",
            mutates=True,
            body=body,
            version=version,
            memberships=memberships,
            needs_body=False,
        ).body

    def delete(self, kind: Kind, wanted: str, *, version: str | None = None) -> None:
        """DELETE, only on `version` where it is given."""
        name = f"Delete{_NAMES[kind]}"
        self._call("DELETE", self._path(kind, wanted), name, mutates=True, version=version, needs_body=False)

    def bulk(self, body: Raw) -> Raw:
        """POST of many operations at once (RFC 7644 section 3.7)."""
        return self._call("POST", "Bulk", "Bulk", mutates=True, body=body).body or {}

    def incomplete(self, message: str, name: str) -> IncompleteRead:
        """The error of an answer that cannot be trusted to be whole."""
        return IncompleteRead(message, target=self.target, request=f"scim.{name}")

    def _path(self, kind: Kind, wanted: str | None = None) -> str:
        base = self.profile.users_path if kind is Kind.USER else self.profile.groups_path
        return base if wanted is None else f"{base}/{quote(wanted, safe='')}"

    def _call(
        self,
        method: str,
        path: str,
        name: str,
        *,
        mutates: bool,
        query: str = "",
        body: Raw | None = None,
        version: str | None = None,
        memberships: int = 0,
        needs_body: bool = True,
        tentative: bool = False,
    ) -> Answer:
        headers: Mapping[str, str] = {"If-Match": version} if version else {}
        return self._http.call(
            Request(
                method=method,
                path=path,
                label=f"scim.{name}",
                mutates=mutates,
                query=query,
                body=body,
                headers=headers,
                pace=self.profile.pace(name, mutates=mutates, memberships=memberships),
                needs_body=needs_body,
                tentative=tentative,
            )
        )


def _is_called(raw: Raw, wanted: str) -> bool:
    """Whether a resource is the one that was asked for: by its id in any case, its address, or its name."""
    called = (identifier(raw), last_segment(find(find(raw, "meta") or {}, "location")), find(raw, "userName"))
    return any(isinstance(each, str) and each.lower() == wanted.lower() for each in called)


def last_segment(location: Any) -> str:
    """The id at the end of the address of a resource; the address itself is never asked for."""
    if not isinstance(location, str):
        return ""
    try:
        path = urlsplit(location).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])

"""A SCIM 2.0 service provider as a target: users, groups and who is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from reconciler.errors import Denied
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.observer import Observer
from reconciler.model.plan import Finding, Step
from reconciler.model.report import Outcome, Pending
from reconciler.model.state import Live
from reconciler.targets.base import EVERYTHING, ReadRequest
from reconciler.targets.scim import findings
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.bulk import BulkWriter
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.mapping import SHARED
from reconciler.targets.scim.member_reading import Reader
from reconciler.targets.scim.member_writing import MemberWriter
from reconciler.targets.scim.profile import Memberships, Profile
from reconciler.targets.scim.reading import Objects, Read
from reconciler.targets.scim.writing import Writer
from reconciler.wire.clock import Clock
from reconciler.wire.http import Http

# What RFC 7643 knows: whatever else git declares is meant for another target.
_KINDS = frozenset((Kind.USER, Kind.GROUP, Kind.MEMBERSHIP))


class Scim:
    """One service provider; implements Target.

    `extensions` are the paths of attributes that configuration maps and that have no name of ours; `expires`
    is when the token in use ends (None: nobody said).
    """

    def __init__(
        self,
        http: Http,
        profile: Profile,
        *,
        clock: Clock,
        observer: Observer,
        extensions: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> None:
        self._http, self._profile, self._expires = http, profile, expires
        self._extensions = tuple(sorted(extensions))
        self._service = Service(http, profile)
        self._habits = Habits()
        self._habits.recall(profile.habits)
        objects = Objects(self._service, observer, self._extensions, self._habits)
        self._reader = Reader(objects, observer)

        def sleep(seconds: float) -> None:
            clock.sleep(seconds / http.speed)

        self._writer = Writer(
            self._service,
            lambda: self.capabilities,
            sleep,
            self._extensions,
            habits=self._habits,
            hides_members=self._reader.hides_members,
            members=lambda group: self._reader.some((group,)).get(group, ()),
        )
        self._members = MemberWriter(self._service, self._reader, self._writer, sleep, self._habits)
        self._bulk = BulkWriter(self._service, self._writer)
        # The schema lacks what users have, as a read has shown.
        self._schema_is_untrue = False

    @property
    def name(self) -> str:
        """The name in the configuration."""
        return self._http.target

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent so far, by `scim.Operation`."""
        return self._http.calls

    @property
    def capabilities(self) -> Capabilities:
        """What the profile allows and, once something was read, the service says of itself; asks nobody."""
        profile, traits = self._profile, self._service.known
        kinds = {Kind.USER} | ({Kind.GROUP, Kind.MEMBERSHIP} if traits.groups else set())
        if profile.memberships is Memberships.NOWHERE:
            kinds.discard(Kind.MEMBERSHIP)
        users, required = profile.user_attributes, profile.required
        if traits.schema is not None and not self._schema_is_untrue:
            users = frozenset(name for name in users if traits.schema.writes(name))
            required = tuple(dict.fromkeys((*required, *traits.schema.needs(users))))
        return Capabilities(
            kinds=frozenset(kinds),
            service_kinds=_KINDS,
            # What somebody mapped by its path is meant, whether or not the schema speaks of it.
            user_attributes=users | frozenset(self._extensions),
            group_attributes=profile.group_attributes,
            required=required,
            status=True,
            safe_deletion=profile.safe_deletion,
            deletes_users=profile.deletes_users,
            versions=traits.etag and self._writer.preconditions.kept,
            writes_per_second=profile.writes_per_second,
            membership_batch=profile.additions,
            bulk=traits.bulk,
            deactivation=profile.deactivation,
            deletion=profile.deletion,
            disguised=profile.disguised,
            may_drop_attributes=True,
            keeps_a_member=True,
            shared_lists=frozenset() if profile.single_values else frozenset(SHARED),
        )

    @property
    def habits(self) -> tuple[str, ...]:
        """What the service was seen to do in its own way; see Learning."""
        return self._habits.names

    def recall(self, names: Iterable[str]) -> None:
        """Take in what earlier runs saw; see Learning."""
        self._habits.recall(names)

    def identity(self) -> Mapping[str, str]:
        """`url`, the address as it is configured; nobody is asked."""
        return {"url": self._http.url}

    def read(self, request: ReadRequest = EVERYTHING) -> Live:
        """What is there. Raises IncompleteRead when it cannot be had whole, or another ServiceError."""
        before = self._http.calls
        read = self._reader.read(request)
        if request.users is None:
            self._hold_against_schema(read)
        calls = {name: count - before.get(name, 0) for name, count in self._http.calls.items()}
        return Live(
            target=self.name,
            identity=self.identity(),
            users=read.users,
            groups=read.groups,
            members=read.members,
            gaps=tuple(read.gaps),
            calls={name: count for name, count in calls.items() if count},
            findings=tuple(read.findings),
        )

    def _hold_against_schema(self, read: Read) -> None:
        """A schema that lacks what users have is no schema."""
        schema = self._service.known.schema
        if schema is None:
            return
        seen = {name for user in read.users.values() for name in user.attributes}
        lacking = schema.denies(seen)
        self._schema_is_untrue = bool(lacking)
        if lacking:
            read.findings.append(findings.schema_untrue(lacking))

    def submit(
        self, steps: Sequence[Step], ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> Sequence[Outcome | Pending]:
        """Carry out steps, several with one request where that may be; see Target."""
        if steps[0].address.kind is Kind.MEMBERSHIP:
            return self._members.submit(steps, ids)
        if len(steps) == 1:
            return [self._writer.submit(steps[0], ids, versions)]
        return self._bulk.submit(steps, ids, versions)

    def notices(self, now: datetime) -> Sequence[Finding]:
        """That the token ends soon; calls nobody."""
        return findings.token_ends(
            self.name, now, self._expires, next_ready=self._http.tokens.next_is_there()
        )

    def ready(self, now: datetime, seconds: float) -> None:
        """Raises Denied where there is no token, or where it would end meanwhile and no other is there."""
        self._http.tokens.current()
        if findings.ends_within(now, seconds, self._expires) and not self._http.tokens.next_is_there():
            message = (
                f"the token ends at {self._expires:%Y-%m-%d %H:%M %Z}, before this apply would; renew it, or "
                "put the next one where `token_next` points"
            )
            raise Denied(message, target=self.name)

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        """Nothing is ever left pending."""
        assert not pendings
        return []

"""AWS IAM Identity Center as a target: its directory, the accounts around it, and who reaches them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.doctor.aws.facts import AwsFacts, Declared
from reconciler.doctor.check import Unseen
from reconciler.errors import ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.authorship import Author, Event, Written
from reconciler.model.capabilities import Capabilities
from reconciler.model.denials import Denials, Entry
from reconciler.model.observer import Observer
from reconciler.model.plan import Finding, Step
from reconciler.model.provenance import Provenance
from reconciler.model.report import Outcome, Pending
from reconciler.model.signin import AccountSessions, Search
from reconciler.model.state import Live
from reconciler.targets.base import EVERYTHING, ApplicationAssignment, ReadRequest, Target
from reconciler.targets.identity_center import analyzer, instance, managed_policies, trail
from reconciler.targets.identity_center.access.api import Sso
from reconciler.targets.identity_center.access.applications import application_assignments
from reconciler.targets.identity_center.access.reading import AccessReader
from reconciler.targets.identity_center.access.writing import KINDS as ACCESS
from reconciler.targets.identity_center.access.writing import AccessWriter
from reconciler.targets.identity_center.directory import mapping
from reconciler.targets.identity_center.directory.api import Directory
from reconciler.targets.identity_center.directory.authors import authors
from reconciler.targets.identity_center.directory.provenance import provenance
from reconciler.targets.identity_center.directory.reading import Reader
from reconciler.targets.identity_center.directory.writing import Writer
from reconciler.targets.identity_center.examining import Examiner
from reconciler.targets.identity_center.instance import Caller, find_caller
from reconciler.targets.identity_center.organization.api import Organizations
from reconciler.targets.identity_center.organization.deny_policy import DenyPolicy
from reconciler.targets.identity_center.organization.reading import OrganizationReader
from reconciler.targets.identity_center.signin import Sessions
from reconciler.targets.identity_center.site_reading import SiteReader
from reconciler.targets.identity_center.type import REQUIRED
from reconciler.wire.aws import Aws
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Guarded

_DIRECTORY = frozenset((Kind.USER, Kind.GROUP, Kind.MEMBERSHIP))
_DENIAL = frozenset((Kind.DENIAL,))


class IdentityCenter:
    """One instance, in one Region; implements Target.

    `instance_arn` and `identity_store_id` choose among several instances, and are checked where there is
    only one. `aws` speaks for the same target name. `channel` is the instance's own SCIM endpoint, by which
    users, groups and memberships are written where it is given; they are always read through the Identity
    Store API, which shows the same objects under the same ids and needs no token of SCIM. `deny_policy` is
    the id of the policy that denies people, `session_role` the role in other accounts that ends sessions.
    """

    def __init__(
        self,
        aws: Aws,
        *,
        clock: Clock,
        observer: Observer,
        instance_arn: str | None = None,
        identity_store_id: str | None = None,
        channel: Target | None = None,
        deny_policy: str | None = None,
        session_role: str | None = None,
    ) -> None:
        self._aws, self._instance_arn, self._store_id = aws, instance_arn, identity_store_id
        self._channel, self._sessions = channel, Sessions(aws, session_role)
        # Held while it is looked up, so that many threads ask once.
        self._identity: Guarded[dict[str, str]] = Guarded({})
        self._standing: Guarded[list[Caller]] = Guarded([])
        self._organizations = Organizations(aws)
        self._clock = clock
        self._deny = DenyPolicy(self._organizations, deny_policy, clock) if deny_policy else None
        self._configured = self._deny
        sso = Sso(aws, lambda: self.identity()["instance_arn"])
        directory = self._directory = Directory(aws, lambda: self.identity()["identity_store_id"])
        self._versions = directory.versions
        self._attributes = {
            kind: frozenset(name for name, member in members.items() if member in known)
            for kind, members, known in (
                (Kind.USER, mapping.USER_MEMBERS, aws.members("identitystore", "CreateUser")),
                (Kind.GROUP, mapping.GROUP_MEMBERS, aws.members("identitystore", "CreateGroup")),
            )
        }
        self._organization_reader = OrganizationReader(self._organizations, observer, aws.target)
        self._reader = SiteReader(
            Reader(directory, observer, aws.target),
            AccessReader(sso, observer, aws.target),
            self._organization_reader,
        )
        self._writer = Writer(
            directory, lambda: self.capabilities, lambda seconds: clock.sleep(seconds / aws.speed)
        )
        self._access_writer = AccessWriter(
            sso,
            clock=clock,
            speed=lambda: aws.speed,
            management=lambda: self.identity()["owner_account"],
        )

    @property
    def name(self) -> str:
        """The name in the configuration."""
        return self._aws.target

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent so far, by `service.Operation`."""
        return {**self._aws.calls, **(self._channel.calls if self._channel is not None else {})}

    @property
    def capabilities(self) -> Capabilities:
        """What can be written: by the SCIM endpoint where there is one, else by the Identity Store API.

        That API, in the installed botocore, takes no status and no external id. Permission sets and
        assignments are among the kinds unless a read has found that the instance is none that has them.
        """
        with self._standing as known:
            assigns = all(standing.assigns for standing in known)
        kinds = _DIRECTORY | ACCESS if assigns else _DIRECTORY
        by_api = Capabilities(
            kinds=kinds | _DENIAL if assigns and self._deny is not None else kinds,
            user_attributes=self._attributes[Kind.USER],
            group_attributes=self._attributes[Kind.GROUP],
            required=REQUIRED,
            status=False,
            safe_deletion=True,
            versions=self._versions,
            poll_seconds=2.0 / self._aws.speed,
        )
        if self._channel is None:
            return by_api
        theirs = self._channel.capabilities
        return replace(
            by_api,
            # What is written there is read by the API, which must show it.
            user_attributes=theirs.user_attributes & (self._attributes[Kind.USER] | {"external_id"}),
            group_attributes=theirs.group_attributes & (self._attributes[Kind.GROUP] | {"external_id"}),
            required=tuple(dict.fromkeys((*REQUIRED, *theirs.required))),
            status=True,
            # SCIM has no precondition there (etag.supported is false), so each object is looked at again.
            versions=False,
            writes_per_second=theirs.writes_per_second,
            membership_batch=theirs.membership_batch,
            deactivation=theirs.deactivation,
            deletion=theirs.deletion,
        )

    def identity(self) -> Mapping[str, str]:
        """`instance_arn`, `identity_store_id`, `region`, `owner_account`; asked once. Raises ServiceError."""
        with self._identity as identity:
            if not identity:
                identity.update(
                    instance.find(
                        self._aws, instance_arn=self._instance_arn, identity_store_id=self._store_id
                    )
                )
            return dict(identity)

    def read(self, request: ReadRequest = EVERYTHING) -> Live:
        """What is there. Raises IncompleteRead when it cannot be had whole, or another ServiceError."""
        before = self._aws.calls
        identity = self.identity()
        standing = self._found_standing(request)
        denials = self._deny.read() if self._deny is not None and request.denials else None
        site = self._reader.read(request, standing)
        calls = {name: count - before.get(name, 0) for name, count in self._aws.calls.items()}
        return Live(
            target=self.name,
            identity=identity,
            users=site.directory.users,
            groups=site.directory.groups,
            members=site.directory.members,
            permission_sets=site.access.sets,
            assignments=site.access.assignments,
            organization=site.organization,
            delegated=standing.delegated,
            gaps=site.access.gaps,
            calls={name: count for name, count in calls.items() if count},
            caller=standing.caller,
            denials=denials,
        )

    def _found_standing(self, request: ReadRequest) -> Caller:
        """As whom we call; asked once, by the first request that is about more than the directory."""
        about_access = request.permission_sets != () or request.assignments != () or request.organization
        with self._standing as known:
            if about_access and not known:
                owner = self.identity()["owner_account"]
                known.append(find_caller(self._aws, self._organizations, owner))
            return known[0] if known else Caller()

    def submit(
        self, steps: Sequence[Step], ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> Sequence[Outcome | Pending]:
        """Carry out steps by SCIM, or one by one: no request of the APIs carries several; see Target."""
        if self._deny is not None and steps[0].address.kind is Kind.DENIAL:
            return self._deny.submit(steps, ids)
        if self._channel is not None and not any(step.address.kind in ACCESS for step in steps):
            return self._channel.submit(steps, _of_scim(steps, ids), versions)
        return [
            self._access_writer.submit(step, ids, versions)
            if step.address.kind in ACCESS
            else self._writer.submit(step, ids, versions)
            for step in steps
        ]

    def notices(self, now: datetime) -> Sequence[Finding]:
        """What there is to say of the token of SCIM; the SDK says nothing of credentials; see Target."""
        return self._channel.notices(now) if self._channel is not None else ()

    def ready(self, now: datetime, seconds: float) -> None:
        """Whether the token of SCIM is there, and stays good; see Target."""
        if self._channel is not None:
            self._channel.ready(now, seconds)

    def denials(self) -> Denials | None:
        """Who is in the policy that denies people; see Denies."""
        return self._deny.read() if self._deny is not None else None

    @property
    def policy(self) -> str:
        """The id of the policy that denies people; see Denies."""
        return self._deny.policy if self._deny is not None else ""

    def keep_policy(self, former: str) -> Sequence[Denials]:
        """Go on with the policy of the last apply while it alone tells who is out; see Denies."""
        configured = self._deny = self._configured
        if not former or (configured is not None and configured.policy == former):
            return ()
        policy = DenyPolicy(self._organizations, former, self._clock)
        found = policy.read()
        if not found.tells_alone:
            return (found,)
        self._deny = policy
        return (found,) if configured is None else (found, configured.read())

    def write_denials(self, edits: Mapping[str, Entry | None]) -> str:
        """Enter people in that policy, or take them out; see Denies."""
        return self._deny.write(edits) if self._deny is not None else "no `deny_policy` is configured"

    @property
    def session_role(self) -> str | None:
        """The role in other accounts that ends sessions there; see EndsSessions."""
        return self._sessions.role

    def end_sessions(self, search: Search) -> Iterator[AccountSessions]:
        """End sessions of `aws login`; see EndsSessions."""
        return self._sessions.end(search)

    def validate(
        self, policies: Mapping[str, str], managed: Mapping[str, Sequence[str]]
    ) -> Sequence[Finding]:
        """What IAM Access Analyzer says of inline policies, and IAM of managed ones; see PolicyValidator."""
        return (*analyzer.validate(self._aws, policies), *managed_policies.missing(self._aws, managed))

    def authors(self, objects: Collection[Written]) -> Mapping[Written, Author]:
        """Who wrote these, by the Identity Store; see KeepsEvents."""
        return authors(self._directory, objects)

    def provenance(self) -> Provenance:
        """Which users and groups another directory provisions; see TellsProvenance."""
        return provenance(self._directory, own_scim=self._channel is not None)

    def events(self, names: Sequence[str], since: datetime) -> Sequence[Event]:
        """What CloudTrail has of these names in the Region of the instance; see KeepsEvents."""
        return trail.events(self._aws, names, since)

    def examine(self, declared: Declared, now: datetime, account_role: str = "") -> AwsFacts:
        """What the caller may do here, and what the account and the instance are; see Examinable."""
        facts = Examiner(self._aws, self._instance_arn, self._store_id, account_role).facts(
            declared, self._deny.policy if self._deny is not None else None
        )
        if self._deny is not None and not isinstance(facts.management, Unseen):
            facts = replace(facts, deny=self._deny.facts(facts.management, self._organization_reader))
        assigned = {account for ids in declared.assignments.values() for account in ids}
        facts = replace(facts, sessions=self._sessions.facts(facts.caller, assigned))
        if self._channel is None:
            return facts
        token = ""
        try:
            self._channel.ready(now, 0.0)
        except ServiceError as error:
            token = str(error)
        notices = tuple(self._channel.notices(now))
        return replace(facts, notices=notices, has_channel=True, token=token)

    def applications(self) -> Sequence[ApplicationAssignment]:
        """Who is assigned to which application of the instance; see ListsApplications."""
        return application_assignments(self._aws, lambda: self.identity()["instance_arn"])

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        """How what `submit` left pending stands now; see Target."""
        return self._access_writer.poll(pendings)


def _of_scim(steps: Sequence[Step], ids: Mapping[Address, str]) -> Mapping[Address, str]:
    """The remote ids that SCIM shares with the Identity Store: of users and groups, and of no membership."""
    wanted = {ref for step in steps for ref in step.refs.values()}
    wanted |= {step.address for step in steps if step.address.kind is not Kind.MEMBERSHIP}
    return {address: ids[address] for address in wanted if address in ids}

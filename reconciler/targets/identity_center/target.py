"""AWS IAM Identity Center as a target: its directory, through the Identity Store API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.observer import Observer
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.model.state import Live
from reconciler.targets.base import EVERYTHING, ReadRequest
from reconciler.targets.identity_center import instance, mapping
from reconciler.targets.identity_center.directory import Directory
from reconciler.targets.identity_center.reading import Reader
from reconciler.targets.identity_center.writing import Writer
from reconciler.wire.aws import Aws
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Guarded

_KINDS = frozenset((Kind.USER, Kind.GROUP, Kind.MEMBERSHIP))
# "Required in practice" by CreateUser: the model asks for none, the service refuses without.
_REQUIRED = ("user_name", "display_name", "given_name", "family_name")


class IdentityCenter:
    """One instance, in one Region; implements Target.

    `instance_arn` and `identity_store_id` choose among several instances, and are checked where there is
    only one. `aws` speaks for the same target name.
    """

    def __init__(
        self,
        aws: Aws,
        *,
        clock: Clock,
        observer: Observer,
        instance_arn: str | None = None,
        identity_store_id: str | None = None,
    ) -> None:
        self._aws, self._instance_arn, self._store_id = aws, instance_arn, identity_store_id
        # Held while it is looked up, so that many threads ask once.
        self._identity: Guarded[dict[str, str]] = Guarded({})
        directory = Directory(aws, lambda: self.identity()["identity_store_id"])
        self._versions = directory.versions
        self._attributes = {
            kind: frozenset(name for name, member in members.items() if member in known)
            for kind, members, known in (
                (Kind.USER, mapping.USER_MEMBERS, aws.members("identitystore", "CreateUser")),
                (Kind.GROUP, mapping.GROUP_MEMBERS, aws.members("identitystore", "CreateGroup")),
            )
        }
        self._reader = Reader(directory, observer, aws.target)
        self._writer = Writer(
            directory, lambda: self.capabilities, lambda seconds: clock.sleep(seconds / aws.speed)
        )

    @property
    def name(self) -> str:
        """The name in the configuration."""
        return self._aws.target

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent so far, by `service.Operation`."""
        return self._aws.calls

    @property
    def capabilities(self) -> Capabilities:
        """What the Identity Store API of the installed botocore takes: no status, no external id.

        Deleting is safe on the sandbox alone, as long as assignments are not read; a sandbox that was not
        announced is recognised by its first answer, so ask `identity` before.
        """
        return Capabilities(
            kinds=_KINDS,
            user_attributes=self._attributes[Kind.USER],
            group_attributes=self._attributes[Kind.GROUP],
            required=_REQUIRED,
            status=False,
            safe_deletion=self._aws.is_sandbox,
            versions=self._versions,
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
        read = self._reader.read(request)
        calls = {name: count - before.get(name, 0) for name, count in self._aws.calls.items()}
        return Live(
            target=self.name,
            identity=identity,
            users=read.users,
            groups=read.groups,
            members=read.members,
            calls={name: count for name, count in calls.items() if count},
        )

    def submit(
        self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> Outcome | Pending:
        """Carry out one step; see Target."""
        return self._writer.submit(step, ids, versions)

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        """Nothing of this part is ever pending, so what comes here is of another version of the tool."""
        message = "this version submits nothing that is finished later; plan again to see what is left"
        return tuple(Outcome(pending.step, Status.UNKNOWN, message) for pending in pendings)

"""What every target can do, whoever it is. The registry makes them; nothing else names a concrete one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from reconciler.doctor.aws.facts import AwsFacts, Declared
from reconciler.model.address import Address
from reconciler.model.authorship import Author, Event, Written
from reconciler.model.capabilities import Capabilities
from reconciler.model.denials import Denials, Entry
from reconciler.model.pairs import Pair, Principal
from reconciler.model.plan import Finding, Step
from reconciler.model.provenance import Provenance
from reconciler.model.report import Outcome, Pending
from reconciler.model.signin import AccountSessions, Search
from reconciler.model.state import Live


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What to read. None is "all of them", to the end; a tuple holds remote ids to look at again.

    `members_of` are the groups whose memberships are wanted, `assignments` the pairs of account id and
    permission set whose assignments are. `organization` asks for the accounts, `units` for the names of the
    organizational units, `tags` for the tags of every account (one call each). `by_group` allows the
    cheaper reading of assignments, group by group, where it is cheaper; what it cannot see is a gap. A
    thing that is asked for by id and no longer exists is simply absent from the answer; that is the only
    case in which absence is not an error. `known_users` and `known_groups` are remote ids that a receipt
    remembers: where one of them is missing in a list and still there, the list is short, and no list.
    `denials` asks for the policy that denies people, where the target has one.
    """

    users: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    members_of: tuple[str, ...] | None = None
    permission_sets: tuple[str, ...] | None = None
    assignments: tuple[Pair, ...] | None = None
    organization: bool = True
    units: bool = True
    tags: bool = True
    denials: bool = True
    by_group: bool = False
    known_users: tuple[str, ...] = ()
    known_groups: tuple[str, ...] = ()


EVERYTHING = ReadRequest()
# To be replaced field by field by whoever looks at a few things again.
NOTHING = ReadRequest(
    users=(),
    groups=(),
    members_of=(),
    permission_sets=(),
    assignments=(),
    organization=False,
    units=False,
    tags=False,
    denials=False,
)


class Target(Protocol):
    """One service under one name in the configuration. Thread-safe."""

    @property
    def name(self) -> str:
        """The name in the configuration, and the first part of every address."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be written through the channel that is configured."""

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent so far, by `service.Operation`."""

    def identity(self) -> Mapping[str, str]:
        """Which instance this is; one or two calls. Raises ServiceError when there is none, or several."""

    def read(self, request: ReadRequest = EVERYTHING) -> Live:
        """What is there, whole as asked. Raises IncompleteRead or another ServiceError, never less."""

    def submit(
        self, steps: Sequence[Step], ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> Sequence[Outcome | Pending]:
        """Carry out one step, or several that may go in one request; how each ended, in the same order.

        Several are changes of one group's memberships in one direction, at most
        `capabilities.membership_batch`, or creations of users and groups, at most `capabilities.bulk`.

        `ids` has the remote id of every address in `step.refs` and, unless the action is CREATE, of
        `step.address`; `versions` the marks under which those objects were last read (sent as a
        precondition where the service takes one). A create that conflicts, and any write whose answer
        was lost, is settled by looking: as wished is DONE, anything else FAILED; nothing is created
        twice. An object that moved since its version was read ends FAILED with `moved` set. What the
        service says about one step ends in its Outcome, and what it says of all of them in each; nothing is
        raised for it.
        """

    def notices(self, now: datetime) -> Sequence[Finding]:
        """What there is to say of the channel at `now` (a token that ends soon); calls nobody."""

    def ready(self, now: datetime, seconds: float) -> None:
        """Whether writes can begin at `now` and go on for so many seconds; calls nobody.

        Raises Denied where a token is missing or would end meanwhile: better before the first write than
        after half of them.
        """

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        """How the pending ones stand now, in the same order."""


@runtime_checkable
class Learning(Protocol):
    """A target that finds out how its service does things, and is told so again by the receipt."""

    @property
    def habits(self) -> tuple[str, ...]:
        """What is known, as a receipt names it among what is not kept (`service.…`)."""

    def recall(self, names: Iterable[str]) -> None:
        """Take in what a receipt says; names of anything else are passed over."""


@runtime_checkable
class Denies(Protocol):
    """A target that can cut what people have open, by entries in one policy (model/denials.py)."""

    def denials(self) -> Denials | None:
        """Who is in the policy; None where none is configured. Raises nothing: see Denials.problem."""

    @property
    def policy(self) -> str:
        """The id of the policy that is used; "" for none."""

    def keep_policy(self, former: str) -> Sequence[Denials]:
        """Go on with `former`, the policy of the last apply ("": none), while it alone tells who is out.

        Else the configured one is used. Returns what `former` has, and the configured one where it is not
        used; nothing where both are the same. Raises nothing.
        """

    def write_denials(self, edits: Mapping[str, Entry | None]) -> str:
        """Enter people by user id, or take them out (None), and leave all others as they are.

        "" where it was written and read back, else why it was not. Raises nothing.
        """


@runtime_checkable
class EndsSessions(Protocol):
    """A target around which people sign in to accounts, in sessions that can be ended (model/signin.py)."""

    @property
    def session_role(self) -> str | None:
        """The role in other accounts that ends sessions there; None: the caller's own account alone."""

    def end_sessions(self, search: Search) -> Iterator[AccountSessions]:
        """End what is surely the person's, or all of `search.everybody`; account by account as they finish.

        The accounts are those of `search` and the caller's own. Raises nothing: what fails is said.
        """


@runtime_checkable
class KeepsEvents(Protocol):
    """A target whose service remembers who wrote what."""

    def authors(self, objects: Collection[Written]) -> Mapping[Written, Author]:
        """Who wrote these objects, as far as they tell themselves. Raises ServiceError."""

    def events(self, names: Sequence[str], since: datetime) -> Sequence[Event]:
        """The events of these names since then (an aware instant), newest first, as far as there are any.

        Raises ServiceError, Denied where the caller may not read them.
        """


@runtime_checkable
class TellsProvenance(Protocol):
    """A target whose service tells which users and groups another directory provisions."""

    def provenance(self) -> Provenance:
        """Who provisions what, over all users and groups. Raises ServiceError."""


@dataclass(frozen=True, slots=True)
class ApplicationAssignment:
    """A principal that is assigned to an application, as the service says it."""

    application: str
    arn: str
    principal: Principal


@runtime_checkable
class ListsApplications(Protocol):
    """A target whose service lets people into applications, too; nothing of that is planned or written."""

    def applications(self) -> Sequence[ApplicationAssignment]:
        """Every assignment of an application, to the end. Raises ServiceError."""


@runtime_checkable
class Examinable(Protocol):
    """A target in AWS that can be examined: whether what plan and apply rest on is as it must be."""

    def examine(self, declared: Declared, now: datetime, account_role: str = "") -> AwsFacts:
        """Everything that can be seen without writing. Raises nothing: what fails is part of the facts.

        `account_role` is the name of a role in each account that may be asked about policies there.
        """


@runtime_checkable
class PolicyValidator(Protocol):
    """A target whose cloud has a check of its own for policies."""

    def validate(
        self, policies: Mapping[str, str], managed: Mapping[str, Sequence[str]]
    ) -> Sequence[Finding]:
        """What it says of inline policies (JSON), and of AWS-managed ones that may not exist (by path).

        Both by the name of their permission set. Raises nothing.
        """

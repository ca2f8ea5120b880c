"""A step made ready to be sent, and how it is told that it is as wished. Shared by all who write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reconciler.errors import Denied, OutcomeUnknown, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.names import bare, fold
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Value
from reconciler.targets.scim import mapping
from reconciler.targets.scim.mapping import Raw

Found = TypeVar("Found")

# How often one request is sent at most, where a look says each time that nothing was done.
TRIES = 3
# Seconds before another look at what must be there, because reads may lag behind writes.
PATIENCE = (1.0, 3.0)
UNREADABLE = "the service does not show who is in a group, so nothing is written that nobody could check"
# The reason of a conflict with a precondition (HTTP 412).
MOVED = "MOVED"


class UnsettledError(Exception):
    """An answer was lost, and looking failed as well."""

    def __init__(self, lost: OutcomeUnknown, error: ServiceError) -> None:
        super().__init__(f"{lost}; looking did not settle it: {error}")
        self.error = error


def who(membership: Address) -> Address:
    """The user of a membership."""
    return membership.user


def settle(
    look: Callable[[], Found | None],
    lost: OutcomeUnknown | None,
    sleep: Callable[[float], None],
    *,
    expected: bool = False,
) -> Found | None:
    """Look, and look again where something is `expected` to be there, because reads may lag.

    Raises UnsettledError where an answer was `lost` and looking fails, else what looking raises.
    """
    try:
        found = look()
        for seconds in PATIENCE if expected else ():
            if found is not None:
                break
            sleep(seconds)
            found = look()
    except ServiceError as error:
        if lost is None:
            raise
        raise UnsettledError(lost, error) from error
    return found


def unsettled(lost: OutcomeUnknown | None) -> tuple[Status, str]:
    """How something ends that was sent as often as it may, while each look showed nothing done.

    What was answered is a failure, in the service's words; only what was not leaves the end open.
    """
    if lost is not None and lost.code:
        return Status.FAILED, f"{lost}; it was sent {TRIES} times, and each look showed nothing done"
    if lost is not None and lost.answered:
        return (
            Status.FAILED,
            f"answered with success {TRIES} times, and each look showed nothing done: {lost}",
        )
    return Status.UNKNOWN, f"the answer was lost {TRIES} times, and each look showed nothing done: {lost}"


def in_trouble(step: Step, error: Exception) -> Outcome:
    """How a step ends by an error that nothing was made of."""
    status = Status.FAILED
    cause = error
    if isinstance(error, UnsettledError):
        status, cause = Status.UNKNOWN, error.error
    elif isinstance(error, OutcomeUnknown):
        status = Status.UNKNOWN
    request_id = cause.request_id if isinstance(cause, ServiceError) else ""
    return Outcome(step.id, status, str(error), request_id=request_id, stop=isinstance(cause, Denied))


@dataclass(frozen=True, slots=True)
class WriteIntent:
    """What an object shall be, by our names, `active` among them, with the manager by remote id."""

    step: Step
    kind: Kind
    identifier: str
    attributes: Mapping[str, Value]
    version: str | None = None
    extensions: Sequence[str] = ()
    # Of a new group: by id somebody who enters it, "" where nobody is there yet.
    member: str = ""
    manager_value: str = "value"

    def done(self, message: str = "", *, remote_id: str = "", version: str | None = None) -> Outcome:
        """It is as wished, by our hand."""
        return Outcome(self.step.id, Status.DONE, message, remote_id, version=version or "")

    def unnecessary(self, message: str, *, remote_id: str = "", version: str | None = None) -> Outcome:
        """It was as wished."""
        return Outcome(self.step.id, Status.UNNECESSARY, message, remote_id, version=version or "")

    def failed(self, error: ServiceError | str, *, moved: bool = False) -> Outcome:
        """It is not as wished; `error` says why."""
        request_id = error.request_id if isinstance(error, ServiceError) else ""
        return Outcome(self.step.id, Status.FAILED, str(error), request_id=request_id, moved=moved)

    def unknown(self, lost: OutcomeUnknown | None) -> Outcome:
        """Nobody knows, after so many tries."""
        status, message = unsettled(lost)
        return replace(self.failed(message), status=status)

    def live(self, raw: Raw) -> Mapping[str, Value]:
        """The live object by our names."""
        if self.kind is Kind.GROUP:
            return mapping.group_attributes(raw)
        attributes = mapping.user_attributes(
            raw, extensions=self.extensions, manager_value=self.manager_value
        )
        return {**attributes, "active": mapping.active(raw)}

    def differing(self, raw: Raw) -> list[str]:
        """The attributes in which the live object is not as wished."""
        live, wished = self.live(raw), mapping.settled(self.attributes)
        before = {each.name: each.before for each in self.step.fields}
        return [
            name
            for name in self.attributes
            if live.get(name) != wished.get(name)
            and not self._listed(raw, name, has=wished.get(name), lacks=before.get(name))
        ]

    def _listed(self, raw: Raw, name: str, *, has: Value, lacks: Value) -> bool:
        """Whether a list of which one entry is git's holds that entry, or (None) the other one no more."""
        if self.kind is not Kind.USER or name not in mapping.SHARED:
            return False
        values = mapping.values_of(raw, name)
        return has in values if has is not None else lacks not in values

    def untouched(self, raw: Raw) -> bool:
        """Whether the live object still is as it was before our request."""
        version = mapping.version(raw)
        if self.version is not None and version is not None:
            return version == self.version
        live = self.live(raw)
        before = mapping.settled({each.name: each.before for each in self.step.fields})
        # The manager's before is a key of git's, the live one a remote id; the others tell enough.
        return all(
            live.get(name) == before.get(name)
            or self._listed(raw, name, has=before.get(name), lacks=self.attributes[name])
            for name in self.attributes
            if name != "manager"
        )

    def spelled(self, raw: Raw, *, ours: bool) -> str:
        """The name's attribute where the live object has the wished name in a spelling of its own, else "".

        Unless it is `ours`, not so where only the case differs: by such a name it would have been found when
        the plan was made.
        """
        name = "user_name" if self.kind is Kind.USER else "display_name"
        wished, found = str(self.attributes.get(name) or ""), str(self.live(raw).get(name) or "")
        return name if bare(wished) == bare(found) and (ours or fold(wished) != fold(found)) else ""

    def names(self, raw: Raw) -> bool:
        """Whether a live object is the one that is meant, by its name or its external id."""
        live = self.live(raw)
        name = "user_name" if self.kind is Kind.USER else "display_name"
        wished, found = self.attributes.get(name), live.get(name)
        if wished and found and bare(str(wished)) == bare(str(found)):
            return True
        external = self.attributes.get("external_id")
        return bool(external) and live.get("external_id") == external

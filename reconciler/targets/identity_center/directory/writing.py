"""Carries out steps through the Identity Store API, one request each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Value
from reconciler.targets import objects
from reconciler.targets.identity_center.directory import mapping
from reconciler.targets.identity_center.directory.api import Directory, Raw
from reconciler.targets.objects import Intent
from reconciler.targets.settlement import TRIES, EndedError, Sleep, Tried, ended, few, patiently, settle

_MOVED = "CONCURRENT_MODIFICATION"
_TAKEN = "UNIQUENESS_CONSTRAINT_VIOLATION"


@dataclass(frozen=True, slots=True)
class WriteIntent(Intent):
    """What a user or a group of the Identity Store shall be."""

    def live(self, raw: Raw) -> Mapping[str, Value]:
        """The live object by our names."""
        read = mapping.user_attributes if self.kind is Kind.USER else mapping.group_attributes
        return read(raw)

    def version_of(self, raw: Raw) -> str | None:
        """The revision, where the service tells it."""
        return _revision(raw)

    @property
    def what(self) -> str:
        """The object as the API calls it."""
        return self.kind.title()


class Writer:
    """Writes to one identity store. `sleep` waits so many seconds of the service's time. Thread-safe."""

    def __init__(self, directory: Directory, capabilities: Callable[[], Capabilities], sleep: Sleep) -> None:
        self._directory, self._capabilities, self._sleep = directory, capabilities, sleep
        self._objects = _Objects(directory)

    def submit(self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]) -> Outcome:
        """Carry out one step; nothing is raised for what the service says."""
        try:
            if step.address.kind is Kind.MEMBERSHIP:
                return self._membership(step, ids)
            intent = self._intent(step, ids, versions)
            if isinstance(intent, Outcome):
                return intent
            return objects.write(self._objects, intent, self._sleep)
        except (EndedError, ServiceError) as error:
            return ended(step, error)

    def _intent(
        self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> WriteIntent | Outcome:
        """A step made ready; an Outcome where it asks for what this channel cannot write."""
        attributes, kind = objects.wished(step, ids), step.address.kind
        intent = WriteIntent(
            step=step,
            kind=kind,
            identifier="" if step.action is Action.CREATE else ids[step.address],
            attributes=attributes,
            version=versions.get(step.address) if self._directory.versions else None,
        )
        can = self._capabilities()
        refused = attributes.keys() - (can.user_attributes if kind is Kind.USER else can.group_attributes)
        if refused:
            names = ", ".join(sorted(refused))
            return intent.failed(
                f"the Identity Store API cannot write {names}; leave it to the service that does"
            )
        return intent

    def _membership(self, step: Step, ids: Mapping[Address, str]) -> Outcome:
        group, user = ids[step.refs["group"]], ids[step.refs["user"]]
        if step.action is not Action.CREATE:
            leaving = _Leaving(step, self._directory, group, user, ids.get(step.address, ""))
            return settle(leaving, self._sleep)
        entering = _Entering(step, self._directory, group, user, self._sleep)
        return objects.visible(lambda: settle(entering, self._sleep), self._sleep)


class _Objects:
    """Users and groups of one store; implements Objects."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def create(self, intent: WriteIntent) -> tuple[str, str | None]:
        user = intent.kind is Kind.USER
        body = mapping.new_user(intent.attributes) if user else mapping.new_group(intent.attributes)
        answer = (self._directory.create_user if user else self._directory.create_group)(body)
        return answer[f"{intent.what}Id"], _revision(answer)

    def update(self, intent: WriteIntent, _silent: int) -> str | None:
        operations = self._operations(intent)
        return _revision(self._directory.update(intent.what, intent.identifier, operations, intent.version))

    def _operations(self, intent: WriteIntent) -> list[dict[str, Any]]:
        if intent.kind is Kind.GROUP:
            return mapping.group_operations(intent.attributes)
        live = self.get(intent) if mapping.keeps_more(intent.attributes) else {}
        if live is None:
            raise NotFound("the user is gone", request="identitystore.DescribeUser")
        return mapping.user_operations(intent.attributes, live)

    def delete(self, intent: WriteIntent) -> None:
        self._directory.delete(intent.what, intent.identifier, intent.version)

    def get(self, intent: WriteIntent) -> Raw | None:
        look = self._directory.user if intent.kind is Kind.USER else self._directory.group
        return look(intent.identifier)

    def named(self, intent: WriteIntent, *, lost: bool) -> Sequence[Raw] | None:
        del lost
        if intent.kind is Kind.USER:
            identifier = self._directory.user_id("userName", str(intent.attributes.get("user_name")))
            found = self._directory.user(identifier) if identifier else None
        else:
            identifier = self._directory.group_id(str(intent.attributes.get("display_name")))
            found = self._directory.group(identifier) if identifier else None
        return None if found is None else (found,)

    def lags(self, *, lost: bool) -> bool:
        del lost
        return True

    def adopt(self, intent: WriteIntent, found: Sequence[Raw], *, lost: bool) -> Outcome:
        (raw,) = found
        identifier = raw[f"{intent.what}Id"]
        differing = intent.differing(raw)
        if intent.kind is Kind.GROUP and any(self._directory.memberships_of(identifier)):
            # What this plan gives the group was reviewed for a group without anybody in it.
            differing.append("members")
        if not differing:
            message = "" if lost else "adopted: it was there already, exactly as planned"
            return intent.done(message, remote_id=identifier, version=_revision(raw))
        return intent.failed(
            f"a {intent.kind} by that name is there already ({identifier}) and differs in "
            f"{', '.join(differing)}; plan again"
        )

    def mark(self, raw: Raw) -> str | None:
        return _revision(raw)

    def is_taken(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, Conflict) and refusal.reason != _MOVED

    def may_be_done(self, conflict: Conflict) -> bool:
        return conflict.reason != _TAKEN

    def is_outdated(self, conflict: ServiceError) -> bool:
        return conflict.reason != _TAKEN

    def holder(self, intent: WriteIntent) -> str:
        email = intent.attributes.get("email")
        holder = self._directory.user_id("emails.value", email) if isinstance(email, str) else None
        return f"; the e-mail address belongs to the user {holder}" if holder else ""

    def gave_up(self, lost: OutcomeUnknown | None) -> tuple[Status, str]:
        return _gave_up(lost)


@dataclass(slots=True)
class _Entering:
    """A user enters a group; implements Write. Memberships are unique by their two ends."""

    step: Step
    directory: Directory
    group: str
    user: str
    sleep: Sleep

    def send(self, _tried: Tried) -> Outcome:
        answer = self.directory.create_membership(self.group, self.user)
        return Outcome(self.step.id, Status.DONE, remote_id=answer["MembershipId"])

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, Conflict)

    def look(self, tried: Tried) -> str | None:
        def member() -> str | None:
            return self.directory.membership_id(self.group, self.user)

        moved = tried.refusal is not None and tried.refusal.reason == _MOVED
        return member() if moved else patiently(member, self.sleep)

    def judge(self, found: str | None, tried: Tried) -> Outcome | None:
        if found and tried.lost:
            return Outcome(self.step.id, Status.DONE, remote_id=found)
        if found:
            message = "the user is a member already"
            return Outcome(self.step.id, Status.UNNECESSARY, message, remote_id=found)
        return None if tried.refusal is None else _failed(self.step, tried.refusal)

    def again(self, tried: Tried) -> float | None:
        return few(tried)

    def give_up(self, tried: Tried) -> Outcome:
        return Outcome(self.step.id, *_gave_up(tried.lost))


@dataclass(slots=True)
class _Leaving:
    """A user leaves a group; implements Write. `identifier` is that of the membership, "" where unknown.

    It may be gone, or made anew under another id meanwhile, which the review covers as well: the pair.
    """

    step: Step
    directory: Directory
    group: str
    user: str
    identifier: str

    def send(self, tried: Tried) -> Outcome:
        if not self.identifier:
            self.identifier = self.look(tried) or ""
        if self.identifier:
            try:
                self.directory.delete_membership(self.identifier)
            except Conflict as error:
                return _failed(self.step, error, moved=True)
            return Outcome(self.step.id, Status.DONE)
        return self._absent(tried)

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, NotFound)

    def look(self, _tried: Tried) -> str | None:
        return self.directory.membership_id(self.group, self.user)

    def judge(self, found: str | None, tried: Tried) -> Outcome | None:
        self.identifier = found or ""
        return None if found else self._absent(tried)

    def again(self, tried: Tried) -> float | None:
        return few(tried)

    def give_up(self, tried: Tried) -> Outcome:
        if tried.lost is None:
            return _failed(self.step, "the membership comes back each time that it is removed", moved=True)
        return Outcome(self.step.id, *_gave_up(tried.lost))

    def _absent(self, tried: Tried) -> Outcome:
        if tried.lost:
            return Outcome(self.step.id, Status.DONE)
        return Outcome(self.step.id, Status.UNNECESSARY, "the user is not a member any more")


def _failed(step: Step, error: ServiceError | str, *, moved: bool | None = None) -> Outcome:
    request_id = error.request_id if isinstance(error, ServiceError) else ""
    if moved is None:
        moved = isinstance(error, ServiceError) and error.reason == _MOVED
    return Outcome(step.id, Status.FAILED, str(error), request_id=request_id, moved=moved)


def _gave_up(lost: OutcomeUnknown | None) -> tuple[Status, str]:
    return Status.UNKNOWN, f"the answer was lost {TRIES} times, and each look showed nothing done: {lost}"


def _revision(raw: Raw) -> str | None:
    found = raw.get("Revision")
    return None if found is None else str(found)

"""Carries out one step through the Identity Store API, and settles by looking what an answer leaves open.

A request whose answer was lost is sent again only after a look has shown that it did nothing. Users, groups
and memberships are unique in the store (by user name and address, by display name, by their two ends), so
a request that was carried out late after all makes the second one a conflict, never a second object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from reconciler.errors import Conflict, Denied, NotFound, OutcomeUnknown, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Value
from reconciler.targets.identity_center.directory import mapping
from reconciler.targets.identity_center.directory.api import Directory, Raw

Found = TypeVar("Found")

# How often one request is sent at most, where a look says each time that nothing was done.
_TRIES = 3
# Seconds before another look at what must be there, because reads may lag behind writes.
_PATIENCE = (1.0, 3.0)
_MOVED = "CONCURRENT_MODIFICATION"
_TAKEN = "UNIQUENESS_CONSTRAINT_VIOLATION"


class _UnsettledError(Exception):
    """An answer was lost, and looking failed as well."""

    def __init__(self, lost: OutcomeUnknown, error: ServiceError) -> None:
        super().__init__(f"{lost}; looking did not settle it: {error}")
        self.error = error


@dataclass(frozen=True, slots=True)
class WriteIntent:
    """A step made ready: what the object shall be, by our names, with the manager by remote id."""

    step: Step
    what: str
    identifier: str
    attributes: Mapping[str, Value]
    version: str | None

    def done(self, message: str = "", *, remote_id: str = "", version: object = "") -> Outcome:
        """It is as wished, by our hand."""
        return Outcome(self.step.id, Status.DONE, message, remote_id, version=str(version or ""))

    def unnecessary(self, message: str, *, remote_id: str = "", version: object = "") -> Outcome:
        """It was as wished."""
        return Outcome(self.step.id, Status.UNNECESSARY, message, remote_id, version=str(version or ""))

    def failed(self, error: ServiceError | str, *, moved: bool = False) -> Outcome:
        """It is not as wished; `error` says why."""
        request_id = error.request_id if isinstance(error, ServiceError) else ""
        return Outcome(self.step.id, Status.FAILED, str(error), request_id=request_id, moved=moved)

    def differing(self, raw: Raw) -> list[str]:
        """The attributes in which the live object is not as wished."""
        read = mapping.user_attributes if self.what == "User" else mapping.group_attributes
        live, wished = read(raw), mapping.settled(self.attributes)
        return [name for name in self.attributes if live.get(name) != wished.get(name)]

    def untouched(self, raw: Raw) -> bool:
        """Whether the live object still is as it was before our request."""
        if self.version is not None and raw.get("Revision") is not None:
            return bool(raw["Revision"] == self.version)
        read = mapping.user_attributes if self.what == "User" else mapping.group_attributes
        live = read(raw)
        before = mapping.settled({each.name: each.before for each in self.step.fields})
        # The manager's before is a key of git's, the live one a remote id; the others tell enough.
        return all(live.get(name) == before.get(name) for name in self.attributes if name != "manager")


class Writer:
    """Writes to one identity store. `sleep` waits so many seconds of the service's time. Thread-safe."""

    def __init__(
        self, directory: Directory, capabilities: Callable[[], Capabilities], sleep: Callable[[float], None]
    ) -> None:
        self._directory, self._capabilities, self._sleep = directory, capabilities, sleep

    def submit(self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]) -> Outcome:
        """Carry out one step; nothing is raised for what the service says."""
        try:
            if step.action is Action.DELETE:
                return self._carry_out(step, ids, versions)
            return self._visible(lambda: self._carry_out(step, ids, versions))
        except _UnsettledError as unsettled:
            status, error = Status.UNKNOWN, unsettled.error
            message = str(unsettled)
        except ServiceError as failed:
            status, error = Status.FAILED, failed
            message = str(failed)
        stop = isinstance(error, Denied)
        return Outcome(step.id, status, message, request_id=error.request_id, stop=stop)

    def _carry_out(self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]) -> Outcome:
        if step.address.kind is Kind.MEMBERSHIP:
            return self._membership(step, ids)
        return self._object(step, ids, versions)

    def _visible(self, work: Callable[[], Outcome]) -> Outcome:
        """Do `work`, again after a while where something is not found that was perhaps only just made."""
        for seconds in _PATIENCE:
            try:
                return work()
            except NotFound:
                self._sleep(seconds)
        return work()

    # Users and groups.

    def _object(self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]) -> Outcome:
        user = step.address.kind is Kind.USER
        attributes = {each.name: each.after for each in step.fields}
        if attributes.get("manager") is not None:
            attributes["manager"] = ids[step.refs["manager"]]
        intent = WriteIntent(
            step=step,
            what="User" if user else "Group",
            identifier="" if step.action is Action.CREATE else ids[step.address],
            attributes=attributes,
            version=versions.get(step.address) if self._directory.versions else None,
        )
        can = self._capabilities()
        refused = attributes.keys() - (can.user_attributes if user else can.group_attributes)
        if refused:
            names = ", ".join(sorted(refused))
            return intent.failed(
                f"the Identity Store API cannot write {names}; leave it to the service that does"
            )
        match step.action:
            case Action.CREATE:
                return self._create(intent)
            case Action.UPDATE:
                return self._update(intent)
            case _:
                return self._delete(intent)

    def _create(self, intent: WriteIntent) -> Outcome:
        user = intent.what == "User"
        body = mapping.new_user(intent.attributes) if user else mapping.new_group(intent.attributes)
        create = self._directory.create_user if user else self._directory.create_group
        lost: OutcomeUnknown | None = None
        for _ in range(_TRIES):
            taken: Conflict | None = None
            try:
                answer = create(body)
                return intent.done(remote_id=answer[f"{intent.what}Id"], version=answer.get("Revision"))
            except OutcomeUnknown as error:
                lost = error
            except Conflict as error:
                if error.reason == _MOVED:
                    return intent.failed(error, moved=True)
                taken = error
            raw = self._settle(lambda: self._find(intent), lost, expected=True)
            if raw is not None:
                return self._adopt(intent, raw, lost)
            if taken is not None:
                return intent.failed(f"{taken}{self._holder(intent)}")
        return self._unknown(intent, lost)

    def _adopt(self, intent: WriteIntent, raw: Raw, lost: OutcomeUnknown | None) -> Outcome:
        """An object by that name is there: ours if it is exactly as wished."""
        identifier = raw[f"{intent.what}Id"]
        differing = intent.differing(raw)
        if intent.what == "Group" and any(self._directory.memberships_of(identifier)):
            # What this plan gives the group was reviewed for a group without anybody in it.
            differing.append("members")
        if not differing:
            message = "" if lost else "adopted: it was there already, exactly as planned"
            return intent.done(message, remote_id=identifier, version=raw.get("Revision"))
        return intent.failed(
            f"a {intent.what.lower()} by that name is there already ({identifier}) and differs in "
            f"{', '.join(differing)}; plan again"
        )

    def _find(self, intent: WriteIntent) -> Raw | None:
        """The object that has the name that was wished for."""
        if intent.what == "User":
            identifier = self._directory.user_id("userName", str(intent.attributes.get("user_name")))
            return self._directory.user(identifier) if identifier else None
        identifier = self._directory.group_id(str(intent.attributes.get("display_name")))
        return self._directory.group(identifier) if identifier else None

    def _holder(self, intent: WriteIntent) -> str:
        """Who has the address that is taken: to make the error helpful."""
        email = intent.attributes.get("email")
        holder = self._directory.user_id("emails.value", email) if isinstance(email, str) else None
        return f"; the e-mail address belongs to the user {holder}" if holder else ""

    def _update(self, intent: WriteIntent) -> Outcome:
        lost: OutcomeUnknown | None = None
        operations = self._operations(intent)
        for _ in range(_TRIES):
            try:
                answer = self._directory.update(intent.what, intent.identifier, operations, intent.version)
                return intent.done(version=answer.get("Revision"))
            except OutcomeUnknown as error:
                lost = error
                raw = self._settle(lambda: self._describe(intent), lost)
                if raw is None:
                    return intent.failed("it is gone")
                if not intent.differing(raw):
                    return intent.done(version=raw.get("Revision"))
                if not intent.untouched(raw):
                    return intent.failed("it was changed by somebody else meanwhile; plan again", moved=True)
            except Conflict as error:
                if error.reason == _TAKEN:
                    return intent.failed(error)
                raw = self._describe(intent)
                if raw is not None and not intent.differing(raw):
                    # Delivered twice, or somebody else did the same.
                    end = intent.unnecessary if lost is None else intent.done
                    return end("it was as planned already", version=raw.get("Revision"))
                return intent.failed(error, moved=True)
        return self._unknown(intent, lost)

    def _operations(self, intent: WriteIntent) -> list[dict[str, Any]]:
        if intent.what == "Group":
            return mapping.group_operations(intent.attributes)
        live = self._describe(intent) if mapping.keeps_more(intent.attributes) else {}
        if live is None:
            raise NotFound("the user is gone", request="identitystore.DescribeUser")
        return mapping.user_operations(intent.attributes, live)

    def _delete(self, intent: WriteIntent) -> Outcome:
        lost: OutcomeUnknown | None = None
        for _ in range(_TRIES):
            try:
                self._directory.delete(intent.what, intent.identifier, intent.version)
                return intent.done()
            except NotFound:
                return intent.done() if lost else intent.unnecessary("it is gone already")
            except OutcomeUnknown as error:
                lost = error
                raw = self._settle(lambda: self._describe(intent), lost)
                if raw is None:
                    return intent.done()
                if intent.version is not None and not intent.untouched(raw):
                    return intent.failed("it was changed by somebody else meanwhile; plan again", moved=True)
            except Conflict as error:
                return intent.failed(error, moved=True)
        return self._unknown(intent, lost)

    def _describe(self, intent: WriteIntent) -> Raw | None:
        look = self._directory.user if intent.what == "User" else self._directory.group
        return look(intent.identifier)

    # Memberships.

    def _membership(self, step: Step, ids: Mapping[Address, str]) -> Outcome:
        group, user = ids[step.refs["group"]], ids[step.refs["user"]]
        intent = WriteIntent(step, "Membership", ids.get(step.address, ""), {}, None)
        if step.action is Action.CREATE:
            return self._add_member(intent, group, user)
        return self._remove_member(intent, group, user)

    def _add_member(self, intent: WriteIntent, group: str, user: str) -> Outcome:
        lost: OutcomeUnknown | None = None
        for _ in range(_TRIES):
            taken: Conflict | None = None
            try:
                answer = self._directory.create_membership(group, user)
                return intent.done(remote_id=answer["MembershipId"])
            except OutcomeUnknown as error:
                lost = error
            except Conflict as error:
                taken = error
            found = self._settle(
                lambda: self._directory.membership_id(group, user),
                lost,
                expected=taken is None or taken.reason != _MOVED,
            )
            if found and lost:
                return intent.done(remote_id=found)
            if found:
                return intent.unnecessary("the user is a member already", remote_id=found)
            if taken is not None:
                return intent.failed(taken, moved=taken.reason == _MOVED)
        return self._unknown(intent, lost)

    def _remove_member(self, intent: WriteIntent, group: str, user: str) -> Outcome:
        lost: OutcomeUnknown | None = None
        identifier: str | None = intent.identifier or self._directory.membership_id(group, user)
        for _ in range(_TRIES):
            if identifier is None:
                return intent.done() if lost else intent.unnecessary("the user is not a member any more")
            try:
                self._directory.delete_membership(identifier)
                return intent.done()
            except OutcomeUnknown as error:
                lost = error
            except NotFound:
                pass
            except Conflict as error:
                return intent.failed(error, moved=True)
            # Gone, or made anew under another id meanwhile, which the review covers as well: the pair.
            identifier = self._settle(lambda: self._directory.membership_id(group, user), lost)
        if identifier is None:
            return intent.done() if lost else intent.unnecessary("the user is not a member any more")
        if lost is None:
            return intent.failed("the membership comes back each time that it is removed", moved=True)
        return self._unknown(intent, lost)

    # What is left open.

    def _settle(
        self, look: Callable[[], Found | None], lost: OutcomeUnknown | None, *, expected: bool = False
    ) -> Found | None:
        """Look, and look again where something is `expected` to be there, because reads may lag."""
        try:
            found = look()
            for seconds in _PATIENCE if expected else ():
                if found is not None:
                    break
                self._sleep(seconds)
                found = look()
        except ServiceError as error:
            if lost is None:
                raise
            raise _UnsettledError(lost, error) from error
        return found

    def _unknown(self, intent: WriteIntent, lost: OutcomeUnknown | None) -> Outcome:
        message = f"the answer was lost {_TRIES} times, and each look showed nothing done: {lost}"
        return replace(intent.failed(message), status=Status.UNKNOWN)
